"""Accounts of the staff: opened, changed, closed; and the audit of all that is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx

from tests.maas.api.conftest import PASSWORD, Running

STAFF = "/api/v1/staff"
Key = Callable[[], dict[str, str]]
NEW = {"name": "kariya", "display_name": "仮谷", "role": "operator", "password": "long-enough-1"}


async def signs_in(running: Running, name: str, password: str) -> int:
    async with running.caller() as caller:
        body = {"name": name, "password": password}
        return (await caller.post("/api/v1/session", json=body)).status_code


async def test_an_account_is_opened_once_and_can_sign_in(running: Running, key: Key) -> None:
    async with running.staff("admin") as admin:
        header = key()
        made = await admin.post(STAFF, json=NEW, headers=header)
        again = await admin.post(STAFF, json=NEW, headers=header)
        taken = await admin.post(STAFF, json=NEW, headers=key())
        names = [row["name"] for row in (await admin.get(STAFF)).json()]
    assert (made.status_code, again.status_code, taken.status_code) == (201, 201, 409)
    assert made.json()["logins"] == 0
    assert not made.json()["disabled"]
    assert names.count("kariya") == 1
    assert await signs_in(running, "kariya", "long-enough-1") == 200


async def test_a_short_password_and_an_odd_name_are_refused(running: Running, key: Key) -> None:
    async with running.staff("admin") as admin:
        for change in ({"password": "short"}, {"name": "A B"}, {"role": "king"}, {"area": "none"}):
            answer = await admin.post(STAFF, json=NEW | {"name": "odd"} | change, headers=key())
            assert answer.status_code in {404, 422}, change
        assert "odd" not in [row["name"] for row in (await admin.get(STAFF)).json()]


async def test_a_password_that_is_guessed_first_is_given_to_nobody(
    running: Running, key: Key
) -> None:
    guessed = {"password": "Password2026"}
    async with running.staff("admin") as admin:
        opened = await admin.post(STAFF, json=NEW | {"name": "odd"} | guessed, headers=key())
        given = await admin.post(f"{STAFF}/driver/password", json=guessed, headers=key())
        own = {"password": PASSWORD, "new": "admin-2026!"}
        changed = await admin.put("/api/v1/session/password", json=own)
        for answer in (opened, given, changed):
            assert answer.status_code == 409
            assert answer.json()["type"] == "/problems/guessed-password"
        assert "odd" not in [row["name"] for row in (await admin.get(STAFF)).json()]
    assert await signs_in(running, "admin", PASSWORD) == 200


async def test_a_role_changes_on_screens_that_are_open(running: Running, key: Key) -> None:
    async with running.staff("admin") as admin, running.staff("planner") as planner:
        assert (await planner.get("/api/v1/bookings")).status_code == 403
        wish = {"display_name": "planner", "role": "operator", "area": None}
        changed = await admin.put(f"{STAFF}/planner", json=wish, headers=key())
        assert changed.json()["role"] == "operator"
        assert changed.json()["logins"] >= 1
        assert (await planner.get("/api/v1/bookings")).status_code == 200
        await admin.put(f"{STAFF}/planner", json=wish | {"role": "planner"}, headers=key())


async def test_a_closed_account_is_signed_out_everywhere(running: Running, key: Key) -> None:
    async with running.staff("admin") as admin, running.staff("driver") as driver:
        wish = {"display_name": "driver", "role": "driver", "area": None}
        closed = await admin.put(f"{STAFF}/driver", json=wish | {"disabled": True}, headers=key())
        assert closed.json()["disabled"]
        assert (await driver.get("/api/v1/session")).status_code == 401
        assert await signs_in(running, "driver", PASSWORD) == 401
        await admin.put(f"{STAFF}/driver", json=wish, headers=key())
    assert await signs_in(running, "driver", PASSWORD) == 200


async def test_nobody_changes_their_own_role_or_closes_their_own_account(
    running: Running, key: Key
) -> None:
    async with running.staff("admin") as admin:
        wish = {"display_name": "管理者", "role": "admin", "area": None}
        for change in ({"role": "operator"}, {"disabled": True}, {"area": "tiny"}):
            answer = await admin.put(f"{STAFF}/admin", json=wish | change, headers=key())
            assert answer.status_code == 409, answer.text
        named = await admin.put(f"{STAFF}/admin", json=wish, headers=key())
        assert named.json()["display_name"] == "管理者"


async def test_the_last_administrator_cannot_be_closed_by_one_who_no_longer_is(
    running: Running, key: Key
) -> None:
    """Two administrators close each other at once: the second finds that nobody would be left."""
    from maas.auth.accounts import change_account
    from maas.auth.roles import Role
    from maas.auth.staff import Person
    from maas.store.once import By

    by = By("somebody", running.service.clock(), "close-the-last")
    last = Person("admin", "管理者", Role.ADMIN, None)
    done = await change_account(running.service.database, last, disabled=True, within=None, by=by)
    assert done == "last-admin"
    assert await signs_in(running, "admin", PASSWORD) == 200


async def test_another_password_ends_every_login(running: Running, key: Key) -> None:
    async with running.staff("admin") as admin:
        await admin.post(STAFF, json=NEW | {"name": "new"}, headers=key())
        async with running.caller() as caller:
            body = {"name": "new", "password": NEW["password"]}
            await caller.post("/api/v1/session", json=body)
            given = await admin.post(
                f"{STAFF}/new/password", json={"password": "another-one-2"}, headers=key()
            )
            assert given.json() == {"ended": 1}
            assert (await caller.get("/api/v1/session")).status_code == 401
    assert await signs_in(running, "new", "long-enough-1") == 401
    assert await signs_in(running, "new", "another-one-2") == 200


async def test_ending_logins_leaves_the_account(running: Running, key: Key) -> None:
    async with running.staff("admin") as admin, running.staff("dispatcher") as dispatcher:
        ended = await admin.delete(f"{STAFF}/dispatcher/logins", headers=key())
        assert ended.json()["ended"] >= 1
        assert (await dispatcher.get("/api/v1/session")).status_code == 401
    assert await signs_in(running, "dispatcher", PASSWORD) == 200


async def test_an_administrator_of_one_area_touches_no_others(running: Running, key: Key) -> None:
    async with running.staff("admin") as admin:
        local = NEW | {"name": "local", "role": "admin", "area": "tiny"}
        assert (await admin.post(STAFF, json=local, headers=key())).status_code == 201
    async with running.caller() as caller:
        await caller.post("/api/v1/session", json={"name": "local", "password": NEW["password"]})
        assert [row["name"] for row in (await caller.get(STAFF)).json()] == ["local"]
        wish = {"display_name": "x", "role": "operator", "area": "tiny"}
        asked: list[tuple[str, str, Mapping[str, object] | None]] = [
            ("PUT", f"{STAFF}/operator", wish),
            ("POST", f"{STAFF}/operator/password", {"password": "long-enough-1"}),
            ("DELETE", f"{STAFF}/operator/logins", None),
            ("POST", STAFF, NEW | {"name": "wide"}),
            ("GET", "/api/v1/audit", None),
            ("GET", "/api/v1/audit/check", None),
        ]
        for method, path, json in asked:
            answer = await caller.request(method, path, json=json, headers=key())
            assert answer.status_code == 403, f"{method} {path}: {answer.text}"


async def test_the_audit_tells_who_did_what_and_never_a_password(
    running: Running, key: Key
) -> None:
    async with running.staff("admin") as admin:
        await admin.post(STAFF, json=NEW | {"name": "kept"}, headers=key())
        body = {"password": "very-secret-9"}
        await admin.post(f"{STAFF}/kept/password", json=body, headers=key())
        found = await entries(admin, actor="admin", action="staff.", subject="kept")
        everything = await admin.get("/api/v1/audit?limit=200")
        names = (await admin.get("/api/v1/audit/names")).json()
        check = (await admin.get("/api/v1/audit/check")).json()
    assert [row["action"] for row in found] == ["staff.password", "staff.opened"]
    assert "very-secret-9" not in everything.text
    assert "scrypt" not in everything.text
    assert "admin" in names["actors"]
    assert "staff.opened" in names["actions"]
    assert check["whole"]
    assert check["entries"] >= len(found)
    assert check["broken_at"] is None


async def test_the_audit_is_read_page_by_page_and_by_day(running: Running, key: Key) -> None:
    today = running.service.today().isoformat()
    async with running.staff("admin") as admin:
        for number in range(3):
            await admin.post(STAFF, json=NEW | {"name": f"page{number}"}, headers=key())
        whole = await entries(admin, action="staff.opened", limit=200)
        first = (await admin.get("/api/v1/audit?action=staff.opened&limit=2")).json()
        before = first["entries"][-1]["seq"]
        rest = await entries(admin, action="staff.opened", limit=200, before=before)
        assert await entries(admin, action="staff.opened", limit=200, **{"from": today}) == whole
        assert await entries(admin, action="staff.", to="2001-01-01") == []
    assert first["more"]
    assert first["entries"] + rest == whole


async def test_a_rewritten_entry_is_found(running: Running, key: Key) -> None:
    from sqlalchemy import update

    from maas.store.tables import audit

    async with running.staff("admin") as admin:
        await admin.post(STAFF, json=NEW | {"name": "forged"}, headers=key())
        [entry] = await entries(admin, action="staff.opened", subject="forged")
        where = audit.c.seq == entry["seq"]
        async with running.service.database.writing() as db:
            await db.execute(update(audit).where(where).values(actor="somebody-else"))
        check = (await admin.get("/api/v1/audit/check")).json()
        async with running.service.database.writing() as db:
            await db.execute(update(audit).where(where).values(actor="admin"))
    assert (check["whole"], check["broken_at"]) == (False, entry["seq"])


async def entries(admin: httpx.AsyncClient, **asked: object) -> list[dict[str, object]]:
    answer = await admin.get("/api/v1/audit", params={k: str(v) for k, v in asked.items()})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["entries"]
    return found
