"""Plans chosen by what they leave room for: rollouts over days like those seen before.

Each candidate plan is played on against what was asked on past days from this time on: every call
goes to its cheapest place, promise and all, while vehicles drive and may be diverted.  The mean
number of riders still carried, less what the plan itself costs, says which plan to take.  All
candidates meet the same futures, so that little luck is left in their difference; after a third of
the futures only the better half goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dispatcher.cost import plan_cost_s
from dispatcher.day import Decision, Moment
from dispatcher.model import Place, Request
from dispatcher.policies import Shuffle, rescued
from dispatcher.rollout import History, Rollout
from dispatcher.rollout_kernel import Floats


@dataclass(frozen=True, slots=True)
class Foresight(Shuffle):
    """Of several plans with the party, the one that leaves most room for those still to call."""

    history: History = field(default_factory=lambda: History(()))
    futures: int = 120
    """How many past days each plan is played against."""
    calls: int = 25
    """How many calls of each."""
    most: int = 4
    """How many plans are compared."""
    rider_s: float = 2000.0
    """What one more rider is worth, in seconds of driving."""
    hubs: tuple[Place, ...] = ()
    """Where idle vehicles may wait, if rollouts say so."""
    gain: float = 0.1
    """How many more riders a move of an idle vehicle must promise."""
    move_s: float = 3000.0
    """For how many seconds of driving it must promise one rider more."""

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """See ``day.Policy``."""
        request = self.cautious(request)
        plans = self._carrying(moment, request, self.most)
        if not plans:
            return Decision(moment.plan, waits=moment.waits)
        better = self._cheaper(moment, plans[0], self.settle)
        plans += [better] if better is not plans[0] else []
        decisions = [self._told(moment, plan, request) for plan in plans]
        if len(decisions) == 1:
            return decisions[0]
        return decisions[int(np.argmax(self.scores(moment, decisions)))]

    def review(self, moment: Moment, /) -> Decision:
        """See ``day.Policy``."""
        plan = rescued(moment)
        decisions = [Decision(plan, waits=moment.waits)]
        better = self._cheaper(moment, plan, self.iterations)
        if better is not plan:
            decisions.append(Decision(better, waits=moment.waits))
        best = decisions[0]
        if len(decisions) > 1:
            best = decisions[int(np.argmax(self.scores(moment, decisions)))]
        return self._waiting(moment, best)

    def _waiting(self, moment: Moment, best: Decision) -> Decision:
        """Send one idle vehicle where more riders can be carried, if there is such a place."""
        idle = [id_ for id_, route in best.plan.routes.items() if not route.stops]
        if not idle or not self.hubs:
            return best
        moves = [
            replace(best, waits={**best.waits, id_: hub})
            for id_ in idle[:6]
            for hub in self.hubs
            if best.waits.get(id_) != hub
        ]
        scores = self.scores(moment, [best, *moves], riders_only=True)
        for at, move in enumerate(moves, start=1):
            scores[at] -= self.gain + self._way_s(moment, best, move) / self.move_s
        return [best, *moves][int(np.argmax(scores))]

    def _way_s(self, moment: Moment, best: Decision, move: Decision) -> int:
        """Return how far a move sends its vehicle."""
        ((id_, hub),) = move.waits.items() - best.waits.items()
        vehicle = best.plan.routes[id_].vehicle
        return int(moment.roads[vehicle.profile].table([vehicle.start], [hub])[0, 0])

    def scores(
        self, moment: Moment, decisions: Sequence[Decision], *, riders_only: bool = False
    ) -> Floats:
        """Return what each plan is worth, in riders; plans that fall behind get -inf."""
        table = Rollout(moment, decisions, self.history)
        days = np.arange(min(self.futures, len(self.history.days)))
        costs = np.array([plan_cost_s(decision.plan, moment.roads) for decision in decisions])
        worth = -(costs - costs.min()) / self.rider_s if not riders_only else np.zeros(len(costs))
        if len(days) == 0:
            return worth
        third = max(1, len(days) // 3)
        early = table.play(range(len(decisions)), days[:third], self.calls, self.within_s)
        ranked = np.argsort(-(worth + early.mean(axis=1)), kind="stable")
        kept = sorted({0, *ranked[: max(2, (len(decisions) + 1) // 2)].tolist()})
        scores = np.full(len(decisions), -np.inf)
        later = table.play(kept, days[third:], self.calls, self.within_s)
        for row, at in enumerate(kept):
            scores[at] = worth[at] + np.concatenate([early[at], later[row]]).mean()
        return scores
