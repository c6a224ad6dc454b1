"""Open data of a month: looked at, then published and kept for ever, version by version."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import httpx
import pytest

from maas.store import ledger
from tests.maas.api.conftest import Prepared, Running, running_on
from tests.maas.ridden import counted, last_month, rode

Key = Callable[[], dict[str, str]]
RELEASES = "/api/v1/releases"


@pytest.fixture
async def running(prepared: Prepared, tmp_path: Any) -> AsyncIterator[Running]:  # noqa: ANN401
    """A service of each test's own."""
    async with running_on(prepared, tmp_path / "data") as found:
        yield found


@pytest.fixture
async def planner(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with running.staff("planner") as caller:
        yield caller


@pytest.fixture
async def month(running: Running) -> date:
    """A month with six riders from the hall to the clinic, and one who rode elsewhere."""
    first = last_month(running.service.today())
    async with running.service.database.writing() as db:
        for number in range(6):
            await rode(db, f"r{number}", first, phone=f"000-000-77{number}0",
                       vehicle=f"van-{number % 2 + 1}")  # fmt: skip
        await rode(db, "lonely", first.replace(day=2), origin=6, destination=3, member=2)
        await counted(db, first, [(0, 7, 0), (3, 1, 0), (5, 0, 8)])
    return first


async def look(caller: httpx.AsyncClient, month: date) -> dict[str, Any]:
    answer = await caller.get(f"{RELEASES}/{month:%Y-%m}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def publish(
    caller: httpx.AsyncClient, seen: dict[str, Any], key: dict[str, str], reason: str = ""
) -> httpx.Response:
    body = {"month": seen["month"], "content": seen["content"], "reason": reason}
    return await caller.post(RELEASES, json=body, headers=key)


async def test_a_preview_tells_what_is_published_and_what_is_not_and_why(
    planner: httpx.AsyncClient, month: date
) -> None:
    seen = await look(planner, month)

    assert (seen["version"], seen["over"], seen["k"], seen["mesh_m"]) == (1, True, 5, 500)
    # The lonely ride would follow from the total, so that the others' row is given up for it.
    assert [(row["origin"], row["rides"], row["riders"]) for row in seen["trips"]] == [("", 7, 7)]
    assert {(each["things"], each["why"]) for each in seen["trips_table"]["hidden"]} == {
        (6, "given_up"),
        (1, "small"),
    }
    assert sum(row["people"] for row in seen["bus"] if row["what"] == "boarded") == 8


async def test_a_release_stays_as_it_is_and_a_correction_is_another_version(
    running: Running, planner: httpx.AsyncClient, nobody: httpx.AsyncClient, month: date, key: Key
) -> None:
    name = f"{month:%Y-%m}"
    first = await publish(planner, await look(planner, month), command := key())
    again = await publish(planner, await look(planner, month), command)
    same = await publish(planner, await look(planner, month), key())
    assert (first.status_code, again.json(), same.status_code) == (201, first.json(), 409)
    before = (await nobody.get(f"/feeds/ridership/{name}-v1.zip")).content

    async with running.service.database.writing() as db:
        await rode(db, "late", month.replace(day=3), phone="000-000-7799")
    second = await publish(planner, await look(planner, month), key(), "1件を追加")

    assert second.json()["version"] == 2
    assert (await nobody.get(f"/feeds/ridership/{name}-v1.zip")).content == before
    assert hashlib.sha256(before).hexdigest() == first.json()["sha256"]
    newest = await nobody.get(f"/feeds/ridership/{name}.zip")
    assert hashlib.sha256(newest.content).hexdigest() == second.json()["sha256"]
    index = (await nobody.get("/feeds/ridership/index.json")).json()["releases"]
    assert [(each["version"], each["correction"]) for each in index] == [(2, "1件を追加"), (1, "")]
    rows = (await nobody.get(f"/feeds/ridership/{name}-v2/rides.csv")).text
    assert sum(int(row["rides"]) for row in csv.DictReader(io.StringIO(rows))) == 8


async def test_what_was_not_seen_is_not_published_nor_a_month_that_goes_on(
    running: Running, planner: httpx.AsyncClient, month: date, key: Key
) -> None:
    seen = await look(planner, month)
    async with running.service.database.writing() as db:
        await rode(db, "late", month, phone="000-000-7799")

    moved = await publish(planner, seen, key())
    today = running.service.today()
    early = await publish(planner, await look(planner, today), key())
    empty = await publish(planner, await look(planner, date(2020, 1, 1)), key())

    assert [moved.json()["type"].rpartition("/")[2], early.json()["type"].rpartition("/")[2],
            empty.json()["type"].rpartition("/")[2]] == [
        "release-moved", "release-early", "release-empty"]  # fmt: skip


async def test_a_member_who_books_as_a_guest_too_is_one_rider(
    running: Running, planner: httpx.AsyncClient
) -> None:
    first = last_month(running.service.today())
    async with running.service.database.writing() as db:
        for number, phone in enumerate(("000-000-0001", "0000000001", "000 000 0001")):
            await rode(db, f"g{number}", first, phone=phone, vehicle=f"van-{number % 2 + 1}")
        await rode(db, "m1", first, member=1)
        await rode(db, "m2", first, member=2, vehicle="van-2")

    seen = await look(planner, first)

    assert (seen["trips"], seen["trips_table"]["left"]) == ([], 5)


async def test_the_pages_lead_to_every_file_and_made_up_days_are_said_to_be(
    running: Running, planner: httpx.AsyncClient, nobody: httpx.AsyncClient, month: date, key: Key
) -> None:
    assert "/feeds/ridership/" in (await nobody.get("/feeds/")).text
    assert "まだ公開した月がありません" in (await nobody.get("/feeds/ridership/")).text
    async with running.service.database.writing() as db:
        await ledger.mark_simulated(db, [month], 1)
    assert (await publish(planner, await look(planner, month), key())).json()["simulated"]

    pages = {
        lang: (await nobody.get(f"/feeds/ridership/?lang={lang}")).text for lang in ("ja", "en")
    }

    assert "模擬データ" in pages["ja"]
    assert "simulated" in pages["en"]
    links = [part.partition('"')[0] for part in pages["ja"].split('href="')[1:]]
    files = [link for link in links if link.startswith("/feeds/ridership/")]
    assert len(files) == 7
    assert {(await nobody.get(link)).status_code for link in files} == {200}
    package = (await nobody.get(files[0])).content
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for link in files[1:]:
            assert (await nobody.get(link)).content == archive.read(link.rpartition("/")[2])
    assert (await nobody.get(f"/feeds/ridership/{month:%Y-%m}-v9.zip")).status_code == 404
