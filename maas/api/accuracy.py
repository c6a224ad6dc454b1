"""How true our own arrival times were: as data, and as a page for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from busloc.accuracy import Scores
from gtfs import Feed
from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.problems import language_of
from maas.api.service import Service
from maas.auth.roles import Permission
from maas.buses import stop_names
from maas.store.arrivals import JudgedRow, judged_since
from signage.accuracy import Accuracy, Figures, Part, page
from signage.words import Text

router = APIRouter(tags=["accuracy"])
pages = APIRouter(include_in_schema=False)

KEPT_S = 300.0
"""A report is made anew at most this often."""
REPORTS_KEPT = 200
DAYS = 7

RouteId = Annotated[str | None, Query(min_length=1, max_length=200)]
StopId = Annotated[str | None, Query(min_length=1, max_length=200)]
Days = Annotated[int, Query(ge=1, le=60)]


class FiguresOut(BaseModel):
    """How true some predictions were; an error is positive when the bus came later than told.

    Seconds are over predictions of the last 15 minutes; shares are in percent; null where nothing
    was counted.  `transit` is the Transit ETA Accuracy Benchmark of the time to be at the stop by,
    for 0-3, 3-6, 6-10 and 10-15 minutes; `mbta` MBTA's bins of the expected time, for 0-3, 3-6,
    6-12 and 12-30 minutes.  `untold` counts the calls of which no time had been told.
    """

    n: int
    mae_s: float | None
    median_s: float | None
    p90_s: float | None
    bias_s: float | None
    coverage80_percent: float | None
    transit_score: float | None
    transit: list[float | None] = Field(min_length=4, max_length=4)
    mbta: list[float | None] = Field(min_length=4, max_length=4)
    untold: int


class AccuracyOut(BaseModel):
    """How true our arrival times were, of all, by route, by stop, and by minutes ahead."""

    days: int
    all: FiguresOut
    by_route: dict[str, FiguresOut]
    by_stop: dict[str, FiguresOut]
    by_horizon: dict[str, FiguresOut]


async def report(service: Service, route: str | None, stop: str | None, days: int) -> AccuracyOut:
    """Return a report, made anew when the last one of the same is some minutes old."""
    key, now, made = (route, stop, days), service.real_now(), service.accuracy
    known = made.get(key)
    if known is not None and 0 <= now - known[0] < KEPT_S:
        return AccuracyOut.model_validate(known[1])
    since = service.today() - timedelta(days=days - 1)
    async with service.database.reading() as db:
        rows = await judged_since(db, since, route=route, stop=stop)
    found = await asyncio.to_thread(report_of, rows, days)
    if len(made) >= REPORTS_KEPT:
        made.clear()
    made[key] = now, found
    return found


def report_of(rows: Iterable[JudgedRow], days: int) -> AccuracyOut:
    """Return the figures of what was told."""
    scores = Scores()
    for row in rows:
        if (
            row.said_at is None
            or row.expected is None
            or row.be_there_by is None
            or row.low is None
            or row.high is None
        ):
            scores.miss(row.route_id, row.stop_id)
        else:
            scores.add(
                row.route_id, row.stop_id, row.said_at, row.expected, row.be_there_by,
                row.low, row.high, row.actual,
            )  # fmt: skip
    found = scores.report()
    return AccuracyOut(
        days=days,
        all=_figures(found["all"]),
        by_route=_each(found["by_route"]),
        by_stop=_each(found["by_stop"]),
        by_horizon=_each(found["by_horizon"]),
    )


@router.get("/accuracy", operation_id="readAccuracy", **needs(Permission.PUBLIC))
async def read_accuracy(
    service: The, route: RouteId = None, stop: StopId = None, days: Days = DAYS
) -> AccuracyOut:
    """Return how true our arrival times were over the last days, of a route, a stop, or all."""
    return await report(service, route, stop, days)


@pages.get("/accuracy", **needs(Permission.PUBLIC))
async def accuracy_page(
    request: Request,
    service: The,
    lang: Annotated[Literal["ja", "en"] | None, Query()] = None,
    route: RouteId = None,
    stop: StopId = None,
    days: Days = DAYS,
) -> Response:
    """How true our arrival times were, for everybody to read."""
    found = await report(service, route, stop, days)
    feed = service.buses.feed
    name = _route_name(feed, route) if route else _stop_name(feed, stop) if stop else Text("")
    shown = Accuracy(
        days=days,
        about=name,
        whole=_shown(found.all),
        routes=[] if route else _parts(found.by_route, lambda each: _route_name(feed, each)),
        stops=[] if stop else _parts(found.by_stop, lambda each: _stop_name(feed, each)),
    )
    return HTMLResponse(page(shown, lang or language_of(request.scope)))


def _figures(found: Mapping[str, Any]) -> FiguresOut:
    return FiguresOut(
        n=found["n"],
        mae_s=found["mae_s"],
        median_s=found["median_s"],
        p90_s=found["p90_s"],
        bias_s=found["bias_s"],
        coverage80_percent=found["coverage80_percent"],
        transit_score=found["transit_score"],
        transit=found["transit_by_bucket"],
        mbta=found["mbta_bins"],
        untold=found["visits_untold"],
    )


def _each(found: Mapping[str, Mapping[str, Any]]) -> dict[str, FiguresOut]:
    return {name: _figures(each) for name, each in found.items()}


def _shown(found: FiguresOut) -> Figures:
    return Figures(
        n=found.n,
        mae_s=found.mae_s,
        bias_s=found.bias_s,
        coverage_percent=found.coverage80_percent,
        transit_score=found.transit_score,
        transit=found.transit,
        mbta=found.mbta,
        untold=found.untold,
    )


def _parts(found: Mapping[str, FiguresOut], name: Callable[[str], Text]) -> list[Part]:
    return [Part(each, name(each), _shown(figures)) for each, figures in found.items()]


def _route_name(feed: Feed | None, route: str) -> Text:
    known = None if feed is None else feed.routes.get(route)
    if feed is None or known is None:
        return Text(route)
    return Text(known.name, feed.route_name(route, "en") or "")


def _stop_name(feed: Feed | None, stop: str) -> Text:
    known = None if feed is None else feed.stops.get(stop)
    if feed is None or known is None:
        return Text(stop)
    name, kana, name_en = stop_names(feed, known)
    return Text(name, name_en, kana)
