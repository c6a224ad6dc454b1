"""A day as it was: what riders had been told by any moment, in which vehicle they were to ride.

Promises are never rewritten, and every decision about a vehicle is in the audit or in what a
disruption answered: from them the plan of any moment can be read.  Where a late vehicle handed
somebody on within their promise, the change shows when they get in.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from maas.rides.show import Names
from maas.rides.views import PlaceView
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.commits import AuditEntry
from maas.store.outages import DisruptionRow

GONE: Final = ("booking.cancelled", "booking.no_show", "booking.lapsed")
DECIDED: Final = ("booking.pinned", "booking.unpinned", "plan.moved", "plan.improved")


@dataclass(frozen=True, slots=True)
class ToldView:
    """What a rider was told from the epoch second `at` on, and why."""

    at: float
    pickup_from: int
    pickup_to: int
    arrive_by: int
    why: str


@dataclass(frozen=True, slots=True)
class AssignedView:
    """The vehicle a rider was to have from the epoch second `at` on."""

    at: float
    vehicle_id: str


@dataclass(frozen=True, slots=True)
class PastRideView:
    """One booking through its day; what has not happened is `None`.

    `ended` is when it was cancelled, given up, or nobody came: `None` too where that is not known.
    """

    booking_id: str
    reference: str
    name: str
    state: str
    riders: int
    origin: PlaceView
    destination: PlaceView
    told: tuple[ToldView, ...]
    assigned: tuple[AssignedView, ...]
    arrived: int | None
    aboard: int | None
    dropped: int | None
    ended: float | None


Ledger = Iterable[tuple[BookingRow, Sequence[PromiseRow]]]


def past_rides(
    names: Names,
    ledger: Ledger,
    entries: Sequence[AuditEntry],
    disruptions: Sequence[DisruptionRow],
) -> list[PastRideView]:
    """Return every booking of a day that was promised to somebody, by its first promise."""
    ended = {entry.subject: entry.at for entry in entries if entry.action in GONE}
    decided = _decided(entries, disruptions)
    rides = [
        _ride(names, row, told, decided.get(row.id, ()), ended.get(row.id))
        for row, told in ledger
        if told and row.origin_id in names.places and row.destination_id in names.places
    ]
    return sorted(rides, key=lambda ride: (ride.told[0].at, ride.booking_id))


def _ride(
    names: Names,
    row: BookingRow,
    told: Sequence[PromiseRow],
    decided: Iterable[AssignedView],
    ended: float | None,
) -> PastRideView:
    def at(seconds_s: int | None) -> int | None:
        return None if seconds_s is None else names.epoch(row.service_date, seconds_s)

    rider = names.rider(row.member_id)
    assigned = [*(AssignedView(each.told_at, each.vehicle_id) for each in told), *decided]
    if (aboard := at(row.aboard_s)) is not None:
        assigned.append(AssignedView(aboard, row.vehicle_id))
    return PastRideView(
        booking_id=row.id,
        reference=row.reference,
        name=rider.name if rider else row.contact_name,
        state=row.state,
        riders=row.riders,
        origin=names.place(row.origin_id),
        destination=names.place(row.destination_id),
        told=tuple(
            ToldView(
                each.told_at,
                names.epoch(row.service_date, each.pickup_from_s),
                names.epoch(row.service_date, each.pickup_to_s),
                names.epoch(row.service_date, each.arrive_by_s),
                each.why,
            )
            for each in told
        ),
        assigned=tuple(sorted(assigned, key=lambda one: one.at)),
        arrived=at(row.arrived_s),
        aboard=aboard,
        dropped=at(row.dropped_s),
        ended=ended,
    )


def _decided(
    entries: Iterable[AuditEntry], disruptions: Iterable[DisruptionRow]
) -> Mapping[str, list[AssignedView]]:
    """Return by booking the vehicles that were decided on after it was promised one."""
    found: defaultdict[str, list[AssignedView]] = defaultdict(list)
    for entry in entries:
        if entry.action in DECIDED:
            for booking_id, vehicle_id in _vehicles(entry, json.loads(entry.detail)):
                found[booking_id].append(AssignedView(entry.at, vehicle_id))
    for row in disruptions:
        for rider in row.outcome.get("riders", ()):
            if rider.get("after"):
                vehicle_id = rider["after"]["vehicle"]["id"]
                found[rider["booking_id"]].append(AssignedView(row.at, vehicle_id))
    return found


def _vehicles(entry: AuditEntry, detail: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the bookings that an entry gives a vehicle, with the vehicle."""
    if entry.action == "plan.moved":
        yield from ((one["booking_id"], one["vehicle_id"]) for one in detail["moves"])
    elif entry.action == "plan.improved":
        for vehicle_id, stops in detail.items():
            yield from ((booking_id, vehicle_id) for _, booking_id in stops)
    elif detail.get("vehicle"):
        yield entry.subject, detail["vehicle"]
