"""A town on one road: places p0, p1, … stand a minute's drive apart, the depot is p0.

It is written as files, imported as any town is, and driven on `LineRoads`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatcher.roads import Anchor, RoadPath, Snap

LAT, LON, STEP = 34.85, 133.60, 0.01
METRES = 500
WEDNESDAY = datetime(2026, 11, 24, 15, tzinfo=UTC)  # midnight of 25 November in Japan
DAY0 = int(WEDNESDAY.timestamp())

RULES = """
[town]
id = "line"
name = "一本道町"
name_en = "Line Town"
timezone = "Asia/Tokyo"
region = [34.0, 133.0, 35.0, 134.0]
booking_phone = "000-000-0000"

[[areas]]
id = "line"
name = "全域"
name_en = "All"

[[hours]]
area = "line"
valid_from = 2021-10-01
days = ["mon", "tue", "wed", "thu", "fri"]
from = "08:00"
to = "17:00"
closed = ["12-27/01-04"]

[[booking]]
area = "line"
valid_from = 2021-10-01
deadline_min = 10
horizon_days = 14
window_min = 15
ride_max_factor = 1.5
ride_max_extra_min = 10
max_party = 6
boarding_s = 60
wheelchair_boarding_s = 180
alighting_s = 30
no_show_wait_min = 5
divert_until_s = 120
assumption = true

[[tariff]]
id = "line-2021"
area = "line"
valid_from = 2021-10-01
base_yen = 500
shared_yen = 300
transfer_yen = 100
half_tags = ["aicard", "disability_card"]
"""


@dataclass(frozen=True, slots=True)
class Van:
    """A vehicle of the town."""

    id: str = "van-1"
    seats: int = 4
    wheelchair_places: int = 0


def write_town(
    folder: Path, *, places: int = 13, vans: Sequence[Van] = (Van(),), rules: str = ""
) -> Path:
    """Write the town's files into `folder`; `rules` are more lines of the booking rule."""
    folder.mkdir(exist_ok=True)
    written = RULES.replace("assumption = true\n", f"assumption = true\n{rules}\n", 1)
    (folder / "town.toml").write_text(written, encoding="utf-8")
    _write(
        folder / "places.csv",
        [
            {
                "id": f"p{i}", "name": f"場所{i}", "kana": f"ばしょ{i}", "name_en": f"Place {i}",
                "kind": "depot" if i == 0 else "stop", "lat": LAT, "lon": LON + i * STEP,
            }
            for i in range(places)
        ],
    )  # fmt: skip
    _write(
        folder / "members.csv",
        [_member(1, "ひょうもと おさむ", "aicard"), _member(2, "みほん はな", "")],
    )
    _write(
        folder / "vehicles.csv",
        [
            {
                "id": van.id, "name": f"{van.id}号", "name_en": van.id, "operator": "見本タクシー",
                "kind": "wheelchair_van" if van.wheelchair_places else "van", "profile": "car",
                "seats": van.seats, "wheelchair_places": van.wheelchair_places,
                "seats_lost_per_wheelchair": 1 if van.wheelchair_places else 0,
                "depot_place": "p0", "shift_from": "07:30", "shift_to": "18:00",
            }
            for van in vans
        ],
    )  # fmt: skip
    return folder


def _member(number: int, kana: str, tags: str) -> Mapping[str, object]:
    return {
        "number": f"{1000 + number}", "name": f"標本 {number}", "kana": kana,
        "phone": f"000-000-{1000 + number}", "birth_year": 1940, "lat": LAT,
        "lon": LON + number * STEP, "tags": tags, "favourites": "p3;p5",
    }  # fmt: skip


def _write(file: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def _minutes(anchor: Anchor) -> float:
    return anchor.edge + anchor.fraction


class LineRoads:
    """One road; an anchor's edge and fraction are minutes along it."""

    version = 1

    def snap(self, lat: float, lon: float) -> Snap:
        """Return the point of the road beside a position."""
        minutes = max((lon - LON) / STEP, 0.0)
        edge = int(minutes + 1e-6)
        anchor = Anchor(edge, round(max(minutes - edge, 0.0), 6))
        return Snap(anchor, LAT, lon, abs(lat - LAT) * 111_000, "一本道")

    def table(
        self, origins: Sequence[Anchor], destinations: Sequence[Anchor], band: str = "day"
    ) -> NDArray[np.int32]:
        """Return a minute for each step along the road, in any band."""
        del band
        rows = np.array([_minutes(a) for a in origins])[:, None]
        columns = np.array([_minutes(b) for b in destinations])[None, :]
        return np.asarray(np.rint(60 * np.abs(rows - columns)), dtype=np.int32)

    def path(self, origin: Anchor, destination: Anchor, band: str = "day") -> RoadPath | None:
        """Return the straight way, in any band."""
        del band
        ends = [_minutes(origin), _minutes(destination)]
        drive_s = int(self.table([origin], [destination])[0, 0])
        lonlats = [(LON + m * STEP, LAT) for m in ends]
        length_m = abs(ends[1] - ends[0]) * METRES
        return RoadPath(drive_s, length_m, lonlats, [0.0, float(drive_s)], 0.0, 0.0, ())


class HandClock:
    """The service clock, set by hand in seconds of Wednesday 25 November 2026."""

    def __init__(self, clock: str) -> None:
        self.epoch = 0.0
        self.set(clock)

    def set(self, clock: str) -> None:
        """Set the time of day, like 09:00 or 09:00:30; more than 24 hours is the next day."""
        parts = [int(part) for part in clock.split(":")] + [0]
        self.epoch = DAY0 + parts[0] * 3600 + parts[1] * 60 + parts[2]

    def __call__(self) -> float:
        """Return epoch seconds."""
        return self.epoch


def at(clock: str) -> int:
    """Return the epoch second of a time of that Wednesday."""
    return int(HandClock(clock).epoch)


def of_day(clock: str) -> int:
    """Return service-day seconds of a time."""
    return at(clock) - DAY0
