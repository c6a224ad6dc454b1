"""The fares and vouchers of other towns (`town` section 9), written as data and no code."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from maas.fares.price import ADULT, Journey, fare
from maas.fares.vouchers import Cost, Settlement, Voucher, VoucherRefused, settle
from maas.town.rules import Fault, Tariff, read_as

DAY = date(2026, 11, 25)
HEAD = '[[tariff]]\nid = "t"\narea = "a"\nvalid_from = 2020-01-01\n'


def tariff(text: str) -> Tariff:
    read = read_as(Tariff, tomllib.loads(HEAD + text)["tariff"][0])
    assert not isinstance(read, Fault), read
    return read


def flat(yen: int) -> str:
    return f'[[tariff.fares]]\nid = "base"\nyen = {yen}\n'


def discount(id_: str, **more: object) -> str:
    lines = [f"{name} = {value}" for name, value in more.items()]
    return "\n".join(
        ["[[tariff.discounts]]", f'id = "{id_}"', f'name = "{id_}"', f'name_en = "{id_}"', *lines]
    )


LICENCE = discount("licence", any_of='["licence_returned"]', percent=50)
GOTO = flat(300) + discount("child", any_of='["child", "disability_card"]', percent=50)
KUNITOMI = '[[tariff.fares]]\nid = "shared"\nwhen = ["shared"]\nyen = 200\n' + flat(400)
BANDS = '[[tariff.fares]]\nid = "km"\nbands = [{to_m=3000,yen=300},{to_m=6000,yen=400},{yen=500}]'
ZONES = (
    '[tariff.zones]\nnorth = ["北"]\nmiddle = ["中"]\nsouth = ["南"]\n'
    '[[tariff.fares]]\nid = "zones"\nzone_yen = [200, 300, 450]\n'
)
PAIRS = (
    '[tariff.zones]\nkamo = ["上加茂"]\nkayo = ["竹荘"]\nplateau = ["吉川"]\n'
    '[[tariff.fares]]\nid = "pairs"\n'
    'pairs = [{between=["kamo","plateau"],yen=500},{between=["kayo","kayo"],yen=200}]\n'
)
RETURN = discount("back", any_of='["returning"]', yen_off=100)
PASS = discount("pass", any_of='["monthly_pass"]', pays_yen=0)
CHILD = frozenset({"child"})
BOTH = frozenset({"child", "licence_returned"})

CASES = [
    ("久米南", flat(300), [ADULT], Journey(shared=True), 300),
    ("真庭", flat(400), [ADULT, ADULT], Journey(), 800),
    ("八女", flat(300), [CHILD], Journey(), 300),
    ("五島, half", GOTO, [CHILD], Journey(), 150),
    ("多久, child 100", flat(200) + discount("c", any_of='["child"]', pays_yen=100),
     [CHILD, ADULT], Journey(), 300),
    ("国富, alone", KUNITOMI, [ADULT], Journey(), 400),
    ("国富, shared", KUNITOMI, [ADULT], Journey(shared=True), 200),
    ("licence returned", flat(500) + LICENCE, [frozenset({"licence_returned"})], Journey(), 250),
    ("infants free", flat(300) + discount("i", any_of='["infant"]', percent=100),
     [ADULT, frozenset({"infant"}), frozenset({"infant"})], Journey(), 300),
    ("distance, up to 3 km", BANDS, [ADULT], Journey(distance_m=3000), 300),
    ("distance, from 3 km", BANDS, [ADULT], Journey(distance_m=3001), 400),
    ("distance, far", BANDS, [ADULT], Journey(distance_m=20_000), 500),
    ("distance, not known: the last band", BANDS, [ADULT], Journey(), 500),
    ("zones, none crossed", ZONES + flat(999), [ADULT], Journey(oaza=("北", "北")), 200),
    ("zones, one crossed", ZONES + flat(999), [ADULT], Journey(oaza=("中", "北")), 300),
    ("zones, two crossed", ZONES + flat(999), [ADULT], Journey(oaza=("北", "南")), 450),
    ("zones, outside all", ZONES + flat(999), [ADULT], Journey(oaza=("北", "外")), 999),
    ("area pair, either way", PAIRS + flat(800), [ADULT], Journey(oaza=("吉川", "上加茂")), 500),
    ("area pair, inside one", PAIRS + flat(800), [ADULT], Journey(oaza=("竹荘", "竹荘")), 200),
    ("area pair, not listed", PAIRS + flat(800), [ADULT], Journey(oaza=("竹荘", "吉川")), 800),
    ("return discount", flat(400) + RETURN, [ADULT], Journey(returning=True), 300),
    ("outward ride", flat(400) + RETURN, [ADULT], Journey(), 400),
    ("a pass", flat(400) + PASS, [frozenset({"monthly_pass"}), ADULT], Journey(), 400),
    ("cap per person", "cap_yen = 350\n" + flat(400), [ADULT, ADULT], Journey(), 700),
    ("cap per party", "party_cap_yen = 1000\n" + flat(400), [ADULT] * 3, Journey(), 1000),
    ("the better of two discounts", GOTO.replace("percent = 50", "percent = 30") + "\n" + LICENCE,
     [BOTH], Journey(), 150),
    ("both, when the matrix says so",
     'combine = [["child", "licence"]]\n' + GOTO + "\n" + LICENCE, [BOTH], Journey(), 80),
    ("not on the shared line",
     KUNITOMI + discount("c", any_of='["child"]', percent=50, not_on='["shared"]'),
     [CHILD], Journey(shared=True), 200),
    ("rounded down", 'rounding = "down"\n' + flat(310) + LICENCE,
     [frozenset({"licence_returned"})], Journey(), 150),
    ("rounded to the nearest", 'rounding = "nearest"\n' + flat(330) + LICENCE,
     [frozenset({"licence_returned"})], Journey(), 170),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "riders", "ride", "yen"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_fare_of_another_town_is_data(
    text: str, riders: list[frozenset[str]], ride: Journey, yen: int
) -> None:
    assert fare(tariff(text), riders, ride).yen == yen


def voucher_kind(id_: str, **more: object) -> str:
    lines = [f"{name} = {value}" for name, value in more.items()]
    return "\n".join(
        [
            "[[tariff.vouchers]]",
            f'id = "{id_}"',
            f'name = "{id_}"',
            f'name_en = "{id_}"',
            *lines,
            "",
        ]
    )


def paper(id_: str, kind: str, left_yen: int | None = 500) -> Voucher:
    return Voucher(id_, kind, 1, left_yen, "open", date(2026, 4, 1), date(2027, 3, 31), 1)


HAYASHIMA = flat(700) + voucher_kind("h", form='"ticket"', face_yen=500, per_month=4)
CHONAN = flat(3800) + voucher_kind(
    "c", form='"ticket"', face_yen=500, per_month=6, per_ride_yen=3000
)
KAGAMINO = (
    flat(6000)
    + discount("aicard", any_of='["aicard"]', percent=10)
    + "\n"
    + voucher_kind("k", form='"share"', percent=60, per_ride_yen=5000, not_with='["aicard"]')
)


def test_hayashima_gives_four_vouchers_of_500_a_month() -> None:
    rules, papers = tariff(HAYASHIMA), {"v": paper("v", "h")}

    third = settle(rules, Cost(700), ["v"], papers, {(1, "h"): 3}, DAY)
    fifth = settle(rules, Cost(700), ["v"], papers, {(1, "h"): 4}, DAY)

    assert isinstance(third, Settlement)
    assert (third.due_yen, third.spends[0].state) == (200, "spent")
    assert third.sentence.ja == "h1枚で500円。現金で200円いただきます。"
    assert isinstance(fifth, VoucherRefused)
    assert fifth.sentence.ja == "hは1か月4枚までで、今月の分は使い切りました。"


def test_chonan_takes_vouchers_of_at_most_3000_yen_for_a_ride() -> None:
    rules = tariff(CHONAN.replace("per_month = 6\n", "per_month = 9\n"))
    papers = {f"v{n}": paper(f"v{n}", "c") for n in range(7)}

    six = settle(rules, Cost(3800), list(papers)[:6], papers, {}, DAY)
    seven = settle(rules, Cost(3800), list(papers), papers, {}, DAY)
    month = settle(tariff(CHONAN), Cost(3800), list(papers), papers, {}, DAY)

    assert isinstance(six, Settlement)
    assert six.due_yen == 800
    assert isinstance(seven, VoucherRefused)
    assert seven.sentence.ja == "cは1回の乗車で3000円までです。"
    assert isinstance(month, VoucherRefused)
    assert month.voucher == "v6"


def test_kagamino_pays_60_percent_up_to_5000_but_not_beside_the_card() -> None:
    rules, papers = tariff(KAGAMINO), {"v": paper("v", "k", None)}

    shared = settle(rules, Cost(6000), ["v"], papers, {}, DAY)
    dear = settle(rules, Cost(9000), ["v"], papers, {}, DAY)
    beside = settle(rules, Cost(5400, frozenset({"aicard"})), ["v"], papers, {}, DAY)

    assert isinstance(shared, Settlement)
    assert (shared.due_yen, shared.spends[0].state) == (2400, "open")
    assert isinstance(dear, Settlement)
    assert dear.due_yen == 4000
    assert isinstance(beside, VoucherRefused)
    assert beside.sentence.ja == "kはaicardとは一緒に使えません。"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fares = []", "array"),
        ('[[tariff.fares]]\nid = "a"\nyen = 1\nwhen = ["shared"]', "last of the fares"),
        ('[[tariff.fares]]\nid = "a"', "exactly one of"),
        ('[[tariff.fares]]\nid = "a"\nbands = [{to_m=5,yen=1},{to_m=5,yen=2},{yen=3}]', "go up"),
        ('[[tariff.fares]]\nid = "a"\nbands = [{to_m=5,yen=1}]', "last of the fares"),
        (flat(1) + flat(2), "there twice"),
        ('combine = [["a", "b"]]\n' + flat(1), "no discount a, b"),
        (flat(1) + discount("d", any_of='["x"]', percent=5, yen_off=5), "exactly one of"),
        (flat(1) + discount("d", any_of='["x"]', percent=5, not_on='["y"]'), "no fare y"),
        (flat(1) + voucher_kind("v", form='"ticket"'), "has a face_yen"),
        (flat(1) + voucher_kind("v", form='"share"', face_yen=5), "percent"),
        ('[[tariff.fares]]\nid = "a"\npairs = [{between=["x","y"],yen=1}]\n' + flat(1), "no zone"),
        ('[[tariff.fares]]\nid = "a"\nyen = 1\ndiscounts_from = "z"\n', "no fare z"),
    ],
)
def test_a_tariff_that_cannot_mean_anything_is_refused(text: str, says: str) -> None:
    read = read_as(Tariff, tomllib.loads(HEAD + text)["tariff"][0])

    assert isinstance(read, Fault)
    assert says in read.message
