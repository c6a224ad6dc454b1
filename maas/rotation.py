"""What is known of people lies sealed: since an upgrade, and with another key when one is made."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from maas.settings import Settings
from maas.store.database import Database, open_database, upgrade
from maas.store.sealed import Keys
from maas.store.sealing import count_old, seal_all


class Rotated(NamedTuple):
    """How many rows were sealed anew, and how many keys there are now."""

    rows: int
    keys: int


async def open_sealed(settings: Settings) -> Database:
    """Open the database in its newest schema; what an older program left unsealed is sealed."""
    if await upgrade(settings.database):
        await seal_rest(settings)
    return open_database(settings.database, keys=Keys(settings.sealing_keys))


async def seal_rest(settings: Settings) -> None:
    """Seal whatever lies unsealed, or sealed with an older key; raises SealError without keys."""
    keys = Keys(settings.sealing_keys)
    database = open_database(settings.database, keys=keys)
    try:
        await seal_all(database, keys)
    finally:
        await database.close()


async def rotate(settings: Settings, *, drop_old: bool) -> Rotated:
    """Make a new key and seal every row with it; a server may be running, and reads it by itself.

    The old keys stay, since a server may still be sealing with them; `drop_old` makes no new key,
    seals what they sealed meanwhile and forgets them: for when every server has been started anew.
    Where the environment gives the keys, its first one is taken as the new one.
    """
    if settings.personal_keys is None and not drop_old:
        settings.keep_sealing_keys([secrets.token_hex(32), *settings.sealing_keys()])
    await upgrade(settings.database)
    keys = Keys(settings.sealing_keys)
    database = open_database(settings.database, keys=keys)
    try:
        rows = await seal_all(database, keys)
        if drop_old:
            if await count_old(database, keys):
                raise RuntimeError("a server still seals with an old key: start it anew first")
            settings.keep_sealing_keys(settings.sealing_keys()[:1])
    finally:
        await database.close()
    return Rotated(rows, len(settings.sealing_keys()))
