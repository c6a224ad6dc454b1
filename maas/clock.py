"""The service clock: real time, or a day played faster for the demo and for replays."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from maas.settings import Settings

log = logging.getLogger(__name__)

STEP_S: Final = 2.0
"""A machine's clock is put right by less than this again and again; more is a step."""
BELIEVED_S: Final = 60.0
"""So long a step has to last before it is believed."""


def uptime_s() -> float:
    """Return seconds that nobody can set, those in which the machine slept with them if it can."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class SteadyWall:
    """The machine's clock; where it steps, time goes on as before until the step has lasted.

    A clock that is wrong for a moment would have rides promised in the past, or everybody told
    that they are late.
    """

    def __init__(self) -> None:
        self._ahead_s = time.time() - uptime_s()
        self._step_s = 0.0
        self._stepped_at_s = 0.0

    def __call__(self) -> float:
        """Return epoch seconds."""
        now_s, wall_s = uptime_s(), time.time()
        step_s = wall_s - now_s - self._ahead_s
        if abs(step_s) >= STEP_S and not self._has_lasted(now_s, step_s):
            return now_s + self._ahead_s
        self._ahead_s, self._step_s = wall_s - now_s, 0.0
        return wall_s

    def _has_lasted(self, now_s: float, step_s: float) -> bool:
        if abs(step_s - self._step_s) >= STEP_S:
            self._step_s, self._stepped_at_s = step_s, now_s
            log.error("the machine's clock has stepped by %.0f s; not believed yet", step_s)
        has_lasted = now_s - self._stepped_at_s >= BELIEVED_S
        if has_lasted:
            log.error("the machine's clock has stayed %.0f s from where it was: believed", step_s)
        return has_lasted


@dataclass(frozen=True, slots=True)
class Clock:
    """Epoch seconds: at real time `anchor_epoch` it showed `start_epoch`, and runs at `speed`.

    Calling it tells the time. The default is the real clock.
    """

    start_epoch: float = 0.0
    anchor_epoch: float = 0.0
    speed: float = 1.0
    wall: Callable[[], float] = field(default_factory=SteadyWall, compare=False)

    def __call__(self) -> float:
        """Return the service time in epoch seconds."""
        return self.start_epoch + (self.wall() - self.anchor_epoch) * self.speed


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
