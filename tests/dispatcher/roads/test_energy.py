"""What drives take from a battery: hills one can compute, and ways added up arc by arc."""

from __future__ import annotations

import heapq
import sys
import threading
from dataclasses import replace
from itertools import pairwise
from math import ceil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.energy_drive import Ground, taken_wh
from dispatcher.roads import UNREACHABLE_S, Anchor, RoadNetwork, Roads
from dispatcher.roads.build import build
from dispatcher.roads.consumption import BODIES, VehicleBody, Weather, drive_wh, weather_at
from dispatcher.roads.energy import NEVER_WH, RoadEnergy
from tests.dispatcher.roads.test_travel import ENGINES, networks
from tests.dispatcher.roads.towns import Town

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
    margin: float = 0.0,
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
        margin=margin,
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


def test_a_ride_in_the_cold_costs_more() -> None:
    warm, cold, heated = Weather(20), Weather(0), Weather(20, heater_w=800)

    assert stretch(POD, cold)[0] > stretch(POD, warm)[0], "the air is denser"
    assert stretch(POD, heated)[0] - stretch(POD, warm)[0] == pytest.approx(800 * 90 / 3600)
    assert stretch(POD, heated)[1] == stretch(POD, warm)[1], "riders need no heater of their own"
    assert stretch(SLED, Weather(20, factor=2), climb_m=100) == stretch(SLED, climb_m=100)


def test_a_factor_multiplies_the_drive_and_neither_hill_nor_electronics() -> None:
    dry, wet = stretch(POD, climb_m=50), stretch(POD, Weather(factor=1.5), climb_m=50)
    lights_wh, hill_wh = POD.aux_w * 90 / 3600, stretch(SLED, climb_m=50)[0]
    hill_wh *= (POD.mass_kg + POD.driver_kg) / 1000 * 0.5 / POD.efficiency

    assert wet[0] == pytest.approx(1.5 * (dry[0] - lights_wh - hill_wh) + lights_wh + hill_wh)


def test_a_margin_adds_to_what_is_taken_and_holds_back_what_returns() -> None:
    assert stretch(SLED, climb_m=100, margin=0.2) == pytest.approx((545 * 1.2, 545 * 1.2 / 20))
    assert stretch(SLED, descent_m=100, margin=0.2) == pytest.approx((-109 * 0.8, -109 * 0.8 / 20))
    assert stretch(POD, margin=0.2) == pytest.approx([1.2 * wh for wh in stretch(POD)])


@pytest.mark.parametrize(
    ("temperature_c", "heater_w", "factor"),
    [(20, 0, 1), (17, 0, 1.015), (7, 300, 1.065), (0, 510, 1.1), (-40, 1500, 1.3), (35, 300, 1)],
)
def test_the_weather_assumed_at_a_temperature(
    temperature_c: float, heater_w: float, factor: float
) -> None:
    found = weather_at(temperature_c)

    assert (found.temperature_c, found.heater_w) == (temperature_c, heater_w)
    assert found.factor == pytest.approx(factor)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"mass_kg": 0}, "mass_kg"),
        ({"mass_kg": -1}, "mass_kg"),
        ({"aux_w": float("nan")}, "aux_w"),
        ({"rolling": float("inf")}, "rolling"),
        ({"efficiency": 0}, "efficiency"),
        ({"efficiency": 1.1}, "efficiency"),
        ({"regeneration": 1.1}, "regeneration"),
    ],
)
def test_a_body_no_vehicle_has_is_refused(wrong: dict[str, float], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        replace(POD, **wrong)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"temperature_c": 61}, "temperature_c"),
        ({"temperature_c": -61}, "temperature_c"),
        ({"temperature_c": float("nan")}, "temperature_c"),
        ({"heater_w": -1}, "heater_w"),
        ({"heater_w": float("inf")}, "heater_w"),
        ({"factor": 0}, "factor"),
        ({"factor": float("inf")}, "factor"),
    ],
)
def test_weather_no_town_has_is_refused(wrong: dict[str, float], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Weather(**wrong)


# -- on roads ------------------------------------------------------------------------------------


def hills(network: RoadNetwork, *climbs: tuple[float, float]) -> RoadNetwork:
    """The network with these (climbs, descents) on its edges, in order, and flat ones after."""
    up_down = np.zeros((network.edge_count, 2), dtype=np.float32)
    up_down[: len(climbs)] = climbs
    return replace(network, climb_m=up_down[:, 0], descent_m=up_down[:, 1])


def ridge(tmp_path: Path) -> tuple[Town, RoadNetwork]:
    """A straight road over four edges, the second up by 100 m, the third down by 60.

    Between the edges side roads branch off, so that nothing merges.
    """
    town = Town()
    town.way((0, 0), (1, 0), (2, 0), (3, 0), (4, 0))
    for x in (1, 2, 3):
        town.way((x, 0), (x, 0.2))
    network, _ = town.build(tmp_path)
    return town, hills(network, (0, 0), (100, 0), (0, 60), (0, 0))


def anchors(roads: Roads, town: Town, *points: tuple[float, float]) -> list[Anchor]:
    return [roads.snap(*town.lat_lon(point)).anchor for point in points]


def test_a_drive_over_a_hill_costs_its_climbs_and_descents(tmp_path: Path) -> None:
    town, network = ridge(tmp_path)
    roads = Roads(network)
    west, top, east = anchors(roads, town, (0.5, 0), (2, 0.1), (3.5, 0))
    half_up, half_down = anchors(roads, town, (1.5, 0), (2.5, 0))

    energy = RoadEnergy(roads, SLED)

    up_wh, down_wh = 545, 109
    wh = energy.energy([west, top, east], [west, top, east])
    assert wh.dtype == np.int32
    assert wh.shape == (2, 3, 3)
    assert wh[0].tolist() == [
        [0, up_wh, up_wh - 65],
        [-down_wh + 1 - 1, 0, -65],
        [327 - 109, 327, 0],
    ]
    assert wh[1, 0].tolist() == [0, 28, 24]
    assert energy.energy([west], [half_up])[0, 0, 0] == pytest.approx(up_wh / 2, abs=1)
    assert energy.energy([half_down], [east])[0, 0, 0] == pytest.approx(-65 / 2, abs=1)
    assert energy.energy([half_up], [half_up])[:, 0, 0].tolist() == [0, 0]


def test_along_one_road_energy_is_that_of_the_part_driven(tmp_path: Path) -> None:
    town, network = ridge(tmp_path)
    roads = Roads(network)
    low, high = anchors(roads, town, (1.2, 0), (1.7, 0))

    energy = RoadEnergy(roads, SLED)

    assert energy.energy([low], [high])[0, 0, 0] == pytest.approx(545 / 2, abs=1)
    assert energy.energy([high], [low])[0, 0, 0] == pytest.approx(-109 / 2, abs=1)


def test_energy_follows_closures_and_slow_zones(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0))
    town.way((1, 0), (2, 0))
    town.way((1, 0), (1, 1), (2, 1), (2, 0))
    town.way((2, 0), (3, 0))
    network, _ = town.build(tmp_path)
    roads = Roads(hills(network, (0, 0), (0, 0), (100, 0)))
    west, east, short = anchors(roads, town, (0.5, 0), (2.5, 0), (1.5, 0))
    energy = RoadEnergy(roads, SLED)
    assert energy.energy([west], [east])[0, 0, 0] == 0

    roads.close([short])

    assert energy.energy([west], [east])[0, 0, 0] == 545
    assert energy.energy([west], [short]).tolist() == [[[NEVER_WH]], [[NEVER_WH]]]
    roads.reopen()
    drag = RoadEnergy(roads, replace(SLED, cd_a_m2=1.0))
    fast_wh = int(drag.energy([west], [east])[0, 0, 0])
    roads.slow([short, west, east], 0.5)
    assert drag.energy([west], [east])[0, 0, 0] < 0.5 * fast_wh, "slower is cheaper in the air"


def test_a_place_is_reached_the_way_a_turn_is_forbidden_later(tmp_path: Path) -> None:
    town = Town()
    first = town.way((0, 0), (1, 0))
    second = town.way((1, 0), (2, 0))
    third = town.way((2, 0), (2, 1))
    town.way((2, 0), (3, 0))
    town.way((1, 0), (1, -1))
    town.restrict("no_left_turn", first, [second], third)
    network, _ = town.build(tmp_path)
    roads = Roads(hills(network, (0, 0), (100, 0)))
    west, middle = anchors(roads, town, (0.5, 0), (1.5, 0))
    assert len(network.turn_arc) > 2 * network.edge_count

    energy = RoadEnergy(roads, SLED)

    assert energy.energy([west], [middle])[0, 0, 0] == pytest.approx(545 / 2, abs=1)


def test_where_a_vehicle_may_not_drive_no_battery_is_enough(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0), (2, 0), highway="motorway", oneway="no")
    town.way((0, 0), (0, 1), (2, 1), (2, 0))
    network, _ = town.build(tmp_path)
    roads = Roads(network, "micro_ev")
    fast, slow, other = anchors(Roads(network), town, (0.5, 0), (0, 0.5), (1, 1))

    wh = RoadEnergy(roads, SLED).energy([fast, slow], [other, fast])

    assert (roads.table([fast, slow], [other, fast]) == UNREACHABLE_S).tolist() == [
        [True, True],
        [False, True],
    ]
    assert wh[0].tolist() == [[NEVER_WH, NEVER_WH], [0, NEVER_WH]]


def test_waiting_at_a_gate_is_no_slow_driving(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0), (2, 0))
    free = town.roads(tmp_path / "free")
    town.node((1, 0), barrier="gate")
    gated = town.roads(tmp_path / "gated")
    drag = replace(SLED, cd_a_m2=1.0)

    (free_s, free_wh), (gated_s, gated_wh) = (
        (roads.table(ends[:1], ends[1:]), RoadEnergy(roads, drag).energy(ends[:1], ends[1:]))
        for roads in (free, gated)
        for ends in [anchors(roads, town, (0, 0), (2, 0))]
    )

    assert gated_s[0, 0] == free_s[0, 0] + 60
    assert gated_wh.tolist() == free_wh.tolist()


def test_a_way_that_is_closed_is_given_no_absurd_energy(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0), (1, 1), (0, 0), oneway="yes")
    roads = town.roads(tmp_path)

    wh = RoadEnergy(roads, POD).arcs_wh()

    assert wh.shape == (2, 2 * roads.network.edge_count)
    assert wh.max() < 200


def test_bands_drive_cheaper_where_they_drive_slower(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0), highway="primary")
    roads = town.roads(tmp_path)
    west, east = anchors(roads, town, (0.1, 0), (0.9, 0))
    energy = RoadEnergy(roads, replace(SLED, cd_a_m2=1.0))

    day, peak = (int(energy.energy([west], [east], band)[0, 0, 0]) for band in ("day", "peak"))

    assert peak == pytest.approx(day * 0.85**2, abs=1)
    with pytest.raises(ValueError, match="band"):
        energy.energy([west], [east], "noon")


def test_turns_cost_what_runs_meanwhile(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0), (2, 0))
    town.way((1, 0), (1, 1))
    roads = town.roads(tmp_path)
    west, north = anchors(roads, town, (0.5, 0), (1, 0.5))
    energy = RoadEnergy(roads, replace(SLED, aux_w=3600), Weather(heater_w=3600), margin=0.5)

    seconds = int(roads.table([west], [north])[0, 0])

    assert energy.energy([west], [north])[0, 0, 0] == pytest.approx(3 * seconds, abs=3)
    assert energy.energy([west], [north])[1, 0, 0] == 0


def test_an_empty_table_has_its_shape_and_a_margin_is_a_share(tmp_path: Path) -> None:
    _, network = ridge(tmp_path)
    roads = Roads(network)
    energy = RoadEnergy(roads, SLED)

    assert energy.energy([], [Anchor(0, 0.5)]).shape == (2, 0, 1)
    assert energy.energy([Anchor(0, 0.5)], []).shape == (2, 1, 0)
    assert energy.table([Anchor(0, 0.5)], [Anchor(0, 0.5)]).tolist() == [[0]]
    for margin in (-0.1, 1.0):
        with pytest.raises(ValueError, match="margin"):
            RoadEnergy(roads, SLED, margin=margin)


def test_of_two_equally_fast_ways_the_dearer_one_counts(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0))
    town.way((1, 0), (1, 1), (2, 1), (2, 0))
    town.way((1, 0), (1, -1), (2, -1), (2, 0))
    town.way((2, 0), (3, 0))
    network, _ = town.build(tmp_path)
    six_minutes_each = np.tile(np.repeat(network.length_m / 100, 2), (2, 1)).astype(np.float32)
    no_turns = np.zeros_like(network.turn_cost_ds)
    network = replace(network, speed_kmh=six_minutes_each, turn_cost_ds=no_turns)
    over = RoadEnergy(Roads(hills(network, (0, 0), (100, 100), (0, 0))), SLED)
    under = RoadEnergy(Roads(hills(network, (0, 0), (0, 0), (100, 100))), SLED)
    west, east = anchors(over.roads, town, (0.5, 0), (2.5, 0))

    assert over.energy([west], [east])[0, 0, 0] == 436
    assert under.energy([west], [east])[0, 0, 0] == 436
    assert over.energy([east], [west])[0, 0, 0] == 436


# -- random towns and stretches against what adds up by hand -------------------------------------

BODY = VehicleBody(700, 0.5, 0.012, 150)
metres = st.floats(0, 500, allow_nan=False)


@given(
    km=st.floats(0.01, 20),
    kmh=st.floats(5, 100),
    climb_m=metres,
    descent_m=metres,
    more_kg=st.floats(0.1, 500),
    temperature_c=st.floats(-20, 40),
)
def test_heavier_is_never_cheaper_unless_it_goes_down(
    km: float, kmh: float, climb_m: float, descent_m: float, more_kg: float, temperature_c: float
) -> None:
    weather, heavier = weather_at(temperature_c), replace(BODY, mass_kg=BODY.mass_kg + more_kg)

    there = stretch(BODY, weather, km=km, kmh=kmh, climb_m=climb_m, descent_m=descent_m)
    back = stretch(BODY, weather, km=km, kmh=kmh, climb_m=descent_m, descent_m=climb_m)
    flat = stretch(BODY, weather, km=km, kmh=kmh)
    up = stretch(BODY, weather, km=km, kmh=kmh, climb_m=climb_m)

    assert stretch(heavier, weather, km=km, kmh=kmh, climb_m=climb_m)[0] > up[0]
    assert up[0] >= flat[0] > 0
    returned_wh = 9.81 * 0.6 * 0.82 * (BODY.mass_kg + BODY.driver_kg) * descent_m / 3600
    assert there[0] >= -returned_wh, "more than the descent gives"
    hill_wh = 9.81 * (1 / 0.82 - 0.6 * 0.82) * 770 * (climb_m + descent_m) / 3600
    assert there[0] + back[0] == pytest.approx(2 * flat[0] + hill_wh), "the way back swaps them"


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_every_engine_finds_the_energy_found_by_walking(
    tmp_path: Path, data: st.DataObject
) -> None:
    network = data.draw(networks(tmp_path))
    climbs = st.tuples(st.integers(0, 200), st.integers(0, 200))
    count = network.edge_count
    network = hills(network, *data.draw(st.lists(climbs, min_size=count, max_size=count)))
    edges = st.integers(0, count - 1)
    fractions = st.sampled_from((0.0, 0.02, 0.3, 0.5, 0.9, 1.0))
    places = data.draw(st.lists(st.builds(Anchor, edges, fractions), min_size=2, max_size=6))
    places += [Anchor(places[0].edge, f) for f in (0.1, 0.95)]  # always some on one edge
    closed = data.draw(st.lists(st.integers(0, 2 * count - 1), max_size=2))

    tables = []
    for engine in ENGINES:
        roads = Roads(network, engine=engine)
        roads.close(closed)
        energy = RoadEnergy(roads, BODY)
        tables.append(energy.energy(places, places))

    assert all(np.array_equal(table, tables[0]) for table in tables)
    seconds = roads.table(places, places)
    for row, origin in enumerate(places):
        for column, destination in enumerate(places):
            wh = tables[0][:, row, column]
            for layer in (0, 1):
                mwh = dearest_mwh(energy, layer, origin, destination)
                # A part of an arc that ends on half a milliwatt-hour may be rounded either way.
                assert wh[layer] in {ceil((mwh + by) / 1000) for by in (-1, 0, 1)}
            if seconds[row, column] < UNREACHABLE_S and row < 2:
                by_arcs = along_the_path_wh(energy, origin, destination)
                assert (wh >= by_arcs - 0.01).all(), "a way as fast that is dearer"


def dearest_mwh(energy: RoadEnergy, layer: int, origin: Anchor, destination: Anchor) -> int:
    """The dearest milliwatt-hours among the fastest ways that enter fewest visitors' roads."""
    network, times = energy.roads.network, energy.roads.times()
    arc_mwh = np.rint(1000 * energy.arcs_wh()[layer]).astype(int)
    power_w = energy.body.aux_w if layer == 0 else 0
    queue: list[tuple[int, int, int, int, float]] = []
    for arc in (2 * origin.edge, 2 * origin.edge + 1):
        if times.open[arc]:
            share = 1 - origin.fraction if arc % 2 else origin.fraction
            first = part(times.time_ds[arc], share), part(arc_mwh[arc], share)
            heapq.heappush(queue, (0, -first[0], first[1], arc, share))
    seen: set[int] = set()
    found: list[tuple[int, int, int]] = []
    while queue:
        entries, ds, saved_mwh, state, share = heapq.heappop(queue)
        arc = int(network.turn_arc[state])
        if share == 0.0:
            if state in seen:
                continue
            seen.add(state)
        goal = 1 - destination.fraction if arc % 2 else destination.fraction
        if arc // 2 == destination.edge and goal >= share:
            last = part(times.time_ds[arc], goal), part(arc_mwh[arc], goal)
            found.append((entries, ds + last[0], saved_mwh - last[1]))
        turns = np.flatnonzero(network.turn_tail == state)
        for turn in turns.tolist():
            head, waits_ds = int(network.turn_head[turn]), int(network.turn_cost_ds[turn])
            if times.open[arc] and times.open[network.turn_arc[head]]:
                then_ds = ds + int(times.time_ds[arc]) + waits_ds
                mwh = int(arc_mwh[arc]) + round(waits_ds * power_w / 36)
                enters = entries + int(network.turn_enters[turn])
                heapq.heappush(queue, (enters, then_ds, saved_mwh - mwh, head, 0.0))
    return -min(found)[2] if found else 1000 * NEVER_WH


def part(whole: int, share: float) -> int:
    return int(np.rint(share * int(whole)))


def along_the_path_wh(
    energy: RoadEnergy, origin: Anchor, destination: Anchor
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The sum over the arcs of the way that is drawn, and over its waits at junctions."""
    legs = energy.roads.times().legs(origin, destination)
    arcs_wh = energy.arcs_wh()
    sums = sum(((leg.end - leg.start) * arcs_wh[:, leg.arc] for leg in legs), np.zeros(2))
    sums[0] += sum(leg.wait_ds for leg in legs) / 10 * energy.body.aux_w / 3600
    return sums


@pytest.mark.parametrize("missing", [(), ("routingkit_cch",)])
def test_energy_is_found_without_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...]
) -> None:
    town, network = ridge(tmp_path)
    places = anchors(Roads(network), town, (0.5, 0), (2, 0.1), (3.5, 0))
    expected = RoadEnergy(Roads(network), POD).energy(places, places)
    for package in missing:
        monkeypatch.setitem(sys.modules, package, None)

    energy = RoadEnergy(Roads(network, engine="scipy"), POD)

    assert np.array_equal(energy.energy(places, places), expected)


def test_many_places_and_few_get_the_same_answers(tmp_path: Path) -> None:
    _, network = ridge(tmp_path)
    energy = RoadEnergy(Roads(network), POD)
    rng = np.random.default_rng(3)
    places = [Anchor(int(e), float(f)) for e, f in zip(*_drawn(rng, 30, network), strict=True)]

    table = energy.energy(places, places)

    assert np.array_equal(table[:, :2], energy.energy(places[:2], places))
    assert np.array_equal(table[:, :, :2], energy.energy(places, places[:2]))
    assert np.array_equal(table[:, :7, :9], energy.energy(places[:7], places[:9]))


def _drawn(
    rng: np.random.Generator, count: int, network: RoadNetwork
) -> tuple[list[int], list[float]]:
    return rng.integers(0, network.edge_count, count).tolist(), rng.random(count).tolist()


def test_threads_may_share_the_energy(tmp_path: Path) -> None:
    _, network = ridge(tmp_path)
    energy = RoadEnergy(Roads(network), POD)
    places = [Anchor(edge, 0.5) for edge in range(4)]
    expected = energy.energy(places, places)
    wrong: list[bool] = []

    def ask() -> None:
        tables = [energy.energy(places, places) for _ in range(20)]
        wrong.extend(not np.array_equal(table, expected) for table in tables)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(wrong) == 80
    assert not any(wrong)


@pytest.mark.shared
def test_in_andorra_it_is_that_of_a_walk_over_the_heights_in_small_steps(
    shared_dir: Path, tmp_path: Path
) -> None:
    data = shared_dir / "data" / "roads"
    osm, tile = data / "andorra.osm.pbf", data / "N42E001.hgt.zip"
    build(osm, tmp_path / "roads", elevation=[tile])
    network = RoadNetwork.load(tmp_path / "roads")
    roads, ground = Roads(network, "micro_ev"), Ground(network, "micro_ev", osm, tile)
    energy = RoadEnergy(roads, POD, weather_at(5))
    open_ = network.speed_kmh[1, 0::2] * network.speed_kmh[1, 1::2] > 0
    edges = np.random.default_rng(8).choice(np.flatnonzero(open_), 100)
    places = [Anchor(int(edge), 0.5) for edge in edges]

    for first in range(0, 100, 20):
        model_wh = walked_wh = 0.0
        for a, b in pairwise(places[first : first + 20]):
            path = roads.path(a, b)
            assert path is not None
            walk = ground.walk(a, b, path)
            assert walk.length_m == pytest.approx(path.length_m, rel=0.01)
            walked_wh += float(taken_wh(walk, POD, energy.weather, 1)[-1])
            model_wh += float(energy.energy([a], [b]).sum())
        assert model_wh == pytest.approx(walked_wh, rel=0.1)
