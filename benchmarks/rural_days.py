"""More days of the kind in ``data/rural``: made with other seeds on the same network.

Three peaks (morning, noon, afternoon), mornings mostly toward the hubs and afternoons back, hubs
drawn by how busy they are, one or two passengers, on half-advance days about half booked 0.5 to 4
hours ahead.  ``python -m benchmarks.rural_days --seed 7 --requests 120 --advance 0.5 --out FILE``.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.rural_town import Town, Trip, read_town, trip_row

PEAKS: Final = ((0.47, 8_300, 3_000), (0.31, 18_300, 4_000), (0.22, 26_700, 3_900))
"""Share, middle and spread of each, in seconds."""

TO_HUB: Final = ((0, 0.78), (4, 0.40), (5, 0.28), (8, 0.30))
"""From which hour on which share of the trips goes to a hub."""

BETWEEN_HUBS: Final = 0.02
HUBS: Final = (30, 19, 18, 13, 11, 9)
"""How busy the hubs are, the busiest first; they are in the order 641, 613, 203, 434, 0, 835."""

BUSIEST: Final = (641, 613, 203, 434, 0, 835)
PAIR: Final = 0.25
SHORTEST_S, LONGEST_S = 200, 2400
FIRST_S, LAST_S = 60, 35_000
LEAD_S: Final = (1800, 14_400)


def make_trips(town: Town, *, requests: int, advance: float, seed: int) -> list[Trip]:
    """Return one day's requests in the order in which they become known."""
    draw = random.Random(f"{seed}/{requests}/{advance}")
    drawn = sorted(_earliest_s(draw) for _ in range(requests))
    trips = []
    for number, earliest_s in enumerate(drawn):
        origin, destination = _ends(town, draw, earliest_s)
        ahead_s = draw.randint(*LEAD_S) if draw.random() < advance else 0
        trips.append(
            Trip(
                str(number),
                max(0, earliest_s - ahead_s),
                earliest_s,
                origin,
                destination,
                1 + (draw.random() < PAIR),
                float(town.network.seconds[origin, destination]),
                float(town.network.metres[origin, destination]),
            )
        )
    return sorted(trips, key=lambda trip: (trip.request_s, int(trip.id)))


def _earliest_s(draw: random.Random) -> int:
    while True:
        share, middle_s, spread_s = PEAKS[_pick(draw, [peak[0] for peak in PEAKS])]
        at_s = round(draw.gauss(middle_s, spread_s))
        if FIRST_S <= at_s <= LAST_S and share > 0:
            return at_s


def _pick(draw: random.Random, weights: Sequence[float]) -> int:
    return draw.choices(range(len(weights)), weights)[0]


def _ends(town: Town, draw: random.Random, at_s: int) -> tuple[int, int]:
    """Return an origin and a destination neither too near nor too far apart."""
    share = max((hour, share) for hour, share in TO_HUB if hour * 3600 <= at_s)[1]
    hubs = [hub for hub in BUSIEST if hub in town.hubs] or town.hubs
    while True:
        hub = hubs[_pick(draw, HUBS[: len(hubs)])]
        between = draw.random() < BETWEEN_HUBS
        other = draw.choice(town.hubs if between else town.stops)
        origin, destination = (other, hub) if draw.random() < share else (hub, other)
        if SHORTEST_S <= town.network.seconds[origin, destination] <= LONGEST_S:
            return origin, destination


def write_trips(path: Path, trips: Sequence[Trip]) -> None:
    """Write a request file."""
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(trip_row(trips[0])), lineterminator="\n")
        writer.writeheader()
        writer.writerows(trip_row(trip) for trip in trips)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write one day."""
    parser = argparse.ArgumentParser(prog="benchmarks.rural_days", description=__doc__)
    shared = Path(__file__).resolve().parents[2] / "shared" / "data" / "rural"
    parser.add_argument("--scenario", type=Path, default=shared)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--requests", type=int, default=120)
    parser.add_argument("--advance", type=float, default=0.0, help="share booked ahead")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    town = read_town(chosen.scenario)
    trips = make_trips(town, requests=chosen.requests, advance=chosen.advance, seed=chosen.seed)
    write_trips(chosen.out, trips)


if __name__ == "__main__":
    main()
