"""Other services that are told of bookings: who they are, and what could not be delivered."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.shapes import Instant, Shape
from maas.auth.roles import Permission
from maas.link.desk import Secret, end, new_secret_for, pause, send_again, subscribe
from maas.link.events import Kind
from maas.link.sending import Away, Delivered, Refused
from maas.linking import reach, tried
from maas.store import webhooks
from maas.store.once import By, Done
from maas.store.webhooks import Backlog

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

Id = Annotated[str, Path(min_length=1, max_length=64)]
DEAD_MOST = 500
_CHANGES = ("not-found", "foreign-origin", "key-missing", "key-reused")


class WebhookIn(BaseModel):
    """Where a service takes events, and which; the host has to be one that the settings list."""

    url: str = Field(
        min_length=1,
        max_length=500,
        pattern=r"^https?://[!-~]+$",
        examples=["https://data.town.example/maas"],
    )
    kinds: list[Kind] = Field(min_length=1, max_length=20)
    area: str | None = Field(None, max_length=64, description="The only area when absent.")


class WebhookOut(Shape):
    """A service that is told, unless it is `paused`.

    `failing`: it did not take the last letter, and is tried again at `next_at`.
    """

    id: str
    area: str = Field(validation_alias="area_id")
    url: str
    kinds: list[Kind]
    made_at: Instant
    made_by: str
    paused: bool
    failing: bool
    next_at: Instant | None
    waiting: int
    waiting_since: Instant | None = Field(description="When the oldest that waits was made.")
    dead: int
    error: str = Field(description="Why one of these letters failed, empty when none has.")


class SecretOut(BaseModel):
    """What letters are signed by, shown once; null when this command was answered before."""

    id: str
    secret: str | None = Field(examples=["whsec_Yk0…"])


class LetterOut(Shape):
    """A letter that was given up; `event_id` is the same when it is sent again."""

    event_id: str
    kind: Kind
    made_at: Instant
    attempts: int
    error: str


class TrialOut(BaseModel):
    """What came of an event of no booking; `answer` is its status or the error, if any."""

    outcome: Literal["delivered", "refused", "away"]
    answer: str = Field(examples=["404"])


class AgainOut(BaseModel):
    """How many letters are tried again."""

    letters: int


@router.get("", operation_id="listWebhooks", **needs(Permission.MANAGE_LINKS))
async def list_webhooks(
    person: SignedIn,
    service: The,
    write: In,
    area: Annotated[str | None, Query(max_length=64)] = None,
) -> list[WebhookOut]:
    """Return the services that are told, and how many letters wait or were given up for each."""
    async with service.database.reading() as db:
        rows = await webhooks.all_webhooks(db, service.area_of(person, area))
        backlogs = await webhooks.backlogs(db, [row.id for row in rows])
    return [
        write.one(
            WebhookOut,
            asdict(row)
            | {"failing": row.failures > 0, "next_at": row.resume_at if row.failures else None}
            | asdict(backlogs.get(row.id, Backlog())),
        )
        for row in rows
    ]


@router.post(
    "",
    operation_id="makeWebhook",
    status_code=201,
    **needs(
        Permission.MANAGE_LINKS, *_CHANGES, "host-not-listed", "no-roads", "no-town", changes=True
    ),
)
async def make(asked: WebhookIn, key: Key, person: SignedIn, service: The) -> SecretOut:
    """Have a service told of bookings from now on."""
    area = service.keeper(asked.area, person).area
    by = By(person.name, service.clock(), key)
    hosts = reach(service.settings)
    made = await subscribe(service.database, hosts, area, asked.url, frozenset(asked.kinds), by)
    return _shown(made)


@router.delete(
    "/{webhook_id}",
    operation_id="endWebhook",
    status_code=204,
    **needs(Permission.MANAGE_LINKS, *_CHANGES),
)
async def end_one(webhook_id: Id, key: Key, person: SignedIn, service: The) -> None:
    """Tell a service nothing any more."""
    by = By(person.name, service.clock(), key)
    _granted(await end(service.database, webhook_id, person.area, by))


@router.post(
    "/{webhook_id}/secret",
    operation_id="renewWebhookSecret",
    **needs(Permission.MANAGE_LINKS, *_CHANGES),
)
async def renew(webhook_id: Id, key: Key, person: SignedIn, service: The) -> SecretOut:
    """Give a service another secret; for a day letters carry a signature by the old one too."""
    by = By(person.name, service.clock(), key)
    wall = service.real_now()
    return _shown(await new_secret_for(service.database, webhook_id, person.area, by, wall))


@router.post(
    "/{webhook_id}/pause",
    operation_id="pauseWebhook",
    status_code=204,
    **needs(Permission.MANAGE_LINKS, *_CHANGES),
)
async def pause_one(webhook_id: Id, key: Key, person: SignedIn, service: The) -> None:
    """Tell a service nothing for a while; what happens meanwhile waits for it."""
    by = By(person.name, service.clock(), key)
    _granted(await pause(service.database, webhook_id, person.area, by, paused=True))


@router.post(
    "/{webhook_id}/resume",
    operation_id="resumeWebhook",
    status_code=204,
    **needs(Permission.MANAGE_LINKS, *_CHANGES),
)
async def resume(webhook_id: Id, key: Key, person: SignedIn, service: The) -> None:
    """Go on with what has waited for a service that was paused, or for one that failed, now."""
    by = By(person.name, service.clock(), key)
    _granted(await pause(service.database, webhook_id, person.area, by, paused=False))


@router.post(
    "/{webhook_id}/trial",
    operation_id="tryWebhook",
    **needs(Permission.MANAGE_LINKS, *_CHANGES),
)
async def try_one(webhook_id: Id, key: Key, person: SignedIn, service: The) -> TrialOut:
    """Send a service an event of no booking (`jp.maas.trial`), paused or not, and wait for it."""
    by = By(person.name, service.clock(), key)
    came = await tried(service.settings, service.database, webhook_id, person.area, by)
    match came:
        case Delivered():
            return TrialOut(outcome="delivered", answer="")
        case Refused(why):
            return TrialOut(outcome="refused", answer=why)
        case Away(why):
            return TrialOut(outcome="away", answer=why)
    raise Problem(came)


@router.get(
    "/{webhook_id}/dead",
    operation_id="listDeadLetters",
    **needs(Permission.MANAGE_LINKS, "not-found"),
)
async def list_dead(webhook_id: Id, person: SignedIn, service: The, write: In) -> list[LetterOut]:
    """Return what a service did not take for three days, the oldest first, 500 at most."""
    async with service.database.reading() as db:
        row = await webhooks.webhook(db, webhook_id)
        if row is None:
            raise Problem("not-found")
        service.area_of(person, row.area_id)
        return write.many(LetterOut, await webhooks.dead(db, webhook_id, DEAD_MOST))


@router.post(
    "/{webhook_id}/dead/again",
    operation_id="sendDeadLetters",
    **needs(Permission.MANAGE_LINKS, *_CHANGES),
)
async def again(webhook_id: Id, key: Key, person: SignedIn, service: The) -> AgainOut:
    """Try everything that was given up anew."""
    by = By(person.name, service.clock(), key)
    done = _granted(await send_again(service.database, webhook_id, person.area, by))
    return AgainOut(letters=done.answer)


def _shown(made: Secret | str) -> SecretOut:
    if isinstance(made, str):
        raise Problem(made)
    return SecretOut(id=made.webhook_id, secret=made.secret or None)


def _granted(done: Done | str) -> Done:
    if isinstance(done, str):
        raise Problem(done)
    return done
