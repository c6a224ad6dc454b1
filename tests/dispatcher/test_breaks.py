"""What the law asks of a shift, against a driver who lives through it minute by minute."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.breaks import FOUR_HOURS, LABOUR_LAW, BreakRule, Lack, Over, Rest, lacking

H, MIN = 3600, 60
EIGHT, FIVE_PM = 8 * H, 17 * H


def rest(hour: int, minute: int, lasts_min: int) -> Rest:
    start_s = hour * H + minute * MIN
    return Rest(start_s, start_s + lasts_min * MIN)


def test_six_hours_of_work_need_no_rest_and_a_minute_more_needs_it() -> None:
    assert lacking([], EIGHT, EIGHT + 6 * H, LABOUR_LAW) == []
    assert lacking([], EIGHT, EIGHT + 6 * H + MIN, LABOUR_LAW) == [
        Lack("labour_6h", EIGHT + 6 * H + MIN, 45 * MIN)
    ]


def test_nine_hours_on_duty_with_an_hour_of_rest_are_eight_of_work() -> None:
    assert lacking([rest(12, 0, 60)], EIGHT, FIVE_PM, LABOUR_LAW) == []
    assert lacking([rest(12, 0, 45)], EIGHT, FIVE_PM, LABOUR_LAW) == [
        Lack("labour_8h", FIVE_PM, 15 * MIN)
    ]
    assert lacking([rest(12, 0, 45)], EIGHT, FIVE_PM - 15 * MIN, LABOUR_LAW) == []


def test_rests_that_are_too_short_or_at_the_edge_of_the_shift_are_none() -> None:
    assert lacking([rest(12, 0, 51), rest(14, 0, 9)], EIGHT, FIVE_PM, LABOUR_LAW) != []
    assert lacking([rest(12, 0, 50), rest(14, 0, 10)], EIGHT, FIVE_PM, LABOUR_LAW) == []
    assert lacking([rest(8, 29, 60)], EIGHT, FIVE_PM, LABOUR_LAW) != []
    assert lacking([rest(15, 31, 60)], EIGHT, FIVE_PM, LABOUR_LAW) != []
    assert lacking([rest(15, 30, 60)], EIGHT, FIVE_PM, LABOUR_LAW) == []


def test_four_hours_then_half_an_hour_in_pieces_of_ten_minutes() -> None:
    rules = [FOUR_HOURS]
    assert lacking([rest(12, 0, 60)], EIGHT, FIVE_PM, rules) == []
    assert lacking([rest(12, 1, 60)], EIGHT, FIVE_PM, rules) == [
        Lack("four_hours", 12 * H, 30 * MIN)
    ]
    assert lacking([rest(11, 59, 60)], EIGHT, FIVE_PM, rules) == [
        Lack("four_hours", 12 * H + 59 * MIN + 4 * H, 30 * MIN)
    ]
    pieces = [rest(9, 0, 10), rest(10, 0, 10), rest(12, 20, 10)]
    assert lacking(pieces, EIGHT, 16 * H + 30 * MIN, rules) == []
    assert lacking(pieces[1:], EIGHT, 16 * H, rules) == [
        Lack("four_hours", 12 * H + 20 * MIN, 10 * MIN)
    ]


def test_rests_outside_the_shift_or_on_top_of_each_other_are_refused() -> None:
    for rests in ([rest(7, 0, 60)], [rest(16, 30, 60)], [rest(12, 0, 60), rest(12, 30, 60)]):
        with pytest.raises(ValueError, match="rest"):
            lacking(rests, EIGHT, FIVE_PM, LABOUR_LAW)
    with pytest.raises(ValueError, match="rest"):
        lacking([Rest(12 * H, 11 * H)], EIGHT, FIVE_PM, LABOUR_LAW)


@pytest.mark.parametrize(
    ("field", "value"),
    [("work_s", 0), ("rest_s", 0), ("piece_s", 0), ("piece_s", 3600), ("edge_s", -1)],
)
def test_a_rule_that_nobody_could_follow_is_refused(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=field):
        replace(FOUR_HOURS, **{field: value})  # type: ignore[arg-type]


def lawful(rule: BreakRule, rests: list[Rest], start_s: int, end_s: int) -> bool:
    """Live through the shift, a minute at a time."""
    rests = [r for r in rests if r.lasts_s >= rule.piece_s]
    rests = [r for r in rests if start_s + rule.edge_s <= r.start_s]
    rests = [r for r in rests if r.end_s <= end_s - rule.edge_s]
    worked = rested = 0
    for now in range(start_s, end_s, MIN):
        if any(r.start_s <= now < r.end_s for r in rests):
            rested += MIN
            over = any(now + MIN == r.end_s for r in rests)
            if rule.over is Over.STRETCH and rested >= rule.rest_s and over:
                worked = rested = 0
            continue
        worked += MIN
        if rule.over is Over.STRETCH and worked > rule.work_s:
            return False
    return rule.over is Over.STRETCH or worked <= rule.work_s or rested >= rule.rest_s


@st.composite
def days(draw: st.DrawFn) -> tuple[BreakRule, list[Rest], int]:
    over = draw(st.sampled_from(list(Over)))
    piece = draw(st.integers(1, 3))
    amounts = [draw(st.integers(3, 14)), piece + draw(st.integers(0, 3)), piece]
    work_s, rest_s, piece_s = (MIN * amount for amount in amounts)
    rule = BreakRule("r", over, work_s, rest_s, piece_s, "drawn", MIN * draw(st.integers(0, 2)))
    marks = sorted(draw(st.sets(st.integers(0, 30), max_size=8)))
    rests = [Rest(MIN * a, MIN * b) for a, b in zip(marks[::2], marks[1::2], strict=False)]
    return rule, rests, MIN * 30


@settings(max_examples=300, deadline=None)
@given(days())
def test_the_check_agrees_with_a_life_minute_by_minute(
    day: tuple[BreakRule, list[Rest], int],
) -> None:
    rule, rests, end_s = day

    assert (lacking(rests, 0, end_s, [rule]) == []) == lawful(rule, rests, 0, end_s)
