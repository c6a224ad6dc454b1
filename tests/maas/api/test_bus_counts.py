"""Counting riders on a bus: by its driver, by a counter, and put right by the office."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from gtfs.calendar import day_start_epoch
from maas.auth.devices import enrol_device
from maas.store import arrivals, bus_counts
from maas.store.arrivals import VisitRow
from tests.maas.api.conftest import Running

Key = Callable[[], dict[str, str]]
BUS = "/api/v1/vehicles/bus-1"


@pytest.fixture
async def driver(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """The driver of bus-1."""
    async with running.staff("driver") as caller:
        taken = await caller.post(f"{BUS}/driver")
        assert (taken.status_code, taken.json()) == (200, None)
        yield caller
        assert (await caller.delete(f"{BUS}/driver")).status_code == 204


def tap(event: str, call: int, on: int, off: int, **more: str) -> dict[str, Any]:
    return {"event": event, "trip": "e08", "call": call, "boarded": on, "alighted": off, **more}


async def tell(caller: httpx.AsyncClient, *counts: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await caller.post(f"{BUS}/counts", json={"counts": list(counts)})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


async def the_run(caller: httpx.AsyncClient, trip: str) -> dict[str, Any]:
    day = (await caller.get(f"{BUS}/runs")).json()
    run: dict[str, Any] = next(run for run in day["runs"] if run["trip"] == trip)
    return run


async def test_a_drivers_taps_are_kept_once_and_undone_by_a_correction(
    driver: httpx.AsyncClient,
) -> None:
    assert [one["kept"] for one in await tell(driver, tap("a1", 0, 1, 0), tap("a2", 0, 1, 0))] == [
        True,
        True,
    ]
    again = await tell(driver, tap("a2", 0, 1, 0), tap("a3", 0, 0, 0, corrects="a2"))
    other = await tell(driver, tap("a1", 0, 5, 0))

    run = await the_run(driver, "e08")
    assert [one["kept"] for one in again] == [True, True]
    assert (other[0]["kept"], "別の内容" in other[0]["said"]) == (False, True)
    assert (run["calls"][0]["boarded"], run["calls"][0]["load"], run["riders"]) == (1, 1, 1)
    assert [one["event"] for one in run["calls"][0]["taps"]] == ["a1", "a3"]
    assert run["calls"][1]["boarded"] is None


async def test_what_no_timetable_has_is_refused_and_spoils_no_other(
    driver: httpx.AsyncClient,
) -> None:
    told = await tell(
        driver,
        tap("b1", 99, 1, 0),
        tap("b2", 0, 1, 0) | {"trip": "none"},
        tap("b3", 1, 0, 0, corrects="none"),
        tap("b4", 1, 0, 1) | {"trip": "w08"},
        tap("b5", 0, 1, 0) | {"trip": None},
    )

    assert {one["event"] for one in told if one["kept"]} == {"b4"}


async def test_only_its_own_driver_counts_on_a_bus_and_none_on_a_taxi(
    running: Running, driver: httpx.AsyncClient
) -> None:
    foreign = await running.device().post(f"{BUS}/counts", json={"counts": [tap("x", 0, 1, 0)]})
    async with running.staff("dispatcher") as desk:
        van = "/api/v1/vehicles/van-1/counts"
        taxi = await desk.post(van, json={"counts": [tap("x", 0, 1, 0)]})

    assert foreign.status_code == 403
    assert taxi.status_code == 404


async def test_the_office_puts_a_call_right_and_what_was_counted_stays_on_record(
    running: Running, driver: httpx.AsyncClient, key: Key
) -> None:
    await tell(driver, tap("c1", 0, 2, 0) | {"trip": "e09"}, tap("c2", 5, 0, 3) | {"trip": "e09"})
    today = running.service.today()
    right = {
        "vehicle_id": "bus-1", "date": today.isoformat(), "trip": "e09", "call": 0,
        "boarded": 3, "alighted": 0, "reason": "運転手に確認",
    }  # fmt: skip
    async with running.staff("dispatcher") as desk:
        headers = key()
        path = "/api/v1/bus-counts/corrections"
        answers = [await desk.post(path, json=right, headers=headers) for _ in range(2)]
        nowhere = await desk.post(path, json=right | {"call": 99}, headers=key())
        day = (await desk.get("/api/v1/bus-counts")).json()

    run = next(run for run in day["runs"] if run["trip"] == "e09")
    assert [answer.status_code for answer in answers] == [200, 200]
    assert nowhere.status_code == 409
    assert (run["riders"], run["calls"][0]["source"]) == (3, "office")
    assert [odd["code"] for odd in run["odd"]] == []
    async with running.service.database.reading() as db:
        rows = {row.id: row for row in await bus_counts.counts_between(db, today, today)}
    assert rows["bus-1/driver:c1"].boarded == 2
    (said,) = [row for row in rows.values() if row.source == "office"]
    assert (said.corrects, said.actor, said.reason) == (
        "bus-1/driver:c1",
        "dispatcher",
        "運転手に確認",
    )


async def test_tides_has_the_riders_for_the_staff_and_none_of_them_in_public(
    running: Running, driver: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    day = running.service.today() - timedelta(days=2)
    dated = {"trip": "e10", "date": day.isoformat()}
    await tell(driver, tap("t1", 1, 2, 0) | dated, tap("t2", 5, 0, 3) | dated)
    async with running.service.database.writing() as db:
        await arrivals.add_visits(db, [VisitRow(day, "e09", 0, "bus-1", 1.0, 2.0, passed=False)])
    async with running.staff("planner") as planner:
        told = await planner.get(f"/api/v1/bus-counts/tides/{day}.zip")
    public = await nobody.get(f"/feeds/tides/{day}.zip")

    visits = {row["stop_id"]: row for row in _table(told.content, "stop_visits") if
              row["trip_id_performed"] == "e10"}  # fmt: skip
    counted = ("boarding_1", "alighting_1", "departure_load")
    assert [visits["P2"][name] for name in counted] == ["2", "0", "2"]
    assert [visits["P6"][name] for name in counted] == ["0", "3", ""]
    assert [(row["event_type"], row["event_count"]) for row in
            _table(told.content, "passenger_events")] == [
        ("Passenger boarded", "2"), ("Passenger alighted", "3")]  # fmt: skip
    assert _table(public.content, "passenger_events") == []
    assert {row["boarding_1"] for row in _table(public.content, "stop_visits")} == {""}


def _table(package: bytes, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode())))


async def test_a_counter_that_knows_no_trip_counts_where_its_bus_called(running: Running) -> None:
    service = running.service
    yesterday = service.today() - timedelta(days=1)
    async with service.database.writing() as db:
        token = await enrol_device(db, "bus-1", service.real_now())
        visit = VisitRow(yesterday, "e06", 2, "bus-1", 21_840.0, 21_870.0, passed=False)
        await arrivals.add_visits(db, [visit])
    await service.read_roster()
    day_start = day_start_epoch(yesterday, ZoneInfo(service.timezone))
    when = datetime.fromtimestamp(day_start + 21_850, UTC)
    told = {"date": yesterday.isoformat(), "alighted": 0}
    async with running.caller(authorization=f"Bearer {token}") as counter:
        counts = [
            {"event": "d1", "boarded": 4, "at": when.isoformat(), **told},
            {"event": "d2", "boarded": 1, "at": (when - timedelta(hours=5)).isoformat(), **told},
        ]
        answer = await counter.post(f"{BUS}/counts", json={"counts": counts})
    async with running.staff("planner") as planner:
        day = (await planner.get(f"/api/v1/bus-counts?date={yesterday}")).json()

    assert answer.status_code == 200
    run = next(run for run in day["runs"] if run["trip"] == "e06")
    assert [(call["boarded"], call["source"]) for call in run["calls"]][2] == (4, "counter")
    assert day["unplaced"] == 1
