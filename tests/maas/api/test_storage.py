"""A disk that is full, and a database that is away: what is answered then, and what afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from psycopg.errors import DiskFull
from sqlalchemy import event, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from maas.api.problems import of_database
from maas.store.commits import audit_break
from tests.maas.api.conftest import Prepared, Running, running_on
from tests.maas.api.test_bookings import booking

Keys = Callable[[], dict[str, str]]
MANY = 400
"""So many bookings surely need another page."""


@pytest.fixture
async def running(prepared: Prepared, tmp_path: Path) -> AsyncIterator[Running]:
    """A service of the test's own."""
    async with running_on(prepared, tmp_path / "data") as found:
        yield found


@contextmanager
def full_disk(running: Running) -> Iterator[None]:
    """Let the database grow no more as long as the block lasts."""
    engine = running.service.database.engine.sync_engine
    pages = {"most": 1}  # SQLite takes as many as there are

    def limit(connection: Any, *_: object) -> None:  # noqa: ANN401 -- a driver's
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count={pages['most']}")
        cursor.close()

    event.listen(engine, "checkout", limit)
    try:
        yield
    finally:
        pages["most"] = 2**30


async def until_full(operator: httpx.AsyncClient, key: Keys, first: date) -> tuple[Any, Any, Any]:
    """Book until something is refused; returns the question, its key and the answer."""
    for number in range(MANY):
        ask = {
            "origin": 1 + number % 3, "destination": 4 + number % 3, "time": "09:00",
            "date": (first + timedelta(days=1 + number % 13)).isoformat(),
        }  # fmt: skip
        quote = (await operator.post("/api/v1/quotes", json=ask)).json()
        if offers := quote.get("offers"):
            take, mine = {"offer": offers[0]["token"], "rider_id": None}, key()
            answer = await operator.post("/api/v1/bookings", json=take, headers=mine)
            if answer.status_code != httpx.codes.CREATED:
                return take, mine, answer
    raise AssertionError("the disk was never full")


async def test_a_full_disk_refuses_what_is_new_and_shows_what_there_is(
    running: Running, key: Keys
) -> None:
    later = running.service.real_now() + 120
    async with running.staff("operator") as operator:
        made = await booking(operator, key)
        with full_disk(running):
            take, mine, refused = await until_full(operator, key, date.fromisoformat(made["date"]))
            running.service.real_now = lambda: later  # when the session is to be noted as used
            seen = await operator.get(f"/api/v1/bookings/{made['id']}")
            there = len((await operator.get("/api/v1/plan")).json()["vehicles"])
        taken = await operator.post("/api/v1/bookings", json=take, headers=mine)

    problem = refused.json()
    assert (refused.status_code, problem["type"]) == (503, "/problems/storage-full")
    assert "保存場所がいっぱい" in problem["detail"]
    assert refused.headers["retry-after"] == "30"
    assert seen.status_code == 200
    assert there > 0
    assert taken.status_code == 201
    async with running.service.database.reading() as db:
        assert await audit_break(db) is None
        assert await db.scalar(text("PRAGMA integrity_check")) == "ok"
    assert [
        wrong for each in running.service.keepers.values() for wrong in await each.check()
    ] == []


async def test_nothing_that_cannot_be_noted_keeps_anybody_from_reading(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = running.service.real_now() + 120
    async with running.staff("operator") as operator:
        running.service.real_now = lambda: later
        monkeypatch.setattr("maas.store.people.touch_session", full)
        monkeypatch.setattr("maas.store.rides.add_refusal", full)

        seen = await operator.get("/api/v1/bookings")
        ask = {"origin": 1, "destination": 1, "time": "23:00"}
        asked = await operator.post("/api/v1/quotes", json=ask)

    assert seen.status_code == asked.status_code == 200
    assert asked.json()["refusal"]["reason"] == "same_place"


async def full(*_: object, **__: object) -> None:
    """Write nothing, for want of room."""
    raise OperationalError("INSERT", {}, Exception("database or disk is full"))


AWAY: Final = (
    OperationalError("SELECT", {}, Exception("the connection is lost")),
    InterfaceError("SELECT", {}, Exception("the connection is closed")),
    PoolTimeoutError("every connection is waited for"),
)


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
async def test_a_database_that_is_away_is_said_so_and_asked_again(
    running: Running, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def away_now(*_: object) -> None:
        raise error

    async with running.staff("operator") as operator:
        with monkeypatch.context() as patch:
            patch.setattr("maas.store.people.session", away_now)
            away = await operator.get("/api/v1/bookings", headers={"accept-language": "ja"})
        back = await operator.get("/api/v1/bookings")

    assert (away.status_code, away.json()["type"]) == (503, "/problems/database-away")
    assert "二重には登録されません" in away.json()["detail"]
    assert away.headers["retry-after"] == "1"
    assert back.status_code == 200


def test_a_full_disk_of_another_database_is_said_so_too() -> None:
    found = of_database(OperationalError("INSERT", {}, DiskFull()))

    assert found is not None
    assert found.slug == "storage-full"
