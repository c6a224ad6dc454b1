"""Reports, months and corrections as the office asks for them."""

from __future__ import annotations

import io
import zipfile

import httpx
import pytest

from maas.records.catalogue import KINDS
from tests.maas.api.conftest import Running

MONTH = "2026-11"


@pytest.fixture(scope="module")
async def planner(running: Running) -> httpx.AsyncClient:
    """A planner, signed in."""
    caller = running.caller()
    body = {"name": "planner", "password": "kibi-demo"}
    assert (await caller.post("/api/v1/session", json=body)).status_code == 200
    return caller


async def test_every_report_there_is_can_be_had_as_every_file(planner: httpx.AsyncClient) -> None:
    listed = (await planner.get("/api/v1/reports/catalogue")).json()

    assert [each["name"] for each in listed] == list(KINDS)
    for each in listed:
        for kind in ("csv", "xlsx", "html", "pdf"):
            at = f"/api/v1/reports/{each['name']}?month={MONTH}&format={kind}"
            answer = await planner.get(at)
            assert answer.status_code == 200, answer.text
            assert _is(kind, answer.content), at


def _is(kind: str, data: bytes) -> bool:
    if kind == "xlsx":
        return zipfile.is_zipfile(io.BytesIO(data))
    return data.startswith({"csv": b"\xef\xbb\xbf", "html": b"<!doctype", "pdf": b"%PDF"}[kind])


async def test_a_printed_report_brings_its_style_from_here(planner: httpx.AsyncClient) -> None:
    page = await planner.get(f"/api/v1/reports/monthly?month={MONTH}")

    assert '<link rel="stylesheet" href="/reports.css">' in page.text
    assert "<style" not in page.text
    assert (await planner.get("/reports.css")).headers["content-type"].startswith("text/css")


async def test_a_report_that_is_none_is_not_found(planner: httpx.AsyncClient) -> None:
    assert (await planner.get(f"/api/v1/reports/none?month={MONTH}")).status_code == 404
    assert (await planner.get("/api/v1/reports/monthly?month=2026-13")).status_code == 422
    assert (await planner.get("/api/v1/reports/daily/none")).status_code == 404


async def test_a_month_is_closed_once_and_only_when_it_is_over(planner: httpx.AsyncClient) -> None:
    async def give(month: str, state: str, key: str) -> int:
        body = {"state": state}
        at = f"/api/v1/months/{month}/closings"
        answer = await planner.post(at, json=body, headers={"Idempotency-Key": key})
        return int(answer.status_code)

    assert await give("2026-12", "closed", "k1") == 409
    assert await give("2026-05", "provisional", "k2") == 200
    assert await give("2026-05", "closed", "k3") == 200
    assert await give("2026-05", "closed", "k3") == 200
    assert await give("2026-05", "closed", "k4") == 409
    month = (await planner.get("/api/v1/months/2026-05")).json()
    assert month["state"] == "closed"
    assert month["closed"]["by"] == "planner"
    assert month["figures"]["rides"] == month["closed"]["figures"]["rides"] == 0


async def test_what_is_not_in_the_ledger_cannot_be_put_right(running: Running) -> None:
    caller = running.caller()
    body = {"name": "dispatcher", "password": "kibi-demo"}
    await caller.post("/api/v1/session", json=body)
    wrong = {"subject": "ride", "subject_id": "none", "values": {"riders": 2}, "reason": "x"}
    day = wrong | {"subject": "vehicle_day", "subject_id": "van-1/2026-13-45"}
    for made in (wrong, day, day | {"subject_id": "0"}):
        answer = await caller.post(
            "/api/v1/ledger/corrections", json=made, headers={"Idempotency-Key": "c1"}
        )
        assert answer.status_code == 404
    assert (await caller.get(f"/api/v1/ledger/corrections?month={MONTH}")).json() == []
