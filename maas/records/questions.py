"""Questions to years of files, written once and answered alike by DuckDB and by ClickHouse.

A question is an Ibis expression over the tables `positions` (`busloc.io.archive`), `rides`
(`maas.records.warehouse`) and `trips` (which route a trip is of).  An engine compiles it to its own
SQL and reads the same Parquet files.  Numbers that are added up are integers, so that the order of
adding changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from maas.records.warehouse import TYPES

if TYPE_CHECKING:
    import ibis.expr.types as ir

Answer = list[tuple[Any, ...]]
POSITIONS: Final[Mapping[str, str]] = {
    "vehicle": "string", "t": "float64", "lat": "float64", "lon": "float64", "speed": "float32",
    "trip": "string",
}  # fmt: skip
RIDES: Final[Mapping[str, str]] = {
    name: "string" if kind == "VARCHAR" else "int32" for name, kind in TYPES.items()
}


def hour_by_route(utc_offset_s: int) -> ir.Table:
    """Ask how many fixes each route has in each hour of the day, and how fast in mm/s on average.

    Fixes on no known trip have the route "".  Rows are in the order of hour and route.
    """
    import ibis

    fixes, trips = ibis.table(POSITIONS, name="positions"), _trips()
    hour = ((fixes.t + utc_offset_s) / 3600).floor().cast("int64") % 24
    by_trip = fixes.group_by(hour=hour, trip=fixes.trip).agg(
        fixes=fixes.count(),
        known=fixes.speed.count(),
        mm_s=(fixes.speed.cast("float64") * 1000).floor().cast("int64").sum(),
    )
    named = by_trip.left_join(trips, by_trip.trip == trips.trip_id)
    route = named.route.fill_null("")
    both = named.group_by(hour=named.hour, route=route).agg(
        fixes=named.fixes.sum(), known=named.known.sum(), mm_s=named.mm_s.sum()
    )
    return both.order_by("hour", "route")


def rides_by_month() -> ir.Table:
    """Ask what the rides of each month and kind of channel add up to, corrections with them."""
    import ibis

    rides = ibis.table(RIDES, name="rides")
    sign = rides.sign.cast("int64")
    return (
        rides.group_by(month=rides.day.substr(0, 7), channel=rides.channel)
        .agg(
            rides=sign.sum(),
            riders=(sign * rides.riders).sum(),
            shared=(sign * rides.shared).sum(),
            fare_yen=(sign * rides.fare_yen).sum(),
            distance_m=(sign * rides.distance_m).sum(),
            wait_s=(sign * rides.wait_s).sum(),
        )
        .order_by("month", "channel")
    )


def _trips() -> ir.Table:
    import ibis

    return ibis.table({"trip_id": "string", "route": "string"}, name="trips")


class Engine(Protocol):
    """What answers a question."""

    def ask(self, question: ir.Table) -> Answer:
        """Return the rows of the answer as plain tuples."""
        ...


@dataclass(frozen=True, slots=True)
class Files:
    """Where the files lie, and which route each trip is of."""

    positions: Path
    rides: Path
    route_of: Mapping[str, str]

    def tables(self) -> Iterator[tuple[str, Mapping[str, str], str | None]]:
        """Yield name, columns and pattern of each table's files, `None` while it has none."""
        for name, kinds, folder, pattern in (
            ("positions", POSITIONS, self.positions, "day=*/*.parquet"),
            ("rides", RIDES, self.rides, "day=*.parquet"),
        ):
            there = next(folder.glob(pattern), None) is not None
            yield name, kinds, str(folder / pattern) if there else None


class DuckDB:
    """DuckDB on the files, in this process."""

    def __init__(self, files: Files) -> None:
        import duckdb

        self._db = duckdb.connect(":memory:")
        for name, kinds, pattern in files.tables():
            if pattern is not None:
                self._db.read_parquet(pattern, hive_partitioning=False).create_view(name)
            else:
                columns = ", ".join(f"{column} {_SQL[kind]}" for column, kind in kinds.items())
                self._db.execute(f"CREATE TABLE {name} ({columns})")
        self._db.execute("CREATE TABLE trips (trip_id VARCHAR, route VARCHAR)")
        if files.route_of:
            self._db.executemany("INSERT INTO trips VALUES (?, ?)", [*files.route_of.items()])

    def ask(self, question: ir.Table) -> Answer:
        """See ``Engine.ask``."""
        import ibis

        return self._db.execute(str(ibis.to_sql(question, dialect="duckdb"))).fetchall()


class ClickHouse:
    """ClickHouse in this process (chdb) on the same files; one at a time in a process."""

    def __init__(self, files: Files) -> None:
        from chdb.session import Session

        self._session = Session()
        self._session.query("CREATE DATABASE town ENGINE = Atomic")
        self._session.query("USE town")
        for name, kinds, pattern in files.tables():
            columns = ", ".join(f"{column} Nullable({kind})" for column, kind in _named(kinds))
            path = "" if pattern is None else pattern.replace("'", "\\'")
            told = f"file('{path}', Parquet, '{columns}')" if path else f"null('{columns}')"
            self._session.query(f"CREATE VIEW {name} AS SELECT * FROM {told}")  # noqa: S608 -- ours
        self._session.query(
            "CREATE TABLE trips (trip_id Nullable(String), route Nullable(String)) ENGINE = Memory"
        )
        if files.route_of:
            named = files.route_of.items()
            rows = "\n".join(json.dumps({"trip_id": trip, "route": route}) for trip, route in named)
            self._session.query(f"INSERT INTO trips FORMAT JSONEachRow {rows}")

    def ask(self, question: ir.Table) -> Answer:
        """See ``Engine.ask``."""
        import ibis

        sql = str(ibis.to_sql(question, dialect="clickhouse"))
        told = self._session.query(f"{sql} SETTINGS join_use_nulls = 1", "JSONCompact")
        plain = json.loads(str(told))
        kinds = [column["type"] for column in plain["meta"]]
        return [tuple(map(_number, row, kinds)) for row in plain["data"]]

    def close(self) -> None:
        """End the session and take its files away."""
        self._session.close()


def _number(value: object, kind: str) -> object:
    """Return a 64-bit integer as one: in JSON it is a text."""
    return int(value) if isinstance(value, str) and "Int" in kind else value


_SQL: Final = {"string": "VARCHAR", "float64": "DOUBLE", "float32": "FLOAT", "int32": "INTEGER"}


def _named(kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for column, kind in kinds.items():
        yield column, kind.capitalize()
