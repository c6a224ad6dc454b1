"""The service clock: real time, or a day played faster for the demo and for replays."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from maas.settings import Settings


@dataclass(frozen=True, slots=True)
class Clock:
    """Epoch seconds: at real time `anchor_epoch` it showed `start_epoch`, and runs at `speed`.

    Calling it tells the time. The default is the real clock.
    """

    start_epoch: float = 0.0
    anchor_epoch: float = 0.0
    speed: float = 1.0

    def __call__(self) -> float:
        """Return the service time in epoch seconds."""
        return self.start_epoch + (time.time() - self.anchor_epoch) * self.speed


def clock_from(settings: Settings) -> Clock:
    """Return the clock the settings ask for; without a start it is the real clock."""
    if settings.clock_start is None:
        return Clock()
    anchor = settings.clock_anchor if settings.clock_anchor is not None else time.time()
    return Clock(settings.clock_start, anchor, settings.clock_speed)


def local(epoch: float, timezone: str) -> datetime:
    """Return the local time of `epoch`."""
    return datetime.fromtimestamp(epoch, UTC).astimezone(ZoneInfo(timezone))


def service_day(epoch: float, timezone: str) -> date:
    """Return the calendar day of `epoch` where the service runs."""
    return local(epoch, timezone).date()
