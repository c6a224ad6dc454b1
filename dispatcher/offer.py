"""What we could promise somebody now, or why nothing, and what would work instead.

An ask becomes a request (windows and the longest ride by the town's rules); the best insertion of
that request is the offer as asked, and the nearest other times that work are the earlier and the
later offer.  What an offer promises is a request again: the same party with windows drawn around
the planned times.  From the moment it is taken, those are limits nobody may break.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil
from typing import Literal

import numpy as np

from dispatcher import kernel
from dispatcher.fleet import Approach, Fleet, compiled, party_of
from dispatcher.insert import Insertion, found_in, insert, insertions
from dispatcher.model import (
    UNREACHABLE_S,
    Place,
    Plan,
    Request,
    Route,
    StopKind,
    TravelTimes,
    Vehicle,
)


@dataclass(frozen=True, slots=True)
class Ask:
    """A trip somebody asks for: leaving at ``desired_s``, or arriving by it.

    Nothing is offered with a pickup before ``not_before_s`` (now, or the booking deadline).
    """

    id: str
    origin: Place
    destination: Place
    desired_s: int
    anchor: Literal["depart", "arrive"] = "depart"
    seats: int = 1
    wheelchairs: int = 0
    boarding_s: int = 60
    alighting_s: int = 30
    not_before_s: int = 0


@dataclass(frozen=True, slots=True)
class OfferRules:
    """The town's promise: how wide its windows are and how much longer than direct a ride may be.

    ``window_s`` is the width of the promised pickup window, ``arrive_slack_s`` how much before the
    wanted time we may set down somebody who has to be there by then.  Other times are looked for
    up to ``earlier_s`` before and ``later_s`` after, in steps of ``step_s``.
    """

    window_s: int = 1200
    earlier_s: int = 7200
    later_s: int = 7200
    step_s: int = 300
    ride_max_factor: float = 1.5
    ride_max_extra_s: int = 600
    arrive_slack_s: int = 1800

    def __post_init__(self) -> None:
        if self.step_s <= 0 or self.window_s < 0:
            raise ValueError(
                f"step_s={self.step_s} and window_s={self.window_s} cannot be searched"
            )

    def ride_max_s(self, direct_s: int) -> int:
        """Return the longest ride for a trip that takes ``direct_s`` without sharing."""
        return ceil(direct_s * self.ride_max_factor) + self.ride_max_extra_s


class OfferKind(StrEnum):
    """How an offer relates to what was asked."""

    ASKED = "asked"
    EARLIER = "earlier"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Offer:
    """A ride we can promise until the plan changes.

    ``promise`` is the request that books it.  ``detour_s`` is how much longer than the direct
    drive the rider sits in the vehicle, ``shared_with`` how many other parties ride along.
    """

    kind: OfferKind
    vehicle_id: str
    promise: Request
    insertion: Insertion
    pickup_s: int
    dropoff_s: int
    direct_s: int
    detour_s: int
    shared_with: int


class Reason(StrEnum):
    """Why there is no ride as asked."""

    UNREACHABLE = "unreachable"
    """No road leads from one place to the other."""
    PARTY_TOO_LARGE = "party_too_large"
    """No vehicle holds so many, even empty."""
    OUT_OF_HOURS = "out_of_hours"
    """Even without any other rider no vehicle could do it at that time: too early or too late for
    every shift (``start_s``, ``end_s``), or too far to be there so soon (``latest_pickup_s``)."""
    FULL = "full"
    """Vehicles pass at the right time but have no room left."""
    RIDE_TOO_LONG = "ride_too_long"
    """Shared with the others, the ride would be longer than we allow."""
    BUSY = "busy"
    """What others have been promised leaves no time."""
    GONE = "gone"
    """The offer was good once; the plan has moved on."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, the limit that would have to give, and the nearest times that work.

    ``binding`` names the limit (a field of ``Request`` or ``Vehicle``); ``None`` when no limit
    is to blame.
    """

    reason: Reason
    binding: str | None
    alternatives: tuple[Offer, ...] = ()


def offers(
    plan: Plan,
    ask: Ask,
    travel: Mapping[str, TravelTimes],
    rules: OfferRules,
    *,
    banned: frozenset[str] = frozenset(),
    fleet: Fleet | None = None,
) -> list[Offer] | Refusal:
    """Return up to three offers that differ, the asked one first, or a refusal.

    The others are the nearest whose pickup is a whole window earlier or later than the first.  A
    refusal carries the nearest earlier and later offer, if any.
    """
    if plan.routes.keys() <= banned:
        return Refusal(Reason.OUT_OF_HOURS, "start_s")
    approach = compiled(plan, travel, fleet).approach(ask.origin, ask.destination)
    if approach.direct_s >= UNREACHABLE_S:
        return Refusal(Reason.UNREACHABLE, "destination")
    seek = _Search(plan, ask, rules, approach, banned)
    asked = seek.at(0, OfferKind.ASKED)
    others = tuple(
        offer
        for kind in (OfferKind.EARLIER, OfferKind.LATER)
        if (offer := seek.nearest(kind, asked)) is not None
    )
    if asked is not None:
        return [asked, *others]
    reason, binding = seek.why()
    return Refusal(reason, binding, others)


def take(
    plan: Plan,
    offer_promise: Request,
    travel: Mapping[str, TravelTimes],
    *,
    prefer: str | None = None,
    fleet: Fleet | None = None,
) -> Plan | Refusal:
    """Return the next plan with the promise in it, on vehicle ``prefer`` if that still works.

    Otherwise the cheapest vehicle that can keep the promise gets it; when none can, the refusal
    says ``GONE`` and the caller asks anew.
    """
    found = insertions(plan, offer_promise, travel, fleet=fleet)
    if not found:
        return Refusal(Reason.GONE, None)
    chosen = next((one for one in found if one.vehicle_id == prefer), found[0])
    return insert(plan, offer_promise, chosen)


@dataclass(frozen=True, slots=True)
class _Search:
    """One ask, tried at several times."""

    plan: Plan
    ask: Ask
    rules: OfferRules
    approach: Approach
    banned: frozenset[str]

    def at(self, shift_s: int, kind: OfferKind) -> Offer | None:
        """Return the cheapest offer for the wanted time moved by ``shift_s``."""
        for early_s in self._early_s():
            request = self.request(shift_s, early_s)
            if request is None:
                return None
            found = found_in(self.approach, request, self.banned)
            if found:
                return self._offer(kind, request, found[0])
        return None

    def _early_s(self) -> tuple[int, ...]:
        """How much before the wanted time to arrive: little, and if that fails what is allowed."""
        most_s = self.rules.arrive_slack_s
        if self.ask.anchor == "depart":
            return (0,)
        return min(self.rules.step_s, most_s), most_s

    def nearest(self, kind: OfferKind, asked: Offer | None) -> Offer | None:
        """Return the offer nearest in time that differs from the asked one."""
        earlier = kind is OfferKind.EARLIER
        reach_s = self.rules.earlier_s if earlier else self.rules.later_s
        sign = -1 if earlier else 1
        for shift_s in range(self.rules.step_s, reach_s + 1, self.rules.step_s):
            offer = self.at(sign * shift_s, kind)
            if offer is not None and self._differ(offer, asked):
                return offer
        return None

    def _differ(self, offer: Offer, asked: Offer | None) -> bool:
        """Whether a caller would hear two different times."""
        return asked is None or abs(offer.pickup_s - asked.pickup_s) >= self.rules.window_s

    def request(self, shift_s: int, early_s: int) -> Request | None:
        """Return the ask at another time under the town's rules, ``None`` when that is past.

        Somebody who has to be there by a time arrives at most ``early_s`` before it.
        """
        ask, rules = self.ask, self.rules
        direct_s = self.approach.direct_s
        ride_max_s = rules.ride_max_s(direct_s)
        wanted_s = ask.desired_s + shift_s
        if ask.anchor == "depart":
            first_s, last_s = wanted_s, wanted_s + rules.window_s
            due_from_s, due_s = 0, last_s + ask.boarding_s + ride_max_s
        else:
            due_from_s, due_s = wanted_s - early_s, wanted_s
            first_s = due_from_s - ride_max_s - ask.boarding_s
            last_s = due_s - direct_s - ask.boarding_s
        first_s = max(first_s, ask.not_before_s)
        if last_s < first_s:
            return None
        return Request(
            id=ask.id,
            origin=ask.origin,
            destination=ask.destination,
            earliest_pickup_s=first_s,
            latest_pickup_s=last_s,
            earliest_dropoff_s=due_from_s,
            latest_dropoff_s=due_s,
            ride_max_s=ride_max_s,
            seats=ask.seats,
            wheelchairs=ask.wheelchairs,
            boarding_s=ask.boarding_s,
            alighting_s=ask.alighting_s,
        )

    def _offer(self, kind: OfferKind, request: Request, best: Insertion) -> Offer:
        direct_s = self.approach.direct_s
        return Offer(
            kind=kind,
            vehicle_id=best.vehicle_id,
            promise=promised(request, best.pickup_s, self.rules.window_s),
            insertion=best,
            pickup_s=best.pickup_s,
            dropoff_s=best.dropoff_s,
            direct_s=direct_s,
            detour_s=max(0, best.ride_s - direct_s),
            shared_with=_shared_with(self.plan.routes[best.vehicle_id], best),
        )

    def why(self) -> tuple[Reason, str]:
        """Return the reason nothing works as asked, and the limit that binds."""
        request = self.request(0, self.rules.arrive_slack_s)
        if request is None:
            return Reason.OUT_OF_HOURS, "not_before_s"
        vehicles = [
            route.vehicle for id_, route in self.plan.routes.items() if id_ not in self.banned
        ]
        if all(vehicle.wheelchair_places < request.wheelchairs for vehicle in vehicles):
            return Reason.PARTY_TOO_LARGE, "wheelchair_places"
        if not any(vehicle.holds(request.seats, request.wheelchairs) for vehicle in vehicles):
            return Reason.PARTY_TOO_LARGE, "seats"
        party = party_of(request)
        idle = self._idle()
        if not self._works(party, idle):
            return Reason.OUT_OF_HOURS, self._shift_limit(party, vehicles, idle)
        if self._works(party._replace(chairs=0)):
            return Reason.FULL, "wheelchair_places"
        if self._works(party._replace(chairs=0, seats=0)):
            return Reason.FULL, "seats"
        # Leaving at a time, only the longest ride says when to arrive; arriving by one, the caller.
        due_s = UNREACHABLE_S if self.ask.anchor == "depart" else party.late_d
        if self._works(party._replace(ride=UNREACHABLE_S, late_d=due_s)):
            return Reason.RIDE_TOO_LONG, "ride_max_s"
        return Reason.BUSY, "latest_pickup_s"

    def _shift_limit(self, party: kernel.Party, vehicles: list[Vehicle], idle: Approach) -> str:
        """Name what keeps even idle vehicles from it."""
        if all(vehicle.start_s > party.late_p for vehicle in vehicles):
            return "start_s"
        whenever = party._replace(late_p=UNREACHABLE_S, late_d=UNREACHABLE_S)
        return "latest_pickup_s" if self._works(whenever, idle) else "end_s"

    def _works(self, party: kernel.Party, approach: Approach | None = None) -> bool:
        found = (approach or self.approach).search(party, self.banned)
        return bool(np.isfinite(found.cost).any())

    def _idle(self) -> Approach:
        """The same vehicles with nobody booked."""
        routes = {id_: Route(route.vehicle) for id_, route in self.plan.routes.items()}
        idle = Fleet(Plan(self.plan.version, routes, {}), self.approach.fleet.travel)
        return idle.approach(self.ask.origin, self.ask.destination)


def promised(request: Request, pickup_s: int, window_s: int) -> Request:
    """Narrow a request to the promise around a planned pickup.

    The pickup window is at most ``window_s`` wide, within the request's own; the arrival is not
    later than the longest ride from its end.
    """
    first_s = min(pickup_s - window_s // 2, request.latest_pickup_s - window_s)
    first_s = max(first_s, request.earliest_pickup_s)
    last_s = min(first_s + window_s, request.latest_pickup_s)
    due_s = min(request.latest_dropoff_s, last_s + request.boarding_s + request.ride_max_s)
    return replace(
        request, earliest_pickup_s=first_s, latest_pickup_s=last_s, latest_dropoff_s=due_s
    )


def _shared_with(route: Route, insertion: Insertion) -> int:
    """Return how many other parties are on board at some time between pickup and dropoff."""
    aboard, met = set(route.boarded_s), set[str]()
    for index, stop in enumerate(route.stops[: insertion.dropoff_index - 1]):
        if index >= insertion.pickup_index:
            met |= aboard
        if stop.kind is StopKind.PICKUP:
            aboard.add(stop.request_id)
        else:
            aboard.discard(stop.request_id)
    return len(met | aboard)
