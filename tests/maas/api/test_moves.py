"""Rides given other vehicles by hand: looked at, done, taken back; all or none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from maas.store.positions import PositionRow, add_positions
from tests.maas.api.conftest import Running
from tests.maas.tiny_town import place_at

Key = Callable[[], dict[str, str]]
MOVES = "/api/v1/moves"


@pytest.fixture
async def dispatcher(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A dispatcher; what they booked is cancelled at the end."""
    async with running.staff("dispatcher") as caller:
        yield caller
        for one in (await caller.get("/api/v1/bookings")).json():
            gone = f"/api/v1/bookings/{one['id']}"
            await caller.delete(gone, headers={"Idempotency-Key": f"end-{one['id']}"})


async def booked(caller: httpx.AsyncClient, key: Key, rider: int) -> dict[str, Any]:
    trip = {"origin": 1, "destination": 6}
    token = (await caller.post("/api/v1/quotes", json=trip)).json()["offers"][0]["token"]
    body = {"offer": token, "rider_id": rider}
    answer = await caller.post("/api/v1/bookings", json=body, headers=key())
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def vehicle_of(caller: httpx.AsyncClient, booking: dict[str, Any]) -> tuple[str, bool]:
    now = (await caller.get(f"/api/v1/bookings/{booking['id']}")).json()
    return now["vehicle"]["id"], now["pinned"]


def other(vehicle: str) -> str:
    return "van-2" if vehicle == "van-1" else "van-1"


async def test_a_move_is_looked_at_done_and_taken_back(
    dispatcher: httpx.AsyncClient, key: Key
) -> None:
    booking = await booked(dispatcher, key, 1)
    had = booking["vehicle"]["id"]
    wanted = {"moves": [{"booking_id": booking["id"], "vehicle_id": other(had)}]}

    preview = await dispatcher.post(MOVES, json=wanted | {"preview": True}, headers=key())
    assert preview.status_code == 200, preview.text
    rider = preview.json()["riders"][0]
    assert (rider["booking_id"], rider["moved"]) == (booking["id"], True)
    assert rider["before"]["vehicle"]["id"] == had
    assert rider["after"]["vehicle"]["id"] == other(had)
    assert rider["before"]["pickup_from"] == rider["after"]["pickup_from"]
    assert await vehicle_of(dispatcher, booking) == (had, False)

    once = key()
    done = await dispatcher.post(MOVES, json=wanted, headers=once)
    again = await dispatcher.post(MOVES, json=wanted, headers=once)
    assert done.json() == again.json()
    assert await vehicle_of(dispatcher, booking) == (other(had), True)

    undo = {"moves": done.json()["undo"]}
    assert undo["moves"] == [{"booking_id": booking["id"], "vehicle_id": had, "pinned": False}]
    back = await dispatcher.post(MOVES, json=undo, headers=key())
    assert back.status_code == 200, back.text
    assert await vehicle_of(dispatcher, booking) == (had, False)


async def test_two_vehicles_change_riders_at_once(dispatcher: httpx.AsyncClient, key: Key) -> None:
    one, two = await booked(dispatcher, key, 1), await booked(dispatcher, key, 2)
    apart = {
        "moves": [
            {"booking_id": one["id"], "vehicle_id": "van-1"},
            {"booking_id": two["id"], "vehicle_id": "van-2"},
        ]
    }
    assert (await dispatcher.post(MOVES, json=apart, headers=key())).status_code == 200

    crossed = [each | {"vehicle_id": other(each["vehicle_id"])} for each in apart["moves"]]
    done = await dispatcher.post(MOVES, json={"moves": crossed}, headers=key())

    assert done.status_code == 200, done.text
    assert {one["booking_id"] for one in done.json()["riders"] if one["moved"]} == {
        one["id"],
        two["id"],
    }
    assert await vehicle_of(dispatcher, one) == ("van-2", True)
    assert await vehicle_of(dispatcher, two) == ("van-1", True)


async def test_nothing_moves_when_one_of_them_cannot(
    dispatcher: httpx.AsyncClient, key: Key
) -> None:
    one, two = await booked(dispatcher, key, 1), await booked(dispatcher, key, 2)
    before = [await vehicle_of(dispatcher, each) for each in (one, two)]
    moves = [
        {"booking_id": one["id"], "vehicle_id": other(one["vehicle"]["id"])},
        {"booking_id": two["id"], "vehicle_id": "none"},
    ]

    unknown = await dispatcher.post(MOVES, json={"moves": moves}, headers=key())
    assert unknown.status_code == 404
    assert [await vehicle_of(dispatcher, each) for each in (one, two)] == before

    await dispatcher.delete(f"/api/v1/bookings/{two['id']}", headers=key())
    moves[1]["vehicle_id"] = "van-1"
    over = await dispatcher.post(MOVES, json={"moves": moves}, headers=key())
    assert over.status_code == 409
    assert over.json()["type"].endswith("/not-now")
    assert await vehicle_of(dispatcher, one) == before[0]


async def test_a_vehicle_that_cannot_come_in_time_says_so_and_nothing_moves(
    dispatcher: httpx.AsyncClient, key: Key
) -> None:
    booking = await booked(dispatcher, key, 1)
    had = booking["vehicle"]["id"]
    lat, lon = place_at(2)
    closed = {"kind": "road_closed", "points": [{"lat": lat, "lon": lon + 0.002}]}
    done = await dispatcher.post("/api/v1/disruptions", json=closed, headers=key())
    waiting = {
        one["id"] for one in (await dispatcher.get("/api/v1/bookings-without-vehicle")).json()
    }
    wanted = {"moves": [{"booking_id": booking["id"], "vehicle_id": other(had)}]}

    answer = await dispatcher.post(MOVES, json=wanted, headers=key())

    opened = {"kind": "road_open", "closure": done.json()["closure"]}
    await dispatcher.post("/api/v1/disruptions", json=opened, headers=key())
    assert answer.status_code == 409, (waiting, answer.text)
    assert answer.json()["detail"]


@pytest.mark.parametrize("moves", [[], [{"booking_id": "a", "vehicle_id": "van-1"}] * 2])
async def test_moves_that_do_not_say_what_are_not_taken(
    dispatcher: httpx.AsyncClient, key: Key, moves: list[dict[str, str]]
) -> None:
    answer = await dispatcher.post(MOVES, json={"moves": moves}, headers=key())

    assert answer.status_code == 422


async def test_a_day_can_be_looked_at_as_it_was(
    running: Running, dispatcher: httpx.AsyncClient, key: Key
) -> None:
    booking = await booked(dispatcher, key, 1)
    had = booking["vehicle"]["id"]
    wanted = {"moves": [{"booking_id": booking["id"], "vehicle_id": other(had)}]}
    assert (await dispatcher.post(MOVES, json=wanted, headers=key())).status_code == 200
    now = running.service.clock()
    today = running.service.today()
    fixes = [PositionRow("van-1", "d", "p", n, now - 3 + n, now, *place_at(2)) for n in range(3)]
    async with running.service.database.writing() as db:
        await add_positions(db, fixes)

    path = f"/api/v1/past/{booking['date']}"
    day = (await dispatcher.get(path)).json()

    ride = next(one for one in day["rides"] if one["booking_id"] == booking["id"])
    assert [one["vehicle_id"] for one in ride["assigned"]] == [had, other(had)]
    assert [(one["why"], one["pickup_from"]) for one in ride["told"]] == [
        ("booked", booking["pickup_from"])
    ]
    assert (ride["state"], ride["aboard"], ride["ended"]) == ("booked", None, None)
    assert {one["id"] for one in day["vehicles"]} == {"van-1", "van-2", "bus-1"}
    assert (await dispatcher.get("/api/v1/past/2020-01-01")).status_code == 404
    await dispatcher.delete(f"/api/v1/bookings/{booking['id']}", headers=key())
    ride = next(
        one
        for one in (await dispatcher.get(path)).json()["rides"]
        if one["booking_id"] == booking["id"]
    )
    assert ride["state"] == "cancelled"
    assert ride["ended"] is not None
    hour = max(0, int(now) - day["start"] - 1800)
    tracks = await dispatcher.get(
        f"/api/v1/past/{today}/tracks", params={"since_s": hour, "hours": 2, "step_s": 60}
    )
    assert tracks.status_code == 200, tracks.text
    assert 1 <= len(tracks.json()["van-1"]) <= 2
