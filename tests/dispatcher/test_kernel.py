"""The cheap tests of the search let through exactly what windows and room allow."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings

from dispatcher.fleet import Fleet, party_of
from dispatcher.model import Request, Route
from tests.dispatcher.draw import Case, cases_and_parties, full_cases_and_parties
from tests.dispatcher.oracle import best_times, cost, has_room, is_feasible, places_for, with_party
from tests.dispatcher.test_schedule import VAN, ride, stops
from tests.towns import LineTown

FOREVER_S = 10**6


def without_ride_limits(case: Case) -> Case:
    """Only who is on board already still has to get out in time."""
    eased = {
        id_: request if id_ in case.route.boarded_s else replace(request, ride_max_s=FOREVER_S)
        for id_, request in case.requests.items()
    }
    return Case(case.route, eased, case.town)


def tried(case: Case, party: Request) -> int:
    approach = Fleet(case.plan, case.travel).approach(party.origin, party.destination)
    return int(approach.search(party_of(party), request=party).tried.sum())


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


def test_an_arrival_that_may_not_be_early_is_weighed_against_those_behind() -> None:
    a = ride("a", 4, 9, latest_dropoff_s=1500)
    case = Case(Route(VAN, stops("+a -a")), {"a": a}, LineTown())
    party = ride("b", 3, 8, earliest_dropoff_s=1450)

    # Waiting at 8 until 1450 with a on board would bring a to 9 at 1540.
    assert tried(case, party) == promising(case, party) > 0


def test_waiting_to_set_down_is_weighed_against_the_next_pickup() -> None:
    a = ride("a", 4, 9, latest_pickup_s=600)
    case = Case(Route(VAN, stops("+a -a")), {"a": a}, LineTown())
    party = ride("b", 1, 2, earliest_dropoff_s=1000)

    assert tried(case, party) == promising(case, party) > 0


def test_a_wait_for_others_is_weighed_against_the_own_arrival() -> None:
    a = ride("a", 4, 9, earliest_pickup_s=1000)
    case = Case(Route(VAN, stops("+a -a")), {"a": a}, LineTown())
    party = ride("b", 3, 8, latest_dropoff_s=1100)

    assert tried(case, party) == promising(case, party) > 0


def test_a_party_that_makes_the_next_stop_late_is_carried_no_further() -> None:
    a = ride("a", 4, 9, latest_pickup_s=500)
    case = Case(Route(VAN, stops("+a -a")), {"a": a}, LineTown())
    party = ride("b", 3, 8, earliest_pickup_s=400)

    # On board at 460, which is soon enough, but at 4 a minute later, which is not.
    assert tried(case, party) == promising(case, party) > 0


@settings(max_examples=250, deadline=None, derandomize=True)
@given(cases_and_parties() | full_cases_and_parties())
def test_only_promising_places_cost_an_exact_test(drawn: tuple[Case, Request]) -> None:
    case, party = drawn
    # A route that is late already is told from one that is not by the exact test alone.
    assume(best_times(without_ride_limits(case)) is not None)

    assert tried(case, party) == promising(case, party)
