"""A command of the office that is no booking: done once for its key, in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, cast

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store import commits
from maas.store.commits import Answer, AuditEntry
from maas.store.database import Database

TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, when (epoch seconds), and under which Idempotency-Key."""

    actor: str
    now: float
    key: str


@dataclass(frozen=True, slots=True)
class Done:
    """A command carried out on `subjects`; `answer` is told again whenever its key comes again.

    `answer` is made of what JSON knows; `detail` is what the audit keeps.
    """

    subjects: tuple[str, ...]
    answer: Any = None
    detail: object = None


N = TypeVar("N")


async def once(
    database: Database,
    by: By,
    action: str,
    asked: object,
    work: Callable[[AsyncConnection], Awaitable[Done | N]],
) -> Done | N | Literal["key-reused"]:
    """Do some work once for its key; what is not `Done` is a refusal and writes nothing.

    Raises ``IntegrityError`` when others keep taking what the work wants to write.
    """
    parameters = hashlib.sha256(msgspec.json.encode([action, asked])).hexdigest()
    for tries_left in reversed(range(TRIES)):
        try:
            async with database.writing() as connection:
                return await _attempt(connection, by, action, parameters, work)
        except _RefusedError as refused:
            return cast("N", refused.answer)
        except IntegrityError:  # the same key, or the same number, was taken a moment ago
            if not tries_left:
                raise
    raise AssertionError


class _RefusedError(Exception):
    """Rolls back what a refused command has written on the way."""

    def __init__(self, answer: object) -> None:
        super().__init__(answer)
        self.answer = answer


async def _attempt(
    connection: AsyncConnection,
    by: By,
    action: str,
    parameters: str,
    work: Callable[[AsyncConnection], Awaitable[Done | N]],
) -> Done | Literal["key-reused"]:
    given = await commits.answer(connection, by.actor, by.key)
    if given is not None:
        return _again(given) if given.parameters == parameters else "key-reused"
    done = await work(connection)
    if not isinstance(done, Done):
        raise _RefusedError(done)
    kept = msgspec.json.encode([done.subjects, done.answer]).decode()
    await commits.remember(connection, by.actor, by.key, Answer(parameters, 200, kept), by.now)
    detail = json.dumps(msgspec.to_builtins(done.detail), ensure_ascii=False)
    for subject in done.subjects:
        await commits.add_audit(connection, AuditEntry(by.now, by.actor, action, subject, detail))
    return done


def _again(given: Answer) -> Done:
    subjects, answer = json.loads(given.body)
    return Done(tuple(subjects), answer)
