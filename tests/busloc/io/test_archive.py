"""Days as files: nothing lost, nothing doubled, and thinned by the rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.io.archive import (
    COARSE,
    RAW,
    Recorded,
    days,
    read_columns,
    read_days,
    remove_day,
    thin_day,
    write_day,
)

DAY, NEXT = date(2026, 11, 25), date(2026, 11, 26)
T = 1_795_530_000.0


def fix(vehicle: str, seq: int, **more: Any) -> Recorded:  # noqa: ANN401
    return Recorded(vehicle, "b", seq, T + seq, T + seq + 1, 34.81234, 133.71234)._replace(**more)


def read(folder: Path) -> list[Recorded]:
    return list(read_days(folder, DAY, NEXT))


def test_a_day_is_read_as_it_was_written_by_vehicle_and_time(tmp_path: Path) -> None:
    fixes = [
        fix("van's", 2, speed=8.5, bearing=120.0, trip="上り"),
        fix("bus", 9, added_s=-60.0),
        fix("bus", 3),
    ]

    assert write_day(tmp_path, DAY, fixes) == 3
    assert read(tmp_path) == [fixes[2], fixes[1], fixes[0]]
    assert list(read_days(tmp_path, DAY, DAY, ["van's"])) == fixes[:1]
    assert list(read_days(tmp_path, NEXT, NEXT)) == []
    assert [each.name for each in (tmp_path / "day=2026-11-25").iterdir()] == [RAW]


def test_what_comes_later_is_added_once(tmp_path: Path) -> None:
    write_day(tmp_path, DAY, [fix("bus", 1), fix("bus", 2)])

    assert write_day(tmp_path, DAY, [fix("bus", 2), fix("bus", 0)]) == 3
    assert [each.seq for each in read(tmp_path)] == [0, 1, 2]


def test_a_day_larger_than_a_chunk_is_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("busloc.io.archive.CHUNK_ROWS", 100)

    assert write_day(tmp_path, DAY, (fix("bus", i) for i in range(1050))) == 1050
    assert [each.seq for each in read(tmp_path)] == list(range(1050))


def test_a_write_that_fails_leaves_the_day_as_it_was(tmp_path: Path) -> None:
    write_day(tmp_path, DAY, [fix("bus", 1)])

    def broken() -> object:
        yield fix("bus", 2)
        raise OSError("the database went away")

    with pytest.raises(OSError, match="went away"):
        write_day(tmp_path, DAY, broken())  # type: ignore[arg-type]
    assert read(tmp_path) == [fix("bus", 1)]
    assert days(tmp_path) == [DAY]


def test_old_days_keep_the_buses_and_a_trace_of_the_others(tmp_path: Path) -> None:
    write_day(tmp_path, DAY, [fix(name, i) for name in ("bus", "van") for i in range(900)])

    assert thin_day(tmp_path, DAY, ["bus"])
    assert not thin_day(tmp_path, DAY, ["bus"])
    left = read(tmp_path)
    van = [each for each in left if each.vehicle == "van"]
    assert [each for each in left if each.vehicle == "bus"] == [fix("bus", i) for i in range(900)]
    assert len(van) in (3, 4)
    assert {each.t % 300 for each in van} == {0}
    assert {(round(each.lat, 6), round(each.lon, 6)) for each in van} == {(34.812, 133.712)}
    assert [each.name for each in (tmp_path / "day=2026-11-25").iterdir()] == [COARSE]
    assert write_day(tmp_path, DAY, [fix("bus", 900)]) == len(left) + 1, "it can still be added to"


def test_days_are_listed_read_as_columns_and_deleted(tmp_path: Path) -> None:
    write_day(tmp_path, NEXT, [fix("bus", 1, speed=4.0)])
    write_day(tmp_path, DAY, [fix("bus", 0)])

    assert days(tmp_path) == [DAY, NEXT]
    columns = read_columns(tmp_path, DAY, NEXT)
    assert columns["seq"].tolist() == [0, 1]
    assert columns["speed"].tolist() == [None, 4.0]
    remove_day(tmp_path, DAY)
    assert days(tmp_path) == [NEXT]
    assert read_columns(tmp_path, DAY, DAY)["t"].size == 0


numbers = st.one_of(st.none(), st.floats(0, 200, width=32))
recorded = st.builds(
    Recorded,
    vehicle=st.sampled_from(["a", "b'", "車"]),
    boot=st.sampled_from(["x", "y"]),
    seq=st.integers(0, 2**53),
    t=st.floats(T, T + 86_399),
    received=st.floats(T, T + 9e6),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    speed=numbers,
    bearing=numbers,
    trip=st.one_of(st.none(), st.text(max_size=8)),
    added_s=st.floats(-180, 180, width=32),
)


@given(st.lists(recorded, max_size=20, unique_by=lambda r: (r.vehicle, r.boot, r.seq)))
@settings(max_examples=15, deadline=None)
def test_whatever_was_recorded_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, fixes: list[Recorded]
) -> None:
    folder = tmp_path_factory.mktemp("archive")

    write_day(folder, DAY, fixes)

    assert sorted(read(folder)[: len(fixes)], key=repr) == sorted(fixes, key=repr)
    assert len(read(folder)) == len(fixes)
