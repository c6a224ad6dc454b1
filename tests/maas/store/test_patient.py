"""A server of PostgreSQL that says nothing any more is given up: whoever asks is told so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from maas import running
from maas.settings import Settings
from maas.store.database import Database, open_database
from tests.maas.lines import line_to
from tests.ports import PATIENCE_S


async def test_a_silent_server_is_given_up_and_asked_anew(fresh_postgres_url: str) -> None:
    async with line_to(fresh_postgres_url) as (line, url), asyncio.timeout(PATIENCE_S):
        database = open_database(url, pool_size=1, patience_s=3.0)
        try:
            await database.ping()
            line.silent = True
            with pytest.raises(OperationalError):
                await asked(database)
            with pytest.raises(OperationalError):
                await database.ping()

            line.silent = False
            await database.ping()
        finally:
            await database.close()


async def test_a_server_asks_whether_the_host_is_there_and_waits_as_long_as_it_is_set(
    fresh_postgres_url: str, tmp_path: Path
) -> None:
    async with line_to(fresh_postgres_url) as (_, url):
        settings = Settings(data_dir=tmp_path, database_url=f"{url}?keepalives_count=7")
        database = await running._open(settings, "maas-one")
        try:
            async with database.reading() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                assert raw is not None
                told = raw.info.get_parameters()
                assert raw.patience_s == settings.database_patience_s
        finally:
            await database.close()
    names = ("keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout")
    assert [told[name] for name in names] == ["5", "5", "7", "15000"]


async def asked(database: Database) -> None:
    """Ask something in a transaction."""
    async with database.writing() as connection:
        await connection.execute(text("SELECT 1"))
