"""How true predictions were, counted by hand and by another way of counting."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.accuracy import Scores


def scored(*rows: tuple[float, float, float]) -> dict[str, object]:
    """Return the figures of predictions (seconds ahead said, seconds ahead true, head start)."""
    scores = Scores()
    for ahead, came, early in rows:
        said = 1000.0
        expected = said + ahead
        scores.add("r", "s", said, expected, expected - early, expected - 20, expected + 40,
                   said + came)  # fmt: skip
    found: dict[str, object] = scores.report()["all"]
    return found


def test_errors_are_those_of_the_last_quarter_of_an_hour() -> None:
    found = scored((100, 110, 0), (100, 70, 0), (1000, 1200, 0))

    assert (found["n"], found["mae_s"], found["bias_s"]) == (2, 20.0, -10.0)
    assert found["mae_by_bucket"] == [20.0, None, None, None]


@pytest.mark.parametrize(
    ("came", "late", "accurate"),
    [
        (179, 90, 100.0), (179, 91, 0.0), (179, -30, 100.0), (179, -31, 0.0),
        (180, 150, 100.0), (180, 151, 0.0), (359, -60, 100.0), (359, -61, 0.0),
        (360, 210, 100.0), (360, 211, 0.0), (599, -60, 100.0), (599, -61, 0.0),
        (600, 270, 100.0), (600, 271, 0.0), (899, -90, 100.0), (899, -91, 0.0),
    ],
)  # fmt: skip
def test_the_bands_of_the_transit_benchmark(came: float, late: float, accurate: float) -> None:
    assert scored((came - late, came, 0))["transit_score"] == accurate


def test_the_transit_score_is_of_the_time_a_rider_is_told() -> None:
    found = scored((100, 60, 30))

    assert (found["transit_score"], found["transit_score_expected"]) == (100.0, 0.0)


def test_the_transit_score_weighs_its_buckets_alike() -> None:
    found = scored((100, 100, 0), (110, 110, 0), (400, 800, 0))

    assert found["transit_by_bucket"] == [100.0, None, None, 0.0]
    assert found["transit_score"] == 50.0


@pytest.mark.parametrize(
    ("ahead", "late", "bins"),
    [
        (179, 60, [100.0, None, None, None]), (179, 61, [0.0, None, None, None]),
        (180, -90, [None, 100.0, None, None]), (180, -91, [None, 0.0, None, None]),
        (360, 210, [None, None, 100.0, None]), (719, 211, [None, None, 0.0, None]),
        (720, -240, [None, None, None, 100.0]), (1799, 361, [None, None, None, 0.0]),
        (1800, 0, [None, None, None, None]),
    ],
)  # fmt: skip
def test_the_bins_of_mbta_go_by_the_time_that_was_predicted(
    ahead: float, late: float, bins: list[float | None]
) -> None:
    assert scored((ahead, ahead + late, 0))["mbta_bins"] == bins


def test_an_interval_holds_what_comes_within_it() -> None:
    found = scored((100, 80, 0), (100, 79, 0), (100, 140, 0), (100, 141, 0))

    assert (found["coverage80_percent"], found["width_s"]) == (50.0, 60.0)


def test_figures_are_kept_by_route_stop_and_time_ahead() -> None:
    scores = Scores()
    scores.add("r1", "s1", 0, 100, 100, 90, 110, 110)
    scores.add("r2", "s1", 0, 500, 500, 400, 600, 540)
    scores.miss("r2", "s2")

    report = scores.report()

    assert {name: row["n"] for name, row in report["by_route"].items()} == {"r1": 1, "r2": 1}
    assert report["by_stop"]["s1"]["mae_s"] == 25.0
    assert report["by_stop"]["s2"]["visits_untold"] == report["all"]["visits_untold"] == 1
    assert report["by_stop"]["s2"]["mae_s"] is None
    assert [row["n"] for row in report["by_horizon"].values()] == [1, 0, 1, 0]


def test_nothing_told_is_no_figure() -> None:
    found = Scores().report()["all"]

    assert (found["n"], found["mae_s"], found["transit_score"]) == (0, None, None)


seconds = st.integers(-60, 1900)


@given(st.lists(st.tuples(seconds, st.integers(1, 1500), st.integers(0, 60)), max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_figures_are_those_of_counting_one_by_one(rows: list[tuple[int, int, int]]) -> None:
    found = scored(*rows)

    near = [(ahead, came) for ahead, came, _ in rows if came < 900]
    errors = [abs(came - ahead) for ahead, came in near]
    within = [ahead - 20 <= came <= ahead + 40 for ahead, came in near]
    shares = []
    for low, high, soon, late in (
        (0, 180, -30, 90), (180, 360, -60, 150), (360, 600, -60, 210), (600, 900, -90, 270),
    ):  # fmt: skip
        hits = [soon <= came - (a - e) <= late for a, came, e in rows if low <= came < high]
        shares += [100 * sum(hits) / len(hits)] if hits else []
    assert found["n"] == len(near)
    if near:
        assert found["mae_s"] == pytest.approx(sum(errors) / len(errors), abs=0.006)
        assert found["coverage80_percent"] == pytest.approx(
            100 * sum(within) / len(within), abs=0.006
        )
        assert found["transit_score"] == pytest.approx(sum(shares) / len(shares), abs=0.02)
