"""What-if studies: asked, begun, watched, called off, read by whoever has the address."""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.api.handovers import areas_of, kept_answer
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import Instant, Rendering, Shape
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.records.studies import check, new_row
from maas.records.whatif import Study
from maas.records.whatif_town import Town, town_of
from maas.rides.keeper import Keeper
from maas.store import ledger, studies
from maas.store.once import By, Done, once
from maas.store.studies import StudyRow

router = APIRouter(prefix="/studies", tags=["planning"])

_NO_KEEPER: Final = ("not-found", "no-roads", "no-town")
Id = Annotated[str, Path(min_length=1, max_length=64)]
_SPAN: Final = r"^([0-3][0-9]|4[0-7]):[0-5][0-9]/([0-3][0-9]|4[0-7]):[0-5][0-9]$"
Clock = Annotated[str, Field(pattern=_SPAN)]
Text = Annotated[str, Field(min_length=1, max_length=80)]
Fields = dict[str, Any]


class MoreIn(BaseModel):
    """So many more vehicles like one there is, perhaps only on some hours."""

    like: Text
    count: int = Field(default=1, ge=1, le=50)
    shift: Clock | None = Field(default=None, examples=["09:00/11:00"])
    seats: int | None = Field(default=None, ge=1, le=60)


class FreeIn(BaseModel):
    """Who rides for nothing: on some weekdays, or with some tag; neither is everybody."""

    weekdays: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = []
    tags: list[Text] = []


class VariantIn(BaseModel):
    """What would be otherwise; `hours`, `booking`, `tariff` are fields as in town.toml."""

    name: Text
    more: list[MoreIn] = Field(default=[], max_length=20)
    without: list[Text] = Field(default=[], max_length=200, description="Ids of vehicles.")
    shifts: dict[str, Clock] = Field(default={}, description="New hours of vehicles by id.")
    hours: Fields = {}
    booking: Fields = Field(default={}, examples=[{"window_min": 30, "deadline_min": 60}])
    tariff: Fields = {}
    zones: list[Fields] | None = Field(default=None, description="In place of all zones.")
    relations: list[Fields] | None = None
    free: FreeIn | None = None
    demand_percent: int = Field(default=100, ge=0, le=500)
    timetable: int | None = Field(default=None, ge=1, description="An edition of the timetable.")


class SmallestIn(BaseModel):
    """Look for the smallest fleet that serves so many percent."""

    serves_percent: float = Field(default=98.0, gt=0, le=100)


class LuckIn(BaseModel):
    """What differs from seed to seed: the spread of driving times, who is late or not there."""

    noise: float = Field(default=0.08, ge=0, le=1)
    late: float = Field(default=0.03, ge=0, le=1)
    no_show: float | None = Field(default=None, ge=0, le=1)
    breakdown: float = Field(default=0.0, ge=0, le=1)


class PricesIn(BaseModel):
    """What an hour of a vehicle's shift and a kilometre cost, in yen: assumptions."""

    hour_yen: int = Field(default=2600, ge=0, le=100_000)
    km_yen: int = Field(default=45, ge=0, le=10_000)


class StudyIn(BaseModel):
    """A period to replay, as it was asked for then (`past`) or drawn from the demand model."""

    name: str = Field(min_length=1, max_length=120)
    first: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2026-10-01"])
    last: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2026-10-31"])
    demand: Literal["past", "drawn"] = "past"
    variants: list[VariantIn] = Field(default=[], max_length=8)
    smallest: SmallestIn | None = None
    seeds: int = Field(default=10, ge=1, le=50)
    flexible_min: int = Field(default=30, ge=0, le=600)
    luck: LuckIn = LuckIn()
    prices: PricesIn = PricesIn()
    area: Annotated[str | None, Field(max_length=64, description="The only area when absent.")] = (
        None
    )


class StudyOut(Shape):
    """How far a study is; `done` of `total` pieces are finished."""

    id: str
    area_id: str
    name: str
    state: Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]
    done: int
    total: int
    made_at: Instant
    made_by: str
    program: str
    error: str


class StudyWholeOut(StudyOut):
    """A study with its question and, when it is done, its answer.

    `question` is as it was asked; `result` has the variants with each measure's mean and 95 %
    interval over the seeds, and by how much they differ from the first, the town as it is.
    `simulated`: days of the period were made up.
    """

    question: Fields
    result: Fields | None
    simulated: bool


@router.get("", operation_id="listStudies", **needs(Permission.PLAN, *_NO_KEEPER))
async def list_studies(person: SignedIn, service: The, write: In) -> list[StudyOut]:
    """Return the studies there are, the newest first."""
    async with service.database.reading() as db:
        rows = await studies.studies_of(db, areas_of(service, person))
    return [_told(StudyOut, row, write) for row in rows]


@router.post(
    "",
    operation_id="askStudy",
    status_code=201,
    **needs(Permission.PLAN, "key-missing", "key-reused", "study-wrong", *_NO_KEEPER, changes=True),
)
async def ask_study(
    asked: StudyIn, key: Key, person: SignedIn, service: The, write: In
) -> StudyOut:
    """Keep a study and begin it."""
    keeper = service.keeper(asked.area, person)
    question = _question(asked, keeper)
    row = new_row(
        question, id_=secrets.token_urlsafe(9), area=keeper.area, now=service.clock(),
        by=person.name, heard_at=time.time(),
    )  # fmt: skip

    async def work(db: AsyncConnection) -> Done:
        await studies.add(db, row)
        return Done((row.id,), row.id, {"name": row.name})

    by = By(person.name, row.made_at, key)
    plain = msgspec.json.encode(question).decode()
    answer = await once(service.database, by, "study.asked", [keeper.area, plain], work)
    if not isinstance(answer, Done):
        kept_answer(answer)
    id_ = str(answer.answer) if isinstance(answer, Done) else row.id
    if id_ == row.id:
        await service.studies.start(id_, _town(service, keeper))
    return _told(StudyOut, await _row(service, person, id_), write)


@router.get("/{study_id}", operation_id="readStudy", **needs(Permission.PLAN, *_NO_KEEPER))
async def read_study(study_id: Id, person: SignedIn, service: The, write: In) -> StudyWholeOut:
    """Return a study with its question and its answer."""
    row = await _row(service, person, study_id)
    question = msgspec.convert(row.question, Study)
    async with service.database.reading() as db:
        made_up = await ledger.simulated_between(db, question.first, question.last)
    told = _Told(row, row.state_at(time.time()), simulated=bool(made_up))
    return write.one(StudyWholeOut, told)


@router.post(
    "/{study_id}/start",
    operation_id="startStudy",
    **needs(Permission.PLAN, "foreign-origin", "study-running", *_NO_KEEPER),
)
async def start_study(study_id: Id, person: SignedIn, service: The, write: In) -> StudyOut:
    """Begin a study again that was interrupted, called off, or is to be answered anew."""
    row = await _row(service, person, study_id)
    keeper = service.keeper(row.area_id, person)
    if not await service.studies.start(study_id, _town(service, keeper)):
        raise Problem("study-running")
    return _told(StudyOut, await _row(service, person, study_id), write)


@router.post(
    "/{study_id}/cancel",
    operation_id="cancelStudy",
    **needs(Permission.PLAN, "foreign-origin", *_NO_KEEPER),
)
async def cancel_study(study_id: Id, person: SignedIn, service: The, write: In) -> StudyOut:
    """Call a study off; one that is over stays as it is."""
    await _row(service, person, study_id)
    async with service.database.writing() as db:
        await studies.cancel(db, study_id)
    return _told(StudyOut, await _row(service, person, study_id), write)


class _Told:
    """A study as it is now."""

    def __init__(self, row: StudyRow, state: str, *, simulated: bool = False) -> None:
        self.state, self.simulated = state, simulated
        self._row = row

    def __getattr__(self, name: str) -> object:
        return getattr(self._row, name)


def _told(shape: type[StudyOut], row: StudyRow, write: Rendering) -> StudyOut:
    return write.one(shape, _Told(row, row.state_at(time.time())))


async def _row(service: Service, person: Person, study_id: str) -> StudyRow:
    async with service.database.reading() as db:
        row = await studies.study(db, study_id)
    if row is None or row.area_id not in areas_of(service, person):
        raise Problem("not-found")
    return row


def _town(service: Service, keeper: Keeper) -> Any:  # noqa: ANN401 -- a function
    here, roads = keeper.here, service.roads
    return lambda: town_of(here, roads)


def _question(asked: StudyIn, keeper: Keeper) -> Study:
    """Return the study that is asked; raises the problem of what it cannot be."""
    plain = asked.model_dump(exclude={"area"})
    for variant in plain["variants"]:
        number = variant["timetable"]
        variant["timetable"] = "" if number is None else str(number)
    try:
        question = msgspec.convert(plain, Study)
        check(question, _rules_only(keeper))
    except (msgspec.ValidationError, ValueError) as error:
        raise Problem("study-wrong", why=str(error)) from error
    return question


def _rules_only(keeper: Keeper) -> Town:
    here = keeper.here
    return Town(keeper.area, here.names.timezone, here.rules, {}, {}, here.taxis, {})
