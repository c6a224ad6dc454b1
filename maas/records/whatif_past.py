"""What a study needs out of the database: the town as it is, and what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher.roads import Roads
from maas.records.whatif_asks import Asked, asked_of
from maas.records.whatif_town import Town, town_of
from maas.rides.standing import load_standing, network_of
from maas.store import links
from maas.store.database import Database
from maas.store.ledger import ledger_between
from maas.store.links import LinkRow
from maas.store.rides import RefusalRow, refusals_on


async def town_now(database: Database, area: str, roads: Mapping[str, Roads]) -> Town:
    """Return an area as a study needs it.  Raises ``ValueError`` without a town or its roads."""
    if not roads:
        raise ValueError("no road network to drive on: maas roads build")
    standing = await load_standing(database, area, roads, network_of(roads))
    return town_of(standing, roads)


async def past_asks(
    connection: AsyncConnection, area: str, zone: str, first: date, last: date
) -> list[Asked]:
    """Return what was asked for on some days, each trip once."""
    ledger = await ledger_between(connection, area, first, last)
    refused, tied = list[RefusalRow](), dict[str, LinkRow]()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        refused += [row for row in await refusals_on(connection, day) if row.area_id == area]
        tied |= await links.links_on(connection, area, day)
    return asked_of(zone, ledger, refused, tied)
