"""The simulator of electric vehicles drives by figures one can compute, and finds broken days."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import energy
from benchmarks.energy import _followed
from benchmarks.energy_drive import (
    Walk,
    after_charge_wh,
    balanced_wh,
    haversine_m,
    heights_around,
    smoothed,
    taken_wh,
)
from dispatcher.roads.consumption import BODIES, VehicleBody, Weather

CALM = Weather()
SLED = VehicleBody(900, 0, 0, 0, 0.5, 0.8, 0, driver_kg=100, rider_kg=50)
"""A metre up takes 5.45 Wh, a metre down returns 1.09; the flat is free."""


def walk(*rises_m: float, kmh: float = 36) -> Walk:
    speed = np.full(len(rises_m), kmh / 3.6)
    return Walk(10.0, np.array(rises_m), speed, 10 * len(rises_m) / (kmh / 3.6))


def test_a_walk_takes_what_its_steps_take() -> None:
    assert taken_wh(walk(1, 1, 0, -2), SLED, CALM, 0) == pytest.approx([5.45, 10.9, 10.9, 8.72])
    assert taken_wh(walk(1), SLED, CALM, 2) == pytest.approx([5.45 * 1.1])
    heated = taken_wh(walk(*[0.0] * 360), SLED, Weather(heater_w=1000), 0)
    assert heated[-1] == pytest.approx(100), "six minutes of 1 kW"


def test_a_walk_meets_the_catalogue() -> None:
    flat = taken_wh(walk(*[0.0] * 100, kmh=40), BODIES["c_pod"], CALM, 1)

    assert flat[-1] == pytest.approx(51, abs=1)
    assert balanced_wh(walk(*[0.0] * 100, kmh=40), BODIES["c_pod"], CALM, 1)[-1] == (
        pytest.approx(flat[-1])
    )


def test_by_the_balance_of_forces_a_gentle_descent_needs_less() -> None:
    down = walk(*[-0.3] * 100)
    body = replace(BODIES["sakura"], aux_w=0)

    assert balanced_wh(down, body, CALM, 0)[-1] < taken_wh(down, body, CALM, 0)[-1]


def test_a_full_battery_takes_nothing_back() -> None:
    levels = _followed(95.0, np.array([-10.0, -10.0, 30.0, -5.0]), 100.0)

    assert levels.tolist() == [100, 100, 70, 75]


def test_a_charge_slows_down_at_the_end() -> None:
    assert after_charge_wh(2000, 3000, 3600, 10_000, 0.8) == pytest.approx(5000)
    nearly = after_charge_wh(8000, 3000, 3600, 10_000, 0.8)
    assert nearly == pytest.approx(10_000 - 2000 * np.exp(-1.5), rel=1e-3)
    assert after_charge_wh(10_000, 3000, 3600, 10_000, 0.8) == 10_000


def test_smoothing_leaves_an_even_slope_alone_and_takes_off_teeth() -> None:
    slope = np.linspace(0, 100, 200)
    teeth = slope + 3.0 * (np.arange(200) % 2)

    assert smoothed(slope, 10.0) == pytest.approx(slope, abs=0.01)
    assert np.abs(np.diff(smoothed(teeth, 10.0))).sum() < 110
    assert smoothed(slope[:1], 0.0) == pytest.approx(slope[:1])


def test_a_degree_is_as_long_as_it_is() -> None:
    lon, lat = np.array([1.0, 1.0, 2.0]), np.array([42.0, 43.0, 43.0])

    assert haversine_m(lon, lat) == pytest.approx([111_195, 81_320], rel=1e-3)


@pytest.mark.shared
def test_heights_have_no_voids(shared_dir: Path) -> None:
    tile = shared_dir / "data" / "roads" / "N42E001.hgt.zip"

    heights, north, west = heights_around(tile, [1.42, 42.43, 1.78, 42.66])

    assert 500 < heights.min() < heights.max() < 3101
    assert (north, west) == pytest.approx((42.68, 1.4), abs=0.01)


@pytest.mark.shared
def test_slopes_break_flat_plans_and_not_ours(shared_dir: Path) -> None:
    document = energy.run(days=2, seed=3, parties=40, noise=0.1, margin=energy.MARGIN)

    rows = {row["mode"]: row for row in document["rows"]}
    assert list(rows) == list(energy.MODES)
    assert ",".join(rows["slope"]) == (
        "mode,days,served_percent,broken_days,lowest_charge_percent,wh_per_km,cpu_s"
    )
    assert rows["slope"]["broken_days"] == 0
    assert rows["slope"]["lowest_charge_percent"] >= 10
    assert rows["flat"]["broken_days"] == rows["none"]["broken_days"] == 2
    assert rows["slope"]["served_percent"] > rows["flat"]["served_percent"]
    lowest, _, highest = document["about"]["model_over_walk"]
    assert 0.85 < lowest <= highest < 1.15
