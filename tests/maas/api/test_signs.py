"""A sign shows a code, is given its stop, and says how it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from maas.api.signs import page_version
from maas.auth.devices import CODE_S
from maas.auth.throttle import Throttle
from signage.device import SILENT_S
from tests.maas.api.conftest import Running

SIGNS = "/api/v1/signs"
WELL = {
    "state": "live", "age_s": 2, "picture": "aa", "version": page_version()[0], "memory_mb": 12.5,
}  # fmt: skip
HALL = {"name": "役場の入口", "stop": "P1", "panel_inches": 43, "distance_m": 10}


@pytest.fixture
async def clock(running: Running, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The wall's time, which the test may move."""
    now = [running.service.real_now()]
    monkeypatch.setattr(running.service, "real_now", lambda: now[0])
    return now


@asynccontextmanager
async def new_sign(running: Running) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A sign that was just switched on, and the code it shows."""
    async with running.caller() as caller:
        answer = await caller.post(f"{SIGNS}/codes")
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    async with running.caller(authorization=f"Bearer {shown['token']}") as sign:
        yield sign, shown["code"]


async def paired(running: Running, code: str, **more: object) -> dict[str, Any]:
    async with running.staff("admin") as admin:
        answer = await admin.post(SIGNS, json={"code": code, **HALL, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def seen(running: Running, sign_id: str) -> dict[str, Any]:
    """Return a sign as the dispatcher sees it."""
    async with running.staff("dispatcher") as desk:
        return next(one for one in (await desk.get(SIGNS)).json() if one["id"] == sign_id)


async def test_a_sign_that_waits_learns_where_it_stands(running: Running) -> None:
    async with new_sign(running) as (sign, code):
        before = (await sign.get(f"{SIGNS}/me")).json()
        made = await paired(running, code.lower().replace("-", " "))
        after = (await sign.get(f"{SIGNS}/me")).json()

    assert before["stop"] is None
    assert (after["id"], after["stop"]) == (made["id"], "P1")
    assert (after["panel_inches"], after["distance_m"]) == (43, 10)


async def test_a_code_is_used_once_and_for_half_an_hour(
    running: Running, clock: list[float]
) -> None:
    async with new_sign(running) as (_, code), running.staff("admin") as admin:
        await paired(running, code)
        again = await admin.post(SIGNS, json={"code": code, **HALL})
    async with new_sign(running) as (sign, code):
        clock[0] += CODE_S
        async with running.staff("admin") as admin:
            late = await admin.post(SIGNS, json={"code": code, **HALL})
        waits = await sign.get(f"{SIGNS}/me")
    assert [one.json()["type"] for one in (again, late)] == ["/problems/bad-code"] * 2
    assert waits.json()["type"] == "/problems/bad-sign", "it then asks for another code"


async def test_only_a_stop_that_there_is_can_be_shown(running: Running) -> None:
    async with new_sign(running) as (_, code), running.staff("admin") as admin:
        answer = await admin.post(SIGNS, json={"code": code, **HALL, "stop": "nowhere"})
        good = await admin.post(SIGNS, json={"code": code, **HALL})
    assert (answer.status_code, good.status_code) == (404, 201)


async def test_what_a_sign_says_is_shown_to_the_office(running: Running) -> None:
    async with new_sign(running) as (sign, code):
        made = await paired(running, code)
        fresh = await seen(running, made["id"])
        told = await sign.post(f"{SIGNS}/me/heartbeat", json=WELL)
        after = await seen(running, made["id"])

    assert told.json()["stop"] == "P1"
    assert (fresh["heard_at"], fresh["alarms"]) == (None, ["silent"])
    assert (after["state"], after["memory_mb"], after["alarms"]) == ("live", 12.5, [])
    assert after["stop_name"]


async def test_a_sign_that_falls_silent_or_freezes_is_an_alarm(
    running: Running, clock: list[float]
) -> None:
    async with new_sign(running) as (sign, code):
        made = await paired(running, code)
        for picture in ("a", "b", "b", "b", "b", "b"):
            await sign.post(f"{SIGNS}/me/heartbeat", json={**WELL, "picture": picture})
            clock[0] += 60
        almost = await seen(running, made["id"])
        await sign.post(f"{SIGNS}/me/heartbeat", json={**WELL, "picture": "b"})
        frozen = await seen(running, made["id"])
        await sign.post(f"{SIGNS}/me/heartbeat", json={**WELL, "picture": "c"})
        moves = await seen(running, made["id"])
        clock[0] += SILENT_S + 1
        silent = await seen(running, made["id"])
    assert [one["alarms"] for one in (almost, frozen, moves, silent)] == [
        [], ["frozen"], [], ["silent"],
    ]  # fmt: skip


async def test_the_office_moves_reloads_and_removes_a_sign(
    running: Running, clock: list[float]
) -> None:
    async with new_sign(running) as (sign, code), running.staff("admin") as admin:
        made = await paired(running, code)
        one = f"{SIGNS}/{made['id']}"
        moved = await admin.put(one, json={**HALL, "panel_inches": 55})
        clock[0] += 5
        reloads = await admin.post(f"{one}/reload")
        told = (await sign.get(f"{SIGNS}/me")).json()
        removed = await admin.delete(one)
        gone = await sign.get(f"{SIGNS}/me")
        missing = [
            await admin.put(one, json=HALL), await admin.post(f"{one}/reload"),
            await admin.delete(one),
        ]  # fmt: skip
    assert (moved.json()["panel_inches"], reloads.status_code) == (55, 204)
    assert (told["panel_inches"], told["reload_at"]) == (55, clock[0])
    assert (removed.status_code, gone.status_code) == (204, 401)
    assert [answer.status_code for answer in missing] == [404] * 3


async def test_a_sign_that_listens_is_told_at_once(running: Running) -> None:
    async with new_sign(running) as (_, code), running.staff("admin") as admin:
        made = await paired(running, code)
        topic = f"sign:{made['id']}"
        before = running.service.hub.last(topic, made["id"])
        await admin.post(f"{SIGNS}/{made['id']}/reload")
        after = running.service.hub.last(topic, made["id"])
    assert before is not None
    assert after is not None
    assert before != after


async def test_nobody_can_have_codes_made_without_end(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running.service, "code_throttle", Throttle(limit=20))
    async with running.caller() as caller:
        answers = [await caller.post(f"{SIGNS}/codes") for _ in range(21)]
    assert answers[-2].status_code == 201
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_a_stop_has_a_timetable_for_when_nothing_else_can_be_asked(running: Running) -> None:
    async with running.caller() as caller:
        told = (await caller.get("/api/v1/stops/P1/timetable?days=3")).json()
        board = (await caller.get("/api/v1/stops/P1/departures?limit=50")).json()
    known = {(one[2], one[0]) for one in told["departures"]}
    assert {(one["id"], one["scheduled"]) for one in board["departures"]} <= known
    assert told["departures"] == sorted(told["departures"])
    lines = {one["id"]: one["headsign"] for one in board["departures"]}
    for at, line, name in told["departures"]:
        assert lines.get(name, told["lines"][line]["headsign"]) == told["lines"][line]["headsign"]
        assert board["now"] - 900 <= at < told["until"] + 86_400
    days = {name.split(":")[0] for _, _, name in told["departures"]}
    ahead = [running.service.today() + timedelta(days=number) for number in (1, 2)]
    assert days >= {f"{day:%Y%m%d}" for day in ahead}  # today's last bus may have left
