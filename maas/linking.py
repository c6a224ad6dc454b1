"""Other services beside the requests: who may be called, the courier to them, the command line."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from maas.clock import clock_from
from maas.link import events
from maas.link.courier import Courier
from maas.link.desk import No, Secret, end, send_again, subscribe, trial
from maas.link.events import Kind
from maas.link.reach import Reach
from maas.link.sending import Outcome, Sender
from maas.rotation import open_sealed
from maas.settings import Settings
from maas.store import towns, webhooks
from maas.store.database import Database
from maas.store.once import By, Done
from maas.store.webhooks import Backlog


def reach(settings: Settings) -> Reach:
    """Return the hosts that the settings name."""
    return Reach(_hosts(settings.link_hosts), _hosts(settings.link_inside))


def _hosts(listed: str) -> frozenset[str]:
    return frozenset(filter(None, (each.strip().lower() for each in listed.split(","))))


@asynccontextmanager
async def linking(
    settings: Settings,
    database: Database,
    clock: Callable[[], float],
    leads: Callable[[], Collection[str]],
) -> AsyncIterator[Courier]:
    """Give the courier of a server, with its connections open as long as the block lasts."""
    sender = Sender(reach(settings), time.time)
    courier = Courier(database, sender, clock, leads)
    async with sender.transport:
        try:
            yield courier
        finally:
            await courier.close()


async def tried(
    settings: Settings, database: Database, webhook_id: str, within: str | None, by: By
) -> Outcome | No:
    """Send a service an event of no booking now, and return what came of it."""
    done = await trial(database, webhook_id, within, by)
    async with database.reading() as db:
        hook = await webhooks.webhook(db, webhook_id)
    if not isinstance(done, Done):
        return done
    if hook is None:
        return "not-found"
    sender = Sender(reach(settings), time.time)
    async with sender.transport:
        return await sender.send_body(hook, events.trial(hook.area_id, by.now, done.answer))


@asynccontextmanager
async def _at_hand(settings: Settings) -> AsyncIterator[tuple[Database, By]]:
    """Open the database for one command of the command line."""
    database = await open_sealed(settings)
    try:
        yield database, By("maas link", clock_from(settings)(), uuid4().hex)
    finally:
        await database.close()


async def listed(settings: Settings) -> list[dict[str, Any]]:
    """Return the services that are told, with how many letters wait or were given up."""
    async with _at_hand(settings) as (database, _), database.reading() as db:
        rows = await webhooks.all_webhooks(db)
        backlogs = await webhooks.backlogs(db, [row.id for row in rows])
    return [
        {
            "id": row.id,
            "area": row.area_id,
            "url": row.url,
            "kinds": row.kinds,
            "failing": row.failures > 0,
            "paused": row.paused,
            **asdict(backlogs.get(row.id, Backlog())),
        }
        for row in rows
    ]


async def added(settings: Settings, url: str, kinds: Collection[Kind], area: str | None) -> Secret:
    """Have a service told of an area, the first by default; raises ValueError when it cannot."""
    async with _at_hand(settings) as (database, by):
        async with database.reading() as db:
            areas = [row.id for row in await towns.all_areas(db)]
        if not areas or area not in {None, *areas}:
            raise ValueError(f"there is no area {area or ''}; there are: {', '.join(areas)}")
        where = area or areas[0]
        made = await subscribe(database, reach(settings), where, url, frozenset(kinds), by)
    if not isinstance(made, Secret):
        raise ValueError("only https:// addresses at hosts that MAAS_LINK_HOSTS lists")  # noqa: TRY004
    return made


async def ended(settings: Settings, webhook_id: str) -> bool:
    """Tell a service nothing any more; False when there is none of that id."""
    async with _at_hand(settings) as (database, by):
        return isinstance(await end(database, webhook_id, None, by), Done)


async def sent_again(settings: Settings, webhook_id: str) -> int | None:
    """Try anew what was given up: how many letters, None when there is no such service."""
    async with _at_hand(settings) as (database, by):
        done = await send_again(database, webhook_id, None, by)
    return int(done.answer) if isinstance(done, Done) else None
