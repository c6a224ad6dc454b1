"""Open data of a month: what would be published, what not and why; then published for ever."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.api.cached import IfNoneMatch, cached
from maas.api.handovers import kept_answer
from maas.api.identity import SignedIn, The
from maas.api.open_data import language_asked
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import Instant, Shape
from maas.auth.roles import Permission
from maas.open_data import releases_page, zipped
from maas.records.release_files import Label, content_hash, published_keys, release_files
from maas.records.released import MESH_M, VEHICLES, K, Released, release
from maas.records.releasing import days_of, is_simulated, month_moved, month_trips
from maas.store import releases
from maas.store.once import By, Done, once
from maas.store.releases import ReleaseRow
from signage.plain import STYLESHEET_PATH

router = APIRouter(prefix="/releases", tags=["open data"])
feeds_router = APIRouter(prefix="/feeds/ridership", tags=["open data"])

SHOWN: Final = 500
"""So many hidden groups are listed, the largest first; all are counted."""
FOREVER_S: Final = 31_536_000
A_DAY_S: Final = 86_400
MONTH: Final = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
Month = Annotated[str, Path(pattern=MONTH, examples=["2026-10"])]
Version = Annotated[int, Path(ge=1, le=9999)]
FileName = Annotated[str, Path(pattern=r"^[a-z_]{1,40}\.(csv|parquet|json)$")]
_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}


class TripRowOut(Shape):
    """A row of rides as it would be published; blank: its rides differ in that."""

    origin: str = Field(description="Grid square (JIS X 0410) of nine, eight or seven digits.")
    destination: str
    day_type: Literal["weekday", "holiday", ""]
    hour: int | None
    rides: int
    people: int
    riders: int


class MovedRowOut(Shape):
    """A row of bus riders as it would be published."""

    what: Literal["boarded", "alighted"]
    route: str
    stop: str
    day_type: Literal["weekday", "holiday"]
    hour: int | None
    people: int
    together: int


class HiddenOut(Shape):
    """A finest group that is not published as it is: its key, and why.

    `small`: too few people; `given_up`: so that no other could be worked out; `not_before`: an
    earlier version had it in a coarser row.
    """

    key: list[str | int | None]
    things: int
    why: Literal["small", "given_up", "not_before"]


class TableOut(BaseModel):
    """How much of what there is appears in which detail."""

    things: int = Field(description="Rides, or people on buses, that are in the rows.")
    in_finest: int = Field(description="Of them, in rows without a blank.")
    left: int = Field(description="Not published at all, since all of it together is too little.")
    hidden: list[HiddenOut]
    hidden_count: int


class PreviewOut(BaseModel):
    """What a release would publish; `content` names exactly this, and publishing takes it."""

    month: str
    version: int = Field(description="The number it would have.")
    over: bool = Field(description="Whether the month is over.")
    simulated: bool
    k: int
    vehicles: int
    mesh_m: int
    content: str
    same_as_last: bool
    trips: list[TripRowOut]
    trips_table: TableOut
    bus: list[MovedRowOut]
    bus_table: TableOut


class ReleaseIn(BaseModel):
    """A month to publish as it was seen; a later version says what it puts right."""

    month: Annotated[str, Field(pattern=MONTH)]
    content: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reason: Annotated[str, Field(max_length=500)] = ""


class ReleaseOut(Shape):
    """A release that was published."""

    month: str
    version: int
    made_at: Instant
    made_by: str
    reason: str
    simulated: bool
    sha256: str


@router.get("", operation_id="listReleases", **needs(Permission.READ_RIDES))
async def list_releases(service: The, write: In) -> list[ReleaseOut]:
    """Return every release, the newest month and version first."""
    async with service.database.reading() as db:
        return write.many(ReleaseOut, await releases.all_releases(db))


@router.get("/{month}", operation_id="previewRelease", **needs(Permission.PLAN, "not-found"))
async def preview_release(month: Month, service: The, write: In) -> PreviewOut:
    """Return what would be published of a month, what not, and why."""
    async with service.database.reading() as db:
        found, last = await _made(db, service, month)
        simulated = await is_simulated(db, month)
    return PreviewOut(
        month=month,
        version=1 if last is None else last.version + 1,
        over=_is_over(service, month),
        simulated=simulated,
        k=K,
        vehicles=VEHICLES,
        mesh_m=MESH_M,
        content=content_hash(found),
        same_as_last=last is not None and last.content == content_hash(found),
        trips=write.many(TripRowOut, found.trips),
        trips_table=_trips_table(found, write),
        bus=write.many(MovedRowOut, found.moved),
        bus_table=_bus_table(found, write),
    )


def _trips_table(found: Released, write: In) -> TableOut:
    fine = [row for row in found.trips if row.hour is not None and len(row.origin) == 9]
    return TableOut(
        things=sum(row.rides for row in found.trips),
        in_finest=sum(row.rides for row in fine),
        left=found.left_trips,
        hidden=_hidden(found.hidden_trips, write),
        hidden_count=len(found.hidden_trips),
    )


def _bus_table(found: Released, write: In) -> TableOut:
    fine = [row for row in found.moved if row.stop and row.hour is not None]
    return TableOut(
        things=sum(row.people for row in found.moved),
        in_finest=sum(row.people for row in fine),
        left=found.left_moved,
        hidden=_hidden(found.hidden_moved, write),
        hidden_count=len(found.hidden_moved),
    )


def _hidden(groups: tuple[Any, ...], write: In) -> list[HiddenOut]:
    largest = sorted(groups, key=lambda each: (-each.things, [str(part) for part in each.key]))
    return write.many(HiddenOut, largest[:SHOWN])


@router.post(
    "",
    operation_id="publishRelease",
    status_code=201,
    **needs(
        Permission.PLAN,
        "key-missing", "key-reused", "release-early", "release-empty", "release-moved",
        "release-same",
        changes=True,
    ),
)  # fmt: skip
async def publish_release(
    wanted: ReleaseIn, key: Key, person: SignedIn, service: The, write: In
) -> ReleaseOut:
    """Publish a month as it was seen in its preview; it stays as it is for ever."""
    if not _is_over(service, wanted.month):
        raise Problem("release-early")
    by = By(person.name, service.clock(), key)
    publisher = "" if service.town is None else service.town.name

    async def work(db: AsyncConnection) -> Done | str:
        found, last = await _made(db, service, wanted.month)
        content = content_hash(found)
        fault = _fault(found, last, content, wanted.content)
        if fault is not None:
            return fault
        version = 1 if last is None else last.version + 1
        simulated = await is_simulated(db, wanted.month)
        label = Label(wanted.month, version, publisher, simulated, wanted.reason)
        package = await asyncio.to_thread(lambda: zipped(release_files(found, label)))
        row = ReleaseRow(
            wanted.month, version, by.now, by.actor, wanted.reason, simulated, content,
            hashlib.sha256(package).hexdigest(), package,
        )  # fmt: skip
        await releases.add_release(db, row)
        told = {name: getattr(row, name) for name in ReleaseOut.model_fields}
        return Done((f"{row.month}-v{row.version}",), told, {"sha256": row.sha256})

    asked = [wanted.month, wanted.content, wanted.reason]
    answer = await once(service.database, by, "release.published", asked, work)
    if isinstance(answer, str) and answer != "key-reused":
        raise Problem(answer)
    return write.one(ReleaseOut, _Kept(**kept_answer(answer)))


class _Kept:
    """What a release said when it was published."""

    def __init__(self, **told: object) -> None:
        self.__dict__.update(told)


def _fault(found: Released, last: ReleaseRow | None, content: str, seen: str) -> str | None:
    if not (found.trips or found.moved):
        return "release-empty"
    if content != seen:
        return "release-moved"
    return "release-same" if last is not None and last.content == content else None


async def _made(
    db: AsyncConnection, service: Service, month: str
) -> tuple[Released, ReleaseRow | None]:
    """Return what a month's next release says, and the last one there is."""
    last = await releases.release(db, month)
    zone = ZoneInfo(service.timezone)
    trips = await month_trips(db, month, service.today())
    moved = await month_moved(db, service.buses.feed, zone, month)
    before = None if last is None else published_keys(last.package)
    return await asyncio.to_thread(release, trips, moved, before), last


def _is_over(service: Service, month: str) -> bool:
    return days_of(month)[1] < service.today()


# --- in public --------------------------------------------------------------------------------

_PUBLIC: Final = needs(Permission.PUBLIC, "starting", "not-found")
Lang = Annotated[Literal["ja", "en"] | None, Query()]


def _described(media_type: str) -> dict[str, Any]:
    binary = {"type": "string", "format": "binary"}
    schema = {"type": "object"} if media_type == "application/json" else binary
    responses = _PUBLIC["responses"] | {
        200: {"description": "The data", "content": {media_type: {"schema": schema}}},
        304: {"description": "Unchanged"},
    }
    return _PUBLIC | {"responses": responses, "response_class": Response}


@feeds_router.get("/", include_in_schema=False, **needs(Permission.PUBLIC))
async def releases_in_public(service: The, request: Request, lang: Lang = None) -> Response:
    """The page of the months that were published."""
    async with service.database.reading() as db:
        rows = await releases.all_releases(db)
    name = "" if service.town is None else service.town.name
    language = language_asked(request, lang)
    return HTMLResponse(releases_page(rows, name, language, STYLESHEET_PATH))


@feeds_router.get("/index.json", operation_id="readReleases", **_described("application/json"))
async def releases_index(service: The, known: IfNoneMatch = None) -> Response:
    """Every release with its version, hash and address, the newest first."""
    async with service.database.reading() as db:
        rows = await releases.all_releases(db)
    listed = [
        {
            "month": row.month, "version": row.version, "sha256": row.sha256,
            "simulated": row.simulated, "correction": row.reason,
            "path": f"/feeds/ridership/{row.month}-v{row.version}.zip",
        }
        for row in rows
    ]  # fmt: skip
    body = json.dumps({"releases": listed}, ensure_ascii=False).encode()
    return cached(body, "application/json", known, A_DAY_S)


# Before the one that takes a month alone: the first that fits an address answers.
@feeds_router.get(
    "/{month}-v{version}.zip", operation_id="readReleaseVersion", **_described("application/zip")
)
async def released_version(
    month: Month, version: Version, service: The, known: IfNoneMatch = None
) -> Response:
    """A version of a month's release; it never changes."""
    row = await _published(service, month, version)
    return cached(row.package, "application/zip", known, FOREVER_S)


@feeds_router.get("/{month}.zip", operation_id="readRelease", **_described("application/zip"))
async def released(month: Month, service: The, known: IfNoneMatch = None) -> Response:
    """A month's release in its last version, as a data package."""
    row = await _published(service, month, None)
    return cached(row.package, "application/zip", known, A_DAY_S)


@feeds_router.get(
    "/{month}-v{version}/{file}", operation_id="readReleaseFile", **_described("text/csv")
)
async def released_file(
    month: Month, version: Version, file: FileName, service: The, known: IfNoneMatch = None
) -> Response:
    """One file of a version: CSV, Parquet, the dictionary of the columns, or the descriptor."""
    row = await _published(service, month, version)
    with zipfile.ZipFile(io.BytesIO(row.package)) as archive:
        if file not in archive.namelist():
            raise Problem("not-found")
        body = archive.read(file)
    return cached(body, _TYPES[file.rpartition(".")[2]], known, FOREVER_S)


async def _published(service: Service, month: str, version: int | None) -> ReleaseRow:
    async with service.database.reading() as db:
        row = await releases.release(db, month, version)
    if row is None:
        raise Problem("not-found")
    return row
