"""``maas demo`` as people start it: ready, alive, and gone without a trace."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import httpx
import pytest

from tests.ports import PATIENCE_S

READY_S = 200


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def demo(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """The demo from a Saturday on, at a minute a second; killed if a test leaves it."""
    command = [sys.executable, "-m", "maas", "demo", "--port", "0", "--speed", "60"]
    process = subprocess.Popen(
        [*command, "--date", "2026-12-05", "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE,
        text=True,
    )
    alarm = threading.Timer(READY_S, process.kill)
    alarm.start()
    yield process
    alarm.cancel()
    process.kill()
    process.wait()
    _out(process).close()


def _out(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


def lines_until(process: subprocess.Popen[str], pattern: str) -> list[str]:
    """Read the terminal until a line matches."""
    lines: list[str] = []
    for line in _out(process):
        lines.append(line)
        if re.search(pattern, line):
            return lines
    raise AssertionError(f"{pattern!r} never came:\n{''.join(lines)}")


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_the_demo_books_drives_and_stops_with_ctrl_c(demo: subprocess.Popen[str]) -> None:
    started = lines_until(demo, r"Ctrl-C で終わります")
    address = re.findall(r"http://[0-9.:]+", "".join(started))[0]
    assert httpx.get(f"{address}/readyz", timeout=PATIENCE_S).status_code == 200
    clock = httpx.get(f"{address}/api/v1/clock", timeout=PATIENCE_S).json()
    assert clock["service_date"] == "2026-12-07"

    lived = lines_until(demo, r"乗車  ")
    assert any("予約  受付" in line for line in lived)
    assert not any("異常" in line for line in lived)
    assert httpx.get(f"{address}/readyz", timeout=PATIENCE_S).json()["status"] == "ready"

    demo.send_signal(signal.SIGINT)
    assert lines_until(demo, "終わります（")
    assert demo.wait(PATIENCE_S) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/healthz")


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_the_demo_ends_when_its_service_dies(demo: subprocess.Popen[str]) -> None:
    lines_until(demo, r"Ctrl-C で終わります")
    children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children")
    if not children.exists():
        pytest.skip("no /proc here: the service's process cannot be found")

    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)

    assert demo.wait(PATIENCE_S) == 1
