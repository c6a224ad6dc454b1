"""The desk of a simulated day: it answers every call as the service does, by the same functions.

The town's rules first (`rides.quote.wish`), then the dispatcher's offers inside the hours
(`rides.quote.seek`), and the taking of one (`dispatcher.take`).  A caller takes the first offer
that is at most `flexible_s` from the time asked for, and else does not ride.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from dispatcher import Offer, Place, Refusal, Request, take
from dispatcher.day import Decision, Moment
from dispatcher.fleet import Fleet
from dispatcher.policies import rescued
from dispatcher.search import MaxIterations
from dispatcher.search_plan import search_plan
from maas.records.whatif_asks import Asked
from maas.records.whatif_town import Town
from maas.rides.quote import Now, Wish, offer_rules, seek, wish
from maas.town.calendars import Refused

DAY_S: Final = 86_400
FOREVER_S: Final = 3600.0
"""A search is ended by its iterations: so a day comes out the same on every machine."""
TOO_FAR: Final = "too_far"
"""Why somebody did not ride who was offered rides only at other times."""
NO_BUS: Final = "no_bus"
"""Why somebody did not ride whose bus the new timetable no longer has."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard the dispatcher of a what-if looks; the service has more time than a simulation.

    `shuffles` are the iterations before a refusal, `reviews` those of a review of the plan.
    """

    shuffles: int = 200
    reviews: int = 60


@dataclass(slots=True)
class Desk:
    """A policy for `dispatcher.simulate`; notes what it promised, and why it did not."""

    town: Town
    asked: Mapping[str, Asked]
    effort: Effort = field(default_factory=Effort)
    flexible_s: int = 1800
    promised: dict[str, Request] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    """The vehicle each was first given."""
    reasons: dict[str, str] = field(default_factory=dict)
    wishes: dict[str, Wish] = field(default_factory=dict)
    noes: dict[str, Refused | Refusal] = field(default_factory=dict)
    """What a caller was refused, also who then took another time."""

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """See `dispatcher.day.Policy`."""
        asked = self.asked[request.id]
        wished = self._wish(asked, moment.now_s)
        no = Decision(moment.plan, waits=moment.waits)
        if asked.bus is not None and not asked.bus.runs:
            self.reasons[request.id] = NO_BUS
            return no
        if isinstance(wished, Refused):
            self.reasons[request.id] = wished.reason
            self.noes[request.id] = wished
            return no
        self.wishes[request.id] = wished
        fleet = Fleet(moment.plan, moment.roads)
        found = seek(
            wished,
            moment.plan,
            moment.roads,
            shuffle_s=FOREVER_S if self.effort.shuffles else 0.0,
            shuffle_iterations=self.effort.shuffles,
            others=False,
            fleet=fleet,
        )
        if isinstance(found, Refusal):
            self.noes[request.id] = found
        offers = list(found.alternatives) if isinstance(found, Refusal) else found
        offer = next((each for each in offers if self._suits(wished, each)), None)
        if offer is None:
            self.reasons[request.id] = found.reason.value if isinstance(found, Refusal) else TOO_FAR
            return no
        return self._taken(moment, replace(offer.promise, id=request.id), offer, fleet) or no

    def _wish(self, asked: Asked, now_s: int) -> Wish | Refused:
        today = asked.day + timedelta(days=now_s // DAY_S)
        rider = None if asked.member_id is None else self.town.members.get(asked.member_id)
        return wish(
            asked.ask, asked.day, Now(today, now_s), self.town.rules, self.town.places,
            self.town.reachable, rider,
        )  # fmt: skip

    def _suits(self, wished: Wish, offer: Offer) -> bool:
        at_s = offer.dropoff_s if wished.ask.anchor == "arrive" else offer.pickup_s
        return abs(at_s - wished.desired_s) <= self.flexible_s

    def _taken(
        self, moment: Moment, promise: Request, offer: Offer, fleet: Fleet
    ) -> Decision | None:
        rules = offer_rules(self.wishes[promise.id].rules.booking, FOREVER_S, self.effort.shuffles)
        plan = take(
            moment.plan, promise, moment.roads, prefer=offer.vehicle_id, fleet=fleet, rules=rules
        )
        if isinstance(plan, Refusal):
            self.reasons[promise.id] = plan.reason.value
            return None
        self.promised[promise.id] = promise
        self.given[promise.id] = offer.vehicle_id
        return Decision(plan, offer.pickup_s, moment.waits)

    def review(self, moment: Moment, /) -> Decision:
        """See `dispatcher.day.Policy`."""
        plan = rescued(moment)
        if self.effort.reviews and not moment.stranded:
            stop = MaxIterations(self.effort.reviews)
            plan = search_plan(plan, moment.roads, stop=stop, seed=moment.now_s)
        return Decision(plan, waits=moment.waits)


def widest(asked: Asked) -> Request:
    """Return the request `dispatcher.simulate` is told of: as wide as any promise could be."""
    return Request(
        id=asked.id,
        origin=Place(asked.origin),
        destination=Place(asked.destination),
        earliest_pickup_s=0,
        latest_pickup_s=2 * DAY_S,
        earliest_dropoff_s=0,
        latest_dropoff_s=2 * DAY_S,
        ride_max_s=DAY_S,
        seats=asked.riders - asked.wheelchairs,
        wheelchairs=asked.wheelchairs,
    )
