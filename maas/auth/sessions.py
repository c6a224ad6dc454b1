"""Server-side sessions: an opaque id in the cookie, its SHA-256 in the database.

Times are real epoch seconds, never the service clock: a demo at sixty-fold speed must not sign
anybody out.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.auth.staff import Person
from maas.store import people

IDLE_S: Final = 30 * 60
ABSOLUTE_S: Final = 12 * 3600
SEEN_EVERY_S: Final = 60
RECENT_S: Final = 10 * 60
"""How long a proof is fresh enough to change how one proves who one is."""

Way = Literal["password", "code", "passkey", "organisation"]
"""How somebody proved who they are; `code` is a password and a code."""


def digest(token: str) -> str:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def open_session(
    db: AsyncConnection, name: str, now_s: float, way: Way = "password", browser: str = ""
) -> str:
    """Start a session of `name` and return the id for the cookie; sweep out those that are over."""
    token = secrets.token_urlsafe(32)
    await people.end_sessions(db, unused_since=now_s - IDLE_S, older_than=now_s - ABSOLUTE_S)
    row = people.SessionRow(digest(token), name, now_s, now_s, now_s, way, browser)
    await people.add_session(db, row)
    return token


async def close_session(db: AsyncConnection, token: str) -> None:
    """End the session of `token`, if there is one."""
    await people.end_session(db, digest(token))


async def find_session(
    db: AsyncConnection, token: str, now_s: float
) -> tuple[Person, float] | None:
    """Return who a session belongs to and when it was last noted as used.

    None when it never was, is over (30 min unused, 12 h old), or the person was disabled.
    """
    found = await people.session(db, digest(token))
    if found is None:
        return None
    login, account = found
    if now_s - login.seen_at >= IDLE_S or now_s - login.created_at >= ABSOLUTE_S:
        return None
    return Person.of(account), login.seen_at


async def note_use(db: AsyncConnection, token: str, now_s: float) -> None:
    """Note that a session was used now."""
    await people.touch_session(db, digest(token), now_s)


async def is_fresh(db: AsyncConnection, token: str, now_s: float) -> bool:
    """Say whether the person of a session has proved lately who they are."""
    found = await people.session(db, digest(token))
    return found is not None and now_s - found[0].proved_at < RECENT_S


async def note_proof(db: AsyncConnection, token: str, way: Way, now_s: float) -> None:
    """Note that the person of a session has proved again who they are."""
    await people.note_proof(db, digest(token), way, now_s)
