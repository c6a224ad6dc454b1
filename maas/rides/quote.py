"""From what somebody asks for to offers: first the town's rules, then the dispatcher."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import msgspec

from dispatcher import (
    Ask,
    Fleet,
    Offer,
    OfferRules,
    Place,
    Plan,
    Refusal,
    TravelTimes,
    offers_in_gaps,
)
from dispatcher import offers as dispatcher_offers
from maas.rides.hours import in_hours, refusal_of, words
from maas.rides.show import said
from maas.rides.tokens import Waiver
from maas.rides.views import AskIn, RelaxationView
from maas.store.members import MemberRow
from maas.store.places import PlaceRow
from maas.town.calendars import (
    DayRules,
    Party,
    Refused,
    check_day,
    check_party,
    check_time,
    clock_words,
    rules_on,
    soonest_s,
)
from maas.town.messages import Text, say
from maas.town.nearby import helped
from maas.town.rules import AreaRules, BookingRule, Tariff
from maas.town.trips import Trip, for_trip

SHUFFLES: Final = 3000
"""Iterations of a search for room, when nobody says another number."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An ask that keeps the town's rules, but for those of its `waiver`.

    Times are seconds of its service day.
    """

    ask: AskIn
    rules: DayRules
    party: Party
    desired_s: int
    not_before_s: int
    waiver: Waiver | None = None

    @property
    def day(self) -> date:
        """The service day asked for."""
        return self.rules.day

    @property
    def places(self) -> tuple[Place, Place]:
        """From where to where."""
        return Place(self.ask.origin), Place(self.ask.destination)


@dataclass(frozen=True, slots=True)
class Now:
    """The day it is, and the second of the day asked for (negative on the days before it)."""

    today: date
    now_s: int


def wish(
    ask: AskIn, day: date, now: Now, rules: AreaRules, places: Mapping[int, PlaceRow],
    reachable: Collection[int], rider: MemberRow | None, *, ahead_days: int | None = None,
) -> Wish | Refused:  # fmt: skip
    """Return the ask with the rules of its day, or the rule it does not keep.

    `ahead_days` is how far ahead it may be instead of the town's horizon.
    """
    wrong = _check_places(ask, places, reachable)
    if wrong is not None:
        return wrong
    if ask.rider_id is not None and rider is None:
        return Refused("unknown_rider", "rider", say("unknown_rider"))
    found = rules_on(rules, day)
    if isinstance(found, Refused):
        return found
    trip = _trip(ask, places, rider)
    ours = for_trip(rules, found, trip)
    if isinstance(ours, Refused):
        spots = (places[id_] for id_ in reachable if id_ in places)
        return helped(ours, rules, found, trip, spots)
    found = ours
    party = party_for(ask, rider, found.tariff, day)
    desired_s = _desired_s(ask, found, now)
    wrong = (
        check_day(_reaching(found.booking, ahead_days), day, now.today)
        or check_party(found.booking, party)
        or _check_helpers(ask)
        or check_time(found, desired_s, now.now_s)
    )
    if wrong is not None:
        return wrong
    return Wish(ask, found, party, desired_s, soonest_s(found, now.now_s))


def _reaching(booking: BookingRule, ahead_days: int | None) -> BookingRule:
    if ahead_days is None:
        return booking
    return msgspec.structs.replace(booking, horizon_days=ahead_days)


def _trip(ask: AskIn, places: Mapping[int, PlaceRow], rider: MemberRow | None) -> Trip:
    return Trip(
        places[ask.origin],
        places[ask.destination],
        member=rider is not None,
        channel=ask.channel,
        arrives=ask.anchor == "arrive",
    )


def _check_places(
    ask: AskIn, places: Mapping[int, PlaceRow], reachable: Collection[int]
) -> Refused | None:
    if ask.origin not in places or ask.destination not in places:
        return Refused("unknown_place", "place", say("unknown_place"))
    if ask.origin == ask.destination:
        return Refused("same_place", "place", say("same_place"))
    for place_id in (ask.origin, ask.destination):
        if place_id not in reachable:
            row = places[place_id]
            text = say("not_on_roads", place=row.name, place_en=row.name_en)
            return Refused("not_on_roads", "place", text)
    return None


def _check_helpers(ask: AskIn) -> Refused | None:
    """Return why nobody can be helped so: some of the party must be helped by the others."""
    if 0 <= ask.helpers < ask.riders:
        return None
    return Refused("party_unclear", "party", say("party_unclear"))


def party_for(ask: AskIn, rider: MemberRow | None, tariff: Tariff, day: date) -> Party:
    """Return who travels; a member with a card for it counts at half fare without being told."""
    party = Party(ask.riders, ask.wheelchairs, ask.half_fares, ask.infants)
    return with_card(party, rider, tariff, day)


def with_card(party: Party, rider: MemberRow | None, tariff: Tariff, day: date) -> Party:
    """Return the party with the member's own half fare in it, when the card is good that day."""
    if rider is None or party.half_fares or not tariff.grounds.intersection(rider.grounds(day)):
        return party
    return replace(party, half_fares=min(1, party.riders - party.infants))


def _desired_s(ask: AskIn, rules: DayRules, now: Now) -> int:
    """Return when; as soon as possible is the first second that may be asked for."""
    return soonest_s(rules, now.now_s) if ask.time is None else ask.time


def offer_rules(
    booking: BookingRule, shuffle_s: float = 0.0, shuffle_iterations: int = SHUFFLES
) -> OfferRules:
    """Return the town's booking rule as the dispatcher's."""
    return OfferRules(
        window_s=booking.window_min * 60,
        ride_max_factor=booking.ride_max_factor,
        ride_max_extra_s=booking.ride_max_extra_min * 60,
        shuffle_s=shuffle_s,
        shuffle_iterations=shuffle_iterations,
    )


def seek(
    wished: Wish,
    plan: Plan,
    travel: Mapping[str, TravelTimes],
    *,
    shuffle_s: float = 0.0,
    shuffle_iterations: int = SHUFFLES,
    others: bool = True,
    fleet: Fleet | None = None,
) -> list[Offer] | Refusal:
    """Return what could be offered inside the hours of the day, or why nothing.

    For at most `shuffle_s` and `shuffle_iterations` others are moved within their promises before
    that is a refusal.  Without `others` an offer as asked stands alone; `fleet` is the plan made
    ready, `None`: it is made ready here.
    """
    rules = offer_rules(wished.rules.booking, shuffle_s, shuffle_iterations)
    found = dispatcher_offers(plan, _asked(wished), travel, rules, fleet=fleet, others=others)
    if isinstance(found, Refusal):
        return replace(found, alternatives=tuple(in_hours(wished.rules, found.alternatives)))
    return _open(wished, found, plan, travel, rules)


def seek_gap(
    wished: Wish, plan: Plan, travel: Mapping[str, TravelTimes], fleet: Fleet
) -> list[Offer] | Refusal | None:
    """Return what `seek` does when a gap is left as asked; `None` when it has to look further."""
    rules = offer_rules(wished.rules.booking)
    found = offers_in_gaps(plan, _asked(wished), travel, rules, fleet=fleet)
    return _open(wished, found, plan, travel, rules) if found else None


def _open(
    wished: Wish,
    found: Sequence[Offer],
    plan: Plan,
    travel: Mapping[str, TravelTimes],
    rules: OfferRules,
) -> list[Offer] | Refusal:
    """Return those of some offers that are inside the hours of the day, or the hours' refusal."""
    kept = in_hours(wished.rules, found)
    if kept:
        return kept
    no = refusal_of(wished.rules, found, wished.desired_s)
    return replace(no, alternatives=tuple(_after(wished, no, plan, travel, rules)))


def _after(
    wished: Wish,
    no: Refusal,
    plan: Plan,
    travel: Mapping[str, TravelTimes],
    rules: OfferRules,
) -> Iterable[Offer]:
    """Return the rides after the break that stands against a wish, none when it is another rule."""
    if no.binding != "hours.breaks":
        return ()
    ends_s = no.values["closes_s"]
    ask = replace(_asked(wished), desired_s=ends_s, anchor="depart", not_before_s=ends_s)
    found = dispatcher_offers(plan, ask, travel, rules)
    return in_hours(wished.rules, found.alternatives if isinstance(found, Refusal) else found)


def _asked(wished: Wish) -> Ask:
    ask, booking = wished.ask, wished.rules.booking
    extra_s = booking.wheelchair_boarding_s if ask.wheelchairs else booking.boarding_s
    return Ask(
        id="",
        origin=Place(ask.origin),
        destination=Place(ask.destination),
        desired_s=wished.desired_s,
        anchor=ask.anchor,
        seats=ask.riders - ask.wheelchairs,
        wheelchairs=ask.wheelchairs,
        boarding_s=extra_s,
        alighting_s=booking.alighting_s,
        not_before_s=wished.not_before_s,
    )


def why(refusal: Refusal) -> Text:
    """Return the sentence for a refusal, with the nearest time that works when there is one."""
    text = words(refusal) or said(refusal.because)
    if not refusal.alternatives:
        return text
    time = clock_words(refusal.alternatives[0].pickup_s)
    return Text(
        say("alternatives", sentence=text.ja, time=time).ja,
        say("alternatives", sentence=text.en, time=time).en,
    )


def relaxations(refusal: Refusal) -> tuple[RelaxationView, ...]:
    """Return what would have worked, asking least of the rider first."""
    return tuple(
        RelaxationView(one.field, one.by, one.unit, said(one.because))
        for one in refusal.relaxations
    )
