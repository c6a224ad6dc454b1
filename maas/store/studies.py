"""What-if studies: what was asked, how far they are, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import studies

GONE_S: Final = 30.0
"""A running study nobody has told of for so long is interrupted: its process is no more."""


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One study; `question` and `result` are JSON as `maas.records.whatif` writes them.

    `program` is the version that asked.  `runner` is the process that works on it, `heard_at` when
    it last said so (epoch seconds of the wall clock); `done` of `total` pieces are finished.
    """

    id: str
    area_id: str
    name: str
    question: dict[str, Any]
    program: str
    made_at: float
    made_by: str
    state: str = "waiting"
    runner: str = ""
    heard_at: float = 0.0
    done: int = 0
    total: int = 0
    result: dict[str, Any] | None = None
    error: str = ""

    def state_at(self, now: float) -> str:
        """Return the state as it is: one whose process is gone is interrupted."""
        if self.state in {"running", "waiting"} and now - self.heard_at > GONE_S:
            return "interrupted"
        return self.state


async def add(connection: AsyncConnection, row: StudyRow) -> None:
    """Keep a new study."""
    await connection.execute(insert(studies).values(**asdict(row)))


async def study(connection: AsyncConnection, id_: str) -> StudyRow | None:
    """Return a study, `None` for an unknown one."""
    rows = await connection.execute(select(studies).where(studies.c.id == id_))
    row = rows.mappings().first()
    return None if row is None else StudyRow(**row)


async def studies_of(connection: AsyncConnection, areas: Sequence[str]) -> list[StudyRow]:
    """Return the studies of some areas, the newest first."""
    query = select(studies).where(studies.c.area_id.in_(areas))
    rows = await connection.execute(query.order_by(studies.c.made_at.desc(), studies.c.id))
    return [StudyRow(**row) for row in rows.mappings()]


async def begin(connection: AsyncConnection, id_: str, runner: str, now: float) -> bool:
    """Give a study to a process; False when another one has it and is alive."""
    taken = (studies.c.state.in_(("running", "waiting"))) & (studies.c.heard_at > now - GONE_S)
    done = await connection.execute(
        update(studies)
        .where(studies.c.id == id_, ~taken | (studies.c.runner == ""))
        .values(
            state="waiting", runner=runner, heard_at=now, done=0, total=0, result=None, error=""
        )
    )
    return done.rowcount == 1


async def beat(
    connection: AsyncConnection, id_: str, runner: str, now: float, done: int, total: int
) -> bool:
    """Say how far a study is; False when it is not wanted any more, or somebody else's."""
    told = await connection.execute(
        update(studies)
        .where(studies.c.id == id_, studies.c.runner == runner)
        .where(studies.c.state.in_(("running", "waiting")))
        .values(state="running" if total else "waiting", heard_at=now, done=done, total=total)
    )
    return told.rowcount == 1


async def finish(
    connection: AsyncConnection,
    id_: str,
    runner: str,
    state: str,
    *,
    result: dict[str, Any] | None = None,
    error: str = "",
) -> bool:
    """Write what came of a study; False when it was cancelled meanwhile."""
    done = await connection.execute(
        update(studies)
        .where(studies.c.id == id_, studies.c.runner == runner)
        .where(studies.c.state.in_(("running", "waiting")))
        .values(state=state, result=result, error=error)
    )
    return done.rowcount == 1


async def cancel(connection: AsyncConnection, id_: str) -> bool:
    """Say that a study is not wanted any more; False when it is over already."""
    done = await connection.execute(
        update(studies)
        .where(studies.c.id == id_, studies.c.state.in_(("running", "waiting")))
        .values(state="cancelled")
    )
    return done.rowcount == 1
