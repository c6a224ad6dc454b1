"""What an area offers: where, on which days, how it is booked, what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil

Place = tuple[float, float]

_FEWEST_RIDES = 20


@dataclass(frozen=True, slots=True)
class Words:
    """A name with its reading and its English form, empty where nobody gave one."""

    ja: str
    kana: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who answers for the service; ``id`` is its corporate number where it has one."""

    id: str
    name: Words
    url: str
    timezone: str
    phone: str = ""
    official_name: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A named place of boarding; ``stop_ids`` are stops of the timetable that it already has."""

    id: str
    name: Words
    place: Place
    stop_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """How far ahead one books.

    ``minutes`` of notice (0: at once), or, with ``last_day``, until ``last_time_s`` so many days
    before; working days of the service where ``working_days``.  ``start_day``: how many days
    before one may call at the earliest, ``None`` for no limit.
    """

    minutes: int = 0
    last_day: int | None = None
    last_time_s: int = 0
    working_days: bool = False
    start_day: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """What one ride costs somebody; ``category`` is empty for the ordinary fare."""

    yen: int
    category: Words | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when riders are picked up, and by when they have been brought."""

    opens_s: int
    closes_s: int
    brought_by_s: int


@dataclass(frozen=True, slots=True)
class Way:
    """From one ground of an area to another, and when; empty ids are all that the area covers."""

    start: str
    end: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What an area offers on a day: from when to when, how it is booked, what it costs.

    Without ``ways`` one rides from anywhere to anywhere all the time.
    """

    opens_s: int
    closes_s: int
    notice: Notice
    prices: tuple[Price, ...] = ()
    ways: tuple[Way, ...] = ()

    @property
    def rides(self) -> tuple[Way, ...]:
        """From where to where one rides, and when."""
        all_day = Span(self.opens_s, self.closes_s, self.closes_s)
        return self.ways or (Way("", "", (all_day,)),)


@dataclass(frozen=True, slots=True)
class SafeDuration:
    """How long a ride may take: ``factor`` times the direct drive, and ``offset_s`` more."""

    factor: float
    offset_s: int


@dataclass(frozen=True, slots=True)
class Ground:
    """A part of what an area covers: rings of (lat, lon), and places with a name.

    ``derived`` says that nobody drew the rings.
    """

    name: str
    outlines: Sequence[Sequence[Place]] = ()
    points: Sequence[Point] = ()
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """Where a service runs and what it offers on each day on which it runs.

    ``outline`` is a ring of (lat, lon) without the first point again, empty when riders board at
    its points alone; ``derived`` says that nobody drew it.  ``grounds`` are the parts that the
    ways of its offers name.
    """

    id: str
    name: Words
    operator_id: str
    days: Mapping[date, Offer]
    outline: Sequence[Place] = ()
    derived: bool = False
    points: Sequence[Point] = ()
    safe: SafeDuration | None = None
    desc: str = ""
    phone: str = ""
    info_url: str = ""
    booking_url: str = ""
    vehicle_operators: Sequence[str] = ()
    grounds: Mapping[str, Ground] = field(default_factory=dict)


def safe_duration(rides: Sequence[tuple[float, float]], share: float = 0.95) -> SafeDuration | None:
    """Return what covers a share of measured rides (direct seconds, seconds aboard).

    Of all factors in tenths the one that overstates least; ``None`` for fewer than 20 rides.
    """
    if len(rides) < _FEWEST_RIDES:
        return None
    found = []
    for tenths in range(10, 31):
        over = sorted(aboard - tenths / 10 * direct for direct, aboard in rides)
        offset_s = max(0, ceil(over[ceil(share * len(over)) - 1]))
        said = sum(tenths / 10 * direct + offset_s for direct, _ in rides)
        found.append((said, tenths, offset_s))
    _, tenths, offset_s = min(found)
    return SafeDuration(tenths / 10, offset_s)
