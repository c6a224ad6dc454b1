"""Signs: paired by a code that they show, known by a token, looked after by their heartbeats."""

from __future__ import annotations

import json
import math
import re
import secrets
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path as File
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from maas.api.identity import SignedIn, The
from maas.api.pages import DISTS
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.service import Service
from maas.api.shapes import Instant, Shape
from maas.auth.devices import CODE_CHARACTERS, CODE_S
from maas.auth.roles import Permission
from maas.auth.sessions import digest
from maas.buses import stop_names
from maas.store import signs
from maas.store.commits import AuditEntry, add_audit
from maas.store.signs import SignRow
from signage.device import Alarm, Heartbeat, alarms

router = APIRouter(prefix="/signs", tags=["signs"])

CODE_LENGTH: Final = 6
"""Short, for it is typed by hand; it is good for half an hour, and only the office can use it."""
WAITING_MAX: Final = 500
TOPIC: Final = "sign:"

SignId = Annotated[str, Path(min_length=1, max_length=64)]


class ShownCodeOut(BaseModel):
    """The code a sign shows, and the token by which it learns what became of it."""

    code: str = Field(examples=["K7Q-F2P"])
    token: str
    expires_in_s: int


class SignIn(BaseModel):
    """Where a sign stands and how it is read."""

    name: str = Field(min_length=1, max_length=100, examples=["病院の入口"])
    stop: str = Field(min_length=1, max_length=200)
    panel_inches: float = Field(ge=5, le=120, examples=[32])
    distance_m: float = Field(gt=0, le=30, examples=[5])


class PairIn(SignIn):
    """The code on the sign, and where it stands; spaces and hyphens do not matter."""

    code: str = Field(min_length=1, max_length=40, examples=["K7Q-F2P"])


class SignConfigOut(Shape):
    """What a sign is to show; `stop` is null while it waits to be paired.

    A page of another `version` than this, or loaded before `reload_at`, loads itself anew.
    """

    id: str
    stop: str | None = Field(validation_alias="stop_id")
    name: str
    panel_inches: float
    distance_m: float
    reload_at: float
    now: float = Field(description="The server's real clock, by which the sign knows its own.")
    version: str = Field(description="Of the pages the server gives out, empty without any.")


class HeartbeatIn(BaseModel):
    """How a sign is, once a minute."""

    state: Literal["live", "stale", "timetable", "expired"]
    age_s: float = Field(ge=0, le=1e12)
    picture: str = Field(max_length=64, description="A hash of what it shows.")
    version: str = Field(max_length=64)
    memory_mb: float | None = Field(None, ge=0, le=1e6)
    clock_ahead_s: float = Field(0, ge=-1e12, le=1e12)


class SignOut(Shape):
    """A sign with what it last said of itself; `alarms` are what somebody should look after."""

    id: str
    name: str
    stop: str = Field(validation_alias="stop_id")
    stop_name: str
    panel_inches: float
    distance_m: float
    paired_at: Instant
    heard_at: Instant | None
    state: str | None
    age_s: float | None
    memory_mb: float | None
    picture: str | None
    version: str | None
    clock_ahead_s: float | None
    alarms: list[Alarm]


@router.post(
    "/codes",
    operation_id="showSignCode",
    status_code=201,
    **needs(Permission.PUBLIC, "too-many-attempts"),
)
async def show_code(request: Request, service: The) -> ShownCodeOut:
    """Give a new sign a code to show; twenty within five minutes make an address wait."""
    host, now = f"sign {request.client.host if request.client else ''}", service.real_now()
    wait_s = math.ceil(service.code_throttle.wait_s(host, now))
    code = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
    token = secrets.token_urlsafe(32)
    row = SignRow(secrets.token_hex(6), digest(token), digest(code), now + CODE_S)
    async with service.database.writing() as db:
        if wait_s > 0 or await signs.count_waiting(db, now) >= WAITING_MAX:
            wait_s = wait_s or 60
            raise Problem("too-many-attempts", wait_s=wait_s, headers={"retry-after": str(wait_s)})
        await signs.add_waiting(db, row, now)
    service.code_throttle.fail(host, now)
    return ShownCodeOut(code=f"{code[:3]}-{code[3:]}", token=token, expires_in_s=int(CODE_S))


async def this_sign(request: Request, service: The) -> SignRow:
    """Return the sign that asks; raises the problem 401 when its token is not known."""
    _, _, token = request.headers.get("authorization", "").partition(" ")
    async with service.database.reading() as db:
        row = await signs.by_token(db, digest(token), service.real_now())
    if row is None:
        raise Problem("bad-sign")
    return row


This = Annotated[SignRow, Depends(this_sign)]


@router.get("/me", operation_id="readThisSign", **needs(Permission.SIGN, "bad-sign"))
async def read_this_sign(sign: This, service: The, write: In) -> SignConfigOut:
    """Return what the sign that asks is to show."""
    return _config(sign, service, write)


@router.post(
    "/me/heartbeat",
    operation_id="reportSign",
    **needs(Permission.SIGN, "bad-sign", changes=True),
)
async def report_sign(sign: This, said: HeartbeatIn, service: The, write: In) -> SignConfigOut:
    """Note how the sign that asks is; the answer is what it is to show."""
    now = service.real_now()
    before = sign.heartbeat or {}
    same = before.get("picture") == said.picture and sign.picture_since is not None
    values = {
        "heard_at": now,
        "heartbeat": said.model_dump(),
        "picture_since": sign.picture_since if same else now,
    }
    async with service.database.writing() as db:
        await signs.change(db, sign.id, values)
    return _config(sign, service, write)


@router.get("", operation_id="listSigns", **needs(Permission.READ_PLAN))
async def list_signs(service: The, write: In) -> list[SignOut]:
    """Return every paired sign with what it last said of itself and what is wrong with it."""
    async with service.database.reading() as db:
        rows = await signs.paired(db)
    return [_out(service, row, write) for row in rows]


@router.post(
    "",
    operation_id="pairSign",
    status_code=201,
    **needs(Permission.MANAGE_DEVICES, "not-found", "bad-code", changes=True),
)
async def pair_sign(asked: PairIn, person: SignedIn, service: The, write: In) -> SignOut:
    """Say where the sign stands that shows a code; the code is used up."""
    values = _values(service, asked)
    typed = "".join(asked.code.upper().split()).replace("-", "")
    async with service.database.writing() as db:
        row = await signs.pair(db, digest(typed), values, service.real_now())
        if row is None:
            raise Problem("bad-code")
        await add_audit(db, _entry(service, person.name, "sign.paired", row))
    _tell(service, row)
    return _out(service, row, write)


@router.put(
    "/{sign_id}",
    operation_id="changeSign",
    **needs(Permission.MANAGE_DEVICES, "not-found", changes=True),
)
async def change_sign(
    sign_id: SignId, asked: SignIn, person: SignedIn, service: The, write: In
) -> SignOut:
    """Say anew where a sign stands and how it is read."""
    values = _values(service, asked)
    async with service.database.writing() as db:
        row = await signs.change(db, sign_id, values)
        if row is None:
            raise Problem("not-found")
        await add_audit(db, _entry(service, person.name, "sign.changed", row))
    _tell(service, row)
    return _out(service, row, write)


@router.delete(
    "/{sign_id}",
    operation_id="removeSign",
    status_code=204,
    **needs(Permission.MANAGE_DEVICES, "not-found", "foreign-origin"),
)
async def remove_sign(sign_id: SignId, person: SignedIn, service: The) -> None:
    """Forget a sign; it shows a code again."""
    async with service.database.writing() as db:
        if not await signs.remove(db, sign_id):
            raise Problem("not-found")
        gone = SignRow(sign_id, "", None, 0)
        await add_audit(db, _entry(service, person.name, "sign.removed", gone))
    _tell(service, gone)


@router.post(
    "/{sign_id}/reload",
    operation_id="reloadSign",
    status_code=204,
    **needs(Permission.MANAGE_DEVICES, "not-found", "foreign-origin"),
)
async def reload_sign(sign_id: SignId, service: The) -> None:
    """Have a sign load its page anew, at once when it listens."""
    async with service.database.writing() as db:
        row = await signs.change(db, sign_id, {"reload_at": service.real_now()})
        if row is None:
            raise Problem("not-found")
    _tell(service, row)


def _values(service: Service, asked: SignIn) -> dict[str, object]:
    if service.buses.stop(asked.stop) is None:
        raise Problem("not-found")
    return {
        "name": asked.name,
        "stop_id": asked.stop,
        "panel_inches": asked.panel_inches,
        "distance_m": asked.distance_m,
    }


def _tell(service: Service, row: SignRow) -> None:
    """Have a sign that listens ask what it is to show."""
    fragment = json.dumps({"id": row.id, "at": service.real_now()}).encode()
    service.hub.publish(TOPIC + row.id, row.id, fragment)


def _config(row: SignRow, service: Service, write: In) -> SignConfigOut:
    more = {"version": page_version()[0], "now": service.real_now()}
    return write.one(SignConfigOut, {**asdict(row), **more})


def _out(service: Service, row: SignRow, write: In) -> SignOut:
    version, since = page_version()
    last = None if row.heartbeat is None else Heartbeat(**row.heartbeat)
    found = service.buses.stop(row.stop_id or "")
    said = row.heartbeat or dict.fromkeys(HeartbeatIn.model_fields)
    wrong = alarms(
        last,
        heard_at=row.heard_at,
        picture_since=row.picture_since,
        started_at=since,
        version=version,
        now=service.real_now(),
    )
    stop_name = stop_names(*found)[0] if found else ""
    return write.one(SignOut, {**asdict(row), **said, "stop_name": stop_name, "alarms": wrong})


def page_version() -> tuple[str, float]:
    """Return the version of the sign's page on disk, empty where none is built, and since when."""
    page = next((dist / "sign.html" for dist in DISTS if (dist / "sign.html").is_file()), None)
    if page is None:
        return "", 0.0
    since = page.stat().st_mtime
    return _version(page, since), since


@lru_cache(maxsize=1)
def _version(page: File, _since: float) -> str:
    """Return the hash in the name of the page's script; the page knows it as its own address."""
    found = re.search(r"/assets/sign-([\w-]+)\.js", page.read_text("utf-8"))
    return found[1] if found else ""


def _entry(service: Service, who: str, action: str, row: SignRow) -> AuditEntry:
    words = json.dumps({"name": row.name, "stop": row.stop_id}, ensure_ascii=False)
    return AuditEntry(service.clock(), who, action, row.id, words)
