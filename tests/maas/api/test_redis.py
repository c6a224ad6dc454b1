"""Two server processes on one Redis and one database, and what they do without it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.maas.api.conftest import Prepared
from tests.maas.api.test_live import ping
from tests.ports import PATIENCE_S, valkey

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no embedded Redis for Windows")


@dataclass(frozen=True, slots=True)
class Process:
    """One `maas serve`."""

    address: str
    pid: int

    def report(self, token: str, *items: dict[str, object]) -> list[str]:
        """Send positions and return the verdicts."""
        headers = {"authorization": f"Bearer {token}"}
        where = f"{self.address}/api/v1/positions"
        answer = httpx.post(where, json=items, headers=headers, timeout=PATIENCE_S)
        return list(answer.json()["verdicts"])

    def redis(self) -> str:
        """Return what `/readyz` says of Redis, having checked that the server is ready."""
        answer = httpx.get(f"{self.address}/readyz", timeout=PATIENCE_S)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["parts"]["redis"])

    def vehicles(self) -> dict[str, Any]:
        """Return where the vehicles of the open data are."""
        where = f"{self.address}/feeds/gtfs-rt/vehicle-positions.json"
        feed = httpx.get(where, timeout=PATIENCE_S).json()
        return {each["id"]: each["vehicle"] for each in feed.get("entity", [])}

    @contextmanager
    def listen(self) -> Iterator[Any]:
        """Give a listener to `vehicles` that has had its snapshot."""
        where = self.address.replace("http", "ws") + "/ws/live"
        calm: dict[str, Any] = {"open_timeout": PATIENCE_S, "ping_timeout": None}
        with connect(where, proxy=None, **calm) as socket:
            socket.send(json.dumps({"sub": ["vehicles"]}))
            json.loads(socket.recv(PATIENCE_S))
            yield socket


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Any]:
    """A Redis of the test's own, which it may stop."""
    with valkey(tmp_path) as server:
        yield server


@pytest.fixture
def processes(prepared: Prepared, tmp_path: Path, redis: Any) -> Iterator[list[Process]]:  # noqa: ANN401
    """Two servers on the same data and the same Redis."""
    import shutil

    folder = tmp_path / "data"
    shutil.copytree(prepared.data_dir, folder)
    environment = os.environ | {
        "MAAS_DATA_DIR": str(folder),
        "MAAS_REDIS_URL": redis.connection_url,
    }
    command = [sys.executable, "-m", "maas", "serve", "--port", "0"]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        found = []
        for process in started:
            assert process.stdout is not None
            found.append(Process(process.stdout.readline().strip().rstrip("/"), process.pid))
        for each in found:
            until(lambda each=each: httpx.get(f"{each.address}/healthz").is_success)
            until(lambda each=each: each.redis() == "ok")
        yield found
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.communicate(timeout=PATIENCE_S)


def until(true: Any, within_s: float = PATIENCE_S) -> None:  # noqa: ANN401 -- any condition
    """Wait for something in another process."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if true():
                return
        except (httpx.TransportError, KeyError):
            pass
        time.sleep(0.02)
    raise AssertionError("did not come true")


def heard(socket: Any, vehicle: str) -> dict[str, Any]:  # noqa: ANN401 -- websockets' own type
    """Return the next state of a vehicle a listener hears."""
    while True:
        frame = json.loads(socket.recv(PATIENCE_S))
        for item in frame.get("u", ()):
            if item["id"] == vehicle:
                return dict(item)


@pytest.mark.heavy
def test_two_servers_see_each_others_positions_and_go_on_alone_without_redis(
    prepared: Prepared,
    processes: list[Process],
    redis: Any,  # noqa: ANN401
) -> None:
    one, other = processes
    token, now = prepared.device_token, time.time()
    with one.listen() as here, other.listen() as there:
        assert one.report(token, ping(1, now)) == ["live"]
        first, second = heard(here, "van-1"), heard(there, "van-1")
        assert first == second
        until(lambda: "van-1" in other.vehicles())
        assert other.report(token, ping(1, now)) == ["duplicate"], "its gate has heard of it"
        assert other.report(token, ping(2, now + 5, lat=34.861)) == ["live"]
        assert heard(here, "van-1")["lat"] == 34.861

        os.kill(redis._process.pid, signal.SIGSTOP)
        try:
            until(lambda: one.redis() == "alone")
            began = time.monotonic()
            assert one.report(token, ping(3, now + 10, lat=34.862)) == ["live"]
            took_s = time.monotonic() - began
            assert heard(here, "van-1")["lat"] == 34.862
        finally:
            os.kill(redis._process.pid, signal.SIGCONT)
        until(lambda: one.redis() == other.redis() == "ok")
        assert one.report(token, ping(4, now + 15, lat=34.863)) == ["live"]
        until(lambda: heard(there, "van-1")["lat"] == 34.863)
    assert took_s < 6, "a Redis that hangs holds up no request"
