"""Kill the server between keeping a message and sending it, and between sending and noting it.

The real server (`maas serve`) sends to a gateway in this process, which holds its answers back so
that the server dies with messages on their way.  In the end each message must have arrived at least
once, repeats under the same key, and the gateway must know as many messages as were wanted.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from sqlalchemy import select

from maas.notify.occasions import Occasion
from maas.notify.wanted import wanted
from maas.store.bookings import BookingRow, add_booking
from maas.store.database import Database, open_database
from maas.store.members import MemberRow, all_members, save_members
from maas.store.tables import notifications
from tests.chaos.kill import Server, prepare
from tests.maas.notify.fake_gateway import FakeGateway, fake_gateway
from tests.maas.notify.samples import BOOKING
from tests.maas.tiny_town import AREA

SPEED = 60.0
"""The service clock: a lease of a minute is over after a second."""
WITHIN_S = 60.0


@dataclass(slots=True)
class Outcome:
    """What a run found; `problems` is empty when no message was lost and repeats were seen."""

    kills: int = 0
    wanted: int = 0
    posts: int = 0
    on_their_way: int = 0
    """Messages that the gateway had and the server had not noted when it was killed."""
    problems: list[str] = field(default_factory=list)


async def run(folder: Path, url: str, *, kills: int, each: int, seed: int = 1) -> Outcome:
    """Keep `each` messages before each of the kills and return what came of them."""
    env = await prepare(folder, url)
    outcome = Outcome(kills)
    with fake_gateway() as gateway:
        server = Server(env | _settings(gateway), folder)
        database = open_database(url)
        try:
            await _run(server, database, gateway, outcome, kills, each, seed)
        finally:
            server.kill()
            await database.close()
    return outcome


def _settings(gateway: FakeGateway) -> dict[str, str]:
    return {
        "MAAS_SMS_URL": f"{gateway.url}/sms",
        "MAAS_CLOCK_ANCHOR": str(time.time()),
        "MAAS_CLOCK_SPEED": str(SPEED),
    }


async def _run(
    server: Server,
    database: Database,
    gateway: FakeGateway,
    outcome: Outcome,
    kills: int,
    each: int,
    seed: int,
) -> None:
    choose = random.Random(seed)  # noqa: S311
    rider, row = await _booked(database)
    start = float(server.env["MAAS_CLOCK_START"])
    server.start()
    await server.ready()
    keys: list[str] = []
    on_their_way: set[str] = set()  # once each: one may be killed twice before it is sent again
    for kill in range(kills):
        if kill % 2:
            gateway.gate.clear()
        began = len(gateway.posts)
        fresh = [f"{kill}-{number}" for number in range(each)]
        await _want(database, rider, row, fresh, start)
        keys += [f"{Occasion.VEHICLE_OUT}:{row.id}:{once}" for once in fresh]
        if kill % 2:
            await _until(partial(_more_than, gateway, began))
        else:
            await asyncio.sleep(choose.uniform(0.0, 0.3))
        server.kill()
        on_their_way |= gateway.messages.keys() & await _sending(database)
        gateway.gate.set()
        server.start()
        await server.ready()
    await _until(lambda: set(keys) <= gateway.messages.keys())
    await _all_noted(database, outcome)
    outcome.on_their_way = len(on_their_way)
    _compare(keys, gateway, outcome)


async def _booked(database: Database) -> tuple[MemberRow, BookingRow]:
    """Return a rider who wants text messages, with a booking long over: no plan knows it."""
    async with database.writing() as db:
        rider = replace((await all_members(db))[0], confirm_by="sms")
        await save_members(db, [rider])
        row = replace(BOOKING, area_id=AREA, member_id=rider.id, origin_id=1, destination_id=2)
        await add_booking(db, row)
    return rider, row


async def _want(
    database: Database, rider: MemberRow, row: BookingRow, fresh: Sequence[str], now: float
) -> None:
    """Keep one message for each of `fresh`, each in a transaction of its own."""
    for once in fresh:
        notices = wanted(Occasion.VEHICLE_OUT, row, rider, now=now, due_at=now + 1e6, once=once)
        async with database.writing() as db:
            await notices.write(db)


async def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not happened() and time.monotonic() < deadline:  # noqa: ASYNC110 -- in another process
        await asyncio.sleep(0.02)


def _more_than(gateway: FakeGateway, number: int) -> bool:
    return len(gateway.posts) > number


async def _sending(database: Database) -> set[str]:
    async with database.reading() as db:
        query = select(notifications.c.key).where(notifications.c.state == "sending")
        return set(await db.scalars(query))


async def _all_noted(database: Database, outcome: Outcome) -> None:
    """Wait until every message is noted as sent."""
    states: Counter[str] = Counter()
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        async with database.reading() as db:
            states = Counter(await db.scalars(select(notifications.c.state)))
        if set(states) == {"sent"}:
            return
        await asyncio.sleep(0.1)
    outcome.problems.append(f"not noted as sent: {dict(states)}")


def _compare(keys: Sequence[str], gateway: FakeGateway, outcome: Outcome) -> None:
    outcome.wanted, outcome.posts = len(keys), len(gateway.posts)
    lost = set(keys) - gateway.messages.keys()
    made_up = gateway.messages.keys() - set(keys)
    outcome.problems += [f"lost: {sorted(lost)}"] if lost else []
    outcome.problems += [f"made up: {sorted(made_up)}"] if made_up else []
