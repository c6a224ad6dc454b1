"""A road closed from one area: the rides of the others are replanned and their riders told too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from maas.rides.closures import Closures
from maas.rides.disruption import Disruption, Upset
from maas.rides.elsewhere import Elsewhere
from maas.rides.keeper import Keeper
from maas.rides.outcome import Outcome
from maas.store.database import Database
from maas.store.tables import notifications
from maas.town.imports import import_town
from tests.maas.line_town import LAT, LON, RULES, STEP, LineRoads, write_town
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_disruption import ClosableLine

CLOSED = Upset("road_closed", points=((LAT, LON + 6.5 * STEP),), reason="倒木")


@pytest.fixture
async def areas(
    database: Database, tmp_path: Path, new_keeper: NewKeeper
) -> AsyncIterator[tuple[Keeper, Keeper, Closures]]:
    """Two areas on the one road, a van each, both kept by one process."""
    folder = write_town(tmp_path / "town")
    hill = (
        RULES[RULES.index("[[areas]]") :].replace('"line"', '"hill"').replace("line-2021", "hill")
    )
    toml = folder / "town.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + hill, encoding="utf-8")
    csv = folder / "vehicles.csv"
    head, van = csv.read_text(encoding="utf-8").split()[:2]
    rows = [f"{head},area", f"{van},line", f"{van.replace('van-1', 'van-9')},hill"]
    csv.write_text("\n".join(rows) + "\n", encoding="utf-8")
    await import_town(database, folder, LineRoads(), "line-roads")
    roads = {"car": ClosableLine()}
    line, other = new_keeper(roads=roads), new_keeper(roads=roads, area="hill")
    for keeper in (line, other):
        await keeper.start()
    yield line, other, Closures(database, roads, line.clock)
    for keeper in (line, other):
        await keeper.stop()


async def report(keeper: Keeper, known: Closures, upset: Upset, key: str) -> Outcome:
    answer = await Disruption(keeper, known).report(upset, key=key, actor="yuki")
    assert isinstance(answer, Outcome), answer
    return answer


async def test_another_areas_rides_are_replanned_once_and_its_riders_told(
    areas: tuple[Keeper, Keeper, Closures],
) -> None:
    line, hill, known = areas
    cut_off = await booked(hill, ask(2, 10), "a")
    near = await booked(hill, ask(1, 4, "11:00"), "b")
    news = Elsewhere(hill, known)
    assert await news.go_on() == 0

    closed = await report(line, known, CLOSED, "c")
    assert closed.riders == ()
    assert await news.go_on() == 1

    [told] = await Disruption(hill, known).on()
    assert (told.kind, told.by, told.reason, told.closure) == (
        "road_closed", "yuki", "倒木", closed.closure,
    )  # fmt: skip
    assert [(one.booking_id, one.what, one.call_first) for one in told.riders] == [
        (cut_off.id, "unplaced", 1)
    ]
    day = await hill.day_of(hill.today)
    assert [row.id for row in day.unplaced] == [cut_off.id]
    assert day.bookings[near.id].promise_no == 1
    async with hill.database.reading() as connection:
        rows = (await connection.execute(notifications.select())).mappings().all()
    assert ("vehicle_out", cut_off.id) in {(row["occasion"], row["booking_id"]) for row in rows}

    # Once: neither this process nor one that starts later does it again.
    assert await news.go_on() == 0
    assert await Elsewhere(hill, known).go_on() == 0
    assert await Elsewhere(line, known).go_on() == 0
    assert len(await Disruption(line, known).on()) == 1


async def test_who_was_cut_off_is_carried_when_the_road_is_open_again(
    areas: tuple[Keeper, Keeper, Closures],
) -> None:
    line, hill, known = areas
    cut_off = await booked(hill, ask(2, 10), "a")
    news = Elsewhere(hill, known)
    closed = await report(line, known, CLOSED, "c")
    await news.go_on()

    await report(line, known, Upset("road_open", closure=closed.closure), "d")
    assert await news.go_on() == 1

    heard = await Disruption(hill, known).on()
    [opened] = [each for each in heard if each.kind == "road_open"]
    assert [(one.booking_id, one.what) for one in opened.riders] == [(cut_off.id, "moved")]
    assert not (await hill.day_of(hill.today)).unplaced
    assert await hill.check() == []


async def test_an_area_without_rides_today_has_nothing_to_hear(
    areas: tuple[Keeper, Keeper, Closures],
) -> None:
    line, hill, known = areas
    await report(line, known, CLOSED, "c")

    assert await Elsewhere(hill, known).go_on() == 0
    assert await Disruption(hill, known).on() == []
