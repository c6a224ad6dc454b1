"""One ride as its rider sees it: what was told, what is known now, which vehicle to look for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from dispatcher import StopKind
from gtfs.calendar import day_start_epoch
from gtfs.geo import distance_m
from maas.rides.booking import Live
from maas.rides.day import is_unplaced, times
from maas.rides.keeper import Keeper
from maas.rides.ledger import HELD, RIDERS_WISH
from maas.rides.messages import say
from maas.rides.show import booking_view
from maas.rides.states import after
from maas.rides.views import BookingView, PositionView
from maas.store import bookings, pickup_points, rides
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.fleet import VehicleRow
from maas.store.pickup_points import PickupPoint
from maas.store.places import PlaceRow
from maas.town.messages import Text

NEAR_S: Final = 45 * 60
"""From so long before it comes a rider sees where the vehicle is: before, it drives for others."""
SEEN_S: Final = 300
"""A position older than this says nothing about when the vehicle comes."""
DAYS: Final = 1
"""So many days after the ride its link is good for nothing."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was told before the promise in force, and why that changed, if it is to be told."""

    pickup_from: int
    pickup_to: int
    why: Text | None


@dataclass(frozen=True, slots=True)
class RideSeen:
    """A ride for its rider's page.

    `expected` is when the vehicle comes, or arrives for who is on board, by where it was seen at
    `seen_at`; both `None` when nobody knows.  `without_vehicle`: it is booked, and no vehicle can
    carry it.  `fare_yen` is known once the rider got out.  `over_at` is when its link ends.
    """

    booking: BookingView
    vehicle: VehicleRow
    other_vehicle: bool
    moved: Moved | None
    expected: int | None
    seen_at: float | None
    position: PositionView | None
    away_m: int | None
    without_vehicle: bool
    boards_at: PlaceRow
    point: PickupPoint | None
    fare_yen: int | None
    may_cancel: bool
    over_at: int


async def ride_seen(keeper: Keeper, booking_id: str) -> RideSeen | None:
    """Return a ride as its rider sees it now, `None` when there is none."""
    async with keeper.database.reading() as connection:
        row = await bookings.booking(connection, booking_id)
        if row is None or row.area_id != keeper.area:
            return None
        told = await bookings.promises_of(connection, booking_id)
        point = (await pickup_points.points_of(connection, [row.pickup_id])).get(row.pickup_id)
        ride = await rides.ride(connection, booking_id) if row.state == "done" else None
    live = await keeper.seen_live(row.service_date)
    row = live.day.bookings.get(booking_id, row)
    names = live.names
    vehicle = names.vehicles[row.vehicle_id]
    position = _position(keeper, row, vehicle, live.now)
    waiting = row.state in {"booked", "arrived", "aboard"} and not is_unplaced(row)
    expected = _expected(live, row) if waiting and position is not None else None
    place = names.places[row.pickup_id]
    near = waiting and expected is not None and expected - live.now <= NEAR_S
    shown = position if near or row.state == "aboard" else None
    goal = names.places[row.destination_id] if row.state == "aboard" else place
    return RideSeen(
        booking=booking_view(names, row, live.day.promises.get(row.id, told[-1])),
        vehicle=vehicle,
        other_vehicle=_is_another(told, row),
        moved=_moved(live, told),
        expected=expected,
        seen_at=position.ts if position is not None and waiting else None,
        position=shown,
        away_m=None if shown is None else _apart_m(shown, goal),
        without_vehicle=is_unplaced(row),
        boards_at=place,
        point=point,
        fare_yen=None if ride is None else ride.fare_yen,
        may_cancel=after(row.state, "cancel") == "cancelled" and row.state != "cancelled",
        over_at=over_at(row, names.timezone),
    )


def over_at(row: BookingRow, timezone: str) -> int:
    """Return the epoch second from which the link to a ride is good for nothing."""
    return day_start_epoch(row.service_date + timedelta(days=1 + DAYS), timezone)


def _position(
    keeper: Keeper, row: BookingRow, vehicle: VehicleRow, now: float
) -> PositionView | None:
    """Return where the vehicle is, `None` when that is too old to say when it comes."""
    if row.service_date != keeper.today:
        return None
    seen = keeper.position_of(vehicle.id)
    return seen if seen is not None and now - seen.ts <= SEEN_S else None


def _expected(live: Live, row: BookingRow) -> int | None:
    route = live.plan.routes.get(row.vehicle_id)
    if route is None:
        return None
    kind = StopKind.DROPOFF if row.state == "aboard" else StopKind.PICKUP
    schedule = times(route, live.plan, live.travel)
    for stop, at_s in zip(route.stops, schedule.begin_s, strict=True):
        if stop.request_id == row.id and stop.kind is kind:
            return live.names.epoch(row.service_date, at_s)
    return None


def _apart_m(seen: PositionView, place: PlaceRow) -> int:
    """Return how far off it is as the crow flies, to a hundred metres: for the feeling only."""
    return round(distance_m(seen.lat, seen.lon, place.lat, place.lon) / 100) * 100


def _is_another(told: Sequence[PromiseRow], row: BookingRow) -> bool:
    """Whether the rider was told another vehicle when they last agreed."""
    agreed = [each for each in told if each.why in RIDERS_WISH]
    return bool(agreed) and agreed[-1].vehicle_id != row.vehicle_id


def _moved(live: Live, told: Sequence[PromiseRow]) -> Moved | None:
    """Return what was told before, when it was we who moved it."""
    real = [each for each in told if each.why not in HELD]
    if len(real) < 2 or real[-1].why in RIDERS_WISH:
        return None
    before, now = real[-2], real[-1]
    if (before.pickup_from_s, before.pickup_to_s) == (now.pickup_from_s, now.pickup_to_s):
        return None
    epoch, day = live.names.epoch, live.day.day
    return Moved(epoch(day, before.pickup_from_s), epoch(day, before.pickup_to_s), _why(now.why))


def _why(word: str) -> Text | None:
    try:
        return say(f"why.{word}")
    except KeyError:
        return None
