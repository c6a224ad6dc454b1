"""Running the service, the C yardstick and their load, each on a core of its own."""

from __future__ import annotations

import json
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).resolve().parents[2] / "shared" / "tools" / "stream"
SERVER_CORE, LOAD_CORE = 0, 1
KEY = '"ts":'


@contextmanager
def service(tick_ms: int, *more: str) -> Iterator[tuple[int, int]]:
    """Start the service on its core and yield its process id and port."""
    command = [sys.executable, "-m", "benchmarks.stream_service", "--tick-ms", str(tick_ms), *more]
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
