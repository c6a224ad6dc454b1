"""A process that was frozen in the middle of writing holds nobody else up for long."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError

from maas.store.commits import lock_audit
from maas.store.database import Database, open_database


async def test_others_write_once_the_frozen_transaction_is_ended(fresh_postgres_url: str) -> None:
    frozen = open_database(fresh_postgres_url, idle_s=0.5)
    others = open_database(fresh_postgres_url)
    try:
        with pytest.raises(DBAPIError, match="idle"):
            await frozen_until(frozen, others)
    finally:
        await frozen.close()
        await others.close()


async def frozen_until(frozen: Database, others: Database) -> None:
    """Begin to write, and go on only when others could."""
    async with frozen.writing() as mine:
        await lock_audit(mine)
        async with asyncio.timeout(60), others.writing() as theirs:
            await lock_audit(theirs)
        await lock_audit(mine)
