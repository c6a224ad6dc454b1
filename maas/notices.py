"""What people tell riders: alerts, and trips that do not run, on the stream, the signs and feeds.

The database is read again now and then, so that what another process wrote is told here as well.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from busloc import Hub, LiveMap, Run
from gtfs import Feed
from gtfs.calendar import format_date
from gtfs.realtime import Cause, Concern, Effect, Notice, Severity, TripRef, alert_entity
from maas.realtime import Message, Shelf, feed_version
from maas.store.alerts import AlertRow, alerts_from, called_off_since

TOPIC: Final = "alerts"
LEAD_S: Final = 30
SOON_S: Final = 7 * 86_400.0
"""An alert is in the feed so long before it begins; signs show it when it has begun."""


@dataclass(slots=True)
class Noticeboard:
    """The alerts that hold now or will, as one process knows them."""

    hub: Hub
    live: LiveMap
    alerts: list[AlertRow] = field(default_factory=list)
    shelf: Shelf = field(default_factory=lambda: Shelf("", LEAD_S))
    places: Places | None = None

    def __post_init__(self) -> None:
        self.take_timetable()

    def take_timetable(self) -> None:
        """Learn which routes call where by the live map's timetable."""
        timetable = self.live.timetable
        if timetable is not None:
            self.places = Places(timetable.feed)
            self.shelf.renew(feed_version(timetable.feed))

    async def load(self, connection: AsyncConnection, now: float) -> None:
        """Learn what the database has, and tell it."""
        self.alerts = await alerts_from(connection, now)
        timetable = self.live.timetable
        if timetable is not None:
            since = timetable.days_around(now)[0] - timedelta(days=1)
            rows = await called_off_since(connection, since)
            self._call_off({Run(row.trip_id, row.service_date) for row in rows})
        self.tell(now)

    def tell(self, now: float) -> None:
        """Publish what has begun, and take off what has ended."""
        shown = {row.id: row for row in self.alerts if holds(row, now)}
        for row in shown.values():
            fragment = _fragment(row)
            if self.hub.last(TOPIC, row.id) != fragment:
                self.hub.publish(TOPIC, row.id, fragment)
        for key in self.hub.values(TOPIC):
            if key not in shown:
                self.hub.remove(TOPIC, key, json.dumps({"id": key, "gone": True}).encode())

    def at_stop(self, stop_id: str, now: float) -> list[AlertRow]:
        """Return the alerts that hold at a stop: its own, its routes', and those for everybody."""
        routes = frozenset() if self.places is None else self.places.routes_at(stop_id)
        return [
            row
            for row in self.alerts
            if holds(row, now)
            and (not (row.routes or row.stops) or stop_id in row.stops or routes & {*row.routes})
        ]

    def message(self, now: float) -> Message:
        """Return the alerts as GTFS Realtime; a trip called off has one of its own."""
        notices = [*self._notices(now), *self._called_off(now)]
        for notice in notices:
            self.shelf.put(notice.id, alert_entity(notice))
        self.shelf.keep(notice.id for notice in notices)
        return self.shelf.message(now)

    def _call_off(self, runs: set[Run]) -> None:
        for run in runs - self.live.cancelled:
            self.live.cancel(run.trip_id, run.day)
        for run in set(self.live.cancelled) - runs:
            self.live.cancel(run.trip_id, run.day, runs=True)

    def _notices(self, now: float) -> Iterator[Notice]:
        for row in self.alerts:
            over = row.ends_at is not None and row.ends_at <= now
            if not over and row.starts_at <= now + SOON_S and self.places is not None:
                yield Notice(
                    id=row.id,
                    header={"ja": row.header, "en": row.header_en},
                    text={"ja": row.text, "en": row.text_en},
                    spoken={"ja": row.spoken},
                    concerns=self.places.concerns(row),
                    from_s=row.starts_at,
                    to_s=row.ends_at,
                    cause=Cause[row.cause],
                    effect=Effect[row.effect],
                    severity=Severity[row.severity],
                    url=row.url,
                )

    def _called_off(self, now: float) -> Iterator[Notice]:
        timetable = self.live.timetable
        for run in sorted(self.live.cancelled, key=lambda run: (run.day, run.trip_id)):
            course = None if timetable is None else timetable.course(run.trip_id)
            if timetable is None or course is None:
                continue
            start = timetable.day_start(run.day)
            if start + course.arrive_s[-1] < now:
                continue
            trip = TripRef(run.trip_id, run.day, course.trip.route_id, cancelled=True)
            yield Notice(
                id=f"called-off-{run.trip_id}@{format_date(run.day)}",
                header={"ja": "運休します。", "en": "This trip does not run."},
                concerns=(Concern(trip=trip),),
                from_s=start + course.depart_s[0],
                to_s=start + course.arrive_s[-1],
                effect=Effect.NO_SERVICE,
                severity=Severity.WARNING,
            )


@dataclass(frozen=True)
class Places:
    """Which routes call where in a timetable."""

    feed: Feed

    def routes_at(self, stop_id: str) -> frozenset[str]:
        """Return the routes that call at a stop or station."""
        return frozenset(self._routes.get(stop_id, ()))

    def knows(self, routes: list[str], stops: list[str]) -> bool:
        """Say whether all these are in the timetable."""
        return set(routes) <= self.feed.routes.keys() and set(stops) <= self.feed.stops.keys()

    def concerns(self, row: AlertRow) -> list[Concern]:
        """Return whom an alert is about; a station stands for its poles."""
        found = [Concern(route_id=route) for route in row.routes]
        for stop_id in row.stops:
            poles = self._poles.get(stop_id) or [stop_id]
            found += [Concern(stop_id=pole) for pole in poles]
        agencies = [Concern(agency_id=agency.id) for agency in self.feed.agencies if agency.id]
        return found or agencies or [Concern(route_id=route) for route in self.feed.routes]

    @cached_property
    def _routes(self) -> dict[str, set[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for trip in self.feed.trips.values():
            for call in self.feed.stop_times.get(trip.id, ()):
                found[call.stop_id].add(trip.route_id)
        for station, poles in self._poles.items():
            found[station].update(*(found[pole] for pole in poles))
        return found

    @cached_property
    def _poles(self) -> dict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for stop in self.feed.stops.values():
            if stop.parent_station and stop.location_type == 0:
                found[stop.parent_station].append(stop.id)
        return found


def holds(row: AlertRow, now: float) -> bool:
    """Say whether an alert has begun and not ended."""
    return row.starts_at <= now and (row.ends_at is None or now < row.ends_at)


def _fragment(row: AlertRow) -> bytes:
    words = {
        "id": row.id,
        "header": row.header,
        "header_en": row.header_en,
        "text": row.text,
        "text_en": row.text_en,
        "spoken": row.spoken,
        "cause": row.cause.lower(),
        "effect": row.effect.lower(),
        "severity": row.severity.lower(),
        "routes": row.routes,
        "stops": row.stops,
        "from": row.starts_at,
        "until": row.ends_at,
    }
    return json.dumps(words, ensure_ascii=False).encode()
