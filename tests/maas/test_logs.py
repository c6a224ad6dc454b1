"""The log is of the service, never of people."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import SQLAlchemyError

from maas.logs import JsonLines, TextLines
from maas.store.database import open_database
from maas.store.sealed import Keys
from maas.store.tables import members

NAME = "金糸雀花子"


def record(
    message: str, *words: object, name: str = "maas", error: bool = False
) -> logging.LogRecord:
    info = sys.exc_info() if error else None
    return logging.LogRecord(name, logging.ERROR, __file__, 1, message, words, info)


def test_a_line_is_one_json_object() -> None:
    line = JsonLines().format(record("cannot look after the area %s\n", "全域"))
    assert "\n" not in line
    told = json.loads(line)
    assert told["message"] == "cannot look after the area 全域\n"
    assert (told["level"], told["from"]) == ("error", "maas")
    assert told["at"].endswith("+00:00")
    assert "error" not in told


def test_every_line_says_its_time_in_utc() -> None:
    said = record("hello")
    said.created, said.msecs = 1_800_000_000.25, 250.0
    at = "2027-01-15T08:00:00.250+00:00"
    assert TextLines().format(said).startswith(f"{at} ERROR maas hello")
    assert json.loads(JsonLines().format(said))["at"] == at


def test_an_error_is_told_by_kind_and_place_and_never_by_its_text() -> None:
    try:
        int(NAME)
    except ValueError:
        line = JsonLines().format(record("work failed", error=True))
    assert NAME not in line
    told = json.loads(line)
    assert told["error"] == "builtins.ValueError"
    assert told["where"][-1].endswith(
        "test_an_error_is_told_by_kind_and_place_and_never_by_its_text"
    )


async def test_a_database_error_quotes_nothing_that_is_known_of_people(database_url: str) -> None:
    database = open_database(database_url, keys=Keys(lambda: ["ab" * 32]))
    with pytest.raises(SQLAlchemyError) as told:
        async with database.writing() as db:
            await db.execute(insert(members).values(number=None, name=NAME))
    assert NAME not in str(told.value)
    with pytest.raises(SQLAlchemyError) as told:
        async with database.reading() as db:
            await db.execute(text("SELECT :name FROM nowhere"), {"name": NAME})
    assert NAME not in str(told.value)
    await database.close()
