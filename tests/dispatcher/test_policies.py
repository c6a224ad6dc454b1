"""What callers are told: the planned pickup or later, and never more than can be kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.check import check
from dispatcher.cost import plan_cost_s
from dispatcher.day import Call, Chances, Decision, Moment
from dispatcher.insert import insert, insertions
from dispatcher.model import Place, Plan, Request, Route, Vehicle
from dispatcher.policies import Insert, Shuffle, planned_pickup_s, rescued
from dispatcher.search import MaxIterations
from dispatcher.simulate import simulate
from tests.dispatcher.test_simulate import Road, day, party, some_calls

TOWN = {"car": Road()}


def moment(plan: Plan, now_s: int = 0, stranded: tuple[str, ...] = ()) -> Moment:
    return Moment(now_s, plan, TOWN, stranded)


def one_van(seats: int = 4) -> Plan:
    van = Vehicle("a", Place(0), None, 0, 36_000, seats=seats)
    return Plan(0, {"a": Route(van)}, {})


def window(decision: Decision, request_id: str) -> tuple[int, int]:
    told = decision.plan.requests[request_id]
    return told.earliest_pickup_s, told.latest_pickup_s


@pytest.mark.parametrize(
    ("policy", "offered_s", "kept"),
    [
        (Insert(within_s=200), 600, (400, 800)),
        (Insert(within_s=200, later_s=150), 750, (550, 950)),
        (Insert(within_s=200, later_s=150, buffer_s=100), 750, (550, 850)),
    ],
)
def test_the_pickup_told_and_what_it_leaves(
    policy: Insert, offered_s: int, kept: tuple[int, int]
) -> None:
    answer = policy.answer(moment(one_van()), party("ann", 10, 12))

    assert answer.offered_s == offered_s
    assert window(answer, "ann") == kept
    assert check(answer.plan, TOWN) == []


def test_nobody_is_told_more_than_they_would_wait() -> None:
    answer = Insert(later_s=200).answer(moment(one_van()), party("ann", 10, 12, wait_s=650))

    assert answer.offered_s == 650
    assert window(answer, "ann") == (352, 650)


def test_who_books_ahead_is_told_a_time_all_of_whose_promise_can_be_planned_with() -> None:
    """Planned for 600 of at most 700: told 700, only the time from 500 on would be left."""
    policy = Insert(within_s=200, later_s=200)

    at_once = policy.answer(moment(one_van()), party("ann", 10, 12, wait_s=700))
    assert (at_once.offered_s, *window(at_once, "ann")) == (700, 500, 700)
    ahead = policy.answer(moment(one_van()), party("ann", 10, 12, 100, wait_s=600))
    assert (ahead.offered_s, *window(ahead, "ann")) == (500, 300, 700)
    hasty = policy.answer(moment(one_van()), party("ann", 1, 12, 50, wait_s=100))
    assert (hasty.offered_s, *window(hasty, "ann")) == (50, 50, 150)
    careful = Insert(within_s=200, later_s=200, buffer_s=50)
    late = careful.answer(moment(one_van()), party("ann", 10, 12, 100, wait_s=600))
    assert (late.offered_s, *window(late, "ann")) == (700, 500, 650)


def test_the_buffer_is_kept_from_the_end_of_what_is_asked() -> None:
    careful = Insert(later_s=100, buffer_s=100)

    assert careful.answer(moment(one_van()), party("a", 10, 12, wait_s=699)).offered_s is None
    answer = careful.answer(moment(one_van()), party("b", 10, 12, wait_s=700))
    assert answer.offered_s == 700
    assert window(answer, "b")[1] == 600


@pytest.mark.parametrize(("later_s", "buffer_s"), [(299, 0), (-1, 0), (0, 299), (0, -1)])
def test_a_promise_that_is_late_at_once_is_refused(later_s: int, buffer_s: int) -> None:
    with pytest.raises(ValueError, match="_s="):
        Insert(later_s=later_s, buffer_s=buffer_s)


def full_van() -> tuple[Plan, Request]:
    """Ann is to be fetched at 4 and Bob at 2, in that order; Cat fits in once Bob goes first."""
    plan = one_van()
    ann, bob = party("ann", 4, 9, wait_s=2000), party("bob", 2, 8, wait_s=2000)
    for request in (ann, bob):
        found = insertions(plan, request, TOWN)[-1]
        plan = insert(plan, request, found)
    return plan, party("cat", 6, 7)


def test_others_are_moved_within_their_promises_before_anybody_is_refused() -> None:
    days = [day(*some_calls(seed, count=24)) for seed in range(8)]
    plain = [simulate(today, Insert(within_s=300)) for today in days]
    moving = [simulate(today, Shuffle(within_s=300, iterations=0)) for today in days]

    assert sum(d.served_share for d in plain) < sum(d.served_share for d in moving)
    assert all(d.kept_share() == 1.0 for d in moving)


def test_the_more_parties_there_are_the_fewer_turns_come_before_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A turn takes longer then; nobody should wait longer for a no."""
    turns: list[int] = []

    def nothing(
        _plan: Plan, _party: Request, _travel: object, *, stop: MaxIterations, seed: int
    ) -> None:
        turns.append(stop.count)

    monkeypatch.setattr("dispatcher.policies.shuffle_in", nothing)
    two, _ = full_van()
    for plan in (one_van(), two):
        Shuffle(shuffles=600).answer(moment(plan), party("far", 500, 501, wait_s=60))

    assert turns == [600, 200]


def test_others_are_moved_for_less_driving_before_anybody_is_told_when() -> None:
    """Van a was to fetch Ann, whom b is nearer to; Cat, at a's side, finds a on its way there."""
    vans = [Vehicle(id_, Place(at), None, 0, 36_000, seats=4) for id_, at in (("a", 0), ("b", 20))]
    plan, ann = Plan(0, {van.id: Route(van) for van in vans}, {}), party("ann", 19, 22)
    plan = insert(plan, ann, next(i for i in insertions(plan, ann, TOWN) if i.vehicle_id == "a"))

    hasty, settled = (
        Shuffle(settle=count).answer(moment(plan), party("cat", 2, 1)) for count in (0, 200)
    )

    assert "ann" in hasty.plan.routes["a"].request_ids
    assert "ann" in settled.plan.routes["b"].request_ids
    assert (hasty.offered_s, settled.offered_s) == (120, 120)
    assert plan_cost_s(settled.plan, TOWN) < plan_cost_s(hasty.plan, TOWN)


def test_a_review_never_makes_the_plan_dearer() -> None:
    plan, _ = full_van()
    review = Shuffle(iterations=200).review(moment(plan))

    assert check(review.plan, TOWN) == []
    assert review.plan.requests == plan.requests


def test_a_buffer_keeps_promises_on_days_when_drives_vary() -> None:
    calls = [Call(2000 * n, party(str(n), 4, 14, 2000 * n)) for n in range(12)]
    today, noise = day(*calls, vans=2), Chances(noise=0.4)

    bare = [simulate(today, Insert(), seed=s, chances=noise) for s in range(6)]
    careful = [
        simulate(today, Insert(later_s=250, buffer_s=300), seed=s, chances=noise) for s in range(6)
    ]

    assert sum(d.kept_share() for d in careful) > sum(d.kept_share() for d in bare)


def test_the_stranded_are_fetched_as_soon_as_may_be() -> None:
    ann = replace(party("ann", 10, 12), latest_pickup_s=100, latest_dropoff_s=900)
    plan = replace(one_van(), requests={"ann": ann})

    helped = rescued(moment(plan, stranded=("ann",)))

    assert planned_pickup_s(helped, "ann", moment(helped)) == 600
    assert helped.requests["ann"].latest_pickup_s == 700


def test_who_cannot_be_fetched_stays_stranded() -> None:
    many = replace(party("many", 1, 2), seats=9)
    plan = replace(one_van(), requests={"many": many})

    assert rescued(moment(plan, stranded=("many",))).route_of("many") is None


def test_a_party_without_a_route_has_no_planned_pickup() -> None:
    with pytest.raises(ValueError, match="no feasible route"):
        planned_pickup_s(one_van(), "ann", moment(one_van()))
