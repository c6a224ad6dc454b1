"""The variables of tasks in routes: part of the model that ``placing`` builds and solves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from dispatcher.gaps import STEP_S, Driver, Line, Option, chords_of
from dispatcher.model import UNREACHABLE_S, Battery

Var: TypeAlias = Any
"""A variable or expression of CP-SAT, which has no types."""


class Slot:
    """The variables of one slot; all of them lie at their least while it is empty."""

    def __init__(self, model: Var, driver: Driver, options: list[Option]) -> None:
        low = -(-driver.start_s // STEP_S)
        high = max(low, driver.end_s // STEP_S)
        self.options = options
        self.x = [model.new_bool_var("x") for _ in options]
        self.used = model.new_bool_var("used")
        self.steps = model.new_int_var(0, high - low, "steps")
        self.from_step = model.new_int_var(low, high, "from")
        self.to_step = model.new_int_var(low, high, "to")
        self.begin_s = model.new_int_var(low * STEP_S, high * STEP_S, "begin")
        self.earliest_s, self.latest_s = STEP_S * self.from_step, STEP_S * self.to_step
        self.lasts_s = STEP_S * self.steps
        self.position = sum(o.position * x for o, x in self.chosen())
        model.add(sum(self.x) == self.used)
        model.add(self.earliest_s <= self.begin_s)
        model.add(self.begin_s <= self.latest_s)
        model.add(self.steps == 0).only_enforce_if(~self.used)
        model.add(self.to_step == low).only_enforce_if(~self.used)

    def chosen(self) -> Iterator[tuple[Option, Var]]:
        """Yield every option with the literal that says it is taken."""
        yield from zip(self.options, self.x, strict=True)

    @property
    def charging(self) -> list[Var]:
        """The literals of the options at a charger."""
        return [x for option, x in self.chosen() if option.charger is not None]


class Pair(NamedTuple):
    """Two neighbouring slots: whether they share a gap, and what the drive costs more then."""

    same: Var
    more: Var


class _Levels(NamedTuple):
    """Lower bounds for what is in a battery at every node, before and after a charge there."""

    arrives: list[Var]
    leaves: list[Var]


class RouteModel:
    """A route in the model: when its nodes begin, and what is in its battery then."""

    def __init__(
        self, model: Var, at: int, line: Line, slots: list[Slot], pairs: list[Pair]
    ) -> None:
        self.model, self.at, self.line, self.slots, self.pairs = model, at, line, slots, pairs
        self.times = self._times()
        self.levels = None if line.vehicle.battery is None else self._levels(line.vehicle.battery)
        self._add_legs()
        charged = [self._charged(slot) for slot in slots]
        for k in range(len(slots)):
            self._add_visit(k, charged[k])
            if k > 0:
                self._add_pair(k, charged[k - 1], charged[k])

    def _times(self) -> list[Var]:
        nodes, model = self.line.nodes, self.model
        times = []
        for node in range(self.line.last + 1):
            early, late = int(nodes.early[node]), int(nodes.late[node])
            times.append(model.new_int_var(early, max(early, late), "t"))
        for node, first in enumerate(nodes.pickup.tolist()):
            if first >= 0:
                model.add(times[node] - times[first] <= int(nodes.ride[node]))
        return times

    def _levels(self, battery: Battery) -> _Levels:
        model, capacity_wh = self.model, battery.capacity_wh
        arrives = [
            model.new_int_var(battery.reserve_wh, capacity_wh, "wh")
            for _ in range(self.line.last + 1)
        ]
        model.add(arrives[-1] >= self.line.ready_wh)
        model.add(arrives[0] == battery.now_wh)
        leaves = [
            self._filled(battery, level, int(power_w), int(lasts_s) // STEP_S) if power_w else level
            for level, power_w, lasts_s in zip(
                arrives, self.line.nodes.charge_w, self.line.nodes.service, strict=True
            )
        ]
        return _Levels(arrives, leaves)

    def _filled(self, battery: Battery, before: Var, power_w: int, steps: Var) -> Var:
        """Return what so many steps at a charger leave in a battery at least.

        A level above the taper counts as the taper, from where it rises more steeply.
        """
        model, capacity_wh = self.model, battery.capacity_wh
        chords = chords_of(battery)
        after = model.new_int_var(0, capacity_wh, "filled")
        counted = model.new_int_var(0, chords[0].from_wh, "counted")
        model.add(counted <= before)
        steady = 12 * counted + power_w * steps  # a step is a twelfth of an hour
        model.add(12 * after <= steady)
        for slope, from_wh, at_from_wh in chords:
            rise = slope.numerator * (steady - 12 * from_wh)
            model.add(slope.denominator * 12 * (after - at_from_wh) <= rise)
        return after

    def _add_legs(self) -> None:
        """A gap without tasks is driven through."""
        line, model, nodes = self.line, self.model, self.line.nodes
        for gap in range(line.last):
            here = [
                x for s in self.slots for o, x in s.chosen() if (o.line, o.gap) == (self.at, gap)
            ]
            empty = model.new_bool_var("empty")
            model.add_bool_or([*here, empty])
            for x in here:
                model.add_implication(x, ~empty)
            moving_s = int(nodes.service[gap] + nodes.leg[gap])
            model.add(self.times[gap + 1] >= self.times[gap] + moving_s).only_enforce_if(empty)
            if self.levels is not None:
                use_wh = int(nodes.use[gap] + nodes.riders[gap] * nodes.use_rider[gap])
                left = self.levels.leaves[gap] - use_wh
                model.add(self.levels.arrives[gap + 1] <= left).only_enforce_if(empty)

    def _charged(self, slot: Slot) -> tuple[Var, Var]:
        """Return the level before and after a slot: no more than the charger's curve gives."""
        model, battery = self.model, self.line.vehicle.battery
        if battery is None or self.levels is None:
            return 0, 0
        before = model.new_int_var(battery.reserve_wh, battery.capacity_wh, "before")
        after = model.new_int_var(battery.reserve_wh, battery.capacity_wh, "after")
        model.add(after <= before).only_enforce_if([~x for x in slot.charging])
        for power_w in sorted({o.charger.power_w for o in slot.options if o.charger is not None}):
            filled = self._filled(battery, before, power_w, slot.steps)
            for option, x in slot.chosen():
                charger = option.charger
                if option.line == self.at and charger is not None and charger.power_w == power_w:
                    model.add(after <= filled).only_enforce_if(x)
        return before, after

    def _add_visit(self, k: int, charged: tuple[Var, Var]) -> None:
        """Join a slot to the nodes around it, unless a neighbour lies between."""
        model, line, slot = self.model, self.line, self.slots[k]
        first = [~self.pairs[k - 1].same] if k > 0 else []
        final = [~self.pairs[k].same] if k < len(self.pairs) else []
        for option, x in slot.chosen():
            if option.line != self.at:
                continue
            gap, spot = option.gap, option.spot
            ready_s = self.times[gap] + int(line.nodes.service[gap]) + line.into[gap][spot]
            model.add(slot.begin_s >= ready_s).only_enforce_if(x, *first)
            done_s = slot.begin_s + slot.lasts_s + line.out[spot][gap + 1]
            model.add(self.times[gap + 1] >= done_s).only_enforce_if(x, *final)
            if self.levels is not None:
                before, after = charged
                left = self.levels.leaves[gap] - line.into_wh[gap][spot]
                model.add(before <= left).only_enforce_if(x, *first)
                left = after - line.out_wh[spot][gap + 1]
                model.add(self.levels.arrives[gap + 1] <= left).only_enforce_if(x, *final)

    def _add_pair(self, k: int, earlier: tuple[Var, Var], later: tuple[Var, Var]) -> None:
        """From one task to the next in the same gap, and what that drive costs more or less."""
        model, line, a, b = self.model, self.line, self.slots[k - 1], self.slots[k]
        more = self.pairs[k - 1].more
        for one, x in a.chosen():
            for two, y in b.chosen():
                if one.line != self.at or one.position != two.position:
                    continue
                between_s = line.mid[one.spot][two.spot]
                if between_s >= UNREACHABLE_S:
                    model.add_bool_or([~x, ~y])
                    continue
                ready_s = a.begin_s + a.lasts_s + between_s
                model.add(b.begin_s >= ready_s).only_enforce_if(x, y)
                apart_s = line.out[one.spot][one.gap + 1] + line.into[two.gap][two.spot]
                model.add(
                    more >= between_s + int(line.nodes.leg[one.gap]) - apart_s
                ).only_enforce_if(x, y)
                if self.levels is not None:
                    left = earlier[1] - line.mid_wh[one.spot][two.spot]
                    model.add(later[0] <= left).only_enforce_if(x, y)
