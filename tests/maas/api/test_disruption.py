"""Disruptions over HTTP: previewed, done once, listed; and how promises were kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from tests.maas.api.conftest import Running
from tests.maas.tiny_town import place_at

Key = Callable[[], dict[str, str]]


@pytest.fixture
async def dispatcher(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A dispatcher."""
    async with running.staff("dispatcher") as caller:
        yield caller


async def booked(caller: httpx.AsyncClient, key: Key) -> dict[str, Any]:
    trip = {"origin": 1, "destination": 6}
    token = (await caller.post("/api/v1/quotes", json=trip)).json()["offers"][0]["token"]
    body = {"offer": token, "rider_id": 1}
    answer = await caller.post("/api/v1/bookings", json=body, headers=key())
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_vehicle_that_is_out_is_previewed_taken_out_and_brought_back(
    dispatcher: httpx.AsyncClient, key: Key
) -> None:
    booking = await booked(dispatcher, key)
    out = {"kind": "vehicle_out", "vehicles": ["van-1", "van-2"], "reason": "パンク"}
    path = "/api/v1/disruptions"

    preview = await dispatcher.post(path, json=out | {"preview": True}, headers=key())
    assert preview.status_code == 200, preview.text
    assert [one["what"] for one in preview.json()["riders"]] == ["unplaced"]
    assert (await dispatcher.get(path)).json() == []

    once = key()
    done = await dispatcher.post(path, json=out, headers=once)
    again = await dispatcher.post(path, json=out, headers=once)
    assert done.json() == again.json()
    rider = done.json()["riders"][0]
    assert (rider["booking_id"], rider["call_first"], rider["after"]) == (booking["id"], 1, None)
    assert rider["before"]["pickup_to"] == booking["pickup_to"]
    assert [one["id"] for one in (await dispatcher.get(path)).json()] == [done.json()["id"]]
    waiting = (await dispatcher.get("/api/v1/bookings-without-vehicle")).json()
    assert [one["id"] for one in waiting] == [booking["id"]]
    assert len((await dispatcher.get("/api/v1/plan")).json()["vehicles"]) == 2

    twice = await dispatcher.post(path, json=out, headers=key())
    assert twice.status_code == 409
    assert twice.json()["type"].endswith("/not-now")
    back = {"kind": "back", "vehicles": ["van-1", "van-2"]}
    answer = await dispatcher.post(path, json=back, headers=key())
    assert [one["what"] for one in answer.json()["riders"]] == ["moved"]
    assert (await dispatcher.get("/api/v1/bookings-without-vehicle")).json() == []
    kept = (await dispatcher.get("/api/v1/promises/kept")).json()
    assert [(day["promised"], day["open"]) for day in kept] == [(1, 1)]
    gone = await dispatcher.delete(f"/api/v1/bookings/{booking['id']}", headers=key())
    assert gone.status_code == 200


async def test_a_road_is_closed_on_the_map_until_it_is_opened(
    dispatcher: httpx.AsyncClient, running: Running, key: Key
) -> None:
    lat, lon = place_at(2)
    closed = {
        "kind": "road_closed", "points": [{"lat": lat, "lon": lon + 0.002}], "reason": "落石",
    }  # fmt: skip
    answer = await dispatcher.post("/api/v1/disruptions", json=closed, headers=key())
    assert answer.status_code == 200, answer.text
    closure = answer.json()["closure"]

    listed = (await dispatcher.get("/api/v1/closures")).json()
    assert [(one["id"], one["reason"]) for one in listed] == [(closure, "落石")]
    (stretch,) = listed[0]["stretches"]
    at = {"at": f"{lat},{lon + 0.002:.6f}"}
    assert (await dispatcher.get("/api/v1/roads/stretch", params=at)).json() == stretch
    assert stretch["road"] == "一本道"
    assert [end["near"]["name"] for end in stretch["ends"]] == ["役場", "道の駅"]
    assert all(roads.closed_until_s for roads in running.service.roads.values())
    refused = await dispatcher.post("/api/v1/quotes", json={"origin": 1, "destination": 6})
    assert refused.json()["offers"] == []

    opened = {"kind": "road_open", "closure": closure}
    answer = await dispatcher.post("/api/v1/disruptions", json=opened, headers=key())
    assert answer.status_code == 200, answer.text
    assert (await dispatcher.get("/api/v1/closures")).json() == []
    assert not any(roads.closed_until_s for roads in running.service.roads.values())


async def test_the_road_a_closure_would_close_is_said_before_it_is(
    dispatcher: httpx.AsyncClient, operator: httpx.AsyncClient
) -> None:
    lat, lon = place_at(2)
    path = "/api/v1/roads/stretch"

    found = (await dispatcher.get(path, params={"at": f"{lat + 0.001},{lon}"})).json()
    assert (found["road"], found["off_m"]) == ("一本道", 111)
    assert len(found["path"]) > 2
    assert [[end["lon"], end["lat"]] for end in found["ends"]] == [
        found["path"][0],
        found["path"][-1],
    ]
    far = await dispatcher.get(path, params={"at": f"{lat + 1},{lon}"})
    assert far.json()["type"].endswith("/no-way")
    assert (await operator.get(path, params={"at": f"{lat},{lon}"})).status_code == 200


async def test_a_server_whose_vehicles_a_closed_road_cuts_off_is_ready(
    dispatcher: httpx.AsyncClient, key: Key
) -> None:
    today = (await booked(dispatcher, key))["date"]
    lat, lon = place_at(2)
    closed = {
        "kind": "road_closed", "points": [{"lat": lat, "lon": lon + 0.002}], "reason": "落石",
    }  # fmt: skip
    next_day = str(dt.date.fromisoformat(today) + dt.timedelta(1))
    tomorrow = {"origin": 1, "destination": 6, "date": next_day, "time": "10:00"}
    token = (await dispatcher.post("/api/v1/quotes", json=tomorrow)).json()["offers"][0]["token"]
    body = {"offer": token, "rider_id": 1}
    assert (await dispatcher.post("/api/v1/bookings", json=body, headers=key())).is_success

    answer = await dispatcher.post("/api/v1/disruptions", json=closed, headers=key())
    assert answer.status_code == 200, answer.text

    ready = await dispatcher.get("/readyz")
    assert (ready.status_code, ready.json()["parts"]["plan"]) == (200, "cut off")
    opened = {"kind": "road_open", "closure": answer.json()["closure"]}
    assert (await dispatcher.post("/api/v1/disruptions", json=opened, headers=key())).is_success


async def test_a_break_is_put_into_a_plan_seen_by_all_and_taken_out(
    dispatcher: httpx.AsyncClient, key: Key
) -> None:
    today = (await dispatcher.get("/api/v1/plan")).json()["date"]
    tomorrow = str(dt.date.fromisoformat(today) + dt.timedelta(1))
    at = f"{tomorrow}T12:00:00+09:00"
    rest = {"kind": "rest", "vehicles": ["van-1"], "date": tomorrow, "at": at, "minutes": 45}
    path = "/api/v1/disruptions"

    done = await dispatcher.post(path, json=rest, headers=key())
    assert done.status_code == 200, done.text
    made = done.json()["rest"]
    assert (made["since"], made["until"]) == (at, f"{tomorrow}T12:45:00+09:00")
    assert made["place"]["name"]
    plan = (await dispatcher.get("/api/v1/plan", params={"date": tomorrow})).json()
    assert {one["id"]: one["rests"] for one in plan["vehicles"]} == {"van-1": [made], "van-2": []}

    off = {"kind": "rest_off", "rest": made["id"], "date": tomorrow}
    assert (await dispatcher.post(path, json=off, headers=key())).json()["rest"] == made
    again = await dispatcher.post(path, json=off, headers=key())
    assert (again.status_code, again.json()["type"].rsplit("/", 1)[-1]) == (404, "not-found")
    assert "休憩" in again.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "vehicle_out"},
        {"kind": "driver_off"},
        {"kind": "back"},
        {"kind": "rest", "vehicles": ["van-1"]},
        {"kind": "rest", "vehicles": ["van-1", "van-2"], "minutes": 30},
        {"kind": "rest", "vehicles": ["van-1"], "minutes": 4},
        {"kind": "rest_off"},
        {"kind": "road_closed"},
        {"kind": "road_slow"},
        {"kind": "road_open"},
        {"kind": "flood"},
        {"kind": "road_slow", "factor": 0},
        {"kind": "road_closed", "points": [{"lat": 91, "lon": 0}]},
    ],
)
async def test_a_command_that_does_not_say_of_what_is_not_taken(
    dispatcher: httpx.AsyncClient, key: Key, body: dict[str, Any]
) -> None:
    answer = await dispatcher.post("/api/v1/disruptions", json=body, headers=key())

    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/invalid")


async def test_an_operator_sees_what_happened_and_decides_nothing(
    operator: httpx.AsyncClient, key: Key
) -> None:
    out = {"kind": "vehicle_out", "vehicles": ["van-1"], "preview": True}

    assert (await operator.post("/api/v1/disruptions", json=out, headers=key())).status_code == 403
    assert (await operator.get("/api/v1/disruptions")).status_code == 200


async def test_what_is_unknown_or_too_long_is_not_found(
    dispatcher: httpx.AsyncClient, key: Key
) -> None:
    out = {"kind": "vehicle_out", "vehicles": ["bus-1"]}

    answer = await dispatcher.post("/api/v1/disruptions", json=out, headers=key())
    year = await dispatcher.get("/api/v1/promises/kept?from=2026-01-01&to=2026-12-31")

    assert answer.status_code == 404
    assert year.status_code == 404
