"""Ridership over the API: counts only, few people never, filters, permission."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from maas.api.ridership import year_begins
from maas.api.ridership_drawn import year_before
from tests.maas.api.conftest import Prepared, Running, running_on
from tests.maas.records.ridden_years import ride_for_years
from tests.maas.ridden import counted
from tests.maas.tiny_town import AREA

TODAY = dt.date(2026, 11, 26)
CANARIES = ("試験花子", "試験太郎", "見本次郎", "000-000-0001", "しけん", "0001")


@pytest.fixture(scope="module")
async def ridden(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """The tiny town with a month of rides of its three members, and the same a year before."""
    folder: Path = tmp_path_factory.mktemp("ridden") / "data"
    async with running_on(prepared, folder) as found:
        today = found.service.today()
        async with found.service.database.writing() as db:
            for last in (year_before(today) - dt.timedelta(1), today - dt.timedelta(1)):
                await ride_for_years(db, AREA, last - dt.timedelta(40), last, 6)
        yield found


async def ask(caller: httpx.AsyncClient, **query: Any) -> dict[str, Any]:  # noqa: ANN401
    answer = await caller.get("/api/v1/ridership", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_planner_sees_the_period_and_the_year_before(ridden: Running) -> None:
    async with ridden.staff("planner") as planner:
        found = await ask(planner)
        month = await ask(planner, **{"from": str(ridden.service.today() - dt.timedelta(30))})
    now = found["now"]
    assert now["rides"] > 100
    assert now["kept"] + now["late"] == now["rides"]
    assert found["before"] is None  # a whole year before was not recorded
    assert month["before"]["rides"] > 50
    assert month["recorded_from"] < month["before_first"]
    assert sum(cell["riders"] for cell in found["heat"]) == now["riders"]
    assert sum(point["totals"]["riders"] for point in found["trend"]) == now["riders"]
    assert sum(each["count"] for each in found["purposes"]) == now["riders"]
    assert found["simulated"] is True
    assert len(found["trend"]) == 12


async def test_three_members_are_too_few_to_be_shown_by_hamlet_age_or_journey(
    ridden: Running,
) -> None:
    async with ridden.staff("planner") as planner:
        found = await ask(planner)
        everything = (await planner.get("/api/v1/ridership")).text
        one_age = await ask(planner, age="75-84")
    shown = [group for group in found["ages"] + found["hamlets"] if group["active"]]
    assert shown == []
    assert {flow["riders"] for flow in found["flows"]} == {None}
    assert (one_age["few"], one_age["now"], one_age["heat"]) == (True, None, [])
    assert [word for word in CANARIES if word in everything] == []


async def test_a_choice_counts_a_part(ridden: Running) -> None:
    async with ridden.staff("planner") as planner:
        whole = await ask(planner)
        parts = [await ask(planner, weekday=weekday) for weekday in range(7)]
        morning = await ask(planner, hour_to=11)
        one_vehicle = await ask(planner, vehicle="van-1")
    assert sum(part["now"]["rides"] for part in parts) == whole["now"]["rides"]
    assert {cell["hour"] for cell in morning["heat"]} <= set(range(12))
    assert {use["vehicle"] for use in one_vehicle["use"]} == {"van-1"}


async def test_a_week_is_drawn_by_day(ridden: Running) -> None:
    to = ridden.service.today()
    async with ridden.staff("planner") as planner:
        found = await ask(planner, **{"from": str(to - dt.timedelta(6)), "to": str(to)})
    assert found["by_day"] is True
    assert [point["first"] for point in found["trend"]] == [
        str(to - dt.timedelta(6 - n)) for n in range(7)
    ]


async def test_a_period_that_ends_before_it_begins_is_not_found(ridden: Running) -> None:
    async with ridden.staff("planner") as planner:
        for first, last in (("2026-02-01", "2026-01-01"), ("2000-01-01", "2026-01-01")):
            answer = await planner.get(f"/api/v1/ridership?from={first}&to={last}")
            assert answer.status_code == 404


async def test_figures_are_explained_in_the_callers_language(ridden: Running) -> None:
    async with ridden.staff("planner", **{"accept-language": "en"}) as planner:
        figures = {
            each["key"]: each for each in (await planner.get("/api/v1/ridership/figures")).json()
        }
    assert figures["kept_share"]["name"] == "Promises kept"
    assert figures["lost_share"]["better"] == "less"


async def test_riders_of_buses_are_counted_by_stop_and_by_run(ridden: Running) -> None:
    day = ridden.service.today() - dt.timedelta(3)
    async with ridden.service.database.writing() as db:
        await counted(db, day, [(0, 7, 0), (2, 1, 3), (5, 0, 5)])
        await counted(db, day - dt.timedelta(1), [(0, 2, 0), (5, 0, 2)])
        await counted(db, day - dt.timedelta(400), [(0, 9, 0)])
    async with ridden.staff("planner") as planner:
        found = (await planner.get("/api/v1/ridership/buses")).json()
        none = (await planner.get(f"/api/v1/ridership/buses?from={day}&to={day}")).json()
        wrong = await planner.get("/api/v1/ridership/buses?from=2026-02-01&to=2026-01-01")
    (run,) = found["runs"]
    assert (run["route"], run["route_en"]) == ("東西線", "East-west line")
    assert (run["trip"], run["days"], run["riders"], run["most_on_board"]) == ("e08", 2, 10, 7)
    assert (found["riders"], found["runs_counted"], none["riders"]) == (10, 2, 8)
    assert sum(stop["boarded"] for stop in found["stops"]) == 10
    assert sum(stop["alighted"] for stop in found["stops"]) == 10
    both = [stop["boarded"] + stop["alighted"] for stop in found["stops"]]
    assert both == sorted(both, reverse=True)
    assert wrong.status_code == 404
    async with ridden.staff("operator") as operator:
        assert (await operator.get("/api/v1/ridership/buses")).status_code == 403


async def test_a_month_that_was_closed_is_said_to_be(ridden: Running) -> None:
    last = ridden.service.today().replace(day=1) - dt.timedelta(1)
    async with ridden.staff("planner") as planner:
        before = await ask(planner)
        path = f"/api/v1/months/{last:%Y-%m}/closings"
        told = {"Idempotency-Key": "close-it"}
        made = await planner.post(path, json={"state": "closed"}, headers=told)
        after = await ask(planner)
    assert (made.status_code, made.json()["state"]) == (200, "closed"), made.text
    assert (before["closed_months"], after["closed_months"]) == ([], [f"{last:%Y-%m}"])


async def test_ridership_is_for_planners(ridden: Running) -> None:
    async with ridden.staff("operator") as operator:
        assert (await operator.get("/api/v1/ridership")).status_code == 403


def test_a_year_is_twelve_whole_months_up_to_now() -> None:
    assert year_begins(TODAY) == dt.date(2025, 12, 1)
    assert year_begins(dt.date(2026, 12, 3)) == dt.date(2026, 1, 1)
    assert year_before(dt.date(2028, 2, 29)) == dt.date(2027, 2, 28)
