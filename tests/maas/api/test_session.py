"""Staff sign in and out; guessing is slowed down."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from maas.auth.sessions import ABSOLUTE_S, IDLE_S, SEEN_EVERY_S
from tests.maas.api.conftest import PASSWORD, Prepared, Running, running_on

SESSION = "/api/v1/session"


async def test_a_session_says_who_is_signed_in_until_they_sign_out(
    operator: httpx.AsyncClient,
) -> None:
    me = {"name": "operator", "display_name": "operator", "role": "operator", "area": None}
    assert (await operator.get(SESSION)).json() == me
    assert (await operator.delete(SESSION)).status_code == 204
    assert (await operator.get(SESSION)).status_code == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(running: Running) -> None:
    body = {"name": "operator", "password": PASSWORD}
    async with running.caller() as plain:
        cookie = (await plain.post(SESSION, json=body)).headers["set-cookie"]
    assert cookie.startswith("maas=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    transport = httpx.ASGITransport(running.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://maas.test") as secure:
        answer = await secure.post(SESSION, json=body)
        assert answer.headers["set-cookie"].startswith("__Host-maas=")
        assert "Secure" in answer.headers["set-cookie"]
        assert "max-age" in answer.headers["strict-transport-security"]
        assert (await secure.get(SESSION)).status_code == 200


async def test_signing_in_again_gives_a_new_session_and_ends_the_old_one(
    running: Running,
) -> None:
    body = {"name": "operator", "password": PASSWORD}
    async with running.caller() as caller:
        await caller.post(SESSION, json=body)
        old = caller.cookies["maas"]
        await caller.post(SESSION, json=body)
        assert caller.cookies["maas"] != old
    async with running.caller(cookie=f"maas={old}") as thief:
        assert (await thief.get(SESSION)).status_code == 401


async def test_five_wrong_passwords_make_even_the_right_one_wait(
    prepared: Prepared, tmp_path: Path
) -> None:
    async with running_on(prepared, tmp_path / "data") as running, running.caller() as caller:
        now = [1_000_000.0]
        running.service.real_now = lambda: now[0]
        for _ in range(5):
            wrong = await caller.post(SESSION, json={"name": "admin", "password": "x"})
            assert wrong.status_code == 401
        right = {"name": "admin", "password": PASSWORD}
        slow = await caller.post(SESSION, json=right)
        assert slow.status_code == 429
        assert slow.headers["retry-after"] == "300"
        assert slow.json()["type"] == "/problems/too-many-attempts"
        now[0] += 301
        assert (await caller.post(SESSION, json=right)).status_code == 200


async def test_one_address_may_not_try_many_names(prepared: Prepared, tmp_path: Path) -> None:
    async with running_on(prepared, tmp_path / "data") as running, running.caller() as caller:
        for number in range(50):
            running.service.host_throttle.fail("127.0.0.1", running.service.real_now() - number)
        answer = await caller.post(SESSION, json={"name": "operator", "password": PASSWORD})
    assert answer.status_code == 429


async def test_a_session_lives_on_the_real_clock(prepared: Prepared, tmp_path: Path) -> None:
    async with running_on(prepared, tmp_path / "data") as running:
        now = [1_000_000.0]
        running.service.real_now = lambda: now[0]
        async with running.staff("operator") as caller:
            start_s = now[0]
            while now[0] + IDLE_S - 1 < start_s + ABSOLUTE_S:
                now[0] += IDLE_S - SEEN_EVERY_S
                assert (await caller.get(SESSION)).status_code == 200
            now[0] = start_s + ABSOLUTE_S
            assert (await caller.get(SESSION)).status_code == 401


@pytest.mark.parametrize("name", ["operator", "nobody-of-that-name"])
async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    nobody: httpx.AsyncClient, name: str
) -> None:
    answer = await nobody.post(SESSION, json={"name": name, "password": "wrong"})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/bad-credentials")
