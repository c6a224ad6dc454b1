"""What an electric vehicle takes from its battery for a stretch of road.

The model is that of the project's reference notes (roads, section 7), checked there against
catalogue figures only, never on the road: rolling and air resistance and the losses of stopping,
both through the drive's efficiency; every metre climbed at its full price; every metre descended
returned as far as the motor regenerates; lights, heater and electronics by the clock.  On a steep
descent it errs on the dear side: there, resistance brakes for nothing what is charged for here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GRAVITY = 9.81
_AIR_KG_M3 = 1.2
"""At 20 degrees."""
_JOULES = 3600.0


@dataclass(frozen=True, slots=True)
class VehicleBody:
    """What a vehicle is, as far as its energy goes.

    ``mass_kg`` is that of the empty vehicle, ``cd_a_m2`` its drag area, ``rolling`` the coefficient
    of rolling resistance, ``efficiency`` the share of the battery's energy that reaches the wheels,
    ``regeneration`` the share of braking the motor does, ``aux_w`` what runs while it is on.

    Raises ``ValueError`` for a figure that no vehicle has.
    """

    mass_kg: float
    cd_a_m2: float
    rolling: float
    aux_w: float
    efficiency: float = 0.82
    regeneration: float = 0.6
    stops_per_km: float = 0.6
    driver_kg: float = 70.0
    rider_kg: float = 65.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value < np.inf:
                raise ValueError(f"{field.name}={value} is not a number from 0")
        if self.mass_kg == 0:
            raise ValueError("mass_kg=0.0 is no vehicle")
        if not 0 < self.efficiency <= 1 or self.regeneration > 1:
            shares = f"efficiency={self.efficiency}, regeneration={self.regeneration}"
            raise ValueError(f"{shares} are not shares")


BODIES: Final[Mapping[str, VehicleBody]] = {
    "c_pod": VehicleBody(690, 0.45, 0.011, 150),
    "coms": VehicleBody(430, 0.45, 0.011, 80),
    "sakura": VehicleBody(1070, 0.62, 0.010, 350),
    "n_van_e": VehicleBody(1140, 0.80, 0.010, 350),
}
"""Toyota C+pod (two seats with the driver's, 9.06 kWh), Toyota COMS (one seat, 3.7 kWh), Nissan
Sakura (four seats, 20 kWh), Honda N-VAN e: (four seats, 29.6 kWh).  Masses are the makers' as read
in November 2026; drag, rolling resistance and auxiliaries are assumptions that meet the catalogue's
consumption of the C+pod (54 Wh/km)."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What the weather does to consumption; 20 degrees and a dry road change nothing.

    ``heater_w`` is what heats or cools the cabin while it drives, ``factor`` what cold tyres, a
    cold battery, rain or snow multiply the drive by.

    Raises ``ValueError`` for a temperature no town has, or a negative figure.
    """

    temperature_c: float = 20.0
    heater_w: float = 0.0
    factor: float = 1.0

    def __post_init__(self) -> None:
        if not -60 <= self.temperature_c <= 60:
            raise ValueError(f"temperature_c={self.temperature_c} is not between -60 and 60")
        if not 0 <= self.heater_w < np.inf:
            raise ValueError(f"heater_w={self.heater_w} is not a number from 0")
        if not 0 < self.factor < np.inf:
            raise ValueError(f"factor={self.factor} is not a number above 0")

    @property
    def air_kg_m3(self) -> float:
        """How dense the air is."""
        return _AIR_KG_M3 * 293.15 / (273.15 + self.temperature_c)


def weather_at(temperature_c: float) -> Weather:
    """Return the weather assumed at a temperature, until the town has measured its own.

    Heating takes 30 W for each degree below 17, cooling 30 W for each above 25, at most 1,500 W;
    each degree below 20 makes the drive half a percent dearer.  At 40 km/h and freezing point that
    is a third more than at 20 degrees for a C+pod and a quarter more for a Sakura.
    """
    away_c = max(17 - temperature_c, temperature_c - 25, 0.0)
    return Weather(temperature_c, min(30 * away_c, 1500.0), 1 + 0.005 * max(20 - temperature_c, 0))


def drive_wh(
    body: VehicleBody,
    weather: Weather,
    *,
    length_m: Floats,
    climb_m: Floats,
    descent_m: Floats,
    speed_kmh: Floats,
    time_s: Floats,
    margin: float = 0.0,
) -> Floats:
    """Return the watt-hours of stretches with the driver alone, and what each rider adds.

    The first axis of the result has these two.  ``climb_m`` and ``descent_m`` are all metres up and
    all metres down along a stretch; ``time_s`` may hold waiting that ``speed_kmh`` does not know.
    ``margin`` is the share added to what is taken and held back from what a descent returns.
    """
    speed_mps = speed_kmh / 3.6
    returned = body.regeneration * body.efficiency
    lost = 1 / body.efficiency - returned
    stops = body.stops_per_km / 1000 * speed_mps**2 / 2 * lost
    rolling = body.rolling * _GRAVITY / body.efficiency
    taken = length_m * (rolling + stops) * weather.factor + _GRAVITY * climb_m / body.efficiency
    per_kg = (1 + margin) * taken - (1 - margin) * _GRAVITY * returned * descent_m
    air = weather.air_kg_m3 / 2 * body.cd_a_m2 * speed_mps**2 / body.efficiency
    fixed = length_m * air * weather.factor + (body.aux_w + weather.heater_w) * time_s
    alone = (1 + margin) * fixed + (body.mass_kg + body.driver_kg) * per_kg
    return np.stack((alone, body.rider_kg * per_kg)) / _JOULES
