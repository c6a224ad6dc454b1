"""A sign as a device: what it reports of itself, and what is wrong with it.

Instants are epoch seconds of the wall's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from signage.departures import STALE_S

BEAT_S: Final = 60
SILENT_S: Final = 3 * BEAT_S + 10
"""Two heartbeats may get lost."""
FROZEN_S: Final = 5 * BEAT_S
"""The clock on a sign changes every minute, and with it the picture."""
HEAVY_MB: Final = 300
CLOCK_S: Final = 120
RENEWED_S: Final = 10 * BEAT_S
"""So long a sign may take to load a new version."""


class Alarm(StrEnum):
    """What somebody should look after."""

    SILENT = "silent"
    NO_DATA = "no_data"
    FROZEN = "frozen"
    HEAVY = "heavy"
    CLOCK = "clock"
    OLD_VERSION = "old_version"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a sign says of itself once a minute.

    ``age_s`` is how old its data is; ``picture`` a hash of what it shows; ``memory_mb`` is
    ``None`` where the browser does not tell; ``clock_ahead_s`` is its clock against the server's.
    """

    state: str
    age_s: float
    picture: str
    version: str
    memory_mb: float | None = None
    clock_ahead_s: float = 0.0


def alarms(
    last: Heartbeat | None,
    *,
    heard_at: float | None,
    picture_since: float | None,
    started_at: float,
    version: str,
    now: float,
) -> list[Alarm]:
    """Return what is wrong with a sign at ``now``, the gravest first.

    ``picture_since`` is since when it has shown the same; ``started_at`` since when the server
    gives out ``version``, which is empty where no pages are built.
    """
    if last is None or heard_at is None or now - heard_at > SILENT_S:
        return [Alarm.SILENT]
    renewing = now - started_at <= RENEWED_S or not version
    wrong = {
        Alarm.NO_DATA: last.age_s > STALE_S,
        Alarm.FROZEN: picture_since is not None and heard_at - picture_since >= FROZEN_S,
        Alarm.HEAVY: (last.memory_mb or 0) > HEAVY_MB,
        Alarm.CLOCK: abs(last.clock_ahead_s) >= CLOCK_S,
        Alarm.OLD_VERSION: last.version != version and not renewing,
    }
    return [alarm for alarm, holds in wrong.items() if holds]
