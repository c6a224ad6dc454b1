"""The town's timetable, edited: drafts, checks, publication, and what will hold next."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gtfs import Feed, FeedError, edit
from gtfs.calendar import format_time, parse_time
from gtfs.check import Finding
from gtfs.edit import Edit, EditError
from gtfs.japan import KANA
from gtfs.offers import Words
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.security import TIMETABLE_MAX_BYTES
from maas.api.service import Service
from maas.auth.roles import Permission
from maas.editions import Draft, Editions, Faulty, InForce, Moved, read_bytes
from maas.store.editions import EditionRow

router = APIRouter(prefix="/timetables", tags=["timetables"])

ZIP: Final = "application/zip"
ROWS_MAX: Final = 500

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
Text = Annotated[str, Field(max_length=200)]
Key = Annotated[str, Field(min_length=1, max_length=100)]
Clock = Annotated[str, Field(pattern=r"^[0-4]?[0-9]:[0-5][0-9]:[0-5][0-9]$", examples=["08:05:00"])]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WordsIO(_In):
    """A text, how it is read, and its English."""

    ja: Text
    kana: Text = ""
    en: Text = ""

    def words(self) -> Words:
        """Return it as the editor takes it."""
        return Words(self.ja, self.kana, self.en)


class StopIO(_In):
    """A stop, a platform of a station, or a station."""

    kind: Literal["stop"] = "stop"
    id: Key
    name: WordsIO
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    platform: Text = ""
    station: Text = ""
    is_station: bool = False

    def edit(self) -> Edit:
        """Return it as the editor takes it."""
        return edit.PutStop(
            self.id, self.name.words(), self.lat, self.lon,
            platform=self.platform, station=self.station, is_station=self.is_station,
        )  # fmt: skip


class RouteIO(_In):
    """A route; colours are six hex digits or empty."""

    kind: Literal["route"] = "route"
    id: Key
    agency_id: Text
    short_name: Text = ""
    long_name: WordsIO
    color: Text = ""
    text_color: Text = ""

    def edit(self) -> Edit:
        """Return it as the editor takes it."""
        return edit.PutRoute(
            self.id, self.agency_id, self.short_name, self.long_name.words(),
            color=self.color, text_color=self.text_color,
        )  # fmt: skip


class CalendarIO(_In):
    """The days of a service: weekdays (Monday first), days more, days less."""

    kind: Literal["calendar"] = "calendar"
    id: Key
    weekdays: Annotated[list[bool], Field(min_length=7, max_length=7)]
    start: Day
    end: Day
    added: Annotated[list[Day], Field(max_length=400)] = []
    removed: Annotated[list[Day], Field(max_length=400)] = []

    def edit(self) -> Edit:
        """Return it as the editor takes it."""
        return edit.PutCalendar(
            self.id, tuple(self.weekdays), self.start, self.end,
            added=tuple(self.added), removed=tuple(self.removed),
        )  # fmt: skip


class CallIO(_In):
    """A call of a trip; both times or none; hours may pass 24."""

    stop_id: Key
    arrival: Clock | None
    departure: Clock | None
    boards: bool = True
    alights: bool = True
    timepoint: bool = True

    def call(self) -> edit.Call:
        """Return it as the editor takes it."""
        arrival_s, departure_s = (
            None if text is None else parse_time(text) for text in (self.arrival, self.departure)
        )
        return edit.Call(
            self.stop_id, arrival_s, departure_s,
            boards=self.boards, alights=self.alights, timepoint=self.timepoint,
        )  # fmt: skip


class TripIO(_In):
    """A trip with all its calls."""

    kind: Literal["trip"] = "trip"
    id: Key
    route_id: Text
    service_id: Text
    headsign: WordsIO
    direction_id: Literal[0, 1] | None = None
    block_id: Text = ""
    shape_id: Text = ""
    calls: Annotated[list[CallIO], Field(max_length=500)]

    def edit(self) -> Edit:
        """Return it as the editor takes it."""
        return edit.PutTrip(
            self.id, self.route_id, self.service_id, self.headsign.words(),
            tuple(call.call() for call in self.calls),
            direction_id=self.direction_id, block_id=self.block_id, shape_id=self.shape_id,
        )  # fmt: skip


class DropIn(_In):
    """Take something out that nothing else uses."""

    kind: Literal["drop"] = "drop"
    what: Literal["stop", "route", "calendar", "trip"]
    id: Key

    def edit(self) -> Edit:
        """Return it as the editor takes it."""
        return edit.Drop(self.what, self.id)


EditIn = Annotated[StopIO | RouteIO | CalendarIO | TripIO | DropIn, Field(discriminator="kind")]


class EditsIn(_In):
    """Edits of one draft, all or none; `version` is the one that was seen."""

    version: int = Field(ge=1, le=2**31 - 1)
    edits: Annotated[list[EditIn], Field(min_length=1, max_length=200)]


class DraftIn(_In):
    """A new draft: a copy of another edition, or of the timetable in force."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    copy_of: int | None = Field(None, ge=1, le=2**31 - 1)


class PublicationIn(_In):
    """From which day to which, both included."""

    version: int = Field(ge=1, le=2**31 - 1)
    valid_from: Day
    valid_to: Day


class FindingOut(BaseModel):
    """Something riders would notice, and where."""

    severity: str
    rule: str
    count: int
    example: str
    text: str
    text_en: str

    @classmethod
    def of(cls, finding: Finding) -> FindingOut:
        """Return a finding as it is shown."""
        return cls(
            severity=finding.severity, rule=finding.rule, count=finding.count,
            example=finding.example, text=finding.text, text_en=finding.text_en,
        )  # fmt: skip


class EditionOut(BaseModel):
    """An edition; `role` says whether riders travel by it now (`current`) or next."""

    id: int
    name: str
    state: Literal["draft", "published", "withdrawn"]
    role: Literal["current", "next"] | None
    version: int
    valid_from: date | None
    valid_to: date | None
    made_by: str
    published_by: str | None


class DraftOut(EditionOut):
    """An edition with how much is in it and what riders would notice."""

    stops: int
    routes: int
    trips: int
    calendars: int
    findings: list[FindingOut]


class EditionsOut(BaseModel):
    """Every edition, the newest first."""

    editions: list[EditionOut]


class RowsOut(BaseModel):
    """A page of what is in an edition; `total` is how many there are."""

    total: int
    rows: list[StopIO] | list[RouteIO] | list[CalendarIO] | list[TripIO]


_READS = ("not-found",)
_CHANGES = ("not-found", "edition-moved")


@router.get("", operation_id="listEditions", **needs(Permission.READ_TIMETABLES))
async def list_editions(service: The) -> EditionsOut:
    """Return every edition of the town's timetable."""
    editions = _editions(service)
    roles = await _roles(service, editions)
    return EditionsOut(editions=[_shown(row, roles) for row in await editions.all()])


@router.post(
    "",
    operation_id="draftEdition",
    status_code=201,
    **needs(Permission.EDIT_TIMETABLES, "not-found", "no-timetable", changes=True),
)
async def start_draft(service: The, person: SignedIn, body: DraftIn) -> EditionOut:
    """Begin a draft from another edition, or from the timetable in force."""
    editions = _editions(service)
    if body.copy_of is None:
        feed = service.buses.feed
        if feed is None:
            raise Problem("no-timetable")
    else:
        feed = (await _draft(service, editions, body.copy_of)).feed
    row = await editions.start(body.name, feed, now=service.clock(), by=person.name)
    return _shown(row, await _roles(service, editions))


@router.post(
    "/import",
    operation_id="importEdition",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    **needs(Permission.EDIT_TIMETABLES, "bad-feed", changes=True),
)
async def import_draft(
    request: Request,
    service: The,
    person: SignedIn,
    name: Annotated[str, Query(min_length=1, max_length=100)],
) -> EditionOut:
    """Begin a draft from a GTFS zip; a broken one is refused with file, line and field."""
    data = await _body(request)
    try:
        feed = await asyncio.to_thread(read_bytes, data)
    except FeedError as error:
        raise Problem("bad-feed", where=str(error), extra=_place(error)) from error
    editions = _editions(service)
    row = await editions.start(name, feed, now=service.clock(), by=person.name)
    return _shown(row, await _roles(service, editions))


@router.get(
    "/{edition_id}", operation_id="readEdition", **needs(Permission.READ_TIMETABLES, *_READS)
)
async def read_edition(service: The, edition_id: Id) -> DraftOut:
    """Return an edition with what riders would notice of it."""
    editions = _editions(service)
    return await _described(service, editions, await _draft(service, editions, edition_id))


@router.get(
    "/{edition_id}/gtfs.zip",
    operation_id="downloadEdition",
    response_class=Response,
    dependencies=(_download := needs(Permission.READ_TIMETABLES, *_READS))["dependencies"],
    responses=_download["responses"]
    | {200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def download_edition(service: The, edition_id: Id) -> Response:
    """Return an edition as the GTFS zip it is kept as."""
    data = await _editions(service).zip(edition_id)
    if data is None:
        raise Problem("not-found")
    return Response(data, media_type=ZIP)


@router.get(
    "/{edition_id}/{what}",
    operation_id="readEditionRows",
    **needs(Permission.READ_TIMETABLES, *_READS),
)
async def read_rows(
    service: The,
    edition_id: Id,
    what: Literal["stops", "routes", "calendars", "trips"],
    route: Annotated[str | None, Query(max_length=100)] = None,
    offset: Annotated[int, Query(ge=0, le=10**6)] = 0,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 100,
) -> RowsOut:
    """Return what is in an edition, in the shapes that edits take; `route` picks its trips."""
    feed = (await _draft(service, _editions(service), edition_id)).feed
    found: list[Any] = list(_LISTS[what](feed))
    if what == "trips" and route is not None:
        found = [trip for trip in found if trip.route_id == route]
    return RowsOut(total=len(found), rows=found[offset : offset + limit])


@router.post(
    "/{edition_id}/edits",
    operation_id="editEdition",
    **needs(Permission.EDIT_TIMETABLES, *_CHANGES, "bad-edit", changes=True),
)
async def edit_draft(service: The, person: SignedIn, edition_id: Id, body: EditsIn) -> DraftOut:
    """Make edits on a draft, all or none, and say what riders would notice of it now."""
    editions = _editions(service)
    seen = await _seen(service, editions, edition_id, body.version)
    made = [each.edit() for each in body.edits]
    now, today = service.clock(), service.today()
    try:
        done = await editions.edit(seen, made, today=today, now=now, by=person.name)
    except EditError as error:
        raise _bad_edit(error) from error
    if isinstance(done, Moved):
        raise _moved(done)
    return await _described(service, editions, done)


@router.post(
    "/{edition_id}/publication",
    operation_id="publishEdition",
    **needs(Permission.EDIT_TIMETABLES, *_CHANGES, "bad-edit", "edition-faulty", changes=True),
)
async def publish_draft(
    service: The, person: SignedIn, edition_id: Id, body: PublicationIn
) -> EditionOut:
    """Publish a draft from a day on; refused while something in it would mislead riders."""
    editions = _editions(service)
    seen = await _seen(service, editions, edition_id, body.version)
    try:
        done = await editions.publish(
            seen, body.valid_from, body.valid_to, now=service.clock(), by=person.name
        )
    except EditError as error:
        raise _bad_edit(error) from error
    if isinstance(done, Faulty):
        found = [FindingOut.of(each).model_dump() for each in done.findings]
        first = done.findings[0]
        raise Problem("edition-faulty", first=first.text, extra={"findings": found})
    if isinstance(done, Moved):
        raise _moved(done)
    await service.take_edition()
    return _shown(done, await _roles(service, editions))


@router.delete(
    "/{edition_id}",
    operation_id="withdrawEdition",
    status_code=204,
    **needs(Permission.EDIT_TIMETABLES, *_CHANGES, "edition-in-force"),
)
async def withdraw_edition(
    service: The,
    person: SignedIn,
    edition_id: Id,
    version: Annotated[int, Query(ge=1, le=2**31 - 1)],
) -> None:
    """Delete a draft, or withdraw an edition that riders do not travel by yet."""
    editions = _editions(service)
    seen = (await _seen(service, editions, edition_id, version)).row
    now = service.clock()
    done = await editions.take_back(seen, service.today(), now=now, by=person.name)
    if isinstance(done, InForce):
        raise Problem("edition-in-force")
    if isinstance(done, Moved):
        raise _moved(done)


def _editions(service: Service) -> Editions:
    return Editions(service.database)


async def _draft(service: Service, editions: Editions, id_: int) -> Draft:
    found = await editions.draft(id_, service.today())
    if found is None:
        raise Problem("not-found")
    return found


async def _seen(service: Service, editions: Editions, id_: int, version: int) -> Draft:
    found = await _draft(service, editions, id_)
    if found.row.version != version:
        raise _moved(Moved(found.row))
    return found


async def _roles(service: Service, editions: Editions) -> dict[int, Literal["current", "next"]]:
    current, coming = await editions.on(service.today())
    roles: dict[int, Literal["current", "next"]] = {}
    if coming is not None:
        roles[coming.id] = "next"
    if current is not None:
        roles[current.id] = "current"
    return roles


def _shown(row: EditionRow, roles: dict[int, Literal["current", "next"]]) -> EditionOut:
    return EditionOut.model_validate(_facts(row, roles))


def _facts(row: EditionRow, roles: dict[int, Literal["current", "next"]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "role": roles.get(row.id),
        "version": row.version,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "made_by": row.made_by,
        "published_by": row.published_by,
    }


async def _described(service: Service, editions: Editions, draft: Draft) -> DraftOut:
    feed, roles = draft.feed, await _roles(service, editions)
    counts = {
        "stops": len(feed.stops),
        "routes": len(feed.routes),
        "trips": len(feed.trips),
        "calendars": len(feed.calendars),
    }
    findings = [FindingOut.of(each) for each in draft.findings]
    return DraftOut.model_validate(_facts(draft.row, roles) | counts | {"findings": findings})


def _moved(moved: Moved) -> Problem:
    version = None if moved.row is None else moved.row.version
    state = None if moved.row is None else moved.row.state
    return Problem("edition-moved", extra={"version": version, "state": state})


def _bad_edit(error: EditError) -> Problem:
    where = {"number": error.number, "field": error.field}
    return Problem("bad-edit", number=error.number + 1, where=str(error), extra=where)


def _place(error: FeedError) -> dict[str, Any]:
    return {"file": error.file, "line": error.line, "field": error.field}


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > TIMETABLE_MAX_BYTES:
            raise Problem("too-large")
    return bytes(found)


# What is in a feed, in the shapes that edits take


def _stops(feed: Feed) -> Iterator[StopIO]:
    for stop in feed.stops.values():
        lat, lon = stop.place or (0.0, 0.0)
        yield StopIO.model_construct(
            id=stop.id,
            name=_words(feed, "stops", "stop_name", stop.name, stop.id),
            lat=lat,
            lon=lon,
            platform=stop.platform_code,
            station=stop.parent_station,
            is_station=stop.location_type == 1,
        )


def _routes(feed: Feed) -> Iterator[RouteIO]:
    for route in feed.routes.values():
        yield RouteIO.model_construct(
            id=route.id,
            agency_id=route.agency_id,
            short_name=route.short_name,
            long_name=_words(feed, "routes", "route_long_name", route.long_name, route.id),
            color=route.color,
            text_color=route.text_color,
        )


def _calendars(feed: Feed) -> Iterator[CalendarIO]:
    for week in feed.calendars.values():
        changes = [each for each in feed.calendar_dates if each.service_id == week.service_id]
        yield CalendarIO.model_construct(
            id=week.service_id,
            weekdays=list(week.weekdays),
            start=week.start,
            end=week.end,
            added=[each.day for each in changes if each.added],
            removed=[each.day for each in changes if not each.added],
        )


def _trips(feed: Feed) -> Iterator[TripIO]:
    for trip in feed.trips.values():
        yield TripIO.model_construct(
            id=trip.id,
            route_id=trip.route_id,
            service_id=trip.service_id,
            headsign=_words(feed, "trips", "trip_headsign", trip.headsign, trip.id),
            direction_id=trip.direction_id,
            block_id=trip.block_id,
            shape_id=trip.shape_id,
            calls=[
                CallIO.model_construct(
                    stop_id=call.stop_id,
                    arrival=None if call.arrival_s is None else format_time(call.arrival_s),
                    departure=None if call.departure_s is None else format_time(call.departure_s),
                    boards=call.pickup_type != 1,
                    alights=call.drop_off_type != 1,
                    timepoint=call.timepoint,
                )
                for call in feed.stop_times.get(trip.id, ())
            ],
        )


def _words(feed: Feed, table: str, field: str, text: str, record_id: str) -> WordsIO:
    kana = feed.translate(table, field, text, KANA, record_id=record_id) or ""
    english = feed.translate(table, field, text, "en", record_id=record_id) or ""
    return WordsIO.model_construct(ja=text, kana=kana, en=english)


_LISTS: Final = {"stops": _stops, "routes": _routes, "calendars": _calendars, "trips": _trips}
