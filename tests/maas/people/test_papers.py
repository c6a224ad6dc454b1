"""A table of paper forms: what is read from it, what is wrong with it, and whom it makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from maas.people import desk, intake
from maas.people.desk import Ground
from maas.people.forms import Form, blank
from maas.people.papers import Papers, read_papers
from maas.store import members, places
from maas.store.database import Database
from maas.store.members import Contact, Eligibility, MemberRow, Phone
from maas.store.once import By, Done
from maas.town.imports import import_town
from tests.maas.line_town import LAT, LON, write_town

GROUND = Ground((34.0, 133.0, 35.0, 134.0))
PLACES = {"p3": (LAT, LON + 0.03)}
HEAD = "氏名,ふりがな,電話\n"


def read(text: str | bytes) -> Papers:
    data = text.encode() if isinstance(text, str) else text
    return read_papers(data, PLACES, lambda form: desk.checked(form, GROUND))


def test_every_column_is_read() -> None:
    text = (
        "会員番号,氏名,フリガナ,固定電話,携帯電話,メール,生年月日,住所,地区,乗降場所,世帯,補助具,"
        "資格,家族,連絡方法,言語,備考\n"
        "0042,紙　一,ｶﾐ ﾊｼﾞﾒ,０００-０００-１１１１,000-000-2222,a@b.example,昭和15年,１番地,"
        "上竹,p3,0042,walker、cane,aicard:2027-03-31;handbook,花/娘/000-000-3333;月,sms,en,耳が遠い\n"
    )
    (paper,) = read(text).good
    assert (paper.line, paper.number) == (2, "0042")
    assert paper.form == Form(
        name="紙 一", kana="かみ はじめ", phone="000-000-1111",
        phones=(Phone("000-000-2222", "携帯"),), email="a@b.example", birth_year=1940,
        address="1番地", oaza="上竹", household="0042", aids=("walker", "cane"),
        eligibility=(Eligibility("aicard", date(2027, 3, 31)), Eligibility("handbook")),
        contacts=(Contact("花", "娘", "000-000-3333"), Contact("月")), confirm_by="sms",
        language="en", notes="耳が遠い", lat=LAT, lon=LON + 0.03,
    )  # fmt: skip


def test_a_point_of_their_own_comes_before_the_place_they_live_beside() -> None:
    (paper,) = read(f"name,lat,lon,place\n紙,{LAT},{LON},p3\n").good
    assert (paper.form.lat, paper.form.lon) == (LAT, LON)


def test_an_empty_cell_says_nothing_against_one_of_the_same_meaning() -> None:
    (paper,) = read("name,電話,電話番号\n紙,000-000-1111,\n").good
    assert paper.form.phone == "000-000-1111"


def test_only_a_mobile_telephone_is_the_first_one() -> None:
    (paper,) = read("name,mobile\n紙,000-000-2222\n").good
    assert (paper.form.phone, paper.form.phones) == ("000-000-2222", None)


@pytest.mark.parametrize(
    ("head", "cells", "fault"),
    [
        ("name,kana", "紙,紙", ("kana", "kana")),
        ("name", "紙,x", ("", "cells")),
        ("name,phone", "紙", ("", "cells")),
        ("name,phone", ",000-000-1111", ("name", "name")),
        ("name,birth", "紙,むかし", ("birth", "birth")),
        ("name,lat,lon", "紙,x,133.6", ("lat", "number_form")),
        ("name,lat,lon", "紙,nan,133.6", ("lat", "outside")),
        ("name,lat,lon", "紙,10,133.6", ("lat", "outside")),
        ("name,place", "紙,p99", ("place", "no_place")),
        ("name,資格", "紙,aicard:いつか", ("eligibility", "date")),
        ("name,連絡方法", "紙,伝書鳩", ("confirm_by", "choice")),
        ("name,言語", "紙,fr", ("language", "choice")),
        ("name,家族", "紙,花/娘/1", ("contacts", "phone")),
        ("name,notes", f"紙,{'長' * 1001}", ("notes", "long")),
    ],
)
def test_a_bad_line_says_which_cell_and_why(head: str, cells: str, fault: tuple[str, str]) -> None:
    papers = read(f"{head}\n{cells}\n")
    assert papers.good == ()
    ((found, *_),) = [bad.faults for bad in papers.bad]
    assert (found.field, found.why) == fault


def test_a_number_is_on_one_line_and_empty_lines_are_no_lines() -> None:
    papers = read("number,name\n7,紙\n,\n\n7,髪\n")
    assert [paper.line for paper in papers.good] == [2]
    ((bad,),) = [papers.bad]
    assert (bad.line, bad.faults[0].text.ja) == (5, "同じ会員番号が2行目にもあります。")


def test_what_a_spreadsheet_in_japan_writes_is_read_and_what_it_cannot_be_is_told() -> None:
    text = HEAD + "紙 一,カミ,000-000-1111\r\n"
    same = [read(text.encode(code)).good for code in ("utf-8", "utf-8-sig", "cp932")]
    assert same[0] == same[1] == same[2] != ()
    for wrong, why in (
        (b"\x81\x20", "not_text"),
        (b"a,b\n1,2\n", "no_columns"),
        (b"", "no_columns"),
    ):
        assert [bad.faults[0].why for bad in read(wrong).bad] == [why]


def test_bad_lines_come_back_as_a_table_that_can_be_mended() -> None:
    papers = read(HEAD + "紙 一,かみ,56-1234\n紙 二,かみ,000-000-1111\n")
    assert papers.mend.splitlines()[0] == "氏名,ふりがな,電話,直すところ"
    mended = read(papers.mend.replace("56-1234", "000-000-2222"))
    assert [paper.form.name for paper in mended.good] == ["紙 一"]
    assert (mended.bad, mended.unused, mended.mend) == ((), (), "")


async def everybody(database: Database) -> list[MemberRow]:
    async with database.reading() as connection:
        return await members.all_members(connection)


async def test_a_table_makes_members_once_however_often_it_is_handed_in(
    database: Database, tmp_path: Path
) -> None:
    await import_town(database, write_town(tmp_path / "town"))
    text = (
        "number,name,kana,phone,place,family,notes\n"
        ",紙 一,かみ,000-000-1111,p3,,\n"
        ",紙一,ｶﾐ,0000001111,,,\n"
        "1001,標本 改,,,,花/娘/000-000-3333,耳が遠い\n"
        "1003,紙 三,かみ み,,,,\n"
    )
    first = await intake.take(database, read(text), By("x", 1.0, "a"), GROUND)
    assert isinstance(first, Done)
    assert first.answer == {"added": ["1004", "1003"], "changed": ["1001"], "known": ["1004"]}
    rows = {row.number: row for row in await everybody(database)}
    assert sorted(rows) == ["1001", "1002", "1003", "1004"]
    assert (rows["1004"].provisional, rows["1003"].provisional) == (False, True)
    assert (rows["1001"].name, rows["1001"].kana) == ("標本 改", "ひょうもと おさむ")
    async with database.reading() as connection:
        home = await places.place(connection, rows["1004"].home_place_id or 0)
    assert home is not None
    assert home.lon == LON + 0.03

    again = await intake.take(database, read(text), By("x", 2.0, "a"), GROUND)
    assert again == Done(("*",), first.answer)
    other = await intake.take(database, read(text), By("x", 3.0, "b"), GROUND)
    assert isinstance(other, Done)
    assert other.answer["added"] == []
    after = {row.number: row for row in await everybody(database)}
    assert after["1001"] == rows["1001"]
    assert len(after) == len(rows)


async def test_two_papers_of_one_member_are_both_taken(database: Database, tmp_path: Path) -> None:
    await import_town(database, write_town(tmp_path / "town"))
    await desk.merge(database, 2, 1, By("x", 1.0, "m"))
    text = "number,name,place,住所\n1001,標本,p3,1番地\n1002,標本,p3,2番地\n"
    taken = await intake.take(database, read(text), By("x", 2.0, "a"), GROUND)
    assert isinstance(taken, Done)
    assert taken.answer == {"added": [], "changed": ["1001"], "known": []}
    (row,) = [row for row in await everybody(database) if row.merged_into is None]
    assert (row.name, row.address) == ("標本", "2番地")


def test_somebody_merged_is_known_as_who_they_are_now() -> None:
    row = replace(blank("5"), id=5, name="紙", kana="かみ", phone="000-000-1111")
    gone = replace(row, id=6, number="4", merged_into=5)
    plan = intake.Intake([gone, row])
    plan.plan(read("name,kana,phone\n紙,かみ,000-000-1111\n").good)
    assert plan.result.known == ("5",)


def test_what_family_was_allowed_is_not_lost_when_a_paper_names_them_again() -> None:
    daughter = Contact("花", "娘", "000-000-3333", watch=True)
    row = MemberRow(
        5, "5", "標本", "", "", None, "", "", None, (), "", (), "ja", contacts=(daughter,)
    )
    plan = intake.Intake([row, replace(row, id=6, number="6", merged_into=5)])
    plan.plan(read("number,name,家族\n6,標本,花/娘/000-000-3333;月/息子\n").good)
    ((new, _),) = plan.taken
    assert (new.id, new.contacts) == (5, (daughter, Contact("月", "息子")))
