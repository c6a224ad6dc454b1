"""Fares of bookings: the range said at the quote, and what it is when the ride ends."""

from __future__ import annotations

from collections.abc import Iterable

from maas.rides.views import FareView
from maas.store.bookings import BookingRow
from maas.town.calendars import Party
from maas.town.fares import Fare, Interval, fare, was_shared
from maas.town.messages import say
from maas.town.rules import Tariff


def fare_range(tariff: Tariff | None, party: Party, *, transfer: bool) -> FareView:
    """Return the fare alone and shared; a day without a tariff costs nothing."""
    if tariff is None:
        return FareView(0, 0, say("fare_certain", yen=0))
    alone = fare(tariff, party, shared=False, transfer=transfer).yen
    shared = fare(tariff, party, shared=True, transfer=transfer).yen
    if alone == shared:
        return FareView(alone, shared, say("fare_certain", yen=alone))
    return FareView(alone, shared, say("fare", yen=alone, shared=shared))


def shared_by(row: BookingRow, bookings: Iterable[BookingRow], dropped_s: int | None) -> bool:
    """Whether somebody of another booking was in the vehicle while this one was."""
    ride = Interval(row.aboard_s or 0, dropped_s)
    others = [
        Interval(other.aboard_s, other.dropped_s)
        for other in bookings
        if other.id != row.id and other.aboard_s is not None and other.vehicle_id == row.vehicle_id
    ]
    return was_shared(ride, others)


def fare_if_dropped(
    tariff: Tariff | None, row: BookingRow, bookings: Iterable[BookingRow], dropped_s: int
) -> Fare | None:
    """Return what a rider on board pays when getting out at `dropped_s`, `None` without a tariff.

    Somebody who would only get in later does not count: nobody knows yet that they will.
    """
    if tariff is None:
        return None
    party = Party(row.riders, row.wheelchairs, row.half_fares, row.infants)
    shared = shared_by(row, bookings, dropped_s)
    return fare(tariff, party, shared=shared, transfer=row.transfer)
