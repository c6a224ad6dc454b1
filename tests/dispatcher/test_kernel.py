"""The cheap tests of the search let through exactly what windows and room allow."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from dispatcher.fleet import Fleet, party_of
from dispatcher.model import Request
from tests.dispatcher.draw import Case, cases_and_parties
from tests.dispatcher.oracle import best_times, cost, has_room, is_feasible, places_for, with_party

FOREVER_S = 10**6


def without_ride_limits(case: Case) -> Case:
    """Only who is on board already still has to get out in time."""
    eased = {
        id_: request if id_ in case.route.boarded_s else replace(request, ride_max_s=FOREVER_S)
        for id_, request in case.requests.items()
    }
    return Case(case.route, eased, case.town)


def promising(case: Case, party: Request) -> int:
    """How many places, in the order of the search, windows and room allow at a lower cost."""
    count, best = 0, float("inf")
    for i, j in places_for(case):
        grown = with_party(case, party, i, j)
        if not has_room(grown) or best_times(without_ride_limits(grown)) is None:
            continue
        if cost(grown) < best:
            count += 1
            best = cost(grown) if is_feasible(grown) else best
    return count


@settings(max_examples=250, deadline=None, derandomize=True)
@given(cases_and_parties())
def test_only_promising_places_cost_an_exact_test(drawn: tuple[Case, Request]) -> None:
    case, party = drawn
    approach = Fleet(case.plan, case.travel).approach(party.origin, party.destination)

    found = approach.search(party_of(party))

    assert found.tried.tolist() == [promising(case, party)]
