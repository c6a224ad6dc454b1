"""What the rides say to the screens: the fields of the REST bodies, as values.

Instants are epoch seconds (the API writes them as ISO 8601); a `Text` carries both languages and
the API picks one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from maas.rides.states import State as State
from maas.rides.states import Step as Step
from maas.town.messages import Text
from maas.town.waivers import WAIVABLE


@dataclass(frozen=True, slots=True)
class AskIn:
    """What somebody asks for on the telephone or the page.

    `origin` and `destination` are place ids.  `time` is seconds of the service day, `None` as soon
    as possible; `day` `None` is today.  `riders` counts everybody who travels, those in
    wheelchairs, at half fare, infants and helpers too.  `channel` is how they asked; `instead_of`
    names the booking it would replace.
    """

    origin: int
    destination: int
    day: date | None = None
    time: int | None = None
    anchor: Literal["depart", "arrive"] = "depart"
    riders: int = 1
    wheelchairs: int = 0
    rider_id: int | None = None
    half_fares: int = 0
    infants: int = 0
    transfer: bool = False
    instead_of: str | None = None
    helpers: int = 0
    channel: str = "phone"


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place as every screen shows it."""

    id: int
    name: str
    kana: str
    name_en: str
    kind: str
    address: str
    oaza: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class VehicleRef:
    """A vehicle, by name."""

    id: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class FareView:
    """The fare of the whole party: riding alone, and when it is shared by chance."""

    yen: int
    shared_yen: int
    sentence: Text


@dataclass(frozen=True, slots=True)
class OfferView:
    """A ride we could promise now; `token` is what a booking takes.

    `kind` is its time beside the one asked for, `other` what sets it apart from the first offer.
    """

    token: str
    kind: Literal["asked", "earlier", "later"]
    other: Literal["asked", "earlier", "later", "nearby", "vehicle", "shorter", "sooner"]
    vehicle: VehicleRef
    pickup_from: int
    pickup_to: int
    pickup_planned: int
    arrive_by: int
    arrive_planned: int
    ride_s: int
    direct_s: int
    detour_s: int
    shared_with: int
    fare: FareView
    sentence: Text
    because: Text


@dataclass(frozen=True, slots=True)
class RelaxationView:
    """What would have to change for a ride: `by` so much of `field`, in `unit`."""

    field: str
    by: int
    unit: str
    sentence: Text


@dataclass(frozen=True, slots=True)
class RefusalView:
    """Why not, what limits it, and what would work."""

    reason: str
    binding: str | None
    sentence: Text
    alternatives: tuple[OfferView, ...] = ()
    relaxations: tuple[RelaxationView, ...] = ()

    @property
    def rule(self) -> str | None:
        """By which name the rule behind it can be set aside, `None` when it cannot.

        The search says "out of hours" of shifts, which nobody sets aside, and of the town's hours.
        """
        ours = (self.reason, self.binding) == ("out_of_hours", "hours")
        name = "outside_hours" if ours else self.reason
        return name if name in WAIVABLE else None

    @property
    def waivable(self) -> bool:
        """Whether somebody responsible may decide otherwise."""
        return self.rule is not None


@dataclass(frozen=True, slots=True)
class Quote:
    """Offers, best first; `advice` is for the operator alone."""

    offers: tuple[OfferView, ...]
    advice: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusalAnswer:
    """The answer "no"; it is in the log of refusals, unless that could not be written."""

    refusal: RefusalView


@dataclass(frozen=True, slots=True)
class OfferGone:
    """What was offered can no longer be promised; `alternatives` can (409, `.../offer-gone`)."""

    sentence: Text
    alternatives: tuple[OfferView, ...] = ()


@dataclass(frozen=True, slots=True)
class BadOffer:
    """The token is not ours, damaged, or too old (422)."""

    sentence: Text


@dataclass(frozen=True, slots=True)
class Barred:
    """A rule of the town does not allow it (409, `.../not-allowed`)."""

    sentence: Text
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class KeyConflict:
    """The Idempotency-Key was used before with other parameters (422, `.../key-reused`)."""

    sentence: Text


@dataclass(frozen=True, slots=True)
class NotFound:
    """No such booking, vehicle or rider (404)."""

    sentence: Text


@dataclass(frozen=True, slots=True)
class NotNow:
    """The state of the booking does not allow it (409, `.../not-now`); `state` is what it is."""

    sentence: Text
    state: str


@dataclass(frozen=True, slots=True)
class OptionView:
    """Another vehicle: what it would have cost in seconds of driving, or what stands against it."""

    vehicle: VehicleRef
    cost_s: int | None
    limit: Text | None


@dataclass(frozen=True, slots=True)
class ExplanationView:
    """Why it is so: the numbers that decided and the sentence about them."""

    code: str
    values: Mapping[str, int | str]
    sentence: Text
    options: tuple[OptionView, ...]


@dataclass(frozen=True, slots=True)
class RiderRef:
    """Who rides."""

    id: int
    number: str
    name: str
    kana: str
    phone: str


@dataclass(frozen=True, slots=True)
class BookingView:
    """A booking with its present promise."""

    id: str
    reference: str
    state: State
    area: str
    date: date
    rider: RiderRef | None
    contact_name: str
    contact_phone: str
    origin: PlaceView
    destination: PlaceView
    riders: int
    wheelchairs: int
    pickup_from: int
    pickup_to: int
    pickup_planned: int
    arrive_by: int
    arrive_planned: int
    vehicle: VehicleRef
    fare: FareView
    read_back: Text
    pinned: bool
    helpers: int = 0
    channel: str = "phone"
    group_id: str | None = None
    held_until: float | None = None


@dataclass(frozen=True, slots=True)
class OpenReturnView:
    """A way back without a time; `booking` is the ride once it is promised.

    `button` is what a button or a slip of paper carries, told once when the return is opened;
    `late` is a promise later than the town's rule.
    """

    id: str
    state: Literal["open", "called", "promised", "closed"]
    outward_id: str
    rider: RiderRef | None
    origin: PlaceView
    destination: PlaceView
    expected: int
    seat_held: bool
    late: bool
    booking: BookingView | None
    sentence: Text
    button: str | None = None


@dataclass(frozen=True, slots=True)
class WaitingView:
    """Somebody on the waitlist; `booking` is the seat offered to them, `answer_by` until when."""

    id: str
    state: Literal["waiting", "offered", "taken", "lapsed", "withdrawn"]
    date: date
    wished: int
    rider: RiderRef | None
    contact_name: str
    contact_phone: str
    origin: PlaceView
    destination: PlaceView
    riders: int
    answer_by: float | None
    booking: BookingView | None
    sentence: Text


@dataclass(frozen=True, slots=True)
class StandingDayView:
    """What became of one day of a weekly booking; `skipped` days are not to be driven."""

    standing_id: str
    date: date
    outcome: Literal["booked", "refused", "skipped"]
    booking_id: str | None
    reason: str
    sentence: Text
    seen_by: str | None


@dataclass(frozen=True, slots=True)
class StandingView:
    """A weekly booking; `time` is seconds of the service day, `weekdays` count from Monday, 0."""

    id: str
    rider: RiderRef | None
    origin: PlaceView
    destination: PlaceView
    time: int
    anchor: Literal["depart", "arrive"]
    riders: int
    wheelchairs: int
    weekdays: tuple[int, ...]
    holidays: bool
    open_return: bool
    valid_from: date
    valid_to: date | None
    paused_from: date | None
    paused_to: date | None
    days: tuple[StandingDayView, ...]


@dataclass(frozen=True, slots=True)
class RefusalLogView:
    """A "no" of ours, or of the caller (`declined`) to what was offered, and what was asked."""

    at: float
    date: date
    declined: bool
    reason: str
    binding: str | None
    ask: AskIn
    rider: RiderRef | None
    alternatives: int
    relaxations: tuple[str, ...]
    actor: str


@dataclass(frozen=True, slots=True)
class SavedView:
    """How many of the `lost` asks one more vehicle would have carried; `asks` are those."""

    date: date
    from_s: int
    to_s: int
    like: str
    saved: int
    lost: int
    sentence: Text
    asks: tuple[AskIn, ...]


@dataclass(frozen=True, slots=True)
class TogetherView:
    """Rides booked together: outward and return, or a group in several vehicles."""

    group_id: str
    bookings: tuple[BookingView, ...]
    open_return: OpenReturnView | None = None


@dataclass(frozen=True, slots=True)
class PlanStopView:
    """One stop of a vehicle's plan, with who gets on or off."""

    seq: int
    kind: Literal["pickup", "dropoff"]
    booking_id: str
    reference: str
    rider_name: str
    rider_kana: str
    notes: str
    tags: tuple[str, ...]
    riders: int
    wheelchairs: int
    place: PlaceView
    planned: int
    window_from: int | None
    window_to: int
    slack_s: int
    state: Literal["planned", "arrived", "done", "held"]
    load_after: int
    fare_yen: int | None = None
    phone: str = ""


@dataclass(frozen=True, slots=True)
class PositionView:
    """Where a vehicle was at `ts`."""

    lat: float
    lon: float
    bearing: float | None
    ts: float


@dataclass(frozen=True, slots=True)
class RestView:
    """A break that the office put into a vehicle's plan, from one epoch second to another."""

    id: str
    since: int
    until: int
    place: PlaceView


@dataclass(frozen=True, slots=True)
class VehiclePlanView:
    """One vehicle's plan as the monitor and the driver see it.

    `path` leads from its last stop to its next, as (lon, lat); `due` is when it is to be at each
    point of it (epoch seconds).
    """

    id: str
    name: str
    name_en: str
    kind: str
    operator: str
    seats: int
    wheelchair_places: int
    version: int
    shift_from: int
    shift_to: int
    driver: str | None
    position: PositionView | None
    battery_percent: float | None
    stops: tuple[PlanStopView, ...]
    rests: tuple[RestView, ...]
    path: tuple[tuple[float, float], ...]
    on_board: int
    due: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanView:
    """The live plan of an area."""

    area: str
    date: date
    now: float
    vehicles: tuple[VehiclePlanView, ...]


@dataclass(frozen=True, slots=True)
class RideView:
    """What one party's ride turned out to be."""

    booking_id: str
    reference: str
    vehicle_id: str
    picked_up: int
    dropped_off: int
    fare_yen: int
    fare_reasons: tuple[Text, ...]
    shared: bool
    distance_m: int
    tariff: str


@dataclass(frozen=True, slots=True)
class WaitView:
    """A rider who is waited for: since when, and until when they must be waited for."""

    booking_id: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class TapResult:
    """What became of one reported step; `codes` say what was out of the ordinary, `said` aloud.

    It is taken, was known before, changes nothing because what is known stands, waits for the
    office, or was refused (and is not kept).
    """

    event: str
    outcome: Literal["taken", "known", "stands", "asked", "refused"]
    codes: tuple[str, ...] = ()
    said: tuple[Text, ...] = ()
    ride: RideView | None = None


@dataclass(frozen=True, slots=True)
class NoRollCall:
    """The vehicle may not depart: its driver has had no roll call, or is not fit to drive."""

    sentence: Text


@dataclass(frozen=True, slots=True)
class JobView:
    """What the driver does next; `ride` is the record a drop-off just made.

    `waits` are the riders waited for now; `warnings` what the driver should be told.
    """

    vehicle: VehiclePlanView
    next: PlanStopView | None
    then: tuple[PlanStopView, ...]
    on_board: tuple[PlanStopView, ...]
    driver: str | None
    ride: RideView | None = None
    waits: tuple[WaitView, ...] = ()
    warnings: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A committed fact on its way to screens and partners, delivered at least once.

    `kind` is booking.booked, booking.changed, booking.cancelled, booking.arrived, booking.aboard,
    booking.done, booking.no_show, booking.pinned, booking.unpinned or plan.improved; `vehicles`
    are those whose plan moved (ask the keeper for their view); `text` is the sentence of the day's
    event list, `None` for silent ones.  `id` is the same when delivered again.
    """

    kind: str
    area: str
    date: date
    at: float
    vehicles: tuple[str, ...] = ()
    booking: BookingView | None = None
    text: Text | None = None
    id: int = field(default=0)
