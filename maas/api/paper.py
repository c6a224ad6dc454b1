"""Lines entered from paper afterwards, and the list of those that do not fit."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from maas.api.answers import granted
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.requests import In, Key
from maas.api.shapes import Instant, Rendering, RideOut, Said, Shape
from maas.auth.roles import Permission
from maas.rides.paper import Papers
from maas.rides.paper_lines import PaperLine, conflict_of
from maas.store import duty
from maas.store.duty import PaperRow
from maas.town.rules import seconds

router = APIRouter(prefix="/paper", tags=["paper"])

LineId = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_-]+$")]
Clock = Annotated[str, Field(pattern=r"^([0-3][0-9]|4[0-7]):[0-5][0-9]$", examples=["09:30"])]
PlaceId = Annotated[int, Field(ge=1, lt=2**31)]
AreaQuery = Annotated[str | None, Query(max_length=64)]


class PaperLineIn(BaseModel):
    """One line of a sheet: what was promised, and how it was driven if it has been."""

    id: LineId = Field(description="The number printed before the line.", examples=["261126-1-03"])
    date: dt.date
    vehicle_id: str = Field(min_length=1, max_length=64)
    origin: PlaceId
    destination: PlaceId
    told: Clock = Field(description="The time promised for the pick-up.")
    by: Clock | None = Field(None, description="When they have to be there, if that was promised.")
    rider_id: int | None = Field(None, ge=1, lt=2**31)
    name: str = Field("", max_length=100)
    phone: str = Field("", max_length=30)
    riders: int = Field(1, ge=1, le=20)
    wheelchairs: int = Field(0, ge=0, le=20)
    half_fares: int = Field(0, ge=0, le=20)
    infants: int = Field(0, ge=0, le=20)
    transfer: bool = False
    aboard: Clock | None = None
    dropped: Clock | None = None
    no_show: bool = False
    cash_yen: int | None = Field(None, ge=0, le=1_000_000, description="Absent: the fare.")

    def line(self) -> PaperLine:
        """Return it as the rides understand it."""
        same = {
            name: getattr(self, name)
            for name in (
                "id", "vehicle_id", "origin", "destination", "rider_id", "name", "phone", "riders",
                "wheelchairs", "half_fares", "infants", "transfer", "no_show", "cash_yen",
            )
        }  # fmt: skip
        return PaperLine(
            **same,
            day=self.date,
            told_s=seconds(self.told),
            by_s=_seconds(self.by),
            aboard_s=_seconds(self.aboard),
            dropped_s=_seconds(self.dropped),
        )


def _seconds(clock: str | None) -> int | None:
    return None if clock is None else seconds(clock)


class PaperIn(BaseModel):
    """Lines to enter; with `preview` it is only said what would become of them."""

    lines: list[PaperLineIn] = Field(min_length=1, max_length=100)
    preview: bool = False
    area: str | None = Field(None, max_length=64)


class ConflictOut(Shape):
    """What stands against a line; one that is `hard` cannot be taken all the same."""

    code: str = Field(examples=["same_rider"])
    about: str
    sentence: Said
    hard: bool


class PaperResultOut(Shape):
    """What became of a line, or would become of it."""

    id: str
    outcome: Literal["taken", "conflict", "dropped", "refused"]
    conflicts: list[ConflictOut]
    booking_id: str | None
    reference: str | None
    ride: RideOut | None


@router.post(
    "",
    operation_id="enterPaper",
    **needs(Permission.BOOK, "not-found", "no-roads", "no-town", changes=True),
)
async def enter_paper(
    entered: PaperIn, person: SignedIn, service: The, write: In
) -> list[PaperResultOut]:
    """Enter lines from paper, each once for its number; those that do not fit wait on the list."""
    papers = Papers(service.keeper(entered.area, person))
    lines = [line.line() for line in entered.lines]
    work = papers.preview if entered.preview else papers.enter
    return write.many(PaperResultOut, await work(lines, actor=person.name))


class PaperOut(Shape):
    """A line as it was entered, and what became of it."""

    id: str
    date: dt.date = Field(validation_alias="service_date")
    vehicle_id: str
    state: Literal["taken", "conflict", "dropped"]
    conflicts: list[ConflictOut]
    booking_id: str | None
    entered_at: Instant
    entered_by: str
    settled_at: Instant | None
    settled_by: str | None
    note: str
    body: dict[str, Any]


@router.get(
    "",
    operation_id="listPaper",
    **needs(Permission.BOOK, "no-roads", "no-town", "not-found"),
)
async def list_paper(
    person: SignedIn,
    service: The,
    write: In,
    date: dt.date | None = None,
    area: AreaQuery = None,
) -> list[PaperOut]:
    """Return the lines of a day, or without one those of any day that wait to be settled."""
    name = service.keeper(area, person).area
    async with service.database.reading() as db:
        rows = await duty.papers(db, name, date)
        ids = [about for row in rows for _, about in row.conflicts]
        references = await duty.references(db, ids)
    return [_paper(row, references, write) for row in rows]


def _paper(row: PaperRow, references: dict[str, str], write: Rendering) -> PaperOut:
    own = {name: getattr(row, name) for name in PaperOut.model_fields if hasattr(row, name)}
    conflicts = [conflict_of(code, about, references) for code, about in row.conflicts]
    return write.one(PaperOut, own | {"service_date": row.service_date, "conflicts": conflicts})


class SettleIn(BaseModel):
    """Take a line in spite of what stands against it, or drop it; why is kept."""

    take: bool
    note: str = Field("", max_length=500)


@router.post(
    "/{line_id}/settle",
    operation_id="settlePaper",
    **needs(
        Permission.BOOK, "not-found", "key-missing", "key-reused", "no-roads", "no-town",
        changes=True,
    ),
)  # fmt: skip
async def settle_paper(
    line_id: Annotated[str, Path(min_length=1, max_length=40)],
    settled: SettleIn,
    key: Key,
    person: SignedIn,
    service: The,
    write: In,
    area: AreaQuery = None,
) -> PaperResultOut:
    """Settle a line that waits; one with a hard conflict waits on until it is dropped."""
    papers = Papers(service.keeper(area, person))
    answer = await papers.settle(
        line_id, take_it=settled.take, note=settled.note, key=key, actor=person.name
    )
    return write.one(PaperResultOut, granted(answer, write))
