"""The demo town's feed, bus and demand service together, is accepted by every validator."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest

from gtfs import Feed, read_feed, write_feed
from gtfs.check import check
from maas.demand_feed import demand_facts, open_feed
from maas.demo.network import draw_network
from maas.demo.town import write_town
from maas.store.database import open_database, upgrade
from maas.town.imports import import_town
from tests.gtfs import gates

TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def demo_feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    folder = tmp_path_factory.mktemp("demo")
    write_town(folder / "town", draw_network())

    async def feed() -> Feed | None:
        url = f"sqlite+aiosqlite:///{folder / 'maas.db'}"
        await upgrade(url)
        database = open_database(url)
        try:
            await import_town(database, folder / "town")
            async with database.reading() as connection:
                facts = await demand_facts(connection)
            return open_feed(read_feed(folder / "town" / "gtfs.zip"), facts, TODAY)
        finally:
            await database.close()

    found = asyncio.run(feed())
    assert found is not None
    return found


@pytest.mark.heavy
@pytest.mark.parametrize("profile", ["jp3", "jp4"])
def test_the_demo_towns_feed_passes_every_gate(
    demo_feed: Feed, profile: str, tmp_path: Path
) -> None:
    path = tmp_path / "feed.zip"
    write_feed(demo_feed, path, profile)

    assert gates.guru(path, TODAY) == []
    assert gates.analyzer(path, TODAY) == []
    assert gates.validator(path, TODAY, tmp_path / "out") == []
    assert [finding.sentence("en") for finding in check(read_feed(path), TODAY)] == []


def test_its_area_is_drawn_from_public_places_and_says_so(demo_feed: Feed) -> None:
    [location] = demo_feed.locations

    assert "正式な境界の図ではありません" in location.desc
    assert len(location.polygons[0][0]) > 5
    group = demo_feed.location_groups[0]
    assert {"1_01", "1_02"} <= set(group.stop_ids), "bus stops are those of the timetable"
