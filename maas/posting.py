"""Messages to riders beside the requests: the channels set up, the post, the reminders."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from maas.notify.channels import Sender
from maas.notify.gateways import Gateway, Line, new_client
from maas.notify.mail import Mail
from maas.notify.manners import Manners
from maas.notify.occasions import Channel
from maas.notify.post import Post
from maas.notify.push import Push, new_key, read_key
from maas.notify.reminders import coming, evening_before
from maas.people.links import ride_token
from maas.rides.keeper import Keeper
from maas.settings import Settings
from maas.store.database import Database
from maas.town.imports import area_rules


def senders(
    settings: Settings, database: Database, client: httpx.AsyncClient
) -> dict[Channel, Sender]:
    """Return the channels the settings name; what is not set up is an operator's telephone."""
    token = settings.gateway_token.get_secret_value() if settings.gateway_token else ""
    found: dict[Channel, Sender] = {}
    if settings.smtp_url is not None:
        found[Channel.EMAIL] = Mail(settings.smtp_url.get_secret_value(), settings.mail_from or "")
    if settings.sms_url is not None:
        found[Channel.SMS] = Gateway(settings.sms_url, token, "sms", client)
    if settings.voice_url is not None:
        found[Channel.VOICE] = Gateway(settings.voice_url, token, "voice", client)
    if settings.line_token is not None:
        found[Channel.LINE] = Line(
            settings.line_url, settings.line_token.get_secret_value(), client
        )
    if settings.push_hosts:
        found[Channel.PUSH] = Push(
            database,
            push_hosts(settings),
            read_key(settings.push_signing_key(new_key)),
            settings.push_contact or "",
            client,
            time.time,
        )
    return found


def push_hosts(settings: Settings) -> frozenset[str]:
    """Return the push services that may be called."""
    return frozenset(filter(None, (each.strip() for each in settings.push_hosts.split(","))))


@asynccontextmanager
async def posting(
    settings: Settings, database: Database, clock: Callable[[], float]
) -> AsyncIterator[Post]:
    """Give the post of a server, with its connections open as long as the block lasts."""
    # It would write down the address of every browser that is notified.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    async with new_client() as client:
        receipts = settings.gateway_secret is not None
        yield Post(database, senders(settings, database, client), clock, receipts, links(settings))


def links(settings: Settings) -> Callable[[str, bool], str] | None:
    """Return what gives the address of a booking's page, `None` where nobody said where it is."""
    public, key = settings.public_url, settings.signing_key
    if public is None:
        return None
    return lambda booking_id, own: f"{public}/r/{ride_token(booking_id, key(), own=own)}"


@dataclass(frozen=True, slots=True)
class Reminders:
    """Keeps the messages that time brings about, for each area by its live plan."""

    database: Database
    clock: Callable[[], float]
    timezone: str
    keepers: Callable[[], Mapping[str, Keeper]]

    async def __call__(self) -> None:
        """Look once."""
        for area, keeper in self.keepers().items():
            await self._look(area, await _pickups(keeper))

    async def _look(self, area: str, pickups: Mapping[str, float]) -> None:
        now, usual = self.clock(), Manners(self.timezone)
        async with self.database.reading() as db:
            rules = await area_rules(db, area)
            manners = Manners.of(rules.booking_on(usual.day(now)), self.timezone)
            due = await evening_before(db, area, manners, now)
            due += await coming(db, manners, now, pickups)
        if due:
            async with self.database.writing() as db:
                for notices in due:
                    await notices.write(db)


async def _pickups(keeper: Keeper) -> dict[str, float]:
    """Return when each booking waiting today will be picked up, as the live plan has it."""
    plan = await keeper.plan_view()
    return {
        stop.booking_id: float(stop.planned)
        for vehicle in plan.vehicles
        for stop in vehicle.stops
        if stop.kind == "pickup" and stop.state == "planned"
    }
