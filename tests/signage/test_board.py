"""A board says how old its news is, and letters can be read from where people stand."""

from __future__ import annotations

import pytest

from signage.board import Board, Panel, board
from signage.departures import Freshness, Wait
from signage.words import Text
from tests.signage.stops import NOW, TZ, running


def shown(as_of: float | None) -> Board:
    return board("2_01", Text("役場", "Hall"), [running(600)], now=NOW, as_of=as_of, tz=TZ, limit=4)


def test_a_board_tells_the_age_of_its_news() -> None:
    live, stale, old, never = shown(NOW - 5), shown(NOW - 200), shown(NOW - 301), shown(None)

    assert (live.known, live.as_of) == (Freshness.LIVE, "10:59")
    assert (stale.known, stale.age_min) == (Freshness.STALE, 3)
    assert old.known is never.known is Freshness.TIMETABLE
    assert [one.rows[0].wait for one in (live, stale, old)] == [
        Wait.MINUTES,
        Wait.MINUTES,
        Wait.PLANNED,
    ]
    assert never.as_of is None


def test_news_from_the_future_is_news_of_now() -> None:
    assert (shown(NOW + 400).known, shown(NOW + 400).age_min) == (Freshness.LIVE, 0)


@pytest.mark.parametrize(
    ("inches", "distance_m", "font_px"),
    [
        (21.5, 2, 41),
        (21.5, 10, 180),
        (27, 5, 72),
        (27, 20, 286),
        (32, 2, 28),
        (32, 5, 61),
        (32, 10, 121),
        (32, 20, 241),
        (43, 5, 45),
        (55, 10, 71),
        (55, 2, 16),
    ],
)
def test_letters_are_as_high_as_the_guideline_asks(
    inches: float, distance_m: float, font_px: int
) -> None:
    """The sizes of the table in the screens reference, worked out there by hand."""
    assert Panel(inches, distance_m).font_px == pytest.approx(font_px, abs=1)


def test_a_distance_between_two_steps_takes_the_larger_letters() -> None:
    assert Panel(32, 5.1).font_px == Panel(32, 10).font_px


def test_fewer_rows_fit_when_people_stand_further_away() -> None:
    assert Panel(32, 10).rows == 4
    assert [Panel(32, distance_m).rows for distance_m in (2, 5, 20, 30)] == [18, 8, 2, 1]


@pytest.mark.parametrize(("inches", "distance_m"), [(0, 5), (32, 0), (32, 31)])
def test_there_are_limits_to_a_panel(inches: float, distance_m: float) -> None:
    with pytest.raises(ValueError, match="no sign"):
        Panel(inches, distance_m)
