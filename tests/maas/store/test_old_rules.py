"""A database of before learns to remember replaced rules, and loses none it has."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from maas.store.database import _config, open_database
from maas.store.towns import rules_of

RULE = (
    "INSERT INTO rules (area_id, kind, valid_from, body)"
    " VALUES ('a', :kind, '2021-10-01', '{\"days\": []}')"
)


def _to(connection: Connection, revision: str) -> None:
    command.upgrade(_config(connection), revision)


async def test_old_rules_hold_as_before_and_zones_are_rules_now(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'old.db'}")
    async with database.writing() as connection:
        await connection.run_sync(_to, "0016")
        await connection.execute(
            text("INSERT INTO towns VALUES ('t', '', '', '', '[]', '', '', '')")
        )
        await connection.execute(text("INSERT INTO areas VALUES ('a', 't', '', '')"))
        await connection.execute(text(RULE), {"kind": "hours"})
    with pytest.raises(IntegrityError):
        async with database.writing() as connection:
            await connection.execute(text(RULE), {"kind": "zone"})

    async with database.writing() as connection:
        await connection.run_sync(_to, "0010")
    async with database.writing() as connection:
        await connection.execute(text(RULE), {"kind": "zone"})
    with pytest.raises(IntegrityError):
        async with database.writing() as connection:
            await connection.execute(text(RULE), {"kind": "tax"})

    async with database.reading() as connection:
        rows = await rules_of(connection, "a")
    assert [(row.kind, row.body, row.made_at, row.made_by) for row in rows] == [
        ("hours", {"days": []}, 0.0, ""),
        ("zone", {"days": []}, 0.0, ""),
    ]
    await database.close()
