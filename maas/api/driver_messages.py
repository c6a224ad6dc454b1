"""What the office tells its drivers: it stands on their tablets until its time is over."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.api.handovers import Area, Id, areas_of, kept_answer
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import Instant, Shape
from maas.auth.roles import Permission
from maas.clock import local
from maas.store import handovers
from maas.store.commits import AuditEntry, add_audit
from maas.store.handovers import DriverMessageRow
from maas.store.once import By, Done, once
from maas.town.messages import Text

router = APIRouter(prefix="/driver-messages", tags=["plan"])

_NO_KEEPER = ("not-found", "no-roads", "no-town")


class DriverMessageIn(BaseModel):
    """Words for drivers, for so many minutes; without `vehicles` for all of the area."""

    text: str = Field(min_length=1, max_length=200, examples=["国道は雪です。"])
    vehicles: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        default=[], max_length=100
    )
    minutes: int = Field(60, ge=1, le=24 * 60)
    area: Area = None


class DriverMessageOut(Shape):
    """Words that drivers see now."""

    id: str
    at: Instant
    author: str
    text: str
    vehicles: list[str]
    until: Instant


@router.get(
    "",
    operation_id="listDriverMessages",
    **needs(Permission.READ_PLAN, *_NO_KEEPER),
)
async def list_driver_messages(
    person: SignedIn, service: The, write: In, area: str | None = None
) -> list[DriverMessageOut]:
    """Return what drivers are told now, the newest first."""
    here = service.keeper(area, person).area
    async with service.database.reading() as db:
        return write.many(DriverMessageOut, await handovers.messages_at(db, here, service.clock()))


@router.post(
    "",
    operation_id="tellDrivers",
    status_code=201,
    **needs(Permission.DECIDE, "key-missing", "key-reused", *_NO_KEEPER, changes=True),
)
async def tell_drivers(
    message: DriverMessageIn, key: Key, person: SignedIn, service: The, write: In
) -> DriverMessageOut:
    """Tell drivers something: it stands on their tablets until its time is over."""
    keeper = service.keeper(message.area, person)
    vehicles = list(dict.fromkeys(message.vehicles))
    if not set(vehicles) <= keeper.here.names.vehicles.keys():
        raise Problem("not-found")
    now = service.clock()
    row = DriverMessageRow(
        secrets.token_hex(8), keeper.area, now, person.name, message.text.strip(), vehicles,
        now + 60 * message.minutes,
    )  # fmt: skip

    async def work(db: AsyncConnection) -> Done:
        await handovers.add_message(db, row)
        return Done((row.id,), asdict(row), {"text": row.text, "vehicles": vehicles})

    asked = [keeper.area, row.text, vehicles, message.minutes]
    by = By(person.name, now, key)
    answer = kept_answer(await once(service.database, by, "drivers.told", asked, work))
    return write.one(DriverMessageOut, DriverMessageRow(**answer))


@router.delete(
    "/{message_id}",
    operation_id="endDriverMessage",
    status_code=204,
    **needs(Permission.DECIDE, "foreign-origin", *_NO_KEEPER),
)
async def end_driver_message(message_id: Id, person: SignedIn, service: The) -> Response:
    """Take a message off the drivers' tablets."""
    areas, now = areas_of(service, person), service.clock()
    async with service.database.writing() as db:
        if not await handovers.end_message(db, areas, message_id, now):
            raise Problem("not-found")
        await add_audit(db, AuditEntry(now, person.name, "drivers.message_ended", message_id, "{}"))
    return Response(status_code=204)


async def told_to(service: Service, area: str, vehicle_id: str) -> tuple[Text, ...]:
    """Return what the driver of a vehicle is told by the office now, and when it was said."""
    async with service.database.reading() as db:
        rows = await handovers.messages_at(db, area, service.clock())
    return tuple(_sentence(row, service.timezone) for row in rows if row.is_for(vehicle_id))


def _sentence(row: DriverMessageRow, timezone: str) -> Text:
    time = f"{local(row.at, timezone):%H:%M}"
    return Text(f"事務所から（{time}）：{row.text}", f"From the office ({time}): {row.text}")
