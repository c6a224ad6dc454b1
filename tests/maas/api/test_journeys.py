"""Ways by bus over HTTP: planned, and as the buses run today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gtfs.calendar import day_start_epoch
from tests.maas.api.conftest import Running
from tests.maas.tiny_town import place_at

PATH = "/api/v1/journeys"


def at(running: Running, hours: float) -> str:
    """Return an instant of the service's tomorrow."""
    day = running.service.today() + timedelta(days=1)
    epoch = day_start_epoch(day, "Asia/Tokyo") + hours * 3600
    return datetime.fromtimestamp(epoch, UTC).isoformat()


async def test_the_next_bus_there_is_found(running: Running, nobody: httpx.AsyncClient) -> None:
    asked = {"from": "P1", "to": "P4", "at": at(running, 8.01)}
    (found,) = (await nobody.get(PATH, params=asked)).json()["journeys"]
    (ride,) = found["rides"]
    assert (ride["trip"], ride["live"]) == ("e09", False)
    assert (ride["board"]["id"], ride["alight"]["id"]) == ("P1", "P4")
    assert ride["arrives"] - ride["departs"] == 360
    assert found["leaves"] == ride["departs"]


async def test_who_must_be_there_in_time_hears_the_last_bus(
    running: Running, nobody: httpx.AsyncClient
) -> None:
    asked = {"from": "P1", "to": "P4", "by": at(running, 9.0)}
    (found,) = (await nobody.get(PATH, params=asked)).json()["journeys"]
    assert found["rides"][0]["trip"] == "e08"


async def test_a_place_is_walked_from_and_to(running: Running, nobody: httpx.AsyncClient) -> None:
    lat, lon = place_at(0)
    asked = {"from": f"{lat + 0.002},{lon}", "to": "P4", "at": at(running, 8.0)}
    (found,) = (await nobody.get(PATH, params=asked)).json()["journeys"]
    walk_s = found["rides"][0]["departs"] - found["leaves"]
    assert 250 < walk_s < 300


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"from": "P1", "to": "nowhere"}, 404),
        ({"from": "P1", "to": "1,x"}, 404),
        ({"from": "P1"}, 422),
        ({"from": "P1", "to": "P2", "at": "yesterday"}, 422),
        ({"from": "P1", "to": "P2", "at": "2026-11-25T08:00:00"}, 422),
        ({"from": "P1", "to": "P2", "at": "1999-01-01T00:00:00Z"}, 404),
    ],
)
async def test_what_makes_no_sense_is_refused(
    nobody: httpx.AsyncClient, asked: dict[str, str], status: int
) -> None:
    assert (await nobody.get(PATH, params=asked)).status_code == status


async def test_nobody_goes_where_no_bus_goes(running: Running, nobody: httpx.AsyncClient) -> None:
    asked = {"from": "35.9,130.1", "to": "P4", "at": at(running, 8.0)}
    assert (await nobody.get(PATH, params=asked)).json() == {"journeys": []}


async def test_a_bus_called_off_is_not_taken(running: Running, nobody: httpx.AsyncClient) -> None:
    day = running.service.today() + timedelta(days=1)
    asked = {"from": "P1", "to": "P4", "at": at(running, 10.0)}
    live = running.service.buses.live
    live.cancel("e10", day)
    try:
        (found,) = (await nobody.get(PATH, params=asked)).json()["journeys"]
    finally:
        live.cancel("e10", day, runs=True)
    assert found["rides"][0]["trip"] == "e11"
