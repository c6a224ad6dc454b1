"""Staff sign in, see who they are, and sign out."""

from __future__ import annotations

import logging
import math
from dataclasses import asdict
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from maas.api.identity import (
    JustProved,
    SignedIn,
    The,
    cookie_name,
    door_name,
    session_token,
    set_cookie,
)
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.service import Service
from maas.api.shapes import Instant, Shape
from maas.api.staff import Password
from maas.auth import second_factor
from maas.auth.accounts import change_own
from maas.auth.guessed import is_guessed
from maas.auth.roles import Permission, Role
from maas.auth.sessions import (
    ABSOLUTE_S,
    IDLE_S,
    Way,
    close_session,
    digest,
    note_proof,
    open_session,
)
from maas.auth.staff import Person, find_by_password
from maas.auth.throttle import Throttle
from maas.store.people import end_other_sessions, sessions_of

log = logging.getLogger(__name__)

router = APIRouter(prefix="/session", tags=["session"])


class CredentialsIn(BaseModel):
    """A staff member's name and password."""

    name: str = Field(min_length=1, max_length=100, examples=["operator"])
    password: str = Field(min_length=1, max_length=200, examples=["kibi-demo"])
    code: str = Field(
        "", max_length=40, description="Of the authenticator app, or one to recover with."
    )


class ProofIn(BaseModel):
    """The password of whoever is signed in, and a code when they are asked for one."""

    password: str = Field(min_length=1, max_length=200)
    code: str = Field("", max_length=40)


class NewPasswordIn(ProofIn):
    """A new password in the place of the one before."""

    new: Password


class LoginOut(Shape):
    """Where one is signed in; `here` is the browser that asks, `way` what proved it was one."""

    browser: str
    way: Way
    created_at: Instant
    seen_at: Instant
    here: bool


class OthersEndedOut(BaseModel):
    """How many logins were ended."""

    ended: int


class SessionOut(BaseModel):
    """Who is signed in; `area` null means every area."""

    name: str
    display_name: str
    role: Role
    area: str | None

    @classmethod
    def of(cls, person: Person) -> SessionOut:
        """Return the shape of `person` on the API."""
        return cls(
            name=person.name,
            display_name=person.display_name,
            role=person.role,
            area=person.area,
        )


@router.post(
    "",
    operation_id="signIn",
    **needs(
        Permission.PUBLIC, "bad-credentials", "code-needed", "wrong-code", "too-many-attempts",
        changes=True,
    ),
)  # fmt: skip
async def sign_in(
    credentials: CredentialsIn, request: Request, response: Response, service: The
) -> SessionOut:
    """Start a new session."""
    person, way = await proved(credentials, request, service)
    return await let_in(person, way, request, response, service)


async def let_in(
    person: Person, way: Way, request: Request, response: Response, service: Service
) -> SessionOut:
    """Give somebody who has proved who they are a new session, and end the one before."""
    old = session_token(request)
    async with service.database.writing() as db:
        if old:
            await close_session(db, old)
        token = await open_session(db, person.name, service.real_now(), way, browser_of(request))
    log.info("signed in: %r by %s from %s", person.name, way, host_of(request))
    set_cookie(request, response, token)
    response.delete_cookie(door_name(request), path="/")
    return SessionOut.of(person)


_BROWSERS: Final = {
    "Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "FxiOS/": "Firefox",
    "Chrome/": "Chrome", "CriOS/": "Chrome", "Safari/": "Safari",
}  # fmt: skip
_SYSTEMS: Final = {
    "Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad",
    "CrOS": "ChromeOS", "Mac OS X": "Mac", "Linux": "Linux",
}  # fmt: skip


def browser_of(request: Request) -> str:
    """Return what somebody tells their logins apart by, such as `Chrome, Windows`."""
    agent = request.headers.get("user-agent", "")
    found = (
        next((name for mark, name in names.items() if mark in agent), "")
        for names in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(filter(None, found))


@router.post(
    "/proof",
    operation_id="proveAgain",
    status_code=204,
    **needs(
        Permission.SIGNED_IN, "bad-credentials", "code-needed", "wrong-code", "too-many-attempts",
        changes=True,
    ),
)  # fmt: skip
async def prove_again(given: ProofIn, person: SignedIn, request: Request, service: The) -> None:
    """Prove again who one is, before changing how one does."""
    credentials = CredentialsIn(name=person.name, password=given.password, code=given.code)
    _, way = await proved(credentials, request, service)
    async with service.database.writing() as db:
        await note_proof(db, session_token(request), way, service.real_now())


async def proved(
    credentials: CredentialsIn, request: Request, service: Service
) -> tuple[Person, Way]:
    """Return whose name and password these are and what proved it, or raise the problem 401.

    Five failures within five minutes make a name at an address wait, fifty a whole address: the
    people of one office share one.
    """
    host = host_of(request)
    tries = ((service.throttle, f"{host} {credentials.name}"), (service.host_throttle, host))
    refuse_while_throttled(service, tries)
    async with service.database.reading() as db:
        person = await find_by_password(db, credentials.name, credentials.password)
    way, wrong = await _second(credentials, service) if person else ("password", "bad-credentials")
    if wrong == "code-needed":
        raise Problem(wrong)
    if person is None or wrong is not None:
        for throttle, key in tries:
            throttle.fail(key, service.real_now())
        log.warning("sign-in refused: %r from %s: %s", credentials.name, host, wrong)
        raise Problem(wrong or "bad-credentials")
    service.throttle.succeed(tries[0][1])
    return person, way


async def _second(credentials: CredentialsIn, service: Service) -> tuple[Way, str | None]:
    """Return what proves somebody, and what their second proof lacks."""
    async with service.database.writing() as db:
        if not await second_factor.is_in_force(db, credentials.name):
            return "password", None
        if not credentials.code:
            return "code", "code-needed"
        now_s = service.real_now()
        proves = await second_factor.prove(db, credentials.name, credentials.code, now_s)
        return "code", None if proves else "wrong-code"


def host_of(request: Request) -> str:
    """Return the address somebody asks from."""
    return request.client.host if request.client else ""


def refuse_while_throttled(service: Service, tries: tuple[tuple[Throttle, str], ...]) -> None:
    """Raise the problem 429 while any of these has to wait."""
    now_s = service.real_now()
    wait_s = math.ceil(max(throttle.wait_s(key, now_s) for throttle, key in tries))
    if wait_s > 0:
        raise Problem("too-many-attempts", wait_s=wait_s, headers={"retry-after": str(wait_s)})


@router.get("", operation_id="readSession", **needs(Permission.SIGNED_IN))
async def read_session(person: SignedIn) -> SessionOut:
    """Say who is signed in."""
    return SessionOut.of(person)


@router.get("/logins", operation_id="listOwnLogins", **needs(Permission.SIGNED_IN))
async def list_logins(
    person: SignedIn, request: Request, service: The, write: In
) -> list[LoginOut]:
    """Return where one is signed in, the newest first."""
    now_s, own = service.real_now(), digest(session_token(request))
    async with service.database.reading() as db:
        rows = await sessions_of(db, person.name)
    return [
        write.one(LoginOut, {**asdict(row), "here": row.id_hash == own})
        for row in rows
        if now_s - row.seen_at < IDLE_S and now_s - row.created_at < ABSOLUTE_S
    ]


@router.delete(
    "/logins",
    operation_id="endOwnLogins",
    **needs(Permission.SIGNED_IN, "foreign-origin", "prove-again"),
)
async def end_logins(person: JustProved, request: Request, service: The) -> OthersEndedOut:
    """Sign oneself out everywhere else."""
    async with service.database.writing() as db:
        ended = await end_other_sessions(db, person.name, digest(session_token(request)))
    return OthersEndedOut(ended=ended)


@router.put(
    "/password",
    operation_id="changeOwnPassword",
    status_code=204,
    **needs(
        Permission.SIGNED_IN, "bad-credentials", "code-needed", "wrong-code", "too-many-attempts",
        "guessed-password", changes=True,
    ),
)  # fmt: skip
async def change_password(
    given: NewPasswordIn, person: SignedIn, request: Request, service: The
) -> None:
    """Change one's own password by the one before, and sign oneself out everywhere else."""
    credentials = CredentialsIn(name=person.name, password=given.password, code=given.code)
    await proved(credentials, request, service)
    if is_guessed(given.new, person.name, person.display_name):
        raise Problem("guessed-password")
    await change_own(service.database, person.name, given.new, service.clock())
    async with service.database.writing() as db:
        await end_other_sessions(db, person.name, digest(session_token(request)))


@router.delete(
    "", operation_id="signOut", status_code=204, **needs(Permission.PUBLIC, changes=True)
)
async def sign_out(request: Request, response: Response, service: The) -> None:
    """End the session; the same answer when there is none."""
    token = session_token(request)
    if token:
        async with service.database.writing() as db:
            await close_session(db, token)
    response.delete_cookie(cookie_name(request), path="/")
