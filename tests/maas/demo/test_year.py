"""The demo's simulated past: the service's own rows, marked, and the same every time."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from maas.demo.network import Network
from maas.demo.town import write_town
from maas.demo.year import FIRST, SNOW, weather_of
from maas.demo.year_load import load_past
from maas.demo.year_past import PAST_DAYS, fixture, moved_days
from maas.demo.year_rows import Duty, No, Trip, Year, packed, unpacked
from maas.records.ledger import rides_between, vehicle_days_between
from maas.store.database import Database, open_database
from maas.store.entries import Ride, VehicleDay
from maas.store.ledger import simulated_between
from maas.store.tables import bookings, takings
from maas.town.calendars import DayRules, rules_on
from maas.town.imports import area_rules, import_town
from maas.town.rules import AreaRules

TODAY = date(2026, 11, 26)
FROM, TO = TODAY - timedelta(days=PAST_DAYS), TODAY - timedelta(days=1)


@dataclass
class Loaded:
    """A year in a database, read back."""

    count: int
    rides: list[Ride]
    vehicle_days: list[VehicleDay]
    simulated: list[date]
    states: Counter[str]
    cash: dict[str, int]
    aboard: dict[str, tuple[int, int]]
    rules: AreaRules


@pytest.fixture(scope="module")
def loaded(
    network: Network, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Loaded:
    folder = tmp_path_factory.mktemp("year")
    write_town(folder / "town", network)
    (folder / "maas.db").write_bytes(sqlite_template.read_bytes())
    return asyncio.run(_loaded(open_database(f"sqlite+aiosqlite:///{folder}/maas.db"), folder))


async def _loaded(database: Database, folder: Path) -> Loaded:
    await import_town(database, folder / "town")
    async with database.writing() as db:
        count = await load_past(db, "kibichuo", TODAY)
    async with database.reading() as db:
        rows = list(await db.execute(select(bookings)))
        paid = await db.execute(select(takings.c.booking_id, takings.c.yen))
        found = Loaded(
            count,
            await rides_between(db, FROM, TO),
            await vehicle_days_between(db, FROM, TO),
            await simulated_between(db, FROM, TO),
            Counter(row.state for row in rows),
            dict(paid.all()),
            {row.id: (row.aboard_s, row.dropped_s) for row in rows if row.state == "done"},
            await area_rules(db, "kibichuo"),
        )
    await database.close()
    return found


def test_a_year_of_some_twenty_thousand_rides_lies_before_the_demos_day(loaded: Loaded) -> None:
    last_year = [ride for ride in loaded.rides if ride.service_date > TODAY - timedelta(days=365)]

    assert 17_000 < len(last_year) < 23_000
    assert 0.01 < loaded.states["no_show"] / len(loaded.rides) < 0.03
    assert 0.02 < loaded.states["cancelled"] / len(loaded.rides) < 0.06


def test_every_day_of_it_is_a_service_day_and_says_that_it_was_made_up(loaded: Loaded) -> None:
    days = {ride.service_date for ride in loaded.rides}

    assert days == set(loaded.simulated)
    assert len(loaded.simulated) == loaded.count
    assert all(isinstance(rules_on(loaded.rules, day), DayRules) for day in days)
    assert max(days) < TODAY


def test_each_booking_that_was_driven_has_one_ride_at_its_times(loaded: Loaded) -> None:
    rode = {ride.booking_id: (ride.picked_up_s, ride.dropped_off_s) for ride in loaded.rides}

    assert rode == loaded.aboard
    assert len(rode) == len(loaded.rides)


def test_the_cash_is_the_fares_to_the_yen(loaded: Loaded) -> None:
    assert loaded.cash == {ride.booking_id: ride.fare_yen for ride in loaded.rides if ride.fare_yen}
    assert sum(loaded.cash.values()) > 4_000_000


def test_no_vehicle_has_riders_on_more_metres_than_it_drove(loaded: Loaded) -> None:
    assert len(loaded.vehicle_days) > 1_200
    assert all(0 <= each.loaded_m <= each.distance_m for each in loaded.vehicle_days)


def test_nobody_sits_in_two_vehicles_at_once(loaded: Loaded) -> None:
    spans: defaultdict[tuple[date, int | None], list[tuple[int, int]]] = defaultdict(list)
    for ride in loaded.rides:
        spans[ride.service_date, ride.member_id].append((ride.picked_up_s, ride.dropped_off_s))

    overlaps = sum(
        first[1] > second[0]
        for each in spans.values()
        for first, second in zip(sorted(each), sorted(each)[1:], strict=False)
    )

    assert overlaps < len(loaded.rides) / 200  # who calls for a neighbour too is one member


def test_a_snow_day_has_fewer_rides_than_the_days_around_it(loaded: Loaded) -> None:
    rides = Counter(ride.service_date for ride in loaded.rides)
    winter = [day for day in rides if day.month in {1, 2}]
    snow = [rides[day] for day in winter if weather_of(day).kind == SNOW]
    other = [rides[day] for day in winter if weather_of(day).kind != SNOW]

    assert snow
    assert sum(snow) / len(snow) < 0.75 * sum(other) / len(other)


def test_the_fixture_is_small_and_of_two_years() -> None:
    year = fixture()

    assert year is not None
    assert len(packed(year)) < 2_000_000
    assert year.days[-1][0] > 700


@given(st.dates(date(2020, 1, 1), date(2060, 12, 31)))
def test_any_day_has_a_whole_year_of_the_fixture_before_it(today: date) -> None:
    moved = moved_days(today)
    begins = FIRST + timedelta(days=moved)

    assert moved % 7 == 0
    assert 364 <= (today - begins).days < 728


@settings(deadline=None, max_examples=20)
@given(
    st.lists(
        st.builds(Duty, *[st.integers(0, 800)] * 2, *[st.integers(-(2**40), 2**40)] * 3), max_size=5
    )
)
def test_packing_keeps_every_number(duties: list[Duty]) -> None:
    trips = [Trip(*range(23))]
    noes = [No(*range(100_000, 100_014))]
    year = Year(
        "town",
        1,
        [(0, SNOW)],
        ["phone"],
        ["P1"],
        ["van"],
        ["busy"],
        [""],
        [[]],
        trips,
        noes,
        duties,
    )

    assert unpacked(packed(year)) == year
