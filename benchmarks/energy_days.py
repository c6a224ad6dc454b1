"""Days of micro-EVs in the mountains: who asks for rides, what the weather does, who drives.

Everything is invented and seeded but the roads.  Temperatures follow the season; the forecast is
right to a few degrees; a wet day is known, and on a cold one it snows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dispatcher import Place, Plan, Request, Route, Stop, StopKind, Vehicle
from dispatcher.gaps import Charger
from dispatcher.model import Battery, Task
from dispatcher.roads import Anchor, RoadNetwork, Roads
from dispatcher.roads.consumption import Weather, weather_at

HOUR_S = 3600
DEPOT = Place(0)
LA_VELLA = (42.5069, 1.5218)
RESERVE_SHARE = 0.1
RIDERS = (1, 1, 1, 1, 2)
FORECAST_C = 2.0
"""Standard deviation of the forecast's error, at most twice that."""
WET, SNOW = 0.05, 0.15


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of micro-EV as its catalogue has it.

    ``charge_w`` and ``charge_s`` are those of the midday charge at the depot.
    """

    body: str
    seats: int
    capacity_wh: int
    catalogue_wh_km: float
    charge_w: int
    charge_s: int


KINDS: Mapping[str, Kind] = {
    "c_pod": Kind("c_pod", 1, 9060, 54, 2000, 5400),
    "sakura": Kind("sakura", 3, 20_000, 124, 30_000, 2400),
}
CHARGERS = (
    Charger("sakura charger", DEPOT, 1, 30_000, frozenset({"sakura"})),
    Charger("c_pod charger", DEPOT, 2, 2000, frozenset({"c_pod"})),
)
FLEET = ("c_pod", "c_pod", "sakura", "sakura", "sakura")


@dataclass(frozen=True, slots=True)
class Day:
    """What is known of a day before it, and what it turns out to be.

    ``takes_more`` is the share by which all drives of the day take more than the law says; each
    drive has a share of its own on top, up to ``noise`` together.
    """

    number: int
    forecast: Weather
    weather: Weather
    takes_more: float
    noise: float
    asked: tuple[Request, ...]


def places_of(network: RoadNetwork, roads: Roads, count: int, seed: int) -> list[Anchor]:
    """Return the depot in the valley and random places on roads of all heights."""
    rng = np.random.default_rng(seed)
    open_ = network.speed_kmh[network.profiles.index(roads.profile)] > 0
    both = np.flatnonzero(open_[0::2] & open_[1::2])
    length_m = network.length_m[both]
    edges = rng.choice(both, count - 1, p=length_m / length_m.sum())
    drawn = [Anchor(int(edge), round(float(rng.random()), 6)) for edge in edges]
    return [roads.snap(*LA_VELLA).anchor, *drawn]


def day_of(number: int, seed: int, seconds: np.ndarray, parties: int, noise: float) -> Day:
    """Return a day; the same number and seed give the same one.

    On a quiet day half as many as ``parties`` ask, on the busiest all of them.
    """
    rng = np.random.default_rng([seed, number])
    season_c = 11 - 9 * np.cos(2 * np.pi * rng.random())
    forecast_c = season_c + float(rng.normal(0, 4))
    error_c = float(np.clip(rng.normal(0, FORECAST_C), -2 * FORECAST_C, 2 * FORECAST_C))
    wet = bool(rng.random() < 0.25)
    return Day(
        number,
        forecast=_weather(forecast_c, wet=wet),
        weather=_weather(forecast_c + error_c, wet=wet),
        takes_more=float(rng.uniform(-noise, noise)) / 2,
        noise=noise,
        asked=tuple(
            _party(rng, f"p{at}", seconds) for at in range(rng.integers(parties // 2, parties + 1))
        ),
    )


def _weather(temperature_c: float, *, wet: bool) -> Weather:
    dry = weather_at(temperature_c)
    more = (SNOW if temperature_c < 1 else WET) if wet else 0.0
    return Weather(temperature_c, dry.heater_w, dry.factor + more)


def _party(rng: np.random.Generator, name: str, seconds: np.ndarray) -> Request:
    """Return somebody who wants to be driven somewhere between 3 and 15 minutes away."""
    while True:
        a, b = (int(place) for place in rng.integers(1, len(seconds), 2))
        if a != b and 180 <= seconds[a, b] <= 900:
            break
    ready_s = int(rng.integers(8 * HOUR_S, 17 * HOUR_S)) // 300 * 300
    ride_s = int(1.5 * seconds[a, b]) + 600
    leave_s = ready_s + 1200
    return Request(
        name, Place(a), Place(b), ready_s, leave_s, ready_s, leave_s + 60 + ride_s, ride_s,
        seats=int(rng.choice(RIDERS)),
    )  # fmt: skip


def empty_plan(*, batteries: bool, charges: bool = True) -> Plan:
    """Return the fleet at its depot in the morning, each vehicle with its midday charge.

    They take turns, so that the one quick charger is enough for all Sakura.
    """
    routes: dict[str, Route] = {}
    for at, name in enumerate(FLEET):
        kind, id_ = KINDS[name], f"{name}-{at}"
        battery = Battery(kind.capacity_wh, kind.capacity_wh, _reserve_wh(kind))
        vehicle = Vehicle(
            id_, DEPOT, DEPOT, 8 * HOUR_S, 18 * HOUR_S + 1800, kind.seats, profile=name,
            battery=battery if batteries else None,
        )  # fmt: skip
        begin_s = 11 * HOUR_S + at * (kind.charge_s + 600)
        task = Task(
            f"charge {id_}", StopKind.CHARGE, DEPOT, begin_s, begin_s + 600, kind.charge_s,
            kind.charge_w, f"{name} charger",
        )  # fmt: skip
        routes[id_] = Route(vehicle)
        if charges:
            stop = Stop(task.id, StopKind.CHARGE)
            routes[id_] = Route(vehicle, (stop,), tasks={task.id: task})
    return Plan(0, routes, {})


def _reserve_wh(kind: Kind) -> int:
    return round(RESERVE_SHARE * kind.capacity_wh)
