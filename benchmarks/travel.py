"""How long driving times take, and whether four engines give the same ones.

Places are random points on different edges, the dearest case: nothing is shared between them.
Measured on the demo town's network and, when the real data lies beside the project, on Andorra:
a 500 x 500 table, one quote's tables (2 points x 400 stops, there and back), a closure until it
shows in a quote's table, one path.  Agreement is the share of equal seconds over a whole table.

    python -m benchmarks.travel [--roads DIR] [--json [FILE]]
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from dispatcher.roads import Anchor, RoadNetwork, Roads
from dispatcher.roads.build import build

ENGINES = ("sweep", "pyroutingkit", "routingkit_cch", "scipy")
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "roads"


def networks(folder: Path, roads: Path | None) -> Iterator[tuple[str, RoadNetwork, float | None]]:
    """Yield each network with its name and how long its import took."""
    if roads is not None:
        yield roads.name, RoadNetwork.load(roads), None
        return
    yield "demo town", *timed_build(demo_osm(folder), folder / "demo")
    andorra = SHARED / "andorra.osm.pbf"
    if andorra.is_file():
        heights = SHARED / "N42E001.hgt.zip"
        yield "andorra", *timed_build(andorra, folder / "andorra", heights)
    else:
        print("no ../shared beside the project: Andorra not measured", file=sys.stderr)


def demo_osm(folder: Path) -> Path:
    """Return the demo town's roads as an OpenStreetMap file."""
    from maas.demo.network import draw_network, write_osm

    path = folder / "demo.osm"
    write_osm(draw_network(), path)
    return path


def timed_build(osm: Path, out: Path, *elevation: Path) -> tuple[RoadNetwork, float]:
    """Return the network and the seconds its import takes once everything is warm."""
    build(osm, out, elevation=elevation)
    began = time.perf_counter()
    build(osm, out, elevation=elevation)
    return RoadNetwork.load(out), time.perf_counter() - began


def random_places(network: RoadNetwork, count: int, seed: int) -> list[Anchor]:
    """Return points on different edges as long as there are enough of them."""
    rng = np.random.default_rng(seed)
    edges = rng.choice(network.edge_count, count, replace=count > network.edge_count)
    return [Anchor(int(edge), round(float(rng.random()), 6)) for edge in edges]


def milliseconds(work: Callable[[], object], repeats: int) -> dict[str, float]:
    """Return the middle and 99th-percentile wall time of ``work``, and its middle CPU time."""
    work()
    wall, cpu = [], []
    for _ in range(repeats):
        began, began_cpu = time.perf_counter_ns(), time.thread_time_ns()
        work()
        cpu.append((time.thread_time_ns() - began_cpu) / 1e6)
        wall.append((time.perf_counter_ns() - began) / 1e6)
    middle, high = np.percentile(wall, (50, 99))
    return {
        "p50": round(middle, 3),
        "p99": round(high, 3),
        "cpu_p50": round(float(np.median(cpu)), 3),
    }


def measure(network: RoadNetwork, seed: int) -> dict[str, Any]:
    """Return what the fastest engine takes on one network."""
    began = time.perf_counter()
    roads = Roads(network)
    prepare_s = time.perf_counter() - began
    places = random_places(network, 500, seed)
    ends, stops = places[:2], places[2:402]

    def quote() -> None:
        roads.table(ends, stops)
        roads.table(stops, ends)

    def closure() -> None:
        roads.close([places[450]])
        roads.table(ends, stops)

    row = {
        "prepare_s": round(prepare_s, 2),
        "table_500x500_ms": milliseconds(lambda: roads.table(places, places), 15),
        "quote_2x400_both_ways_ms": milliseconds(quote, 300),
        "path_ms": milliseconds(lambda: roads.path(places[0], places[1]), 50),
        "closure_visible_ms": milliseconds(closure, 25),
    }
    roads.reopen()
    return row


def agreement(network: RoadNetwork, seed: int) -> dict[str, Any]:
    """Return the share of equal seconds between the engines, closures and slow zones included."""
    places = random_places(network, 500, seed + 1)
    places += [Anchor(place.edge, 0.1) for place in places[:50]]
    tables = []
    for engine in ENGINES:
        roads = Roads(network, engine=engine)
        roads.close(places[60:70])
        roads.slow(places[70:90], 0.5)
        tables.append(roads.table(places, places))
    same = np.logical_and.reduce([table == tables[0] for table in tables])
    return {"pairs": int(same.size), "engines_agree": float(same.mean())}


def run(roads: Path | None, seed: int) -> dict[str, Any]:
    """Measure every network and return the document that is printed."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, network, import_s in networks(Path(folder), roads):
            print(f"measuring {name}", file=sys.stderr)
            size = {
                "network": name,
                "junctions": len(network.node_lon),
                "edges": network.edge_count,
                "states": len(network.turn_arc),
                "turns": len(network.turn_tail),
                "km": round(float(network.length_m.sum()) / 1000),
                "import_s": None if import_s is None else round(import_s, 2),
            }
            rows.append(size | measure(network, seed) | agreement(network, seed))
    about = {
        "question": "how long do driving times take, and do the engines agree",
        "seed": seed,
        "engines": list(ENGINES),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
    return {"rows": rows, "about": about}


def print_table(rows: Sequence[dict[str, Any]], out: TextIO) -> None:
    """Print the rows for people, one network beside the other."""
    width = max(len(name) for name in rows[0])
    for name in rows[0]:
        cells = [str(_words(row[name])) for row in rows]
        print(f"{name:<{width}}  " + "  ".join(f"{cell:<40}" for cell in cells), file=out)


def _words(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return "  ".join(f"{name} {number:g}" for name, number in value.items())


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.travel", description=__doc__)
    parser.add_argument("--roads", type=Path, metavar="DIR", help="a built network to measure")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    document = run(chosen.roads, chosen.seed)
    text = json.dumps(document, indent=2)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    print_table(document["rows"], sys.stderr if chosen.json == "-" else sys.stdout)


if __name__ == "__main__":
    main()
