"""A call is the same in whatever order its news come, and belongs to whom its number does."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas.calls.line import FORGOTTEN_S, News, after, dialled, wait_s
from maas.calls.waiting import Waits, waits
from maas.store.calls import CallRow, add_call, call, calls_between, open_calls, save_call
from maas.store.database import Database

RINGING = News("c", "ringing", "000-000-1001", 100.0)
ANSWERED = News("c", "answered", "000-000-1001", 112.0, "yuki")
ENDED = News("c", "ended", "000-000-1001", 300.0)
WHOLE = CallRow("c", "0000001001", "ended", 100.0, 112.0, 300.0, "yuki")


def told(*news: News) -> CallRow | None:
    row = None
    for each in news:
        row = after(row, each)
    return row


def test_a_call_rings_is_answered_and_ends() -> None:
    assert told(RINGING) == CallRow("c", "0000001001", "ringing", 100.0)
    assert told(RINGING, ANSWERED) == replace(WHOLE, state="answered", ended_at=None)
    assert told(RINGING, ANSWERED, ENDED) == WHOLE


@pytest.mark.parametrize("news", list(permutations((RINGING, ANSWERED, ENDED))))
def test_the_order_of_the_news_does_not_matter(news: tuple[News, ...]) -> None:
    assert told(*news) == WHOLE


@given(st.lists(st.sampled_from((RINGING, ANSWERED, ENDED)), max_size=6))
def test_news_that_come_again_change_nothing(again: list[News]) -> None:
    assert told(RINGING, ANSWERED, ENDED, *again) == WHOLE


@given(
    st.permutations(
        [News("c", event, "1", at, "a") for event in ("ringing", "answered", "ended")
         for at in (5.0, 9.0)]
    )
)  # fmt: skip
def test_of_each_kind_the_earliest_counts(news: list[News]) -> None:
    assert told(*news) == CallRow("c", "1", "ended", 5.0, 5.0, 5.0, "a")


def test_a_wait_ends_with_the_answer_or_when_the_caller_gives_up() -> None:
    ringing = replace(WHOLE, state="ringing", answered_at=None, ended_at=None)

    assert wait_s(WHOLE, 999.0) == 12.0
    assert wait_s(replace(WHOLE, answered_at=None), 999.0) == 200.0
    assert wait_s(ringing, 130.0) == 30.0


def test_the_waits_of_a_day() -> None:
    rows = [
        replace(WHOLE, id=str(number), answered_at=100.0 + wait)
        for number, wait in enumerate((5.0, 20.0, 21.0, 90.0))
    ]
    given_up = replace(WHOLE, id="given up", answered_at=None)
    rings = replace(given_up, id="rings", state="ringing", ended_at=None)

    found = waits([*rows, given_up, rings], 130.0)

    assert found == Waits(6, 4, 1, 1, 2, 20.0, 90.0, 90.0)
    assert waits([rings], 100.0 + FORGOTTEN_S).waiting == 0
    assert waits([], 0.0) == Waits(0, 0, 0, 0, 0, None, None, None)


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        ("000-000-1001", "0000001001"),
        ("０００ー０００－１００１", "0000001001"),
        ("+81 90-0000-1001", "09000001001"),
        ("+81 (0)90 0000 1001", "09000001001"),
        ("+1 202 000 0000", "12020000000"),
        ("anonymous", ""),
        ("", ""),
    ],
)
def test_a_number_is_known_however_it_is_written(number: str, wanted: str) -> None:
    assert dialled(number) == wanted


@pytest.mark.anyio
async def test_calls_are_kept_and_found_by_when_they_rang(database: Database) -> None:
    later = replace(WHOLE, id="d", rang_at=200.0, state="answered", ended_at=None)
    async with database.writing() as db:
        await add_call(db, replace(WHOLE, state="ringing", ended_at=None))
        await add_call(db, WHOLE)
        await add_call(db, later)

    async with database.writing() as db:
        found = await call(db, "c")
        assert found == replace(WHOLE, state="ringing", ended_at=None)
        await save_call(db, WHOLE)
        assert await call(db, "none") is None

    async with database.reading() as db:
        assert await calls_between(db, 100.0, 200.0) == [WHOLE]
        assert await open_calls(db, 0.0) == [later]
        assert await open_calls(db, 201.0) == []
