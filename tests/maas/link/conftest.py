"""The line town with a service that is told of all that happens there, on each database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from maas.link.courier import Courier
from maas.link.events import Kind
from maas.link.reach import Reach
from maas.link.sending import Sender
from maas.store import webhooks
from maas.store.database import Database
from maas.store.webhooks import Backlog, LetterRow, WebhookRow
from maas.town.imports import import_town
from tests.maas.line_town import HandClock, LineRoads, write_town
from tests.maas.link.receiver import SECRET, Receiver, receiving

HOOK = WebhookRow(
    id="h1", area_id="line", url="", kinds=tuple(Kind), secret=SECRET, made_at=0.0, made_by="aki"
)
WALL = 1_800_000_000.0


@dataclass(slots=True)
class Scene:
    """A town, its clock, and those who are told."""

    database: Database
    clock: HandClock
    leads: set[str] = field(default_factory=lambda: {"line"})
    wall: float = WALL

    async def subscribe(self, receiver: Receiver, webhook_id: str = "h1") -> None:
        """Have a receiver told of everything."""
        async with self.database.writing() as db:
            await webhooks.add_webhook(db, replace(HOOK, id=webhook_id, url=receiver.url))

    def courier(self, *receivers: Receiver, timeout_s: float = 300.0) -> Courier:
        """Return a courier that may call these, as another process would have one."""
        reach = Reach(inside=frozenset(each.host for each in receivers))
        sender = Sender(reach, lambda: self.wall, timeout_s=timeout_s)
        return Courier(self.database, sender, self.clock, lambda: self.leads)

    async def happen(self, event_id: str, kind: Kind = Kind.CONFIRMED) -> None:
        """Let something happen that is told by that id; its reference number is the id too."""
        body = json.dumps({"id": event_id, "data": {"reference": event_id}})
        async with self.database.writing() as db:
            await webhooks.add_letters(db, "line", kind, event_id, body, self.clock())

    async def backlog(self, webhook_id: str = "h1") -> Backlog:
        async with self.database.reading() as db:
            found = await webhooks.backlogs(db, [webhook_id])
        return found.get(webhook_id, Backlog())

    async def dead(self) -> list[LetterRow]:
        async with self.database.reading() as db:
            return await webhooks.dead(db, "h1", 100)


async def delivered(courier: Courier) -> None:
    """Deliver what is due now."""
    await courier.look()
    await courier.idle()


@pytest.fixture
async def scene(database: Database, tmp_path: Path) -> Scene:
    """Nine in the morning."""
    folder = write_town(tmp_path / "town")
    await import_town(database, folder, LineRoads(), "line-roads")
    return Scene(database, HandClock("09:00"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A service on loopback."""
    with receiving() as found:
        yield found
