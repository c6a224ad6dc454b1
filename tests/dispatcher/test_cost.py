"""The one measure of better."""

from __future__ import annotations

from hypothesis import given, settings

from dispatcher.cost import plan_cost_s, route_cost_s
from dispatcher.model import Plan, Route
from tests.dispatcher.draw import Case, cases, full_cases
from tests.dispatcher.oracle import cost
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride, stops


def test_driving_costs_its_seconds_and_an_eighth_more_for_each_rider() -> None:
    a = ride("a", 3, 9, seats=1, wheelchairs=1)
    plan = Plan(1, {"van": Route(VAN, stops("+a -a"))}, {"a": a})

    assert plan_cost_s(plan, TRAVEL) == 180 + 360 * 1.25 + 540


def test_a_plan_costs_what_its_routes_cost() -> None:
    assert plan_cost_s(Plan(1, {}, {}), TRAVEL) == 0


@settings(max_examples=100, deadline=None, derandomize=True)
@given(cases() | full_cases())
def test_every_leg_is_paid_once_with_everybody_on_it(case: Case) -> None:
    assert route_cost_s(case.route, case.plan, case.travel) == cost(case)
