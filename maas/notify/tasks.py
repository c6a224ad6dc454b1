"""What an operator has to ring about: the most urgent first, until somebody was reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.notify.manners import Manners
from maas.notify.occasions import Urgency
from maas.store import notifications
from maas.store.notifications import NotificationRow

Outcome = Literal["reached", "not_reached"]

PRESSING_S: Final = 15 * 60.0
NEAR_S: Final = 2 * 3600.0
AGAIN_S: Final = MappingProxyType(
    {
        Urgency.NOW: 3 * 60.0,
        Urgency.SOON: 10 * 60.0,
        Urgency.TODAY: 30 * 60.0,
        Urgency.WHENEVER: 60 * 60.0,
    }
)
"""After how long one who was not reached is rung again."""


@dataclass(frozen=True, slots=True)
class Task:
    """A call to make; `from_at` is when it may be made, now or later."""

    row: NotificationRow
    urgency: Urgency
    from_at: float


def urgency_of(row: NotificationRow, now: float) -> Urgency:
    """Return how urgent a message is by now: it grows as the time comes by which it is due."""
    left_s = row.due_at - now
    if left_s <= PRESSING_S:
        return Urgency.NOW
    return Urgency(min(row.urgency, Urgency.SOON)) if left_s <= NEAR_S else Urgency(row.urgency)


def tasks(
    rows: Iterable[NotificationRow], manners: Mapping[str, Manners], now: float
) -> list[Task]:
    """Return the calls to make: first those that may be made now, of them the most urgent.

    `manners` are those of each area.  What is of no use any more is left out.
    """
    found = [
        Task(row, urgency_of(row, now), max(row.next_at, manners[row.area_id].speak_at(row, now)))
        for row in rows
        if row.until is None or now <= row.until
    ]
    return sorted(
        found,
        key=lambda task: (task.from_at > now, task.urgency, task.row.due_at, task.row.key),
    )


async def note(
    connection: AsyncConnection, row: NotificationRow, outcome: Outcome, who: str, now: float
) -> bool:
    """Note what came of a call; False when somebody else has noted something meanwhile.

    Who was not reached is rung again after a while, the more urgent the sooner.
    """
    if outcome == "reached":
        return await notifications.change(
            connection, row, state="acknowledged", attempts=row.attempts + 1, done_at=now,
            done_by=who,
        )  # fmt: skip
    again = now + AGAIN_S[urgency_of(row, now)]
    return await notifications.change(
        connection, row, attempts=row.attempts + 1, next_at=again, done_by=who
    )
