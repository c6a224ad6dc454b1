"""What riders were told, the calls an operator has to make, and what gateways tell of messages."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.api.identity import SignedIn, The
from maas.api.keys import Signed
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import Instant, Rendering, Shape
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.notify import receipts, tasks
from maas.notify.cards import cards
from maas.notify.compose import compose
from maas.notify.manners import Manners
from maas.notify.occasions import Channel
from maas.notify.tasks import Task
from maas.store import bookings, commits, notifications
from maas.store.commits import Answer, AuditEntry
from maas.store.notifications import NotificationRow
from maas.town.imports import area_rules

router = APIRouter(tags=["notifications"])

Outcome = Literal["reached", "not_reached"]
State = Literal["waiting", "sending", "sent", "delivered", "acknowledged", "failed", "dropped"]
TaskKey = Annotated[str, Path(min_length=1, max_length=300, examples=["moved:0c2f9a7e:2"])]
Area = Annotated[str | None, Query(max_length=64, description="Every area when absent.")]


class PhoneTaskOut(Shape):
    """A call to make: to whom, what about, by when, and what to say."""

    key: str
    occasion: str
    area: str = Field(validation_alias="area_id")
    booking_id: str | None
    member_id: int | None
    reference: str
    name: str
    kana: str
    phone: str = Field(validation_alias="address")
    urgency: int = Field(ge=1, le=4, description="1 now, 2 soon, 3 today, 4 whenever.")
    due_at: Instant = Field(description="By when they have to know.")
    from_at: Instant = Field(description="Not before: quiet hours, or nobody was reached.")
    attempts: int
    why: str | None = Field(validation_alias="error", description="Why a message failed, if so.")
    say: str = Field(description="What to say, in the rider's language.")


class OutcomeIn(BaseModel):
    """What came of a call; who was not reached comes back on the list after a while."""

    outcome: Outcome


class MessageOut(Shape):
    """A message and what became of it."""

    key: str
    occasion: str
    channel: str
    who: str = Field(description="`rider`, or `family:` and a name.")
    state: State
    text: str
    created_at: Instant
    due_at: Instant
    sent_at: Instant | None
    done_at: Instant | None
    done_by: str | None
    error: str | None
    attempts: int


class ReceiptIn(BaseModel):
    """What became of a message, by its key."""

    key: str = Field(min_length=1, max_length=300)
    state: receipts.Arrived


class PrintedIn(BaseModel):
    """The postcards that have been printed and posted."""

    keys: list[Annotated[str, Field(min_length=1, max_length=300)]] = Field(
        min_length=1, max_length=200
    )


@router.get("/phone-tasks", operation_id="listPhoneTasks", **needs(Permission.READ_BOOKINGS))
async def list_phone_tasks(
    person: SignedIn, service: The, write: In, area: Area = None
) -> list[PhoneTaskOut]:
    """Return the calls to make, the most urgent first; those for later come last."""
    async with service.database.reading() as db:
        rows = await notifications.waiting_by(db, Channel.PHONE, service.area_of(person, area))
        found = tasks.tasks(rows, await _manners(db, service, rows), service.clock())
    return [_task(service, write, task) for task in found]


@router.post(
    "/phone-tasks/{task_key}/outcome",
    status_code=204,
    operation_id="notePhoneTask",
    **needs(Permission.BOOK, "not-found", "not-now", "key-missing", "key-reused", changes=True),
)
async def note_phone_task(
    task_key: TaskKey, made: OutcomeIn, key: Key, person: SignedIn, service: The
) -> Response:
    """Note what came of a call: it is off the list, or comes back after a while."""
    parameters = hashlib.sha256(f"phone-task\0{task_key}\0{made.outcome}".encode()).hexdigest()
    try:
        await _note(service, person, key, parameters, task_key, made.outcome)
    except IntegrityError:  # the same command came twice at once, and the other was first
        await _note(service, person, key, parameters, task_key, made.outcome)
    return Response(status_code=204)


async def _note(
    service: Service, person: Person, key: str, parameters: str, task_key: str, outcome: Outcome
) -> None:
    now = service.clock()
    async with service.database.writing() as db:
        given = await commits.answer(db, person.name, key)
        if given is not None:
            if given.parameters != parameters:
                raise Problem("key-reused")
            return
        row = await _own_task(db, service, person, task_key)
        if not await tasks.note(db, row, outcome, person.name, now):
            raise Problem("not-now")
        await commits.remember(db, person.name, key, Answer(parameters, 204, ""), now)
        detail = json.dumps({"outcome": outcome})
        await commits.add_audit(db, AuditEntry(now, person.name, "phone_task", task_key, detail))


async def _own_task(
    connection: AsyncConnection, service: Service, person: Person, task_key: str
) -> NotificationRow:
    row = await notifications.notification(connection, task_key)
    if row is None or row.channel != Channel.PHONE:
        raise Problem("not-found")
    service.area_of(person, row.area_id)
    if row.state != "waiting":
        raise Problem("not-now")
    return row


@router.get(
    "/bookings/{booking_id}/messages",
    operation_id="listMessages",
    **needs(Permission.READ_BOOKINGS, "not-found"),
)
async def list_messages(
    booking_id: Annotated[str, Path(min_length=1, max_length=64)],
    person: SignedIn,
    service: The,
    write: In,
) -> list[MessageOut]:
    """Return what was to be told of a booking, and what became of each message."""
    async with service.database.reading() as db:
        booking = await bookings.booking(db, booking_id)
        if booking is None:
            raise Problem("not-found")
        service.area_of(person, booking.area_id)
        rows = await notifications.notifications_of(db, booking_id)
    return [_message(service, write, row) for row in rows]


@router.post(
    "/notifications/receipts",
    status_code=204,
    operation_id="takeReceipt",
    **needs(Permission.MACHINE, "bad-key", "not-found", changes=True),
)
async def take_receipt(receipt: ReceiptIn, _: Signed, service: The) -> Response:
    """Take what a gateway tells of a message it had accepted, signed in `X-Signature`."""
    async with service.database.writing() as db:
        if not await receipts.receive(db, receipt.key, receipt.state, service.clock()):
            raise Problem("not-found")
    return Response(status_code=204)


@router.get(
    "/postcards",
    operation_id="printPostcards",
    response_class=Response,
    **needs(Permission.READ_BOOKINGS),
)
async def print_postcards(person: SignedIn, service: The, area: Area = None) -> Response:
    """Return the postcards to post as a PDF, two pages each; it is empty when there are none."""
    async with service.database.reading() as db:
        rows = await notifications.waiting_by(db, Channel.POSTCARD, service.area_of(person, area))
    headers = {"content-disposition": 'inline; filename="postcards.pdf"'}
    body = cards(rows, service.town)
    return Response(body, media_type="application/pdf", headers=headers)


@router.post(
    "/postcards/posted",
    status_code=204,
    operation_id="notePostcards",
    **needs(Permission.BOOK, changes=True),
)
async def note_postcards(posted: PrintedIn, person: SignedIn, service: The) -> Response:
    """Note that postcards have been posted; those that are not waiting are left as they are."""
    now = service.clock()
    async with service.database.writing() as db:
        for key in dict.fromkeys(posted.keys):
            row = await notifications.notification(db, key)
            if row is None or (row.channel, row.state) != (Channel.POSTCARD, "waiting"):
                continue
            service.area_of(person, row.area_id)
            await notifications.change(db, row, state="sent", sent_at=now, done_by=person.name)
        detail = json.dumps({"keys": posted.keys})
        await commits.add_audit(db, AuditEntry(now, person.name, "postcards.posted", "", detail))
    return Response(status_code=204)


async def _manners(
    connection: AsyncConnection, service: Service, rows: list[NotificationRow]
) -> dict[str, Manners]:
    found = {}
    for area in {row.area_id for row in rows}:
        rules = await area_rules(connection, area)
        found[area] = Manners.of(rules.booking_on(service.today()), service.timezone)
    return found


def _task(service: Service, write: Rendering, task: Task) -> PhoneTaskOut:
    row = task.row
    values = {name: getattr(row, name) for name in row.__slots__}
    facts = row.facts
    return PhoneTaskOut.model_validate(
        {
            **values,
            "reference": facts["reference"],
            "name": facts.get("name", ""),
            "kana": facts.get("kana", ""),
            "urgency": int(task.urgency),
            "from_at": task.from_at,
            "say": compose(row, service.town).full,
        },
        context=write,
    )


def _message(service: Service, write: Rendering, row: NotificationRow) -> MessageOut:
    values = {name: getattr(row, name) for name in row.__slots__}
    text = compose(row, service.town).full
    return MessageOut.model_validate(
        {**values, "who": row.facts.get("who", "rider"), "text": text}, context=write
    )
