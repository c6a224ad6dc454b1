"""The demand model on a past one can count by hand, and its scores."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf

import pytest

from maas.records.demand import Cell, Seen, deviance, draw, error, learn
from maas.records.whatif_asks import Asked

MONDAY = date(2026, 6, 1)
DAYS = [MONDAY + timedelta(days=n) for n in range(56) if n % 7 < 5]
CLINIC, SHOP = Cell(9, "豊野", "medical"), Cell(14, "吉川", "shopping")


def steady(mornings: int = 6, afternoons: int = 2) -> list[Seen]:
    """Every day as many trips to the clinic in the morning and to the shop in the afternoon."""
    return [
        Seen(day, cell)
        for day in DAYS
        for cell, count in ((CLINIC, mornings), (SHOP, afternoons))
        for _ in range(count)
    ]


def test_a_steady_past_goes_on_as_it_was() -> None:
    model = learn(steady(), DAYS)
    next_monday = MONDAY + timedelta(weeks=8)

    assert model.of_day(next_monday) == pytest.approx(8, rel=0.01)
    assert model.of_hour(next_monday, 9) == pytest.approx(6, rel=0.01)
    assert model.expected(next_monday, SHOP) == pytest.approx(2 * (80 + 20 / 4) / 100, rel=0.01)


def test_nothing_is_expected_where_nothing_was_ever_asked_for() -> None:
    model = learn(steady(), DAYS)

    assert model.expected(MONDAY, Cell(9, "円城", "medical")) == 0
    assert model.of_hour(MONDAY, 12) == 0


def test_a_weekday_with_twice_the_calls_is_expected_to_have_more() -> None:
    seen = [*steady(), *(each for each in steady() if each.day.weekday() == 0)]
    model = learn(seen, DAYS)

    monday, tuesday = MONDAY + timedelta(weeks=8), MONDAY + timedelta(weeks=8, days=1)
    assert 1.3 < model.of_day(monday) / model.of_day(tuesday) < 2  # drawn towards the mean


def test_snow_once_seen_counts_for_less_than_it_showed() -> None:
    snow = DAYS[20]
    seen = [each for each in steady() if each.day != snow]
    model = learn(seen, DAYS, {snow: "snow"})

    assert model.of_day(MONDAY + timedelta(weeks=8)) > 7
    assert 0.5 < model.kinds["weather snow"] < 0.95


def test_the_level_follows_what_was_lately_asked_for() -> None:
    half = DAYS[len(DAYS) // 2]
    growing = [each for each in steady() for _ in range(1 + (each.day >= half))]
    model = learn(growing, DAYS)

    assert model.of_day(DAYS[-1]) > 8 * 1.5


def test_without_a_day_there_is_nothing_to_learn() -> None:
    with pytest.raises(ValueError, match="no day"):
        learn([], [])


def test_the_scores_are_those_of_the_books() -> None:
    assert deviance([(2, 2.0)]) == 0
    assert deviance([(0, 1.5)]) == pytest.approx(3.0)
    assert deviance([(3, 1.0)]) == pytest.approx(2 * (3 * 1.0986123 - 2))
    assert error([(3, 1.0), (0, 1.0)]) == 1.5
    assert inf > deviance([(1, 0.01)]) > deviance([(1, 0.5)])


def test_drawn_days_are_as_many_as_expected_and_the_same_for_a_seed() -> None:
    past = [
        Asked(f"{day}-{n}", day, 8 * 3600, 1, 2, 9 * 3600, member_id=n)
        for day in DAYS
        for n in range(8)
    ]
    model = learn([Seen(each.day, CLINIC) for each in past], DAYS)
    days = [MONDAY + timedelta(weeks=8 + n) for n in range(40)]

    first, again, other = (draw(model, past, days, seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert 7 < len(first) / len(days) < 9
    assert len({each.id for each in first}) == len(first)
    assert {each.day for each in first} <= set(days)
