"""Which vouchers are taken, and what the driver says when one is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from maas.fares.vouchers import Cost, Settlement, Voucher, VoucherRefused, settle
from maas.town.tariffs import FareLine, Tariff, VoucherKind

DAY = date(2026, 11, 25)
TICKET = VoucherKind(
    id="taxi", name="タクシー券", name_en="taxi voucher", form="ticket", face_yen=300
)  # fmt: skip
CARD = VoucherKind(id="card", name="回数券", name_en="card", form="balance", face_yen=700)
RULES = Tariff(
    id="t", area="a", valid_from=date(2020, 1, 1), fares=(FareLine(id="base", yen=500),),
    vouchers=(TICKET, CARD),
)  # fmt: skip
VOUCHER = Voucher("v", "taxi", None, 300, "open", date(2026, 11, 1), date(2026, 11, 30), 1)


def refused(voucher: Voucher, day: date = DAY) -> str:
    found = settle(RULES, Cost(500), ["v"], {"v": voucher}, {}, day)
    assert isinstance(found, VoucherRefused), found
    return found.sentence.ja


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2026, 10, 31), "券vは2026-11-01から使えます。"),
        (date(2026, 12, 1), "券vの期限は2026-11-30まででした。"),
    ],
)
def test_a_voucher_is_taken_on_its_days_only(day: date, says: str) -> None:
    assert refused(VOUCHER, day) == says
    for inside in (date(2026, 11, 1), date(2026, 11, 30)):
        assert isinstance(settle(RULES, Cost(500), ["v"], {"v": VOUCHER}, {}, inside), Settlement)


def test_a_voucher_spent_or_void_is_not_taken() -> None:
    assert refused(replace(VOUCHER, state="spent")) == "券vは使用済みです。"
    assert refused(replace(VOUCHER, state="void")) == "券vは無効です。"


def test_a_kind_the_tariff_does_not_know_pays_for_nothing() -> None:
    assert refused(replace(VOUCHER, kind="other")) == "otherはこの日の運賃には使えません。"


def test_a_ticket_gives_no_change_and_a_card_keeps_the_rest() -> None:
    card = replace(VOUCHER, id="c", kind="card", left_yen=700)

    alone = settle(RULES, Cost(250), ["v"], {"v": VOUCHER}, {}, DAY)
    both = settle(RULES, Cost(500), ["v", "c"], {"v": VOUCHER, "c": card}, {}, DAY)

    assert isinstance(alone, Settlement)
    assert [(each.yen, each.left_yen, each.state) for each in alone.spends] == [(250, 0, "spent")]
    assert alone.sentence.ja == "タクシー券1枚で250円。現金はいただきません。"
    assert isinstance(both, Settlement)
    assert [(each.yen, each.left_yen) for each in both.spends] == [(300, 0), (200, 500)]
    assert both.sentence.en == ("1 taxi voucher: 300 yen; 1 card: 200 yen. Nothing to pay in cash.")


def test_a_voucher_that_is_not_needed_is_handed_back() -> None:
    two = {"v": VOUCHER, "w": replace(VOUCHER, id="w")}

    found = settle(RULES, Cost(300), ["v", "w"], two, {}, DAY)

    assert isinstance(found, VoucherRefused)
    assert (found.voucher, found.sentence.ja) == ("w", "運賃はもう足りています。券wは要りません。")


def test_nothing_handed_over_is_the_fare_in_cash() -> None:
    found = settle(RULES, Cost(500), [], {}, {}, DAY)

    assert isinstance(found, Settlement)
    assert (found.due_yen, found.sentence.ja) == (500, "現金で500円いただきます。")


def test_what_other_kinds_pay_is_not_in_the_limit_of_a_kind() -> None:
    limited = VoucherKind(
        id="limited", name="福祉券", name_en="welfare voucher", form="ticket", face_yen=300,
        per_ride_yen=300,
    )  # fmt: skip
    rules = Tariff(
        id="t", area="a", valid_from=date(2020, 1, 1), fares=(FareLine(id="base", yen=500),),
        vouchers=(TICKET, limited),
    )  # fmt: skip
    papers = {"v": VOUCHER, "w": replace(VOUCHER, id="w", kind="limited")}

    found = settle(rules, Cost(500), ["v", "w"], papers, {}, DAY)

    assert isinstance(found, Settlement)
    assert [each.yen for each in found.spends] == [300, 200]
