"""What-if studies on a road one can walk in one's head: served, driven, paid, and how sure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from dispatcher import Plan, Route
from dispatcher.day import Moment
from maas.fleet.vehicles import on_shift
from maas.records.whatif import Result, Smallest, Study, study
from maas.records.whatif_asks import BusTie
from maas.records.whatif_changes import Free, MoreVehicles, Variant, VariantError, changed
from maas.records.whatif_day import Luck, Prices, demand, figures, play
from maas.records.whatif_desk import Desk, widest
from maas.records.whatif_figures import MINUTES, Figures, interval
from maas.records.whatif_runs import CancelledError, Done, Piece, Pool, Run, Work, here, pieces
from maas.rides.quote import Now, Wish, seek, wish
from tests.maas.records.whatif_line import DAY, NINE, QUICK, asks, crowd, line_town

CALM = Luck(noise=0.0, late=0.0)
PRICES = Prices(hour_yen=1000, km_yen=100)


def test_one_ride_is_driven_paid_and_counted_to_the_metre() -> None:
    town = line_town()

    played = play(town, DAY, asks((3, 7, NINE)), seed=1, luck=CALM, effort=QUICK)
    found = figures(played, town, PRICES)

    # From the depot at 1 to 3, on to 7; nobody has to bring the van home in the record.
    assert (found.asked, found.served, found.refused, found.riders) == (1, 1, 0, 1)
    assert (found.metres, found.empty_m) == (3000, 1000)
    assert (found.fares_yen, found.cost_yen) == (500, 9 * 1000 + 300)
    assert (found.promised, found.kept, found.waits[0]) == (1, 1, 1)
    assert (found.ride_s, found.direct_s, found.shift_s) == (240, 240, 9 * 3600)


def test_two_who_ride_together_pay_the_shared_fare() -> None:
    town = line_town()

    played = play(town, DAY, asks((3, 7, NINE), (4, 8, NINE)), seed=1, luck=CALM, effort=QUICK)
    found = figures(played, town, PRICES)

    assert (found.served, found.shared, found.fares_yen) == (2, 2, 600)


def test_the_desk_promises_the_first_offer_of_the_service() -> None:
    town, [asked] = line_town(2), asks((3, 7, NINE))
    routes = {row.id: Route(on_shift(row, None, None)) for row in town.taxis}
    moment = Moment(asked.called_s, Plan(0, routes, {}), town.drives)
    desk = Desk(town, {asked.id: asked}, QUICK)

    decision = desk.answer(moment, widest(asked))

    yesterday = Now(DAY - timedelta(days=1), asked.called_s)
    wished = wish(
        asked.ask, DAY, yesterday, town.rules, town.places, town.reachable, town.members[1]
    )
    assert isinstance(wished, Wish)
    offers = seek(wished, moment.plan, town.drives)
    assert isinstance(offers, list)
    assert decision.plan.requests[asked.id] == replace(offers[0].promise, id=asked.id)
    assert decision.offered_s == offers[0].pickup_s


def test_a_rule_of_the_town_refuses_before_any_vehicle_is_asked() -> None:
    late = [replace(each, called_s=NINE - 300) for each in asks((3, 7, NINE))]

    played = play(line_town(), DAY, late, seed=1, luck=CALM, effort=QUICK)

    assert played.desk.reasons == {"ask-1": "too_late"}


def test_who_was_not_there_in_the_past_is_not_there_again_unless_luck_decides() -> None:
    town, gone = line_town(), [replace(each, came=False) for each in asks((3, 7, NINE))]

    again = figures(play(town, DAY, gone, seed=1, luck=CALM, effort=QUICK), town, PRICES)
    drawn = Luck(noise=0.0, late=0.0, no_show=0.0)
    lucky = figures(play(town, DAY, gone, seed=1, luck=drawn, effort=QUICK), town, PRICES)

    assert (again.absent, again.served) == (1, 0)
    assert (lucky.absent, lucky.served) == (0, 1)


def test_who_calls_off_in_time_is_not_fetched() -> None:
    town = line_town()
    off = [replace(each, left_s=NINE - 3600) for each in asks((3, 7, NINE))]

    found = figures(play(town, DAY, off, seed=1, luck=CALM, effort=QUICK), town, PRICES)

    assert (found.served, found.refused, found.metres, found.promised) == (0, 0, 0, 0)


def test_a_ride_to_a_bus_that_runs_no_more_is_not_wanted() -> None:
    [asked] = asks((3, 7, NINE))
    tied = replace(asked, bus=BusTie("S", "to_bus", NINE + 600, runs=False))

    played = play(line_town(), DAY, [tied], seed=1, luck=CALM, effort=QUICK)

    assert played.desk.reasons == {"ask-1": "no_bus"}


def test_free_rides_cost_nothing_on_their_days_and_for_their_tags_only() -> None:
    town = line_town()
    played = play(town, DAY, asks((3, 7, NINE)), seed=1, luck=CALM, effort=QUICK)

    def yen(free: Free | None) -> int:
        return figures(played, town, PRICES, free).fares_yen

    assert yen(Free(weekdays=("wed",))) == 0
    assert yen(Free(weekdays=("thu",))) == 500
    assert yen(Free(tags=("aicard",))) == 500
    assert yen(Free()) == 0


@pytest.mark.parametrize(
    ("variant", "why"),
    [
        (Variant(name="x", without=("bus",)), "bus"),
        (Variant(name="x", without=("van-1",)), "no vehicle"),
        (Variant(name="x", shifts={"van-1": "12:00/09:00"}), "ends before"),
        (Variant(name="x", booking={"window_min": 0}), "window_min"),
        (Variant(name="x", booking={"nonsense": 1}), "nonsense"),
        (Variant(name="x", hours={"valid_from": "2026-01-01"}), "valid_from"),
    ],
)
def test_a_variant_that_cannot_be_says_why(variant: Variant, why: str) -> None:
    with pytest.raises(VariantError, match=why):
        changed(line_town(), variant)


def test_vehicles_are_added_and_shifted_as_a_variant_says() -> None:
    more = (MoreVehicles(like="van-1", count=2, shift="09:00/11:00", seats=8),)
    town = changed(line_town(), Variant(name="x", more=more, shifts={"van-1": "08:00/12:00"}))

    found = [(row.seats, row.shift_from_s, row.shift_to_s) for row in town.taxis]
    assert found == [(4, 28_800, 43_200), (8, 32_400, 39_600), (8, 32_400, 39_600)]
    assert len({row.id for row in town.taxis}) == 3


def test_more_demand_is_others_with_the_same_trips_and_less_is_some_of_them() -> None:
    asked = crowd(40)

    more = demand(asked, Variant(name="x", demand_percent=150), seed=3)
    less = demand(asked, Variant(name="x", demand_percent=50), seed=3)

    assert 50 < len(more) < 70
    assert len({each.id for each in more}) == len(more)
    assert 10 < len(less) < 30
    assert {each.id for each in less} < {each.id for each in asked}
    assert demand(asked, Variant(name="x", demand_percent=50), seed=3) == less


def question(**other: object) -> Study:
    fields = {"name": "試算", "first": DAY, "last": DAY, "seeds": 3, "luck": Luck(noise=0.1)}
    return Study(**(fields | other))  # type: ignore[arg-type]


def answered(asked: Study, *, run: Run = here, vehicles: int = 1, days: int = 1) -> Result:
    several = [DAY + timedelta(days=7 * n) for n in range(days)]
    town = line_town(vehicles)
    return study(asked, town, [crowd(days=several)], {}, run=run, effort=QUICK)


MORE = Variant(name="もう1台", more=(MoreVehicles(like="van-1"),))


def test_another_van_serves_more_and_the_same_study_has_the_same_hash() -> None:
    first, again = answered(question(variants=(MORE,))), answered(question(variants=(MORE,)))

    assert first == again
    base, more = first.variants
    assert base.against["served"].mean == 0
    assert more.against["served"].mean > 0
    assert more.against["vehicle_hours"].mean == 9
    assert more.measures["cost_yen"].mean > base.measures["cost_yen"].mean


def test_the_smallest_fleet_serves_so_many_and_one_vehicle_less_does_not() -> None:
    found = answered(question(smallest=Smallest(serves_percent=98)))

    by_name = {each.name: each.measures["served_percent"].mean for each in found.variants}
    assert found.smallest is not None
    count = int(found.smallest.removesuffix("台"))
    assert by_name[f"{count}台"] >= 98
    assert by_name[f"{count - 1}台"] < 98


def test_progress_only_grows_also_while_a_fleet_is_looked_for() -> None:
    told: list[tuple[int, int]] = []
    ask = question(smallest=Smallest(serves_percent=98))
    study(
        ask, line_town(2), [crowd()], {}, run=here, effort=QUICK,
        tell=lambda done, total: told.append((done, total)),
    )  # fmt: skip

    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len({total for _, total in told}) == 1
    assert told[-1][0] <= told[-1][1]


def test_the_order_in_which_pieces_are_done_does_not_matter() -> None:
    def backwards(work: Work, todo: Sequence[Piece]) -> Done:
        yield from here(work, list(reversed(todo)))

    asked = question(variants=(MORE,))
    assert answered(asked, days=9) == answered(asked, run=backwards, days=9)


def test_a_cancelled_study_ends_with_the_piece_that_is_being_done() -> None:
    done: list[int] = []

    def counted(work: Work, todo: Sequence[Piece]) -> Iterator[tuple[Piece, Figures]]:
        for each in here(work, todo):
            done.append(1)
            yield each

    with pytest.raises(CancelledError):
        study(
            question(variants=(MORE,)), line_town(), [crowd()], {}, run=counted,
            wanted=lambda: len(done) < 2, effort=QUICK,
        )  # fmt: skip
    assert len(done) == 2


def test_an_interval_is_students_and_one_seed_is_not_sure() -> None:
    assert interval([5.0]) == interval([5.0])
    assert interval([5.0]).low is None
    found = interval([1.0, 2.0, 3.0])
    assert found.mean == 2.0
    assert found.high == pytest.approx(2 + 4.30265 / 3**0.5, rel=1e-4)
    assert not found.is_clear
    assert interval([10.0, 11.0, 12.0]).is_clear


def test_figures_add_up_and_survive_json() -> None:
    one = Figures(days=1, asked=3, waits=(1,) * MINUTES, reasons={"busy": 2})
    two = one + Figures(days=2, reasons={"busy": 1, "full": 1})

    assert (two.days, two.asked, two.waits[5], two.reasons) == (3, 3, 1, {"busy": 3, "full": 1})
    assert msgspec.json.decode(msgspec.json.encode(two), type=Figures) == two


def test_every_day_of_every_variant_and_seed_is_in_one_piece() -> None:
    days = {DAY + timedelta(days=n): () for n in range(9)}
    work = Work((line_town(),), (MORE, MORE), ((days,), (days,)), CALM, PRICES, QUICK, 0)

    found = pieces(work, [0, 1], 2)

    covered = [(piece.variant, piece.seed, day) for piece in found for day in piece.days]
    assert sorted(covered) == sorted((v, s, day) for v in (0, 1) for s in (0, 1) for day in days)


@pytest.mark.heavy
def test_a_pool_gives_the_same_figures_and_ends_its_processes() -> None:
    asked = question(variants=(MORE,), seeds=2)

    assert answered(asked, run=Pool(2), days=3) == answered(asked, days=3)
