"""Departing without a roll call: warned, stopped, or let go, as the town has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from maas.duty.book import Entered, enter
from maas.duty.records import CallBefore
from maas.rides.keeper import Keeper
from maas.rides.merge import Tap
from maas.rides.trips import Trips
from maas.rides.views import BookingView, JobView, NoRollCall, NotNow, Step
from maas.store import duty, fleet
from maas.store.database import Database
from maas.town.imports import import_town
from tests.maas.line_town import HandClock, LineRoads, at, write_town
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_booking import TODAY

CALL = CallBefore(
    caller="管理 花子", method="face", detector=True, reading_mg_l=0.0, drunk=False,
    illness=False, fatigue=False, lack_of_sleep=False, check_ok=True, fit=True,
)  # fmt: skip
UNFIT = CallBefore(
    caller="管理 花子", method="face", detector=True, reading_mg_l=0.1, drunk=True,
    illness=False, fatigue=False, lack_of_sleep=False, check_ok=True, fit=False,
)  # fmt: skip
With = Callable[[str], Awaitable[Keeper]]


@pytest.fixture
async def keeper_with(
    database: Database, tmp_path: Path, new_keeper: NewKeeper
) -> AsyncIterator[With]:
    """Makes a keeper of the line town with a rule about the roll call."""
    started: list[Keeper] = []

    async def make(rule: str) -> Keeper:
        folder = write_town(tmp_path / "town")
        file = folder / "town.toml"
        text = file.read_text(encoding="utf-8")
        text = text.replace("[[booking]]\n", f'[[booking]]\nroll_call = "{rule}"\n')
        file.write_text(text, encoding="utf-8")
        await import_town(database, folder, LineRoads(), "line-roads")
        keeper = new_keeper()
        await keeper.start()
        started.append(keeper)
        return keeper

    yield make
    for keeper in started:
        await keeper.stop()


async def tap(keeper: Keeper, booking: BookingView, step: Step, key: str) -> object:
    return await keeper.step("van-1", booking.id, step, at=None, key=key, actor="device:van-1")


@asynccontextmanager
async def called(database: Database, body: CallBefore, clock: HandClock) -> AsyncIterator[None]:
    entered = Entered(f"call-{body.fit}", TODAY, "van-1", "ken", clock(), body)
    assert await enter(database, entered, now=clock(), actor="ken") is None
    yield


async def test_where_it_is_required_nobody_departs_without(
    keeper_with: With, database: Database, clock: HandClock
) -> None:
    keeper = await keeper_with("required")
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:00")

    without = await tap(keeper, mine, "arrived", "b")
    async with called(database, UNFIT, clock):
        unfit = await tap(keeper, mine, "arrived", "c")
    clock.set("10:01")
    async with called(database, CALL, clock):
        ready = await tap(keeper, mine, "arrived", "d")

    assert isinstance(without, NoRollCall)
    assert "点呼がまだ" in without.sentence.ja
    assert isinstance(unfit, NoRollCall)
    assert "乗務できない" in unfit.sentence.ja
    assert isinstance(ready, JobView)
    assert ready.warnings == ()
    async with database.reading() as connection:
        [kept] = await duty.reports_on(connection, TODAY)
    assert (kept.codes, kept.look) == ((), False)


async def test_the_roll_call_of_another_driver_does_not_count(
    keeper_with: With, database: Database, clock: HandClock
) -> None:
    keeper = await keeper_with("required")
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:00")
    async with database.writing() as connection:
        await fleet.claim(connection, "van-1", "yuki")

    async with called(database, CALL, clock):
        other = await tap(keeper, mine, "arrived", "b")
    async with database.writing() as connection:
        await fleet.release(connection, "van-1", "yuki")
        await fleet.claim(connection, "van-1", "ken")

    assert isinstance(other, NoRollCall)
    assert isinstance(await tap(keeper, mine, "arrived", "c"), JobView)


async def test_whoever_is_on_board_is_brought_and_dropped_all_the_same(
    keeper_with: With, clock: HandClock
) -> None:
    """What came late cannot be stopped any more, and the ride has to end."""
    keeper = await keeper_with("required")
    mine, other = await booked(keeper, ask(3, 8), "a"), await booked(keeper, ask(4, 9), "b")
    clock.set("10:20")
    late = Tap("t1", mine.id, "aboard", at("10:01"))

    [result] = await Trips(keeper).merge("van-1", [late], sent_at=None, actor="device:van-1")
    dropped = await tap(keeper, mine, "dropped", "c")
    nobody = await tap(keeper, other, "no_show", "d")

    assert (result.outcome, result.codes) == ("taken", ("no_roll_call",))
    assert isinstance(dropped, JobView)
    assert isinstance(nobody, JobView)
    assert isinstance(await tap(keeper, mine, "no_show", "e"), NotNow)


async def test_where_it_is_off_nothing_is_said(
    keeper_with: With, database: Database, clock: HandClock
) -> None:
    keeper = await keeper_with("off")
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:00")

    job = await tap(keeper, mine, "arrived", "b")

    assert isinstance(job, JobView)
    assert job.warnings == ()
    async with database.reading() as connection:
        assert await duty.reports_to_look_at(connection, ["van-1"]) == []


async def test_by_default_the_driver_is_warned_and_the_office_told_once(
    keeper: Keeper, database: Database, clock: HandClock
) -> None:
    mine, other = await booked(keeper, ask(3, 8), "a"), await booked(keeper, ask(4, 9), "b")
    clock.set("10:01")

    first = await tap(keeper, mine, "aboard", "c")
    second = await tap(keeper, other, "arrived", "d")

    assert isinstance(first, JobView)
    assert isinstance(second, JobView)
    assert len(first.warnings) == len(second.warnings) == 1
    async with database.reading() as connection:
        looked = await duty.reports_to_look_at(connection, ["van-1"])
    assert [row.codes for row in looked] == [("no_roll_call",)]
