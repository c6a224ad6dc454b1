"""Years of rides and positions as daily Parquet, and questions that every engine answers alike.

Rides lie in `day=2026-10-01.parquet` by the day they count on: no name, no member, no house,
only squares of 500 m.  A day whose entries have changed is written anew, so that the files always
say what the ledger says.  `maas.records.questions` asks them.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple, get_type_hints

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.records.ledger import rides_between
from maas.records.mesh import half_mesh
from maas.store import places
from maas.store.entries import Ride

FIRST_DAY: Final = date(2000, 1, 1)
BEYOND: Final = date(9999, 12, 31)
MANIFEST: Final = "rides.json"


class RideFact(NamedTuple):
    """An entry of the ledger without anybody in it; sums are of `sign` times a value.

    `age` is in steps of five years at the ride, -1 where nobody knows; times are seconds.
    """

    day: str
    area: str
    vehicle: str
    origin: str
    destination: str
    channel: str
    hour: int
    riders: int
    wheelchairs: int
    wait_s: int
    late_s: int
    ride_s: int
    direct_s: int
    distance_m: int
    shared: int
    fare_yen: int
    tariff: str
    age: int
    sign: int


TYPES: Final[Mapping[str, str]] = {
    name: "VARCHAR" if kind is str else "INTEGER" for name, kind in get_type_hints(RideFact).items()
}


def fact(ride: Ride, squares: Mapping[int, str]) -> RideFact:
    """Return what the files keep of an entry; ``squares`` are the half squares of places by id."""
    born = ride.birth_year
    return RideFact(
        day=ride.dated.isoformat(),
        area=ride.area_id,
        vehicle=ride.vehicle_id,
        origin=squares.get(ride.origin_id, ""),
        destination=squares.get(ride.destination_id, ""),
        channel=ride.channel,
        hour=ride.picked_up_s // 3600,
        riders=ride.riders,
        wheelchairs=ride.wheelchairs,
        wait_s=ride.wait_s,
        late_s=ride.late_s,
        ride_s=ride.dropped_off_s - ride.picked_up_s,
        direct_s=ride.direct_s,
        distance_m=ride.distance_m,
        shared=int(ride.shared),
        fare_yen=ride.fare_yen,
        tariff=ride.tariff,
        age=-1 if born is None else (ride.service_date.year - born) // 5 * 5,
        sign=ride.sign,
    )


async def roll_rides(connection: AsyncConnection, folder: Path) -> list[date]:
    """Write the days whose entries are not what their file says; returns those days.

    ``folder`` holds the files of rides.  Doing it twice changes nothing.
    """
    squares = {row.id: half_mesh(row.lat, row.lon) for row in await places.all_places(connection)}
    by_day: dict[str, list[RideFact]] = {}
    for entry in await rides_between(connection, FIRST_DAY, BEYOND):
        by_day.setdefault(entry.dated.isoformat(), []).append(fact(entry, squares))
    return write_rides(folder, by_day)


def write_rides(folder: Path, by_day: Mapping[str, Sequence[RideFact]]) -> list[date]:
    """Write the files of days that changed, and take those away that have no entries any more."""
    folder.mkdir(parents=True, exist_ok=True)
    known = _manifest(folder)
    now = {day: _hash(facts) for day, facts in by_day.items()}
    changed = [day for day in sorted({*known, *now}) if known.get(day) != now.get(day)]
    for day in changed:
        path = folder / f"day={day}.parquet"
        if day in by_day:
            _write(path, sorted(by_day[day]))
        else:
            path.unlink(missing_ok=True)
    if changed:
        fresh = folder / f"{MANIFEST}.fresh"
        fresh.write_text(json.dumps(now), "utf-8")
        fresh.replace(folder / MANIFEST)
    return [date.fromisoformat(day) for day in changed]


def _manifest(folder: Path) -> dict[str, str]:
    kept = folder / MANIFEST
    return dict(json.loads(kept.read_text("utf-8"))) if kept.is_file() else {}


def _hash(facts: Iterable[RideFact]) -> str:
    return hashlib.sha256(json.dumps(sorted(facts)).encode()).hexdigest()


def _write(path: Path, facts: Sequence[RideFact]) -> None:
    import duckdb
    import numpy as np

    arrays = {
        name: np.array(values, dtype=object if TYPES[name] == "VARCHAR" else np.int64)
        for name, values in zip(TYPES, zip(*facts, strict=True), strict=True)
    }
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    with duckdb.connect(":memory:") as db:
        db.register("facts", arrays)
        columns = ", ".join(f"{name}::{kind} AS {name}" for name, kind in TYPES.items())
        db.sql(f"SELECT {columns} FROM facts").write_parquet(  # noqa: S608 -- our own names
            str(fresh), compression="zstd"
        )
    fresh.replace(path)
