"""A demand vehicle against its plan: how far, how late, and off its road."""

from __future__ import annotations

import pytest

from busloc.errand import Errand, Errands, progress
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


def test_a_vehicle_that_waits_at_the_end_is_no_later_than_it_came() -> None:
    came = progress(PATH, ping(20, NOON + 530, east_m=1000))
    waits = progress(PATH, ping(0, NOON + 900, east_m=1000), came)

    assert came.late_s == pytest.approx(32, abs=1)
    assert waits.late_s == came.late_s


WAY = [place(0), place(1000)]


def test_a_vehicle_keeps_its_place_when_only_the_times_of_its_path_change() -> None:
    errands = Errands()
    errands.give("bus", WAY, [NOON, NOON + 100])
    errands.see(ping(600, NOON + 70))
    errands.give("bus", WAY, [NOON + 60, NOON + 160])
    errands.see(ping(300, NOON + 80))

    found = errands.of("bus")

    assert found is not None
    assert found.along_m == pytest.approx(600, abs=2)
    assert found.late_s == pytest.approx(-40, abs=1)


@pytest.mark.parametrize("points", [[], [place(0)], [place(0), place(0)], [*WAY, place(2000)]])
def test_on_another_path_or_none_nothing_is_known_of_a_vehicle(
    points: list[tuple[float, float]],
) -> None:
    errands = Errands()
    errands.give("bus", WAY, [NOON, NOON + 100])
    errands.see(ping(600, NOON + 70))
    errands.give("bus", points, [NOON + 10 * k for k in range(len(points))])

    assert errands.of("bus") is None
