"""What the ledger consists of: plain tuples, so that years of them are read at once."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple


class Ride(NamedTuple):
    """One party's ride with what was booked and promised, as it counts in the ledger.

    `dated` is the day it counts on.  A correction made after its month was closed is two more
    entries: the ride as it was with `sign` -1, and as it is with 1, both dated when it was put
    right.  Whoever adds up `sign` times a value over the days of a period has what that period
    counts, to the yen.  Times are seconds of `service_date`; `came_s` is when the vehicle stood
    there.  The promise is the last one given: its `arrive_by_s` is an arrival, and the ride ends
    when the last of the party is out of the vehicle, which takes `alighting_s`.
    """

    booking_id: str
    service_date: date
    dated: date
    area_id: str
    vehicle_id: str
    member_id: int | None
    origin_id: int
    destination_id: int
    riders: int
    wheelchairs: int
    half_fares: int
    infants: int
    channel: str
    booked_at: float
    direct_s: int
    pickup_from_s: int
    pickup_to_s: int
    arrive_by_s: int
    came_s: int
    picked_up_s: int
    dropped_off_s: int
    distance_m: int
    shared: bool
    fare_yen: int
    tariff: str
    birth_year: int | None
    oaza: str | None
    alighting_s: int = 0
    sign: int = 1

    @property
    def wait_s(self) -> int:
        """How long the riders waited from the beginning of the time promised, never below 0."""
        return max(0, self.picked_up_s - self.pickup_from_s)

    @property
    def late_s(self) -> int:
        """By how much the worse end missed the promise; negative was early."""
        there_s = self.dropped_off_s - self.alighting_s
        return max(self.came_s - self.pickup_to_s, there_s - self.arrive_by_s)


class Outcome(NamedTuple):
    """A booking that ended without a ride: `cancelled` or `no_show`; `dated`, `sign` as of rides.

    Its state is the row's as the booking is now; the corrections tell what it was at the closing.
    """

    booking_id: str
    service_date: date
    dated: date
    area_id: str
    vehicle_id: str
    member_id: int | None
    origin_id: int
    destination_id: int
    riders: int
    channel: str
    pickup_planned_s: int
    state: str
    cancel_reason: str | None
    birth_year: int | None
    oaza: str | None
    sign: int = 1


class Refusal(NamedTuple):
    """One "no": the town's while `declined` is false, else the caller's to what was offered.

    `at` is when it was said (epoch seconds).  It counts on the day asked for, or on the day of
    asking when that is later.
    """

    id: int
    at: float
    service_date: date
    dated: date
    area_id: str
    reason: str
    binding: str | None
    alternatives: int
    declined: bool
    ask: dict[str, Any]
    relaxations: list[dict[str, Any]]


class VehicleDay(NamedTuple):
    """A vehicle's day: metres in all and with riders, seconds on duty less breaks.

    `energy_wh` `None`: not measured.  `source` is `meter`, `roads` or `simulated`.
    """

    vehicle_id: str
    service_date: date
    area_id: str
    dated: date
    distance_m: int
    loaded_m: int
    duty_s: int
    energy_wh: int | None
    source: str
    recorded_at: float
    sign: int = 1


class Taking(NamedTuple):
    """One movement of money (`maas.store.takings`); `papers` is how many vouchers."""

    service_date: date
    vehicle_id: str
    booking_id: str | None
    what: str
    kind: str
    papers: int
    yen: int
    at: float
