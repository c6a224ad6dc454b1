"""Telephone numbers and addresses are forgotten after the town's term; what happened is not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from maas.people.retention import forget_numbers
from maas.store import webhooks
from maas.store.database import Database
from maas.store.tables import (
    audit,
    bookings,
    calls,
    idempotency,
    notifications,
    waitlist,
    webhook_letters,
)
from maas.store.webhooks import WebhookRow
from maas.town.imports import import_town
from tests.maas.line_town import DAY0, LineRoads, write_town

ZONE = "Asia/Tokyo"
DAY_S = 86_400
TODAY = dt.date(2026, 11, 25)
NOW = DAY0 + 9 * 3600.0


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> Database:
    folder = write_town(tmp_path / "town", rules="numbers_kept_days = 30")
    await import_town(database, folder, LineRoads(), "net")
    return database


async def put(town: Database, days_ago: int) -> None:
    """Keep a call, a ride, an entry of the waitlist, a message and an answer of that day."""
    at, day, name = NOW - DAY_S * days_ago, TODAY - dt.timedelta(days_ago), f"{days_ago}"
    contact = {"contact_name": "見本 太郎", "contact_phone": "000-000-0009"}
    rows: list[tuple[Any, dict[str, Any]]] = [
        (calls, {"id": name, "number": "0000000009", "state": "ended", "rang_at": at}),
        (
            bookings,
            contact
            | {
                "id": name, "area_id": "line", "service_date": day, "reference": "1234",
                "state": "done", "origin_id": 2, "destination_id": 3, "riders": 1,
                "wheelchairs": 0, "half_fares": 0, "infants": 0, "transfer": False,
                "vehicle_id": "van-1", "promise_no": 1, "pickup_planned_s": 0,
                "arrive_planned_s": 0, "direct_s": 0, "booked_at": at, "booked_by": "yuki",
            },
        ),
        (
            waitlist,
            contact
            | {
                "id": name, "area_id": "line", "service_date": day, "ask": {}, "state": "lapsed",
                "made_at": at, "made_by": "yuki", "version": 1,
            },
        ),
        (
            idempotency,
            {
                "actor": "yuki", "key": name, "parameters": "", "status": 200,
                "body": "000-000-0009", "at": at,
            },
        ),
    ]  # fmt: skip
    message = {
        "area_id": "line", "occasion": "booked", "facts": {}, "language": "ja", "channel": "sms",
        "address": "000-000-0009", "due_at": at, "next_at": at, "urgency": 1, "attempts": 1,
        "created_at": at,
    }  # fmt: skip
    states = ("delivered", "waiting")
    rows += [(notifications, message | {"key": name + each, "state": each}) for each in states]
    async with town.writing() as connection:
        for table, row in rows:
            await connection.execute(insert(table).values(**row))


async def column(town: Database, what: Any) -> list[Any]:  # noqa: ANN401 -- a column
    async with town.reading() as connection:
        found = await connection.execute(select(what).order_by(what.table.primary_key.columns[0]))
        return list(found.scalars())


async def test_numbers_are_forgotten_after_the_towns_term_and_not_a_day_before(
    town: Database,
) -> None:
    await put(town, 29)
    await put(town, 31)

    assert await forget_numbers(town, NOW, ZONE) == 4

    number, name = "000-000-0009", "見本 太郎"
    assert await column(town, calls.c.number) == ["0000000009", ""]
    for table in (bookings, waitlist):
        assert await column(town, table.c.contact_phone) == [number, ""]
        assert await column(town, table.c.contact_name) == [name, ""]
    # What may still be sent keeps its address.
    assert await column(town, notifications.c.address) == [number, number, "", number]
    assert await column(town, idempotency.c.key) == ["29"]
    assert await column(town, bookings.c.state) == ["done", "done"]  # the ride itself stays


async def test_forgetting_is_audited_once_and_names_nobody(town: Database) -> None:
    await put(town, 31)
    await forget_numbers(town, NOW, ZONE)
    assert await forget_numbers(town, NOW + 3600, ZONE) == 0

    rows = await column(town, audit.c.detail)
    said = [row for row in rows if "blanked" in row]
    assert said == ['{"blanked": 4, "letters": 0}']


async def test_letters_that_a_service_never_took_are_forgotten_after_the_same_term(
    town: Database,
) -> None:
    hook = WebhookRow("h1", "line", "https://a.example", ("confirmed",), "s", 0.0, "aki")
    async with town.writing() as connection:
        await webhooks.add_webhook(connection, hook)
        for days in (29, 31):
            made = NOW - DAY_S * days - webhooks.KEEP_S
            await webhooks.add_letters(connection, "line", "confirmed", f"{days}", "{}", made)
        await webhooks.give_up(connection, "h1", NOW)

    assert await forget_numbers(town, NOW, ZONE) == 1

    assert await column(town, webhook_letters.c.event_id) == ["29"]
    assert '{"blanked": 0, "letters": 1}' in await column(town, audit.c.detail)


async def test_without_a_town_nothing_is_forgotten(database: Database) -> None:
    assert await forget_numbers(database, NOW, ZONE) == 0
