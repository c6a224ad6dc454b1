"""Notes from shift to shift, and what drivers are told: kept once, seen, taken away, audited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from maas.store.tables import audit
from tests.maas.api.conftest import Running

Key = Callable[[], dict[str, str]]


@pytest.fixture
async def dispatcher(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A dispatcher."""
    async with running.staff("dispatcher") as caller:
        yield caller


async def audited(running: Running, subject: str) -> list[tuple[str, str]]:
    async with running.service.database.reading() as db:
        query = select(audit.c.action, audit.c.actor).where(audit.c.subject == subject)
        return [tuple(row) for row in await db.execute(query.order_by(audit.c.seq))]


async def test_a_note_is_kept_once_and_taken_over_by_the_first_who_reads_it(
    running: Running, dispatcher: httpx.AsyncClient, operator: httpx.AsyncClient, key: Key
) -> None:
    path, once = "/api/v1/handovers", key()
    note = {"text": "3号車は午後から点検です。"}
    made = await dispatcher.post(path, json=note, headers=once)
    assert made.status_code == 201, made.text
    assert (await dispatcher.post(path, json=note, headers=once)).json() == made.json()
    other = await dispatcher.post(path, json={"text": "別"}, headers=once)
    assert other.status_code == 422
    assert other.json()["type"].endswith("/key-reused")

    listed = (await operator.get(path)).json()
    assert [(one["text"], one["author"], one["read_by"]) for one in listed] == [
        (note["text"], "dispatcher", None)
    ]
    note_id = made.json()["id"]
    read = await operator.post(f"{path}/{note_id}/read")
    later = await dispatcher.post(f"{path}/{note_id}/read")
    assert read.json()["read_by"] == "operator"
    assert later.json() == read.json()
    assert (await operator.post(f"{path}/none/read")).status_code == 404
    assert await audited(running, note_id) == [
        ("handover.written", "dispatcher"),
        ("handover.read", "operator"),
    ]


async def test_drivers_see_what_they_are_told_until_it_ends(
    running: Running, dispatcher: httpx.AsyncClient, operator: httpx.AsyncClient, key: Key
) -> None:
    path = "/api/v1/driver-messages"

    async def warnings(vehicle: str) -> list[str]:
        job: dict[str, Any] = (await dispatcher.get(f"/api/v1/vehicles/{vehicle}/job")).json()
        return [one for one in job["warnings"] if "事務所から" in one]

    assert (await operator.post(path, json={"text": "雪"}, headers=key())).status_code == 403
    one = {"text": "国道は雪です。", "vehicles": ["van-1"], "minutes": 30}
    made = await dispatcher.post(path, json=one, headers=key())
    assert made.status_code == 201, made.text
    assert [text.partition("：")[2] for text in await warnings("van-1")] == ["国道は雪です。"]
    assert await warnings("van-2") == []
    every = await dispatcher.post(path, json={"text": "無線を確かめて。"}, headers=key())
    assert len(await warnings("van-1")) == 2
    assert len(await warnings("van-2")) == 1

    for message in (made, every):
        gone = f"{path}/{message.json()['id']}"
        assert (await dispatcher.delete(gone)).status_code == 204
        assert (await dispatcher.delete(gone)).status_code == 404
    assert await warnings("van-1") == []
    assert (await dispatcher.get(path)).json() == []
    assert await audited(running, made.json()["id"]) == [
        ("drivers.told", "dispatcher"),
        ("drivers.message_ended", "dispatcher"),
    ]
    unknown = {"text": "雪", "vehicles": ["none"]}
    assert (await dispatcher.post(path, json=unknown, headers=key())).status_code == 404
