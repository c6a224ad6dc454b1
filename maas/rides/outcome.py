"""What a disruption did, or would do, to everybody: before and after, and whom to call first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from maas.rides.views import RestView, VehicleRef
from maas.town.messages import Text

Kind = Literal[
    "vehicle_out", "driver_off", "back", "rest", "rest_off", "road_closed", "road_slow", "road_open"
]
What = Literal["moved", "transfer", "unplaced", "shifted", "released"]


@dataclass(frozen=True, slots=True)
class TimesView:
    """What a rider has been told, and what is planned; epoch seconds."""

    vehicle: VehicleRef
    pickup_from: int
    pickup_to: int
    pickup_planned: int
    arrive_by: int
    arrive_planned: int


@dataclass(frozen=True, slots=True)
class RiderChange:
    """What becomes of one booking.

    `moved`: told other times.  `transfer`: changes vehicles where the first one stands.
    `unplaced`: nobody can carry it now (`after` is `None`).  `shifted`: the promise is kept, by
    another vehicle or at another time within it.  `released`: a held seat is given up.
    `later_s` is by how much the new promise ends later; `call_first` 1 is the first to call, `None`
    nobody has to; `call_by` is the epoch second by which they have to know.
    """

    booking_id: str
    reference: str
    name: str
    kana: str
    phone: str
    state: str
    what: What
    before: TimesView
    after: TimesView | None
    later_s: int | None
    call_first: int | None
    call_by: int


@dataclass(frozen=True, slots=True)
class OvertimeView:
    """A driver who has to work until another epoch second than planned."""

    vehicle: VehicleRef
    until: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One command about the day and what came of it; with `preview` nothing was done.

    `riders` are everybody for whom something changes, those to call in the order to call them.
    """

    id: str
    kind: Kind
    date: date
    at: float
    by: str
    preview: bool
    reason: str
    sentence: Text
    vehicles: tuple[VehicleRef, ...]
    riders: tuple[RiderChange, ...]
    overtime: tuple[OvertimeView, ...] = ()
    closure: str | None = None
    rest: RestView | None = None
    """The break that was put into the plan of the vehicle, or taken out of it."""
