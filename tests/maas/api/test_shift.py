"""What a driver is told of the rest of the shift: breaks, and whether the battery will do."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from dispatcher.roads.build import build
from maas.app import create_app
from maas.settings import Settings
from tests.maas.api.conftest import Prepared, Running, fill
from tests.maas.tiny_town import AREA, TOWN_TOML, VEHICLES, write_tiny_town

Key = Callable[[], dict[str, str]]
SHIFT = "/api/v1/vehicles/van-1/shift"
CAPACITY_WH, KWH_100KM = 9_060, 10
# Out to the town hall (2,000 m), on to the shop (1,000 m), and back to the depot (1,000 m).
AHEAD_M = 4_000
USE = f"""
[[figure]]
id = "power"
area = "{AREA}"
valid_from = 2020-01-01
figure = "kwh_100km"
of = "car"
value = {KWH_100KM}
source = "試験"
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The tiny town with a break at noon, and van-1 electric."""
    root = tmp_path_factory.mktemp("electric")
    town = write_tiny_town(root / "town")
    with_break = TOWN_TOML.replace('to = "24:00"', 'to = "24:00"\nbreaks = ["12:00/13:00"]')
    (town / "town.toml").write_text(with_break + USE, encoding="utf-8")
    electric = VEHICLES.replace("van,car,4,0,0,,P5", f"van,car,4,0,0,{CAPACITY_WH},P5")
    (town / "vehicles.csv").write_text(electric, encoding="utf-8")
    settings = Settings(data_dir=root / "data")
    build(town / "roads.osm", settings.data_dir / "roads")
    return Prepared(settings.data_dir, asyncio.run(fill(settings, town)))


@pytest.fixture
async def device(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with running.device() as caller:
        yield caller


async def shift(device: httpx.AsyncClient) -> dict[str, Any]:
    answer = await device.get(SHIFT)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def record(device: httpx.AsyncClient, key: Key, **body: Any) -> None:  # noqa: ANN401
    sent = {"record": body, "driver": "運転 太郎"}
    answer = await device.post("/api/v1/vehicles/van-1/duty", json=sent, headers=key())
    assert answer.status_code == 200, answer.text


async def carry(running: Running, key: Key) -> None:
    """Give van-1 a ride from the town hall to the shop, tomorrow at the latest."""
    async with running.staff("dispatcher") as desk:
        asked = {"origin": 1, "destination": 3}
        offer = (await desk.post("/api/v1/quotes", json=asked)).json()["offers"][0]
        body = {"offer": offer["token"], "contact": {"name": "仮野", "phone": "000-000-0009"}}
        made = await desk.post("/api/v1/bookings", json=body, headers=key())
        assert made.status_code == 201, made.text
        path = f"/api/v1/bookings/{made.json()['id']}/vehicle"
        pinned = await desk.put(path, json={"vehicle_id": "van-1"}, headers=key())
        assert pinned.status_code == 200, pinned.text


async def test_a_battery_is_read_and_held_against_the_drive_ahead(
    running: Running, device: httpx.AsyncClient, key: Key
) -> None:
    unread = (await shift(device))["battery"]
    await carry(running, key)
    told = []
    for percent in (50.0, 5.0, 4.0):
        await record(device, key, kind="charge", percent=percent)
        told.append((await shift(device))["battery"])

    assert unread == {
        "percent": None, "at": None, "range_m": None, "ahead_m": 0, "lasts": None,
    }  # fmt: skip
    assert [one["percent"] for one in told] == [50.0, 5.0, 4.0]
    assert [one["range_m"] for one in told] == [45_300, 4_530, 3_624]
    assert [one["lasts"] for one in told] == ["enough", "tight", "short"]
    assert told[0]["ahead_m"] == pytest.approx(AHEAD_M, rel=0.02)
    async with running.staff("dispatcher") as desk:
        plan = (await desk.get("/api/v1/plan")).json()["vehicles"]
    assert {one["id"]: one["battery_percent"] for one in plan} == {"van-1": 4.0, "van-2": None}


async def test_a_reading_outlives_the_server(
    running: Running, device: httpx.AsyncClient, key: Key
) -> None:
    await record(device, key, kind="charge", percent=61.0)

    again = create_app(Settings(data_dir=running.service.settings.data_dir))
    async with again.router.lifespan_context(again):
        anew = Running(again, again.state.service, running.device_token)
        async with anew.device() as caller:
            assert (await shift(caller))["battery"]["percent"] == 61.0


async def test_an_older_reading_that_comes_late_changes_nothing(
    running: Running, device: httpx.AsyncClient, key: Key
) -> None:
    await record(device, key, kind="charge", percent=70.0)
    late = {"record": {"kind": "charge", "percent": 90.0}, "at": running_since(running)}
    answer = await device.post(
        "/api/v1/vehicles/van-1/duty", json={**late, "driver": "運転 太郎"}, headers=key()
    )

    assert answer.status_code == 200, answer.text
    async with running.staff("dispatcher") as desk:
        plan = (await desk.get("/api/v1/plan")).json()["vehicles"]
    assert next(one for one in plan if one["id"] == "van-1")["battery_percent"] == 70.0


def running_since(running: Running) -> str:
    """Return an instant of today before every reading: an hour ago, or the day's first minute."""
    now = running.service.clock()
    since_midnight_s = (now + 9 * 3600) % 86_400
    return dt.datetime.fromtimestamp(now - min(3600, since_midnight_s), dt.UTC).isoformat()


async def test_the_breaks_of_the_town_and_of_the_driver_are_told_in_their_order(
    device: httpx.AsyncClient, key: Key
) -> None:
    before = (await shift(device))["breaks"]
    await record(device, key, kind="break_begin", place="道の駅")
    resting = [one for one in (await shift(device))["breaks"] if one["by"] == "driver"]
    await record(device, key, kind="break_end")
    after = (await shift(device))["breaks"]

    assert [(one["by"], one["since"][11:16], one["until"][11:16]) for one in before] == [
        ("town", "12:00", "13:00")
    ]
    assert [one["until"] for one in resting] == [None]
    assert {one["by"] for one in after} == {"town", "driver"}
    assert all(one["until"] is not None for one in after)
    assert [one["since"] for one in after] == sorted(one["since"] for one in after)


async def test_the_driver_sees_a_break_that_the_office_has_put_in(
    running: Running, device: httpx.AsyncClient, key: Key
) -> None:
    rest = {"kind": "rest", "vehicles": ["van-1"], "minutes": 5}
    async with running.staff("dispatcher") as desk:
        made = await desk.post("/api/v1/disruptions", json=rest, headers=key())

    breaks = (await shift(device))["breaks"]

    assert made.status_code == 200, made.text
    planned = {name: made.json()["rest"][name] for name in ("since", "until")}
    assert {"by": "office", **planned} in breaks


async def test_a_van_without_a_battery_has_none_and_a_bus_has_no_shift(
    running: Running,
) -> None:
    async with running.staff("dispatcher") as desk:
        van = await desk.get("/api/v1/vehicles/van-2/shift")
        bus = await desk.get("/api/v1/vehicles/bus-1/shift")

    assert van.json()["battery"] is None
    assert bus.status_code == 404
