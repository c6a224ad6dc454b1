"""A vehicle's day on a road where places are 500 m apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from maas.duty.book import Entered, enter
from maas.duty.records import In, Out
from maas.records.driven import Visit, driven, write_driven
from maas.store.database import Database
from maas.store.fleet import VehicleRow
from maas.town.imports import import_town
from tests.maas.line_town import DAY0, Van, write_town
from tests.maas.records.books import VANS, Books

DAY = date(2026, 11, 20)
VAN = VehicleRow(
    1, "van-1", "line", "1号", "1", "見本", "van", "car", 8, 0, 0, None, 0, "", 0, 86_400, None,
    None,
)  # fmt: skip


def metres(profile: str, places: Sequence[int]) -> int:
    """Return the drive through places that are numbered along the road."""
    assert profile == "car"
    return sum(500 * abs(b - a) for a, b in pairwise(places))


def test_a_shared_leg_is_driven_once_and_an_empty_one_is_not_loaded() -> None:
    # garage 0 -> 2 (a in) -> 4 (b in) -> 6 (a out) -> 8 (b out) -> 10 (c in) -> 9 (c out) -> 0
    visits = [
        Visit(100, 1, 2), Visit(200, 1, 4), Visit(300, -1, 6), Visit(400, -1, 8),
        Visit(500, 1, 10), Visit(600, -1, 9),
    ]  # fmt: skip

    found = driven(VAN, DAY, visits, [], metres)

    assert found is not None
    assert (found.distance_m, found.loaded_m, found.duty_s) == (10_000, 3500, 500)
    assert found.source == "roads"


def test_who_gets_out_as_another_gets_in_leaves_the_vehicle_first() -> None:
    visits = [Visit(100, 1, 1), Visit(200, -1, 3), Visit(200, 1, 3), Visit(300, -1, 1)]

    found = driven(VAN, DAY, visits, [], metres)

    assert found is not None
    assert found.loaded_m == 2000


def test_a_vehicle_that_stayed_has_no_day() -> None:
    assert driven(VAN, DAY, [], [], metres) is None


async def test_the_night_writes_each_day_once_by_the_meter(
    database: Database, tmp_path: Path
) -> None:
    await import_town(database, write_town(tmp_path / "t", vans=tuple(Van(id_) for id_ in VANS)))
    books = Books(database)
    await books.ride(DAY, 1, 500, 1500, 0)
    at = DAY0 - 5 * 86_400
    for event, when, body in (
        ("out", at + 8 * 3600, Out(100.0)), ("in", at + 17 * 3600, In(142.5)),
    ):  # fmt: skip
        made = Entered(event, DAY, "van-1", "ken", when, body)
        assert await enter(database, made, now=at + 20 * 3600, actor="ken") is None

    first = await write_driven(database, metres, today=date(2026, 11, 21), now=at)
    again = await write_driven(database, metres, today=date(2026, 11, 21), now=at)

    assert [(row.vehicle_id, row.distance_m, row.duty_s, row.source) for row in first] == [
        ("van-1", 42_500, 9 * 3600, "meter")
    ]
    assert first[0].loaded_m == 1500
    assert again == []
