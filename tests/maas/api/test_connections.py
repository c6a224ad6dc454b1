"""A ride tied to a bus over HTTP, from the timetable to the list of connections."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from maas.bus_times import TownBuses
from maas.rides.connections import Connections
from tests.maas.api.conftest import Running

Key = Callable[[], dict[str, str]]
P1, P6 = 1, 6


async def test_a_booking_is_tied_to_the_bus_it_was_asked_for(
    operator: httpx.AsyncClient, running: Running, key: Key
) -> None:
    day = running.service.today().toordinal() + 1
    date = running.service.today().fromordinal(day).isoformat()
    buses = (
        await operator.get(f"/api/v1/connections/buses?place={P6}&toward=to_bus&date={date}")
    ).json()
    assert len({one["trip"] for one in buses}) == len(buses)
    first = next(one for one in buses[2:] if one["stop"] == "P6")
    assert (first["stop"], first["anchor"], first["walk_s"]) == ("P6", "arrive", 0)
    assert first["at"].startswith(f"{date}T")
    trip = {"origin": P1, "destination": P6, "date": date, "time": first["time"]}
    offers = (await operator.post("/api/v1/quotes", json=trip | {"anchor": "arrive"})).json()
    body = {"offer": offers["offers"][0]["token"], "rider_id": 1}
    booking = (await operator.post("/api/v1/bookings", json=body, headers=key())).json()
    path = f"/api/v1/bookings/{booking['id']}/connection"
    bus = {"trip": first["trip"], "stop": "P6", "toward": "to_bus"}

    tied = await operator.post(path, json=bus, headers=key())

    assert tied.status_code == 200, tied.text
    assert tied.json()["arrive_by"] < first["at"]
    listed = (await operator.get(f"/api/v1/connections?date={date}")).json()
    assert [(one["booking_id"], one["trip"], one["planned"], one["state"]) for one in listed] == [
        (booking["id"], first["trip"], first["at"], "linked")
    ]
    wrong = await operator.post(path, json=bus | {"stop": "nowhere"}, headers=key())
    assert wrong.status_code == 404
    sooner = bus | {"trip": buses[0]["trip"], "stop": buses[0]["stop"]}
    early = await operator.post(path, json=sooner, headers=key())
    assert early.status_code == 409
    kept = await operator.post(f"{path}/next", headers=key())
    assert kept.status_code == 409  # its bus is not missed
    assert kept.json()["detail"] == "乗り継ぐバスには間に合う見込みです。"
    loose = await operator.delete(path, headers=key())
    assert loose.status_code == 200
    assert (await operator.get(f"/api/v1/connections?date={date}")).json() == []


async def test_a_bus_that_is_called_off_is_known_and_the_next_one_found(running: Running) -> None:
    buses, day = TownBuses(running.service.buses), running.service.today()
    bus = buses.bus("e10", "P4", day, "from_bus")
    assert bus is not None
    assert (bus.at_s, bus.name.ja) == (10 * 3600 + 360, "10:06着 東西線 道の駅行き")

    running.service.buses.live.cancel("e10", day)

    assert buses.sighted(bus, day, "from_bus", running.service.clock()).off
    following = buses.after(bus, day, "from_bus", bus.at_s)
    assert following is not None
    assert following.trip_id == "e11"
    running.service.buses.live.cancel("e10", day, runs=True)
    assert not buses.sighted(bus, day, "from_bus", running.service.clock()).off
    assert buses.bus("e10", "P1", day, "from_bus") is None  # nobody gets off where it begins
    assert buses.bus("e10", "P6", day, "to_bus") is None  # nor on where it ends


async def test_the_service_follows_the_buses_of_the_areas_it_keeps(running: Running) -> None:
    keeper = running.service.keepers["tiny"]

    assert keeper.leads
    assert await Connections(keeper, TownBuses(running.service.buses)).follow() == 0


async def test_buses_near_nowhere_are_not_found(operator: httpx.AsyncClient) -> None:
    assert (await operator.get("/api/v1/connections/buses?place=999")).status_code == 404
