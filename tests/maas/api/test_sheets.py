"""Day sheets: as the plan is now, and the last one from disk when there is no plan."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from pypdf import PdfReader

from maas.rides.sheets import KEPT_DAYS, Sheets, file_of, folder_in
from maas.running import _half_hourly
from tests.maas.api.conftest import Running


def words(data: bytes) -> str:
    pages = PdfReader(io.BytesIO(data)).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


@pytest.fixture
async def reference(running: Running, key: Callable[[], dict[str, str]]) -> AsyncIterator[str]:
    """The number of a booking of a member in a wheelchair, in van-2 which has a place for one."""
    async with running.staff("operator") as desk:
        ask = {"origin": 1, "destination": 3, "wheelchairs": 1}
        offers = (await desk.post("/api/v1/quotes", json=ask)).json()["offers"]
        body = {"offer": offers[0]["token"], "rider_id": 2}
        made = (await desk.post("/api/v1/bookings", json=body, headers=key())).json()
        yield made["reference"]
        gone = {"reason": "test"}
        url = f"/api/v1/bookings/{made['id']}"
        await desk.request("DELETE", url, json=gone, headers=key())


async def test_a_sheet_says_whom_to_fetch_where_and_has_room_to_write(
    running: Running, reference: str
) -> None:
    async with running.staff("operator") as desk:
        answer = await desk.get("/api/v1/sheets/van-2")

    found = words(answer.content)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    for part in (
        reference,
        "試験太郎",
        "000-000-0002",
        "役場",
        "商店",
        "車いす",
        "試験2",
        "点呼(前)",
    ):
        assert part in found, part
    assert f"{running.service.today():%y%m%d}-" in found


async def test_all_sheets_come_in_one_file(running: Running, reference: str) -> None:
    async with running.staff("dispatcher") as desk:
        answer = await desk.get("/api/v1/sheets/all")
        bus = await desk.get("/api/v1/sheets/bus-1")

    found = words(answer.content)
    assert "1号車" in found
    assert "2号車" in found
    assert reference in found
    assert bus.status_code == 404


async def test_the_last_sheet_is_printed_when_there_is_no_plan(
    running: Running, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = running.service
    folder, today = folder_in(service.settings.data_dir), service.today()
    old = file_of(folder, today - timedelta(days=KEPT_DAYS + 1), "van-2")
    old.parent.mkdir(parents=True)
    old.write_bytes(b"")
    await Sheets(service.keepers["tiny"], "000-000-0000").keep(folder)
    monkeypatch.setattr(service, "keepers", {})

    async with running.staff("operator") as desk:
        listed = (await desk.get("/api/v1/sheets")).json()
        answer = await desk.get("/api/v1/sheets/van-2")
        gone = await desk.get("/api/v1/sheets/van-2", params={"date": "2020-01-01"})
        everything = await desk.get("/api/v1/sheets/all")

    file = file_of(folder, today, "van-2")
    assert [each["vehicle_id"] for each in listed] == ["van-1", "van-2"]
    assert answer.content == file.read_bytes()
    assert reference in words(answer.content)
    assert (gone.status_code, everything.status_code) == (404, 404)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file_of(folder, today + timedelta(days=1), "van-1").exists()
    assert not old.parent.exists()
    assert not list(folder.rglob("*.new"))


async def test_sheets_are_made_anew_every_half_hour_of_the_service(running: Running) -> None:
    now, later_s = running.service.clock(), 0
    service = replace(running.service, clock=lambda: now + later_s)  # type: ignore[arg-type]
    file = file_of(folder_in(service.settings.data_dir), service.today(), "van-1")
    look = _half_hourly(service)

    made = []
    for later_s in (0, 1799, 1800, 1801):  # noqa: B007 -- the clock reads it
        file.unlink(missing_ok=True)
        await look()
        made.append(file.exists())

    assert made == [True, False, True, False]


async def test_sheets_are_for_the_desk(running: Running) -> None:
    async with running.staff("driver") as driver:
        assert (await driver.get("/api/v1/sheets/van-1")).status_code == 403
