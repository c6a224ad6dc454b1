"""What devices may send, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from maas.store.database import open_database
from maas.store.positions import latest_positions, page_after
from tests.maas.api.conftest import Prepared, Running, running_on
from tests.maas.api.test_live import ping

POSITIONS = "/api/v1/positions"


@pytest.fixture
async def now(running: Running) -> float:
    """The service's time."""
    return running.service.clock()


async def test_every_item_gets_its_verdict(running: Running, now: float) -> None:
    items = [
        ping(1, now - 10),
        ping(1, now - 10),
        ping(2, now - 5),
        ping(3, now + 3600),
        ping(4, now, lat=0.0),
        ping(5, now, vehicle="van-2"),
        {"vehicle": "van-1"},
        ping(6, now, lat=True),
    ]
    async with running.device() as device:
        answer = await device.post(POSITIONS, json=items)
    assert answer.json()["verdicts"] == [
        "history",
        "duplicate",
        "live",
        "future",
        "outside",
        "forbidden",
        "malformed",
        "malformed",
    ]


async def test_a_device_whose_clock_is_wrong_is_known_to_be_there_but_not_where(
    prepared: Prepared, tmp_path: Path
) -> None:
    async with running_on(prepared, tmp_path / "data") as running, running.device() as device:
        now, keeper = running.service.clock(), running.service.keeper(None)
        answer = await device.post(POSITIONS, json=[ping(1, now - 400)])
        assert answer.json()["verdicts"] == ["history"]
        assert keeper.out_of_sight() == {"van-1"}
        await device.post(POSITIONS, json=[ping(2, now)])
        assert keeper.out_of_sight() == frozenset()


async def test_an_hour_of_fixes_in_one_batch_moves_the_map_once_and_is_kept_in_order(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, shown = tmp_path / "data", list[str]()
    async with running_on(prepared, folder) as running:
        now, publish = running.service.clock(), running.service.hub.publish

        def publish_noted(topic: str, key: str, fragment: bytes) -> None:
            shown.append(f"{topic} {key}")
            publish(topic, key, fragment)

        monkeypatch.setattr(running.service.hub, "publish", publish_noted)
        batch = [ping(seq, now - 3600 + seq) for seq in range(3600)]
        async with running.device() as device:
            answer = await device.post(POSITIONS, json=[*batch[2000:], *batch[:2000]])
            assert answer.status_code == 200
            verdicts = answer.json()["verdicts"]
            assert (len(verdicts), verdicts[1599]) == (3600, "live")
            assert verdicts.count("history") == 3599
            assert shown.count("vehicles van-1") == 1
            one_more = await device.post(POSITIONS, json=[*batch, ping(3600, now)])
            assert (one_more.status_code, one_more.json()["type"]) == (413, "/problems/too-large")
        view = await running.service.keeper(None).vehicle_view("van-1")
        assert view is not None
        assert view.position is not None
    # The history that waited was written before the service closed.
    database = open_database(f"sqlite:///{folder / 'maas.db'}")
    async with database.reading() as db:
        newest = await latest_positions(db, ["van-1"], now - 10)
        kept = await page_after(db, 0, 5000)
    await database.close()
    assert [(row.vehicle_id, row.seq) for row in newest] == [("van-1", 3599)]
    assert [row.seq for _, row in kept] == list(range(3600))


@pytest.mark.parametrize("content", [b"{}", b"nonsense", b'"text"'])
async def test_a_body_that_is_no_array_is_refused(running: Running, content: bytes) -> None:
    async with running.device() as device:
        answer = await device.post(
            POSITIONS, content=content, headers={"content-type": "application/json"}
        )
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-request")


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Basic x"])
async def test_a_stranger_is_not_heard(running: Running, token: str) -> None:
    async with running.caller(authorization=token) as stranger:
        answer: httpx.Response = await stranger.post(POSITIONS, json=[])
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/bad-device")


async def test_a_device_that_hangs_up_half_way_is_no_error_of_ours(running: Running) -> None:
    told: list[int] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        told.append(message.get("status", 0))

    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": POSITIONS,
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {running.device_token}".encode())],
    }
    await running.app(scope, receive, send)

    assert told[0] == 400
