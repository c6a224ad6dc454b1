"""A month of rides and of bus riders as open data: which rows may be published, and which not.

Rides are grouped by the squares they began and ended in, weekday or holiday, and the hour they
began.  A row has at least five different riders and, where more than one vehicle drove, two
vehicles.  Of buses nobody knows who rides: a row has a run that at least five got on (or off)
together, which are five different people.  No date and no place finer than 500 m is in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple

from gtfs.calendar import holiday_name
from maas.records.anonymity import Hidden, Key, Parted, parted
from maas.records.mesh import coarser

K: Final = 5
"""Fewer different riders than this are never a row."""
VEHICLES: Final = 2
MESH_M: Final = 500
DayType = Literal["weekday", "holiday"]


class Trip(NamedTuple):
    """A ride without a name: `rider` is told apart from others and from nothing else."""

    rider: str
    vehicle: str
    origin: str
    destination: str
    day_type: DayType
    hour: int
    people: int


class Moved(NamedTuple):
    """People who got on, or off, one run of a bus at one stop; `run` tells runs apart."""

    what: Literal["boarded", "alighted"]
    run: str
    route: str
    stop: str
    day_type: DayType
    hour: int
    people: int


@dataclass(frozen=True, slots=True)
class TripRow:
    """A row of rides: blank fields mean that its rides differ in them."""

    origin: str
    destination: str
    day_type: str
    hour: int | None
    rides: int
    people: int
    riders: int


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A row of bus riders; at least `together` of them were on one run."""

    what: str
    route: str
    stop: str
    day_type: str
    hour: int | None
    people: int
    together: int


@dataclass(frozen=True, slots=True)
class Released:
    """What a month's release has, and what it does not have in its finest rows, and why."""

    trips: tuple[TripRow, ...]
    moved: tuple[MovedRow, ...]
    hidden_trips: tuple[Hidden, ...]
    hidden_moved: tuple[Hidden, ...]
    left_trips: int
    left_moved: int


def day_type(day: date) -> DayType:
    """Return whether a day is worked on: Saturdays, Sundays and public holidays are not.

    >>> day_type(date(2026, 11, 23)), day_type(date(2026, 11, 24))
    ('holiday', 'weekday')
    """
    free = day.weekday() >= 5 or holiday_name(day) is not None
    return "holiday" if free else "weekday"


def release(
    trips: Sequence[Trip], moved: Sequence[Moved], before: Collection[Key] | None = None
) -> Released:
    """Return the rows of a month; `before` are the keys of the rows of its last version, if any."""
    rides = _parted_trips(trips, before)
    buses = _parted_buses(moved, before)
    groups = {key: group for part in buses for key, group in part.groups.items()}
    return Released(
        trips=tuple(_trip_row(key, rides.groups[key]) for key in _ordered(rides.groups)),
        moved=tuple(_moved_row(key, groups[key]) for key in _ordered(groups)),
        hidden_trips=tuple(rides.hidden),
        hidden_moved=tuple(each for part in buses for each in part.hidden),
        left_trips=len(rides.left),
        left_moved=sum(each.people for part in buses for each in part.left),
    )


def keys_of(trips: Iterable[TripRow], moved: Iterable[MovedRow]) -> set[Key]:
    """Return the keys of published rows, as a later version takes them."""
    rides: set[Key] = {(row.origin, row.destination, row.day_type, row.hour) for row in trips}
    return rides | {(row.what, row.route, row.stop, row.day_type, row.hour) for row in moved}


def _ordered(groups: Iterable[Key]) -> list[Key]:
    return sorted(groups, key=lambda key: [str(part or "").zfill(12) for part in key])


# --- rides ------------------------------------------------------------------------------------


def _parted_trips(trips: Sequence[Trip], before: Collection[Key] | None) -> Parted[Trip]:
    vehicles = min(VEHICLES, len({trip.vehicle for trip in trips}))

    def enough(group: Sequence[Trip]) -> bool:
        riders = {trip.rider for trip in group}
        return len(riders) >= K and len({trip.vehicle for trip in group}) >= vehicles

    levels = (
        lambda trip: (trip.origin, trip.destination, trip.day_type, trip.hour),
        lambda trip: (trip.origin, trip.destination, trip.day_type, None),
        lambda trip: (coarser(trip.origin, 8), coarser(trip.destination, 8), trip.day_type, None),
        lambda trip: (coarser(trip.origin, 7), coarser(trip.destination, 7), trip.day_type, None),
        lambda trip: ("", "", trip.day_type, trip.hour),
        lambda trip: ("", "", trip.day_type, None),
        lambda _: ("", "", "", None),
    )
    return parted(trips, levels, enough, before)


def _trip_row(key: Key, group: Sequence[Trip]) -> TripRow:
    origin, destination, kind, hour = key
    return TripRow(
        origin=str(origin),
        destination=str(destination),
        day_type=str(kind),
        hour=hour if isinstance(hour, int) else None,
        rides=len(group),
        people=sum(trip.people for trip in group),
        riders=len({trip.rider for trip in group}),
    )


# --- buses ------------------------------------------------------------------------------------


def _parted_buses(moved: Sequence[Moved], before: Collection[Key] | None) -> list[Parted[Moved]]:
    """Return those who got on and those who got off by route and kind of day, each apart.

    As many get on as off: where one of the two cannot be published neither is, or the other would
    tell.
    """
    found: defaultdict[tuple[str, str], tuple[list[Moved], list[Moved]]] = defaultdict(
        lambda: ([], [])
    )
    for each in moved:
        found[each.route, each.day_type][each.what == "alighted"].append(each)
    parts: list[Parted[Moved]] = []
    for _, both in sorted(found.items()):
        pair = [_parted_moved(each, before) for each in both]
        if any(part.left for part in pair):
            pair = [_withheld(part, each) for part, each in zip(pair, both, strict=True)]
        parts += pair
    return parts


def _withheld(part: Parted[Moved], moved: Sequence[Moved]) -> Parted[Moved]:
    whole = [Hidden(key, len(group), "given_up") for key, group in part.groups.items()]
    return Parted({}, [*part.hidden, *whole], moved)


def together(group: Iterable[Moved]) -> int:
    """Return how many different people there were at least: the most on a single run."""
    by_run: defaultdict[str, int] = defaultdict(int)
    for each in group:
        by_run[each.run] += each.people
    return max(by_run.values(), default=0)


def _parted_moved(moved: Sequence[Moved], before: Collection[Key] | None) -> Parted[Moved]:
    levels = (
        lambda it: (it.what, it.route, it.stop, it.day_type, it.hour),
        lambda it: (it.what, it.route, it.stop, it.day_type, None),
        lambda it: (it.what, it.route, "", it.day_type, it.hour),
        lambda it: (it.what, it.route, "", it.day_type, None),
    )
    return parted(moved, levels, lambda group: together(group) >= K, before)


def _moved_row(key: Key, group: Sequence[Moved]) -> MovedRow:
    what, route, stop, kind, hour = key
    return MovedRow(
        what=str(what),
        route=str(route),
        stop=str(stop),
        day_type=str(kind),
        hour=hour if isinstance(hour, int) else None,
        people=sum(each.people for each in group),
        together=together(group),
    )
