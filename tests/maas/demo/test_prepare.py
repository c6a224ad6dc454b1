"""What the demo prepares: built once, filled anew, and a town of one's own in its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from maas.demo.prepare import Prepared, prepare

BUILDING = "道路網を作っています（初回だけ）"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def first(data_dir: Path) -> tuple[Prepared, list[str]]:
    said: list[str] = []
    return prepare(data_dir, town=None, gtfs=None, tell=said.append), said


def test_every_vehicle_has_a_device_of_its_own(first: tuple[Prepared, list[str]]) -> None:
    prepared, _ = first

    assert set(prepared.tokens) == {vehicle.id for vehicle in prepared.town.vehicles}
    assert len(set(prepared.tokens.values())) == 10


def test_roads_are_built_once_and_the_database_is_new(
    data_dir: Path, first: tuple[Prepared, list[str]]
) -> None:
    prepared, said_first = first
    said: list[str] = []
    left = prepared.settings.data_dir / "left over"
    left.touch()

    again = prepare(data_dir, town=None, gtfs=None, tell=said.append)

    assert BUILDING in said_first
    assert BUILDING not in said
    assert not left.exists()
    assert again.tokens != prepared.tokens


def test_a_town_of_ones_own_takes_the_demos_place(
    data_dir: Path, first: tuple[Prepared, list[str]], tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(next(data_dir.glob("drawing-*")) / "town", own)
    words = (own / "town.toml").read_text("utf-8").replace("吉備中央町", "見本町")
    (own / "town.toml").write_text(words, "utf-8")
    (own / "vehicles.csv").write_text(
        "id,name,kind,seats,depot_place,shift_from,shift_to\n"
        "only,一台だけ,van,4,depot-kayo,08:00,17:00\n",
        "utf-8",
    )

    prepared = prepare(data_dir, town=own, gtfs=None, tell=lambda _: None)

    assert prepared.town.town.name == "見本町"
    assert set(prepared.tokens) == {"only"}
    assert prepared.settings.roads_dir == first[0].settings.roads_dir
