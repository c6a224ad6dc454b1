"""A second proof at the door: set up, asked for, good for once, recovered, taken away."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pyotp
import pytest
from sqlalchemy import text

from maas.auth import second_factor as factors
from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.store.database import Database
from tests.maas.api.conftest import PASSWORD, Running

MINE, DOOR = "/api/v1/session/second-factor", "/api/v1/session"
NOW_S = 1_800_000_000.0


@pytest.fixture
async def somebody(database: Database) -> str:
    """The secret of hana's device, not yet confirmed."""
    async with database.writing() as db:
        await add_staff(db, Person("hana", "花", Role.OPERATOR, None), PASSWORD)
        secret = await factors.begin(db, "hana", NOW_S)
    assert secret is not None
    return secret


def code(secret: str, at_s: float) -> str:
    """Return what the app shows, by the standard's own words: HMAC-SHA1 over the 30 s span."""
    return pyotp.TOTP(secret).at(int(at_s))


async def test_a_code_is_taken_once_and_near_now_alone(database: Database, somebody: str) -> None:
    async with database.writing() as db:
        assert not await factors.is_in_force(db, "hana")
        assert not await factors.prove(db, "hana", code(somebody, NOW_S), NOW_S)
        assert await factors.confirm(db, "hana", "000000x", NOW_S) is None
        assert await factors.confirm(db, "hana", code(somebody, NOW_S), NOW_S) is not None
        assert await factors.is_in_force(db, "hana")
        assert await factors.begin(db, "hana", NOW_S) is None
        for later_s, shown_s, proves in (
            (0, 0, False),  # was used to confirm
            (60, 60, True),
            (60, 60, False),
            (60, 30, False),  # an older one than the last
            (120, 90, True),  # the clock of the app is behind
            (120, 150, True),  # or ahead
            (300, 210, False),
            (300, 390, False),
        ):
            given = code(somebody, NOW_S + shown_s)
            assert await factors.prove(db, "hana", given, NOW_S + later_s) is proves


async def test_a_recovery_code_opens_once_and_for_its_owner(
    database: Database, somebody: str
) -> None:
    async with database.writing() as db:
        codes = await factors.confirm(db, "hana", code(somebody, NOW_S), NOW_S)
        assert codes is not None
        assert len(set(codes)) == 10
        assert await factors.prove(db, "hana", f" {codes[0].upper()} ", NOW_S)
        assert not await factors.prove(db, "hana", codes[0], NOW_S)
        assert not await factors.prove(db, "taro", codes[1], NOW_S)
        lying = str((await db.execute(text("SELECT * FROM recovery_codes"))).all())
    assert codes[1] not in lying


def test_the_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B: the SHA-1 secret, T = 59 s and 1111111109 s, the last six digits.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert factors._step(secret, "287082", 59.0) == 1
    assert factors._step(secret, "081804", 1_111_111_109.0) == 37_037_036
    assert factors._step(secret, "081 804", 1_111_111_109.0) == 37_037_036
    assert factors._step(secret, "081805", 1_111_111_109.0) is None


@pytest.fixture
async def driver(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with running.staff("driver") as caller:
        yield caller


async def test_the_door_asks_for_a_code_until_an_administrator_takes_it_away(
    running: Running, driver: httpx.AsyncClient
) -> None:
    assert (await driver.get(MINE)).json() == {"in_force": False}
    made = (await driver.post(MINE)).json()
    assert made["address"].startswith("otpauth://totp/")
    assert (await driver.put(MINE, json={"code": "000000"})).json()[
        "type"
    ] == "/problems/wrong-code"
    shown = await driver.put(MINE, json={"code": code(made["secret"], time.time())})
    assert shown.status_code == 200, shown.text
    spare = shown.json()["recovery_codes"]
    assert (await driver.post(MINE)).json()["type"] == "/problems/second-proof-on"
    assert (await driver.get(MINE)).json() == {"in_force": True}

    async def enter(**more: str) -> Any:  # noqa: ANN401
        async with running.caller() as caller:
            body = {"name": "driver", "password": PASSWORD} | more
            answer = await caller.post(DOOR, json=body)
            return answer.status_code, answer.json().get("type")

    assert await enter() == (401, "/problems/code-needed")
    assert await enter(code="000000") == (401, "/problems/wrong-code")
    assert await enter(password="wrong", code=spare[0]) == (401, "/problems/bad-credentials")
    assert await enter(code=spare[0]) == (200, None)
    assert await enter(code=spare[0]) == (401, "/problems/wrong-code")

    async with running.staff("operator") as operator:
        drop = "/api/v1/staff/driver/second-factor"
        assert (await operator.delete(drop)).status_code == 403
        async with running.staff("admin") as admin:
            assert (await admin.delete(drop)).status_code == 204
            assert (await admin.delete(drop)).status_code == 404
    assert (await driver.get(MINE)).status_code == 401  # signed out with it
    assert await enter() == (200, None)


async def test_guessing_codes_is_slowed_down(running: Running) -> None:
    async with running.staff("planner") as planner:
        secret = (await planner.post(MINE)).json()["secret"]
        assert (await planner.put(MINE, json={"code": code(secret, time.time())})).is_success
    async with running.caller() as caller:
        body = {"name": "planner", "password": PASSWORD, "code": "000000"}
        found = [(await caller.post(DOOR, json=body)).status_code for _ in range(6)]
    assert found == [401] * 5 + [429]
