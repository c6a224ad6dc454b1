"""How an operator finds a caller."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maas.people.riders import RiderIndex, age
from maas.store.members import Contact, MemberRow, Phone


def member(
    number: str, name: str, kana: str, phone: str, birth_year: int | None = 1950
) -> MemberRow:
    return MemberRow(
        int(number), number, name, kana, phone, birth_year, "", "", None, (), "", (), "ja"
    )  # fmt: skip


HYOMOTO = member("1001", "標本 修", "ひょうもと おさむ", "000-000-1001")
ONO = member("1002", "仮野 順子", "おおの じゅんこ", "000-000-2345")
MATCHA = member("2345", "見本 抹茶", "みほん まっちゃ", "000-111-1003")
SHINICHI = member("1004", "標本 真一", "ひょうもと しんいち", "000-000-1004", None)
RIDERS = RiderIndex([HYOMOTO, ONO, MATCHA, SHINICHI])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ひょうもと", [HYOMOTO, SHINICHI]),
        ("ヒョウモト", [HYOMOTO, SHINICHI]),
        ("ﾋｮｳﾓﾄ", [HYOMOTO, SHINICHI]),
        ("hyomoto", [HYOMOTO, SHINICHI]),
        ("HYOUMOTO", [HYOMOTO, SHINICHI]),
        ("Hyōmoto", [HYOMOTO, SHINICHI]),
        ("標本", [HYOMOTO, SHINICHI]),
        ("標本修", [HYOMOTO]),
        ("ひょうもとおさむ", [HYOMOTO]),
        ("おさむ", [HYOMOTO]),
        ("ohno", [ONO]),
        ("oono", [ONO]),
        ("おおのじ", [ONO]),
        ("jyunko", [ONO]),
        ("zyunko", [ONO]),
        ("matcha", [MATCHA]),
        ("mattya", [MATCHA]),
        ("sinniti", []),
        ("shin'ichi", [SHINICHI]),
        ("sinichi", [SHINICHI]),
        ("もと", [HYOMOTO, SHINICHI]),
        ("だれか", []),
    ],
)
def test_a_name_is_found_however_it_is_written(query: str, found: list[MemberRow]) -> None:
    assert RIDERS.search(query) == found


def test_a_member_number_comes_before_a_telephone_that_ends_like_it() -> None:
    assert RIDERS.search("2345") == [MATCHA, ONO]


def test_a_telephone_is_found_by_its_end_or_whole_with_or_without_hyphens() -> None:
    assert RIDERS.search("000-000-1004") == [SHINICHI]
    assert RIDERS.search("００００００1004") == [SHINICHI]
    assert RIDERS.search("01004") == [SHINICHI]


def test_the_best_match_comes_first_and_only_as_many_as_wanted() -> None:
    assert RIDERS.search("ひょうもと し", limit=1) == [SHINICHI]
    assert len(RIDERS.search("", limit=3)) == 3


def test_everybody_on_one_telephone_is_shown() -> None:
    couple = [replace(HYOMOTO, id=n, number=str(n)) for n in (7, 8)]
    assert RiderIndex(couple).search("1001") == couple


def test_a_caller_is_found_by_any_telephone_that_is_theirs_or_their_familys() -> None:
    more = replace(
        ONO,
        phones=(Phone("000-555-7777", "携帯"),),
        contacts=(Contact("娘", phone="000-666-8888"),),
    )
    riders = RiderIndex([HYOMOTO, more])
    assert riders.search("7777") == riders.search("0006668888") == [more]


def test_a_member_merged_into_another_is_found_as_that_one_by_the_old_number() -> None:
    old = replace(SHINICHI, merged_into=HYOMOTO.id)
    riders = RiderIndex([HYOMOTO, ONO, old])
    assert riders.search("ひょうもと") == riders.search("1004") == [HYOMOTO]
    assert riders.get(old.id) == HYOMOTO
    assert riders.get(99) is None


def test_only_who_has_the_whole_number_shares_a_telephone() -> None:
    other = replace(ONO, phone="000-000-10012")
    more = replace(MATCHA, phone="", phones=(Phone("0000001001"),))
    assert RiderIndex([HYOMOTO, other, more]).sharing("０００-０００-１００１") == [HYOMOTO, more]


def test_a_household_is_who_says_the_same_of_it() -> None:
    one, two = (replace(row, household="h") for row in (HYOMOTO, ONO))
    gone = replace(SHINICHI, household="h", merged_into=one.id)
    riders = RiderIndex([one, two, MATCHA, gone])
    assert riders.housemates(one) == [two]
    assert riders.housemates(MATCHA) == []


def test_members_of_a_hamlet_are_found_with_half_a_name() -> None:
    here, there = replace(HYOMOTO, oaza="上竹"), replace(SHINICHI, oaza="下竹")
    assert RiderIndex([here, there]).search("ひょう 下竹") == [there]


def test_riders_made_anew_show_what_changed() -> None:
    moved = replace(ONO, kana="あおの じゅんこ")
    assert RiderIndex([HYOMOTO, ONO]).with_members([moved]).search("ao") == [moved]


def test_age_is_not_known_without_a_year_of_birth() -> None:
    assert (age(HYOMOTO, 2026), age(SHINICHI, 2026)) == (76, None)
