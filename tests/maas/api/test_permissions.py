"""Every route says what it needs, and asking as anybody else is refused before anything happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts

from maas.api.live import may_hear
from maas.api.permissions import permission_of, undeclared
from maas.app import create_app
from maas.auth.roles import Permission, Role, allowed
from maas.auth.staff import Person
from maas.settings import Settings
from tests.maas.api.conftest import Running

APP = create_app(Settings())
IDENTITIES = ("nobody", "device", *(role.value for role in Role))
PATHS = {
    "booking_id": "0" * 32,
    "hold_id": "0" * 32,
    "group_id": "0" * 32,
    "return_id": "0" * 32,
    "entry_id": "0" * 32,
    "standing_id": "0" * 32,
    "vehicle_id": "van-1",
    "rider_id": "1",
    "stop_id": "P1",
    "stop": "P1",
    "screen": "login",
    "name": "x.js",
    "slug": "forbidden",
    "device_id": "van-1.none",
    "alert_id": "none",
    "trip_id": "none",
    "day": "2026-11-25",
    "edition_id": "999",
    "what": "stops",
    "file": "gofs.json",
    "language": "ja",
    "voucher_id": "none",
    "report_id": "1",
    "line_id": "none",
    "task_key": "none",
    "date": "2026-11-25",
    "change_id": "999",
    "place_id": "1",
    "link_id": "none",
    "token": "none",
    "sign_id": "none",
    "note_id": "none",
    "study_id": "none",
    "passkey_id": "none",
    "remark_id": "none",
    "message_id": "none",
    "staff_name": "nobody",
    "month": "2026-01",
    "version": "1",
    "webhook_id": "none",
}
# What only the permission table may decide, written out once more by hand: the oracle.
DESK = {"operator", "dispatcher", "admin"}
WANTED = {
    Permission.PUBLIC: set(IDENTITIES),
    Permission.DEVICE: {"device"},
    Permission.VEHICLE: {"device", "dispatcher", "admin"},
    Permission.SIGN: set(),
    Permission.MACHINE: set(),
    Permission.RIDER: set(),
    Permission.LINK: set(IDENTITIES),
    Permission.SIGNED_IN: DESK | {"driver", "planner"},
    Permission.READ_PEOPLE: DESK,
    Permission.WRITE_PEOPLE: DESK,
    Permission.MERGE_PEOPLE: {"dispatcher", "admin"},
    Permission.READ_BOOKINGS: DESK,
    Permission.BOOK: DESK,
    Permission.READ_PLAN: DESK,
    Permission.DECIDE: {"dispatcher", "admin"},
    Permission.WAIVE_RULES: {"dispatcher", "admin"},
    Permission.READ_RIDES: DESK | {"planner"},
    Permission.DRIVE: {"driver", "dispatcher", "admin"},
    Permission.MANAGE_DEVICES: {"admin"},
    Permission.MANAGE_LINKS: {"admin"},
    Permission.READ_TIMETABLES: DESK | {"planner"},
    Permission.EDIT_TIMETABLES: {"planner", "admin"},
    Permission.READ_MONEY: DESK | {"planner"},
    Permission.HANDLE_VOUCHERS: DESK,
    Permission.CORRECT_MONEY: {"dispatcher", "admin"},
    Permission.READ_RULES: DESK | {"planner"},
    Permission.EDIT_RULES: {"planner", "admin"},
    Permission.EDIT_PLACES: {"dispatcher", "admin"},
    Permission.EDIT_FLEET: {"admin"},
    Permission.MANAGE_STAFF: {"admin"},
    Permission.READ_AUDIT: {"admin"},
    Permission.CLOSE_MONTHS: {"planner", "admin"},
    Permission.CORRECT_RECORDS: {"dispatcher", "admin"},
    Permission.PLAN: {"planner", "admin"},
}


def routes() -> list[tuple[str, str, Permission]]:
    """Return method, path and permission of every HTTP route."""
    found = []
    for route in iter_route_contexts(APP.routes):
        permission = permission_of(route)
        assert permission is not None, route.path
        for method in sorted(route.methods or ()):
            path = str(route.path).replace(":path", "")
            found.append((method, path.format(**PATHS), permission))
    return found


@pytest.fixture(scope="module")
async def callers(running: Running) -> dict[str, httpx.AsyncClient]:
    """Everybody who might ask."""
    known = {"nobody": running.caller(), "device": running.device()}
    for role in Role:
        caller = running.caller()
        body = {"name": role.value, "password": "kibi-demo"}
        assert (await caller.post("/api/v1/session", json=body)).status_code == 200
        known[role.value] = caller
    return known


@pytest.mark.parametrize(("method", "path", "permission"), routes())
async def test_only_those_in_the_table_get_past_the_door(
    callers: dict[str, httpx.AsyncClient], method: str, path: str, permission: Permission
) -> None:
    for identity in IDENTITIES:
        if (method, path, identity) == ("DELETE", "/api/v1/session", identity):
            continue  # would sign the callers out
        answer = await callers[identity].request(method, path, headers={"Idempotency-Key": "k"})
        refused = answer.status_code in {401, 403}
        if path == "/api/v1/session" and method == "POST":
            refused = False
        allowed_in = identity in WANTED[permission]
        if permission is Permission.DRIVE and method == "DELETE":
            allowed_in = allowed_in and not refused  # nobody has taken the vehicle: 403 by state
        assert refused is not allowed_in, f"{identity}: {answer.status_code} {answer.text}"


def test_every_permission_is_in_the_hand_written_table() -> None:
    assert set(WANTED) == set(Permission)
    for permission, identities in WANTED.items():
        if permission in {
            Permission.PUBLIC, Permission.DEVICE, Permission.VEHICLE, Permission.MACHINE,
            Permission.RIDER, Permission.LINK, Permission.SIGN,
        }:  # fmt: skip
            continue
        assert {role.value for role in Role if allowed(role, permission)} == identities


def test_both_websockets_declare_what_they_need() -> None:
    found = {
        str(route.path): permission_of(route)
        for route in iter_route_contexts(APP.routes)
        if route.methods is None
    }
    assert found == {"/ws/live": Permission.PUBLIC, "/ws/vehicle": Permission.DEVICE}


def test_a_route_that_says_nothing_is_found() -> None:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    router = APIRouter(prefix="/api")

    @router.get("/forgotten")
    async def forgotten() -> None: ...

    app.include_router(router)
    assert list(undeclared(app)) == ["/api/forgotten"]


def test_staff_topics_are_for_the_desk_of_their_area() -> None:
    def of(role: Role, area: str | None = None) -> Person:
        return Person("x", "x", role, area)

    public = ["route:1", "stop:P1", "vehicles", "cell:1", "alerts"]
    staff = ["plan:tiny", "bookings:tiny", "calls"]
    assert all(may_hear(None, topic) for topic in public)
    assert not any(may_hear(None, topic) for topic in staff)
    assert all(may_hear(of(Role.DISPATCHER), topic) for topic in staff)
    assert not any(may_hear(of(Role.DRIVER), topic) for topic in staff)
    assert may_hear(of(Role.OPERATOR, "tiny"), "plan:tiny")
    assert not may_hear(of(Role.OPERATOR, "other"), "plan:tiny")
    assert not may_hear(of(Role.ADMIN), "secrets")


async def test_staff_of_another_area_may_not_touch_this_one(
    running: Running, key: Callable[[], dict[str, str]]
) -> None:
    from maas.auth.staff import add_staff

    away = Person("away", "away", Role.DISPATCHER, "elsewhere")
    async with running.service.database.writing() as db:
        await add_staff(db, away, "kibi-demo")
    async with running.staff("operator") as operator, running.staff("away") as caller:
        trip = {"origin": 1, "destination": 6}
        token = (await operator.post("/api/v1/quotes", json=trip)).json()["offers"][0]["token"]
        body = {"offer": token, "rider_id": 1}
        made = (await operator.post("/api/v1/bookings", json=body, headers=key())).json()
        asked: list[tuple[str, str, dict[str, Any] | None]] = [
            ("GET", f"/api/v1/bookings/{made['id']}", None),
            ("DELETE", f"/api/v1/bookings/{made['id']}", {"reason": ""}),
            ("PATCH", f"/api/v1/bookings/{made['id']}", {"offer": token}),
            ("GET", "/api/v1/plan?area=tiny", None),
            ("GET", "/api/v1/bookings?area=tiny", None),
            ("POST", "/api/v1/quotes", trip | {"area": "tiny"}),
            ("GET", "/api/v1/vehicles/van-1/job", None),
            ("POST", "/api/v1/vehicles/van-1/driver", None),
            ("POST", "/api/v1/vehicles/van-1/steps", {"booking_id": made["id"], "step": "arrived"}),
        ]
        for method, path, json in asked:
            answer = await caller.request(method, path, json=json, headers=key())
            assert answer.status_code == 403, f"{method} {path}: {answer.text}"
        assert (await caller.get("/api/v1/vehicles")).json() == []
