"""Nobody notices that the processes of a service are replaced, nor that one of them dies."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.chaos.rolling import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_no_booking_fails_while_processes_are_replaced(redis_url: str, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'maas.db'}"
    outcome = asyncio.run(run(tmp_path, url, redis_url, restarts=1))

    print(json.dumps(asdict(outcome)))  # noqa: T201 - the numbers are what one wants to see
    assert outcome.problems == []
    assert (outcome.replaced, outcome.killed) == (2, 1)
    assert outcome.acknowledged > 10
    assert outcome.reconnects > 0
