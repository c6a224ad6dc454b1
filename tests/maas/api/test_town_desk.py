"""Places and vehicles as the office keeps them, and the service calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.maas.api.conftest import Running
from tests.maas.tiny_town import LAT, LON, STEP_DEG

PLACES = "/api/v1/town/places"
VEHICLES = "/api/v1/town/vehicles"
Key = Callable[[], dict[str, str]]
BAKERY: dict[str, Any] = {
    "name": "麦の家", "kana": "むぎのいえ", "name_en": "Mugi bakery", "kind": "shop",
    "lat": LAT, "lon": LON + STEP_DEG, "nicknames": ["パン屋"],
}  # fmt: skip


async def names_found(caller: httpx.AsyncClient, query: str) -> list[str]:
    return [row["name"] for row in (await caller.get(f"/api/v1/places?q={query}")).json()]


async def place(caller: httpx.AsyncClient, code: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = (await caller.get(PLACES)).json()
    return next(row for row in rows if row["code"] == code)


def wish_of(row: dict[str, Any], **change: object) -> dict[str, Any]:
    kept = ("name", "kana", "name_en", "kind", "address", "oaza", "lat", "lon", "nicknames",
            "hidden")  # fmt: skip
    return {name: row[name] for name in kept} | change


async def book_for_tomorrow(
    running: Running, key: Key, origin: int, destination: int
) -> dict[str, Any]:
    tomorrow = running.service.today() + dt.timedelta(days=1)
    ask = {"origin": origin, "destination": destination, "date": tomorrow.isoformat(),
           "time": "10:00"}  # fmt: skip
    async with running.staff("operator") as operator:
        [offer, *_] = (await operator.post("/api/v1/quotes", json=ask)).json()["offers"]
        body = {"offer": offer["token"], "rider_id": 1}
        made = await operator.post("/api/v1/bookings", json=body, headers=key())
    assert made.status_code == 201, made.text
    booking: dict[str, Any] = made.json()
    return booking


async def test_a_new_place_is_found_by_its_kana_and_can_be_ridden_to(
    running: Running, key: Key
) -> None:
    async with running.staff("dispatcher") as dispatcher:
        made = await dispatcher.post(PLACES, json=BAKERY, headers=key())
        assert made.status_code == 201, made.text
        assert made.json()["reachable"]
        assert not made.json()["hidden"]
        for query in ("むぎ", "mugi", "パン屋"):
            assert "麦の家" in await names_found(dispatcher, query), query
        ask = {"origin": made.json()["id"], "destination": 6}
        assert (await dispatcher.post("/api/v1/quotes", json=ask)).json()["offers"]


async def test_a_hidden_place_is_no_longer_found(running: Running, key: Key) -> None:
    async with running.staff("dispatcher") as dispatcher:
        shown = BAKERY | {"name": "古い店", "kana": "ふるいみせ"}
        made = (await dispatcher.post(PLACES, json=shown, headers=key())).json()
        assert await names_found(dispatcher, "ふるいみせ") == ["古い店"]
        where = f"{PLACES}/{made['id']}"
        hidden = await dispatcher.put(where, json=wish_of(made, hidden=True), headers=key())
        assert hidden.json()["hidden"]
        assert await names_found(dispatcher, "ふるいみせ") == []
        assert (await place(dispatcher, made["code"]))["hidden"], "the office still sees it"
        await dispatcher.put(where, json=wish_of(made), headers=key())
        assert await names_found(dispatcher, "ふるいみせ") == ["古い店"]


async def test_a_place_far_from_every_road_is_kept_and_said_to_be_so(
    running: Running, key: Key
) -> None:
    async with running.staff("dispatcher") as dispatcher:
        far = BAKERY | {"name": "山小屋", "kana": "やまごや", "lat": LAT + 0.05}
        made = (await dispatcher.post(PLACES, json=far, headers=key())).json()
    assert made["reachable"] is False


@pytest.mark.parametrize(
    "change", [{"kana": "麦の家"}, {"name": ""}, {"lat": 91}, {"kind": "home"}, {"kana": ""}]
)
async def test_a_place_without_kana_or_position_is_refused(
    running: Running, key: Key, change: dict[str, object]
) -> None:
    async with running.staff("dispatcher") as dispatcher:
        assert (
            await dispatcher.post(PLACES, json=BAKERY | change, headers=key())
        ).status_code == 422


async def test_a_place_is_not_moved_from_under_a_promised_ride(running: Running, key: Key) -> None:
    async with running.staff("dispatcher") as dispatcher:
        clinic = await place(dispatcher, "P2")
        booking = await book_for_tomorrow(running, key, clinic["id"], 6)
        where = f"{PLACES}/{clinic['id']}"
        moved = wish_of(clinic, lat=clinic["lat"] + 0.001)
        refused = await dispatcher.put(where, json=moved, headers=key())
        assert refused.status_code == 409
        assert refused.json()["count"] == 1
        nudged = wish_of(clinic, lat=clinic["lat"] + 0.0001, name="診療所（新）")
        assert (await dispatcher.put(where, json=nudged, headers=key())).status_code == 200
        await dispatcher.request(
            "DELETE", f"/api/v1/bookings/{booking['id']}", json={"reason": ""}, headers=key()
        )
        assert (await dispatcher.put(where, json=moved, headers=key())).status_code == 200
        assert (await dispatcher.put(where, json=wish_of(clinic), headers=key())).status_code == 200


async def test_a_riders_home_is_changed_with_the_card_only(running: Running, key: Key) -> None:
    async with running.staff("dispatcher") as dispatcher:
        home = (await dispatcher.get("/api/v1/riders/1")).json()["home_place"]["id"]
        assert home not in {row["id"] for row in (await dispatcher.get(PLACES)).json()}
        answer = await dispatcher.put(f"{PLACES}/{home}", json=BAKERY, headers=key())
        assert answer.status_code == 404


async def vehicle(caller: httpx.AsyncClient, vehicle_id: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = (await caller.get(VEHICLES)).json()
    return next(row for row in rows if row["id"] == vehicle_id)


def vehicle_wish(row: dict[str, Any], **change: object) -> dict[str, Any]:
    gone = {"id", "depot_name", "depot_name_en", "block", "driver"}
    return {name: value for name, value in row.items() if name not in gone} | change


async def test_a_new_vehicle_takes_bookings_at_once(running: Running, key: Key) -> None:
    async with running.staff("admin") as admin:
        van = await vehicle(admin, "van-1")
        new = vehicle_wish(van, name="新しい車", name_en="New car") | {"id": "new-1"}
        made = await admin.post(VEHICLES, json=new, headers=key())
        assert made.status_code == 201, made.text
        assert made.json()["depot_name"] != made.json()["depot_name_en"]
        plan = (await admin.get("/api/v1/plan")).json()["vehicles"]
        assert "new-1" in {row["id"] for row in plan}
        again = await admin.post(VEHICLES, json=new, headers=key())
        assert again.status_code == 409
        out = vehicle_wish(made.json(), in_service=False)
        assert (await admin.put(f"{VEHICLES}/new-1", json=out, headers=key())).status_code == 200
        plan = (await admin.get("/api/v1/plan")).json()["vehicles"]
        assert "new-1" not in {row["id"] for row in plan}


async def test_a_vehicle_with_promised_rides_gets_better_but_never_worse(
    running: Running, key: Key
) -> None:
    booking = await book_for_tomorrow(running, key, 1, 6)
    mine = booking["vehicle"]["id"]
    async with running.staff("admin") as admin:
        van = await vehicle(admin, mine)
        where = f"{VEHICLES}/{mine}"
        for change in (
            {"seats": van["seats"] - 1}, {"shift_from": "09:00", "shift_to": "20:00"},
            {"in_service": False}, {"depot": 1}, {"profile": "micro_ev"},
        ):  # fmt: skip
            answer = await admin.put(where, json=vehicle_wish(van, **change), headers=key())
            assert answer.status_code == 409, (change, answer.text)
            assert answer.json()["count"] >= 1
        better = vehicle_wish(van, seats=van["seats"] + 1, name="1号車（新）")
        assert (await admin.put(where, json=better, headers=key())).status_code == 200
        assert (await vehicle(admin, mine))["seats"] == van["seats"] + 1
        await admin.request(
            "DELETE", f"/api/v1/bookings/{booking['id']}", json={"reason": ""}, headers=key()
        )
        assert (await admin.put(where, json=vehicle_wish(van), headers=key())).status_code == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"shift_from": "18:00", "shift_to": "08:00"}, 422),
        ({"area": "elsewhere"}, 404),
        ({"depot": 99_999}, 404),
        ({"kind": "bus"}, 422),
        ({"id": "Not An Id"}, 422),
    ],
)
async def test_a_vehicle_that_cannot_be_is_refused(
    running: Running, key: Key, change: dict[str, object], status: int
) -> None:
    async with running.staff("admin") as admin:
        new = vehicle_wish(await vehicle(admin, "van-1")) | {"id": "wrong-1"} | change
        assert (await admin.post(VEHICLES, json=new, headers=key())).status_code == status


async def test_what_the_office_decided_outlives_an_import(running: Running, key: Key) -> None:
    from dataclasses import replace

    from maas.store import fleet, places

    async with running.staff("admin") as admin:
        park = await place(admin, "P6")
        await admin.put(f"{PLACES}/{park['id']}", json=wish_of(park, hidden=True), headers=key())
    async with running.service.database.writing() as db:
        [row] = await places.by_ids(db, [park["id"]])
        await places.save_places(db, [replace(row, hidden=False)])
        [row] = await places.by_ids(db, [park["id"]])
        assert row.hidden
        van = await fleet.vehicle(db, "van-1")
        assert van is not None
        await fleet.change_vehicle(db, replace(van, in_service=False))
        await fleet.save_vehicles(db, [replace(van, in_service=True)])
        kept = await fleet.vehicle(db, "van-1")
        assert kept is not None
        assert not kept.in_service
        await fleet.change_vehicle(db, van)
        await places.change_place(db, replace(row, hidden=False))
    await running.service.refresh_people()


async def test_the_calendar_says_which_days_run_and_why_not(running: Running) -> None:
    async with running.staff("planner") as planner:
        days = (await planner.get("/api/v1/calendar?from=2027-01-01&to=2027-01-07")).json()
        closed = (await planner.get("/api/v1/calendar?from=2019-01-01&to=2019-01-01")).json()
        for odd in ("from=2027-01-02&to=2027-01-01", "from=2027-01-01&to=2027-12-31"):
            assert (await planner.get(f"/api/v1/calendar?{odd}")).status_code == 404
    assert [day["weekday"] for day in days] == [4, 5, 6, 0, 1, 2, 3]
    assert days[0]["holiday"]
    assert days[0]["opens"] == "00:00"
    assert days[0]["sentence"] is None
    assert closed[0]["opens"] is None
    assert closed[0]["sentence"]
