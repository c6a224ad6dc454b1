"""From the ledger to what is counted: entries with age, hamlet and purpose beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.records import ledger
from maas.records.ridership import (
    FEW,
    Chosen,
    Gone,
    No,
    Totals,
    Trip,
    age_band,
    lost,
    people,
    purpose_of,
    totals,
)
from maas.records.ridership_money import Money, read_money
from maas.store import ridership as store
from maas.store.entries import Outcome, Refusal, Ride
from maas.store.ridership import Ground, Person

PRIVATE: Final = frozenset({"home", "depot", "spot"})
"""Kinds of places that are only named by their hamlet; a spot is where a vehicle broke down."""
_MESH_DEG: Final = 0.005


@dataclass(frozen=True, slots=True)
class End:
    """An end of journeys: a public place, or a hamlet whose homes it stands for.

    A hamlet lies where a net of about 500 m puts the middle of its places.
    """

    key: str
    name: str
    name_en: str
    kind: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Town:
    """Everybody who is a member, and every place, as they are now."""

    people: Mapping[int, Person]
    grounds: Mapping[int, Ground]


async def read_town(connection: AsyncConnection) -> Town:
    """Return who and what rides are counted by."""
    people = {each.id: each for each in await store.registered(connection)}
    return Town(people, {each.id: each for each in await store.grounds(connection)})


class Now(NamedTuple):
    """The moment it is: a service day and the second of it."""

    day: date
    second: int


class Marks:
    """What trips are chosen by, worked out once for each year of birth and pair of places."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._ages: dict[tuple[int | None, int], str] = {}
        self._purposes: dict[tuple[int, int], str] = {}

    def age(self, birth_year: int | None, day: date) -> str:
        """Return the band of somebody's age."""
        key = birth_year, day.year
        found = self._ages.get(key)
        if found is None:
            found = self._ages[key] = age_band(birth_year, day)
        return found

    def purpose(self, origin: int, destination: int) -> str:
        """Return what a journey between two places is for."""
        key = origin, destination
        found = self._purposes.get(key)
        if found is None:
            kinds = (self._town.grounds[end].kind for end in key)
            found = self._purposes[key] = purpose_of(*kinds)
        return found

    def trip(self, ride: Ride) -> Trip:
        """Return a ride with its marks."""
        day = ride.service_date
        age = self.age(ride.birth_year, day)
        purpose = self.purpose(ride.origin_id, ride.destination_id)
        hour = ride.picked_up_s // 3600
        return Trip(ride, day.weekday(), hour, age, ride.oaza or "", purpose)

    def gone(self, row: Outcome) -> Gone:
        """Return a booking without a ride with its marks."""
        day = row.service_date
        age = self.age(row.birth_year, day)
        purpose = self.purpose(row.origin_id, row.destination_id)
        hour = row.pickup_planned_s // 3600
        return Gone(row, day.weekday(), hour, age, row.oaza or "", purpose)

    def no(self, row: Refusal, zone: ZoneInfo) -> No:
        """Return a refused ask; of somebody unknown, the hamlet is where it would have begun."""
        ask: Mapping[str, Any] = row.ask
        person = self._town.people.get(ask.get("rider_id") or 0)
        time_s = ask.get("time")
        asked_at = datetime.fromtimestamp(row.at, zone)
        return No(
            dated=row.dated,
            day=row.service_date,
            weekday=row.service_date.weekday(),
            hour=asked_at.hour if time_s is None else time_s // 3600,
            declined=row.declined,
            reason=row.reason,
            member=ask.get("rider_id"),
            age=self.age(person and person.birth_year, row.service_date),
            hamlet=person.oaza if person else self._town.grounds[ask["origin"]].oaza,
            purpose=self.purpose(ask["origin"], ask["destination"]),
            origin=ask["origin"],
            destination=ask["destination"],
            riders=ask.get("riders", 1),
            saves=tuple((str(one["field"]), int(one["by"])) for one in row.relaxations),
        )


async def read_trips(
    connection: AsyncConnection, marks: Marks, area: str, first: date, last: date
) -> list[Trip]:
    """Return the rides that count on some days."""
    return [marks.trip(ride) for ride in await ledger.rides_between(connection, first, last, area)]


async def read_gone(
    connection: AsyncConnection, marks: Marks, area: str, first: date, last: date, now: Now
) -> list[Gone]:
    """Return the bookings cancelled, not there, or by now not carried, that count on some days."""
    rows = await ledger.outcomes_between(connection, first, last, area)
    standing = await store.left_standing(connection, area, first, min(last, now.day))
    over = (row for row in standing if (row.service_date, row.pickup_planned_s) < now)
    return [marks.gone(row) for row in (*rows, *over)]


async def read_nos(
    connection: AsyncConnection, town: Town, area: str, first: date, last: date, zone: ZoneInfo
) -> list[No]:
    """Return the refused asks that count on some days, between places that are known still."""
    marks, known = Marks(town), town.grounds
    rows = await ledger.refusals_between(connection, first, last, area)
    return [
        marks.no(row, zone)
        for row in rows
        if row.ask["origin"] in known and row.ask["destination"] in known
    ]


@dataclass(frozen=True, slots=True)
class Period:
    """Some days of an area: who rode, what ended otherwise, what was refused and lost."""

    first: date
    last: date
    trips: list[Trip]
    gone: list[Gone]
    nos: list[No]
    lost: list[No]

    def of(self, chosen: Chosen) -> Period:
        """Return the part of it that is looked at."""
        nos, lost = chosen.nos(self.nos), chosen.nos(self.lost)
        trips, gone = chosen.trips(self.trips), chosen.gone(self.gone)
        return Period(self.first, self.last, trips, gone, nos, lost)

    @property
    def totals(self) -> Totals:
        """What it adds up to."""
        return totals(self.trips, self.gone, self.nos, self.lost)

    @property
    def is_of_few(self) -> bool:
        """Whether somebody is in it, but too few people to be shown."""
        return 0 < people(self.trips) + people(self.nos) < FEW


@dataclass(frozen=True, slots=True)
class Read:
    """A period, with the town as it was when it was read."""

    town: Town
    period: Period
    money: Money | None
    recorded_from: date | None


@dataclass(frozen=True, slots=True)
class Where:
    """An area at a moment, and the reasons for which another vehicle may have carried an ask."""

    area: str
    now: Now
    zone: ZoneInfo
    for_want_of_room: Collection[str]


async def read_all(connection: AsyncConnection, where: Where, first: date, last: date) -> Read:
    """Return everything that counts on some days, and the town it is counted in."""
    town = await read_town(connection)
    period = await read_period(connection, town, where, first, last)
    rides = [row.ride for row in period.trips]
    return Read(
        town=town,
        period=period,
        money=await read_money(connection, where.area, first, last, rides, today=where.now.day),
        recorded_from=await store.recorded_from(connection, where.area),
    )


async def read_period(
    connection: AsyncConnection, town: Town, where: Where, first: date, last: date
) -> Period:
    """Return everything that counts on some days."""
    marks, span = Marks(town), (where.area, first, last)
    trips = await read_trips(connection, marks, *span)
    gone = await read_gone(connection, marks, *span, where.now)
    nos = await read_nos(connection, town, *span, where.zone)
    return Period(first, last, trips, gone, nos, lost(nos, trips, where.for_want_of_room))


@dataclass(frozen=True, slots=True)
class Ends:
    """All ends by key, and the key of each place's id."""

    by_key: Mapping[str, End]
    key_of: Mapping[int, str]


def ends(grounds: Iterable[Ground]) -> Ends:
    """Return where journeys begin and end, without anybody's home."""
    by_key: dict[str, End] = {}
    key_of: dict[int, str] = {}
    theirs: dict[str, list[Ground]] = {}
    for each in grounds:
        theirs.setdefault(each.oaza, []).append(each)
        if each.kind in PRIVATE:
            key_of[each.id] = f"h:{each.oaza}"
        else:
            key = key_of[each.id] = f"p:{each.id}"
            by_key[key] = End(key, each.name, each.name_en, each.kind, each.lat, each.lon)
    for oaza, here in theirs.items():
        lat, lon = (_middle([getattr(each, name) for each in here]) for name in ("lat", "lon"))
        by_key[f"h:{oaza}"] = End(f"h:{oaza}", oaza, "", "hamlet", lat, lon)
    return Ends(by_key, key_of)


def _middle(degrees: Sequence[float]) -> float:
    return round(round(sum(degrees) / len(degrees) / _MESH_DEG) * _MESH_DEG, 6)
