"""Which bookings the rules of tomorrow would no longer allow.

What was booked is carried all the same: a promise is a promise.  The list says whom to ring.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from maas.store.bookings import BookingRow
from maas.store.places import PlaceRow
from maas.town.calendars import (
    Party,
    Refused,
    check_hours,
    check_party,
    rules_on,
)
from maas.town.rules import AreaRules
from maas.town.sentences import refused
from maas.town.trips import Trip, for_trip


@dataclass(frozen=True, slots=True)
class Affected:
    """A booking that the new rules would refuse, and how."""

    booking: BookingRow
    refused: Refused


def no_longer_allowed(
    rows: Sequence[BookingRow],
    places: Mapping[int, PlaceRow],
    before: AreaRules,
    after: AreaRules,
) -> list[Affected]:
    """Return the bookings that `before` allows and `after` does not."""
    allowed = set(_refused(rows, places, before))
    found = _refused(rows, places, after)
    return [Affected(row, found[row.id]) for row in rows if row.id in found.keys() - allowed]


def _refused(
    rows: Sequence[BookingRow], places: Mapping[int, PlaceRow], rules: AreaRules
) -> dict[str, Refused]:
    """Return why rules refuse bookings, by id; deadlines do not count, since it was booked."""
    alone = {row.id: verdict(row, places, rules) for row in rows}
    found = {id_: why for id_, why in alone.items() if why is not None}
    return _beyond_quota((row for row in rows if row.id not in found), rules) | found


def verdict(row: BookingRow, places: Mapping[int, PlaceRow], rules: AreaRules) -> Refused | None:
    """Return why rules refuse a booking as it is planned, `None` when they do not."""
    found = rules_on(rules, row.service_date)
    if isinstance(found, Refused):
        return found
    trip = Trip(places[row.origin_id], places[row.destination_id], row.member_id is not None)
    ours = for_trip(rules, found, trip)
    if isinstance(ours, Refused):
        return ours
    party = Party(row.riders, row.wheelchairs, row.half_fares, row.infants)
    return check_party(ours.booking, party) or check_hours(ours, row.pickup_planned_s)


def _beyond_quota(rows: Iterable[BookingRow], rules: AreaRules) -> dict[str, Refused]:
    """Return the rides of members beyond what they may have in a day, those booked last."""
    of: dict[tuple[int, date], list[BookingRow]] = {}
    for row in rows:
        if row.member_id is not None:
            of.setdefault((row.member_id, row.service_date), []).append(row)
    found: dict[str, Refused] = {}
    for (_, day), mine in of.items():
        booking = rules.booking_on(day)
        if booking is None or booking.max_rides_a_day == 0:
            continue
        most = booking.max_rides_a_day
        why = refused(
            "too_many_rides", "booking.max_rides_a_day", booking.sentences, message="over_quota",
            most=most,
        )  # fmt: skip
        by_booking = sorted(mine, key=lambda row: (row.booked_at, row.id))
        found |= {row.id: why for row in by_booking[most:]}
    return found
