"""The money of a day: whatever happens, each vehicle's bag is the fares of its rides."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from maas.fares.bag import Taking, reconcile
from maas.fares.price import Journey, fare, riders_of
from maas.fares.shared import Interval, was_shared
from maas.town.calendars import Party
from maas.town.tariffs import ShortTariff

PAGE = ShortTariff(
    id="page", area="town", valid_from=date(2021, 10, 1), base_yen=500, shared_yen=300,
    transfer_yen=100,
).spelled_out()  # fmt: skip

legs = st.tuples(st.integers(0, 30), st.integers(1, 15))
bookings = st.tuples(
    st.sampled_from(["van-1", "van-2"]),
    legs,
    st.integers(1, 3),
    st.sampled_from(["done", "done", "done", "cancelled", "no_show"]),
    st.integers(0, 2),  # vouchers of 200 yen handed over
    st.sampled_from([0, 0, 0, 50, -50]),  # cash too much or too little
    st.sampled_from(["", "", "cash", "fare", "voucher"]),  # what is given back afterwards
)


@settings(max_examples=150, deadline=None)
@given(st.lists(bookings, max_size=8))
def test_each_bag_is_the_fares_of_its_rides_whatever_happened(
    day: list[tuple[str, tuple[int, int], int, str, int, int, str]],
) -> None:
    rode = [
        (van, Interval(start, start + long), riders, papers, slip, back)
        for van, (start, long), riders, state, papers, slip, back in day
        if state == "done"
    ]
    fares: dict[str, list[int]] = {"van-1": [], "van-2": []}
    takings: dict[str, list[Taking]] = {"van-1": [], "van-2": []}
    # The oracle: a purse of coins and a stack of papers, as the driver would keep them.
    purse, stack, owed = dict.fromkeys(fares, 0), dict.fromkeys(fares, 0), dict.fromkeys(fares, 0)
    for n, (van, time, riders, papers, slip, back) in enumerate(rode):
        others = [each[1] for m, each in enumerate(rode) if m != n and each[0] == van]
        shared = was_shared(time, others)
        yen = fare(PAGE, riders_of(Party(riders)), Journey(shared=shared)).yen
        assert yen == riders * (300 if shared or riders > 1 else 500)
        fares[van].append(yen)
        owed[van] += yen
        due = yen
        for _ in range(papers):
            paid = min(200, due)
            if paid:
                takings[van].append(Taking("voucher", paid, "taxi", 1))
                stack[van] += 1
                due -= paid
        cash = max(0, due + slip)
        takings[van].append(Taking("cash", cash))
        purse[van] += cash
        if back == "cash":
            takings[van] += [Taking("fare", -due), Taking("cash", -due)]
            purse[van] -= due
            owed[van] -= due
        elif back == "fare":
            takings[van].append(Taking("fare", -10))
            owed[van] -= 10
        elif back == "voucher" and papers:
            takings[van].append(Taking("voucher", -min(200, yen), "taxi", -1))
            stack[van] -= 1

    bags = {van: reconcile(fares[van], takings[van]) for van in fares}

    assert sum(bag.fares_yen for bag in bags.values()) == sum(map(sum, fares.values()))
    for van, bag in bags.items():
        assert bag.due_yen == owed[van]
        assert bag.due_yen == bag.cash_yen + bag.vouchers_yen + bag.open_yen
        assert bag.bag_yen == purse[van]
        assert sum(pile.count for pile in bag.vouchers) == stack[van]
        assert bag.rides == len(fares[van])


def test_change_money_is_in_the_bag_and_not_in_the_fares() -> None:
    bag = reconcile([500], [Taking("float", 5000), Taking("cash", 500)])

    assert (bag.bag_yen, bag.due_yen, bag.open_yen) == (5500, 500, 0)


def test_what_was_not_taken_is_open() -> None:
    short, over = (reconcile([500], [Taking("cash", yen)]) for yen in (400, 600))

    assert (short.open_yen, over.open_yen) == (100, -100)
