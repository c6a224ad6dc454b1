"""What planners write beside the figures: events of a period, and targets."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import asdict
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.api.handovers import kept_answer
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.shapes import Instant, Shape
from maas.auth.roles import Permission
from maas.store import remarks
from maas.store.once import By, Done, once
from maas.store.remarks import RemarkRow, TargetRow

router = APIRouter(prefix="/ridership", tags=["ridership"])

_NO_KEEPER = ("not-found", "no-roads", "no-town")
Id = Annotated[str, Path(min_length=1, max_length=64)]
AreaAsked = Annotated[str | None, Query(max_length=64)]
Area = Annotated[str | None, Field(max_length=64, description="The only area when absent.")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Kind = Literal["snow", "festival", "road", "rules", "other"]
Target = Literal[
    "riders", "members", "trips_each", "shared_share", "kept_share", "lost_share",
    "no_show_share", "fare_each", "distance_each", "recovery_share", "burden_each",
]  # fmt: skip


class RemarkIn(BaseModel):
    """What happened from `first` on, for some days more."""

    first: dt.date
    more_days: int = Field(default=0, ge=0, le=366)
    kind: Kind
    text: Words = Field(examples=["大雪で1日運休"])
    area: Area = None


class RemarkOut(Shape):
    """An event of a period; `taken_back_by` says who found that it was wrong, null nobody."""

    id: str
    first: dt.date
    last: dt.date
    kind: str
    text: str
    at: Instant
    author: str
    taken_back_by: str | None


class TargetIn(BaseModel):
    """What a figure should be, as it is shown (shares in percent); null: there is no target."""

    figure: Target
    value: float | None = Field(ge=0, le=1e9)
    valid_from: dt.date
    area: Area = None


class TargetOut(Shape):
    """A target, by whom, and from when it holds."""

    id: str
    figure: str
    value: float | None
    valid_from: dt.date
    at: Instant
    author: str


@router.get("/remarks", operation_id="listRemarks", **needs(Permission.PLAN, *_NO_KEEPER))
async def list_remarks(
    person: SignedIn, service: The, write: In, area: AreaAsked = None
) -> list[RemarkOut]:
    """Return what was written beside the figures, those taken back too."""
    here = service.keeper(area, person).area
    async with service.database.reading() as db:
        rows = await remarks.all_remarks(db, here)
    back = {row.takes_back: row.author for row in rows if row.takes_back is not None}
    return [
        write.one(RemarkOut, asdict(row) | {"taken_back_by": back.get(row.id)})
        for row in rows
        if row.takes_back is None
    ]


@router.post(
    "/remarks",
    operation_id="writeRemark",
    status_code=201,
    **needs(Permission.PLAN, "key-missing", "key-reused", *_NO_KEEPER, changes=True),
)
async def write_remark(
    said: RemarkIn, key: Key, person: SignedIn, service: The, write: In
) -> RemarkOut:
    """Write an event beside the figures; it stays there with its author."""
    area = service.keeper(said.area, person).area
    row = RemarkRow(
        id=secrets.token_hex(8),
        area_id=area,
        first=said.first,
        last=_days_after(said.first, said.more_days),
        kind=said.kind,
        text=said.text,
        at=service.clock(),
        author=person.name,
    )

    async def work(db: AsyncConnection) -> Done:
        await remarks.add_remark(db, row)
        return Done((row.id,), msgspec.to_builtins(row), {"text": row.text})

    by, asked = By(person.name, row.at, key), [area, str(row.first), str(row.last), said.kind]
    kept = kept_answer(await once(service.database, by, "remark.written", [*asked, row.text], work))
    return write.one(RemarkOut, kept | {"taken_back_by": None})


@router.post(
    "/remarks/{remark_id}/take-back",
    operation_id="takeBackRemark",
    **needs(Permission.PLAN, "foreign-origin", "key-missing", "key-reused", *_NO_KEEPER),
)
async def take_back(
    remark_id: Id, key: Key, person: SignedIn, service: The, write: In
) -> RemarkOut:
    """Say that an event written down was wrong; the first who says so stays."""
    async with service.database.reading() as db:
        found = await remarks.remark(db, remark_id)
    if found is None or found.takes_back is not None:
        raise Problem("not-found")
    area, now = service.keeper(found.area_id, person).area, service.clock()

    async def work(db: AsyncConnection) -> Done:
        rows = await remarks.all_remarks(db, area)
        said = next((row for row in rows if row.takes_back == remark_id), None)
        if said is None:
            said = RemarkRow(secrets.token_hex(8), area, found.first, found.last, found.kind, "",
                             now, person.name, takes_back=found.id)  # fmt: skip
            await remarks.add_remark(db, said)
        return Done((found.id,), msgspec.to_builtins(found) | {"taken_back_by": said.author})

    done = await once(service.database, By(person.name, now, key), "remark.back", remark_id, work)
    return write.one(RemarkOut, kept_answer(done))


@router.get("/targets", operation_id="listTargets", **needs(Permission.PLAN, *_NO_KEEPER))
async def list_targets(
    person: SignedIn, service: The, write: In, area: AreaAsked = None
) -> list[TargetOut]:
    """Return every target ever set, the one that begins last first."""
    here = service.keeper(area, person).area
    async with service.database.reading() as db:
        return write.many(TargetOut, await remarks.all_targets(db, here))


@router.post(
    "/targets",
    operation_id="setTarget",
    status_code=201,
    **needs(Permission.PLAN, "key-missing", "key-reused", *_NO_KEEPER, changes=True),
)
async def set_target(
    asked: TargetIn, key: Key, person: SignedIn, service: The, write: In
) -> TargetOut:
    """Set what a figure should be from a day on; earlier targets stay known."""
    area = service.keeper(asked.area, person).area
    row = TargetRow(
        id=secrets.token_hex(8),
        area_id=area,
        figure=asked.figure,
        value=asked.value,
        valid_from=asked.valid_from,
        at=service.clock(),
        author=person.name,
    )

    async def work(db: AsyncConnection) -> Done:
        await remarks.add_target(db, row)
        return Done((row.id,), msgspec.to_builtins(row), {"figure": row.figure, "value": row.value})

    by = By(person.name, row.at, key)
    wanted = [area, row.figure, row.value, str(row.valid_from)]
    return write.one(
        TargetOut, kept_answer(await once(service.database, by, "target.set", wanted, work))
    )


def _days_after(first: dt.date, days: int) -> dt.date:
    """Return the day some days later, never after the last day there is."""
    return first + dt.timedelta(min(days, (dt.date.max - first).days))
