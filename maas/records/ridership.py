"""Ridership: what is counted, of whom, and what it adds up to.

A `Trip` is a booking as it ended, a `No` an ask that got no ride; both are read whole for a period
and area and then only counted.  Nothing here leaves with a name: members are numbers that are
counted, never returned, and `shown` keeps counts of few people back.  What each figure means, for
those who read it, is in `ridership_words`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

FEW: Final = 5
"""Counts of fewer people than this are not shown by hamlet, age or journey."""

AGES: Final = ("0-17", "18-64", "65-74", "75-84", "85+", "unknown")
_AGE_BEGINS: Final = (0, 18, 65, 75, 85)
PURPOSES: Final = ("medical", "shopping", "public", "transit", "home", "other")
_PURPOSE_OF: Final = {
    "hospital": "medical", "clinic": "medical", "shop": "shopping", "market": "shopping",
    "hall": "public", "facility": "public", "school": "public", "park": "public",
    "hub": "transit", "stop": "transit", "home": "home",
}  # fmt: skip

_NOBODY: Final = frozenset({"held", "lapsed"})
_CALLED_OFF: Final = frozenset({"cancelled", "no_show"})


class Trip(NamedTuple):
    """One booking as it ended; `_s` are seconds of the service day, `None` what did not happen.

    `hamlet` is where the member lives, `hour` the hour of boarding, or of the promise when nobody
    boarded.  `riders` are people, one trip is one party.
    """

    day: date
    hour: int
    state: str
    member: int | None
    age: str
    hamlet: str
    purpose: str
    channel: str
    vehicle: str
    origin: int
    destination: int
    riders: int
    pickup_from_s: int
    pickup_to_s: int
    arrive_by_s: int
    came_s: int | None
    picked_up_s: int | None
    dropped_off_s: int | None
    direct_s: int
    distance_m: int
    shared: bool
    fare_yen: int

    @property
    def late_s(self) -> int:
        """By how much the worse end missed what was last promised; negative was early."""
        pickup_s = -(10**6) if self.came_s is None else self.came_s - self.pickup_to_s
        return max(pickup_s, (self.dropped_off_s or 0) - self.arrive_by_s)


class No(NamedTuple):
    """An ask that was refused, or whose offers the caller did not want (`declined`).

    `saves` are the changes that would have got a ride, least asking first: a field and by how much.
    """

    day: date
    hour: int
    declined: bool
    reason: str
    member: int | None
    age: str
    hamlet: str
    purpose: str
    origin: int
    destination: int
    riders: int
    saves: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which trips are looked at; an empty choice is all of them.  `hours` are first and last."""

    hours: tuple[int, int] | None = None
    weekdays: frozenset[int] = frozenset()
    ages: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    hamlets: frozenset[str] = frozenset()
    vehicles: frozenset[str] = frozenset()

    def trips(self, rows: Iterable[Trip]) -> list[Trip]:
        """Return the trips that are looked at."""
        keep = self._keeps()
        vehicles = self.vehicles
        return [row for row in rows if keep(row) and (not vehicles or row.vehicle in vehicles)]

    def nos(self, rows: Iterable[No]) -> list[No]:
        """Return the refused asks that are looked at; no vehicle refuses, so none is chosen by."""
        return list(filter(self._keeps(), rows))

    @property
    def is_personal(self) -> bool:
        """Whether it picks people by what they are, so that few of them must not be shown."""
        return bool(self.ages or self.purposes or self.hamlets)

    def _keeps(self) -> Callable[[Trip | No], bool]:
        first, last = self.hours or (0, 99)

        def keep(row: Trip | No) -> bool:
            return (
                first <= row.hour <= last
                and (not self.weekdays or row.day.weekday() in self.weekdays)
                and (not self.ages or row.age in self.ages)
                and (not self.purposes or row.purpose in self.purposes)
                and (not self.hamlets or row.hamlet in self.hamlets)
            )

        return keep


@dataclass(frozen=True, slots=True)
class Totals:
    """What trips and refused asks add up to.

    `rides` are parties that were carried, `riders` people in them, `members` different ones.  Of
    the promises `due`, `kept` were as last told, `late` not, and `not_carried` never ridden.
    `lost` are journeys that nobody got for want of room, `refused` every "no" of ours, `declined`
    every one of the callers'.
    """

    rides: int
    riders: int
    members: int
    shared: int
    fare_yen: int
    distance_m: int
    due: int
    kept: int
    late: int
    not_carried: int
    no_show: int
    cancelled: int
    lost: int
    refused: int
    declined: int

    @property
    def asks(self) -> int:
        """Journeys that were asked for and could have been carried: promised or lost."""
        return self.due + self.no_show + self.cancelled + self.lost


def totals(trips: Collection[Trip], nos: Collection[No], lost: Collection[No]) -> Totals:
    """Return what some trips, refused asks and lost journeys add up to."""
    ridden = carried(trips)
    kept = sum(row.late_s <= 0 for row in ridden)
    states = [row.state for row in trips]
    missed = states.count("booked")
    return Totals(
        rides=len(ridden),
        riders=sum(row.riders for row in ridden),
        members=people(ridden),
        shared=sum(row.shared for row in ridden),
        fare_yen=sum(row.fare_yen for row in ridden),
        distance_m=sum(row.distance_m for row in ridden),
        due=len(ridden) + missed,
        kept=kept,
        late=len(ridden) - kept,
        not_carried=missed,
        no_show=states.count("no_show"),
        cancelled=states.count("cancelled"),
        lost=len(lost),
        refused=sum(not row.declined for row in nos),
        declined=sum(row.declined for row in nos),
    )


def ended(trips: Iterable[Trip], today: date, now_s: int) -> list[Trip]:
    """Return the trips that are over.

    A promise still to come says nothing yet, and a seat only held was promised to nobody.
    """
    return [row for row in trips if row.state not in _NOBODY and _is_over(row, today, now_s)]


def _is_over(row: Trip, today: date, now_s: int) -> bool:
    if row.state == "done" or row.state in _CALLED_OFF:
        return True
    if row.state != "booked":
        return False
    return row.day < today or (row.day == today and now_s > row.arrive_by_s)


def carried(trips: Iterable[Trip]) -> list[Trip]:
    """Return the trips in which somebody rode to the end."""
    return [row for row in trips if row.state == "done" and row.dropped_off_s is not None]


def people(rows: Iterable[Trip | No]) -> int:
    """Return how many different members are in some rows; who is no member counts each time."""
    rows = list(rows)
    strangers = sum(row.member is None for row in rows)
    return strangers + len({row.member for row in rows if row.member is not None})


def lost(nos: Iterable[No], trips: Iterable[Trip], for_want_of_room: Collection[str]) -> list[No]:
    """Return the journeys that nobody got for want of room, each once a day.

    Who asks again is still one journey, and who is refused and carried after all has lost none.
    """
    got = {_journey(row) for row in trips if row.state != "cancelled" and row.member is not None}
    found: dict[tuple[object, ...], No] = {}
    for row in nos:
        if row.declined or row.reason not in for_want_of_room:
            continue
        journey: tuple[object, ...] = _journey(row)
        if row.member is None:
            journey = (*journey, row.hour, row.riders)
        elif journey in got:
            continue
        found.setdefault(journey, row)
    return list(found.values())


def _journey(row: Trip | No) -> tuple[date, int | None, int, int]:
    return row.day, row.member, row.origin, row.destination


def age_band(birth_year: int | None, day: date) -> str:
    """Return the band of the age somebody reaches in the year of `day`.

    >>> age_band(1951, date(2026, 1, 1)), age_band(None, date(2026, 1, 1))
    ('75-84', 'unknown')
    """
    if birth_year is None:
        return AGES[-1]
    age = max(0, day.year - birth_year)
    return AGES[sum(age >= begin for begin in _AGE_BEGINS) - 1]


def purpose_of(origin_kind: str, destination_kind: str) -> str:
    """Return what a journey is for: the kind of its far end, for a way home where it began.

    >>> purpose_of("home", "clinic"), purpose_of("clinic", "home"), purpose_of("home", "home")
    ('medical', 'medical', 'home')
    """
    far = origin_kind if destination_kind == "home" else destination_kind
    return _PURPOSE_OF.get(far, "other")


def shown(counts: Sequence[int], few: Sequence[int]) -> list[bool]:
    """Say which counts may be shown, when `few[i]` people are behind count `i`.

    One that is kept back alone could be found by subtracting the others from their sum, so that
    the next smallest is kept back with it.

    >>> shown([9, 3, 7, 0], few=[9, 3, 7, 0])
    [True, False, False, True]
    """
    may = [not 0 < each < FEW for each in few]
    if may.count(False) == 1:
        others = [(few[at], at) for at, fine in enumerate(may) if fine and counts[at] > 0]
        if others:
            may[min(others)[1]] = False
    return may
