"""What drives take from a battery: hills one can compute, and ways added up arc by arc."""

from __future__ import annotations

import numpy as np
import pytest

from dispatcher.roads.consumption import BODIES, VehicleBody, Weather, drive_wh

POD = BODIES["c_pod"]
CALM = Weather()
SLED = VehicleBody(
    mass_kg=900,
    cd_a_m2=0,
    rolling=0,
    aux_w=0,
    efficiency=0.5,
    regeneration=0.8,
    stops_per_km=0,
    driver_kg=100,
    rider_kg=50,
)
"""Needs nothing on the flat.  A metre up is 9.81 kJ at the wheels, 5.45 Wh from the battery; a
metre down gives 0.8 x 0.5 of 9.81 kJ, 1.09 Wh.  A rider is a twentieth of it."""


def stretch(
    body: VehicleBody,
    weather: Weather = CALM,
    *,
    km: float = 1.0,
    climb_m: float = 0.0,
    descent_m: float = 0.0,
    kmh: float = 40.0,
) -> tuple[float, float]:
    """The watt-hours of one stretch: alone, and for each rider."""
    alone, rider = drive_wh(
        body,
        weather,
        length_m=np.array([1000 * km]),
        climb_m=np.array([climb_m]),
        descent_m=np.array([descent_m]),
        speed_kmh=np.array([kmh]),
        time_s=np.array([3600 * km / kmh]),
    )
    return float(alone[0]), float(rider[0])


@pytest.mark.parametrize(
    ("name", "flat_wh", "climb_wh", "regained_wh"),
    [
        ("c_pod", 51, 274, 111),
        ("coms", 38, 188, 76),
        ("sakura", 73, 400, 162),
        ("n_van_e", 81, 424, 171),
    ],
)
def test_catalogue_figures_are_met(
    name: str, flat_wh: float, climb_wh: float, regained_wh: float
) -> None:
    """Per kilometre at 40 km/h, and per 100 m of height, with the driver and one rider."""
    body = BODIES[name]
    flat = sum(stretch(body))

    assert flat == pytest.approx(flat_wh, abs=1)
    assert sum(stretch(body, climb_m=100)) - flat == pytest.approx(climb_wh, abs=1)
    assert flat - sum(stretch(body, descent_m=100)) == pytest.approx(regained_wh, abs=1)


def test_a_hill_costs_what_one_can_compute_in_the_head() -> None:
    assert stretch(SLED) == (0, 0)
    assert stretch(SLED, climb_m=100) == pytest.approx((545, 545 / 20))
    assert stretch(SLED, descent_m=100) == pytest.approx((-109, -109 / 20))


def test_climbs_and_descents_within_a_stretch_do_not_cancel() -> None:
    assert stretch(SLED, climb_m=100, descent_m=100) == pytest.approx((436, 436 / 20))
