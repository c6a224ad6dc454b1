"""Who may be there twice, and one card made of two."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from maas.people.doubles import doubles, joined, known_already
from maas.people.forms import blank
from maas.store.members import Contact, Eligibility, MemberRow, Phone

ONE = replace(
    blank("0001"), id=1, name="標本 修", kana="ひょうもと おさむ", phone="000-000-1001",
    birth_year=1940, address="1番地", oaza="上竹",
)  # fmt: skip
TWO = replace(ONE, id=2, number="0002", phone="000-000-2002", birth_year=None, address="")


def test_one_name_and_one_thing_more_make_a_pair() -> None:
    assert doubles([TWO, ONE]) == []
    for more in (
        {"phone": "0000001001"},
        {"birth_year": 1940},
        {"address": "1番地"},
        {"phones": (Phone("000-000-1001"),)},
    ):
        twin = replace(TWO, **more)
        assert doubles([twin, ONE]) == [(ONE, twin)]


def test_what_is_not_known_of_either_makes_no_pair() -> None:
    unknown = replace(ONE, phone="", birth_year=None, address="")
    assert doubles([unknown, replace(unknown, id=2, number="0002")]) == []


def test_a_couple_on_one_telephone_is_no_pair_and_neither_is_somebody_merged() -> None:
    wife = replace(TWO, kana="ひょうもと はな", phone=ONE.phone)
    assert doubles([ONE, wife]) == []
    assert doubles([ONE, replace(ONE, id=2, merged_into=1)]) == []


def test_somebody_known_is_known_by_sound_and_telephone() -> None:
    caller = replace(blank(""), name="標本おさむ", kana="ヒョウモトオサム", phone="0000001001")
    assert known_already(caller, [ONE]) == [ONE]
    assert known_already(replace(caller, phone=""), [replace(ONE, phone="")]) == []
    assert known_already(replace(caller, phone="000-000-9999"), [ONE]) == []
    assert known_already(replace(caller, kana="ひょうもと はな"), [ONE]) == []


def test_what_the_kept_card_says_holds_and_the_other_fills_it_in() -> None:
    kept = replace(ONE, email="", notes="足が悪い", favourites=(3, 4), provisional=True)
    gone = replace(
        TWO, email="a@b.example", notes="耳が遠い", favourites=(4, 5), aids=("walker",),
        home_place_id=9, confirm_by="sms", phones=(Phone("0000001001"), Phone("000-7", "娘")),
        contacts=(Contact("娘", phone="000-7"),), household="h",
    )  # fmt: skip
    card = joined(kept, gone)
    assert (card.id, card.number, card.phone, card.birth_year) == (1, "0001", ONE.phone, 1940)
    assert card.phones == (Phone("000-000-2002"), Phone("000-7", "娘"))
    assert (card.email, card.notes) == ("a@b.example", "足が悪い\n耳が遠い")
    assert (card.favourites, card.aids, card.home_place_id) == ((3, 4, 5), ("walker",), 9)
    assert (card.confirm_by, card.household, card.provisional) == ("sms", "h", False)


def test_the_later_card_counts_and_family_is_there_once() -> None:
    handbook = Eligibility("handbook")
    old = (Eligibility("aicard", date(2026, 1, 1)), handbook)
    new = (Eligibility("aicard", date(2027, 1, 1)), replace(handbook, until=date(2026, 1, 1)))
    daughter = Contact("むすめ", "娘", "000-1", watch=True)
    kept = replace(ONE, eligibility=old, contacts=(daughter,))
    gone = replace(TWO, eligibility=new, contacts=(replace(daughter, watch=False),))
    card = joined(kept, gone)
    assert card.eligibility == (new[0], handbook)
    assert card.contacts == (daughter,)


_some = st.builds(
    lambda phone, phones, aids, favourites: replace(
        TWO, phone=phone, phones=tuple(map(Phone, phones)), aids=tuple(aids),
        favourites=tuple(favourites),
    ),
    st.sampled_from(["", "1", "2"]), st.lists(st.sampled_from("123"), max_size=3, unique=True),
    st.lists(st.sampled_from("abc"), max_size=3, unique=True),
    st.lists(st.integers(1, 9), max_size=5, unique=True),
)  # fmt: skip


@given(_some, _some)
def test_nothing_is_lost_and_nothing_is_there_twice(kept: MemberRow, gone: MemberRow) -> None:
    card = joined(kept, gone)
    assert set(card.numbers) == {*kept.numbers, *gone.numbers}
    assert len(set(card.numbers)) == len(card.numbers)
    assert all(phone.number for phone in card.phones)
    assert set(card.aids) == {*kept.aids, *gone.aids}
    assert card.favourites[: len(kept.favourites)] == kept.favourites
