"""Offers kept inside the hours of a day: no pick-up while the town rests, and perhaps no ride.

An offer whose window runs into a break promises less of it; one whose ride does, where no ride may,
is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from dispatcher import Offer, Reason, Refusal, Request
from maas.rides.messages import say
from maas.town.calendars import DayRules, check_pickup, clock_words
from maas.town.messages import Text
from maas.town.rules import ends

LAST_S: Final = 60
"""The last pick-up is so long before a break begins."""


def in_hours(rules: DayRules, offers: Iterable[Offer]) -> list[Offer]:
    """Return the offers that keep the hours, promising no more than they leave."""
    kept = (clear_of_breaks(rules, each) for each in offers)
    return [
        each for each in kept if each is not None and check_pickup(rules, each.pickup_s) is None
    ]


def clear_of_breaks(rules: DayRules, offer: Offer) -> Offer | None:
    """Return an offer that promises nothing in a break, `None` when its ride would be in one."""
    promise = offer.promise
    for span in rules.hours.breaks:
        first_s, last_s = ends(span)
        if offer.pickup_s >= first_s:
            if promise.earliest_pickup_s < last_s <= offer.pickup_s:
                promise = replace(promise, earliest_pickup_s=last_s)
            continue
        last_pickup_s = max(offer.pickup_s, first_s - LAST_S)
        promise = _by(promise, last_pickup_s, promise.latest_dropoff_s)
        if rules.hours.break_rides == "none":
            there_s = first_s - promise.alighting_s
            if offer.dropoff_s > there_s:
                return None
            leaves_s = max(offer.pickup_s, there_s - offer.direct_s - promise.boarding_s)
            promise = _by(promise, leaves_s, there_s)
    return replace(offer, promise=promise)


def _by(promise: Request, pickup_s: int, dropoff_s: int) -> Request:
    return replace(
        promise,
        latest_pickup_s=min(promise.latest_pickup_s, pickup_s),
        latest_dropoff_s=min(promise.latest_dropoff_s, dropoff_s),
    )


def refusal_of(rules: DayRules, offers: Iterable[Offer], desired_s: int) -> Refusal:
    """Return why none of these offers keeps the hours: a break that comes too soon, or them."""
    pickups_s = [each.pickup_s for each in offers]
    for span in rules.hours.breaks:
        first_s, last_s = ends(span)
        if desired_s < last_s and any(at_s < last_s for at_s in pickups_s):
            values = {"opens_s": first_s, "closes_s": last_s}
            return Refusal(Reason.OUT_OF_HOURS, "hours.breaks", values=values)
    values = {"opens_s": rules.hours.opens_s, "closes_s": rules.hours.closes_s}
    return Refusal(Reason.OUT_OF_HOURS, "hours", values=values)


def words(refusal: Refusal) -> Text | None:
    """Return the sentence for a refusal of `refusal_of`, `None` for the dispatcher's own."""
    message = {"hours.breaks": "into_a_break", "hours": "not_in_hours"}.get(refusal.binding or "")
    if message is None:
        return None
    opens, closes = (clock_words(refusal.values[name]) for name in ("opens_s", "closes_s"))
    return say(message, opens=opens, closes=closes)
