"""Fares of bookings: the range said at the quote, and what it is when the ride ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from gtfs.geo import distance_m
from maas.fares.price import Fare, Journey, Words, fare, fare_range, riders_of
from maas.fares.shared import Interval, was_shared
from maas.rides.views import FareView
from maas.store.bookings import BookingRow
from maas.store.members import MemberRow
from maas.store.places import PlaceRow
from maas.town.calendars import Party
from maas.town.messages import Text
from maas.town.rules import Tariff

FREE = FareView(0, 0, Text("運賃は0円です。", "The fare is 0 yen."))


def journey(
    origin: PlaceRow, destination: PlaceRow, *, transfer: bool, linked: bool = False
) -> Journey:
    """Return what is known of a ride before anybody has ridden; `linked`: it is tied to a bus."""
    straight_m = distance_m(origin.lat, origin.lon, destination.lat, destination.lon)
    return Journey(
        transfer="linked" if linked else "said" if transfer else "no",
        distance_m=round(straight_m),
        oaza=(origin.oaza, destination.oaza),
    )


def riders(tariff: Tariff, party: Party, member: MemberRow | None, day: date) -> list[Words]:
    """Return what is known of everybody in a party, of the member by the cards good that day."""
    return riders_of(party, () if member is None else member.grounds(day), tariff)


def fare_view(
    tariff: Tariff | None, party: Party, member: MemberRow | None, known: Journey, day: date
) -> FareView:
    """Return the fare alone and shared; a day without a tariff costs nothing."""
    if tariff is None:
        return FREE
    found = fare_range(tariff, riders(tariff, party, member, day), known)
    return FareView(found.yen, found.shared_yen, found.sentence)


def shared_by(row: BookingRow, bookings: Iterable[BookingRow], dropped_s: int | None) -> bool:
    """Whether somebody of another booking was in the vehicle while this one was."""
    ride = Interval(row.aboard_s or 0, dropped_s)
    others = [
        Interval(other.aboard_s, other.dropped_s)
        for other in bookings
        if other.id != row.id and other.aboard_s is not None and other.vehicle_id == row.vehicle_id
    ]
    return was_shared(ride, others)


def final_fare(tariff: Tariff, heads: Sequence[Words], known: Journey, *, shared: bool) -> Fare:
    """Return what a party pays that gets out now.

    Somebody who would only get in later does not count: nobody knows yet that they will.
    """
    return fare(tariff, heads, replace(known, shared=shared))
