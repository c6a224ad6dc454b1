"""Parts that run apart, several of each, are one service; it outlives the death of any of them."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.chaos.parts import run
from tests.chaos.servers import own_postgres


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="no embedded servers for Windows")
def test_the_others_go_on_when_one_of_each_part_is_killed(redis_url: str, tmp_path: Path) -> None:
    with own_postgres() as server:
        found = asyncio.run(run(tmp_path, server.url, redis_url))

    print(json.dumps(asdict(found)))  # noqa: T201 - the numbers are what one wants to see
    assert found.problems == []
    assert found.acknowledged > 20
    assert found.figures["gaps"] == 0
    assert found.figures["hubs_left"] >= 1
