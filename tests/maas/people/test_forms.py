"""What is filled in by hand becomes what is kept, or a fault that says what to write."""

from __future__ import annotations

from datetime import date

import pytest

from maas.people.forms import Fault, Form, birth_year, blank, filled_in, put_right, telephone
from maas.store.members import Contact, Eligibility, Phone


def test_widths_hyphens_and_kana_are_put_right() -> None:
    form = Form(
        name="標本　修", kana="ﾋｮｳﾓﾄ　ｵｻﾑ", phone="０００ー０００－１００４",
        email=" a＠b.example ",
        address="上竹１２３番地", phones=(Phone("（000）555-7777", "携帯"),),
        contacts=(Contact("娘", phone="000 666 8888"),),
    )  # fmt: skip
    assert put_right(form) == Form(
        name="標本 修", kana="ひょうもと おさむ", phone="000-000-1004", email="a@b.example",
        address="上竹123番地", phones=(Phone("000-555-7777", "携帯"),),
        contacts=(Contact("娘", phone="000-666-8888"),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("form", "field", "why"),
    [
        (Form(name=" 　"), "name", "name"),
        (Form(kana="標本"), "kana", "kana"),
        (Form(phone="56-1234"), "phone", "phone"),
        (Form(phone="000-000-000x"), "phone", "phone"),
        (Form(phone="000-0000-00000"), "phone", "phone"),
        (Form(email="nobody"), "email", "email"),
        (Form(phones=(Phone(""),)), "phones", "phone"),
        (Form(contacts=(Contact("娘", phone="1"),)), "contacts", "phone"),
        (Form(contacts=(Contact("娘", email="1"),)), "contacts", "phone"),
        (Form(lat=34.8), "lat", "half_point"),
    ],
)
def test_what_can_mean_nothing_is_a_fault(form: Form, field: str, why: str) -> None:
    found = put_right(form)
    assert isinstance(found, list)
    assert [(fault.field, fault.why) for fault in found] == [(field, why)]


def test_control_marks_are_no_part_of_any_text() -> None:
    bell = "あ\x00\x07"
    form = Form(
        name=bell, notes=f"{bell}\n{bell}", tags=(bell,), aids=(bell, "\x00"), oaza=bell,
        eligibility=(Eligibility(bell),), phones=(Phone("000-000-1111", bell),),
        contacts=(Contact(bell, bell),),
    )  # fmt: skip
    right = put_right(form)
    assert isinstance(right, Form)
    assert (right.notes, right.aids) == ("あ\nあ", ("あ",))
    assert "\\x" not in repr(right)


def test_every_fault_is_told_at_once() -> None:
    found = put_right(Form(name="", kana="x", phone="1"))
    assert isinstance(found, list)
    assert [fault.field for fault in found] == ["name", "kana", "phone"]
    assert isinstance(found[0], Fault)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1940", 1940), ("１９４０年３月", 1940), ("昭和15年", 1940),
        ("昭１５", 1940), ("S15.3.1", 1940),
        ("大正元年", 1912), ("平成2", 1990), ("令和1年", 2019), ("h31", 2019), ("19400", None),
        ("昭和150", None), ("", None), ("1879", None), ("山15", None),
    ],
)  # fmt: skip
def test_years_of_birth_are_read_in_both_calendars(text: str, year: int | None) -> None:
    assert birth_year(text) == year


def test_an_empty_telephone_is_none_and_a_foreign_one_is_ours() -> None:
    assert (telephone(""), telephone("+81 90-0000-0001")) == ("", "09000000001")


def test_what_is_not_said_stays_as_it_is() -> None:
    row = filled_in(blank("0001"), Form(name="標本", aids=("walker",)))
    again = filled_in(row, Form(phone="000-000-0001", aids=()))
    assert (again.name, again.phone, again.aids) == ("標本", "000-000-0001", ())


def test_a_card_counts_until_its_last_day() -> None:
    card = Eligibility("aicard", date(2026, 11, 25))
    row = filled_in(blank("0001"), Form(tags=("walker",), aids=("cane",), eligibility=(card,)))
    assert row.grounds(date(2026, 11, 25)) == {"walker", "cane", "aicard"}
    assert row.grounds(date(2026, 11, 26)) == {"walker", "cane"}
