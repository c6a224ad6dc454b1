"""Ridership: what is counted, of whom, and what it adds up to.

Counted are the entries of the ledger: every sum is of `sign` times a value, so that a period adds
up to what the reports say of it, whatever was corrected.  Nothing here leaves with a name: members
are numbers that are counted, never returned, and `shown` keeps counts of few people back.  What
each figure means, for those who read it, is in `ridership_words`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from maas.records.words import PURPOSE_OF
from maas.store.entries import Outcome, Ride

FEW: Final = 5
"""Counts of fewer people than this are not shown by hamlet, age or journey."""

AGES: Final = ("0-17", "18-64", "65-74", "75-84", "85+", "unknown")
_AGE_BEGINS: Final = (0, 18, 65, 75, 85)


class Trip(NamedTuple):
    """A ride, and by what trips are chosen: weekday from Monday, hour of boarding, and the rider.

    `hamlet` is where the member lives, empty when they are none.
    """

    ride: Ride
    weekday: int
    hour: int
    age: str
    hamlet: str
    purpose: str

    @property
    def sign(self) -> int:
        """How it counts: 1, or -1 for what a correction takes back."""
        return self.ride.sign

    @property
    def member(self) -> int | None:
        """Who rode, `None` for nobody known."""
        return self.ride.member_id

    @property
    def is_plain(self) -> bool:
        """Whether it is a ride of its own day, and not a later correction."""
        return self.ride.sign == 1 and self.ride.dated == self.ride.service_date


class Gone(NamedTuple):
    """A booking that ended without a ride; its hour is that of the planned pick-up."""

    outcome: Outcome
    weekday: int
    hour: int
    age: str
    hamlet: str
    purpose: str


class No(NamedTuple):
    """An ask that was refused, or whose offers the caller did not want (`declined`).

    `dated` is the day it counts on, `day` the one asked for.  `saves` are the changes that would
    have got a ride, least asking first: a field and by how much.
    """

    dated: date
    day: date
    weekday: int
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

    @property
    def sign(self) -> int:
        """Refusals are not corrected."""
        return 1


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which trips are looked at; an empty choice is all of them.  `hours` are first and last."""

    hours: tuple[int, int] | None = None
    weekdays: frozenset[int] = frozenset()
    ages: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    hamlets: frozenset[str] = frozenset()
    vehicles: frozenset[str] = frozenset()

    @property
    def is_all(self) -> bool:
        """Whether nothing is chosen: everything is looked at."""
        some = self.weekdays or self.vehicles or self.is_personal
        return not some and self.hours in {None, (0, 29)}

    @property
    def is_personal(self) -> bool:
        """Whether it picks people by what they are, so that few of them must not be shown."""
        return bool(self.ages or self.purposes or self.hamlets)

    def trips(self, rows: Iterable[Trip]) -> list[Trip]:
        """Return the trips that are looked at."""
        keep, vehicles = self._keeps(), self.vehicles
        return [
            row for row in rows if keep(row) and (not vehicles or row[0].vehicle_id in vehicles)
        ]

    def gone(self, rows: Iterable[Gone]) -> list[Gone]:
        """Return the bookings without a ride that are looked at."""
        keep, vehicles = self._keeps(), self.vehicles
        return [
            row for row in rows if keep(row) and (not vehicles or row[0].vehicle_id in vehicles)
        ]

    def nos(self, rows: Iterable[No]) -> list[No]:
        """Return the refused asks that are looked at; no vehicle refuses, so none is chosen by."""
        return list(filter(self._keeps(), rows))

    def _keeps(self) -> Callable[[Trip | Gone | No], bool]:
        first, last = self.hours or (0, 99)

        def keep(row: Trip | Gone | No) -> bool:
            return (
                first <= row.hour <= last
                and (not self.weekdays or row.weekday in self.weekdays)
                and (not self.ages or row.age in self.ages)
                and (not self.purposes or row.purpose in self.purposes)
                and (not self.hamlets or row.hamlet in self.hamlets)
            )

        return keep


@dataclass(frozen=True, slots=True)
class Totals:
    """What trips, bookings without one and refused asks add up to.

    `rides` are parties that were carried, `riders` people in them, `members` different ones.
    `kept` came and arrived as last promised, `late` did not, `not_carried` never came.  `lost` are
    journeys that nobody got for want of room, `refused` every "no" of ours, `declined` every one
    of the callers'.
    """

    rides: int
    riders: int
    members: int
    shared: int
    fare_yen: int
    distance_m: int
    kept: int
    late: int
    not_carried: int
    no_show: int
    cancelled: int
    lost: int
    refused: int
    declined: int


def totals(
    trips: Collection[Trip], gone: Collection[Gone], nos: Collection[No], lost: Collection[No]
) -> Totals:
    """Return what some trips, bookings without a ride, refused asks and lost journeys add up to."""
    rides = [row[0] for row in trips]
    count = sum(ride.sign for ride in rides)
    kept = sum(ride.sign for ride in rides if ride.late_s <= 0)
    ended = Counter[str]()
    for row in gone:
        ended[row.outcome.state] += row.outcome.sign
    return Totals(
        rides=count,
        riders=sum(ride.sign * ride.riders for ride in rides),
        members=people(trips),
        shared=sum(ride.sign for ride in rides if ride.shared),
        fare_yen=sum(ride.sign * ride.fare_yen for ride in rides),
        distance_m=sum(ride.sign * ride.distance_m for ride in rides),
        kept=kept,
        late=count - kept,
        not_carried=ended["booked"],
        no_show=ended["no_show"],
        cancelled=ended["cancelled"],
        lost=len(lost),
        refused=sum(not row.declined for row in nos),
        declined=sum(row.declined for row in nos),
    )


def people(rows: Iterable[Trip | No]) -> int:
    """Return how many different members are in some rows; who is no member counts each time."""
    found = Counter[int | None]()
    for row in rows:
        found[row.member] += row.sign
    strangers = max(0, found.pop(None, 0))
    return strangers + sum(count > 0 for count in found.values())


def lost(nos: Iterable[No], trips: Iterable[Trip], for_want_of_room: Collection[str]) -> list[No]:
    """Return the journeys that nobody got for want of room, each once a day.

    Who asks again is still one journey, and who is refused and carried after all has lost none.
    """
    refused = [row for row in nos if not row.declined and row.reason in for_want_of_room]
    if not refused:
        return []
    got = {
        (ride.service_date, ride.member_id, ride.origin_id, ride.destination_id)
        for ride, *_ in trips
        if ride.member_id is not None
    }
    found: dict[tuple[object, ...], No] = {}
    for row in refused:
        journey = row.day, row.member, row.origin, row.destination
        if row.member is None:
            found.setdefault((*journey, row.hour, row.riders), row)
        elif journey not in got:
            found.setdefault(journey, row)
    return list(found.values())


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
    """Return what a journey is for: the kind of place it led to, or on the way home came from.

    >>> purpose_of("home", "clinic"), purpose_of("clinic", "home"), purpose_of("home", "home")
    ('medical', 'medical', 'other')
    """
    kinds = (destination_kind, origin_kind)
    return next((PURPOSE_OF[kind] for kind in kinds if kind in PURPOSE_OF), "other")


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
