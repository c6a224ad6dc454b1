"""The bodies that several subjects answer with, and how values of the domain become them.

Instants leave as ISO 8601 with the town's offset, sentences in the caller's language: both are
told to the conversion once, by `Rendering`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from maas.messages import Language
from maas.rides.states import State


def _instant(epoch: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 -- pydantic's signature
    context: Any = info.context
    if context is None or not isinstance(epoch, int | float):
        return epoch
    return dt.datetime.fromtimestamp(round(epoch), dt.UTC).astimezone(context.zone)


def _said(text: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 -- pydantic's signature
    context: Any = info.context
    return text if context is None or isinstance(text, str) else text.get(context.language)


Instant = Annotated[
    dt.datetime, BeforeValidator(_instant), Field(examples=["2026-11-24T10:20:00+09:00"])
]
Said = Annotated[str, BeforeValidator(_said)]

LonLat = Annotated[list[float], Field(min_length=2, max_length=2, examples=[[133.69, 34.86]])]

Out = TypeVar("Out", bound="Shape")


class Shape(BaseModel):
    """A body made from the attributes of a value."""

    model_config = ConfigDict(from_attributes=True)


@dataclass(frozen=True, slots=True)
class Rendering:
    """In which time zone and language values are written."""

    zone: ZoneInfo
    language: Language = "ja"

    def one(self, shape: type[Out], value: object) -> Out:
        """Return `value` as a body of this shape."""
        return shape.model_validate(value, context=self)

    def many(self, shape: type[Out], values: Iterable[object]) -> list[Out]:
        """Return each of `values` as a body of this shape."""
        return [self.one(shape, value) for value in values]


class PlaceOut(Shape):
    """Somewhere a rider can be picked up."""

    id: int
    name: str
    kana: str
    name_en: str
    kind: str
    address: str
    oaza: str
    lat: float
    lon: float


class VehicleRefOut(Shape):
    """A vehicle, by name."""

    id: str
    name: str
    name_en: str


class FareOut(Shape):
    """The fare of the whole party: riding alone, and when the ride is shared by chance."""

    yen: int = Field(examples=[500])
    shared_yen: int = Field(examples=[300])
    sentence: Said


class OfferOut(Shape):
    """A ride we could promise now; `token` is what a booking takes."""

    token: str
    kind: Literal["asked", "earlier", "later"]
    other: Literal["asked", "earlier", "later", "nearby", "vehicle", "shorter", "sooner"] = Field(
        description="What sets it apart from the ride asked for."
    )
    vehicle: VehicleRefOut
    pickup_from: Instant
    pickup_to: Instant
    pickup_planned: Instant
    arrive_by: Instant
    arrive_planned: Instant
    ride_s: int
    direct_s: int
    detour_s: int
    shared_with: int
    fare: FareOut
    sentence: Said
    because: Said = Field(description="What sets this offer apart, in one sentence.")


class RelaxationOut(Shape):
    """What would have to change for a ride: `by` so much of `field`, in `unit`."""

    field: str = Field(examples=["desired_s"])
    by: int = Field(examples=[900])
    unit: str = Field(examples=["s"])
    sentence: Said


class RefusalOut(Shape):
    """Why not, what limits it, a sentence to read aloud, and what would work."""

    reason: str
    binding: str | None
    sentence: Said
    alternatives: list[OfferOut]
    relaxations: list[RelaxationOut]
    waivable: bool = Field(description="Somebody responsible may decide otherwise.")


class OptionOut(Shape):
    """Another vehicle: what it would have cost in seconds of driving, or what stands against it."""

    vehicle: VehicleRefOut
    cost_s: int | None
    limit: Said | None


class ExplanationOut(Shape):
    """Why a booking rides where it does: the numbers that decided, and one sentence."""

    code: str = Field(examples=["why.cheapest"])
    values: dict[str, int | str]
    sentence: Said
    options: list[OptionOut]


class RiderRefOut(Shape):
    """Who rides."""

    id: int
    number: str
    name: str
    kana: str
    phone: str


class BookingOut(Shape):
    """A booking with its present promise; `read_back` is what the operator says at the end."""

    id: str
    reference: str = Field(examples=["4821"])
    state: State
    area: str
    date: dt.date
    rider: RiderRefOut | None
    contact_name: str
    contact_phone: str
    origin: PlaceOut
    destination: PlaceOut
    riders: int
    wheelchairs: int
    pickup_from: Instant
    pickup_to: Instant
    pickup_planned: Instant
    arrive_by: Instant
    arrive_planned: Instant
    vehicle: VehicleRefOut
    fare: FareOut
    read_back: Said
    pinned: bool = Field(description="A dispatcher has given it its vehicle for good.")
    helpers: int = Field(description="How many of the riders come along to help.")
    channel: str = Field(description="How it was asked for.", examples=["phone"])
    group_id: str | None = Field(description="What was booked together with it has the same.")
    held_until: Instant | None = Field(description="Until when a seat is held; then it lapses.")


class PlanStopOut(Shape):
    """One stop of a vehicle's plan, with who gets on or off."""

    seq: int
    kind: Literal["pickup", "dropoff"]
    booking_id: str
    reference: str
    rider_name: str
    rider_kana: str
    notes: str
    tags: list[str]
    riders: int
    wheelchairs: int
    place: PlaceOut
    planned: Instant
    window_from: Instant | None
    window_to: Instant
    slack_s: int
    state: Literal["planned", "arrived", "done", "held"]
    load_after: int
    fare_yen: int | None
    phone: str = Field(description="The rider's telephone, empty when none is known.")


class PositionOut(Shape):
    """Where a vehicle was at `ts` (epoch seconds)."""

    lat: float
    lon: float
    bearing: float | None
    ts: float


class PlannedRestOut(Shape):
    """A break that the office put into a vehicle's plan."""

    id: str
    since: Instant
    until: Instant
    place: PlaceOut


class VehiclePlanOut(Shape):
    """One vehicle's plan; `path` is the road ahead as [lon, lat] pairs.

    `rests` are the breaks to come, and the one that lasts; those that are over are not there.
    """

    id: str
    name: str
    name_en: str
    kind: str
    operator: str
    seats: int
    wheelchair_places: int
    version: int
    shift_from: Instant
    shift_to: Instant
    driver: str | None
    position: PositionOut | None
    battery_percent: float | None
    stops: list[PlanStopOut]
    rests: list[PlannedRestOut]
    path: list[LonLat]
    on_board: int


class PlanOut(Shape):
    """The live plan of an area; `now` is the service's epoch seconds."""

    area: str
    date: dt.date
    now: float
    vehicles: list[VehiclePlanOut]


class RideOut(Shape):
    """What really happened on one booking, with its fare and why it is that."""

    booking_id: str
    reference: str
    vehicle_id: str
    picked_up: Instant
    dropped_off: Instant
    fare_yen: int
    fare_reasons: list[Said]
    shared: bool
    distance_m: int
    tariff: str


class WaitOut(Shape):
    """A rider who is waited for: since when, and until when at least."""

    booking_id: str
    since: Instant
    until: Instant


class JobOut(Shape):
    """What the driver does next; `ride` is the record a drop-off just made."""

    vehicle: VehiclePlanOut
    next: PlanStopOut | None
    then: list[PlanStopOut]
    on_board: list[PlanStopOut]
    driver: str | None
    ride: RideOut | None
    waits: list[WaitOut] = Field(description="Who is waited for now, by the town's rule.")
    warnings: list[Said] = Field(description="What the driver should be told.")
