"""The composition root: which parts one server has, in which order they start and stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, ProcessCollector

from maas.api import (
    accuracy,
    alerts,
    audit,
    bookings,
    bus_counts,
    calendar,
    calls,
    clock,
    connections,
    devices,
    disruption,
    driver_messages,
    duty,
    editions,
    epaper,
    fares,
    feeds,
    glossary,
    guide,
    handovers,
    health,
    holds,
    journeys,
    ladder,
    live,
    live_events,
    months,
    moves,
    my,
    notifications,
    open_data,
    openapi,
    organisation,
    pages,
    paper,
    passkeys,
    past,
    pickup_points,
    places,
    plain,
    plan,
    positions,
    problems,
    push,
    quotes,
    refusals,
    releases,
    remarks,
    reports,
    returns,
    ride_page,
    rider_desk,
    rider_links,
    riders,
    ridership,
    ridership_buses,
    rides,
    roads,
    rule_changes,
    rules,
    second_factor,
    session,
    sheets,
    shift,
    signs,
    staff,
    standing,
    stops,
    templates,
    tiles,
    together,
    town_desk,
    vehicles,
    waitlist,
    waivers,
    webhooks,
    whatif,
)
from maas.api import map as map_api
from maas.api.compression import Compression
from maas.api.permissions import undeclared
from maas.api.security import Guard, Meters
from maas.parts import Part
from maas.running import running
from maas.settings import Settings

SUBJECTS = (
    positions.router,
    session.router,
    second_factor.router,
    passkeys.router,
    organisation.router,
    clock.router,
    places.router,
    pickup_points.router,
    rider_desk.router,
    riders.router,
    rider_links.router,
    ride_page.router,
    my.router,
    guide.router,
    quotes.router,
    waivers.router,
    bookings.router,
    holds.router,
    together.router,
    returns.router,
    waitlist.router,
    standing.router,
    refusals.router,
    ridership.router,
    ridership_buses.router,
    remarks.router,
    whatif.router,
    plan.router,
    moves.router,
    past.router,
    ladder.router,
    disruption.router,
    handovers.router,
    driver_messages.router,
    connections.router,
    vehicles.router,
    shift.router,
    duty.router,
    bus_counts.router,
    releases.router,
    sheets.router,
    paper.router,
    rides.router,
    fares.router,
    reports.router,
    months.router,
    rules.router,
    rule_changes.router,
    stops.router,
    journeys.router,
    map_api.router,
    roads.router,
    alerts.router,
    calls.router,
    notifications.router,
    push.router,
    accuracy.router,
    devices.router,
    webhooks.router,
    signs.router,
    editions.router,
    town_desk.router,
    calendar.router,
    staff.router,
    audit.router,
    templates.router,
    live_events.router,
)
BESIDE = (
    health.router,
    glossary.router,
    openapi.router,
    tiles.router,
    feeds.router,
    open_data.router,
    releases.feeds_router,
    plain.router,
    reports.style_router,
    epaper.router,
    accuracy.pages,
    pages.router,
)


def create_app(settings: Settings, part: Part = Part.ALL) -> FastAPI:
    """Return the application of a part; nothing is opened before its lifespan begins.

    Every part knows every route, and sends away who calls for what another part does.

    Raises ``RuntimeError`` when a route does not declare what it needs.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, registry, part) as service:
            app.state.service = service
            yield
            del app.state.service

    app = FastAPI(
        title="Rural MaaS",
        description=openapi.ABOUT,
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    problems.install(app)
    openapi.complete(app)
    _route(app)
    app.add_middleware(Compression)
    app.add_middleware(Guard, part=part, meters=Meters.on(registry))
    return app


def _route(app: FastAPI) -> None:
    # First what thousands connect to at once: each route before it would be tried for every one.
    app.router.routes += [positions.positions_route(), live.live_route(), positions.vehicle_route()]
    for router in SUBJECTS:  # not by way of a router of them all: each level matches all over again
        app.include_router(router, prefix="/api/v1")
    for router in BESIDE:
        app.include_router(router)
    silent = sorted(undeclared(app))
    if silent:
        raise RuntimeError(f"routes that declare no permission: {', '.join(silent)}")
