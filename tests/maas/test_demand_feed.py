"""The feed says of the town's demand service what the town's rules say."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from gtfs import Feed, read_feed
from gtfs.check import check
from gtfs.write import write_feed
from maas.demand_feed import DemandFacts, demand_facts, open_feed
from maas.store.database import open_database, upgrade
from maas.town.calendars import DayRules, rules_on
from maas.town.imports import import_town
from tests.gtfs import gates
from tests.maas.tiny_town import TOWN_TOML, write_tiny_town

TODAY = date(2026, 11, 25)

TWO_AREAS = TOWN_TOML.replace(
    'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\nfrom = "00:00"\nto = "24:00"\n'
    "holidays = true",
    'days = ["mon", "tue", "wed", "thu", "fri"]\nfrom = "08:00"\nto = "17:00"\n'
    'holidays = false\nclosed = ["12-27/01-04"]',
).replace("deadline_min = 0", "deadline_min = 15")


def facts_of(folder: Path, toml: str | None = None) -> DemandFacts:
    source = write_tiny_town(folder / "town")
    if toml is not None:
        (source / "town.toml").write_text(toml)

    async def read() -> DemandFacts | None:
        url = f"sqlite+aiosqlite:///{folder / 'maas.db'}"
        await upgrade(url)
        database = open_database(url)
        try:
            await import_town(database, source)
            async with database.reading() as connection:
                return await demand_facts(connection)
        finally:
            await database.close()

    facts = asyncio.run(read())
    assert facts is not None
    return facts


def published(facts: DemandFacts, folder: Path) -> Feed:
    feed = open_feed(read_feed(folder / "town" / "gtfs.zip"), facts, TODAY)
    assert feed is not None
    return feed


def windows_on(feed: Feed, day: date) -> set[tuple[int | None, int | None]]:
    return {
        (call.window_start_s, call.window_end_s)
        for trip in feed.trips_on(day)
        for call in feed.stop_times[trip.id]
        if call.on_demand
    }


def test_every_day_of_the_feed_says_what_the_rules_answer_a_caller(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, TWO_AREAS)
    feed = published(facts, tmp_path)
    [(_, rules)] = facts.areas

    days = [date(2026, 11, 1) + timedelta(days=n) for n in range(396)]
    answers = {}
    for day in days:
        said = rules_on(rules, day)
        answers[day] = {(28_800, 61_200)} if isinstance(said, DayRules) else set()
        assert windows_on(feed, day) == answers[day]

    assert answers[date(2026, 11, 24)]
    assert not answers[date(2026, 11, 23)], "a holiday"
    assert not answers[date(2026, 12, 28)], "a closed season"


def test_notice_fares_and_phone_are_the_towns(tmp_path: Path) -> None:
    feed = published(facts_of(tmp_path, TWO_AREAS), tmp_path)

    [rule] = feed.booking_rules.values()
    assert (rule.type, rule.notice_min, rule.start_day) == (1, 15, 14)
    assert rule.phone == "000-000-0000"
    assert rule.message == "乗車の15分前までに、お電話（000-000-0000）でご予約ください。"
    prices = {(p.rider_category_id, int(p.amount)) for p in feed.fares.products}
    assert prices == {("drt-all", 500), ("drt-disability_card", 250)}
    assert set(feed.table("trips").texts("safe_duration_factor")) == {"2", ""}
    assert set(feed.table("attributions").texts("organization_name")) == {"試験タクシー"}


def with_rule(more: str) -> str:
    """Return the town with a line more in its booking rule."""
    return TOWN_TOML.replace("deadline_min = 0\n", f"deadline_min = 0\n{more}\n", 1)


def test_a_deadline_on_the_working_day_before_is_said_as_one(tmp_path: Path) -> None:
    rules = with_rule('deadlines = [{days_before = 1, at = "17:00"}]')
    feed = published(facts_of(tmp_path, rules), tmp_path)

    [rule] = feed.booking_rules.values()
    assert (rule.type, rule.last_day, rule.last_time_s) == (2, 1, 61_200)
    assert rule.message == "乗車の1営業日前の17:00までに、お電話（000-000-0000）でご予約ください。"


def test_where_riders_board_at_stops_only_the_feed_has_only_stops(tmp_path: Path) -> None:
    rules = with_rule('board_at = ["hub", "clinic"]\nalight_at = ["hub", "hall"]')
    feed = published(facts_of(tmp_path, rules), tmp_path)

    names = {feed.stops[stop].name for group in feed.location_groups for stop in group.stop_ids}
    assert names == {"きびプラザ"}
    assert feed.locations == ()


BORDER = """
[[zone]]
area = "tiny"
valid_from = 2020-01-01
id = "town"
name = "町内"
name_en = "the town"
polygons = [[[34.8, 133.6], [34.8, 133.8], [34.9, 133.7]]]

[[relation]]
area = "tiny"
valid_from = 2020-01-01
id = "inside"
from = ["town"]
to = ["town"]
"""


@pytest.mark.parametrize(
    ("more", "drawn"),
    [
        ("", True),
        ('kinds = ["stop"]\n', False),  # not from every door
        ('oaza = ["吉川"]\n', True),  # and more than is drawn: the places there are named
    ],
)
def test_a_border_that_is_drawn_is_the_outline(
    tmp_path: Path,
    more: str,
    drawn: bool,  # noqa: FBT001
) -> None:
    rules = TOWN_TOML + BORDER.replace("polygons", f"{more}polygons", 1)
    feed = published(facts_of(tmp_path, rules), tmp_path)

    features = json.loads(feed.extras.get("locations.geojson", b'{"features": []}'))["features"]
    rings = [feature["geometry"]["coordinates"][0] for feature in features]
    border = [[133.6, 34.8], [133.8, 34.8], [133.7, 34.9], [133.6, 34.8]]
    assert rings == ([border] if drawn else [])


def with_hours(more: str) -> str:
    """Return the town open from eight to five with a line more in its hours."""
    open_ = TOWN_TOML.replace('from = "00:00"\nto = "24:00"', 'from = "08:00"\nto = "17:00"', 1)
    return open_.replace("holidays = true\n", f"holidays = true\n{more}\n", 1)


def rides_on(feed: Feed, day: date) -> set[tuple[str, ...]]:
    """Return from where to where one rides that day, the pick-ups and when one has been brought."""
    rows: set[tuple[str, ...]] = set()
    for trip in feed.trips_on(day):
        calls = feed.stop_times[trip.id]
        if calls[0].on_demand:
            (a, b), (c, d) = ((x.window_start_s or 0, x.window_end_s or 0) for x in calls)
            ends = (call.location_id or call.location_group_id for call in calls)
            assert c == a
            rows.add((*ends, *(f"{s // 3600:02d}:{s % 3600 // 60:02d}" for s in (a, b, d))))
    return rows


def test_nobody_is_picked_up_in_a_break_and_who_rides_is_brought(tmp_path: Path) -> None:
    feed = published(facts_of(tmp_path, with_hours('breaks = ["12:00/13:00"]')), tmp_path)

    group = "drt-tiny-group"
    assert rides_on(feed, TODAY) == {
        (group, group, "08:00", "12:00", "17:00"),
        (group, group, "13:00", "17:00", "17:00"),
    }


def test_where_nobody_is_driven_in_the_break_they_are_brought_before_it(tmp_path: Path) -> None:
    more = 'breaks = ["12:00/13:00"]\nbreak_rides = "none"'
    feed = published(facts_of(tmp_path, with_hours(more)), tmp_path)

    assert {row[2:] for row in rides_on(feed, TODAY)} == {
        ("08:00", "12:00", "12:00"),
        ("13:00", "17:00", "17:00"),
    }


def test_fixed_runs_are_windows_of_their_own(tmp_path: Path) -> None:
    more = 'runs = ["11:45", "08:30"]\nrun_min = 20\nbreaks = ["12:00/13:00"]'
    feed = published(facts_of(tmp_path, with_hours(more)), tmp_path)

    assert {row[2:] for row in rides_on(feed, TODAY)} == {
        ("08:30", "08:50", "17:00"),
        ("11:45", "12:00", "17:00"),
    }


BETWEEN = """
[[zone]]
area = "tiny"
valid_from = 2020-01-01
id = "west"
name = "西部"
name_en = "the west"
polygons = [[[34.8, 133.6], [34.8, 133.7], [34.9, 133.7]]]

[[zone]]
area = "tiny"
valid_from = 2020-01-01
id = "clinics"
name = "医院"
name_en = "clinics"
kinds = ["clinic"]

[[relation]]
area = "tiny"
valid_from = 2020-01-01
id = "to-the-doctor"
from = ["west"]
to = ["clinics"]
days = ["wed"]
runs = ["09:00"]
runs_back = ["11:00"]
"""


def test_one_rides_between_the_zones_of_a_relation_on_its_days_by_its_runs(
    tmp_path: Path,
) -> None:
    feed = published(facts_of(tmp_path, with_hours("") + BETWEEN), tmp_path)

    zone, group = "drt-tiny-west-20200101-zone1", "drt-tiny-clinics-20200101"
    west = "drt-tiny-west-20200101"  # the places in it with a name
    assert rides_on(feed, TODAY) == {
        (zone, group, "09:00", "09:30", "17:00"),
        (west, group, "09:00", "09:30", "17:00"),
        (group, zone, "11:00", "11:30", "17:00"),
        (group, west, "11:00", "11:30", "17:00"),
    }
    assert rides_on(feed, date(2026, 11, 26)) == set()
    [feature] = json.loads(feed.extras["locations.geojson"])["features"]
    assert (feature["id"], feature["properties"]) == (zone, {"stop_name": "西部"})
    stops = {group.id: group.stop_ids for group in feed.location_groups}
    assert [feed.stops[stop].name for stop in stops[group]] == ["賀陽病院"]


def test_the_validators_find_nothing_in_breaks_runs_and_relations(tmp_path: Path) -> None:
    toml = with_hours('breaks = ["12:00/13:00"]') + BETWEEN
    found = []
    for name, rules in (("plain", None), ("between", toml)):
        folder = tmp_path / name
        folder.mkdir()
        write_feed(published(facts_of(folder, rules), folder), folder / "feed.zip")
        found.append(gates.guru(folder / "feed.zip", TODAY))
        found[-1] += gates.validator(folder / "feed.zip", TODAY, folder / "out")
        found[-1] += [str(each) for each in check(read_feed(folder / "feed.zip"), TODAY)]
    plain, between = found
    assert [each for each in between if each not in plain] == []


def test_homes_and_depots_are_nobodys_business(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)
    spot = replace(facts.places[0], kind="spot", name="故障した所", code="spot:1")
    feed = published(replace(facts, places=[*facts.places, spot]), tmp_path)

    names = {feed.stops[stop].name for group in feed.location_groups for stop in group.stop_ids}
    assert names == {"役場", "賀陽病院", "商店", "きびプラザ", "道の駅"}
    assert any(place.kind == "home" for place in facts.places)


def test_places_on_one_line_have_no_outline(tmp_path: Path) -> None:
    feed = published(facts_of(tmp_path), tmp_path)

    assert feed.locations == ()
    assert {c.location_group_id for cs in feed.stop_times.values() for c in cs} == {
        "", "drt-tiny-group",
    }  # fmt: skip


def test_without_a_timetable_the_address_must_be_known(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)

    with pytest.raises(ValueError, match="address"):
        open_feed(None, facts, TODAY)
    feed = open_feed(None, facts, TODAY, url="https://town.example.com/")
    assert feed is not None
    assert [agency.name for agency in feed.agencies] == ["小さな町"]
    assert open_feed(None, None, TODAY) is None


def test_two_exports_on_two_days_of_a_month_are_equal(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)
    bus = read_feed(tmp_path / "town" / "gtfs.zip")

    one, other = (open_feed(bus, facts, date(2026, 11, day)) for day in (1, 30))
    assert one is not None
    assert other is not None
    assert one.tables == other.tables
