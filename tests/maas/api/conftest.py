"""The tiny town on a running service, reached in process, as one of the five roles or nobody."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from dispatcher.roads.build import build
from maas.api.service import Service
from maas.app import create_app
from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.offline import bring_in_town, enrol
from maas.settings import Settings
from maas.store.database import open_database
from tests.maas.tiny_town import write_tiny_town

PASSWORD = "kibi-demo"
ORIGIN = "http://maas.test"
_keys = count()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A data directory with the tiny town, its roads, one account a role, and a device token."""

    data_dir: Path
    device_token: str


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The tiny town, imported once."""
    return prepare(tmp_path_factory.mktemp("tiny"))


def prepare(root: Path) -> Prepared:
    """Import the tiny town into a new data directory."""
    town = write_tiny_town(root / "town")
    settings = Settings(data_dir=root / "data")
    build(town / "roads.osm", settings.data_dir / "roads")
    return Prepared(settings.data_dir, asyncio.run(fill(settings, town)))


async def fill(settings: Settings, town: Path) -> str:
    """Import the town, add the accounts, and return the token of van-1's device."""
    await bring_in_town(settings, town)
    database = open_database(settings.database)
    async with database.writing() as db:
        for role in Role:
            await add_staff(db, Person(role.value, role.value, role, None), PASSWORD)
    await database.close()
    token = await enrol(settings, "van-1")
    assert token is not None
    return token


@dataclass(frozen=True, slots=True)
class Running:
    """The service and its application."""

    app: FastAPI
    service: Service
    device_token: str

    def caller(self, **headers: str) -> httpx.AsyncClient:
        """Return somebody who is not signed in."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)

    @asynccontextmanager
    async def staff(self, role: str, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """Give a member of staff, signed in."""
        async with self.caller(**headers) as caller:
            body = {"name": role, "password": PASSWORD}
            answer = await caller.post("/api/v1/session", json=body)
            assert answer.status_code == 200, answer.text
            yield caller

    def device(self) -> httpx.AsyncClient:
        """Return the device of van-1."""
        return self.caller(authorization=f"Bearer {self.device_token}")


@asynccontextmanager
async def running_on(
    prepared: Prepared, folder: Path, clock_start: float | None = None
) -> AsyncIterator[Running]:
    """Run the service on a copy of the prepared data; its clock begins now if nothing is said."""
    shutil.copytree(prepared.data_dir, folder)
    app = create_app(Settings(data_dir=folder, clock_start=clock_start))
    async with app.router.lifespan_context(app):
        yield Running(app, app.state.service, prepared.device_token)


@pytest.fixture(scope="module")
async def running(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """The running service, one a test module."""
    async with running_on(prepared, tmp_path_factory.mktemp("data") / "data") as found:
        yield found


@pytest.fixture
async def nobody(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is not signed in."""
    async with running.caller() as caller:
        yield caller


@pytest.fixture
async def operator(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """An operator at the booking desk."""
    async with running.staff("operator") as caller:
        yield caller


@pytest.fixture
def key() -> Callable[[], dict[str, str]]:
    """Makes the header of a new command."""
    return lambda: {"Idempotency-Key": f"test-{next(_keys)}"}
