"""The composition root: which parts one server has, in which order they start and stop."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry

from busloc.hub import Hub
from maas.api import health, openapi, pages, problems, session, tiles
from maas.api import time as clock_api
from maas.api.permissions import undeclared
from maas.api.security import Guard, Meters
from maas.api.service import Service
from maas.clock import clock_from
from maas.settings import Settings
from maas.store.database import open_database, upgrade
from maas.store.towns import the_town

SUBJECTS = (session.router, clock_api.router)
BESIDE = (health.router, openapi.router, tiles.router, pages.router)


def create_app(settings: Settings) -> FastAPI:
    """Return the application; nothing is opened before its lifespan begins.

    Raises ``RuntimeError`` when a route does not declare what it needs.
    """
    registry = CollectorRegistry()
    app = FastAPI(
        title="Rural MaaS",
        description=openapi.ABOUT,
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lambda app: _running(app, settings, registry),
    )
    problems.install(app)
    openapi.complete(app)
    _route(app)
    app.add_middleware(Guard, meters=Meters.on(registry))
    return app


def _route(app: FastAPI) -> None:
    api = APIRouter(prefix="/api/v1")
    for router in SUBJECTS:
        api.include_router(router)
    for router in (api, *BESIDE):
        app.include_router(router)
    silent = sorted(undeclared(app))
    if silent:
        raise RuntimeError(f"routes that declare no permission: {', '.join(silent)}")


@asynccontextmanager
async def _running(
    app: FastAPI, settings: Settings, registry: CollectorRegistry
) -> AsyncIterator[None]:
    async with AsyncExitStack() as parts:
        await upgrade(settings.database)
        database = open_database(settings.database)
        parts.push_async_callback(database.close)
        async with database.reading() as db:
            town = await the_town(db)
        clock = clock_from(settings)
        app.state.service = Service(
            settings=settings,
            clock=clock,
            database=database,
            registry=registry,
            hub=Hub(now=clock, monotonic=time.monotonic),
            town=town,
        )
        parts.callback(lambda: delattr(app.state, "service"))
        yield
