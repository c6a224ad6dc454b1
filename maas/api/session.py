"""Staff sign in, see who they are, and sign out."""

from __future__ import annotations

import logging
import math

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from maas.api.identity import SignedIn, The, cookie_name, set_cookie
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.service import Service
from maas.auth import second_factor
from maas.auth.roles import Permission, Role
from maas.auth.sessions import close_session, open_session
from maas.auth.staff import Person, find_by_password
from maas.auth.throttle import Throttle

log = logging.getLogger(__name__)

router = APIRouter(prefix="/session", tags=["session"])


class CredentialsIn(BaseModel):
    """A staff member's name and password."""

    name: str = Field(min_length=1, max_length=100, examples=["operator"])
    password: str = Field(min_length=1, max_length=200, examples=["kibi-demo"])
    code: str = Field(
        "", max_length=40, description="Of the authenticator app, or one to recover with."
    )


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
    person = await proved(credentials, request, service)
    old = request.cookies.get(cookie_name(request))
    async with service.database.writing() as db:
        if old:
            await close_session(db, old)
        token = await open_session(db, person.name, service.real_now())
    log.info("signed in: %r from %s", person.name, _host(request))
    set_cookie(request, response, token)
    return SessionOut.of(person)


async def proved(credentials: CredentialsIn, request: Request, service: Service) -> Person:
    """Return whose name and password these are, or raise the problem 401.

    Five failures within five minutes make a name at an address wait, fifty a whole address: the
    people of one office share one.
    """
    host = _host(request)
    tries = ((service.throttle, f"{host} {credentials.name}"), (service.host_throttle, host))
    _refuse_while_throttled(service, tries)
    async with service.database.reading() as db:
        person = await find_by_password(db, credentials.name, credentials.password)
    wrong = "bad-credentials" if person is None else await _unproved(credentials, service)
    if wrong == "code-needed":
        raise Problem(wrong)
    if person is None or wrong is not None:
        for throttle, key in tries:
            throttle.fail(key, service.real_now())
        log.warning("sign-in refused: %r from %s: %s", credentials.name, host, wrong)
        raise Problem(wrong or "bad-credentials")
    service.throttle.succeed(tries[0][1])
    return person


async def _unproved(credentials: CredentialsIn, service: Service) -> str | None:
    """Return what the second proof of somebody lacks, None when it is given or none is asked."""
    async with service.database.writing() as db:
        if not await second_factor.is_in_force(db, credentials.name):
            return None
        if not credentials.code:
            return "code-needed"
        now_s = service.real_now()
        proves = await second_factor.prove(db, credentials.name, credentials.code, now_s)
        return None if proves else "wrong-code"


def _host(request: Request) -> str:
    return request.client.host if request.client else ""


def _refuse_while_throttled(service: Service, tries: tuple[tuple[Throttle, str], ...]) -> None:
    now_s = service.real_now()
    wait_s = math.ceil(max(throttle.wait_s(key, now_s) for throttle, key in tries))
    if wait_s > 0:
        raise Problem("too-many-attempts", wait_s=wait_s, headers={"retry-after": str(wait_s)})


@router.get("", operation_id="readSession", **needs(Permission.SIGNED_IN))
async def read_session(person: SignedIn) -> SessionOut:
    """Say who is signed in."""
    return SessionOut.of(person)


@router.delete(
    "", operation_id="signOut", status_code=204, **needs(Permission.PUBLIC, changes=True)
)
async def sign_out(request: Request, response: Response, service: The) -> None:
    """End the session; the same answer when there is none."""
    token = request.cookies.get(cookie_name(request))
    if token:
        async with service.database.writing() as db:
            await close_session(db, token)
    response.delete_cookie(cookie_name(request), path="/")
