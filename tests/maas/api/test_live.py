"""The live stream of a real server: who hears what, from where, and until when."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from busloc.io.stream import Admission, Limits
from busloc.ping import Ping
from maas.api import live
from maas.api.identity import keep_alive
from maas.api.service import Service
from maas.auth.staff import Person
from maas.serving import listen, server_config
from maas.settings import Settings
from tests.maas.api.conftest import PASSWORD, Prepared
from tests.ports import PATIENCE_S

Keys = Callable[[], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Served:
    """A server on a port of its own."""

    port: int
    service: Service
    device_token: str

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def socket(self, path: str, **headers: str) -> connect:
        """Return a WebSocket to be opened."""
        return connect(
            f"ws://{self.address}{path}",
            additional_headers=headers,
            open_timeout=PATIENCE_S,
            ping_timeout=None,
        )

    def caller(self) -> httpx.AsyncClient:
        """Return somebody who is not signed in, and waits for a busy machine."""
        return httpx.AsyncClient(base_url=f"http://{self.address}", timeout=PATIENCE_S)

    @asynccontextmanager
    async def staff(self, role: str) -> AsyncIterator[httpx.AsyncClient]:
        """Give a member of staff, signed in over the network."""
        async with self.caller() as caller:
            body = {"name": role, "password": PASSWORD}
            assert (await caller.post("/api/v1/session", json=body)).status_code == 200
            yield caller


@pytest.fixture(scope="module")
async def served(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """Run uvicorn as `maas serve` does, in this event loop."""
    folder: Path = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(prepared.data_dir, folder)
    config = server_config(Settings(data_dir=folder))
    server, listening = uvicorn.Server(config), listen("127.0.0.1", 0)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 -- uvicorn offers no event
        await asyncio.sleep(0.01)
    app: Any = config.app
    yield Served(listening.getsockname()[1], app.state.service, prepared.device_token)
    server.should_exit = True
    await asyncio.wait_for(task, PATIENCE_S)


async def frame(socket: ClientConnection, topic: str, kind: str | None = None) -> dict[str, Any]:
    """Return the next frame of a topic (and kind) that is more than a sign of life."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found: dict[str, Any] = json.loads(await socket.recv())
            alive = found.get("k") == "delta" and not found["u"]
            if found.get("t") == topic and kind in {None, found["k"]} and not alive:
                return found


async def hear_out(socket: ClientConnection) -> None:
    """Listen until the server ends the connection."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await socket.recv()


def subscribe(*topics: str) -> str:
    """Return the message that joins topics."""
    return json.dumps({"sub": topics})


def ping(seq: int, t: float, **more: object) -> dict[str, object]:
    """Return a ping of van-1 at the town hall."""
    known = {"vehicle": "van-1", "boot": "a", "seq": seq, "t": t, "lat": 34.86, "lon": 133.69}
    return known | more


async def test_anybody_hears_vehicles_move_and_nobody_unknown_hears_the_plan(
    served: Served,
) -> None:
    bearer = {"authorization": f"Bearer {served.device_token}"}
    async with served.socket("/ws/live") as socket:
        await socket.send(subscribe("vehicles", "plan:tiny", "calls"))
        assert (await frame(socket, "vehicles"))["k"] == "snap"
        for topic in ("plan:tiny", "calls"):
            refused = json.loads(await socket.recv())
            assert (refused["refused"], refused["reason"]) == (topic, "forbidden")

        async with served.socket("/ws/vehicle", **bearer) as device:
            await device.send(json.dumps([ping(1, served.service.clock())]))
            assert json.loads(await device.recv()) == {"verdicts": ["live"]}
        moved = await frame(socket, "vehicles", "delta")
    assert [vehicle["id"] for vehicle in moved["u"]] == ["van-1"]
    assert "phone" not in json.dumps(moved)


async def test_the_desk_hears_a_booking_and_the_plan_it_changes(served: Served, key: Keys) -> None:
    async with served.staff("dispatcher") as caller:
        cookie = {"cookie": f"maas={caller.cookies['maas']}"}
        async with served.socket("/ws/live", **cookie) as socket:
            await socket.send(subscribe("bookings:tiny", "plan:tiny", "calls"))
            assert len((await frame(socket, "plan:tiny", "snap"))["u"]) == 2
            trip = {"origin": 1, "destination": 6}
            token = (await caller.post("/api/v1/quotes", json=trip)).json()["offers"][0]["token"]
            body = {"offer": token, "rider_id": 1}
            made = (await caller.post("/api/v1/bookings", json=body, headers=key())).json()
            booked = await frame(socket, "bookings:tiny", "delta")
            event = await frame(socket, "calls", "delta")
    assert booked["u"][0]["id"] == made["id"]
    assert event["u"][0]["kind"] == "booking.booked"
    assert set(event["u"][0]) == {"id", "ts", "text", "text_en", "kind"}


async def test_a_stream_ends_soon_after_its_session_does(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RECHECK_S", 0.05)
    async with served.staff("dispatcher") as caller:
        cookie = {"cookie": f"maas={caller.cookies['maas']}"}
        async with served.socket("/ws/live", **cookie) as socket:
            await socket.send(subscribe("calls"))
            await frame(socket, "calls", "snap")
            await caller.delete("/api/v1/session")
            with pytest.raises(ConnectionClosedError) as closed:
                await hear_out(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_an_open_stream_keeps_its_session_in_use(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: asyncio.Queue[float] = asyncio.Queue()

    async def noting(service: Service, token: str) -> Person | None:
        at_s = service.real_now()
        person = await keep_alive(service, token)
        kept.put_nowait(at_s)
        return person

    monkeypatch.setattr(live, "keep_alive", noting)
    monkeypatch.setattr(live, "RECHECK_S", 0.02)
    async with served.staff("dispatcher") as caller:
        cookie = {"cookie": f"maas={caller.cookies['maas']}"}
        start_s = served.service.real_now()
        async with served.socket("/ws/live", **cookie), asyncio.timeout(PATIENCE_S):
            for minutes in range(0, 60, 20):
                later_s = start_s + 60 * minutes
                monkeypatch.setattr(served.service, "real_now", lambda at_s=later_s: at_s)
                while await kept.get() != later_s:
                    pass
        assert (await caller.get("/api/v1/session")).status_code == 200


@pytest.mark.parametrize("path", ["/ws/live", "/ws/vehicle"])
async def test_a_page_of_another_site_cannot_open_a_stream(served: Served, path: str) -> None:
    with pytest.raises(InvalidStatus):
        async with served.socket(path, origin="https://evil.test"):
            pass


async def test_a_device_without_a_token_is_not_heard(served: Served) -> None:
    with pytest.raises((InvalidStatus, ConnectionClosedError)):
        async with served.socket("/ws/vehicle") as socket:
            await socket.recv()


async def test_a_sign_hears_its_board_and_nothing_of_other_stops(served: Served) -> None:
    asked_at = served.service.clock()
    async with served.socket("/ws/live") as socket:
        await socket.send(subscribe("stop:P2"))
        board = await frame(socket, "stop:P2", "snap")
    assert board["u"]
    assert {row["route_name"] for row in board["u"]} == {"東西線"}
    assert asked_at - 1 < board["n"] < served.service.clock() + 1


async def test_a_sign_without_websockets_hears_events_and_goes_on_after_a_break(
    served: Served,
) -> None:
    where = "/api/v1/live/sse"
    asked, last = {"topic": ["stop:P2", "vehicles"]}, ""
    async with served.caller() as caller:
        for _ in range(2):
            headers = {"last-event-id": last}
            async with caller.stream("GET", where, params=asked, headers=headers) as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                lines = answer.aiter_lines()
                told = [line async for line in _until(lines, 2)]
            kinds = [json.loads(line[6:])["k"] for line in told if line.startswith("data: ")]
            assert kinds == (["delta", "delta"] if last else ["snap", "snap"])
            last = [line for line in told if line.startswith("id: ")][-1].removeprefix("id: ")
    await _no_listener(served)


async def _until(lines: AsyncIterator[str], events: int) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        events -= line.startswith("data: ")
        if not events:
            return


async def _no_listener(served: Served) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while served.service.listeners.inside or served.service.hub.subscribers:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_demand_vehicle_is_late_by_the_road_its_plan_gives_it(
    served: Served, key: Keys
) -> None:
    async with served.staff("dispatcher") as caller:
        trip = {"origin": 6, "destination": 1}
        token = (await caller.post("/api/v1/quotes", json=trip)).json()["offers"][0]["token"]
        body = {"offer": token, "rider_id": 1}
        made = (await caller.post("/api/v1/bookings", json=body, headers=key())).json()
    vehicle, errands = made["vehicle"]["id"], served.service.buses.live.errands
    await live.Publisher(served.service).all()
    view = await served.service.keeper("tiny").vehicle_view(vehicle)
    assert view is not None
    assert view.due[-1] == pytest.approx(view.stops[0].planned, abs=1)
    lon, lat = view.path[0]
    errands.see(Ping(vehicle, "a", 1, view.due[0] + 60, lat, lon))

    found = errands.of(vehicle)

    assert found is not None
    assert found.late_s == pytest.approx(60, abs=1)


async def test_a_poll_gives_what_is_new_since_the_last(served: Served) -> None:
    async with served.staff("dispatcher") as caller:
        first = (await caller.get("/api/v1/live/poll", params={"topic": "plan:tiny"})).json()
        known, told = first["id"], first["frames"]
        while told:  # a plan may move meanwhile
            params = {"topic": "plan:tiny", "since": known, "wait_s": 0.05}
            second = (await caller.get("/api/v1/live/poll", params=params)).json()
            assert all(frame["k"] == "delta" for frame in second["frames"])
            assert second["frames"] or second["id"] == known
            known, told = second["id"], second["frames"]
    assert first["frames"][0]["k"] == "snap"


@pytest.mark.parametrize("way", ["sse", "poll"])
@pytest.mark.parametrize("topic", ["plan:tiny", "calls", "nothing", "area:30,130,40,140"])
async def test_nobody_unknown_hears_the_staff_without_websockets_either(
    served: Served, way: str, topic: str
) -> None:
    async with served.caller() as caller:
        answer = await caller.get(f"/api/v1/live/{way}", params={"topic": topic})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")


@pytest.mark.parametrize("way", ["sse", "poll"])
async def test_a_full_house_says_when_to_come_back(
    served: Served, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(served.service, "listeners", Admission(Limits(per_address=1)))
    async with served.socket("/ws/live") as socket:
        await socket.send(subscribe("vehicles"))
        await frame(socket, "vehicles", "snap")
        async with served.caller() as caller:
            answer = await caller.get(f"/api/v1/live/{way}", params={"topic": "vehicles"})
        with pytest.raises(InvalidStatus, match="503"):
            async with served.socket("/ws/live"):
                pass
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    await _no_listener(served)


async def test_one_vehicle_and_the_area_around_it_can_be_followed(served: Served) -> None:
    bearer = {"authorization": f"Bearer {served.device_token}"}
    async with served.socket("/ws/vehicle", **bearer) as device:
        await device.send(json.dumps([ping(100, served.service.clock(), lat=34.8601)]))
        assert json.loads(await device.recv()) == {"verdicts": ["live"]}
    async with served.socket("/ws/live") as socket:
        await socket.send(subscribe("veh:van-1", "area:34.85,133.68,34.87,133.70"))
        seen = [(await frame(socket, "veh:van-1", "snap"))["u"]]
        async with asyncio.timeout(PATIENCE_S):
            while not any("cell:" in told["t"] and told["u"] for told in seen[1:]):
                seen.append(json.loads(await socket.recv()))
    assert seen[0][0]["id"] == seen[-1]["u"][0]["id"] == "van-1"


async def test_the_way_of_a_vehicle_that_is_kept_elsewhere_is_heard(served: Served) -> None:
    service = served.service
    way = [[34.86, 133.69], [34.86, 133.70]], [service.clock(), service.clock() + 60.0]
    service.hub.publish(live.ERRANDS, "van-elsewhere", json.dumps(way).encode())
    service.hub.flush()

    await live.Publisher(service).refresh()

    errands = service.buses.live.errands
    errands.see(Ping("van-elsewhere", "boot", 1, way[1][0], 34.86, 133.69))
    progress = errands.of("van-elsewhere")
    assert progress is not None
    assert progress.late_s == pytest.approx(0, abs=1)


async def test_what_another_process_has_just_told_riders_is_not_taken_off(served: Served) -> None:
    hub = served.service.hub
    hub.publish("alerts", "told-elsewhere", b"{}")
    hub.flush()

    served.service.buses.tick(served.service.clock())

    assert hub.last("alerts", "told-elsewhere") == b"{}"
