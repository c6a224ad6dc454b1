"""Studies over HTTP: asked once, watched, read by another planner, called off, begun again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from maas.records.studies import Studies
from maas.records.whatif_figures import Figures
from maas.records.whatif_runs import Done, Piece, Run, Work
from maas.store import rides, studies
from maas.store.rides import RefusalRow
from maas.store.tables import studies as table
from tests.maas.api.conftest import Running

Key = Callable[[], dict[str, str]]
PATH = "/api/v1/studies"
DAYS = [date(2026, 6, 1) + timedelta(days=n) for n in range(9)]


@pytest.fixture
async def planner(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A planner, in a town where somebody asked for a ride on each of nine days."""
    async with running.service.database.writing() as db:
        if not await rides.refusals_on(db, DAYS[0]):
            for n, day in enumerate(DAYS):
                await rides.add_refusal(db, _no(day, n))
    async with running.staff("planner") as caller:
        yield caller


def _no(day: date, number: int) -> RefusalRow:
    at = 1_780_000_000.0
    ask = {"origin": 1, "destination": 3, "day": day.isoformat(), "time": 36_000 + 60 * number}
    return RefusalRow("tiny", at, day, "full", None, ask, 0)


def question(**other: object) -> dict[str, Any]:
    fields = {
        "name": "朝に1台", "first": "2026-06-01", "last": "2026-06-09", "seeds": 1,
        "variants": [{"name": "増車", "more": [{"like": "van-1", "shift": "09:00/11:00"}]}],
    }  # fmt: skip
    return fields | other


class Slow:
    """Does pieces that come to nothing, each only when it is let."""

    def __init__(self) -> None:
        self.let = asyncio.Event()
        self.began = 0

    def __call__(self, work: Work, todo: Sequence[Piece]) -> Done:
        del work
        for piece in todo:
            self.began += 1
            while not self.let.is_set():
                time.sleep(0.01)
                if self.began > 1:
                    break
            yield piece, Figures(days=len(piece.days), asked=len(piece.days))


def with_run(running: Running, run: Run) -> Studies:
    made = Studies(running.service.database, run)
    running.service.studies = made
    return made


def at_once(work: Work, todo: Sequence[Piece]) -> Done:
    for piece in todo:
        yield piece, Figures(days=len(piece.days), asked=len(piece.days), served=piece.variant)


async def test_a_study_is_asked_once_and_its_answer_read_by_others(
    running: Running, planner: httpx.AsyncClient, key: Key
) -> None:
    made, once = with_run(running, at_once), key()

    asked = await planner.post(PATH, json=question(), headers=once)
    again = await planner.post(PATH, json=question(), headers=once)

    assert asked.status_code == 201, asked.text
    assert again.json()["id"] == asked.json()["id"]
    await made.done(asked.json()["id"])
    async with running.staff("admin") as admin:
        whole = (await admin.get(f"{PATH}/{asked.json()['id']}")).json()
        listed = (await admin.get(PATH)).json()
    assert whole["state"] == "done", whole["error"]
    assert whole["question"]["variants"][0]["more"][0]["like"] == "van-1"
    names = [each["name"] for each in whole["result"]["variants"]]
    assert names == ["今のまま", "増車"]
    assert whole["result"]["asked"] == len(DAYS)
    assert whole["result"]["variants"][1]["against"]["served"]["mean"] > 0
    assert whole["simulated"] is False
    assert [each["id"] for each in listed].count(whole["id"]) == 1


async def test_a_variant_that_cannot_be_is_refused_before_anything_runs(
    running: Running, planner: httpx.AsyncClient, key: Key
) -> None:
    before = (await planner.get(PATH)).json()
    for wrong in (
        {"variants": [{"name": "x", "without": ["nobody"]}]},
        {"variants": [{"name": "x", "booking": {"window_min": -1}}]},
        {"first": "2026-06-09", "last": "2026-06-01"},
        {"first": "2026-13-01"},
    ):
        answer = await planner.post(PATH, json=question(**wrong), headers=key())
        assert answer.status_code == 422, wrong
        assert answer.json()["type"].endswith("/study-wrong")
    assert (await planner.get(PATH)).json() == before


async def test_a_period_without_asks_fails_in_words(
    running: Running, planner: httpx.AsyncClient, key: Key
) -> None:
    made = with_run(running, at_once)

    empty = question(first="2020-01-06", last="2020-01-07")
    id_ = (await planner.post(PATH, json=empty, headers=key())).json()["id"]
    await made.done(id_)

    found = (await planner.get(f"{PATH}/{id_}")).json()
    assert found["state"] == "failed"
    assert "nothing was asked for" in found["error"]


async def test_a_study_is_called_off_and_begun_again(
    running: Running, planner: httpx.AsyncClient, key: Key
) -> None:
    slow = Slow()
    made = with_run(running, slow)
    id_ = (await planner.post(PATH, json=question(), headers=key())).json()["id"]

    busy = await planner.post(f"{PATH}/{id_}/start")
    off = await planner.post(f"{PATH}/{id_}/cancel")
    slow.let.set()
    await made.done(id_)

    assert busy.status_code == 409
    assert off.json()["state"] == "cancelled"
    assert (await planner.get(f"{PATH}/{id_}")).json()["state"] == "cancelled"
    assert (await planner.post(f"{PATH}/{id_}/start")).status_code == 200
    await made.done(id_)
    assert (await planner.get(f"{PATH}/{id_}")).json()["state"] == "done"


async def test_a_study_begun_again_before_it_had_ended_is_not_interrupted_by_that(
    running: Running, planner: httpx.AsyncClient, key: Key
) -> None:
    slow = Slow()
    made = with_run(running, slow)
    id_ = (await planner.post(PATH, json=question(), headers=key())).json()["id"]

    await planner.post(f"{PATH}/{id_}/cancel")
    again = await planner.post(f"{PATH}/{id_}/start")
    slow.let.set()
    await made.done(id_)

    assert again.status_code == 200
    assert (await planner.get(f"{PATH}/{id_}")).json()["state"] == "done"


async def test_a_study_whose_process_is_gone_is_interrupted_and_can_be_begun_again(
    running: Running, planner: httpx.AsyncClient, key: Key
) -> None:
    made = with_run(running, at_once)
    id_ = (await planner.post(PATH, json=question(), headers=key())).json()["id"]
    await made.done(id_)
    async with running.service.database.writing() as db:
        row = {"state": "running", "runner": "gone", "heard_at": 1.0, "result": None}
        await db.execute(update(table).where(table.c.id == id_).values(**row))

    assert (await planner.get(f"{PATH}/{id_}")).json()["state"] == "interrupted"
    assert (await planner.post(f"{PATH}/{id_}/start")).status_code == 200
    await made.done(id_)
    assert (await planner.get(f"{PATH}/{id_}")).json()["state"] == "done"


async def test_closing_the_server_leaves_its_study_interrupted(
    running: Running, planner: httpx.AsyncClient, key: Key
) -> None:
    slow = Slow()
    made = with_run(running, slow)
    id_ = (await planner.post(PATH, json=question(), headers=key())).json()["id"]
    slow.let.set()

    await made.close()

    async with running.service.database.reading() as db:
        row = await studies.study(db, id_)
    assert row is not None
    assert row.state in {"interrupted", "done"}


async def test_operators_and_unknown_studies_get_nothing(
    running: Running, planner: httpx.AsyncClient, operator: httpx.AsyncClient, key: Key
) -> None:
    assert (await operator.get(PATH)).status_code == 403
    assert (await operator.post(PATH, json=question(), headers=key())).status_code == 403
    assert (await planner.get(f"{PATH}/none")).status_code == 404
    assert (await planner.post(f"{PATH}/none/start")).status_code == 404
    assert (await planner.post(f"{PATH}/none/cancel")).status_code == 404
