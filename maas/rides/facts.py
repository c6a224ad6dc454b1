"""What other services are told of a change, in its own transaction: see `maas.link`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.link.events import Fact, Kind, written
from maas.rides.states import RIDES
from maas.rides.views import BookingView, Event
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.webhooks import add_letters

TOLD: Final[Mapping[str, Kind]] = {
    "booking.booked": Kind.CONFIRMED,
    "booking.aboard": Kind.BOARDED,
    "booking.done": Kind.ALIGHTED,
    "booking.no_show": Kind.NO_SHOW,
    "booking.cancelled": Kind.CANCELLED,
}


def facts(
    events: Sequence[Event], rows: Sequence[BookingRow], promises: Sequence[PromiseRow]
) -> Iterator[Fact]:
    """Yield what is told of a change's events; a promise that moved is told once."""
    known = {row.id: row for row in rows}
    moved = {told.booking_id for told in promises}
    for event in events:
        view = event.booking
        if view is None:
            continue
        kind = TOLD.get(event.kind)
        if kind is None and view.id in moved and view.state in RIDES:
            kind = Kind.PROMISE_CHANGED
        if kind is not None:
            moved.discard(view.id)
            yield _fact(kind, _at(kind, event, view, known.get(view.id)), view)


def _at(kind: Kind, event: Event, view: BookingView, row: BookingRow | None) -> float:
    """Return when it happened: a vehicle that had no signal tells of it later."""
    steps = {} if row is None else {Kind.BOARDED: row.aboard_s, Kind.ALIGHTED: row.dropped_s}
    at_s = steps.get(kind)
    if row is None or at_s is None:
        return event.at
    return view.pickup_planned - row.pickup_planned_s + at_s


def _fact(kind: Kind, at: float, view: BookingView) -> Fact:
    return Fact(
        kind=kind,
        at=at,
        booking_id=view.id,
        reference=view.reference,
        area=view.area,
        date=view.date,
        vehicle_id=view.vehicle.id,
        vehicle=view.vehicle.name,
        pickup_from=view.pickup_from,
        pickup_to=view.pickup_to,
        arrive_by=view.arrive_by,
    )


async def tell_others(
    connection: AsyncConnection, area: str, told: Iterator[Fact], now: float
) -> None:
    """Keep facts for whoever wants them; it waits for nothing."""
    for fact in told:
        event_id = str(uuid.uuid4())
        body = written(fact, event_id)
        await add_letters(connection, area, fact.kind, event_id, body, now)
