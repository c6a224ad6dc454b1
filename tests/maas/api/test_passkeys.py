"""Passkeys at the door: made, answered once, counted on, taken away, and everything refused."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from maas.api.service import Service
from maas.app import create_app
from maas.auth.attempts import ATTEMPT_S
from maas.auth.roles import Role
from maas.auth.sessions import RECENT_S
from maas.auth.staff import Person, add_staff
from maas.settings import Settings
from maas.store.tables import attempts, audit, passkeys, sessions, staff
from tests.maas.api.authenticator import ATTESTED, PRESENT, Authenticator
from tests.maas.api.conftest import PASSWORD, Prepared, Running
from tests.maas.tiny_town import AREA

SITE = "https://desk.example"
DOOR, MINE = "/api/v1/session/passkey", "/api/v1/session/passkeys"
SESSION, PROOF = "/api/v1/session", "/api/v1/session/proof"


@dataclass
class Desk:
    """A service whose staff reach it at SITE, with a clock that stands still."""

    app: FastAPI
    service: Service
    now: list[float] = field(default_factory=lambda: [1_800_000_000.0])

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=SITE)

    @asynccontextmanager
    async def staff(self, name: str) -> AsyncIterator[httpx.AsyncClient]:
        async with self.browser() as caller:
            entered = await caller.post(SESSION, json={"name": name, "password": PASSWORD})
            assert entered.is_success, entered.text
            yield caller


@pytest.fixture(scope="module")
async def house(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("desk") / "data"
    shutil.copytree(prepared.data_dir, folder)
    app = create_app(Settings(data_dir=folder, staff_url=SITE + "/town"))
    async with app.router.lifespan_context(app):
        found = Desk(app, app.state.service)
        found.service.real_now = lambda: found.now[0]
        yield found


@pytest.fixture
async def desk(house: Desk) -> Desk:
    """The service with nobody's passkey in it, and nothing tried yet."""
    async with house.service.database.writing() as db:
        for table in (passkeys, attempts, sessions):
            await db.execute(table.delete())
    house.service.host_throttle.succeed("127.0.0.1")
    house.service.begun_throttle.succeed("127.0.0.1")
    return house


def key(**false: Any) -> Authenticator:  # noqa: ANN401
    """Return an authenticator at SITE; `false` is what it shall claim instead."""
    return Authenticator(**{"origin": SITE, "rp_id": "desk.example"} | false)


async def options(caller: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await caller.post(f"{path}/options")
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()["options"]
    return found


async def add(caller: httpx.AsyncClient, made: Authenticator, name: str = "電話") -> httpx.Response:
    asked = await options(caller, MINE)
    return await caller.post(MINE, json={"name": name, "credential": made.make(asked)})


async def enter(caller: httpx.AsyncClient, made: Authenticator) -> httpx.Response:
    return await caller.post(DOOR, json=made.answer(await options(caller, DOOR)))


def said(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("type", "").rpartition("/")[2] or None


REFUSED, OVER = (401, "passkey-refused"), (409, "attempt-over")


async def owner(desk: Desk, name: str = "driver") -> Authenticator:
    """Return a passkey that somebody has."""
    made = key()
    async with desk.staff(name) as caller:
        assert (await add(caller, made)).status_code == 201
    return made


async def test_somebody_adds_passkeys_comes_in_by_one_and_takes_it_away(desk: Desk) -> None:
    phone, stick = key(), key(count=0)
    async with desk.staff("driver") as caller:
        asked = await options(caller, MINE)
        assert asked["rp"]["id"] == "desk.example"
        assert asked["authenticatorSelection"]["residentKey"] == "required"
        assert asked["authenticatorSelection"]["userVerification"] == "required"
        assert "driver" not in asked["user"]["id"]
        assert (await add(caller, phone)).status_code == 201
        desk.now[0] += 1
        assert (await add(caller, stick, "鍵")).status_code == 201
        again = await options(caller, MINE)
        assert len(again["excludeCredentials"]) == 2
        assert phone.handle == stick.handle == again["user"]["id"]
        assert [one["name"] for one in (await caller.get(MINE)).json()] == ["電話", "鍵"]

    async with desk.browser() as caller:
        assert (await caller.get(f"{SESSION}/ways")).json()["passkeys"] is True
        answer = await enter(caller, phone)
        assert answer.json()["name"] == "driver"
        assert "__Host-maas=" in answer.headers["set-cookie"]
        mine = (await caller.get(MINE)).json()
        assert mine[0]["used_at"] is not None
        async with desk.service.database.reading() as db:
            ways = set(await db.scalars(select(sessions.c.way)))
        assert "passkey" in ways
        assert (await caller.delete(f"{MINE}/{mine[0]['id']}")).status_code == 204
        assert (await caller.delete(f"{MINE}/{mine[0]['id']}")).status_code == 404
        assert said(await enter(caller, phone)) == REFUSED  # a key that was removed
        assert (await enter(caller, stick)).is_success
    async with desk.service.database.reading() as db:
        told = list(await db.scalars(select(audit.c.action).where(audit.c.subject == "driver")))
    assert told[-3:] == ["staff.passkey_added"] * 2 + ["staff.passkey_removed"]


async def test_a_challenge_is_good_once(desk: Desk) -> None:
    made = await owner(desk)
    async with desk.browser() as caller:
        answer = made.answer(await options(caller, DOOR))
        assert (await caller.post(DOOR, json=answer)).is_success
        caller.cookies.clear()
        assert said(await caller.post(DOOR, json=answer)) == OVER


async def test_a_wrong_answer_uses_the_challenge_up(desk: Desk) -> None:
    made = await owner(desk)
    async with desk.browser() as caller:
        asked = await options(caller, DOOR)
        wrong = made.answer(asked)
        wrong["response"]["signature"] = "AAAA"
        assert said(await caller.post(DOOR, json=wrong)) == REFUSED
        assert said(await caller.post(DOOR, json=made.answer(asked))) == OVER


async def test_a_challenge_is_good_for_five_minutes(desk: Desk) -> None:
    made = await owner(desk)
    async with desk.browser() as caller:
        for after_s, expected in ((ATTEMPT_S - 1, (200, None)), (ATTEMPT_S, OVER)):
            asked = await options(caller, DOOR)
            desk.now[0] += after_s
            assert said(await caller.post(DOOR, json=made.answer(asked))) == expected


async def test_a_challenge_is_good_for_the_browser_that_asked(desk: Desk) -> None:
    made = await owner(desk)
    async with desk.browser() as one, desk.browser() as other:
        asked = await options(one, DOOR)
        await options(other, DOOR)
        assert said(await other.post(DOOR, json=made.answer(asked))) == OVER
        async with desk.browser() as nobody:
            assert said(await nobody.post(DOOR, json=made.answer(asked))) == OVER
        assert (await one.post(DOOR, json=made.answer(asked))).is_success


async def test_a_challenge_to_register_is_good_for_its_login_alone(desk: Desk) -> None:
    async with desk.staff("driver") as driver, desk.staff("planner") as planner:
        asked = await options(driver, MINE)
        body = {"name": "x", "credential": key().make(asked)}
        assert said(await planner.post(MINE, json=body)) == OVER
        async with desk.staff("driver") as elsewhere:
            assert said(await elsewhere.post(MINE, json=body)) == OVER
        entering = await options(planner, DOOR)  # nor is one to come in good to register
        entering["user"] = asked["user"]
        body["credential"] = key().make(entering)
        assert said(await planner.post(MINE, json=body)) == OVER


@pytest.mark.parametrize(
    "false",
    [
        {"origin": "https://desk.example.evil.example"},
        {"origin": "http://desk.example"},
        {"origin": "https://desk.example:8443"},
        {"rp_id": "evil.example"},
        {"flags": PRESENT},  # nobody was asked for a finger or a PIN
        {"flags": 0},
    ],
)
async def test_what_is_made_or_answered_elsewhere_or_unasked_is_refused(
    desk: Desk, false: dict[str, Any]
) -> None:
    made = await owner(desk)
    async with desk.staff("driver") as caller:
        assert said(await add(caller, key(**false))) == REFUSED
    for name, value in false.items():
        setattr(made, name, value)
    async with desk.browser() as caller:
        assert said(await enter(caller, made)) == REFUSED


async def test_a_counter_that_does_not_go_on_is_refused(desk: Desk) -> None:
    made = await owner(desk)
    async with desk.browser() as caller:
        made.count = 8
        assert (await enter(caller, made)).is_success  # says 9
        made.count = 8
        assert said(await enter(caller, made)) == REFUSED  # 9 again: a copy
        made.count = 3
        assert said(await enter(caller, made)) == REFUSED
        made.count = 9
        assert (await enter(caller, made)).is_success


async def test_a_key_that_never_counts_is_taken(desk: Desk) -> None:
    made = key(count=0)
    async with desk.staff("driver") as caller:
        assert (await add(caller, made)).is_success
    async with desk.browser() as caller:
        for _ in range(2):
            made.count = -1  # says 0 each time, as those do that are kept in a cloud
            assert (await enter(caller, made)).is_success


async def test_only_the_key_itself_opens(desk: Desk) -> None:
    made, other = await owner(desk), await owner(desk, "planner")
    async with desk.browser() as caller:
        assert said(await enter(caller, key())) == REFUSED  # one nobody knows
        assert said(await enter(caller, key(id=made.id, handle=made.handle))) == REFUSED
        other.handle = made.handle
        assert said(await enter(caller, other)) == REFUSED  # in another's name
    async with desk.staff("planner") as caller:
        assert said(await add(caller, key(id=made.id))) == REFUSED


async def test_a_closed_account_has_no_passkey(desk: Desk) -> None:
    made = await owner(desk)
    async with desk.service.database.writing() as db:
        await db.execute(staff.update().where(staff.c.name == "driver").values(disabled=True))
    async with desk.browser() as caller:
        assert said(await enter(caller, made)) == REFUSED
    async with desk.service.database.writing() as db:
        await db.execute(staff.update().where(staff.c.name == "driver").values(disabled=False))
    async with desk.browser() as caller:
        assert (await enter(caller, made)).is_success


async def test_ways_in_change_only_shortly_after_a_proof(desk: Desk) -> None:
    made, other = await owner(desk), await owner(desk, "planner")
    async with desk.staff("driver") as caller:
        (mine,) = (await caller.get(MINE)).json()
        desk.now[0] += RECENT_S
        paths = (
            ("POST", f"{MINE}/options"), ("POST", MINE), ("DELETE", f"{MINE}/{mine['id']}"),
            ("POST", "/api/v1/session/second-factor"), ("PUT", "/api/v1/session/second-factor"),
        )  # fmt: skip
        new = key().make({"challenge": "", "user": {"id": ""}})
        bodies = {"POST": {"name": "x", "credential": new}, "PUT": {"code": "000000"}}
        for method, path in paths:
            answer = await caller.request(method, path, json=bodies.get(method))
            assert said(answer) == (403, "prove-again"), path
        assert (await caller.post(PROOF, json={"password": "wrong"})).status_code == 401
        assert said(await caller.post(f"{MINE}/options"))[0] == 403
        assert (await caller.post(PROOF, json={"password": PASSWORD})).status_code == 204
        assert (await caller.post(f"{MINE}/options")).is_success

        desk.now[0] += RECENT_S
        asked = await options(caller, DOOR)
        assert said(await caller.put(PROOF, json=other.answer(asked))) == REFUSED
        asked = await options(caller, DOOR)
        assert (await caller.put(PROOF, json=made.answer(asked))).status_code == 204
        assert (await caller.delete(f"{MINE}/{mine['id']}")).status_code == 204


async def test_an_administrator_takes_away_what_was_lost(desk: Desk) -> None:
    made, drop = await owner(desk), "/api/v1/staff/driver/passkeys"
    async with desk.staff("operator") as operator, desk.staff("admin") as admin:
        assert (await operator.delete(drop)).status_code == 403
        async with desk.browser() as caller:
            assert (await enter(caller, made)).is_success
            assert (await admin.delete(drop)).status_code == 204
            assert (await caller.get(SESSION)).status_code == 401
            assert said(await enter(caller, made)) == REFUSED
        assert (await admin.delete(drop)).status_code == 404


async def test_an_administrator_of_one_area_takes_nothing_from_who_works_in_all(desk: Desk) -> None:
    made = await owner(desk)
    here = Person("only-here", "管理 見本", Role.ADMIN, AREA)
    async with desk.service.database.writing() as db:
        await add_staff(db, here, PASSWORD)

    async with desk.staff("only-here") as admin:
        answer = await admin.delete("/api/v1/staff/driver/passkeys")

    assert said(answer) == (403, "forbidden")
    async with desk.browser() as caller:
        assert (await enter(caller, made)).is_success


async def test_beginning_and_guessing_are_slowed_down(desk: Desk) -> None:
    async with desk.browser() as caller:
        for number in range(49):
            desk.service.host_throttle.fail("127.0.0.1", desk.now[0] - number)
        assert said(await enter(caller, key())) == REFUSED
        assert said(await enter(caller, key())) == (429, "too-many-attempts")
        for number in range(200):
            desk.service.begun_throttle.fail("127.0.0.1", desk.now[0] - number)
        assert said(await caller.post(f"{DOOR}/options")) == (429, "too-many-attempts")


async def test_whatever_is_sent_is_answered(desk: Desk) -> None:
    made = await owner(desk)
    async with desk.browser() as caller, desk.staff("driver") as driver:
        for part in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
            for junk in ("", "A", "AAAA", "AAAAA", "bnVsbA", "W10", "W1tb" * 4000):
                answer = made.answer(await options(caller, DOOR))
                answer["response"][part] = junk
                desk.service.host_throttle.succeed("127.0.0.1")
                desk.service.begun_throttle.succeed("127.0.0.1")
                assert said(await caller.post(DOOR, json=answer)) in {REFUSED, OVER}
        for junk in ("", "A", "oA", "AAAA", "gICA" * 4000, "owFmcGFja2Vk"):
            credential = key().make(await options(driver, MINE))
            credential["response"]["attestationObject"] = junk
            body = {"name": "x", "credential": credential}
            assert said(await driver.post(MINE, json=body)) == REFUSED
        flagged = key(flags=ATTESTED | PRESENT | 0x04)
        flagged.handle = made.handle
        assert said(await enter(caller, flagged)) == REFUSED


async def test_without_an_address_there_are_passkeys_on_this_machine_alone(
    running: Running,
) -> None:
    transport = httpx.ASGITransport(running.app)
    for base, usable in (
        ("http://maas.test", False),
        ("http://127.0.0.1:8000", False),
        ("http://localhost:8000", True),
    ):
        async with httpx.AsyncClient(transport=transport, base_url=base) as caller:
            assert (await caller.get(f"{SESSION}/ways")).json()["passkeys"] is usable
            begun = await caller.post(f"{DOOR}/options")
            assert begun.status_code == (200 if usable else 409)
