"""Fares of bookings: the range said at the quote, and what it is when the ride ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

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

_SEATED: Final = frozenset({"aboard", "done"})
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
    """Whether somebody of another booking was in a vehicle while this one was.

    Who had to change vehicles has sat in each of them.
    """
    others = [other for other in bookings if other.id != row.id]
    mine = {row.vehicle_id: [Interval(row.aboard_s or 0, dropped_s)]}
    for leg in row.legs:
        mine.setdefault(leg.vehicle_id, []).append(Interval(leg.aboard_s, leg.left_s))
    return any(
        was_shared(ride, _on_board(others, vehicle_id))
        for vehicle_id, rides in mine.items()
        for ride in rides
    )


def _on_board(bookings: Iterable[BookingRow], vehicle_id: str) -> Iterator[Interval]:
    """Yield when parties sat in a vehicle; who waits for another has left the one it was in."""
    for row in bookings:
        if row.vehicle_id == vehicle_id and row.aboard_s is not None and row.state in _SEATED:
            yield Interval(row.aboard_s, row.dropped_s)
        for leg in row.legs:
            if leg.vehicle_id == vehicle_id:
                yield Interval(leg.aboard_s, leg.left_s)


def final_fare(tariff: Tariff, heads: Sequence[Words], known: Journey, *, shared: bool) -> Fare:
    """Return what a party pays that gets out now.

    Somebody who would only get in later does not count: nobody knows yet that they will.
    """
    return fare(tariff, heads, replace(known, shared=shared))
