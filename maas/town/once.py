"""Do what the office asks for once for its key, in one transaction with its audit entry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store import commits
from maas.store.commits import Answer, AuditEntry
from maas.store.database import Database

TRIES = 5
No = Literal["key-reused", "not-found", "rules-moved"]
"""The key was used for something else; no such thing; somebody else changed it first."""
N = TypeVar("N")


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, when (epoch seconds), and under which Idempotency-Key."""

    actor: str
    now: float
    key: str


async def once(
    database: Database,
    by: By,
    action: str,
    subject: str,
    asked: object,
    work: Callable[[AsyncConnection], Awaitable[int | N]],
) -> int | N | No:
    """Return the number that `work` gives, once for its key.

    Anything else it gives is a "no": it writes nothing and is not remembered.
    """
    body = json.dumps([action, asked], ensure_ascii=False, sort_keys=True)
    parameters = hashlib.sha256(body.encode()).hexdigest()
    for _ in range(TRIES):
        try:
            async with database.writing() as connection:
                given = await commits.answer(connection, by.actor, by.key)
                if given is not None:
                    same = given.parameters == parameters
                    return int(json.loads(given.body)) if same else "key-reused"
                done = await work(connection)
                if not isinstance(done, int):
                    return done
                answer = Answer(parameters, 200, json.dumps(done))
                await commits.remember(connection, by.actor, by.key, answer, by.now)
                entry = AuditEntry(by.now, by.actor, action, subject, body)
                await commits.add_audit(connection, entry)
                return done
        except IntegrityError:
            continue  # the same key was written a moment ago
    return "rules-moved"
