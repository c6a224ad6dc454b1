"""The asked ride and all others we could offer instead, and the few of them worth saying.

Alternatives are other times in steps both ways, other places to get in, another kind of vehicle,
and a ride much shorter or sooner over than the cheapest.  Each is a request of its own, so that
what makes it different is promised with it.  They are found in one compiled call a pickup place and
ranked by what they cost the town and the rider together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from dispatcher.ask import Ask, Nearby, OfferRules
from dispatcher.explain_messages import Explanation
from dispatcher.fleet import Approach, Fleet
from dispatcher.insert import Insertion, best_in
from dispatcher.model import UNREACHABLE_S, Place, Plan, Request, Route, StopKind
from dispatcher.rebase import Room
from dispatcher.windows import Bounds, bounds, promised, wanted

AWAY: Final = 0.5
"""What a second earlier or later than wanted counts, in seconds of driving."""
WALK: Final = 2.0
"""What a second on foot counts."""
DETOUR: Final = 1.0
"""What a second on board beyond the direct drive counts."""

MOST_OFFERS: Final = 3


class OfferKind(StrEnum):
    """How the time of an offer relates to what was asked."""

    ASKED = "asked"
    EARLIER = "earlier"
    LATER = "later"


class Other(StrEnum):
    """In what way an alternative is meant to differ from the ride asked for."""

    NOTHING = "asked"
    EARLIER = "earlier"
    LATER = "later"
    NEARBY = "nearby"
    VEHICLE = "vehicle"
    SHORTER = "shorter"
    SOONER = "sooner"


@dataclass(frozen=True, slots=True)
class Offer:
    """A ride we can promise until the plan changes.

    ``promise`` is the request that books it.  ``detour_s`` is how much longer than the direct
    drive the rider sits in the vehicle, ``shared_with`` how many other parties ride along; the
    fare is that of a shared ride when there are any.  ``walk_s`` leads to a pickup elsewhere than
    asked.  ``by_s`` is how far it is from the time asked for, or from the first offer beside it:
    at the pickup, or at the arrival where that was asked for.  ``score_s`` is what it costs the
    town and the rider together, the less the better.
    ``room`` is how others are moved for it within their promises, ``None`` when nobody is.
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
    other: Other = Other.NOTHING
    vehicle_class: str = "car"
    walk_s: int = 0
    by_s: int = 0
    arrives: bool = False
    score_s: float = 0.0
    room: Room | None = None

    @property
    def shuffled(self) -> bool:
        """Whether others have to be moved within their promises before it can be taken."""
        return self.room is not None

    @property
    def ride_s(self) -> int:
        """How long the rider is on board."""
        return self.insertion.ride_s

    @property
    def shared(self) -> bool:
        """Whether others ride along, which makes the fare lower."""
        return self.shared_with > 0

    @property
    def because(self) -> Explanation:
        """What sets this offer apart, as numbers and a sentence."""
        code = "shuffled" if self.shuffled else self.other.value
        if self.arrives and self.other in _TIMES:
            code += ".arrive"
        values: dict[str, int | str] = {
            "pickup_s": self.pickup_s,
            "dropoff_s": self.dropoff_s,
            "ride_s": self.ride_s,
            "detour_s": self.detour_s,
            "by_s": self.by_s,
            "walk_s": self.walk_s,
            "shared_with": self.shared_with,
            "cost_s": round(self.insertion.cost_s),
            "vehicle": self.vehicle_id,
            "vehicle_class": self.vehicle_class,
        }
        return Explanation(f"offer.{code}", values)


_TIMES: Final = (Other.EARLIER, Other.LATER)


class Variant(NamedTuple):
    """One alternative, before it is known whether a vehicle can do it."""

    other: Other
    request: Request
    shift_s: int = 0
    walk_s: int = 0


@dataclass(frozen=True)
class Seek:
    """One ask before one plan: everything that could be offered, and the town's rules for it."""

    plan: Plan
    ask: Ask
    rules: OfferRules
    fleet: Fleet
    banned: frozenset[str]
    seen: dict[Place, Approach] = field(default_factory=dict)
    """The fleet as seen from every pickup place looked at so far."""

    @cached_property
    def within(self) -> Bounds:
        """What the deadline, the other leg and the bus leave."""
        return bounds(self.plan, self.ask)

    def approach(self, place: Place | None = None) -> Approach:
        """Return the fleet as seen from a pickup place, the one asked for unless said."""
        origin = self.ask.origin if place is None else place
        if origin not in self.seen:
            self.seen[origin] = self.fleet.approach(origin, self.ask.destination)
        return self.seen[origin]

    def changed(self, ask: Ask, rules: OfferRules) -> Seek:
        """Return the search for a changed ask to the same destination."""
        return Seek(self.plan, ask, rules, self.fleet, self.banned, self.seen)

    def request(
        self, *, shift_s: int = 0, near: Nearby | None = None, early_s: int | None = None
    ) -> Request | None:
        """Return the ask as a request at another time or place, ``None`` when that is past."""
        place, walk_s = (None, 0) if near is None else (near.place, near.walk_s)
        direct_s = self.approach(place).direct_s
        if direct_s >= UNREACHABLE_S:
            return None
        early = self.early_s[0] if early_s is None else early_s
        return wanted(
            self.ask, self.rules, self.within, direct_s,
            shift_s=shift_s, early_s=early, place=place, walk_s=walk_s,
        )  # fmt: skip

    @property
    def early_s(self) -> tuple[int, ...]:
        """How much before the wanted time to arrive: little, and if that fails what is allowed."""
        most_s = self.rules.arrive_slack_s
        return (min(self.rules.step_s, most_s), most_s) if self.ask.arrives else (0,)

    def like(self, change: Callable[[Route], Route]) -> Approach:
        """Return the fleet, seen from the place asked for, with every route changed."""
        routes = {id_: change(route) for id_, route in self.plan.routes.items()}
        changed = Fleet(Plan(self.plan.version, routes, self.plan.requests), self.fleet.travel)
        return changed.approach(self.ask.origin, self.ask.destination)

    @cached_property
    def idle(self) -> Approach:
        """The same vehicles with nobody booked, nothing to do and energy enough."""
        return self.like(lambda route: Route(replace(route.vehicle, battery=None)))

    def asked(self) -> Offer | None:
        """Return the cheapest offer as asked."""
        return self.offers([Other.NOTHING])[0]

    def at(self, shifts_s: Sequence[int]) -> list[Offer | None]:
        """Return the cheapest offer at every shift of the wanted time."""
        variants = [(_direction(shift_s), shift_s, None) for shift_s in shifts_s]
        return self._tried(variants)

    def near(self, places: Sequence[Nearby]) -> list[Offer | None]:
        """Return the cheapest offer as asked from each of these places."""
        return self._tried([(Other.NEARBY, 0, near) for near in places])

    def is_elsewhere(self, near: Nearby) -> bool:
        """Whether getting in there is another ride, and one at all."""
        return near.place not in (self.ask.origin, self.ask.destination)

    def from_(self, near: Nearby) -> Ask:
        """Return the ask of somebody who has decided to walk there."""
        ask, leaves = self.ask, not self.ask.arrives
        return replace(
            ask,
            origin=near.place,
            desired_s=ask.wanted_s + (near.walk_s if leaves else 0),
            not_before_s=ask.not_before_s + near.walk_s,
            nearby=(),
        )

    def offers(self, others: Sequence[Other]) -> list[Offer | None]:
        """Return what every alternative of these kinds comes to, ``None`` where nothing works."""
        return self._tried([one for other in others for one in self._variants(other)])

    def _variants(self, other: Other) -> Iterator[tuple[Other, int, Nearby | None]]:
        step_s = self.rules.step_s
        match other:
            case Other.NOTHING:
                yield other, 0, None
            case Other.EARLIER:
                for shift_s in range(step_s, self.rules.earlier_s + 1, step_s):
                    yield other, -shift_s, None
            case Other.LATER:
                for shift_s in range(step_s, self.rules.later_s + 1, step_s):
                    yield other, shift_s, None
            case Other.NEARBY:
                for near in filter(self.is_elsewhere, self.ask.nearby):
                    yield other, 0, near
            case Other.VEHICLE | Other.SHORTER | Other.SOONER:
                return  # they stand beside a first offer: see `besides`

    def _tried(self, wanted_: Sequence[tuple[Other, int, Nearby | None]]) -> list[Offer | None]:
        """Try every alternative; those that fail arriving closely may arrive sooner."""
        found: list[Offer | None] = [None] * len(wanted_)
        for early_s in self.early_s:
            left = [at for at, one in enumerate(found) if one is None]
            variants = {
                at: Variant(other, request, shift_s, near.walk_s if near else 0)
                for at in left
                for other, shift_s, near in [wanted_[at]]
                if (request := self.request(shift_s=shift_s, near=near, early_s=early_s))
            }
            for at, offer in zip(variants, self.best(list(variants.values())), strict=True):
                found[at] = offer
        return found

    def best(self, variants: Sequence[Variant]) -> list[Offer | None]:
        """Return the cheapest offer of every alternative, all of a pickup place at once."""
        by_place: dict[Place, list[int]] = {}
        for at, variant in enumerate(variants):
            by_place.setdefault(variant.request.origin, []).append(at)
        found: list[Offer | None] = [None] * len(variants)
        for place, indices in by_place.items():
            requests = [variants[at].request for at in indices]
            placed = best_in(self.approach(place), requests, self.banned)
            for at, insertion in zip(indices, placed, strict=True):
                if insertion is not None:
                    found[at] = self.offer(variants[at], insertion)
        return found

    def besides(self, first: Offer) -> list[Offer]:
        """Return what rides otherwise as asked would be in another class, shorter or sooner."""
        request, variants = self.wide(first), list[Variant]()
        classes = classes_of(self.plan)
        if request is None:
            return []
        for name, ids in classes.items():
            allowed = ids if request.only is None else ids & request.only
            if name != first.vehicle_class:
                variants.append(Variant(Other.VEHICLE, replace(request, only=allowed)))
        shorter_s = first.ride_s - self.rules.much_s
        if shorter_s >= first.direct_s:
            variants.append(Variant(Other.SHORTER, replace(request, ride_max_s=shorter_s)))
        sooner_s = first.dropoff_s - self.rules.much_s
        if sooner_s >= max(
            request.earliest_pickup_s + request.boarding_s + first.direct_s,
            request.earliest_dropoff_s,
        ):
            variants.append(Variant(Other.SOONER, replace(request, latest_dropoff_s=sooner_s)))
        return [offer for offer in self.best(variants) if offer is not None]

    def wide(self, first: Offer) -> Request | None:
        """Return the request, as asked, that an offer was found for."""
        for early_s in self.early_s:
            request = self.request(early_s=early_s)
            if request is not None and request.earliest_dropoff_s <= first.dropoff_s:
                return request
        return None

    def offer(self, variant: Variant, best: Insertion, before: Plan | None = None) -> Offer:
        """Return what a place in a route comes to for the rider; ``before``, if not the plan."""
        plan = before or self.plan
        request, route = variant.request, plan.routes[best.vehicle_id]
        direct_s = self.approach(request.origin).direct_s
        detour_s = max(0, best.ride_s - direct_s)
        at_s = best.dropoff_s if self.ask.arrives else best.pickup_s
        away_s = abs(at_s - self.ask.wanted_s)
        rider_s = AWAY * away_s + WALK * variant.walk_s + DETOUR * detour_s
        return Offer(
            kind=_KINDS[_direction(variant.shift_s)],
            vehicle_id=best.vehicle_id,
            promise=promised(request, best.pickup_s, self.rules.window_s),
            insertion=best,
            pickup_s=best.pickup_s,
            dropoff_s=best.dropoff_s,
            direct_s=direct_s,
            detour_s=detour_s,
            shared_with=_shared_with(route, plan.requests, best),
            other=variant.other,
            vehicle_class=route.vehicle.profile,
            walk_s=variant.walk_s,
            by_s=away_s,
            arrives=self.ask.arrives,
            score_s=best.cost_s + rider_s,
        )


_KINDS: Final = {
    Other.NOTHING: OfferKind.ASKED,
    Other.EARLIER: OfferKind.EARLIER,
    Other.LATER: OfferKind.LATER,
}


def _direction(shift_s: int) -> Other:
    if shift_s == 0:
        return Other.NOTHING
    return Other.EARLIER if shift_s < 0 else Other.LATER


def classes_of(plan: Plan) -> dict[str, frozenset[str]]:
    """Return the vehicles of every class a rider can tell apart: that is their profile."""
    classes: dict[str, frozenset[str]] = {}
    for id_, route in plan.routes.items():
        name = route.vehicle.profile
        classes[name] = classes.get(name, frozenset()) | {id_}
    return classes


def choose(first: Offer | None, found: Sequence[Offer], rules: OfferRules) -> list[Offer]:
    """Return up to three offers that differ for the rider, ``first`` first, then the best.

    Of every way to differ the best one comes before a second one of any.
    """
    chosen = [] if first is None else [first]
    ranked = sorted(found, key=lambda offer: offer.score_s)
    if first is not None:
        ranked = [_beside(offer, first) for offer in ranked if _keeps_side(offer, first)]
    for again in (False, True):
        for offer in ranked:
            new = again or all(offer.other is not one.other for one in chosen)
            if len(chosen) < MOST_OFFERS and new and _is_new(offer, chosen, rules):
                chosen.append(offer)
    return sorted(chosen, key=lambda offer: (offer is not first, offer.score_s))


def _keeps_side(offer: Offer, first: Offer) -> bool:
    """Whether what was looked for earlier, or later, than asked is so beside the first offer."""
    if offer.other is Other.EARLIER:
        return offer.pickup_s < first.pickup_s
    return offer.other is not Other.LATER or offer.pickup_s > first.pickup_s


def _beside(offer: Offer, first: Offer) -> Offer:
    by_s = offer.pickup_s - first.pickup_s
    if offer.arrives:
        by_s = offer.dropoff_s - first.dropoff_s
    return replace(offer, by_s=abs(by_s))


def _is_new(offer: Offer, chosen: Sequence[Offer], rules: OfferRules) -> bool:
    return all(differ(offer, one, rules) for one in chosen)


def differ(a: Offer, b: Offer, rules: OfferRules) -> bool:
    """Whether a rider would hear two different rides, and be promised them.

    They differ in time by a whole window, in the pickup place, or, where the promise says so, in
    the class of vehicle or by a ride much shorter or sooner over.
    """
    windows_s = abs(a.promise.earliest_pickup_s - b.promise.earliest_pickup_s)
    apart_s = min(abs(a.pickup_s - b.pickup_s), windows_s)
    if apart_s >= max(rules.window_s, 1) or a.promise.origin != b.promise.origin:
        return True
    kinds = {a.other, b.other}
    if Other.VEHICLE in kinds and a.vehicle_class != b.vehicle_class:
        return True
    quicker_s = max(abs(a.ride_s - b.ride_s), abs(a.dropoff_s - b.dropoff_s))
    return bool(kinds & {Other.SHORTER, Other.SOONER}) and quicker_s >= max(rules.much_s, 1)


def _shared_with(route: Route, requests: Mapping[str, Request], insertion: Insertion) -> int:
    """Return how many other parties of people are on board at some time of the ride."""
    aboard, met = set(route.boarded_s), set[str]()
    for index, stop in enumerate(route.stops[: insertion.dropoff_index - 1]):
        if index >= insertion.pickup_index:
            met |= aboard
        if stop.kind is StopKind.PICKUP:
            aboard.add(stop.request_id)
        else:
            aboard.discard(stop.request_id)
    return sum(requests[id_].riders > 0 for id_ in met | aboard)
