"""A release as files: CSV and Parquet, what every column means, and a descriptor with hashes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, get_type_hints

from maas.records.anonymity import Key
from maas.records.released import MESH_M, VEHICLES, K, MovedRow, Released, TripRow, keys_of

LICENCE: Final = "CC-BY-4.0"
Row = TripRow | MovedRow
TABLES: Final[Mapping[str, type[Row]]] = {"rides": TripRow, "bus_riders": MovedRow}

TITLES: Final = {
    "rides": ("予約して乗る車の利用", "Rides on demand"),
    "bus_riders": ("バスに乗った人と降りた人", "People who got on and off buses"),
}
MEANINGS: Final = {
    ("rides", "origin"): (
        "乗った場所の地域メッシュ(JIS X 0410。9桁=500m、8桁=1km、7桁=5km。空欄=混ざっています)",
        "Grid square it began in (JIS X 0410; 9 digits 500 m, 8 1 km, 7 5 km; blank: mixed)",
    ),
    ("rides", "destination"): ("降りた場所の地域メッシュ", "Grid square it ended in"),
    ("rides", "day_type"): (
        "weekday=平日、holiday=土・日・祝日。空欄=混ざっています",
        "weekday, or holiday: Saturday, Sunday, public holiday; blank: mixed",
    ),
    ("rides", "hour"): (
        "乗った時刻の時(9=9時から10時まで)。空欄=混ざっています",
        "Hour it began in (9: from 9 to 10 o'clock); blank: mixed",
    ),
    ("rides", "rides"): ("乗車の回数(グループは1回)", "Rides; a party is one"),
    ("rides", "people"): ("乗った人の延べ人数", "People on them, each time counted"),
    ("rides", "riders"): ("ちがう利用者の人数(5人以上)", "Different riders, at least 5"),
    ("bus_riders", "what"): ("boarded=乗った、alighted=降りた", "boarded or alighted"),
    ("bus_riders", "route"): ("GTFSのroute_id", "route_id of the GTFS feed"),
    ("bus_riders", "stop"): (
        "GTFSのstop_id。空欄=停留所が混ざっています",
        "stop_id of the GTFS feed; blank: mixed",
    ),
    ("bus_riders", "day_type"): ("weekday=平日、holiday=土・日・祝日", "weekday or holiday"),
    ("bus_riders", "hour"): (
        "時刻表の時(9=9時から10時まで)。空欄=混ざっています",
        "Hour by the timetable (9: from 9 to 10 o'clock); blank: mixed",
    ),
    ("bus_riders", "people"): ("延べ人数", "People, each time counted"),
    ("bus_riders", "together"): (
        "1便でいちばん多かった人数(5人以上)。これだけのちがう人がいます",
        "Most of them on a single run, at least 5: so many different people",
    ),
}
ABOUT: Final = (
    "1つの乗車は1つの行だけに入っています。合計は行を全部足した数です。人数の少ない行は作らず、"
    "空欄のある行にまとめました。日付や、500mより細かい場所は入っていません。"
    " Each ride is in exactly one row; totals are the sum of all rows. Small rows were merged into"
    " rows with blanks. There are no dates and no places finer than 500 m."
)


@dataclass(frozen=True, slots=True)
class Label:
    """Which release it is: month (2026-10), version from 1, and whether its days were made up."""

    month: str
    version: int
    publisher: str
    simulated: bool = False
    reason: str = ""


def csv_files(released: Released) -> dict[str, bytes]:
    """Return the tables as CSV by file name; the same rows give the same bytes."""
    return {
        "rides.csv": _csv(TripRow, released.trips),
        "bus_riders.csv": _csv(MovedRow, released.moved),
    }


def content_hash(released: Released) -> str:
    """Return the SHA-256 of what the tables say, whatever the version."""
    files = csv_files(released)
    return hashlib.sha256(b"\0".join(files[name] for name in sorted(files))).hexdigest()


def release_files(released: Released, label: Label) -> dict[str, bytes]:
    """Return the files of a release by name."""
    files = csv_files(released)
    files |= {
        name.replace(".csv", ".parquet"): _parquet(body, name) for name, body in files.items()
    }
    files["dictionary.csv"] = _dictionary()
    files["datapackage.json"] = _descriptor(files, label)
    return files


def published_keys(package: bytes) -> set[Key]:
    """Return the keys of the rows that a release has, read from its zip."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        trips = _rows(TripRow, archive.read("rides.csv"))
        moved = _rows(MovedRow, archive.read("bus_riders.csv"))
    return keys_of(trips, moved)


def _csv(kind: type[Row], rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, [each.name for each in fields(kind)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return out.getvalue().encode()


def _rows(kind: type[Any], body: bytes) -> list[Any]:
    hints = get_type_hints(kind)
    return [
        kind(**{name: _value(text, hints[name]) for name, text in row.items()})
        for row in csv.DictReader(io.StringIO(body.decode()))
    ]


def _value(text: str, hint: object) -> str | int | None:
    if hint is str:
        return text
    return int(text) if text else None


def _parquet(body: bytes, name: str) -> bytes:
    import duckdb  # takes a moment to import

    kind = TABLES[name.removesuffix(".csv")]
    types = {each: _sql_type(hint) for each, hint in get_type_hints(kind).items()}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as db:
        given, made = Path(folder, name), Path(folder, "made.parquet")
        given.write_bytes(body)
        table = db.read_csv(str(given), header=True, dtype=types, na_values=[""])
        db.execute("SET preserve_insertion_order = true")
        table.write_parquet(str(made), compression="zstd")
        return made.read_bytes()


def _sql_type(hint: object) -> str:
    return "VARCHAR" if hint is str else "INTEGER"


def _dictionary() -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["table", "column", "type", "meaning_ja", "meaning_en"])
    for table, kind in TABLES.items():
        hints = get_type_hints(kind)
        for column in (each.name for each in fields(kind)):
            type_ = "string" if hints[column] is str else "integer"
            writer.writerow([table, column, type_, *MEANINGS[table, column]])
    return out.getvalue().encode()


def _descriptor(files: Mapping[str, bytes], label: Label) -> bytes:
    made_up = "【模擬データ simulated】" if label.simulated else ""
    plain = {
        "profile": "data-package",
        "name": f"ridership-{label.month}-v{label.version}",
        "title": f"{made_up}{label.publisher} 公共交通の利用 {label.month}",
        "version": str(label.version),
        "description": ABOUT,
        "correction": label.reason,
        "simulated": label.simulated,
        "licenses": [{"name": LICENCE}],
        "anonymity": {"k": K, "vehicles": VEHICLES, "mesh_m": MESH_M, "band_h": 1},
        "resources": [_resource(name, files[name]) for name in sorted(files)],
    }
    return (json.dumps(plain, ensure_ascii=False, indent=2) + "\n").encode()


def _resource(name: str, body: bytes) -> dict[str, Any]:
    table = name.partition(".")[0]
    ja, en = TITLES.get(table, ("列の説明", "What the columns mean"))
    return {
        "name": name.replace(".", "-").replace("_", "-"),
        "path": name,
        "title": f"{ja} {en}",
        "bytes": len(body),
        "hash": f"sha256:{hashlib.sha256(body).hexdigest()}",
    }
