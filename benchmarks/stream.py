"""What one position costs on its way to every listener, beside the least a C program can do.

The service is a FastAPI app of ``busloc.io``: pings come in over a WebSocket, are read and judged
like any other, and go out as the contract's frames.  ``wsload`` drives it and ``rawfan``, the C
yardstick of ``../shared/tools/stream`` which parses nothing, with messages of the same size, turn
and turn about; the medians of the repeats are printed.  Server on core 0, load on core 1.

Two ways of ticking are measured, each beside ``rawfan`` ticking the same way: ``tick_ms`` 0 sends
every position at once (the workload of the targets), 200 is the service's own setting (the first
position of a quiet topic at once, the rest conflated for a tick).

    python -m benchmarks.stream --clients 1000 --topics 10 --vehicles 100 --hz 1 --seconds 10 --json
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import platform
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

TOOLS = Path(__file__).resolve().parents[2] / "shared" / "tools" / "stream"
SERVER_CORE, LOAD_CORE = 0, 1
TICKS_MS = (0, 200)
KEY = '"ts":'
PING = (
    '[{"vehicle":"{veh}","boot":"b","seq":{ts},"t":{ts}e-6,"lat":{lat},"lon":{lon},'
    '"speed":{spd},"bearing":{brg},"trip":"{topic}"}]'
)
RAW = (
    '{"r":"{topic}","t":"route:{topic}","e":"0123456789ab","s":42,"k":"delta","n":1764000000.000,'
    '"u":[{"id":"{veh}","lat":{lat},"lon":{lon},"bearing":{brg}.0,"speed":{spd},"ts":{ts},'
    '"state":"on_trip","route":"{topic}"}]}'
)


# The service


async def serve(tick_ms: int) -> None:
    """Serve on a free port, printed, until the process is ended."""
    import uvicorn
    from fastapi import FastAPI
    from starlette.routing import WebSocketRoute

    from busloc.hub import Hub
    from busloc.io.ingest import Items, VehicleEndpoint
    from busloc.io.stream import Admission, Limits, LiveEndpoint, Scope, running
    from busloc.ping import Gate, Verdict
    from busloc.publish import Vehicle, encode

    hub = Hub(now=time.time, monotonic=time.monotonic, tick_s=tick_ms / 1000)
    gate = Gate((30.0, 125.0, 45.0, 145.0))
    known = {f"v{i:04d}": "" for i in range(10_000)}

    def accept(allowed: frozenset[str], items: Items) -> list[Verdict]:
        admitted = gate.admit(items, time.time(), known=known, allowed=allowed)
        for ping in admitted.live:
            shown = Vehicle(
                ping.vehicle, ping.lat, ping.lon, ping.bearing, ping.speed,
                ts=ping.seq, state="on_trip", route=ping.trip or "",
            )  # fmt: skip
            hub.publish(f"route:{ping.trip}", ping.vehicle, encode(shown))
        return admitted.verdicts

    async def everybody(_scope: Scope) -> frozenset[str]:
        return frozenset(known)

    roomy = Admission(Limits(per_address=20_000))
    app = FastAPI()
    app.router.routes += [
        WebSocketRoute(
            "/ws/live", LiveEndpoint(hub, lambda _scope: lambda _topic: True, admission=roomy)
        ),
        WebSocketRoute("/ws/vehicle", VehicleEndpoint(accept, everybody)),
    ]
    config = uvicorn.Config(
        app, port=0, ws="busloc.io.stream:SharedFrameProtocol", http="httptools",
        log_level="warning", ws_per_message_deflate=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    async with running(hub):
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        gc.freeze()
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)
        await serving


# Running both


@contextmanager
def service(tick_ms: int) -> Iterator[tuple[int, int]]:
    """Start the service on its core and yield its process id and port."""
    command = [sys.executable, "-m", "benchmarks.stream", "--serve", str(tick_ms)]
    with pinned(command, SERVER_CORE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        yield process.pid, int(process.stdout.readline())


@contextmanager
def rawfan(binary: Path, tick_ms: int) -> Iterator[tuple[int, int]]:
    """Start the C yardstick on the same core and yield its process id and port."""
    port = free_port()
    with pinned([str(binary), str(port), str(tick_ms)], SERVER_CORE) as process:
        await_port(port)
        yield process.pid, port


@contextmanager
def pinned(command: list[str], core: int, **kwargs: Any) -> Iterator[subprocess.Popen[bytes]]:  # noqa: ANN401
    """Run a process on one core, and end that very process afterwards."""
    process = subprocess.Popen(["taskset", "-c", str(core), *command], **kwargs)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """Return a port below the ephemeral ones that nobody listens on."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def await_port(port: int) -> None:
    """Wait until something listens."""
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nothing listens on port {port}")


def load(binary: Path, pid: int, port: int, workload: Sequence[str], way: Sequence[str]) -> Any:  # noqa: ANN401
    """Drive one server and return what ``wsload`` saw."""
    command = [
        "taskset", "-c", str(LOAD_CORE), str(binary), "--port", str(port), "--pid", str(pid),
        "--clock", "wall", "--ts-unit", "us", "--key", KEY, *workload, *way,
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    print(f"  {done.stdout.strip()}{done.stderr.strip()}", file=sys.stderr)
    return json.loads(done.stdout)


OURS = (
    "--sub-path", "/ws/live", "--sub-msg", '{"sub":["route:{topic}"]}',
    "--pub-path", "/ws/vehicle", "--payload", PING,
)  # fmt: skip
THEIRS = ("--payload", RAW)


def cost_per_frame_us(seen: dict[str, float]) -> float:
    """Return server CPU per frame to a listener; answers to the publishers are not counted."""
    return 1e6 * seen["server_cpu"] / (seen["frames_per_s"] - seen["acks_per_s"])


def measure(
    tools: Path, tick_ms: int, workload: Sequence[str], repeats: int
) -> tuple[list[Any], list[Any]]:
    """Return what was seen of the service and of the yardstick, run in turn."""
    ours, theirs = [], []
    for repeat in range(repeats):
        print(f"tick {tick_ms} ms, run {repeat + 1} of {repeats}", file=sys.stderr)
        with service(tick_ms) as (pid, port):
            seen = load(tools / "wsload", pid, port, workload, OURS)
            ours.append(seen | {"acks_per_s": seen["pub_per_s"]})
        with rawfan(tools / "rawfan", tick_ms) as (pid, port):
            theirs.append(load(tools / "wsload", pid, port, workload, THEIRS) | {"acks_per_s": 0})
    return ours, theirs


def middle(seen: list[Any], name: str, digits: int = 2) -> float:
    """Return the median of one figure over the repeats."""
    return round(float(median(run[name] for run in seen)), digits)


def row(
    chosen: argparse.Namespace, tick_ms: int, ours: list[Any], theirs: list[Any]
) -> dict[str, Any]:
    """Return the medians of one way of ticking; ``ratio`` compares the CPU of one update."""
    update_us = [[run["server_us_per_update"] for run in seen] for seen in (ours, theirs)]
    return {
        "clients": chosen.clients,
        "topics": chosen.topics,
        "vehicles": chosen.vehicles,
        "hz": chosen.hz,
        "tick_ms": tick_ms,
        "cpu_us_per_frame": round(median(map(cost_per_frame_us, ours)), 2),
        "cpu_us_per_update": middle(ours, "server_us_per_update"),
        "updates_per_s": middle(ours, "updates_per_s", 0),
        "delivered_ratio": middle(ours, "delivered_ratio", 4),
        "p50_ms": middle(ours, "p50_ms"),
        "p99_ms": middle(ours, "p99_ms"),
        "rss_kib_per_client": middle(ours, "kib_per_conn"),
        "baseline_cpu_us_per_frame": round(median(map(cost_per_frame_us, theirs)), 2),
        "baseline_cpu_us_per_update": middle(theirs, "server_us_per_update"),
        "baseline_p99_ms": middle(theirs, "p99_ms"),
        "ratio": round(median(update_us[0]) / median(update_us[1]), 2),
        "ratio_of_best_runs": round(min(update_us[0]) / min(update_us[1]), 2),
        "client_cpu": middle(ours, "client_cpu"),
    }


def build_tools(folder: Path) -> str | None:
    """Compile the C tools; return why that is impossible, or ``None``."""
    if not TOOLS.is_dir():
        return f"no {TOOLS.name} tools beside the project: stream not measured"
    if shutil.which("gcc") is None or shutil.which("taskset") is None:
        return "gcc and taskset (Linux) are needed: stream not measured"
    for name, flags in (("wsload", ["-DNO_ZLIB"]), ("rawfan", [])):
        source, target = str(TOOLS / f"{name}.c"), str(folder / name)
        subprocess.run(["gcc", "-O2", *flags, "-o", target, source], check=True)
    return None


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
    workload = [
        "--clients", chosen.clients, "--topics", chosen.topics, "--vehicles", chosen.vehicles,
        "--hz", chosen.hz, "--duration", chosen.seconds, "--warmup", 2,
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        missing = build_tools(Path(folder))
        if missing is not None:
            print(missing, file=sys.stderr)
            return {"rows": [], "about": about | {"skipped": missing}}
        rows = []
        for tick_ms in chosen.tick_ms:
            seen = measure(Path(folder), tick_ms, [str(part) for part in workload], chosen.repeats)
            rows.append(row(chosen, tick_ms, *seen))
    return {"rows": rows, "about": about}


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
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tick-ms", type=int, nargs="+", default=TICKS_MS)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    parser.add_argument("--serve", type=int, metavar="TICK_MS", help="be the measured service")
    chosen = parser.parse_args(arguments)
    if chosen.serve is not None:
        import uvloop

        uvloop.run(serve(chosen.serve))
        return
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
