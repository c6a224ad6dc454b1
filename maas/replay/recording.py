"""A recorded day of vehicle positions: CSV, may be gzipped.

Columns: vehicle_id, timestamp (ISO 8601 with offset), latitude, longitude; trip_id, route_id and
trip_headsign if known.
"""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded position at ``t`` epoch seconds; ``trip`` is empty when none was logged."""

    t: float
    vehicle: str
    lat: float
    lon: float
    trip: str
    route: str
    headsign: str
    day: date


def read_recording(path: Path) -> list[Recorded]:
    """Return a recording in time order.

    Raises ``ValueError`` with the line for a row that is none, ``OSError`` for the file.
    """
    found = []
    for number, row in enumerate(rows_of(path), 2):
        try:
            found.append(_recorded(row))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name}:{number}: {error}") from error
    if not found:
        raise ValueError(f"{path.name}: no positions in it")
    return sorted(found, key=lambda fix: (fix.t, fix.vehicle))


def _recorded(row: Mapping[str, str]) -> Recorded:
    moment = datetime.fromisoformat(row["timestamp"])
    if moment.tzinfo is None:
        raise ValueError(f"timestamp {row['timestamp']!r} has no offset from UTC")
    return Recorded(
        t=moment.timestamp(),
        vehicle=row["vehicle_id"],
        lat=float(row["latitude"]),
        lon=float(row["longitude"]),
        trip=row.get("trip_id") or "",
        route=row.get("route_id") or "",
        headsign=row.get("trip_headsign") or "",
        day=moment.date(),
    )


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file, gzipped or not.  Raises ``OSError``."""
    raw = path.read_bytes()
    whole = gzip.decompress(raw) if path.suffix == ".gz" else raw
    yield from csv.DictReader(io.StringIO(whole.decode("utf-8-sig"), newline=""))
