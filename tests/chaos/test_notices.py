"""No message is lost, and none arrives as two, when the server dies while it sends."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.chaos.notices import run
from tests.chaos.test_kill import url  # noqa: F401 -- the fixture


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_each_message_arrives_once_though_the_server_is_killed(
    url: str,  # noqa: F811 -- pytest's way
    tmp_path: Path,
) -> None:
    outcome = asyncio.run(run(tmp_path, url, kills=4, each=5))

    print(json.dumps(asdict(outcome)))  # noqa: T201 - the numbers are what one wants to see
    assert outcome.problems == []
    assert outcome.wanted == 20
    assert outcome.on_their_way > 0
    assert outcome.posts >= outcome.wanted + outcome.on_their_way
