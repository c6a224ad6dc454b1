"""A keeper of the line town, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from dispatcher import warm
from maas.rides.keeper import Keeper
from maas.rides.views import AskIn, BookingView, Quote
from maas.store.database import Database
from maas.town.imports import import_town
from tests.maas.line_town import HandClock, LineRoads, Van, of_day, write_town

NewKeeper = Callable[..., Keeper]


@pytest.fixture(scope="session", autouse=True)
def _kernels() -> None:
    """Compile before any test is timed."""
    warm()


@pytest.fixture
def clock() -> HandClock:
    """Nine in the morning of Wednesday 25 November 2026."""
    return HandClock("09:00")


@pytest.fixture
def new_keeper(database: Database, clock: HandClock) -> NewKeeper:
    """Makes keepers on the same database, as two processes would be."""

    def make(**settings: object) -> Keeper:
        options: dict[str, object] = {
            "area": "line",
            "roads": {"car": LineRoads()},
            "network": "line-roads",
            "clock": clock,
            "signing_key": b"test",
            "improve_s": 0.0,
            **settings,
        }
        return Keeper(database, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> Callable[[Sequence[Van]], Awaitable[None]]:
    """Imports the line town with the vans asked for."""

    async def bring(vans: Sequence[Van] = (Van(),), rules: str = "") -> None:
        folder = write_town(tmp_path / "town", vans=vans, rules=rules)
        await import_town(database, folder, LineRoads(), "line-roads")

    return bring


@pytest.fixture
async def keeper(
    town: Callable[[], Awaitable[None]], new_keeper: NewKeeper
) -> AsyncIterator[Keeper]:
    """A keeper of the line town with its one van of four seats."""
    await town()
    started = new_keeper()
    await started.start()
    yield started
    await started.stop()


def ask(origin: int, destination: int, time: str | None = "10:00", **more: object) -> AskIn:
    """Ask for a trip between two of the places p0, p1, …; their ids count from 1."""
    seconds_s = None if time is None else of_day(time)
    return AskIn(origin + 1, destination + 1, time=seconds_s, **more)  # type: ignore[arg-type]


async def booked(keeper: Keeper, asked: AskIn, key: str, **more: object) -> BookingView:
    """Quote and book; both must succeed."""
    quote = await keeper.quote(asked)
    assert isinstance(quote, Quote), quote
    caller: dict[str, object] = {"rider_id": None, "actor": "yuki", **more}
    booking = await keeper.book(quote.offers[0].token, key=key, **caller)  # type: ignore[arg-type]
    assert isinstance(booking, BookingView), booking
    return booking
