"""Rows and plans as the screens see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dispatcher import (
    RIDER_STOPS,
    Explanation,
    Offer,
    Place,
    Plan,
    Request,
    Route,
    StopKind,
    TravelTimes,
)
from gtfs.calendar import day_start_epoch
from maas.fares.price import Fare
from maas.rides.day import Day, read_request, times
from maas.rides.fares import fare_view, final_fare, journey, riders, shared_by
from maas.rides.messages import say
from maas.rides.views import (
    BookingView,
    FareView,
    OfferView,
    PlaceView,
    PlanStopView,
    PositionView,
    RestView,
    RiderRef,
    RideView,
    VehiclePlanView,
    VehicleRef,
)
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.fleet import VehicleRow
from maas.store.members import MemberRow
from maas.store.places import PlaceRow
from maas.store.rides import RideRow
from maas.town.calendars import Party, clock_words, day_words
from maas.town.messages import Text
from maas.town.rules import Tariff


@dataclass(frozen=True, slots=True)
class Names:
    """What ids stand for, and the tariff of each day."""

    area: str
    timezone: str
    places: Mapping[int, PlaceRow]
    members: Mapping[int, MemberRow]
    vehicles: Mapping[str, VehicleRow]
    tariff_on: Callable[[date], Tariff | None]

    def epoch(self, day: date, seconds_s: int) -> int:
        """Return the epoch second of a second of a service day."""
        return day_start_epoch(day, self.timezone) + seconds_s

    def place(self, place_id: int) -> PlaceView:
        """Return a place as screens show it."""
        row = self.places[place_id]
        return PlaceView(
            row.id, row.name, row.kana, row.name_en, row.kind, row.address, row.oaza, row.lat,
            row.lon,
        )  # fmt: skip

    def vehicle(self, vehicle_id: str) -> VehicleRef:
        """Return a vehicle by name."""
        row = self.vehicles[vehicle_id]
        return VehicleRef(row.id, row.name, row.name_en)

    def rider(self, member_id: int | None) -> RiderRef | None:
        """Return who rides, `None` for somebody who is not a member."""
        row = None if member_id is None else self.members.get(member_id)
        if row is None:
            return None
        return RiderRef(row.id, row.number, row.name, row.kana, row.phone)

    def fare(
        self,
        day: date,
        party: Party,
        ends: tuple[int, int],
        *,
        member_id: int | None,
        transfer: bool,
    ) -> FareView:
        """Return what a party will pay from one place to another, alone and shared."""
        origin, destination = (self.places[end] for end in ends)
        member = None if member_id is None else self.members.get(member_id)
        known = journey(origin, destination, transfer=transfer)
        return fare_view(self.tariff_on(day), party, member, known, day)

    def final_fare(
        self,
        row: BookingRow,
        bookings: Iterable[BookingRow],
        dropped_s: int,
        *,
        linked: bool = False,
    ) -> Fare | None:
        """Return what a rider on board pays when getting out at `dropped_s`.

        `linked`: the ride is tied to a bus, which proves the change.  `None` without a tariff.
        """
        tariff = self.tariff_on(row.service_date)
        if tariff is None:
            return None
        member = None if row.member_id is None else self.members.get(row.member_id)
        ends = self.places[row.origin_id], self.places[row.destination_id]
        known = journey(*ends, transfer=row.transfer, linked=linked)
        shared = shared_by(row, bookings, dropped_s)
        heads = riders(tariff, party_of(row), member, row.service_date)
        return final_fare(tariff, heads, known, shared=shared)


def party_of(row: BookingRow) -> Party:
    """Return who travels on a booking."""
    return Party(row.riders, row.wheelchairs, row.half_fares, row.infants)


def offer_view(
    names: Names,
    day: date,
    offer: Offer,
    token: str,
    party: Party,
    *,
    transfer: bool,
    rider_id: int | None = None,
) -> OfferView:
    """Return an offer as the operator reads it aloud."""
    promise = offer.promise
    destination = names.places[promise.destination]
    sentence = say(
        "offer",
        pickup_from=clock_words(promise.earliest_pickup_s),
        pickup_to=clock_words(promise.latest_pickup_s),
        arrive_by=clock_words(promise.latest_dropoff_s),
        destination=destination.name,
        destination_en=destination.name_en,
    )
    return OfferView(
        token=token,
        kind=offer.kind.value,
        other=offer.other.value,
        vehicle=names.vehicle(offer.vehicle_id),
        pickup_from=names.epoch(day, promise.earliest_pickup_s),
        pickup_to=names.epoch(day, promise.latest_pickup_s),
        pickup_planned=names.epoch(day, offer.pickup_s),
        arrive_by=names.epoch(day, promise.latest_dropoff_s),
        arrive_planned=names.epoch(day, offer.dropoff_s),
        ride_s=offer.dropoff_s - offer.pickup_s - promise.boarding_s,
        direct_s=offer.direct_s,
        detour_s=offer.detour_s,
        shared_with=offer.shared_with,
        fare=names.fare(
            day,
            party,
            (promise.origin, promise.destination),
            member_id=rider_id,
            transfer=transfer,
        ),
        sentence=sentence,
        because=said(offer.because),
    )


def said(because: Explanation, names: Mapping[str, Text] | None = None) -> Text:
    """Return the dispatcher's sentence with ids replaced by `names`."""
    known = names or {}
    return Text(
        because.ja({id_: name.ja for id_, name in known.items()}),
        because.en({id_: name.en for id_, name in known.items()}),
    )


def booking_view(names: Names, row: BookingRow, promise: PromiseRow) -> BookingView:
    """Return a booking with the promise in force."""
    day = row.service_date
    ends = row.origin_id, row.destination_id
    fare = names.fare(day, party_of(row), ends, member_id=row.member_id, transfer=row.transfer)
    return BookingView(
        id=row.id,
        reference=row.reference,
        state=row.state,  # type: ignore[arg-type]  # the table checks its words
        area=row.area_id,
        date=day,
        rider=names.rider(row.member_id),
        contact_name=row.contact_name,
        contact_phone=row.contact_phone,
        origin=names.place(row.origin_id),
        destination=names.place(row.destination_id),
        riders=row.riders,
        wheelchairs=row.wheelchairs,
        pickup_from=names.epoch(day, promise.pickup_from_s),
        pickup_to=names.epoch(day, promise.pickup_to_s),
        pickup_planned=names.epoch(day, row.pickup_planned_s),
        arrive_by=names.epoch(day, promise.arrive_by_s),
        arrive_planned=names.epoch(day, row.arrive_planned_s),
        vehicle=names.vehicle(row.vehicle_id),
        fare=fare,
        read_back=_read_back(names, row, promise, fare),
        pinned=row.pinned_vehicle_id is not None,
        helpers=row.helpers,
        channel=row.channel,
        group_id=row.group_id,
        held_until=row.held_until,
    )


def _read_back(names: Names, row: BookingRow, promise: PromiseRow, fare: FareView) -> Text:
    origin, destination = names.places[row.origin_id], names.places[row.destination_id]
    day = day_words(row.service_date)
    return say(
        "read_back",
        reference=row.reference,
        day=day.ja,
        day_en=day.en,
        pickup_from=clock_words(promise.pickup_from_s),
        pickup_to=clock_words(promise.pickup_to_s),
        arrive_by=clock_words(promise.arrive_by_s),
        origin=origin.name,
        origin_en=origin.name_en,
        destination=destination.name,
        destination_en=destination.name_en,
        fare=fare.sentence.ja,
        fare_en=fare.sentence.en,
    )


def event_text(names: Names, kind: str, row: BookingRow, yen: int | None = None) -> Text:
    """Return the sentence of the day's event list for something that happened to a booking."""
    origin, destination = names.places[row.origin_id], names.places[row.destination_id]
    vehicle = names.vehicles[row.vehicle_id]
    return say(
        f"event.{kind}",
        reference=row.reference,
        origin=origin.name,
        origin_en=origin.name_en,
        destination=destination.name,
        destination_en=destination.name_en,
        pickup=clock_words(row.pickup_planned_s),
        vehicle=vehicle.name,
        vehicle_en=vehicle.name_en,
        yen=yen,
    )


def ride_view(names: Names, row: RideRow, reference: str) -> RideView:
    """Return a ride as the records show it."""
    return RideView(
        booking_id=row.booking_id,
        reference=reference,
        vehicle_id=row.vehicle_id,
        picked_up=names.epoch(row.service_date, row.picked_up_s),
        dropped_off=names.epoch(row.service_date, row.dropped_off_s),
        fare_yen=row.fare_yen,
        fare_reasons=tuple(Text(ja, en) for ja, en in row.fare_reasons),
        shared=row.shared,
        distance_m=row.distance_m,
        tariff=row.tariff,
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """What was left in a battery, percent, at an epoch second."""

    percent: float
    at: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a vehicle besides its rows."""

    position: PositionView | None = None
    battery: Reading | None = None
    heard_at: float = 0.0
    """When its device last sent something that did not say where it is, in epoch seconds."""
    path: tuple[tuple[float, float], ...] = ()


def vehicle_view(
    names: Names,
    vehicle: VehicleRow,
    day: Day,
    plan: Plan,
    travel: Mapping[str, TravelTimes],
    seen: Seen,
) -> VehiclePlanView:
    """Return a vehicle's plan as the monitor and its driver see it."""
    route = plan.routes[vehicle.id]
    aboard = [day.bookings[id_].riders for id_ in route.boarded_s]
    return VehiclePlanView(
        id=vehicle.id,
        name=vehicle.name,
        name_en=vehicle.name_en,
        kind=vehicle.kind,
        operator=vehicle.operator,
        seats=vehicle.seats,
        wheelchair_places=vehicle.wheelchair_places,
        version=day.plan_row(vehicle.id).version,
        shift_from=names.epoch(day.day, vehicle.shift_from_s),
        shift_to=names.epoch(day.day, vehicle.shift_to_s),
        driver=vehicle.driver,
        position=seen.position,
        battery_percent=seen.battery.percent if seen.battery else None,
        stops=_stops(names, day, route, plan, travel),
        rests=rests_of(names, day, route, plan, travel),
        path=seen.path,
        on_board=sum(aboard),
    )


def _stops(
    names: Names, day: Day, route: Route, plan: Plan, travel: Mapping[str, TravelTimes]
) -> tuple[PlanStopView, ...]:
    schedule = times(route, plan, travel)
    views: list[PlanStopView] = []
    load = sum(day.bookings[id_].riders for id_ in route.boarded_s)
    for stop, planned_s in zip(route.stops, schedule.begin_s, strict=True):
        if stop.kind not in RIDER_STOPS:
            continue
        row = day.bookings[stop.request_id]
        pickup = stop.kind is StopKind.PICKUP
        load += row.riders if pickup else -row.riders
        promise = read_request(day.promises[row.id].request)
        views.append(_stop(names, day, row, promise, stop.kind, len(views), planned_s, load))
    return tuple(views)


def rests_of(
    names: Names, day: Day, route: Route, plan: Plan, travel: Mapping[str, TravelTimes]
) -> tuple[RestView, ...]:
    """Return the breaks still to be taken, and the one that is being taken, as it began."""
    begin_s = times(route, plan, travel).begin_s
    views = []
    for stop, at_s in zip(route.stops, begin_s, strict=True):
        if stop.kind is StopKind.BREAK:
            task, row = route.tasks[stop.request_id], day.rests[stop.request_id]
            until = names.epoch(day.day, at_s + task.lasts_s)
            views.append(RestView(row.id, until - row.lasts_s, until, names.place(row.place_id)))
    return tuple(views)


def _stop(
    names: Names,
    day: Day,
    row: BookingRow,
    promise: Request,
    kind: StopKind,
    seq: int,
    planned_s: int,
    load: int,
) -> PlanStopView:
    """Return one stop; its slack is what is left of the time promised there."""
    pickup = kind is StopKind.PICKUP
    due_s = promise.latest_pickup_s if pickup else promise.latest_dropoff_s
    member = names.members.get(row.member_id) if row.member_id is not None else None
    fare = None
    if row.state == "aboard":
        linked = row.id in day.links
        fare = names.final_fare(row, day.bookings.values(), planned_s, linked=linked)
    return PlanStopView(
        seq=seq,
        kind="pickup" if pickup else "dropoff",
        booking_id=row.id,
        reference=row.reference,
        rider_name=member.name if member else row.contact_name,
        rider_kana=member.kana if member else "",
        notes=member.notes if member else "",
        tags=tuple(sorted(member.grounds(row.service_date))) if member else (),
        riders=row.riders,
        wheelchairs=row.wheelchairs,
        place=names.place(row.pickup_id if pickup else row.destination_id),
        planned=names.epoch(day.day, planned_s),
        window_from=names.epoch(day.day, promise.earliest_pickup_s) if pickup else None,
        window_to=names.epoch(day.day, due_s),
        slack_s=due_s - planned_s,
        state=_stop_state(row, pickup=pickup),
        load_after=load,
        fare_yen=None if fare is None else fare.yen,
        phone=row.contact_phone or (member.phone if member else ""),
    )


def _stop_state(row: BookingRow, *, pickup: bool) -> Literal["planned", "arrived", "held"]:
    """Return how far a stop is; at a held one nobody waits yet."""
    if row.state == "held":
        return "held"
    return "arrived" if pickup and row.state == "arrived" else "planned"


def next_place(route: Route, plan: Plan) -> Place | None:
    """Return where a vehicle goes next, `None` when it has nothing to do."""
    return next(places_ahead(route, plan), None)


def places_ahead(route: Route, plan: Plan) -> Iterator[Place]:
    """Yield where a vehicle stops, in its order."""
    for stop in route.stops:
        if stop.kind in RIDER_STOPS:
            request = plan.requests[stop.request_id]
            yield request.origin if stop.kind is StopKind.PICKUP else request.destination
        else:
            yield route.tasks[stop.request_id].place
