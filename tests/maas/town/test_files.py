"""A town's files are taken whole, or the line that is wrong is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from maas.store import fleet, members, pickup_points, places, towns
from maas.store.database import Database
from maas.store.pickup_points import PickupPoint
from maas.town.files import TownError, read_town
from maas.town.imports import area_rules, import_town
from tests.maas.line_town import LAT, LineRoads, write_town


def edit(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def rule(old: str, new: str) -> Callable[[Path], None]:
    return edit("town.toml", old, new)


DEADLINE = "deadline_min = 10"
MORE = "p1,場所1,too,many,cells,here,and,more"


@pytest.mark.parametrize(
    ("change", "where", "field"),
    [
        (rule('id = "line"', 'id = ""'), "town.toml:3", "town.id"),
        (rule(DEADLINE, "deadline_min = -1"), "town.toml:26", "booking.deadline_min"),
        (rule(DEADLINE, "dead_line = 10"), "town.toml:26", "booking.dead_line"),
        (rule("horizon_days = 14\n", ""), "town.toml:23", "booking.horizon_days"),
        (rule('from = "08:00"', 'from = "8:00"'), "town.toml:19", "hours.from"),
        (rule('"fri"]', '"fry"]'), "town.toml:18", "hours.days"),
        (rule("base_yen = 500", "base_yen = 1.5"), "town.toml:44", "tariff.base_yen"),
        (rule('area = "line"', 'area = "x"'), "town.toml:16", "hours.area"),
        (rule("[[tariff]]", "[[tarif]]"), "town.toml:40", "tarif"),
        (rule(DEADLINE, "deadline_min = "), "town.toml:26", ""),
        (edit("places.csv", "p3,", "p2,"), "places.csv:5", "id"),
        (edit("places.csv", "34.85", "nan"), "places.csv:2", "lat"),
        (edit("places.csv", "34.85", "36.0"), "places.csv:2", "lat"),
        (edit("places.csv", "depot", "dépôt"), "places.csv:2", "kind"),
        (edit("places.csv", "p1,場所1", MORE), "places.csv:3", ""),
        (edit("members.csv", "p3;p5", "p3;p99"), "members.csv:2", "favourites"),
        (edit("members.csv", "1940", "194O"), "members.csv:2", "birth_year"),
        (edit("vehicles.csv", ",4,", ",0,"), "vehicles.csv:2", "seats"),
        (edit("vehicles.csv", "p0", "p99"), "vehicles.csv:2", "depot_place"),
        (edit("vehicles.csv", "18:00", "07:00"), "vehicles.csv:2", "shift_to"),
        (edit("vehicles.csv", "van,car", "bus,car"), "vehicles.csv:2", "block"),
        (lambda folder: (folder / "places.csv").unlink(), "places.csv", ""),
        (lambda folder: (folder / "places.csv").write_bytes(b"id\n\xff"), "places.csv", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_file_line_and_field(
    tmp_path: Path, change: Callable[[Path], None], where: str, field: str
) -> None:
    folder = write_town(tmp_path / "town")
    change(folder)

    with pytest.raises(TownError) as caught:
        read_town(folder)

    named = (
        caught.value.file
        if caught.value.line is None
        else f"{caught.value.file}:{caught.value.line}"
    )
    assert (named, caught.value.field) == (where, field), str(caught.value)


def test_a_spreadsheets_byte_order_mark_and_extra_columns_do_no_harm(tmp_path: Path) -> None:
    folder = write_town(tmp_path / "town")
    text = (folder / "places.csv").read_text(encoding="utf-8")
    lines = [line + (",note" if i == 0 else ",x") for i, line in enumerate(text.splitlines())]
    (folder / "places.csv").write_text("\n".join(lines), encoding="utf-8-sig")

    assert [place.id for place in read_town(folder).places[:2]] == ["p0", "p1"]


async def test_an_import_can_be_read_back_and_repeated(database: Database, tmp_path: Path) -> None:
    folder = write_town(tmp_path / "town")
    first = await import_town(database, folder, LineRoads(), "net")
    async with database.reading() as connection:
        before = await places.all_places(connection), await fleet.all_vehicles(connection)

    again = await import_town(database, folder, LineRoads(), "net")

    assert again == first
    assert (first.places, first.members, first.vehicles, first.unreachable) == (13, 2, 1, ())
    async with database.reading() as connection:
        assert before == (await places.all_places(connection), await fleet.all_vehicles(connection))
        town = await towns.the_town(connection)
        rules = await area_rules(connection, "line")
        people = await members.all_members(connection)
    assert town is not None
    assert town.region == (34.0, 133.0, 35.0, 134.0)
    booking = rules.booking_on(date(2026, 11, 25))
    assert booking is not None
    assert booking.window_min == 15
    by_code = {place.code: place for place in before[0]}
    assert by_code["p3"].anchor == "3:0.000000"
    assert people[0].favourites == (by_code["p3"].id, by_code["p5"].id)
    assert people[0].home_place_id == by_code["home:1001"].id


async def test_a_place_far_from_every_road_is_reported_and_has_no_anchor(
    database: Database, tmp_path: Path
) -> None:
    folder = write_town(tmp_path / "town")
    edit("places.csv", f"場所4,ばしょ4,Place 4,stop,{LAT}", "場所4,ばしょ4,Place 4,stop,34.86")(
        folder
    )

    report = await import_town(database, folder, LineRoads(), "net")

    assert report.unreachable == ("場所4",)


def with_points(folder: Path, *cells: str) -> None:
    """Write columns for pick-up points into places.csv, one text for each of the first places."""
    lines = (folder / "places.csv").read_text(encoding="utf-8").splitlines()
    more = ["point,part_of,entrance,photo,step_free", *cells]
    more += [",,,,"] * (len(lines) - len(more))
    both = [f"{line},{text}" for line, text in zip(lines, more, strict=True)]
    (folder / "places.csv").write_text("\n".join(both), encoding="utf-8")


async def test_the_entrances_of_a_facility_come_with_its_places(
    database: Database, tmp_path: Path
) -> None:
    folder = write_town(tmp_path / "town")
    with_points(folder, "entrance,,正面玄関,p0.jpg,true", "entrance,p0,裏口,,")

    for _ in range(2):
        await import_town(database, folder)

    async with database.reading() as connection:
        ids = await places.place_ids(connection)
        found = await pickup_points.points_at(connection, ids["p0"])
    assert found == [
        PickupPoint(ids["p0"], "entrance", None, "正面玄関", photo="p0.jpg", step_free=True),
        PickupPoint(ids["p1"], "entrance", ids["p0"], "裏口"),
    ]


@pytest.mark.parametrize(
    ("cells", "line", "field"),
    [
        (["entrance,,,,", "entrance,p99,,,"], 3, "part_of"),
        (["entrance,p1,,,", "entrance,p2,,,"], 2, "part_of"),
        (["entrance,p0,,,"], 2, "part_of"),
        ([",,正面玄関,,"], 2, "point"),
        (["gate,,,,"], 2, "point"),
    ],
)
def test_an_entrance_of_nothing_is_refused(
    tmp_path: Path, cells: list[str], line: int, field: str
) -> None:
    folder = write_town(tmp_path / "town")
    with_points(folder, *cells)

    with pytest.raises(TownError) as caught:
        read_town(folder)

    assert (caught.value.line, caught.value.field) == (line, field)


BETWEEN = """
[[relation]]
area = "line"
valid_from = 2026-01-01
id = "r"
from = ["z"]
to = ["y"]
"""


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ('places = ["p99"]', "zone.places"),
        ('oaza = ["東"]' + BETWEEN, "relation.from"),
    ],
)
def test_zones_name_places_and_relations_zones_that_are_there(
    tmp_path: Path, more: str, field: str
) -> None:
    folder = write_town(tmp_path / "town")
    zone = '\n[[zone]]\narea = "line"\nvalid_from = 2026-01-01\nid = "z"\nname = "z"\n'
    with (folder / "town.toml").open("a", encoding="utf-8") as out:
        out.write(f'{zone}name_en = "z"\n{more}\n')

    with pytest.raises(TownError) as caught:
        read_town(folder)

    assert caught.value.field == field


async def test_a_broken_file_changes_nothing(database: Database, tmp_path: Path) -> None:
    folder = write_town(tmp_path / "town")
    edit("vehicles.csv", "p0", "p99")(folder)

    with pytest.raises(TownError):
        await import_town(database, folder)

    async with database.reading() as connection:
        assert await towns.the_town(connection) is None
