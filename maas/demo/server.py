"""The service as a process of its own, started and ended by the demo or a replay."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import IO

import httpx

from maas.clock import Clock
from maas.settings import Settings

READY_WITHIN_S = 180.0
STOP_WITHIN_S = 8.0


class ServerError(Exception):
    """The service did not start, or ended by itself; the message says what it wrote last."""


@dataclass(frozen=True, slots=True)
class Server:
    """One running service: its process and its address such as ``http://127.0.0.1:8000``."""

    process: "subprocess.Popen[str]"
    address: str
    log: Path

    def check(self) -> None:
        """Raise ``ServerError`` when the process has ended."""
        if self.process.poll() is not None:
            raise ServerError(_ended(self.log))


def environment(settings: Settings, clock: Clock) -> dict[str, str]:
    """Return the settings and the clock as the environment of the service."""
    roads = {"MAAS_ROADS": str(settings.roads)} if settings.roads else {}
    return roads | {
        "MAAS_DATA_DIR": str(settings.data_dir),
        "MAAS_DEMO": "true" if settings.demo else "false",
        "MAAS_CLOCK_START": repr(clock.start_epoch),
        "MAAS_CLOCK_ANCHOR": repr(clock.anchor_epoch),
        "MAAS_CLOCK_SPEED": repr(clock.speed),
    }


@contextmanager
def serving(settings: Mapping[str, str], host: str, port: int, log: Path) -> Iterator[Server]:
    """Run ``maas serve`` with these settings until the block ends; ready when it begins.

    Raises ``ServerError`` when it does not become ready.
    """
    command = [sys.executable, "-m", "maas", "serve", "--host", host, "--port", str(port)]
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(  # noqa: S603 -- our own program
            command,
            env=environ | settings,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        server = Server(process, _address(process, log), log)
        _wait_until_ready(server)
        yield server
    finally:
        _end(process)


def _address(process: "subprocess.Popen[str]", log: Path) -> str:
    """Return the address the service prints as its first line; the rest is read and dropped."""
    out = process.stdout
    line = out.readline().strip() if out else ""
    if not line.startswith("http"):
        process.wait(STOP_WITHIN_S)
        raise ServerError(_ended(log))
    threading.Thread(target=_drain, args=(out,), daemon=True).start()
    return line.rstrip("/")


def _drain(out: IO[str]) -> None:
    for _ in out:
        pass


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        server.check()
        try:
            if httpx.get(f"{server.address}/readyz", timeout=5.0).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise ServerError(f"not ready after {READY_WITHIN_S:.0f} s; see {server.log}")


def _ended(log: Path) -> str:
    return "サービスが止まりました\n" + "\n".join(log.read_text("utf-8").splitlines()[-15:])


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
