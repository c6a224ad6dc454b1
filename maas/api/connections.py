"""Rides tied to a bus: which buses there are, the tie itself, and how it stands."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from gtfs.calendar import seconds_of
from maas.api.answers import granted
from maas.api.bookings import BookingId
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import BookingOut, Instant, Said, Shape
from maas.auth.roles import Permission
from maas.bus_times import TownBuses
from maas.rides.connections import MARGIN_S, WALK_MPS, Connections
from maas.rides.keeper import Keeper
from maas.store.links import State, Toward

router = APIRouter(tags=["bookings"])

_NO_KEEPER = ("not-found", "no-roads", "no-town")
Area = Annotated[str | None, Query(max_length=64)]
Day = Annotated[dt.date | None, Query(ge=dt.date(2000, 1, 1), le=dt.date(2999, 12, 31))]


class TieIn(BaseModel):
    """The bus, by the timetable's own ids, and whether the ride brings to it or meets it."""

    trip: str = Field(min_length=1, max_length=200)
    stop: str = Field(min_length=1, max_length=200)
    toward: Toward


class LinkOut(Shape):
    """A ride and its bus: `planned` by the timetable, `bus` as it is known now.

    linked: all is well. waiting: the bus was asked to wait. missed: `next_trip` is proposed.
    """

    booking_id: str
    trip: str
    stop: str
    toward: Toward
    planned: Instant
    bus: Instant
    state: State
    next_trip: str | None


class BusOut(Shape):
    """A bus within a walk, and how to ask for a ride that fits it (see `quote`)."""

    trip: str
    stop: str
    name: Said
    at: Instant
    walk_s: int
    time: str = Field(examples=["10:30"])
    anchor: Literal["depart", "arrive"]


@router.post(
    "/bookings/{booking_id}/connection",
    operation_id="tieBooking",
    **needs(Permission.BOOK, "key-missing", "key-reused", "not-now", *_NO_KEEPER, changes=True),
)
async def tie_booking(
    booking_id: BookingId, tie: TieIn, key: Key, person: SignedIn, service: The, write: In
) -> BookingOut:
    """Tie a booking to a bus; 409 says which time would fit."""
    keeper = await service.keeper_of_booking(booking_id, person)
    answer = await _connections(service, keeper).tie(
        booking_id, tie.trip, tie.stop, tie.toward, key=key, actor=person.name
    )
    return write.one(BookingOut, granted(answer, write))


@router.delete(
    "/bookings/{booking_id}/connection",
    operation_id="untieBooking",
    **needs(Permission.BOOK, "key-missing", "key-reused", "not-now", *_NO_KEEPER, changes=True),
)
async def untie_booking(
    booking_id: BookingId, key: Key, person: SignedIn, service: The, write: In
) -> BookingOut:
    """Let a booking go without its bus again."""
    keeper = await service.keeper_of_booking(booking_id, person)
    answer = await _connections(service, keeper).untie(booking_id, key=key, actor=person.name)
    return write.one(BookingOut, granted(answer, write))


@router.post(
    "/bookings/{booking_id}/connection/next",
    operation_id="takeNextBus",
    **needs(Permission.BOOK, "key-missing", "key-reused", "not-now", *_NO_KEEPER, changes=True),
)
async def take_next_bus(
    booking_id: BookingId, key: Key, person: SignedIn, service: The, write: In
) -> BookingOut:
    """Tie a booking that misses its bus to the next one, which the rider has accepted."""
    keeper = await service.keeper_of_booking(booking_id, person)
    answer = await _connections(service, keeper).take_next(booking_id, key=key, actor=person.name)
    return write.one(BookingOut, granted(answer, write))


@router.get(
    "/connections",
    operation_id="listConnections",
    **needs(Permission.READ_BOOKINGS, *_NO_KEEPER),
)
async def list_connections(
    person: SignedIn, service: The, write: In, date: Day = None, area: Area = None
) -> list[LinkOut]:
    """Return the rides of a day that meet a bus (today when absent), in the order of the buses."""
    keeper = service.keeper(area, person)
    names = keeper.here.names
    return [
        write.one(
            LinkOut,
            {
                "booking_id": row.booking_id,
                "trip": row.trip_id,
                "stop": row.stop_id,
                "toward": row.toward,
                "planned": names.epoch(row.service_date, row.planned_s),
                "bus": names.epoch(row.service_date, row.bus_s),
                "state": row.state,
                "next_trip": row.next_trip_id,
            },
        )
        for row in await _connections(service, keeper).on(date)
    ]


@router.get(
    "/connections/buses",
    operation_id="findBuses",
    **needs(Permission.READ_BOOKINGS, "no-timetable", *_NO_KEEPER),
)
async def find_buses(
    person: SignedIn,
    service: The,
    write: In,
    place: Annotated[int, Query(ge=1, le=2**53)],
    toward: Toward = "to_bus",
    date: Day = None,
    area: Area = None,
) -> list[BusOut]:
    """Return the next buses near a place, each with the time to ask a ride for."""
    keeper = service.keeper(area, person)
    names = keeper.here.names
    if service.buses.timetable is None:
        raise Problem("no-timetable")
    if place not in names.places:
        raise Problem("not-found")
    day, row = date or keeper.today, names.places[place]
    now_s = seconds_of(service.clock(), day, names.timezone)
    found = TownBuses(service.buses).near(row.lat, row.lon, day, toward, max(0, now_s))
    shown = []
    for bus, apart_m in found:
        walk_s = round(apart_m / WALK_MPS)
        sign = -1 if toward == "to_bus" else 1
        time_s = bus.at_s + sign * (walk_s + MARGIN_S)
        minute = time_s // 60 if toward == "to_bus" else -(-time_s // 60)
        if 0 <= minute < 24 * 60:
            shown.append({
                "trip": bus.trip_id,
                "stop": bus.stop_id,
                "name": bus.name,
                "at": names.epoch(day, bus.at_s),
                "walk_s": walk_s,
                "time": f"{minute // 60:02d}:{minute % 60:02d}",
                "anchor": "arrive" if toward == "to_bus" else "depart",
            })  # fmt: skip
    return write.many(BusOut, shown)


def _connections(service: Service, keeper: Keeper) -> Connections:
    return Connections(keeper, TownBuses(service.buses))
