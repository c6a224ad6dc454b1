"""A PostgreSQL whose host has vanished: callers are told so in time, and nothing is done twice."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from maas.app import create_app
from maas.settings import Settings
from tests.maas.api.conftest import Prepared, Running, fill
from tests.maas.lines import line_to
from tests.maas.tiny_town import write_tiny_town
from tests.ports import PATIENCE_S

CALLERS = 4


@pytest.mark.heavy
async def test_callers_are_told_that_the_database_is_away_and_book_once_it_is_back(
    prepared: Prepared,
    fresh_postgres_url: str,
    tmp_path: Path,
    key: Callable[[], dict[str, str]],
) -> None:
    data = tmp_path / "data"
    shutil.copytree(prepared.data_dir / "roads", data / "roads")
    near = Settings(data_dir=data, database_url=fresh_postgres_url)
    token = await fill(near, write_tiny_town(tmp_path / "town"))
    async with line_to(fresh_postgres_url) as (line, url):
        app = create_app(Settings(data_dir=data, database_url=url, database_patience_s=5.0))
        async with app.router.lifespan_context(app):
            running = Running(app, app.state.service, token)
            async with running.staff("operator") as operator:
                asked = [(await offer(operator), key()) for _ in range(CALLERS)]

                async def book() -> list[httpx.Response]:
                    posts = (
                        operator.post("/api/v1/bookings", json=body, headers=command)
                        for body, command in asked
                    )
                    return await asyncio.gather(*posts)

                line.silent = True
                async with asyncio.timeout(PATIENCE_S):
                    told = await book()
                line.silent = False

                assert {answer.json()["type"] for answer in told} == {"/problems/database-away"}
                async with asyncio.timeout(PATIENCE_S):
                    while any(answer.status_code == 503 for answer in told):
                        told = await book()
                assert 201 in {answer.status_code for answer in told}
                made = [each.json()["id"] for each in told if each.status_code == 201]
                listed = (await operator.get("/api/v1/bookings")).json()
                assert sorted(each["id"] for each in listed) == sorted(made)


async def offer(operator: httpx.AsyncClient) -> dict[str, object]:
    """Return the body of a booking."""
    answer = await operator.post("/api/v1/quotes", json={"origin": 1, "destination": 6})
    return {"offer": answer.json()["offers"][0]["token"], "rider_id": 1}
