"""What a ride costs: the golden cases of the town's page, and properties checked another way."""

from __future__ import annotations

import math
from datetime import date

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from maas.fares.price import Journey, fare, riders_of
from maas.fares.shared import Interval, was_shared
from maas.town.calendars import Party
from maas.town.rules import AreaRules
from maas.town.tariffs import ShortTariff

PAGE = ShortTariff(
    id="page",
    area="town",
    valid_from=date(2021, 10, 1),
    base_yen=500,
    shared_yen=300,
    transfer_yen=100,
    half_tags=("aicard", "disability_card"),
)


def yen(party: Party, *, shared: bool = False, transfer: bool = False, **switches: object) -> int:
    tariff = msgspec.structs.replace(PAGE, **switches)
    return paid(tariff, party, shared=shared, transfer=transfer)


def paid(tariff: ShortTariff, party: Party, *, shared: bool, transfer: bool) -> int:
    journey = Journey(shared=shared, transfer="said" if transfer else "no")
    return fare(tariff.spelled_out(), riders_of(party), journey).yen


ALONE = Party(1)
HALF = Party(1, half_fares=1)


def test_1_one_adult_alone_pays_the_base_fare() -> None:
    assert yen(ALONE) == 500


def test_2_two_adults_of_one_booking_pay_the_shared_fare_each() -> None:
    assert yen(Party(2)) == 300 + 300


def test_3_two_bookings_aboard_together_for_one_stop_both_share() -> None:
    a, b = Interval(0, 600), Interval(540, 1200)

    assert was_shared(a, [b])
    assert was_shared(b, [a])
    assert yen(ALONE, shared=True) == 300


def test_4_who_gets_in_where_another_gets_out_has_not_ridden_with_them() -> None:
    a, b = Interval(0, 600), Interval(600, 1200)

    assert not was_shared(a, [b])
    assert not was_shared(b, [a])


def test_5_changing_to_a_bus_costs_the_transfer_fare() -> None:
    assert yen(ALONE, transfer=True) == 100


def test_6_a_card_gives_half_fare() -> None:
    assert yen(HALF) == 250


def test_7_an_infant_rides_free_and_is_company_only_if_the_town_says_so() -> None:
    with_infant = Party(2, infants=1)

    assert yen(with_infant) == 500
    assert yen(with_infant, infants_count_as_company=True) == 300


def test_8_the_second_infant_of_a_guardian_pays_half() -> None:
    two_infants = Party(3, infants=2)

    assert yen(two_infants) == 500 + 250
    assert yen(two_infants, infants_count_as_company=True) == 300 + 150


def test_9_half_fare_halves_the_shared_fare_unless_the_town_says_otherwise() -> None:
    assert yen(HALF, shared=True) == 150
    assert yen(HALF, shared=True, half_of_shared=False) == 250


def test_10_half_fare_halves_the_transfer_fare_unless_the_town_says_otherwise() -> None:
    assert yen(HALF, transfer=True) == 50
    assert yen(HALF, transfer=True, half_of_transfer=False) == 100


def test_11_sharing_and_transferring_costs_the_lower_unless_the_town_says_otherwise() -> None:
    assert yen(ALONE, shared=True, transfer=True) == 100
    assert yen(ALONE, shared=True, transfer=True, lowest_wins=False) == 300
    assert yen(ALONE, shared=True, transfer=True, transfer_yen=400) == 300


def test_13_a_partner_who_did_not_come_does_not_make_it_shared() -> None:
    assert not was_shared(Interval(0, 600), [])


def test_15_the_tariff_is_the_one_of_the_service_day() -> None:
    older = msgspec.structs.replace(PAGE, id="old", base_yen=400, valid_from=date(2020, 4, 1))
    rules = AreaRules("town", (), (), (PAGE.spelled_out(), older.spelled_out()))

    names = [
        found.id if (found := rules.tariff_on(day)) else None
        for day in (date(2020, 3, 31), date(2021, 9, 30), date(2021, 10, 1))
    ]
    assert names == [None, "old", "page"]


def test_halves_are_rounded_up_to_the_towns_step() -> None:
    assert yen(HALF, base_yen=510) == 260
    assert yen(HALF, base_yen=510, half_rounding_yen=1) == 255
    assert yen(HALF, base_yen=510, half_rounding_yen=50) == 300


def test_the_reasons_say_who_pays_what() -> None:
    found = fare(PAGE.spelled_out(), riders_of(Party(4, half_fares=1, infants=1)), Journey())

    assert [reason.ja for reason in found.reasons] == [
        "2人 相乗り 1人300円",
        "1人 相乗り・半額 1人150円",
        "1人 未就学児 無料",
    ]
    assert found.yen == 750


@st.composite
def parties(draw: st.DrawFn) -> Party:
    adults, cards, infants = (draw(st.integers(0, 3)) for _ in range(3))
    return Party(max(1, adults) + cards + infants, half_fares=cards, infants=infants)


tariffs = st.builds(
    ShortTariff,
    id=st.just("t"),
    area=st.just("a"),
    valid_from=st.just(date(2021, 1, 1)),
    base_yen=st.integers(0, 900),
    shared_yen=st.integers(0, 900),
    transfer_yen=st.integers(0, 900),
    half_rounding_yen=st.sampled_from([1, 10, 50]),
    infants_free_per_guardian=st.integers(0, 2),
    infants_count_as_company=st.booleans(),
    half_of_shared=st.booleans(),
    half_of_transfer=st.booleans(),
    lowest_wins=st.booleans(),
)


def by_head(tariff: ShortTariff, party: Party, *, shared: bool, transfer: bool) -> int:
    """The same rules said head by head, as a driver would with a table in hand."""
    heads = ["infant"] * party.infants + ["half"] * party.half_fares
    heads += ["full"] * (party.riders - len(heads))
    guardians = sum(head != "infant" for head in heads)
    company = len(heads) if tariff.infants_count_as_company else guardians
    free = guardians * tariff.infants_free_per_guardian
    total = 0
    for head in heads:
        if head == "infant" and free > 0:
            free -= 1
            continue
        kind = "base"
        if shared or company >= 2:
            kind = "shared"
        if transfer and (
            kind == "base" or (tariff.lowest_wins and tariff.transfer_yen < tariff.shared_yen)
        ):
            kind = "transfer"
        price = {
            "base": tariff.base_yen,
            "shared": tariff.shared_yen,
            "transfer": tariff.transfer_yen,
        }[kind]
        if head != "full":
            step = tariff.half_rounding_yen
            halved = {
                "base": True, "shared": tariff.half_of_shared, "transfer": tariff.half_of_transfer
            }[kind]  # fmt: skip
            if halved:
                price = min(price, math.ceil(price / 2 / step) * step)
            else:
                price = min(price, math.ceil(tariff.base_yen / 2 / step) * step)
        total += price
    return total


@settings(deadline=None)
@given(tariffs, parties(), st.booleans(), st.booleans())
def test_the_party_pays_what_its_heads_pay(
    tariff: ShortTariff,
    party: Party,
    shared: bool,  # noqa: FBT001
    transfer: bool,  # noqa: FBT001
) -> None:
    wanted = by_head(tariff, party, shared=shared, transfer=transfer)
    assert paid(tariff, party, shared=shared, transfer=transfer) == wanted


intervals = st.tuples(st.integers(0, 20), st.integers(1, 20)).map(
    lambda pair: Interval(pair[0], pair[0] + pair[1])
)


@settings(deadline=None)
@given(intervals, st.lists(intervals, max_size=4))
def test_sharing_is_some_second_with_both_on_board(ride: Interval, others: list[Interval]) -> None:
    def seconds(each: Interval) -> set[int]:
        return set(range(each.aboard_s, each.dropped_s or 0))

    together = any(seconds(ride) & seconds(other) for other in others)
    assert was_shared(ride, others) == together


def test_somebody_still_on_board_shares_from_when_they_got_in() -> None:
    shared = [was_shared(Interval(0, 60), [Interval(since, None)]) for since in (0, 30, 60, 90)]

    assert shared == [True, True, False, False]
