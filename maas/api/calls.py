"""The town's telephone: its exchange tells who rings, and the desk sees who that is."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from gtfs.calendar import day_start_epoch
from maas.api.identity import SignedIn, The
from maas.api.keys import Exchange
from maas.api.permissions import needs
from maas.api.requests import In
from maas.api.service import Service
from maas.api.shapes import Instant, Rendering, Shape
from maas.auth.roles import Permission
from maas.calls.line import FORGOTTEN_S, Event, News, after, wait_s
from maas.calls.waiting import is_waiting, waits
from maas.calls.words import CALLING
from maas.rides.holds import Holds
from maas.store import calls
from maas.store.calls import CallRow

router = APIRouter(prefix="/calls", tags=["calls"])

TOPIC: Final = "calls"
"""The staff's topic; those bound to an area hear `calls:` with its name."""


class CallIn(BaseModel):
    """What the exchange tells of a call; `number` is empty when it is withheld.

    `operator` is the account or extension that answered; `at` is now when left out.
    """

    id: str = Field(min_length=1, max_length=100, examples=["1764125000.42"])
    event: Event
    number: str = Field("", max_length=40, examples=["000-000-0001"])
    operator: str | None = Field(None, max_length=64)
    at: AwareDatetime | None = None


class CallTakenOut(Shape):
    """A call as we know it now."""

    id: str
    state: Event


class CallerOut(Shape):
    """A member to whom the number of a call belongs."""

    id: int
    number: str
    name: str
    kana: str


class CallOut(Shape):
    """A call with those whose number it is: none, one, or a household."""

    id: str
    state: Event
    number: str
    rang_at: Instant
    answered_at: Instant | None
    ended_at: Instant | None
    operator: str | None
    wait_s: int = Field(description="How long the caller waited, or has waited by now.")
    members: list[CallerOut]


class WaitsOut(Shape):
    """How long callers waited on a day; `soon` were answered within twenty seconds."""

    date: dt.date
    calls: int
    answered: int
    given_up: int
    waiting: int
    soon: int
    wait_p50_s: float | None
    wait_p90_s: float | None
    wait_max_s: float | None


@router.post("", operation_id="tellOfCall", **needs(Permission.MACHINE, "bad-key", changes=True))
async def tell_of_call(told: CallIn, _: Exchange, service: The) -> CallTakenOut:
    """Take what the exchange tells of a call; telling it again changes nothing."""
    row = await _taken(service, told)
    _publish(service, row)
    if row.state == "ended":
        for keeper in service.keepers.values():
            await Holds(keeper).hang_up(row.id)
    return CallTakenOut.model_validate(row)


@router.get("", operation_id="listCalls", **needs(Permission.READ_PEOPLE))
async def list_calls(_: SignedIn, service: The, write: In) -> list[CallOut]:
    """Return the calls going on, those that wait first, the longest waiting at the head."""
    now = service.clock()
    async with service.database.reading() as db:
        rows = await calls.open_calls(db, now - FORGOTTEN_S)
    rows = sorted(rows, key=lambda row: (not is_waiting(row, now), row.rang_at))
    return [_out(service, write, row) for row in rows]


@router.get("/waits", operation_id="readWaits", **needs(Permission.READ_RIDES))
async def read_waits(
    service: The,
    write: In,
    day: Annotated[dt.date | None, Query(alias="date", description="Today when left out.")] = None,
) -> WaitsOut:
    """Return how many called on a day, and how long they waited."""
    asked = day or service.today()
    start = day_start_epoch(asked, service.timezone)
    end = day_start_epoch(asked + dt.timedelta(days=1), service.timezone)
    async with service.database.reading() as db:
        rows = await calls.calls_between(db, start, end)
    found = waits(rows, service.clock())
    values = {name: getattr(found, name) for name in found.__slots__}
    return WaitsOut.model_validate({"date": asked, **values}, context=write)


async def _taken(service: Service, told: CallIn) -> CallRow:
    at = service.clock() if told.at is None else min(told.at.timestamp(), service.clock())
    news = News(told.id, told.event, told.number, at, told.operator)
    async with service.database.writing() as db:
        await calls.add_call(db, after(None, news))
        row = after(await calls.call(db, told.id), news)
        await calls.save_call(db, row)
    return row


def _publish(service: Service, row: CallRow) -> None:
    """Show a call to the desk as long as it lasts."""
    key = f"call-{row.id}"
    for topic in (TOPIC, *(f"{TOPIC}:{area}" for area in service.keepers)):
        if row.state == "ended":
            service.hub.remove(topic, key, json.dumps({"id": key, "gone": True}).encode())
        else:
            service.hub.publish(topic, key, _fragment(service, row, key))


def _fragment(service: Service, row: CallRow, key: str) -> bytes:
    """Return a call as an event of the day that names nobody, with what the desk opens."""
    text = CALLING[row.state]
    words: dict[str, Any] = {
        "id": key,
        "ts": row.rang_at,
        "text": text.ja,
        "text_en": text.en,
        "kind": f"call.{row.state}",
        "call": _out(service, Rendering(ZoneInfo(service.timezone)), row).model_dump(mode="json"),
    }
    return json.dumps(words, ensure_ascii=False).encode()


def _out(service: Service, write: Rendering, row: CallRow) -> CallOut:
    found = service.directory.riders.sharing(row.number) if row.number else []
    values = {name: getattr(row, name) for name in row.__slots__}
    return CallOut.model_validate(
        {
            **values,
            "wait_s": round(wait_s(row, service.clock())),
            "members": write.many(CallerOut, found),
        },
        context=write,
    )
