"""Alerts to riders, and trips that do not run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.database import insert_missing
from maas.store.tables import alerts, called_off


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert from `starts_at` until `ends_at` (None: until somebody ends it), epoch seconds.

    `routes` and `stops` are what it is about, neither: the whole town.  `spoken` is how it is
    read aloud where that differs from what is written.
    """

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
    starts_at: float
    ends_at: float | None
    made_at: float
    made_by: str
    ended_by: str | None = None


async def add_alert(connection: AsyncConnection, row: AlertRow) -> None:
    """Keep a new alert."""
    await insert_missing(connection, alerts, [asdict(row)])


async def alerts_from(connection: AsyncConnection, now: float) -> list[AlertRow]:
    """Return the alerts that hold now or will, the newest last."""
    query = (
        select(alerts)
        .where(or_(alerts.c.ends_at.is_(None), alerts.c.ends_at > now))
        .order_by(alerts.c.made_at, alerts.c.id)
    )
    return [AlertRow(**row) for row in (await connection.execute(query)).mappings()]


async def end_alert(connection: AsyncConnection, alert_id: str, now: float, who: str) -> bool:
    """End an alert that has not ended; False when there is none."""
    ended = await connection.execute(
        update(alerts)
        .where(alerts.c.id == alert_id)
        .where(or_(alerts.c.ends_at.is_(None), alerts.c.ends_at > now))
        .values(ends_at=now, ended_by=who)
    )
    return ended.rowcount > 0


@dataclass(frozen=True, slots=True)
class CalledOffRow:
    """A trip that does not run on a service day; who said so and when (epoch seconds)."""

    service_date: date
    trip_id: str
    at: float
    by: str


async def call_off(connection: AsyncConnection, rows: list[CalledOffRow]) -> None:
    """Keep that trips do not run; one already kept is left as it is."""
    await insert_missing(connection, called_off, [asdict(row) for row in rows])


async def run_after_all(connection: AsyncConnection, trip_id: str, day: date) -> bool:
    """Take back that a trip does not run; False when nobody had said so."""
    gone = await connection.execute(
        delete(called_off)
        .where(called_off.c.trip_id == trip_id)
        .where(called_off.c.service_date == day)
    )
    return gone.rowcount > 0


async def called_off_since(connection: AsyncConnection, day: date) -> list[CalledOffRow]:
    """Return the trips called off on a service day or later."""
    query = (
        select(called_off)
        .where(called_off.c.service_date >= day)
        .order_by(called_off.c.service_date, called_off.c.trip_id)
    )
    return [CalledOffRow(**row) for row in (await connection.execute(query)).mappings()]
