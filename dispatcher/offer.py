"""What we could promise somebody now, or why nothing, and what would work instead.

An ask becomes a request (windows and the longest ride by the town's rules); the best insertion of
that request is the offer as asked, and of some fifty alternatives the best that differ for the
rider stand beside it.  What an offer promises is a request again: the same party with windows drawn
around the planned times.  From the moment it is taken, those are limits nobody may break.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dispatcher.alternatives import Offer, OfferKind, Other, Seek, Variant, choose
from dispatcher.ask import Ask, Nearby, OfferRules
from dispatcher.cost import plan_cost_s
from dispatcher.fleet import Fleet, compiled
from dispatcher.insert import Insertion, best_in, insert, insertions
from dispatcher.model import UNREACHABLE_S, Plan, Request, Stop, StopKind, TravelTimes
from dispatcher.rebase import Room
from dispatcher.refuse import Reason, Refusal, Relaxation, refusal
from dispatcher.schedule import Schedule, schedule
from dispatcher.shuffle import Budget, shuffled
from dispatcher.windows import implied, promised

__all__ = [
    "Ask",
    "Nearby",
    "Offer",
    "OfferKind",
    "OfferRules",
    "Other",
    "Reason",
    "Refusal",
    "Relaxation",
    "offers",
    "offers_in_gaps",
    "promised",
    "take",
]

_OTHERS = (Other.EARLIER, Other.LATER, Other.NEARBY)


def offers(
    plan: Plan,
    ask: Ask,
    travel: Mapping[str, TravelTimes],
    rules: OfferRules,
    *,
    banned: frozenset[str] = frozenset(),
    fleet: Fleet | None = None,
    others: bool = True,
) -> list[Offer] | Refusal:
    """Return up to three offers that differ for the rider, the asked one first, or a refusal.

    The others are the best for the town and the rider together; without ``others`` none are looked
    for beside an offer as asked.  When no gap is left as asked, other parties are moved within
    their promises before that is a refusal; it says which limit binds, which other rides there
    are, and the three smallest changes that would have worked.
    """
    if plan.routes.keys() <= banned:
        return Refusal(Reason.OUT_OF_HOURS, None)
    seek = Seek(plan, ask, rules, compiled(plan, travel, fleet), banned)
    if not others and (asked := seek.asked()) is not None:
        return [asked]
    first, *found = seek.offers([Other.NOTHING, *_OTHERS])
    first = first or _shuffled(seek)
    if first is not None:
        return _with_others(seek, first, found)
    beside = choose(None, [offer for offer in found if offer is not None], rules)
    if seek.approach().direct_s >= UNREACHABLE_S:
        return Refusal(Reason.UNREACHABLE, "destination", tuple(beside))
    return refusal(seek, beside)


def offers_in_gaps(
    plan: Plan,
    ask: Ask,
    travel: Mapping[str, TravelTimes],
    rules: OfferRules,
    *,
    fleet: Fleet | None = None,
) -> list[Offer]:
    """Return what ``offers`` does when a gap is left as asked, nothing when none is.

    It takes a fraction of the time, since neither room is made nor a refusal explained.
    """
    if not plan.routes:
        return []
    seek = Seek(plan, ask, rules, compiled(plan, travel, fleet), frozenset())
    first, *found = seek.offers([Other.NOTHING, *_OTHERS])
    return [] if first is None else _with_others(seek, first, found)


def _with_others(seek: Seek, first: Offer, found: Sequence[Offer | None]) -> list[Offer]:
    others = [offer for offer in found if offer is not None]
    return choose(first, [*others, *seek.besides(first)], seek.rules)


def _shuffled(seek: Seek) -> Offer | None:
    """Return the offer as asked that others make room for."""
    budget = Budget.of(seek.rules.shuffle_iterations, seek.rules.shuffle_s)
    request = seek.request(early_s=seek.early_s[-1])
    if request is None or budget.is_over or request.id in seek.plan.requests:
        return None
    if best_in(seek.idle, [request], seek.banned) == [None]:
        return None
    fuller = shuffled(seek.plan, request, seek.approach(), budget, seek.banned)
    if fuller is None:
        return None
    placed = _placed(seek, fuller, request)
    # The plan keeps the promise as well: its windows are drawn around the times planned in it.
    promise = promised(request, placed.pickup_s, seek.rules.window_s)
    before = fuller.without(request.id)
    offer = seek.offer(Variant(Other.NOTHING, request), placed, before)
    return replace(offer, promise=promise, room=Room.of(seek.plan, fuller, request.id))


def _placed(seek: Seek, plan: Plan, request: Request) -> Insertion:
    """Return where a party has its place in a plan made for it, and what that plan costs more."""
    route, travel = plan.route_of(request.id), seek.fleet.travel
    times = None if route is None else schedule(route, plan.requests, travel)
    if route is None or not isinstance(times, Schedule):
        raise RuntimeError(f"a plan made for {request.id} does not carry it: {times}")
    first = route.stops.index(Stop(request.id, StopKind.PICKUP))
    last = route.stops.index(Stop(request.id, StopKind.DROPOFF))
    pickup_s, dropoff_s = times.begin_s[first], times.begin_s[last]
    moved = plan.changed_since(seek.plan)
    return Insertion(
        route.vehicle.id,
        first,
        last,
        plan_cost_s(plan.of(moved), travel) - plan_cost_s(seek.plan.of(moved), travel),
        pickup_s,
        dropoff_s,
        dropoff_s - pickup_s - request.boarding_s,
    )


def take(
    plan: Plan,
    offer_promise: Request,
    travel: Mapping[str, TravelTimes],
    *,
    prefer: str | None = None,
    fleet: Fleet | None = None,
    room: Room | None = None,
    rules: OfferRules | None = None,
) -> Plan | Refusal:
    """Return the next plan with the promise in it, on vehicle ``prefer`` if that still works.

    Otherwise the cheapest vehicle that can keep the promise gets it; when none can as the routes
    are, others are moved within their promises, so that several routes may differ: as ``room``,
    which the offer has, says, if that is still there, or as is found while ``rules`` allow (the
    defaults unless given).  Failing that, the refusal says ``GONE`` and the caller asks anew.
    """
    if not implied(plan, offer_promise):
        return Refusal(Reason.GONE, None)
    fleet = compiled(plan, travel, fleet)
    found = insertions(plan, offer_promise, travel, fleet=fleet)
    if found:
        chosen = next((one for one in found if one.vehicle_id == prefer), found[0])
        return insert(plan, offer_promise, chosen)
    if room is not None and (taken := room.made_in(plan, offer_promise, travel)) is not None:
        return taken
    within = rules or OfferRules()
    budget = Budget.of(within.shuffle_iterations, within.shuffle_s)
    approach = fleet.approach(offer_promise.origin, offer_promise.destination)
    fuller = shuffled(plan, offer_promise, approach, budget)
    return fuller or Refusal(Reason.GONE, None)
