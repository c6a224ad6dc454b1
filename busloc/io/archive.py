"""Days of positions as Parquet files, one folder a day: small, and quick to ask.

``positions.parquet`` holds a day's fixes as they were; ``coarse.parquet`` takes its place when the
vehicles that nobody may follow for ever have been thinned out.  DuckDB writes and reads them, and
is imported only here.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RAW, COARSE = "positions.parquet", "coarse.parquet"
CHUNK_ROWS = 100_000
GRID_DEG, GRID_S = 0.001, 300
"""About a hundred metres and five minutes: what is kept of a vehicle that is thinned out."""

_TYPES: Final = {
    "vehicle": "VARCHAR", "boot": "VARCHAR", "seq": "BIGINT", "t": "DOUBLE", "received": "DOUBLE",
    "lat": "DOUBLE", "lon": "DOUBLE", "speed": "FLOAT", "bearing": "FLOAT", "trip": "VARCHAR",
    "added_s": "FLOAT",
}  # fmt: skip


class Recorded(NamedTuple):
    """A fix of the history; ``t`` is put right, the device had said ``t - added_s``."""

    vehicle: str
    boot: str
    seq: int
    t: float
    received: float
    lat: float
    lon: float
    speed: float | None = None
    bearing: float | None = None
    trip: str | None = None
    added_s: float = 0.0


_READ: Final = f"SELECT {', '.join(_TYPES)} FROM read_parquet(?, hive_partitioning = false)"  # noqa: S608 -- our own names
_ORDER: Final = "ORDER BY vehicle, t, seq"
_BLURRED: Final = f"""
SELECT * FROM fixes SEMI JOIN keep USING (vehicle)
UNION ALL BY NAME
SELECT vehicle, '' AS boot, cell AS seq, cell * {GRID_S} AS t, cell * {GRID_S} AS received,
       round(first(lat ORDER BY t) / {GRID_DEG}) * {GRID_DEG} AS lat,
       round(first(lon ORDER BY t) / {GRID_DEG}) * {GRID_DEG} AS lon,
       NULL AS speed, NULL AS bearing, NULL AS trip, 0 AS added_s
FROM (SELECT *, floor(t / {GRID_S})::BIGINT AS cell FROM fixes ANTI JOIN keep USING (vehicle))
GROUP BY vehicle, cell
"""  # noqa: S608 -- our own numbers


def write_day(folder: Path, day: date, fixes: Iterable[Recorded]) -> int:
    """Add fixes to a day's file and return how many it holds; one already there is not doubled.

    The file changes all at once or not at all.
    """
    place = folder / f"day={day.isoformat()}"
    place.mkdir(parents=True, exist_ok=True)
    with _database(folder) as db:
        columns = ", ".join(f"{name} {kind}" for name, kind in _TYPES.items())
        db.execute(f"CREATE TABLE fixes ({columns})")
        rows = iter(fixes)
        while chunk := list(islice(rows, CHUNK_ROWS)):
            _insert(db, chunk)
        for held in _files(folder, day, day):
            db.execute(f"INSERT INTO fixes BY NAME {_READ}", [str(held)])
        once = "SELECT DISTINCT ON (vehicle, boot, seq) * FROM fixes"
        path = place / (COARSE if (place / COARSE).exists() else RAW)
        _replace(db, once, path)
        count = db.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchone()
    return 0 if count is None else int(count[0])


def thin_day(folder: Path, day: date, keep: Sequence[str]) -> bool:
    """Leave of a day's vehicles but ``keep`` a fix in five minutes, to a hundred metres.

    False when there is nothing to thin or it was done before.
    """
    place = folder / f"day={day.isoformat()}"
    if not (place / RAW).exists():
        return False
    with _database(folder) as db:
        db.execute(f"CREATE TABLE fixes AS {_READ}", [str(place / RAW)])
        db.execute("CREATE TABLE keep (vehicle VARCHAR)")
        db.executemany("INSERT INTO keep VALUES (?)", [[name] for name in ("", *keep)])
        _replace(db, _BLURRED, place / COARSE)
    (place / RAW).unlink()
    return True


def read_days(
    folder: Path, first: date, last: date, vehicles: Sequence[str] | None = None
) -> Iterator[Recorded]:
    """Yield the fixes of the days from ``first`` to ``last``, day by day, by vehicle and time."""
    wanted = "" if vehicles is None else "WHERE vehicle IN (SELECT unnest(?))"
    for held in _files(folder, first, last):
        with _database(folder) as db:
            given: list[object] = [str(held), *([] if vehicles is None else [list(vehicles)])]
            answer = db.execute(f"{_READ} {wanted} {_ORDER}", given)
            while chunk := answer.fetchmany(10_000):
                yield from map(Recorded._make, chunk)


def read_columns(folder: Path, first: date, last: date) -> dict[str, Any]:
    """Return the same as NumPy arrays by name, for analysis; unknown numbers are masked."""
    files = [str(held) for held in _files(folder, first, last)]
    if not files:
        return {name: np.array([]) for name in _TYPES}
    with _database(folder) as db:
        return dict(db.execute(f"{_READ} {_ORDER}", [files]).fetchnumpy())


def days(folder: Path) -> list[date]:
    """Return the days that have a file, oldest first."""
    found = [date.fromisoformat(each.name[4:]) for each in folder.glob("day=????-??-??")]
    return sorted(day for day in found if _files(folder, day, day))


def remove_day(folder: Path, day: date) -> None:
    """Delete a day for good."""
    shutil.rmtree(folder / f"day={day.isoformat()}")


def _files(folder: Path, first: date, last: date) -> list[Path]:
    places = sorted(folder.glob("day=????-??-??"))
    within = [each for each in places if first.isoformat() <= each.name[4:] <= last.isoformat()]
    held = [each / name for each in within for name in (RAW, COARSE)]
    return [each for each in held if each.is_file()]


@contextmanager
def _database(folder: Path) -> Iterator[DuckDBPyConnection]:
    """Give a DuckDB of its own that spills to the folder what is too large for memory."""
    import duckdb

    spill = folder / f"spill-{secrets.token_hex(4)}"
    with duckdb.connect(":memory:") as db:
        db.execute("SET threads = 1")
        db.execute("SET memory_limit = '512MB'")
        db.execute(f"SET temp_directory = '{str(spill).replace(chr(39), chr(39) * 2)}'")
        try:
            yield db
        finally:
            shutil.rmtree(spill, ignore_errors=True)


def _insert(db: DuckDBPyConnection, chunk: Sequence[Recorded]) -> None:
    columns = dict(zip(Recorded._fields, zip(*chunk, strict=True), strict=True))
    arrays = {name: _array(values, _TYPES[name]) for name, values in columns.items()}
    names = ", ".join(f"nullif({n}, 'nan')" if _TYPES[n] == "FLOAT" else n for n in arrays)
    db.register("arrays", arrays)
    db.execute(f"INSERT INTO fixes SELECT {names} FROM arrays")  # noqa: S608 -- our own text
    db.unregister("arrays")


def _array(values: Sequence[object], kind: str) -> Any:  # noqa: ANN401 -- an array of either kind
    if kind == "VARCHAR":
        return np.array(values, dtype=object)
    if kind == "BIGINT":
        return np.array(values, dtype=np.int64)
    return np.array([np.nan if each is None else each for each in values], dtype=np.float64)


def _replace(db: DuckDBPyConnection, query: str, path: Path) -> None:
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    target = str(fresh).replace("'", "''")
    db.execute(f"COPY ({query} {_ORDER}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    fresh.replace(path)
