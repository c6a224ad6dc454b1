"""A demand vehicle against its plan: how far, how late, and off its road."""

from __future__ import annotations

import pytest

from busloc.errand import Errand, progress
from tests.busloc.towns import at, ping, place

NOON = at("12:00:00")
PATH = Errand.of(
    [place(0), place(2000), place(2000, 1000), place(0, 1000)],
    [NOON, NOON + 200, NOON + 300, NOON + 500],
)


@pytest.mark.parametrize(
    ("metres", "east_m", "along_m", "late_s"),
    [(500, 10, 500, 50), (2000, 500, 2500, -150), (1000, 1000, 4000, -300)],
)
def test_a_vehicle_on_its_road_is_placed_and_timed(
    metres: float, east_m: float, along_m: float, late_s: float
) -> None:
    found = progress(PATH, ping(metres, NOON + 100, east_m=east_m))

    assert found.along_m == pytest.approx(along_m, abs=5)
    assert found.left_m == pytest.approx(5000 - along_m, abs=5)
    assert found.late_s == pytest.approx(late_s, abs=1)
    assert not found.astray


def test_on_another_road_the_place_where_it_left_is_kept() -> None:
    on = progress(PATH, ping(1000, NOON + 100))
    off = progress(PATH, ping(1500, NOON + 150, east_m=-400), on)
    back = progress(PATH, ping(2000, NOON + 250, east_m=300), off)

    assert off.astray
    assert off.off_m == pytest.approx(400, abs=5)
    assert off.along_m == on.along_m
    assert back.along_m == pytest.approx(2300, abs=5)
    assert not back.astray


def test_a_path_needs_a_time_for_each_point() -> None:
    with pytest.raises(ValueError, match="1 points"):
        Errand.of([place(0)], [NOON])
