"""What happens at the door is in the log, one line each, and nothing that is nobody's business."""

from __future__ import annotations

import logging

import httpx
import pytest

from tests.maas.api.conftest import PASSWORD, Running

SESSION = "/api/v1/session"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is written to standard error, from the level that the server has."""
    caplog.set_level(logging.INFO)
    return caplog


async def test_who_signs_in_and_who_does_not_is_in_the_log(
    running: Running, log: pytest.LogCaptureFixture
) -> None:
    async with running.staff("operator"):
        assert "'operator'" in log.text
    log.clear()
    async with running.caller() as caller:
        body = {"name": "nobody-known", "password": "a secret of hers"}
        assert (await caller.post(SESSION, json=body)).status_code == 401
    assert "'nobody-known' from" in log.text
    assert "a secret of hers" not in log.text
    assert PASSWORD not in log.text


async def test_who_may_not_is_in_the_log(
    operator: httpx.AsyncClient, log: pytest.LogCaptureFixture
) -> None:
    assert (await operator.get("/api/v1/audit")).status_code == 403
    assert "'operator' may not read_audit at '/api/v1/audit'" in log.text


async def test_wrong_links_and_codes_are_in_the_log(
    nobody: httpx.AsyncClient, log: pytest.LogCaptureFixture
) -> None:
    body = {"code": "ABCDEFGH"}
    assert (await nobody.post("/api/v1/devices/enrol", json=body)).status_code == 404
    link = {"link": "made-up"}
    assert (await nobody.post("/api/v1/my/links", json=link)).status_code == 404
    assert "enrol code refused" in log.text
    assert "wrong link" in log.text
    assert "made-up" not in log.text


async def test_nobody_writes_a_line_of_their_own(
    nobody: httpx.AsyncClient, log: pytest.LogCaptureFixture
) -> None:
    body = {"name": "x\n2026-11-26 INFO signed in: 'admin'", "password": "y"}
    assert (await nobody.post(SESSION, json=body)).status_code in {401, 422}
    lines = [record.getMessage() for record in log.records]
    assert not [line for line in lines if "\n" in line or "\r" in line]
