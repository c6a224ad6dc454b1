"""When and where breaks and charges take place, in routes that keep the order of their other stops.

A CP-SAT model, asked by ``tasks``.  Every driver has some slots, in order; a slot is empty or holds
a break or a charge in one gap, at one spot, with a window and a length.  Three things hold at once:
*some* time within every window keeps all promises; *every* time within the windows is lawful and
leaves the chargers' places free; the battery never goes below its reserve.  Work, rest and charge
are bounds that inequalities push the safe way, so that nothing needs a product of variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from dispatcher.breaks import BreakRule, Over
from dispatcher.gaps import STEP_S, Driver, Line, Option, Placed, Wanted, Window
from dispatcher.model import UNREACHABLE_S
from dispatcher.placing_route import Pair, RouteModel, Slot, Var

ANOTHER_TASK_S: Final = 300
"""What one task more costs, in seconds of driving."""
WIDE_S: Final = 7200
"""A window narrower than this costs a twentieth of a second of driving for each second it lacks."""
RESTING: Final = 5
"""Twentieths of a second of driving that a second of a break costs: the vehicle serves nobody."""
SCALE: Final = 20
"""Costs are whole twentieths of a second, which is what a second of charging costs."""
GOOD_ENOUGH_S: Final = 10
"""A cost so close to the least possible is good enough."""
MOST_PIECES: Final = 4
CHARGES: Final = 2
"""A vehicle charges at most so often in a day's rest."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long one model may be solved: deterministic units of CP-SAT (about a second), and wall.

    Answers are the same every time as long as the wall limit is not met.

    Raises ``ValueError`` when it is no time at all.
    """

    effort: float = 1.0
    wall_s: float = 5.0

    def __post_init__(self) -> None:
        if self.effort <= 0 or self.wall_s <= 0:
            raise ValueError(f"effort={self.effort}, wall_s={self.wall_s} is no time at all")


class Crew(NamedTuple):
    """A driver with the routes, what they still need, and the rests in their locked parts."""

    driver: Driver
    lines: tuple[Line, ...]
    rules: tuple[BreakRule, ...]
    charges: bool
    settled: tuple[Window, ...]


class Placing:
    """The model of some drivers whose vehicles share the chargers."""

    def __init__(self, crews: Sequence[Crew], wanted: Wanted) -> None:
        from ortools.sat.python import cp_model  # takes half a second; quotes never need it

        self.cp, self.model = cp_model, cp_model.CpModel()
        self.wanted = wanted
        self.costs: list[Var] = []
        self.crews: list[tuple[Crew, list[Slot]]] = []
        for crew in crews:
            self._add_crew(crew)
        self._add_occupancy()

    def _add_crew(self, crew: Crew) -> None:
        options = list(self._options(crew))
        count = slot_count(crew) if options else 0
        slots = [Slot(self.model, crew.driver, options) for _ in range(count)]
        self.crews.append((crew, slots))
        detours = [self._add_length(crew, slot) for slot in slots]
        pairs = [
            self._pair(a, b, *both)
            for (a, b), both in zip(pairwise(slots), pairwise(detours), strict=True)
        ]
        for at, line in enumerate(crew.lines):
            RouteModel(self.model, at, line, slots, pairs)
        for rule in crew.rules:
            add = self._add_shift_rule if rule.over is Over.SHIFT else self._add_stretch_rule
            add(rule, crew, slots)

    def _options(self, crew: Crew) -> Iterator[Option]:
        offset = 0
        for at, line in enumerate(crew.lines):
            if crew.rules:
                yield from line.rests(at, offset, piece_s(crew.rules))
            if crew.charges:
                yield from line.charges(at, offset, STEP_S)
            offset += line.last

    def _pair(self, a: Slot, b: Slot, detour_a_s: Var, detour_b_s: Var) -> Pair:
        """Relate two neighbours; earlier slots are filled first, in the order of the gaps."""
        same = self.model.new_bool_var("same")
        self.model.add_implication(b.used, a.used)
        self.model.add_implication(same, b.used)
        self.model.add(a.position == b.position).only_enforce_if(same)
        self.model.add(a.position + 1 <= b.position).only_enforce_if(~same, b.used)
        more = self.model.new_int_var(-UNREACHABLE_S, UNREACHABLE_S, "more")
        self.model.add(more == 0).only_enforce_if(~same)
        # Two detours in one gap are no shorter together than each of them: this bounds the search.
        self.model.add(more >= -detour_a_s)
        self.model.add(more >= -detour_b_s)
        self.costs.append(SCALE * more)
        return Pair(same, more)

    def _add_length(self, crew: Crew, slot: Slot) -> Var:
        """Bound the length and window of a slot, add up its costs, and return its detour.

        A break is long enough for every rule, and no longer than one asks for.
        """
        model = self.model
        longest_s = max((rule.rest_s for rule in crew.rules), default=0)
        edge_s = max((rule.edge_s for rule in crew.rules), default=0)
        detour_s: Var = 0
        for option, x in slot.chosen():
            vehicle = crew.lines[option.line].vehicle
            detour_s += crew.lines[option.line].detour_s(option.gap, option.spot) * x
            model.add(slot.earliest_s >= vehicle.start_s).only_enforce_if(x)
            model.add(slot.latest_s + slot.lasts_s <= vehicle.end_s).only_enforce_if(x)
            if option.charger is not None:
                model.add(slot.steps >= 1).only_enforce_if(x)
                continue
            model.add(slot.lasts_s >= piece_s(crew.rules)).only_enforce_if(x)
            model.add(slot.lasts_s <= -(-longest_s // STEP_S) * STEP_S).only_enforce_if(x)
            model.add(slot.earliest_s >= crew.driver.start_s + edge_s).only_enforce_if(x)
            model.add(slot.latest_s + slot.lasts_s <= crew.driver.end_s - edge_s).only_enforce_if(x)
        narrow = model.new_int_var(0, WIDE_S, "narrow")
        wide_s = WIDE_S * slot.used - slot.latest_s + slot.earliest_s
        model.add(narrow >= wide_s)
        rested_s = model.new_int_var(0, crew.driver.end_s, "rested")
        model.add(rested_s >= slot.lasts_s).only_enforce_if([~x for x in slot.charging])
        self.costs += [SCALE * ANOTHER_TASK_S * slot.used, narrow, slot.lasts_s]
        self.costs += [(RESTING - 1) * rested_s, SCALE * detour_s]
        return detour_s

    # The law: every time within the windows is lawful.

    def _counted(self, rule: BreakRule, crew: Crew, slot: Slot) -> Var:
        """Return how much of a slot is rest under a rule, whenever within its window it is."""
        if not slot.charging:
            return slot.lasts_s
        model = self.model
        rest_s = model.new_int_var(0, max(0, crew.driver.end_s), "rest")
        counts, charges = model.new_bool_var("counts"), sum(slot.charging)
        start_s, end_s = crew.driver.start_s + rule.edge_s, crew.driver.end_s - rule.edge_s
        model.add(rest_s == slot.lasts_s).only_enforce_if(counts)
        model.add(rest_s == 0).only_enforce_if(~counts)
        if not rule.while_charging:
            model.add(counts + charges == 1)
            return rest_s
        model.add(slot.lasts_s >= rule.piece_s).only_enforce_if(counts, slot.used)
        model.add(slot.earliest_s >= start_s).only_enforce_if(counts, slot.used)
        model.add(slot.latest_s + slot.lasts_s <= end_s).only_enforce_if(counts, slot.used)
        short, soon, late = (model.new_bool_var(name) for name in ("short", "soon", "late"))
        model.add(slot.lasts_s < rule.piece_s).only_enforce_if(short)
        model.add(slot.latest_s < start_s).only_enforce_if(soon)
        model.add(slot.earliest_s + slot.lasts_s > end_s).only_enforce_if(late)
        model.add_bool_or(counts, short, soon, late)
        return rest_s

    def _add_shift_rule(self, rule: BreakRule, crew: Crew, slots: list[Slot]) -> None:
        """Little work, or enough rest."""
        rested_s = sum(window.lasts_s for window in settled(rule, crew))
        rested_s += sum(self._counted(rule, crew, slot) for slot in slots)
        little = self.model.new_bool_var("little")
        lasts_s = crew.driver.end_s - crew.driver.start_s
        self.model.add(rested_s >= lasts_s - rule.work_s).only_enforce_if(little)
        self.model.add(rested_s >= rule.rest_s).only_enforce_if(~little)

    def _add_stretch_rule(self, rule: BreakRule, crew: Crew, slots: list[Slot]) -> None:
        """Follow since when, at worst, the driver has been working, and how much of it was rest."""
        model, driver = self.model, crew.driver
        since_s: Var = driver.start_s
        rested_s: Var = 0
        for window in settled(rule, crew):
            rested_s += window.lasts_s
            if rested_s >= rule.rest_s:
                since_s, rested_s = window.earliest_s + window.lasts_s, 0
        for slot in slots:
            counted_s = self._counted(rule, crew, slot)
            full = model.new_bool_var("full")
            since_next = model.new_int_var(driver.start_s, driver.end_s, "since")
            rested_next = model.new_int_var(0, driver.end_s, "rested")
            model.add(counted_s >= rule.piece_s).only_enforce_if(full)
            model.add(rested_s + counted_s >= rule.rest_s).only_enforce_if(full)
            model.add(slot.latest_s - since_s - rested_s <= rule.work_s).only_enforce_if(full)
            model.add(since_next <= slot.earliest_s + slot.lasts_s).only_enforce_if(full)
            model.add(rested_next == 0).only_enforce_if(full)
            # Half an hour is full as soon as it is: what comes after it counts anew.
            model.add(rested_s + counted_s < rule.rest_s).only_enforce_if(~full)
            model.add(since_next <= since_s).only_enforce_if(~full)
            model.add(rested_next == rested_s + counted_s).only_enforce_if(~full)
            since_s, rested_s = since_next, rested_next
        model.add(since_s + rested_s >= driver.end_s - rule.work_s)

    # The chargers: never more vehicles than places, whenever within its window each one comes.

    def _add_occupancy(self) -> None:
        for charger in self.wanted.chargers:
            busy = [
                self.model.new_fixed_size_interval_var(
                    window.earliest_s, window.latest_s + window.lasts_s - window.earliest_s, "kept"
                )
                for window in self.wanted.taken.get(charger.id, ())
            ]
            for crew, slots in self.crews:
                busy += [self._busy(crew, slot, charger.id) for slot in slots if slot.charging]
            if busy:
                self.model.add_cumulative(busy, [1] * len(busy), charger.places)

    def _busy(self, crew: Crew, slot: Slot, charger_id: str) -> Var:
        """Return the interval in which a slot may take a place of a charger."""
        horizon_s = 2 * crew.driver.end_s
        until_s = self.model.new_int_var(0, horizon_s, "until")
        lasts_s = self.model.new_int_var(0, horizon_s, "lasts")
        here = self.model.new_bool_var("here")
        taken = [
            x for o, x in slot.chosen() if o.charger is not None and o.charger.id == charger_id
        ]
        self.model.add(sum(taken) == here)
        self.model.add(until_s == slot.latest_s + slot.lasts_s)
        self.model.add(lasts_s == until_s - slot.earliest_s)
        return self.model.new_optional_interval_var(
            slot.earliest_s, lasts_s, until_s, here, charger_id
        )

    # The answer.

    def is_possible(self, budget: Budget) -> bool:
        """Whether anything is found that does, at whatever cost."""
        try:
            return self._solved(budget, 0) is not None
        except TimeoutError:
            return False

    def solve(self, budget: Budget) -> list[list[Placed]] | None:
        """Return the tasks of every driver, or ``None`` when there are none that do.

        First what is cheapest, then, for the same gaps and lengths, the widest windows.

        Raises ``TimeoutError`` when the budget does not suffice to find any.
        """
        self.model.minimize(sum(self.costs))
        first = self._solved(budget, SCALE * GOOD_ENOUGH_S)
        if first is None:
            return None
        for _, slots in self.crews:
            for slot in slots:
                for variable in (*slot.x, slot.steps):
                    self.model.add(variable == first.value(variable))
        self._widen()
        try:
            final = self._solved(budget, 0) or first
        except TimeoutError:
            final = first
        return [
            [self._placed(slot, final) for slot in slots if final.value(slot.used)]
            for _, slots in self.crews
        ]

    def _widen(self) -> None:
        """Ask for windows that are all wide, and then as wide as they may be."""
        least = self.model.new_int_var(0, 1000, "least")
        wide: list[Var] = []
        for _, slots in self.crews:
            for slot in slots:
                width = slot.to_step - slot.from_step
                wide.append(width)
                self.model.add(width >= least).only_enforce_if(slot.used)
        self.model.maximize(4 * least + sum(wide))

    def _solved(self, budget: Budget, gap: int) -> Var:
        solver = self.cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.absolute_gap_limit = gap
        solver.parameters.max_deterministic_time = budget.effort
        solver.parameters.max_time_in_seconds = budget.wall_s
        status = solver.solve(self.model)
        if status == self.cp.UNKNOWN:
            raise TimeoutError(f"nothing found with {budget}")
        if status == self.cp.MODEL_INVALID:
            raise ValueError(self.model.validate())
        return None if status == self.cp.INFEASIBLE else solver

    def _placed(self, slot: Slot, solved: Var) -> Placed:
        option = next(o for o, x in slot.chosen() if solved.value(x))
        window = (slot.earliest_s, slot.latest_s, slot.lasts_s)
        return Placed(option, Window(*(solved.value(value) for value in window)))


def piece_s(rules: Sequence[BreakRule]) -> int:
    """Return how long a break is at least, so that every rule counts it."""
    return max((rule.piece_s for rule in rules), default=STEP_S)


def slot_count(crew: Crew) -> int:
    """Return how many tasks a driver could need: for each rule a piece more than it asks for."""
    lasts_s, pieces = crew.driver.end_s - crew.driver.start_s, 0
    for rule in crew.rules:
        stretches = -(-lasts_s // (rule.work_s + rule.rest_s))
        pieces = max(pieces, 2 if rule.over is Over.SHIFT else stretches)
    return min(pieces, MOST_PIECES) + CHARGES * crew.charges


def settled(rule: BreakRule, crew: Crew) -> list[Window]:
    """Return the rests that a rule counts and nothing can change: taken ones, and locked ones."""
    taken = [Window(rest.start_s, rest.start_s, rest.lasts_s) for rest in crew.driver.rests]
    start_s, end_s = crew.driver.start_s + rule.edge_s, crew.driver.end_s - rule.edge_s
    return [
        window
        for window in (*taken, *crew.settled)
        if window.lasts_s >= rule.piece_s
        and start_s <= window.earliest_s
        and window.latest_s + window.lasts_s <= end_s
    ]
