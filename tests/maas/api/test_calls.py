"""The exchange tells who rings; the desk sees whose number it is, and how long they wait."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from maas.app import create_app
from maas.directory import read_directory
from maas.settings import Settings
from maas.store.members import save_members
from tests.maas.api.conftest import Prepared, Running

pytestmark = pytest.mark.anyio
KEY = "an exchange's own key"
SHARED = "000-111-2222"


@pytest.fixture(scope="module")
async def desk(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """The tiny town with a telephone exchange; two of its members share a telephone."""
    folder = tmp_path_factory.mktemp("calls") / "data"
    shutil.copytree(prepared.data_dir, folder)
    app = create_app(Settings(data_dir=folder, pbx_key=KEY))  # type: ignore[arg-type]
    async with app.router.lifespan_context(app):
        service = app.state.service
        known = sorted(service.directory.member_by_id.values(), key=lambda each: each.number)
        async with service.database.writing() as db:
            await save_members(db, [replace(each, phone=SHARED) for each in known[:2]])
        service.directory = await read_directory(service.database)
        yield Running(app, service, prepared.device_token)


async def tell(desk: Running, call_id: str, event: str, **more: str) -> httpx.Response:
    """Tell of a call as the exchange does."""
    body = {"id": call_id, "event": event, "number": SHARED} | more
    async with desk.caller(authorization=f"Bearer {KEY}") as exchange:
        return await exchange.post("/api/v1/calls", json=body)


async def waiting(desk: Running) -> list[dict[str, Any]]:
    """Return the calls the desk sees."""
    async with desk.staff("operator") as operator:
        answer = await operator.get("/api/v1/calls")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found


def live(desk: Running, topic: str, call_id: str) -> dict[str, Any] | None:
    """Return what the desk's stream has of a call."""
    fragment = desk.service.hub.last(topic, f"call-{call_id}")
    return None if fragment is None else json.loads(fragment)


async def test_a_call_opens_everybody_whose_number_it_is(desk: Running) -> None:
    answer = await tell(desk, "c1", "ringing", number="０００ー１１１－２２２２")
    assert (answer.status_code, answer.json()) == (200, {"id": "c1", "state": "ringing"})

    (call,) = await waiting(desk)
    assert (call["state"], call["operator"], call["answered_at"]) == ("ringing", None, None)
    assert len(call["members"]) == 2
    for topic in ("calls", "calls:tiny"):
        event = live(desk, topic, "c1")
        assert event is not None
        assert event["call"]["members"] == call["members"]
        assert event["kind"] == "call.ringing"
        assert "標本" not in event["text"]

    await tell(desk, "c1", "answered", operator="operator")
    event = live(desk, "calls", "c1")
    assert event is not None
    assert (event["kind"], event["call"]["operator"]) == ("call.answered", "operator")
    assert [each["state"] for each in await waiting(desk)] == ["answered"]

    await tell(desk, "c1", "ended")
    assert await waiting(desk) == []
    assert live(desk, "calls", "c1") is None
    assert live(desk, "calls:tiny", "c1") is None


async def test_telling_again_changes_nothing(desk: Running) -> None:
    first = await tell(desk, "c2", "ringing")
    again = await tell(desk, "c2", "ringing")

    assert first.content == again.content
    assert len([each for each in await waiting(desk) if each["id"] == "c2"]) == 1
    await tell(desk, "c2", "ended")


@pytest.mark.parametrize("number", ["", "anonymous", "000-999-9999"])
async def test_a_number_nobody_has_opens_nobody(desk: Running, number: str) -> None:
    await tell(desk, f"c3-{number}", "ringing", number=number)

    (call,) = await waiting(desk)
    assert call["members"] == []
    await tell(desk, f"c3-{number}", "ended", number=number)


async def test_who_waits_longest_comes_first(desk: Running) -> None:
    now = desk.service.clock()
    for call_id, ago_s in (("new", 5), ("old", 50), ("served", 90)):
        at = datetime.fromtimestamp(now - ago_s, UTC).isoformat()
        await tell(desk, call_id, "ringing", at=at)
    await tell(desk, "served", "answered")

    found = await waiting(desk)

    assert [each["id"] for each in found] == ["old", "new", "served"]
    assert 50 <= found[0]["wait_s"] <= 55
    for each in found:
        await tell(desk, each["id"], "ended")


async def test_waits_are_counted_by_the_day(desk: Running) -> None:
    async with desk.staff("planner") as planner:
        before = (await planner.get("/api/v1/calls/waits?date=2020-02-29")).json()
        assert (before["calls"], before["wait_p90_s"]) == (0, None)
    for call_id, wait_s in (("w1", 4), ("w2", 30), ("w3", None)):
        ring = datetime(2020, 2, 29, 1, 0, 0, tzinfo=UTC)
        await tell(desk, call_id, "ringing", at=ring.isoformat())
        if wait_s is not None:
            await tell(desk, call_id, "answered", at=ring.replace(second=wait_s).isoformat())
        await tell(desk, call_id, "ended", at=ring.replace(minute=3).isoformat())

    async with desk.staff("planner") as planner:
        answer = (await planner.get("/api/v1/calls/waits?date=2020-02-29")).json()

    assert answer == {
        "date": "2020-02-29", "calls": 3, "answered": 2, "given_up": 1, "waiting": 0, "soon": 1,
        "wait_p50_s": 4.0, "wait_p90_s": 30.0, "wait_max_s": 30.0,
    }  # fmt: skip


async def test_the_end_of_a_call_gives_up_the_seat_held_for_it(
    desk: Running, key: Callable[[], dict[str, str]]
) -> None:
    await tell(desk, "h1", "ringing")
    async with desk.staff("operator") as operator:
        trip = {"origin": 1, "destination": 6}
        offers = (await operator.post("/api/v1/quotes", json=trip)).json()["offers"]
        states = {}
        for call_id in ("h1", "h2"):
            body = {"offer": offers[0]["token"], "call_id": call_id}
            held = await operator.post("/api/v1/holds", json=body, headers=key())
            assert held.status_code == 201, held.text
            states[call_id] = held.json()["id"]
        await tell(desk, "h1", "ended")
        seen = {
            call_id: (await operator.get(f"/api/v1/bookings/{hold_id}")).json()["state"]
            for call_id, hold_id in states.items()
        }

    assert seen == {"h1": "lapsed", "h2": "held"}


@pytest.mark.parametrize("header", ["", "Bearer wrong", f"Basic {KEY}", "Bearer "])
async def test_only_the_exchange_may_tell(desk: Running, header: str) -> None:
    body = {"id": "forged", "event": "ringing", "number": ""}
    async with desk.caller(authorization=header) as caller:
        answer = await caller.post("/api/v1/calls", json=body)

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/bad-key")
    assert await waiting(desk) == []


async def test_without_an_exchange_nobody_may_tell(running: Running) -> None:
    body = {"id": "forged", "event": "ringing", "number": ""}
    for header in ("Bearer ", "Bearer None"):
        async with running.caller(authorization=header) as caller:
            assert (await caller.post("/api/v1/calls", json=body)).status_code == 401


async def test_no_number_is_in_the_log(desk: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        await tell(desk, "quiet", "ringing")
        await tell(desk, "quiet", "ended")

    assert SHARED not in caplog.text.replace("INSERT", "")
    assert "0001112222" not in "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("maas")
    )
