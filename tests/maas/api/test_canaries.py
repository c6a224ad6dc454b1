"""A member whom nobody could overlook: nothing about her is in any byte that anybody may read."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import logging
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import httpx
import pytest
from fastapi.routing import iter_route_contexts

from maas.api.live import PUBLIC as PUBLIC_TOPICS
from maas.api.permissions import permission_of
from maas.auth.roles import Permission, Role, allowed
from tests.maas.api.conftest import Prepared, Running, running_on
from tests.maas.api.test_permissions import PATHS
from tests.maas.ridden import counted, last_month, rode
from tests.maas.tiny_town import LAT, LON

Key = Callable[[], dict[str, str]]

NAME, KANA, PHONE, HOUSE = "金糸雀鳴子", "かなりやなるこ", "000-777-4242", "金糸雀谷八八八番地"
NOTE, LINE, REFERENCE_NAME = "金糸雀覚書", "Ucanaryline", "CANARY"
HOME_LAT, HOME_LON = LAT + 0.0013717, LON + 0.0113713
CANARIES: Final = tuple(
    word.encode()
    for word in (
        NAME, "金糸雀", KANA, "カナリヤ", PHONE, PHONE.replace("-", ""), "7774242", HOUSE, NOTE,
        REFERENCE_NAME, f"{HOME_LAT:.5f}"[:-1], f"{HOME_LON:.5f}"[:-1],
    )
)  # fmt: skip
NOT_ASKED: Final = {"/api/v1/push/key"}
"""Makes a key of its own when first asked; nothing of anybody is in it."""


@pytest.fixture
async def running(prepared: Prepared, tmp_path: Path) -> AsyncIterator[Running]:
    """A service where the canary lives, books, is refused and rides, today and last month."""
    async with running_on(prepared, tmp_path / "data") as found:
        yield found


async def lives(running: Running, key: Key) -> date:
    """Let the canary be a member who books, rides and is counted; return last month."""
    async with running.staff("admin") as desk:
        member = {
            "name": NAME, "kana": KANA, "phone": PHONE, "address": HOUSE, "birth_year": 1931,
            "lat": HOME_LAT, "lon": HOME_LON, "notes": NOTE, "household": NAME,
            "email": "canary@example.jp", "line_id": LINE,
            "phones": [{"number": PHONE, "label": NAME}],
            "contacts": [{"name": NAME, "relation": "子", "phone": PHONE}],
            "eligibility": [{"kind": NAME}],
        }  # fmt: skip
        made = await desk.post("/api/v1/riders", json=member, headers=key())
        assert made.status_code == 201, made.text
        rider = made.json()
        asked = {"origin": rider["home_place"]["id"], "destination": 2, "rider_id": rider["id"]}
        offers = (await desk.post("/api/v1/quotes", json=asked)).json()["offers"]
        body = {"offer": offers[0]["token"], "rider_id": rider["id"]}
        booked = await desk.post("/api/v1/bookings", json=body, headers=key())
        assert booked.status_code == 201, booked.text
        await desk.post("/api/v1/quotes", json=asked | {"riders": 4, "wheelchairs": 4})
        guest = {"offer": offers[-1]["token"], "contact": {"name": NAME, "phone": PHONE}}
        await desk.post("/api/v1/bookings", json=guest, headers=key())
        await _in_every_field(desk, rider["id"], booked.json()["id"], key)
        where = await running.device().post("/api/v1/positions", json=[_fix(running)])
        assert where.json() == {"verdicts": ["live"]}
    first = last_month(running.service.today())
    async with running.service.database.writing() as db:
        for number in range(8):
            await rode(db, f"{REFERENCE_NAME}{number}", first, member=rider["id"],
                       origin=rider["home_place"]["id"])  # fmt: skip
            await rode(db, f"r{number}", first, phone=f"000-000-88{number}0",
                       vehicle=f"van-{number % 2 + 1}")  # fmt: skip
        await rode(db, f"{REFERENCE_NAME}-g", first, phone=PHONE)
        await counted(db, first, [(0, 7, 0), (5, 0, 7)])
    await release(running, first, key)
    return first


async def _in_every_field(desk: httpx.AsyncClient, rider: int, booking: str, key: Key) -> None:
    """Write the canary wherever the staff may write a text about somebody."""
    day = str(date.today() + timedelta(days=1))  # noqa: DTZ011 -- near is enough
    trip = {"origin": 1, "destination": 6, "date": day, "time": "10:00"}
    whom = {"contact": {"name": NAME, "phone": PHONE}}

    async def offer() -> str:
        made = await desk.post("/api/v1/quotes", json=trip)
        return str(made.json()["offers"][0]["token"])

    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"/riders/{rider}/notes", {"text": NOTE}),
        ("POST", f"/riders/{rider}/links", {"holder": NAME, "consent": "telephone"}),
        ("POST", "/handovers", {"text": NOTE}),
        ("POST", "/driver-messages", {"text": NOTE, "minutes": 60}),
        ("POST", "/waitlist", trip | whom | {"time": "14:00"}),
        ("POST", "/holds", {"offer": await offer(), "seconds": 900} | whom),
        ("POST", "/returns", {"outward_id": booking}),
        ("POST", "/refusals/declined", {"offers": [await offer()], "reason": "fare"}),
        ("POST", "/standing", {
            "rider_id": rider, "origin": 1, "destination": 6, "time": "16:00", "weekdays": [0],
            "valid_from": day}),
        ("POST", "/vehicles/van-1/driver", {}),
        ("POST", "/vehicles/van-1/duty", {
            "driver": "x", "record": {"kind": "check", "items": [
                {"item": "ライト", "ok": False, "note": "球切れ"}]}}),
        ("POST", "/disruptions", {
            "kind": "vehicle_out", "vehicles": ["van-1"], "reason": "故障"}),
        ("POST", "/paper", {"lines": [{
            "id": "canary", "date": day, "vehicle_id": "van-2", "name": NAME, "phone": PHONE,
            "origin": 1, "destination": 6, "told": "09:00"}]}),
        ("DELETE", f"/bookings/{booking}", {"reason": NOTE}),
    ]  # fmt: skip
    for method, path, body in steps:
        answer = await desk.request(method, f"/api/v1{path}", json=body, headers=key())
        assert answer.status_code < 300, f"{path}: {answer.text}"


def _fix(running: Running) -> dict[str, Any]:
    """The van stands at the canary's door."""
    return {"vehicle": "van-1", "boot": "b", "seq": 1, "t": running.service.clock(),
            "lat": HOME_LAT, "lon": HOME_LON, "speed": 0.0}  # fmt: skip


async def release(running: Running, month: date, key: Key) -> None:
    async with running.staff("planner") as planner:
        seen = (await planner.get(f"/api/v1/releases/{month:%Y-%m}")).json()
        body = {"month": seen["month"], "content": seen["content"]}
        made = await planner.post("/api/v1/releases", json=body, headers=key())
        assert made.status_code == 201, made.text


def public_paths(running: Running, month: date) -> Iterator[str]:
    """Yield every address that anybody may read, with what is published in the place of names."""
    known = PATHS | {"month": f"{month:%Y-%m}", "version": "1", "file": "rides.csv"}
    for route in iter_route_contexts(running.app.routes):
        if permission_of(route) is not Permission.PUBLIC or "GET" not in (route.methods or ()):
            continue
        path = str(route.path).replace(":path", "").format(**known)
        if path not in NOT_ASKED:
            yield path
    for name in ("rides.parquet", "bus_riders.csv", "dictionary.csv", "datapackage.json"):
        yield f"/feeds/ridership/{month:%Y-%m}-v1/{name}"
    for name in ("system_information", "zones", "wait_times"):
        yield f"/feeds/gofs/ja/{name}.json"
    for question in ("金糸雀", "かなりや", "かよう"):
        yield f"/api/v1/places?q={question}&limit=50"


def unpacked(body: bytes, folder: Path) -> Iterator[bytes]:
    """Yield a body and everything that is packed inside it."""
    yield body
    if body[:2] == b"\x1f\x8b":
        yield from unpacked(gzip.decompress(body), folder)
    if zipfile.is_zipfile(io.BytesIO(body)):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for name in archive.namelist():
                yield from (name.encode(), *unpacked(archive.read(name), folder))
    if body[:4] == b"PAR1":
        (folder / "table.parquet").write_bytes(body)
        rows = duckdb.read_parquet(str(folder / "table.parquet")).fetchall()
        yield repr(rows).encode()


async def test_no_public_byte_has_anything_of_the_canary(
    running: Running, nobody: httpx.AsyncClient, key: Key, tmp_path: Path
) -> None:
    month = await lives(running, key)

    read = {}
    for path in public_paths(running, month):
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                read[path] = await nobody.get(path)

    found = [
        (path, canary.decode())
        for path, answer in read.items()
        for part in unpacked(answer.content, tmp_path)
        for canary in CANARIES
        if canary in part
    ]
    assert found == []
    answered = [path for path, answer in read.items() if answer.status_code == 200]
    assert len(answered) > 40
    assert f"/feeds/ridership/{month:%Y-%m}-v1.zip" in answered


async def test_the_stream_tells_the_public_nothing_of_the_canary(
    running: Running, key: Key
) -> None:
    await lives(running, key)

    hub = running.service.hub
    running.service.buses.tick(running.service.clock())
    topics = [topic for topic in hub.watched("") if topic.partition(":")[0] in PUBLIC_TOPICS]
    topics += ["vehicles", "alerts", "stop:P1", "stop:P2", "route:r1", "veh:van-1", "cell:1"]
    told = b"".join(bytes(hub.snapshot(topic)) for topic in topics)

    assert b"van-1" in told
    assert [canary.decode() for canary in CANARIES if canary in told] == []


async def test_the_staff_do_read_the_canary_so_that_the_search_is_worth_something(
    running: Running, key: Key
) -> None:
    month = await lives(running, key)

    async with running.staff("admin") as desk:
        bookings = await desk.get("/api/v1/bookings")
        preview = await desk.get(f"/api/v1/releases/{month:%Y-%m}")

    assert NAME.encode() in bookings.content
    assert not [canary for canary in CANARIES if canary in preview.content]


async def test_who_may_not_read_people_reads_nothing_of_the_canary(
    running: Running, key: Key, tmp_path: Path
) -> None:
    """Planners see how the service is used and take it home as files: nobody is in either."""
    month = await lives(running, key)
    known = PATHS | {"month": f"{month:%Y-%m}", "name": "monthly", "file": "rides.csv"}
    read = {}
    async with running.staff("planner") as planner:
        for route in iter_route_contexts(running.app.routes):
            permission = permission_of(route)
            if permission is None or not allowed(Role.PLANNER, permission):
                continue
            if "GET" not in (route.methods or ()):
                continue
            path = str(route.path).replace(":path", "").format(**known)
            read[path] = await planner.get(path, params={"month": f"{month:%Y-%m}"})
        for name in ("monthly", "days", "od", "yearly", "statutory"):
            for kind in ("csv", "xlsx", "html", "json"):
                path = f"/api/v1/reports/{name}"
                asked = {"month": f"{month:%Y-%m}", "as": kind, "format": kind}
                read[f"{path}.{kind}"] = await planner.get(path, params=asked)
    found = [
        (path, canary.decode())
        for path, answer in read.items()
        for part in unpacked(answer.content, tmp_path)
        for canary in CANARIES
        if canary in part
    ]
    assert found == []
    assert sum(answer.status_code == 200 for answer in read.values()) > 15


async def test_no_file_of_the_service_has_anything_of_the_canary(
    prepared: Prepared, tmp_path: Path, key: Key, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor has any line of the log: what lies sealed is not written beside it."""
    folder = tmp_path / "data"
    caplog.set_level(logging.INFO)
    async with running_on(prepared, folder) as running:
        await lives(running, key)
        async with running.staff("admin") as desk:
            for question in (NAME, PHONE):
                await desk.get("/api/v1/riders", params={"q": question})
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    logged = "\n".join(record.getMessage() for record in ours).encode()
    assert [canary for canary in CANARIES if canary in logged] == []
    assert ours
    found = [
        (file.name, canary.decode())
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for canary in CANARIES
        if canary != REFERENCE_NAME.encode()  # what callers are given, and no part of anybody
        for written in (canary, json.dumps(canary.decode())[1:-1].encode())
        if written in file.read_bytes() or written in str(file).encode()
    ]
    assert found == []
    assert (folder / "maas.db").stat().st_size > 100_000
