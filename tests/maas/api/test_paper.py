"""Lines from paper over HTTP: preview, enter, the list of conflicts, settle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.maas.api.conftest import Running

Key = Callable[[], dict[str, str]]


@pytest.fixture
def line(running: Running) -> dict[str, Any]:
    """A ride of a quarter of an hour that ended some minutes ago, maybe yesterday's last one."""
    zone = dt.timezone(dt.timedelta(hours=9))
    now = dt.datetime.fromtimestamp(running.service.clock(), dt.UTC).astimezone(zone)
    if now.hour == 0:
        pytest.skip("no ride of today has ended yet")

    def clock(minutes: int) -> str:
        return f"{now - dt.timedelta(minutes=minutes):%H:%M}"

    return {
        "id": f"{now:%y%m%d}-1-01", "date": now.date().isoformat(), "vehicle_id": "van-1",
        "origin": 1, "destination": 3, "told": clock(30), "aboard": clock(25),
        "dropped": clock(10), "name": "紙 太郎", "phone": "000-000-0099",
    }  # fmt: skip


async def enter(desk: httpx.AsyncClient, *lines: dict[str, Any], **more: object) -> Any:  # noqa: ANN401
    answer = await desk.post("/api/v1/paper", json={"lines": list(lines), **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_line_is_seen_entered_once_and_its_twin_settled(
    operator: httpx.AsyncClient, line: dict[str, Any], key: Key
) -> None:
    twin = line | {"id": line["id"] + "b"}

    [seen] = await enter(operator, line, preview=True)
    [taken] = await enter(operator, line)
    [again] = await enter(operator, line)
    [waits] = await enter(operator, twin)
    listed = (await operator.get("/api/v1/paper")).json()
    settled = await operator.post(
        f"/api/v1/paper/{twin['id']}/settle", json={"take": False, "note": "同じ"}, headers=key()
    )
    of_day = (await operator.get("/api/v1/paper", params={"date": line["date"]})).json()

    assert (seen["outcome"], taken["outcome"], again) == ("taken", "taken", taken)
    assert taken["ride"]["fare_yen"] == 500
    assert waits["outcome"] == "conflict"
    assert [each["code"] for each in waits["conflicts"]] == ["same_rider", "shared_since"]
    assert [each["id"] for each in listed] == [twin["id"]]
    assert taken["reference"] in listed[0]["conflicts"][0]["sentence"]
    assert settled.json()["outcome"] == "dropped"
    assert [(each["id"], each["state"]) for each in of_day] == [
        (line["id"], "taken"),
        (twin["id"], "dropped"),
    ]
    assert (await operator.get("/api/v1/paper")).json() == []
    booking = (await operator.get(f"/api/v1/bookings/{taken['booking_id']}")).json()
    assert (booking["state"], booking["contact_name"]) == ("done", "紙 太郎")


async def test_an_unknown_line_cannot_be_settled(operator: httpx.AsyncClient, key: Key) -> None:
    answer = await operator.post("/api/v1/paper/none/settle", json={"take": True}, headers=key())

    assert answer.status_code == 404
