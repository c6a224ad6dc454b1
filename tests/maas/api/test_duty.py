"""A driver's day over HTTP: check, roll call, out, a break, back, roll call; and odd reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from tests.maas.api.conftest import Running

Key = Callable[[], dict[str, str]]
VAN = "/api/v1/vehicles/van-1"
CHECK = {"kind": "check", "items": [{"item": "ブレーキ", "ok": True}, {"item": "灯火", "ok": True}]}
BEFORE: dict[str, Any] = {
    "kind": "call_before", "caller": "管理 花子", "method": "face", "detector": True,
    "reading_mg_l": 0.0, "drunk": False, "illness": False, "fatigue": False,
    "lack_of_sleep": False, "check_ok": True, "fit": True,
}  # fmt: skip
AFTER: dict[str, Any] = {
    "kind": "call_after", "caller": "管理 花子", "method": "telephone", "how": "営業所から電話",
    "detector": True, "reading_mg_l": 0.0, "drunk": False, "vehicle": "異常なし",
    "road": "円城で凍結", "service": "定時", "relief": "",
}  # fmt: skip


@pytest.fixture
async def device(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with running.device() as caller:
        yield caller


@pytest.fixture
async def ride(running: Running, key: Key) -> dict[str, Any]:
    """A booking that van-1 or van-2 carries."""
    async with running.staff("operator") as desk:
        quote = await desk.post("/api/v1/quotes", json={"origin": 1, "destination": 3})
        body = {"offer": quote.json()["offers"][0]["token"], "rider_id": None}
        made = await desk.post("/api/v1/bookings", json=body, headers=key())
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        async with running.staff("dispatcher") as dispatcher:
            pinned = await dispatcher.put(
                f"/api/v1/bookings/{found['id']}/vehicle",
                json={"vehicle_id": "van-1"},
                headers=key(),
            )
            assert pinned.status_code == 200, pinned.text
        return found


async def test_a_day_is_recorded_and_says_what_it_lacks(
    device: httpx.AsyncClient, running: Running, key: Key
) -> None:
    async def record(body: dict[str, Any]) -> dict[str, Any]:
        sent = {"record": body, "driver": "運転 太郎"}
        answer = await device.post(f"{VAN}/duty", json=sent, headers=key())
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    assert (await record(CHECK))["readiness"] == "not_called"
    called = await record(BEFORE)
    await record({"kind": "out", "meter_km": 40_120.5})
    await record({"kind": "break_begin", "place": "道の駅"})
    resting = await record({"kind": "incident", "what": "delay", "summary": "落石で迂回"})
    await record({"kind": "break_end"})
    await record({"kind": "in", "meter_km": 40_166.0})
    done = await record(AFTER)

    assert called["readiness"] == "ready"
    assert called["turns"][0]["missing"] == ["out", "in", "call_after"]
    assert resting["turns"][0]["missing"] == ["in", "call_after", "break_end"]
    [turn] = done["turns"]
    assert (turn["driver"], turn["driven_km"], turn["missing"]) == ("運転 太郎", 45.5, [])
    assert (done["readiness"], len(done["records"]), turn["fit"]) == ("not_called", 8, True)
    async with running.staff("planner") as planner:
        listed = (await planner.get("/api/v1/duty")).json()
    assert [each["vehicle_id"] for each in listed] == ["van-1"]
    assert listed[0]["records"] == done["records"]


async def test_a_record_that_cannot_be_lawful_is_a_problem_one_can_read_aloud(
    device: httpx.AsyncClient, key: Key
) -> None:
    drunk = BEFORE | {"reading_mg_l": 0.08}
    body = {"record": drunk, "driver": "運転 太郎"}

    answer = await device.post(f"{VAN}/duty", json=body, headers=key())
    nobody = await device.post(f"{VAN}/duty", json={"record": CHECK}, headers=key())

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/bad-record")
    assert answer.json()["detail"] == "アルコールが検知された人を乗務させることはできません。"
    assert nobody.json()["detail"] == "運転者の名前を入れてください。"


async def test_the_same_event_is_recorded_once_whoever_sends_it(
    device: httpx.AsyncClient, key: Key
) -> None:
    body = {"record": {"kind": "incident", "what": "other", "summary": "落し物"}, "driver": "A"}
    first = await device.post(f"{VAN}/duty", json=body | {"event": "e-1"}, headers=key())
    again = await device.post(f"{VAN}/duty", json=body | {"event": "e-1"}, headers=key())
    other = await device.post(
        f"{VAN}/duty", json=body | {"event": "e-1", "driver": "B"}, headers=key()
    )

    assert first.json()["records"] == again.json()["records"]
    assert other.status_code == 409


async def test_a_vehicle_without_roll_call_is_warned_and_reported_once(
    device: httpx.AsyncClient, running: Running, ride: dict[str, Any], key: Key
) -> None:
    step = {"booking_id": ride["id"], "step": "arrived", "lat": 34.86, "lon": 133.69}
    answer = await device.post(f"{VAN}/steps", json=step, headers=key())
    assert answer.status_code == 200, answer.text
    job = answer.json()

    assert any("点呼" in warning for warning in job["warnings"])
    assert [wait["booking_id"] for wait in job["waits"]] == [ride["id"]]
    async with running.staff("operator") as desk:
        odd = (await desk.get("/api/v1/reports")).json()
    mine = [each for each in odd if each["booking_id"] == ride["id"]]
    assert [(each["codes"], each["lat"]) for each in mine] == [(["no_roll_call"], 34.86)]
    async with running.staff("dispatcher") as dispatcher:
        url = f"/api/v1/reports/{mine[0]['id']}/looked"
        assert (await dispatcher.post(url, json={"note": "電話した"})).status_code == 204
        left = (await dispatcher.get("/api/v1/reports")).json()
        assert (await dispatcher.post("/api/v1/reports/999999/looked", json={})).status_code == 404
    assert mine[0]["id"] not in [each["id"] for each in left]


async def test_what_a_device_kept_is_taken_in_one_call(
    device: httpx.AsyncClient, ride: dict[str, Any], running: Running
) -> None:
    now = dt.datetime.fromtimestamp(running.service.clock(), dt.UTC)

    def step(name: str, event: str, minutes: int) -> dict[str, Any]:
        when = (now - dt.timedelta(minutes=minutes)).isoformat()
        return {"booking_id": ride["id"], "step": name, "event": event, "at": when, "boot": "b"}

    body = {
        "sent_at": now.isoformat(),
        "steps": [
            step("aboard", "t1", 8) | {"seq": 1},
            step("dropped", "t2", 4) | {"seq": 2, "payment": {"cash_yen": 500}},
        ],
    }
    first = await device.post(f"{VAN}/reports", json=body)
    again = await device.post(f"{VAN}/reports", json=body)

    assert first.status_code == 200, first.text
    results = first.json()["results"]
    assert [each["outcome"] for each in results] == ["taken", "taken"]
    assert results[1]["ride"]["fare_yen"] == 500
    assert again.json()["results"] == results
    assert first.json()["job"]["on_board"] == []


async def test_another_vehicles_device_may_not_report(
    device: httpx.AsyncClient, ride: dict[str, Any], key: Key
) -> None:
    now = dt.datetime.now(dt.UTC).isoformat()
    step = {"booking_id": ride["id"], "step": "aboard", "event": "x", "at": now}

    answer = await device.post("/api/v1/vehicles/van-2/reports", json={"steps": [step]})
    duty = await device.post(
        "/api/v1/vehicles/van-2/duty", json={"record": CHECK, "driver": "A"}, headers=key()
    )

    assert (answer.status_code, duty.status_code) == (403, 403)
