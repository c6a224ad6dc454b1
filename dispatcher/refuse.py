"""Why there is no ride as asked: the limit that binds, and the least that would have to give.

The limit is found by leaving out one after another and searching again.  A relaxation is the same
ask with one field changed as little as works; it is found by bisection where more of it can only
help, and one by one where it need not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from dispatcher import cost, kernel
from dispatcher.alternatives import AWAY, WALK, Offer, Seek
from dispatcher.ask import Ask, OfferRules
from dispatcher.explain_messages import Explanation
from dispatcher.fleet import Approach, party_of
from dispatcher.model import RIDER_STOPS, UNREACHABLE_S, Request, Route, Vehicle

MINUTE_S: Final = 60
LONGEST_MORE_S: Final = 3600
"""Nobody is asked to ride longer by more than that."""

RIDE_LONGER: Final = 1.0
"""How much a second longer on board asks of the rider, in seconds."""
ONE_FEWER_S: Final = 3600.0
"""How much it asks that one of the party stays at home."""
NO_WHEELCHAIR_S: Final = 5400.0
BAG_FEWER_S: Final = 900.0
NOT_ALONE_S: Final = 600.0
ANY_VEHICLE_S: Final = cost.NOT_PREFERRED_S

MOST_RELAXATIONS: Final = 3


class Reason(StrEnum):
    """Why there is no ride as asked."""

    UNREACHABLE = "unreachable"
    """No road leads from one place to the other."""
    PARTY_TOO_LARGE = "party_too_large"
    """No vehicle holds so many, even empty."""
    OUT_OF_HOURS = "out_of_hours"
    """Even without any other rider no vehicle could do it at that time: too early or too late for
    every shift (``start_s``, ``end_s``), too far to be there so soon (``latest_pickup_s``), or
    outside what the deadline, the other leg or the bus leave."""
    FULL = "full"
    """Vehicles pass at the right time but have no room left."""
    RIDE_TOO_LONG = "ride_too_long"
    """Shared with the others, the ride would be longer than we allow."""
    BUSY = "busy"
    """What others have been promised leaves no time."""
    GONE = "gone"
    """The offer was good once; the plan has moved on."""
    NOT_ALLOWED = "not_allowed"
    """No vehicle the party may ride in is there."""
    BATTERY = "battery"
    """It would take the battery below its reserve."""
    BREAK = "break"
    """A driver's break or a charge stands there."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The same ask with one field changed as little as works, and the offer it would give.

    ``field`` is one of the ``Ask``, or ``ride_max_s``, the longest ride the town allows; ``by`` is
    how much of it changes, in ``unit``: seconds (``s``), ``people``, ``bags``, or 1 for a ``wish``
    given up.  ``asks_s`` is how much that asks of the rider, in seconds, the less the better.
    ``ask`` under ``rules`` gets ``offer``.
    """

    field: str
    by: int
    unit: str
    asks_s: float
    ask: Ask
    rules: OfferRules
    offer: Offer

    @property
    def because(self) -> Explanation:
        """What would have to give, as numbers and a sentence."""
        by = {"by_s" if self.unit == "s" else "by": abs(self.by)}
        what = self.field
        if what == "desired_s":
            what = "earlier" if self.by < 0 else "later"
        return Explanation(f"relax.{what}", {**self.offer.because.values, **by})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, the limit that would have to give, and what works instead.

    ``binding`` names the limit (a field of ``Request``, ``Vehicle``, ``Ask`` or ``Route``);
    ``None`` when no limit is to blame.  ``alternatives`` are offers at other times or places,
    ``relaxations`` the three that ask least of the rider.  ``values`` are the numbers that decided.
    """

    reason: Reason
    binding: str | None
    alternatives: tuple[Offer, ...] = ()
    relaxations: tuple[Relaxation, ...] = field(default=(), compare=False)
    values: Mapping[str, int] = field(default_factory=dict, compare=False)

    @property
    def because(self) -> Explanation:
        """Why not, as numbers and a sentence."""
        return Explanation(f"refused.{self.reason}.{self.binding or 'none'}", self.values)


def refusal(seek: Seek, others: Sequence[Offer]) -> Refusal:
    """Return why nothing works as asked, with the ``others`` that do and what would."""
    found = [*_at_another_time(seek), *_less_asked(seek), *_elsewhere(seek)]
    relaxed = sorted(found, key=lambda one: one.asks_s)[:MOST_RELAXATIONS]
    reason, binding, values = _Why(seek).limit()
    return Refusal(reason, binding, tuple(others), tuple(relaxed), values)


def _at_another_time(seek: Seek) -> Iterator[Relaxation]:
    """Yield the smallest number of minutes earlier, and later, that works."""
    rules, ask = seek.rules, seek.ask
    for sign, reach_s in ((-1, rules.earlier_s), (1, rules.later_s)):
        shifts_s = [sign * by_s for by_s in range(MINUTE_S, reach_s + 1, MINUTE_S)]
        found = zip(shifts_s, seek.at(shifts_s), strict=True)
        by_s, offer = next(((by, one) for by, one in found if one is not None), (0, None))
        if offer is not None:
            moved = replace(ask, desired_s=ask.wanted_s + by_s)
            yield Relaxation("desired_s", by_s, "s", AWAY * abs(by_s), moved, rules, offer)


class _Change(NamedTuple):
    """One field, changed by up to ``most`` steps of ``step``; each asks so much of the rider."""

    field: str
    unit: str
    step: int
    most: int
    asks_s: float
    after: Callable[[int], tuple[Ask, OfferRules]]


def _less_asked(seek: Seek) -> Iterator[Relaxation]:
    """Yield what a longer ride, a smaller party or one wish less would change."""
    ask, rules = seek.ask, seek.rules
    done = set[str]()
    for change in (*_changes_of_party(ask, rules), *_changes_of_wish(ask, rules)):
        found = None if change.field in done else _least(seek, change)
        if found is not None:
            done.add(change.field)
            yield found


def _changes_of_party(ask: Ask, rules: OfferRules) -> Iterator[_Change]:
    """Yield who or what could stay at home, as long as somebody or something is left to ride."""
    people, parcel = ask.seats + ask.wheelchairs, ask.bags > 0 and not ask.alone
    fewer = min(ask.seats, people if parcel else people - 1)

    def without_people(count: int) -> tuple[Ask, OfferRules]:
        return replace(ask, seats=ask.seats - count), rules

    def without_bags(count: int) -> tuple[Ask, OfferRules]:
        return replace(ask, bags=ask.bags - count), rules

    yield _Change("seats", "people", -1, fewer, ONE_FEWER_S, without_people)
    bags = ask.bags if people else ask.bags - 1
    yield _Change("bags", "bags", -1, bags, BAG_FEWER_S, without_bags)
    for count in range(1, ask.wheelchairs + 1):
        seated = replace(ask, wheelchairs=ask.wheelchairs - count, seats=ask.seats + count)
        yield _fixed("wheelchairs", "people", -count, NO_WHEELCHAIR_S * count, (seated, rules))


def _changes_of_wish(ask: Ask, rules: OfferRules) -> Iterator[_Change]:
    """Yield a longer ride, and the wishes that could be given up."""

    def longer(minutes: int) -> tuple[Ask, OfferRules]:
        more_s = rules.ride_max_extra_s + minutes * MINUTE_S
        return ask, replace(rules, ride_max_extra_s=more_s)

    most, asks_s = LONGEST_MORE_S // MINUTE_S, RIDE_LONGER * MINUTE_S
    yield _Change("ride_max_s", "s", MINUTE_S, most, asks_s, longer)
    if ask.alone:
        yield _fixed("alone", "wish", -1, NOT_ALONE_S, (replace(ask, alone=False), rules))
    if ask.only is not None:
        yield _fixed("only", "wish", -1, ANY_VEHICLE_S, (replace(ask, only=None), rules))


def _fixed(
    field_: str, unit: str, by: int, asks_s: float, after: tuple[Ask, OfferRules]
) -> _Change:
    """Return a change that is made or not."""

    def made(_count: int) -> tuple[Ask, OfferRules]:
        return after

    return _Change(field_, unit, by, 1, asks_s, made)


def _least(seek: Seek, change: _Change) -> Relaxation | None:
    """Return the fewest steps of a change that work; every further one can only help."""
    if change.most < 1:
        return None
    low, high = 0, change.most
    best = seek.changed(*change.after(high)).asked()
    if best is None:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        offer = seek.changed(*change.after(middle)).asked()
        if offer is None:
            low = middle
        else:
            high, best = middle, offer
    return Relaxation(
        change.field, change.step * high, change.unit, change.asks_s * high,
        *change.after(high), best,
    )  # fmt: skip


def _elsewhere(seek: Seek) -> Iterator[Relaxation]:
    """Yield the pickup place nearby with the shortest walk."""
    places = [near for near in seek.ask.nearby if seek.is_elsewhere(near)]
    places.sort(key=lambda near: near.walk_s)
    for near, offer in zip(places, seek.near(places), strict=True):
        if offer is not None:
            by_s, walks_s = near.walk_s, WALK * near.walk_s
            yield Relaxation("origin", by_s, "s", walks_s, seek.from_(near), seek.rules, offer)
            return


class _Why:
    """What stands in the way of one ask, found by leaving out one limit after another."""

    def __init__(self, seek: Seek) -> None:
        self.seek = seek

    def limit(self) -> tuple[Reason, str, dict[str, int]]:
        """Return the reason, the limit that binds, and the numbers that decided."""
        request = self.seek.request(early_s=self.seek.early_s[-1])
        if request is None:
            return self._no_window()
        vehicles = self._vehicles(request)
        if not vehicles:
            return Reason.NOT_ALLOWED, "only", {}
        return (
            self._size(request, vehicles) or self._shift(request, vehicles) or self._plan(request)
        )

    def _no_window(self) -> tuple[Reason, str, dict[str, int]]:
        """Name what leaves no time at all."""
        seek, within = self.seek, self.seek.within
        last_s = seek.ask.wanted_s + seek.rules.window_s
        if seek.ask.arrives:
            last_s = seek.ask.wanted_s - seek.approach().direct_s - seek.ask.boarding_s
        if last_s < within.first_s:
            return Reason.OUT_OF_HOURS, within.first_by, {"at_s": within.first_s}
        return Reason.OUT_OF_HOURS, within.due_by, {"at_s": within.due_s}

    def _vehicles(self, request: Request) -> list[Vehicle]:
        routes = self.seek.plan.routes.items()
        open_to = [r.vehicle for id_, r in routes if id_ not in self.seek.banned]
        return [vehicle for vehicle in open_to if request.allows(vehicle.id)]

    def _size(
        self, request: Request, vehicles: list[Vehicle]
    ) -> tuple[Reason, str, dict[str, int]] | None:
        """Name what no vehicle has enough of, even empty."""
        seats, chairs, bags = request.seats, request.wheelchairs, request.bags
        lacks = None
        if all(vehicle.wheelchair_places < chairs for vehicle in vehicles):
            lacks = "wheelchair_places", chairs, max(v.wheelchair_places for v in vehicles)
        elif not any(vehicle.holds(seats, chairs) for vehicle in vehicles):
            lacks = "seats", request.riders, max(vehicle.seats for vehicle in vehicles)
        elif not any(vehicle.holds(seats, chairs, bags) for vehicle in vehicles):
            lacks = "bags", bags, max(vehicle.bags for vehicle in vehicles)
        if lacks is None:
            return None
        return Reason.PARTY_TOO_LARGE, lacks[0], {"asked": lacks[1], "most": lacks[2]}

    def _shift(
        self, request: Request, vehicles: list[Vehicle]
    ) -> tuple[Reason, str, dict[str, int]] | None:
        """Name what keeps even idle vehicles from it."""
        idle, party = self.seek.idle, party_of(request)
        if self._works(request, party, idle):
            return None
        if all(vehicle.start_s > party.late_p for vehicle in vehicles):
            at_s = min(vehicle.start_s for vehicle in vehicles)
            return Reason.OUT_OF_HOURS, "start_s", {"at_s": at_s}
        whenever = party._replace(late_p=UNREACHABLE_S, late_d=UNREACHABLE_S)
        found = idle.search(whenever, self.seek.banned, request)
        if np.isfinite(found.cost).any():
            soonest_s = int(found.pickup[np.isfinite(found.cost)].min())
            by_s = max(0, soonest_s - party.late_p)
            return Reason.OUT_OF_HOURS, "latest_pickup_s", {"by_s": by_s}
        return Reason.OUT_OF_HOURS, "end_s", {"at_s": max(v.end_s for v in vehicles)}

    def _plan(self, request: Request) -> tuple[Reason, str, dict[str, int]]:
        """Name what the others in the plan take."""
        party = party_of(request)
        for reason, binding, eased in self._eased(party):
            if self._works(request, eased):
                return reason, binding, {}
        routes = self.seek.plan.routes.values()
        powered = any(route.vehicle.battery is not None for route in routes)
        if powered and self._works(request, party, self.seek.like(_without_battery)):
            return Reason.BATTERY, "reserve_wh", {}
        tasks = any(route.tasks for route in routes)
        if tasks and self._works(request, party, self.seek.like(_without_tasks)):
            return Reason.BREAK, "tasks", {}
        # Leaving at a time, only the longest ride says when to arrive; arriving by one, the caller.
        due_s = party.late_d if self.seek.ask.arrives else UNREACHABLE_S
        if self._works(request, party._replace(ride=UNREACHABLE_S, late_d=due_s)):
            return Reason.RIDE_TOO_LONG, "ride_max_s", {"most_s": request.ride_max_s}
        return Reason.BUSY, "latest_pickup_s", {}

    def _eased(self, party: kernel.Party) -> Iterator[tuple[Reason, str, kernel.Party]]:
        yield Reason.FULL, "alone", party._replace(alone=0)
        yield Reason.FULL, "wheelchair_places", party._replace(chairs=0)
        yield Reason.FULL, "seats", party._replace(chairs=0, seats=0)
        yield Reason.FULL, "bags", party._replace(bags=0)

    def _works(
        self, request: Request, party: kernel.Party, approach: Approach | None = None
    ) -> bool:
        found = (approach or self.seek.approach()).search(party, self.seek.banned, request)
        return bool(np.isfinite(found.cost).any())


def _without_battery(route: Route) -> Route:
    return replace(route, vehicle=replace(route.vehicle, battery=None))


def _without_tasks(route: Route) -> Route:
    kept = [stop.kind in RIDER_STOPS for stop in route.stops]
    stops = tuple(stop for stop in route.stops if stop.kind in RIDER_STOPS)
    return replace(route, stops=stops, locked=sum(kept[: route.locked]), tasks={})
