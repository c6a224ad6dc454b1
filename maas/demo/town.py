"""The demo town's directory, in the same formats a real town hands in (`maas town import DIR`)."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import cos, pi, sin
from pathlib import Path

from gtfs.write import write_feed
from maas.demo.gazetteer import data_rows, data_text, oaza, to_lat_lon
from maas.demo.network import Network
from maas.demo.people import COLUMNS, members
from maas.demo.timetable import all_stops, bus_feed, courses

PLACE_COLUMNS = [
    "id",
    "name",
    "kana",
    "name_en",
    "kind",
    "address",
    "oaza",
    "lat",
    "lon",
    "nicknames",
    "conf",
]
Row = dict[str, str]


def write_town(folder: Path, network: Network) -> None:
    """Write every file of the town's directory; the same input gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("town.toml", "vehicles.csv"):
        (folder / name).write_text(data_text(name), encoding="utf-8")
    places = town_places(network)
    _write_csv(folder / "places.csv", PLACE_COLUMNS, places)
    _write_csv(folder / "members.csv", COLUMNS, members(network, places))
    write_feed(bus_feed(network), folder / "gtfs.zip")


def town_places(network: Network) -> list[Row]:
    """Return the known and invented places, a meeting house in every oaza, and the bus stops."""
    return [*_facilities(), *_meeting_houses(), *_bus_stops(network)]


def _facilities() -> list[Row]:
    """Return places.csv of the package; one without a position stands near its oaza's point."""
    centres = {place.name: place.xy for place in oaza()}
    seen: Counter[str] = Counter()
    rows = []
    for row in data_rows("places.csv"):
        if not row["lat"]:
            row = row | _near(centres[row["oaza"]], seen[row["oaza"]])
            seen[row["oaza"]] += 1
        rows.append(row)
    return rows


def _near(centre: tuple[float, float], k: int) -> Row:
    """Return the k-th place around a centre, further out each time."""
    away_m, towards = 60.0 + 40.0 * k, 2 * pi * 0.381966 * k
    lat, lon = to_lat_lon(centre[0] + away_m * cos(towards), centre[1] + away_m * sin(towards))
    return {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}"}


def _meeting_houses() -> list[Row]:
    return [
        {
            "id": f"meeting-{number:02d}",
            "name": f"{place.name}集会所（架空）",
            "kana": f"{place.kana}しゅうかいじょ",
            "name_en": f"{place.name_en} meeting house (invented)",
            "kind": "facility",
            "address": place.name,
            "oaza": place.name,
            "nicknames": "集会所;公民館",
            "conf": "架空",
            **_near(place.xy, 9),
        }
        for number, place in enumerate(oaza(), 1)
    ]


def _bus_stops(network: Network) -> Iterable[Row]:
    for stop in all_stops(courses(network)):
        lat, lon = to_lat_lon(*stop.at)
        name, kana, english = stop.words
        yield {
            "id": f"stop-{stop.id}",
            "name": f"{name}（バス停・合成）",
            "kana": f"{kana}ばすてい",
            "name_en": f"{english} bus stop (synthetic)",
            "kind": "stop",
            "address": "",
            "oaza": "",
            "lat": f"{lat:.6f}",
            "lon": f"{lon:.6f}",
            "nicknames": name,
            "conf": "架空",
        }


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
