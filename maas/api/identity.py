"""Who is asking: a member of staff by cookie, or a device by bearer token."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Annotated, Final

from fastapi import Depends
from sqlalchemy.exc import OperationalError
from starlette.requests import HTTPConnection
from starlette.responses import Response

from maas.api.problems import Problem
from maas.api.service import Service, service_of
from maas.auth.attempts import ATTEMPT_S
from maas.auth.sessions import ABSOLUTE_S, SEEN_EVERY_S, find_session, is_fresh, note_use
from maas.auth.staff import Person
from maas.store.fleet import DeviceRow

_UNKNOWN: Final = object()


def cookie_name(connection: HTTPConnection) -> str:
    """Return the session cookie's name; only over TLS can it carry the `__Host-` prefix."""
    return "__Host-maas" if _secure(connection) else "maas"


def _secure(connection: HTTPConnection) -> bool:
    return connection.url.scheme in {"https", "wss"}


def set_cookie(connection: HTTPConnection, response: Response, token: str) -> None:
    """Give the browser the session id, where no script can read it."""
    response.set_cookie(
        cookie_name(connection),
        token,
        max_age=ABSOLUTE_S,
        path="/",
        secure=_secure(connection),
        httponly=True,
        samesite="lax",
    )


def session_token(connection: HTTPConnection) -> str:
    """Return the session id the browser sends, `` when it sends none."""
    return connection.cookies.get(cookie_name(connection), "")


def door_name(connection: HTTPConnection) -> str:
    """Return the name of the cookie that a browser is known by until somebody has come in."""
    return f"{cookie_name(connection)}-door"


def know_browser(connection: HTTPConnection, response: Response) -> str:
    """Return what a browser at the door is known by; a new one each time something is begun."""
    token = secrets.token_urlsafe(32)
    response.set_cookie(
        door_name(connection),
        token,
        max_age=ATTEMPT_S,
        path="/",
        secure=_secure(connection),
        httponly=True,
        samesite="lax",
    )
    return token


async def identify(connection: HTTPConnection) -> Person | None:
    """Return who is signed in, or None; asked once per request."""
    known = getattr(connection.state, "person", _UNKNOWN)
    if known is _UNKNOWN:
        known = await _look_up(connection)
        connection.state.person = known
    return known if isinstance(known, Person) else None


async def _look_up(connection: HTTPConnection) -> Person | None:
    token = session_token(connection)
    return await keep_alive(service_of(connection), token) if token else None


async def keep_alive(service: Service, token: str) -> Person | None:
    """Return whose session a token is, None when it is over; noted as used once a minute.

    What cannot be noted, on a full disk, keeps nobody from reading.
    """
    now_s = service.real_now()
    async with service.database.reading() as db:
        found = await find_session(db, token, now_s)
    if found is None:
        return None
    person, seen_at = found
    if now_s - seen_at >= SEEN_EVERY_S:
        with suppress(OperationalError):
            async with service.database.writing() as db:
                await note_use(db, token, now_s)
    return person


async def signed_in(connection: HTTPConnection) -> Person:
    """Return who is signed in, or raise the problem 401."""
    person = await identify(connection)
    if person is None:
        raise Problem("not-signed-in")
    return person


async def proved_lately(connection: HTTPConnection) -> Person:
    """Return who is signed in and proved it within ten minutes, or raise the problem it has."""
    person = await signed_in(connection)
    service = service_of(connection)
    async with service.database.reading() as db:
        if not await is_fresh(db, session_token(connection), service.real_now()):
            raise Problem("prove-again")
    return person


async def device_vehicle(connection: HTTPConnection) -> str | None:
    """Return the vehicle of the request's bearer token, or None when it has no valid one."""
    device = await device_of(connection)
    return None if device is None else device.vehicle_id


async def device_of(connection: HTTPConnection) -> DeviceRow | None:
    """Return the device of the request's bearer token, or None when it has no valid one."""
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        return None
    return await service_of(connection).device_by_token(token)


async def the_service(connection: HTTPConnection) -> Service:
    """See ``service_of``; FastAPI would call that one in another thread, since it does not wait."""
    return service_of(connection)


MaybePerson = Annotated[Person | None, Depends(identify)]
SignedIn = Annotated[Person, Depends(signed_in)]
JustProved = Annotated[Person, Depends(proved_lately)]
The = Annotated[Service, Depends(the_service)]
