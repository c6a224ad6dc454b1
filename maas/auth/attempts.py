"""What is begun at the door and ended once, by the browser that began it, within five minutes."""

from __future__ import annotations

from typing import Final, Literal

from maas.auth.sessions import digest
from maas.store import passkeys
from maas.store.database import Database

ATTEMPT_S: Final = 5 * 60

Kind = Literal["register", "enter", "organisation"]


async def begin(
    database: Database, kind: Kind, name: str, browser: str, now_s: float, kept: str = ""
) -> None:
    """Keep that a browser began something; `name` is what its end will be known by."""
    row = passkeys.AttemptRow(digest(name), kind, digest(browser), kept, now_s + ATTEMPT_S)
    async with database.writing() as db:
        await passkeys.add_attempt(db, row, now_s)


async def end(database: Database, kind: Kind, name: str, browser: str, now_s: float) -> str | None:
    """Return what was kept with what a browser began, which is used up by that.

    None when that browser began nothing of that name, too long ago, or has ended it before.
    """
    async with database.writing() as db:
        return await passkeys.use_attempt(db, digest(name), kind, digest(browser), now_s)
