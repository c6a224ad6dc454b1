"""From a code on paper to a device that reports, and to one that may no longer."""

from __future__ import annotations

import json

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from maas.auth.devices import ACCESS_S, CODE_S
from tests.maas.api.conftest import Running
from tests.maas.api.test_live import Served, ping, served

__all__ = ["served"]

DEVICES = "/api/v1/devices"
POSITIONS = "/api/v1/positions"


@pytest.fixture
async def clock(running: Running, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The wall's time, which the test may move."""
    now = [running.service.real_now()]
    monkeypatch.setattr(running.service, "real_now", lambda: now[0])
    return now


async def code_for(caller: httpx.AsyncClient, vehicle: str = "van-1") -> str:
    answer = await caller.post(f"{DEVICES}/codes", json={"vehicle": vehicle})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


async def enrolled(running: Running) -> dict[str, str]:
    """Return a new device of van-1 as it was told."""
    async with running.staff("admin") as admin, running.caller() as device:
        body = {"code": await code_for(admin)}
        return dict((await device.post(f"{DEVICES}/enrol", json=body)).json())


async def says(running: Running, token: str, seq: int = 1) -> int:
    """Return the status a token's position is answered with."""
    async with running.caller(authorization=f"Bearer {token}") as device:
        item = ping(seq, running.service.clock(), boot=token[:20])
        return (await device.post(POSITIONS, json=[item])).status_code


async def test_a_code_enrols_one_device_that_then_reports(running: Running) -> None:
    async with running.staff("admin") as admin, running.caller() as device:
        code = await code_for(admin)
        typed = {"code": f" {code.lower().replace('-', ' ')} "}
        answer = await device.post(f"{DEVICES}/enrol", json=typed)
        again = await device.post(f"{DEVICES}/enrol", json=typed)
    told = answer.json()

    assert (answer.status_code, told["vehicle"]) == (201, "van-1")
    assert (again.status_code, again.json()["type"]) == (404, "/problems/bad-code")
    assert await says(running, told["access_token"]) == 200
    assert await says(running, told["refresh_token"]) == 401, "the secret itself opens nothing"


async def test_a_code_is_good_for_half_an_hour(running: Running, clock: list[float]) -> None:
    async with running.staff("admin") as admin, running.caller() as device:
        code = await code_for(admin)
        clock[0] += CODE_S
        answer = await device.post(f"{DEVICES}/enrol", json={"code": code})
    assert answer.status_code == 404


async def test_an_access_token_is_short_lived_and_renewed_by_the_secret(
    running: Running, clock: list[float]
) -> None:
    told = await enrolled(running)
    clock[0] += ACCESS_S
    assert await says(running, told["access_token"]) == 401
    async with running.caller() as device:
        body = {"refresh_token": told["refresh_token"]}
        renewed = (await device.post(f"{DEVICES}/token", json=body)).json()
        tracker = {"refresh_token": running.device_token}
        refused = await device.post(f"{DEVICES}/token", json=tracker)
    assert await says(running, renewed["access_token"]) == 200
    assert refused.status_code == 401, "a tracker's token is no secret of an app"


@pytest.mark.parametrize(
    "change", [lambda t: t[:-2], lambda t: "x" + t, lambda t: t + ".", str.upper]
)
async def test_a_token_that_was_tampered_with_opens_nothing(
    running: Running, change: object
) -> None:
    told = await enrolled(running)
    assert callable(change)
    assert await says(running, change(told["access_token"])) == 401


async def test_wrong_codes_make_an_address_wait(running: Running) -> None:
    running.service.code_throttle.succeed("127.0.0.1")
    async with running.caller() as device:
        answers = [
            (await device.post(f"{DEVICES}/enrol", json={"code": f"x{i}"})).status_code
            for i in range(21)
        ]
    running.service.code_throttle.succeed("127.0.0.1")
    assert answers == [404] * 20 + [429]


async def test_a_revoked_device_is_refused_at_once(running: Running) -> None:
    told = await enrolled(running)
    other = await enrolled(running)
    async with running.staff("admin") as admin, running.caller() as device:
        assert (await admin.delete(f"{DEVICES}/{told['device']}")).status_code == 204
        body = {"refresh_token": told["refresh_token"]}
        assert (await device.post(f"{DEVICES}/token", json=body)).status_code == 401
    assert await says(running, told["access_token"]) == 401
    assert await says(running, other["access_token"]) == 200


async def test_the_list_says_when_a_device_was_heard_and_how_its_clock_goes(
    running: Running,
) -> None:
    told, now = await enrolled(running), running.service.clock()
    async with running.caller(authorization=f"Bearer {told['access_token']}") as device:
        items = [ping(seq, now + 60 + seq, boot="fast") for seq in range(3)]
        verdicts = (await device.post(POSITIONS, json=items)).json()["verdicts"]
    async with running.staff("admin") as admin:
        rows = {row["id"]: row for row in (await admin.get(DEVICES)).json()}
        metrics = (await admin.get("/metrics")).text
    row = rows[told["device"]]

    assert "future" not in verdicts
    assert row["seen_at"] is not None
    assert row["clock_ahead_s"] == pytest.approx(60, abs=2)
    assert row["clock_corrected"] is True
    assert 'maas_device_clock_ahead_seconds{vehicle="van-1"} 60' in metrics


@pytest.mark.parametrize("way", ["query", "form", "json"])
async def test_a_tracker_reports_by_fields(running: Running, way: str) -> None:
    now = running.service.clock()
    fields = {"lat": "34.86", "lon": "133.69", "timestamp": str(now), "speed": "3"}
    place = {"timestamp": str(now), "coords": {"latitude": 34.86, "longitude": 133.69}}
    path, token = f"{POSITIONS}/osmand", running.device_token
    async with running.caller() as tracker:
        if way == "query":
            answer = await tracker.get(path, params=fields | {"id": token})
        elif way == "form":
            answer = await tracker.post(path, data=fields | {"id": token})
        else:
            answer = await tracker.post(path, json={"location": place, "device_id": token})
        broken = await tracker.get(path, params={"id": token, "lat": "nan"})
        stranger = await tracker.get(path, params=fields | {"id": "nobody"})
    assert answer.status_code == 200
    assert answer.json()["verdicts"][0] in {"live", "history", "duplicate"}
    assert (broken.status_code, broken.json()) == (200, {"verdicts": ["malformed"]})
    assert stranger.status_code == 401


async def test_an_open_socket_of_a_revoked_device_is_closed_within_five_seconds(
    served: Served,
) -> None:
    async with (
        served.staff("admin") as admin,
        served.socket("/ws/vehicle", Authorization=f"Bearer {served.device_token}") as socket,
    ):
        await socket.send(json.dumps([ping(900, served.service.clock())]))
        await socket.recv()
        (device,) = (await admin.get(DEVICES)).json()
        began = served.service.real_now()
        await admin.delete(f"{DEVICES}/{device['id']}")
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert served.service.real_now() - began < 5
        assert socket.close_code == 1008
