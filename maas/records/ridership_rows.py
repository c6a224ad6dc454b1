"""From rows of the store to what is counted: trips and refused asks with age, hamlet, purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.records.ridership import No, Trip, age_band, purpose_of
from maas.store import ridership as store
from maas.store.ridership import Ground

PRIVATE: Final = frozenset({"home", "depot", "spot"})
"""Kinds of places that are only named by their hamlet; a spot is where a vehicle broke down."""
_MESH_DEG: Final = 0.005


@dataclass(frozen=True, slots=True)
class Member:
    """What of a member is counted: year of birth, hamlet, and whether they are still one."""

    birth_year: int | None
    hamlet: str
    is_still: bool


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
class Ends:
    """All ends by key, and the key of each place's id."""

    by_key: Mapping[str, End]
    key_of: Mapping[int, str]
    hamlet_of: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Town:
    """What does not change from trip to trip."""

    members: Mapping[int, Member]
    grounds: Mapping[int, Ground]


async def read_town(connection: AsyncConnection) -> Town:
    """Return everybody and every place, as they are now."""
    members = {
        id_: Member(born, oaza, still)
        for id_, born, oaza, still in await store.people_of(connection)
    }
    return Town(members, {each.id: each for each in await store.grounds(connection)})


async def read_trips(
    connection: AsyncConnection, town: Town, area: str, first: date, last: date
) -> list[Trip]:
    """Return the bookings of an area's service days as trips."""
    rows = await store.ended_rides(connection, area, first, last)
    return trips_of(town, rows)


def trips_of(town: Town, rows: Sequence[Any]) -> list[Trip]:
    """Return rows of `ended_rides` as trips."""
    nobody = Member(None, "", is_still=False)
    purposes: dict[tuple[int, int], str] = {}
    found = []
    for (
        day, state, member_id, channel, vehicle, origin, destination, riders, from_s, to_s, by_s,
        came_s, picked_up_s, dropped_off_s, direct_s, distance_m, shared, fare_yen,
    ) in rows:  # fmt: skip
        member = town.members.get(member_id, nobody)
        pair = origin, destination
        if pair not in purposes:
            purposes[pair] = purpose_of(*(town.grounds[end].kind for end in pair))
        found.append(
            Trip(
                day, (from_s if picked_up_s is None else picked_up_s) // 3600, state, member_id,
                age_band(member.birth_year, day), member.hamlet, purposes[pair], channel, vehicle,
                origin, destination, riders, from_s, to_s, by_s, came_s, picked_up_s,
                dropped_off_s, direct_s, distance_m or 0, bool(shared), fare_yen or 0,
            )
        )  # fmt: skip
    return found


async def read_nos(
    connection: AsyncConnection, town: Town, area: str, first: date, last: date, zone: ZoneInfo
) -> list[No]:
    """Return the refused asks of an area's service days."""
    rows = await store.refused_asks(connection, area, first, last)
    return [_no(town, zone, row) for row in rows if row.ask["origin"] in town.grounds
            and row.ask["destination"] in town.grounds]  # fmt: skip


def _no(town: Town, zone: ZoneInfo, row: Any) -> No:  # noqa: ANN401 -- a row of the store
    ask: Mapping[str, Any] = row.ask
    origin, destination = town.grounds[ask["origin"]], town.grounds[ask["destination"]]
    member_id = ask.get("rider_id")
    member = town.members.get(member_id or 0)
    time_s = ask.get("time")
    return No(
        day=row.service_date,
        hour=datetime.fromtimestamp(row.at, zone).hour if time_s is None else time_s // 3600,
        declined=row.declined is not None,
        reason=row.reason,
        member=member_id,
        age=age_band(None if member is None else member.birth_year, row.service_date),
        hamlet=origin.oaza if member is None else member.hamlet,
        purpose=purpose_of(origin.kind, destination.kind),
        origin=origin.id,
        destination=destination.id,
        riders=ask.get("riders", 1),
        saves=tuple((str(one["field"]), int(one["by"])) for one in row.relaxations),
    )


def ends(grounds: Iterable[Ground]) -> Ends:
    """Return where journeys begin and end, without anybody's home."""
    by_key: dict[str, End] = {}
    key_of: dict[int, str] = {}
    theirs: dict[str, list[Ground]] = {}
    hamlet_of: dict[int, str] = {}
    for each in grounds:
        hamlet_of[each.id] = each.oaza
        theirs.setdefault(each.oaza, []).append(each)
        if each.kind in PRIVATE:
            key_of[each.id] = f"h:{each.oaza}"
        else:
            key_of[each.id] = f"p:{each.id}"
            by_key[f"p:{each.id}"] = End(
                f"p:{each.id}", each.name, each.name_en, each.kind, each.lat, each.lon
            )
    for oaza, here in theirs.items():
        lat, lon = (_middle([getattr(each, name) for each in here]) for name in ("lat", "lon"))
        by_key[f"h:{oaza}"] = End(f"h:{oaza}", oaza, "", "hamlet", lat, lon)
    return Ends(by_key, key_of, hamlet_of)


def _middle(degrees: Sequence[float]) -> float:
    return round(round(sum(degrees) / len(degrees) / _MESH_DEG) * _MESH_DEG, 6)


def registered(members: Iterable[Member], day: date) -> tuple[Counter[str], Counter[str]]:
    """Return how many members there are by hamlet and by age."""
    still = [each for each in members if each.is_still]
    return (
        Counter(each.hamlet for each in still if each.hamlet),
        Counter(age_band(each.birth_year, day) for each in still),
    )
