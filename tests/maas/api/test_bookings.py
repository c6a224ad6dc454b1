"""One booking travels from the question to the ride record, and nothing happens twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.maas.api.conftest import Running

Keys = Callable[[], dict[str, str]]
TRIP = {"origin": 1, "destination": 6, "time": None}


async def offer(caller: httpx.AsyncClient, **more: object) -> dict[str, Any]:
    """Ask for a trip and return the first offer."""
    answer = await caller.post("/api/v1/quotes", json=TRIP | more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["offers"][0]
    return found


async def booking(caller: httpx.AsyncClient, key: Keys, **more: object) -> dict[str, Any]:
    """Book a trip for member 1."""
    body = {"offer": (await offer(caller, **more))["token"], "rider_id": 1}
    answer = await caller.post("/api/v1/bookings", json=body, headers=key())
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_quote_offers_a_ride_with_its_fare_and_a_sentence(
    operator: httpx.AsyncClient,
) -> None:
    found = await offer(operator)

    assert (found["fare"]["yen"], found["fare"]["shared_yen"]) == (500, 300)
    assert found["pickup_from"].endswith("+09:00")
    assert "道の駅" in found["sentence"]


async def test_a_quote_speaks_english_when_asked(running: Running) -> None:
    async with running.staff("operator", **{"accept-language": "en"}) as caller:
        assert "Market" in (await offer(caller))["sentence"]


async def test_a_refusal_says_why_in_words(operator: httpx.AsyncClient) -> None:
    body = TRIP | {"destination": 1}
    answer = (await operator.post("/api/v1/quotes", json=body)).json()
    assert answer["offers"] == []
    assert answer["refusal"]["reason"] == "same_place"
    assert answer["refusal"]["sentence"]


async def test_a_booking_without_an_idempotency_key_is_not_taken(
    operator: httpx.AsyncClient,
) -> None:
    body = {"offer": (await offer(operator))["token"], "rider_id": 1}
    answer = await operator.post("/api/v1/bookings", json=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/key-missing")


async def test_the_same_command_twice_makes_one_booking(
    operator: httpx.AsyncClient, key: Keys
) -> None:
    body, header = {"offer": (await offer(operator))["token"], "rider_id": 2}, key()
    first, second = await asyncio.gather(
        *(operator.post("/api/v1/bookings", json=body, headers=header) for _ in range(2))
    )
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()

    other = await operator.post("/api/v1/bookings", json=body | {"rider_id": 3}, headers=header)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")


async def test_a_forged_offer_is_refused(operator: httpx.AsyncClient, key: Keys) -> None:
    token = (await offer(operator))["token"]
    body = {"offer": token[:-4] + "AAAA", "rider_id": 1}
    answer = await operator.post("/api/v1/bookings", json=body, headers=key())
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-offer")


async def test_a_booking_is_listed_read_changed_and_cancelled(
    operator: httpx.AsyncClient, key: Keys
) -> None:
    made = await booking(operator, key)
    path = f"/api/v1/bookings/{made['id']}"
    assert (await operator.get(path)).json() == made
    listed = (await operator.get("/api/v1/bookings?state=booked")).json()
    assert made["id"] in {each["id"] for each in listed}

    better = await offer(operator, destination=3, instead_of=made["id"])
    changed = await operator.patch(path, json={"offer": better["token"]}, headers=key())
    assert changed.status_code == 200, changed.text
    assert changed.json()["destination"]["id"] == 3

    body = {"reason": "体調不良"}
    gone = await operator.request("DELETE", path, json=body, headers=key())
    assert gone.json()["state"] == "cancelled"
    again = await operator.patch(path, json={"offer": better["token"]}, headers=key())
    assert (again.status_code, again.json()["type"]) == (409, "/problems/not-now")


async def test_a_rider_card_shows_the_next_booking(operator: httpx.AsyncClient, key: Keys) -> None:
    made = await booking(operator, key)
    card = (await operator.get("/api/v1/riders/1")).json()
    assert card["next_booking"]["rider"]["id"] == 1
    assert made["rider"]["number"] == card["number"] == "0001"
    assert [favourite["slot"] for favourite in card["favourites"]] == [1, 2]


async def test_a_driver_takes_a_vehicle_and_reports_a_ride_to_its_record(
    running: Running, operator: httpx.AsyncClient, key: Keys
) -> None:
    made = await booking(operator, key)
    vehicle = f"/api/v1/vehicles/{made['vehicle']['id']}"
    async with running.staff("driver") as driver:
        early = {"booking_id": made["id"], "step": "arrived"}
        not_mine = await driver.post(f"{vehicle}/steps", json=early, headers=key())
        assert not_mine.json()["type"] == "/problems/not-your-vehicle"
        assert (await driver.post(f"{vehicle}/driver")).json()["driver"] == "driver"

        async with running.staff("dispatcher") as other:
            taken = await other.post(f"{vehicle}/driver")
            assert (taken.status_code, taken.json()["type"]) == (409, "/problems/vehicle-taken")

        for step in ("arrived", "aboard", "dropped"):
            body = {"booking_id": made["id"], "step": step}
            job = await driver.post(f"{vehicle}/steps", json=body, headers=key())
            assert job.status_code == 200, job.text
        assert job.json()["ride"]["fare_yen"] == 500
        assert (await driver.delete(f"{vehicle}/driver")).status_code == 204
        assert (await driver.delete(f"{vehicle}/driver")).status_code == 403

    rides = (await operator.get("/api/v1/rides")).json()
    assert made["id"] in {ride["booking_id"] for ride in rides}


async def test_a_device_reports_for_its_own_vehicle_only(running: Running) -> None:
    async with running.device() as device:
        assert (await device.get("/api/v1/vehicles/van-1/job")).status_code == 200
        other = await device.get("/api/v1/vehicles/van-2/job")
        assert (other.status_code, other.json()["type"]) == (403, "/problems/not-your-vehicle")
    async with running.caller(authorization="Bearer nonsense") as stranger:
        refused = await stranger.get("/api/v1/vehicles/van-1/job")
        assert (refused.status_code, refused.json()["type"]) == (401, "/problems/bad-device")


async def test_the_plan_shows_what_was_booked(operator: httpx.AsyncClient, key: Keys) -> None:
    made = await booking(operator, key)
    plan = (await operator.get("/api/v1/plan")).json()
    stops = [stop for vehicle in plan["vehicles"] for stop in vehicle["stops"]]
    assert [s["kind"] for s in stops if s["booking_id"] == made["id"]] == ["pickup", "dropoff"]


async def test_the_audit_finds_a_booking_by_its_reference(
    running: Running, operator: httpx.AsyncClient, key: Keys
) -> None:
    made = await booking(operator, key)
    asked = {"subject": made["reference"], "action": "booking."}
    async with running.staff("admin") as admin:
        found = (await admin.get("/api/v1/audit", params=asked)).json()["entries"]
        others = (await admin.get("/api/v1/audit", params={"action": "staff."})).json()["entries"]
    assert [(e["action"], e["subject"], e["reference"]) for e in found] == [
        ("booking.booked", made["id"], made["reference"])
    ]
    assert {entry["reference"] for entry in others} <= {None}


@pytest.mark.parametrize("area", ["nowhere", "TINY"])
async def test_an_unknown_area_is_not_found(operator: httpx.AsyncClient, area: str) -> None:
    assert (await operator.get("/api/v1/plan", params={"area": area})).status_code == 404


async def test_a_new_rider_is_found_at_once_and_can_book(
    operator: httpx.AsyncClient, key: Keys
) -> None:
    new = {"name": "新規花子", "kana": "しんきはなこ", "phone": "000-000-0009", "place_id": 3}
    made = await operator.post("/api/v1/riders", json=new, headers=key())
    assert made.status_code == 201, made.text
    found = (await operator.get("/api/v1/riders", params={"q": "shinki"})).json()
    assert [rider["name"] for rider in found] == ["新規花子"]
    home = found[0]["home_place"]["id"]
    body = {"offer": (await offer(operator, origin=home))["token"], "rider_id": found[0]["id"]}
    answer = await operator.post("/api/v1/bookings", json=body, headers=key())
    assert answer.status_code == 201, answer.text
