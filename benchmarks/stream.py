"""What one position costs on its way to every listener, beside the least a C program can do.

The service is a FastAPI app of ``busloc.io``: pings come in over a WebSocket, are read and judged
like any other, and go out as the contract's frames.  ``wsload`` drives it and ``rawfan``, the C
yardstick of ``../shared/tools/stream`` which parses nothing, with messages of the same size, turn
and turn about; the medians of the repeats are printed.  Server on core 0, load on core 1.

Two ways of ticking are measured, each beside ``rawfan`` ticking the same way: ``tick_ms`` 0 sends
every position at once, 200 is the service's own setting (the first position of a quiet topic at
once, the rest conflated for a tick).  ``--acceptance`` measures the workloads of the project's
targets, with the limit of each in its row, and ``bound``, what of its own cost at once the
yardstick saves by ticking like the service; ``--slow`` three listeners that stop reading;
``--stalled N`` what becomes of the others' p99 while N never read; and ``--storm N`` how soon N
clients are right again after the server has died.

    python -m benchmarks.stream --clients 1000 --topics 10 --vehicles 100 --hz 1 --seconds 10 --json
    python -m benchmarks.stream --acceptance --repeats 5 --seconds 6
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.stream_run import LOAD_CORE, TOOLS, build_tools, load, rawfan, service
from benchmarks.stream_storm import run_storm

TICKS_MS = (0, 200)
PING = (
    '[{"vehicle":"{veh}","boot":"b","seq":{ts},"t":{ts}e-6,"lat":{lat},"lon":{lon},'
    '"speed":{spd},"bearing":{brg},"trip":"{topic}"}]'
)
RAW = (
    '{"r":"{topic}","t":"route:{topic}","e":"0123456789ab","s":42,"k":"delta","n":1764000000.000,'
    '"u":[{"id":"{veh}","lat":{lat},"lon":{lon},"bearing":{brg}.0,"speed":{spd},"ts":{ts},'
    '"state":"on_trip","route":"{topic}"}]}'
)
OURS = (
    "--sub-path", "/ws/live", "--sub-msg", '{"sub":["route:{topic}"]}',
    "--pub-path", "/ws/vehicle", "--payload", PING,
)  # fmt: skip
THEIRS = ("--payload", RAW)


@dataclass(frozen=True, slots=True)
class Workload:
    """A load, and how the service and the yardstick tick under it."""

    name: str
    clients: int
    topics: int
    vehicles: int
    hz: float = 1
    tick_ms: int = 0
    baseline_tick_ms: int = 0

    def flags(self, seconds: int) -> list[str]:
        """Return what ``wsload`` is told."""
        return [
            "--clients", str(self.clients), "--topics", str(self.topics),
            "--vehicles", str(self.vehicles), "--hz", str(self.hz),
            "--duration", str(seconds), "--warmup", "2",
        ]  # fmt: skip


IMMEDIATE = Workload("immediate", 1000, 10, 100)
CONFLATED = Workload("conflated", 5000, 10, 1000, tick_ms=200)
CROWD = Workload("crowd", 10_000, 100, 200)
READERS = Workload("stalled", 200, 10, 200, hz=2, tick_ms=200)
READERS_BYTES = 2_000
"""How large a vehicle is then: who never reads is behind within the seconds before measuring."""
SLOW_BYTES = {0: 65_000, 200: 150_000}
"""How large a vehicle must be for a stalled listener's share to overflow what the system keeps."""
SLOW_PING = (
    '[{"vehicle":"{veh}{pad}","boot":"b","seq":{ts},"t":{ts}e-9,"lat":{lat},"lon":133.7,'
    '"trip":"r0"}]'
)


def cost_per_frame_us(seen: dict[str, float]) -> float:
    """Return server CPU per frame to a listener; answers to the publishers are not counted."""
    return 1e6 * seen["server_cpu"] / (seen["frames_per_s"] - seen["acks_per_s"])


def cost_per_update_us(seen: dict[str, float], tick_ms: int) -> float:
    """Return server CPU per update; without a tick each frame is one.

    ``wsload`` counts only updates published within its window, of which a saturated yardstick
    delivers none in time.
    """
    return seen["server_us_per_update"] if tick_ms else cost_per_frame_us(seen)


def measure(
    tools: Path, workload: Workload, seconds: int, repeats: int
) -> tuple[list[Any], list[Any]]:
    """Return what was seen of the service and of the yardstick, run in turn."""
    ours, theirs = [], []
    flags = workload.flags(seconds)
    for repeat in range(repeats):
        print(f"{workload.name}, run {repeat + 1} of {repeats}", file=sys.stderr)
        with service(workload.tick_ms) as (pid, port):
            seen = load(tools / "wsload", pid, port, flags, OURS)
            ours.append(seen | {"acks_per_s": seen["pub_per_s"]})
        with rawfan(tools / "rawfan", workload.baseline_tick_ms) as (pid, port):
            theirs.append(load(tools / "wsload", pid, port, flags, THEIRS) | {"acks_per_s": 0})
    return ours, theirs


def middle(seen: list[Any], name: str, digits: int = 2) -> float:
    """Return the median of one figure over the repeats."""
    return round(float(median(run[name] for run in seen)), digits)


def row(workload: Workload, ours: list[Any], theirs: list[Any]) -> dict[str, Any]:
    """Return the medians of one workload; ``ratio`` compares the CPU of one update."""
    update_us = [
        [cost_per_update_us(run, workload.tick_ms) for run in ours],
        [cost_per_update_us(run, workload.baseline_tick_ms) for run in theirs],
    ]
    return {
        "name": workload.name,
        "clients": workload.clients,
        "topics": workload.topics,
        "vehicles": workload.vehicles,
        "hz": workload.hz,
        "tick_ms": workload.tick_ms,
        "baseline_tick_ms": workload.baseline_tick_ms,
        "cpu_us_per_frame": round(median(map(cost_per_frame_us, ours)), 2),
        "cpu_us_per_update": round(median(update_us[0]), 3),
        "updates_per_s": middle(ours, "updates_per_s", 0),
        "delivered_ratio": middle(ours, "delivered_ratio", 4),
        "p50_ms": middle(ours, "p50_ms"),
        "p99_ms": middle(ours, "p99_ms"),
        "rss_kib_per_client": middle(ours, "kib_per_conn"),
        "connect_cpu_us": middle(ours, "conn_cpu_us", 0),
        "baseline_cpu_us_per_frame": round(median(map(cost_per_frame_us, theirs)), 2),
        "baseline_cpu_us_per_update": round(median(update_us[1]), 3),
        "baseline_p99_ms": middle(theirs, "p99_ms"),
        "ratio": round(median(update_us[0]) / median(update_us[1]), 3),
        "ratio_of_best_runs": round(min(update_us[0]) / min(update_us[1]), 3),
        "client_cpu": middle(ours, "client_cpu"),
    }


def ticking(tools: Path, workload: Workload, seconds: int, repeats: int) -> float:
    """Return what an update costs the yardstick when it ticks as the service does: the bound."""
    seen = []
    for _ in range(repeats):
        with rawfan(tools / "rawfan", workload.tick_ms) as (pid, port):
            seen.append(load(tools / "wsload", pid, port, workload.flags(seconds), THEIRS))
    return round(median(cost_per_update_us(run, workload.tick_ms) for run in seen), 3)


def slow(tick_ms: int) -> dict[str, Any]:
    """Return how three listeners that stop reading fare, and the one that does not."""
    filler = str(SLOW_BYTES.get(tick_ms, 150_000))
    with service(tick_ms, "--monotonic", "--filler", filler) as (pid, port):
        address = f"ws://127.0.0.1:{port}"
        command = [
            "taskset", "-c", str(LOAD_CORE), sys.executable, str(TOOLS / "slow.py"),
            "--sub", f"{address}/ws/live", "--sub-msg", '{"sub":["route:r0"]}',
            "--pub", f"{address}/ws/vehicle", "--pid", str(pid), "--pad", "0",
            "--payload", SLOW_PING,
        ]  # fmt: skip
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    seen = json.loads(done.stdout)
    print(f"  {done.stdout.strip()}", file=sys.stderr)
    return {
        "name": "slow",
        "tick_ms": tick_ms,
        **{key: seen[key] for key in ("sent", "publish_blocked", "healthy_updates")},
        **{key: seen[key] for key in ("healthy_p50_ms", "healthy_max_ms", "rss_growth_mb")},
        "stalled_behind_ms": [one["last_is_behind_ms"] for one in seen["stalled"]],
        "stalled_closed": [one["close"] for one in seen["stalled"]],
        "limits": {"healthy_max_ms": 50, "rss_growth_mb": 5, "stalled_behind_ms": 0},
    }


def stalled(tools: Path, count: int, seconds: int, repeats: int) -> dict[str, Any]:
    """Return how late listeners hear while so many others never read, and while none does."""
    seen: dict[int, list[Any]] = {0: [], count: []}
    for never in [0, count] * repeats:
        workload = replace(READERS, clients=READERS.clients + never)
        with service(READERS.tick_ms, "--filler", str(READERS_BYTES)) as (pid, port):
            flags = [*workload.flags(seconds), "--slow", str(never)]
            seen[never].append(load(tools / "wsload", pid, port, flags, OURS))
    p99_ms = [middle(seen[never], "p99_ms") for never in (0, count)]
    return {
        "name": READERS.name,
        "readers": READERS.clients,
        "never_read": count,
        "delivered_ratio": middle(seen[count], "delivered_ratio", 4),
        "p50_ms": [middle(seen[never], "p50_ms") for never in (0, count)],
        "p99_ms": p99_ms,
        "ratio": round(p99_ms[1] / p99_ms[0], 3),
        "limits": {"ratio": 1.2},
    }


def acceptance(tools: Path, chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield one row per target, with its limits."""
    seconds, repeats = chosen.seconds, chosen.repeats
    immediate = row(IMMEDIATE, *measure(tools, IMMEDIATE, seconds, repeats))
    yield immediate | {"limits": {"ratio": 1.6}}
    conflated = row(CONFLATED, *measure(tools, CONFLATED, seconds, repeats))
    at_once_us = immediate["baseline_cpu_us_per_update"]
    ticking_us = ticking(tools, CONFLATED, seconds, repeats)
    yield conflated | {
        "ratio_to_unsaturated": round(conflated["cpu_us_per_update"] / at_once_us, 3),
        "baseline_ticking_cpu_us_per_update": ticking_us,
        "bound": round(ticking_us / conflated["baseline_cpu_us_per_update"], 3),
        "limits": {"ratio": round(1 / 15, 4)},
    }
    crowd = row(CROWD, *measure(tools, CROWD, seconds, repeats))
    p99_ms = round(crowd["baseline_p99_ms"] + 10, 2)
    yield crowd | {"limits": {"p99_ms": p99_ms, "rss_kib_per_client": 20}}
    yield slow(200)
    yield slow(0)
    yield stalled(tools, 100, seconds, repeats)
    yield run_storm(8000) | {"limits": {"consistent_max_s": 15}}


def rows(tools: Path, chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield the rows asked for."""
    if chosen.acceptance:
        yield from acceptance(tools, chosen)
    elif chosen.storm:
        yield run_storm(chosen.storm)
    elif chosen.stalled:
        yield stalled(tools, chosen.stalled, chosen.seconds, chosen.repeats)
    elif chosen.slow:
        yield from (slow(tick_ms) for tick_ms in chosen.tick_ms)
    else:
        for tick_ms in chosen.tick_ms:
            workload = Workload(
                f"tick {tick_ms} ms", chosen.clients, chosen.topics, chosen.vehicles, chosen.hz,
                tick_ms=tick_ms, baseline_tick_ms=tick_ms,
            )  # fmt: skip
            yield row(workload, *measure(tools, workload, chosen.seconds, chosen.repeats))


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Measure and return the document that is printed."""
    about = {
        "question": "what does one position cost on its way to every listener",
        "repeats": chosen.repeats,
        "python": platform.python_version(),
        **{name: version(name) for name in ("uvicorn", "websockets", "uvloop", "fastapi")},
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "load_average": [round(load_, 1) for load_ in os.getloadavg()],
    }
    with tempfile.TemporaryDirectory() as folder:
        missing = build_tools(Path(folder))
        if missing is not None:
            print(missing, file=sys.stderr)
            return {"rows": [], "about": about | {"skipped": missing}}
        return {"rows": list(rows(Path(folder), chosen)), "about": about}


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.stream", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--topics", type=int, default=10)
    parser.add_argument("--vehicles", type=int, default=100)
    parser.add_argument("--hz", type=float, default=1)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tick-ms", type=int, nargs="+", default=TICKS_MS)
    parser.add_argument("--acceptance", action="store_true", help="the workloads with targets")
    parser.add_argument("--slow", action="store_true", help="three listeners that stop reading")
    parser.add_argument("--stalled", type=int, metavar="N", help="N listeners that never read")
    parser.add_argument("--storm", type=int, metavar="N", help="kill the server of N clients")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    document = run(chosen)
    text = json.dumps(document, indent=2)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    out = sys.stderr if chosen.json == "-" else sys.stdout
    for one in document["rows"]:
        print("\n".join(f"{name:<28}{value}" for name, value in one.items()), end="\n\n", file=out)


if __name__ == "__main__":
    main()
