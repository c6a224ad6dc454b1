"""The rows of a sign: what is known of each departure, as what a rider needs to see.

Instants are epoch seconds; clock times are text such as ``9:05`` in the town's time zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from busloc.ghost import RiderState
from busloc.publish import Departure
from signage.words import Text

_CODE = re.compile(r"([A-Z]{0,3}[0-9]{1,4}[A-Z]?)[ _\u3000]")

LIVE_S = 90
STALE_S = 300
SOON_S = 60
MINUTES_S = 3600
"""From here on a clock time says more than a number of minutes."""
GONE_S = 30
UNCONFIRMED_GONE_S = 300
"""A bus nobody saw may just be late: it stays a little longer."""
SEEN = frozenset({RiderState.RUNNING, RiderState.DIVERTED})
UNSEEN = frozenset({RiderState.UNCONFIRMED, RiderState.NOT_RUNNING})


class Freshness(StrEnum):
    """How far what we know of the buses can be trusted."""

    LIVE = "live"
    STALE = "stale"
    TIMETABLE = "timetable"


class Wait(StrEnum):
    """What the largest words of a row say."""

    SOON = "soon"
    MINUTES = "minutes"
    AROUND = "around"
    PLANNED = "planned"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Row:
    """One departure on a sign.

    ``minutes`` is given for ``Wait.MINUTES`` only; ``time`` is when it leaves as far as is known.
    ``late_min`` is negative when early.  ``be_there_by`` is a clock time, or ``None`` while the
    bus is not seen or it is past.
    """

    line: Text
    destination: Text
    platform: str
    wait: Wait
    minutes: int | None
    time: str
    late_min: int
    unconfirmed: bool
    be_there_by: str | None
    not_running: bool = False
    diverted: bool = False


def freshness(age_s: float | None) -> Freshness:
    """Return the state of data of an age; ``None``: there never was any."""
    if age_s is None or age_s > STALE_S:
        return Freshness.TIMETABLE
    return Freshness.STALE if age_s > LIVE_S else Freshness.LIVE


def clock_time(epoch: float, tz: ZoneInfo) -> str:
    """Return an instant as a clock shows it, ``9:05``."""
    local = datetime.fromtimestamp(epoch, tz)
    return f"{local.hour}:{local.minute:02d}"


def line_code(name: str) -> str:
    """Return the number riders look for on the bus, or the whole name where there is none.

    >>> line_code("A1 西大寺→天満屋→岡山駅")
    'A1'
    """
    code = _CODE.match(name)
    return code[1] if code else name


def rows(
    departures: Iterable[Departure],
    *,
    now: float,
    tz: ZoneInfo,
    known: Freshness,
    limit: int,
) -> list[Row]:
    """Return the next departures still to come, soonest first, at most ``limit``.

    Minutes are counted for buses that are seen running; one on a detour comes around a time, and
    every other bus has its planned time.
    """
    coming = [
        (leaves, departure, wait)
        for departure in departures
        for wait in [_wait(departure, now, known)]
        for leaves in [_leaves(departure, wait)]
        if leaves >= now - _lingers_s(departure, known)
    ]
    coming.sort(key=lambda found: (found[0], found[1].id))
    return [_row(departure, wait, now, tz, known) for _, departure, wait in coming[:limit]]


def _wait(departure: Departure, now: float, known: Freshness) -> Wait:
    if departure.state == RiderState.CANCELLED:
        return Wait.CANCELLED
    running = departure.state in SEEN and known is not Freshness.TIMETABLE
    if not running or departure.expected is None:
        return Wait.PLANNED
    if departure.state == RiderState.DIVERTED:
        return Wait.AROUND
    wait_s = departure.expected - now
    if wait_s <= SOON_S:
        return Wait.SOON
    return Wait.MINUTES if wait_s < MINUTES_S else Wait.AROUND


def _leaves(departure: Departure, wait: Wait) -> int:
    return departure.scheduled if wait in {Wait.PLANNED, Wait.CANCELLED} else departure.leaves


def _lingers_s(departure: Departure, known: Freshness) -> int:
    unseen = departure.state in UNSEEN and known is not Freshness.TIMETABLE
    return UNCONFIRMED_GONE_S if unseen else GONE_S


def _row(departure: Departure, wait: Wait, now: float, tz: ZoneInfo, known: Freshness) -> Row:
    leaves = _leaves(departure, wait)
    seen = wait in {Wait.SOON, Wait.MINUTES, Wait.AROUND}
    ahead = seen and wait is not Wait.SOON and departure.be_there_by >= now
    trusted = known is not Freshness.TIMETABLE
    return Row(
        line=Text(line_code(departure.route_name), line_code(departure.route_name_en)),
        destination=Text(departure.headsign, departure.headsign_en, departure.headsign_kana),
        platform=departure.platform,
        wait=wait,
        minutes=int(leaves - now) // 60 if wait is Wait.MINUTES else None,
        time=clock_time(leaves, tz),
        late_min=int((leaves - departure.scheduled) / 60),
        unconfirmed=trusted and departure.state == RiderState.UNCONFIRMED,
        be_there_by=clock_time(departure.be_there_by, tz) if ahead else None,
        not_running=trusted and departure.state == RiderState.NOT_RUNNING,
        diverted=trusted and departure.state == RiderState.DIVERTED,
    )
