"""What dispatchers tell riders: alerts, and bus trips that do not run."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import AwareDatetime, BaseModel, Field

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.service import Service
from maas.api.shapes import Instant, Shape
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.store import alerts
from maas.store.alerts import AlertRow, CalledOffRow
from maas.store.commits import AuditEntry, add_audit

router = APIRouter(tags=["alerts"])

Cause = Literal[
    "unknown", "other", "technical", "accident", "holiday", "weather", "maintenance",
    "construction", "police", "medical", "event",
]  # fmt: skip
Effect = Literal[
    "unknown", "no_service", "reduced", "delays", "detour", "additional", "modified",
    "stop_moved", "other",
]  # fmt: skip
Severity = Literal["info", "warning", "severe"]

GtfsId = Annotated[str, Field(min_length=1, max_length=200)]
AlertId = Annotated[str, Path(min_length=1, max_length=64)]
TripId = Annotated[str, Path(min_length=1, max_length=200)]


class AlertIn(BaseModel):
    """An alert, from `starts_at` (now when left out) for `minutes` (until ended when left out).

    With neither `routes` nor `stops` it is for everybody.  `spoken` is how the Japanese is read
    aloud, where that differs from what is written.
    """

    header: str = Field(min_length=1, max_length=100, examples=["雪のため遅れています。"])
    header_en: str = Field("", max_length=200)
    text: str = Field("", max_length=1000)
    text_en: str = Field("", max_length=2000)
    spoken: str = Field("", max_length=1000)
    cause: Cause = "unknown"
    effect: Effect = "unknown"
    severity: Severity = "info"
    routes: list[GtfsId] = Field(default_factory=list, max_length=50)
    stops: list[GtfsId] = Field(default_factory=list, max_length=200)
    url: str = Field("", max_length=500, pattern="^(https?://.*)?$")
    starts_at: AwareDatetime | None = None
    minutes: int | None = Field(None, ge=1, le=366 * 24 * 60)


class AlertOut(Shape):
    """An alert; `ends_at` is null until somebody says when it ends."""

    id: str
    header: str
    header_en: str
    text: str
    text_en: str
    spoken: str
    cause: str
    effect: str
    severity: str
    routes: list[str]
    stops: list[str]
    url: str
    starts_at: Instant
    ends_at: Instant | None


class CallOffIn(BaseModel):
    """One trip, or a whole duty (block), that does not run on a service day."""

    what: Literal["trip", "duty"]
    id: GtfsId
    date: dt.date


class CalledOffOut(Shape):
    """A trip that does not run on a service day."""

    trip: str = Field(validation_alias="trip_id")
    date: dt.date = Field(validation_alias="service_date")


@router.get("/alerts", operation_id="listAlerts", **needs(Permission.PUBLIC))
async def list_alerts(service: The, write: In) -> list[AlertOut]:
    """Return the alerts that hold now or will."""
    async with service.database.reading() as db:
        return write.many(AlertOut, await alerts.alerts_from(db, service.clock()))


@router.post(
    "/alerts",
    status_code=201,
    operation_id="makeAlert",
    **needs(Permission.DECIDE, "not-found", changes=True),
)
async def make_alert(alert: AlertIn, person: SignedIn, service: The, write: In) -> AlertOut:
    """Tell riders something, on signs, on the stream and in the realtime feed."""
    places = service.buses.notices.places
    if (alert.routes or alert.stops) and not (places and places.knows(alert.routes, alert.stops)):
        raise Problem("not-found")
    row = _row(alert, person, service.clock())
    async with service.database.writing() as db:
        await alerts.add_alert(db, row)
        await add_audit(db, _entry(service, person, "alert.made", row.id, row.header))
    await _reload(service)
    return write.one(AlertOut, row)


@router.delete(
    "/alerts/{alert_id}",
    status_code=204,
    operation_id="endAlert",
    **needs(Permission.DECIDE, "not-found", "foreign-origin"),
)
async def end_alert(alert_id: AlertId, person: SignedIn, service: The) -> Response:
    """End an alert now."""
    async with service.database.writing() as db:
        if not await alerts.end_alert(db, alert_id, service.clock(), person.name):
            raise Problem("not-found")
        await add_audit(db, _entry(service, person, "alert.ended", alert_id, ""))
    await _reload(service)
    return Response(status_code=204)


@router.get("/cancellations", operation_id="listCancellations", **needs(Permission.PUBLIC))
async def list_cancellations(service: The, write: In) -> list[CalledOffOut]:
    """Return the bus trips that do not run, from yesterday's service day on."""
    since = service.today() - dt.timedelta(days=1)
    async with service.database.reading() as db:
        return write.many(CalledOffOut, await alerts.called_off_since(db, since))


@router.post(
    "/cancellations",
    status_code=201,
    operation_id="callOff",
    **needs(Permission.DECIDE, "not-found", "no-timetable", changes=True),
)
async def call_off(
    what: CallOffIn, person: SignedIn, service: The, write: In
) -> list[CalledOffOut]:
    """Say that a trip, or every trip of a duty, does not run on a service day."""
    trips = _trips(service, what)
    if not trips:
        raise Problem("not-found")
    rows = [CalledOffRow(what.date, trip, service.clock(), person.name) for trip in trips]
    async with service.database.writing() as db:
        await alerts.call_off(db, rows)
        subject = f"{what.what} {what.id}"
        await add_audit(db, _entry(service, person, "trip.called_off", subject, str(what.date)))
    await _reload(service)
    return write.many(CalledOffOut, rows)


@router.delete(
    "/cancellations/{trip_id}/{day}",
    status_code=204,
    operation_id="runAfterAll",
    **needs(Permission.DECIDE, "not-found", "foreign-origin"),
)
async def run_after_all(trip_id: TripId, day: dt.date, person: SignedIn, service: The) -> Response:
    """Take back that a trip does not run."""
    async with service.database.writing() as db:
        if not await alerts.run_after_all(db, trip_id, day):
            raise Problem("not-found")
        await add_audit(db, _entry(service, person, "trip.runs", trip_id, str(day)))
    await _reload(service)
    return Response(status_code=204)


def _row(alert: AlertIn, person: Person, now: float) -> AlertRow:
    starts_at = now if alert.starts_at is None else alert.starts_at.timestamp()
    return AlertRow(
        id=secrets.token_hex(8),
        header=alert.header,
        header_en=alert.header_en,
        text=alert.text,
        text_en=alert.text_en,
        spoken=alert.spoken,
        cause=alert.cause.upper(),
        effect=alert.effect.upper(),
        severity=alert.severity.upper(),
        routes=alert.routes,
        stops=alert.stops,
        url=alert.url,
        starts_at=starts_at,
        ends_at=None if alert.minutes is None else starts_at + 60 * alert.minutes,
        made_at=now,
        made_by=person.name,
    )


def _entry(service: Service, person: Person, action: str, subject: str, detail: str) -> AuditEntry:
    words = json.dumps({"detail": detail}, ensure_ascii=False)
    return AuditEntry(service.clock(), person.name, action, subject, words)


def _trips(service: Service, what: CallOffIn) -> list[str]:
    timetable = service.buses.timetable
    if timetable is None:
        raise Problem("no-timetable")
    if what.what == "duty":
        return [run.trip_id for run in timetable.block_runs(what.id, what.date)]
    return [what.id] if timetable.runs(what.id, what.date) else []


async def _reload(service: Service) -> None:
    async with service.database.reading() as db:
        await service.buses.notices.load(db, service.clock())
