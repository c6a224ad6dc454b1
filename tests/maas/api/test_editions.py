"""Timetable editions over HTTP: drafted, edited, checked, published, followed by the next."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from maas.api import security
from tests.maas.api.conftest import Prepared, Running, running_on

PATH = "/api/v1/timetables"
POND = {
    "kind": "stop", "id": "pond", "name": {"ja": "池", "kana": "いけ", "en": "Pond"},
    "lat": 34.87, "lon": 133.70,
}  # fmt: skip
SPECIAL = {
    "kind": "trip", "id": "special", "route_id": "r1", "service_id": "daily",
    "headsign": {"ja": "池", "kana": "いけ", "en": "Pond"},
    "calls": [
        {"stop_id": "P1", "arrival": "09:00:00", "departure": "09:00:00"},
        {"stop_id": "pond", "arrival": "09:06:00", "departure": "09:06:00"},
    ],
}  # fmt: skip


@pytest.fixture
async def own(prepared: Prepared, tmp_path: Path) -> AsyncIterator[Running]:
    """A service of its own: publishing changes what everybody sees."""
    async with running_on(prepared, tmp_path / "data") as found:
        yield found


@pytest.fixture
async def admin(own: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with own.staff("admin") as caller:
        yield caller


async def drafted(admin: httpx.AsyncClient, *edits: dict[str, Any]) -> dict[str, Any]:
    """Begin a draft from the timetable in force and make edits on it."""
    draft: dict[str, Any] = (await admin.post(PATH, json={"name": "冬ダイヤ"})).json()
    if not edits:
        return draft
    body = {"version": draft["version"], "edits": list(edits)}
    answer = await admin.post(f"{PATH}/{draft['id']}/edits", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def publish(
    admin: httpx.AsyncClient, draft: dict[str, Any], first: date, days: int = 200
) -> httpx.Response:
    body = {
        "version": draft["version"],
        "valid_from": first.isoformat(),
        "valid_to": (first + timedelta(days=days)).isoformat(),
    }
    return await admin.post(f"{PATH}/{draft['id']}/publication", json=body)


async def published_stops(admin: httpx.AsyncClient, path: str) -> str:
    answer = await admin.get(path)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return archive.read("stops.txt").decode()


async def test_a_draft_is_a_copy_of_what_is_in_force(admin: httpx.AsyncClient) -> None:
    draft = await drafted(admin)
    assert (draft["name"], draft["state"], draft["role"]) == ("冬ダイヤ", "draft", None)
    body = (await admin.get(f"{PATH}/{draft['id']}")).json()
    assert (body["stops"], body["routes"], body["trips"]) == (6, 1, 34)
    rows = (await admin.get(f"{PATH}/{draft['id']}/trips", params={"limit": 1})).json()
    assert rows["total"] == 34
    assert rows["rows"][0]["calls"][1]["arrival"] == "06:02:00"


async def test_what_is_read_can_be_sent_back_as_an_edit(admin: httpx.AsyncClient) -> None:
    draft = await drafted(admin)
    edits = []
    for what in ("stops", "routes", "calendars", "trips"):
        edits += (await admin.get(f"{PATH}/{draft['id']}/{what}")).json()["rows"][:3]
    before = await published_stops(admin, f"{PATH}/{draft['id']}/gtfs.zip")
    body = {"version": 1, "edits": edits}
    answer = await admin.post(f"{PATH}/{draft['id']}/edits", json=body)
    assert answer.status_code == 200, answer.text
    after = await published_stops(admin, f"{PATH}/{draft['id']}/gtfs.zip")
    assert [line.split(",")[:2] for line in after.splitlines()] == [
        line.split(",")[:2] for line in before.splitlines()
    ]


async def test_an_edition_published_today_is_on_the_signs_at_once(
    own: Running, admin: httpx.AsyncClient
) -> None:
    draft = await drafted(admin, POND, SPECIAL)
    assert draft["trips"] == 35
    assert (await admin.get("/api/v1/stops/pond/departures")).status_code == 404
    answer = await publish(admin, draft, own.service.today())
    assert answer.status_code == 200, answer.text
    assert answer.json()["role"] == "current"
    assert (await admin.get("/api/v1/stops/pond")).json()["kana"] == "いけ"
    rows = (await admin.get("/api/v1/stops/P1/departures", params={"limit": 50})).json()
    assert "special" in {row["trip"] for row in rows["departures"]}
    assert "pond" in await published_stops(admin, "/feeds/gtfs-jp.zip")


async def test_the_next_edition_has_its_own_address_until_it_begins(
    own: Running, admin: httpx.AsyncClient
) -> None:
    assert (await admin.get("/feeds/gtfs-jp-next.zip")).status_code == 404
    draft = await drafted(admin, POND, SPECIAL)
    later = own.service.today() + timedelta(days=30)
    assert (await publish(admin, draft, later)).json()["role"] == "next"
    assert "pond" in await published_stops(admin, "/feeds/gtfs-jp-next.zip")
    assert "pond" not in await published_stops(admin, "/feeds/gtfs-jp.zip")
    assert (await admin.get("/api/v1/stops/pond")).status_code == 404


async def test_a_draft_that_would_mislead_riders_is_not_published(
    own: Running, admin: httpx.AsyncClient
) -> None:
    over = {
        "kind": "calendar", "id": "daily", "weekdays": [True] * 7,
        "start": "2020-01-01", "end": "2020-12-31",
    }  # fmt: skip
    draft = await drafted(admin, over)
    errors = [each for each in draft["findings"] if each["severity"] == "error"]
    assert errors[0]["rule"] == "no_service_today"
    answer = await publish(admin, draft, own.service.today())
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/edition-faulty"
    assert answer.json()["findings"][0]["rule"] == errors[0]["rule"]
    assert (await admin.get(f"{PATH}/{draft['id']}")).json()["state"] == "draft"


async def test_of_two_who_edit_the_slower_is_told(admin: httpx.AsyncClient) -> None:
    draft = await drafted(admin, POND)
    assert draft["version"] == 2
    body = {"version": 1, "edits": [SPECIAL]}
    answer = await admin.post(f"{PATH}/{draft['id']}/edits", json=body)
    assert answer.status_code == 409
    assert (answer.json()["version"], answer.json()["state"]) == (2, "draft")
    assert (await admin.get(f"{PATH}/{draft['id']}")).json()["trips"] == 34


async def test_an_edit_that_cannot_be_made_says_which_and_changes_nothing(
    admin: httpx.AsyncClient,
) -> None:
    draft = await drafted(admin)
    body = {"version": 1, "edits": [POND, SPECIAL | {"route_id": "r9"}]}
    answer = await admin.post(f"{PATH}/{draft['id']}/edits", json=body)
    assert answer.status_code == 422
    assert (answer.json()["number"], answer.json()["field"]) == (1, "route_id")
    assert (await admin.get(f"{PATH}/{draft['id']}")).json()["stops"] == 6


async def test_a_zip_becomes_a_draft_and_a_broken_one_is_refused_with_its_place(
    admin: httpx.AsyncClient,
) -> None:
    whole = (await admin.get("/feeds/gtfs-jp.zip")).content
    answer = await admin.post(f"{PATH}/import", params={"name": "旧"}, content=whole)
    assert answer.status_code == 201, answer.text
    for data, file in ((b"no zip at all", "gtfs.zip"), (b"", "gtfs.zip")):
        refused = await admin.post(f"{PATH}/import", params={"name": "旧"}, content=data)
        assert refused.status_code == 422
        assert refused.json()["type"] == "/problems/bad-feed"
        assert refused.json()["file"] == file


async def test_a_zip_may_be_larger_than_other_bodies_but_not_without_end(
    admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = await drafted(admin)
    whole = io.BytesIO((await admin.get(f"{PATH}/{draft['id']}/gtfs.zip")).content)
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr("notes.bin", os.urandom(100_000))
    data = whole.getvalue()
    taken = await admin.post(f"{PATH}/import", params={"name": "大"}, content=data)
    assert taken.status_code == 201, taken.text
    monkeypatch.setitem(security._LARGE, security.TIMETABLE_PATH, len(data) - 1)
    refused = await admin.post(f"{PATH}/import", params={"name": "大"}, content=data)
    assert (refused.status_code, refused.json()["type"]) == (413, "/problems/too-large")


async def test_what_riders_travel_by_is_not_withdrawn_but_what_is_to_come_is(
    own: Running, admin: httpx.AsyncClient
) -> None:
    today = own.service.today()
    now = (await publish(admin, await drafted(admin), today)).json()
    coming = (await publish(admin, await drafted(admin), today + timedelta(days=9))).json()
    version = {"version": now["version"]}
    refused = await admin.delete(f"{PATH}/{now['id']}", params=version)
    assert refused.json()["type"] == "/problems/edition-in-force"
    gone = await admin.delete(f"{PATH}/{coming['id']}", params={"version": coming["version"]})
    assert gone.status_code == 204
    states = {each["id"]: each["state"] for each in (await admin.get(PATH)).json()["editions"]}
    assert states == {now["id"]: "published", coming["id"]: "withdrawn"}
    assert (await admin.get("/feeds/gtfs-jp-next.zip")).status_code == 404


async def test_a_draft_is_thrown_away_for_good(admin: httpx.AsyncClient) -> None:
    draft = await drafted(admin)
    gone = await admin.delete(f"{PATH}/{draft['id']}", params={"version": 1})
    assert gone.status_code == 204
    assert (await admin.get(f"{PATH}/{draft['id']}")).status_code == 404


async def test_an_edition_is_in_force_after_a_restart(
    own: Running, prepared: Prepared, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    draft = await drafted(admin, POND, SPECIAL)
    await publish(admin, draft, own.service.today())
    again = Prepared(own.service.settings.data_dir, prepared.device_token)
    async with running_on(again, tmp_path / "again") as other, other.caller() as nobody:
        assert (await nobody.get("/api/v1/stops/pond")).status_code == 200


async def test_an_edition_begins_on_its_day_without_anybody_doing_anything(
    own: Running, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = await drafted(admin, POND, SPECIAL)
    later = own.service.today() + timedelta(days=3)
    await publish(admin, draft, later)
    assert own.service.buses.stop("pond") is None
    began = own.service.clock()
    monkeypatch.setattr(own.service, "clock", lambda: began + 3 * 86_400)
    await own.service.take_edition()
    assert own.service.buses.stop("pond") is not None


async def test_a_planner_edits_and_an_operator_only_reads(own: Running) -> None:
    async with own.staff("planner") as planner:
        assert (await planner.post(PATH, json={"name": "案"})).status_code == 201
    async with own.staff("operator") as operator:
        assert (await operator.get(PATH)).status_code == 200
        assert (await operator.post(PATH, json={"name": "案"})).status_code == 403
