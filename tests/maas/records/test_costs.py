"""What a town's days cost and use: only by figures that the town gave."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from maas.records.catalogue import Wanted, report
from maas.records.report import Amount
from maas.store.database import Database
from maas.town.imports import import_town
from tests.maas.line_town import Van, write_town
from tests.maas.records.books import TODAY, VANS, Books

FIGURES = """
[[figure]]
id = "hour"
area = "line"
valid_from = 2020-01-01
figure = "vehicle_hour_yen"
value = 3000
source = "契約書"

[[figure]]
id = "hour-dearer"
area = "line"
valid_from = 2026-10-01
figure = "vehicle_hour_yen"
value = 3600
source = "新しい契約書"
assumption = true

[[figure]]
id = "month"
area = "line"
valid_from = 2020-01-01
figure = "month_yen"
value = 10000
source = "請求書"

[[figure]]
id = "fuel"
area = "line"
valid_from = 2020-01-01
figure = "litre_100km"
of = "car"
value = 10
source = "燃料の記録"
"""


async def kept(database: Database, folder: Path, figures: str) -> None:
    """Keep the books of a town that gave some figures."""
    town = write_town(folder, vans=tuple(Van(id_) for id_ in VANS))
    file = town / "town.toml"
    file.write_text(file.read_text("utf-8") + figures, "utf-8")
    await import_town(database, town)
    books = Books(database)
    for day in (date(2026, 9, 30), date(2026, 10, 1)):
        await books.ride(day, 2, 600, 4000, 0)
        await books.drove(day, 0, 50_000, 20_000, 5400)


async def told(database: Database, name: str, month: str) -> dict[Any, Any]:
    """Return the amounts of a report's first table by their names."""
    wanted = Wanted(name, month)
    async with database.reading() as db:
        found = await report(db, wanted, None, ZoneInfo("Asia/Tokyo"), today=TODAY, made="")
    amounts: dict[Any, Any] = {
        row[0]: row[1].value if isinstance(row[1], Amount) else row[1:]
        for row in found.tables[0].rows
    }
    return amounts | {"notes": found.tables[0].notes}


async def test_a_day_costs_what_an_hour_cost_on_it(database: Database, tmp_path: Path) -> None:
    await kept(database, tmp_path / "town", FIGURES)

    september = await told(database, "balance", "2026-09")
    october = await told(database, "balance", "2026-10")

    assert september["経費"] == 4500 + 10_000
    assert october["経費"] == 5400 + 10_000
    assert october["行政負担額"] == 15_400 - 600
    assert october["1人当たり行政負担額"] == 14_800 / 2
    assert any("新しい契約書。仮の値" in note for note in october["notes"])


async def test_months_that_have_not_begun_cost_nothing(database: Database, tmp_path: Path) -> None:
    await kept(database, tmp_path / "town", FIGURES)

    year = await told(database, "feeder", "2026-11")

    assert year["経常費用"] == 5400 + 2 * 10_000  # October and November


async def test_what_nobody_gave_stays_open(database: Database, tmp_path: Path) -> None:
    await kept(database, tmp_path / "town", "")

    september = await told(database, "balance", "2026-09")

    assert september["経費"] is None
    assert september["収支率"] is None
    assert september["運賃収入"] == 600
    assert "未設定" in str(september["notes"])


async def test_fuel_is_used_by_the_kilometre_and_co2_needs_a_factor(
    database: Database, tmp_path: Path
) -> None:
    await kept(database, tmp_path / "town", FIGURES)

    used = await told(database, "vehicles", "2026-09")

    litres, kwh, co2 = used["van-1号"][-3:]
    assert (litres, kwh, co2) == (5.0, None, None)
