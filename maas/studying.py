"""`maas whatif`: a study of a file answered on the command line, beside a server or without one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gtfs import read_feed
from maas.records.studies import asks_for, runs, timetables
from maas.records.whatif import Result, Study, study
from maas.records.whatif_past import town_now
from maas.rotation import open_sealed
from maas.running import load_roads
from maas.settings import Settings
from maas.store import towns
from maas.store.database import Database

SHOWN = ("served_percent", "wait_min", "kept_percent", "km", "cost_yen", "burden_per_rider_yen")


def read_study(file: Path, **other: object) -> Study:
    """Return the study of a TOML or JSON file; `other` fields stand in place of the file's.

    Raises ``ValueError`` for what is no study.
    """
    text = file.read_text(encoding="utf-8")
    plain: dict[str, Any] = (
        msgspec.json.decode(text) if file.suffix == ".json" else tomllib.loads(text)
    )
    given = {name: value for name, value in other.items() if value is not None}
    return msgspec.convert({"name": file.stem} | plain | given, Study)


async def answered(
    settings: Settings,
    question: Study,
    zips: Mapping[str, Path],
    *,
    area: str | None = None,
    processes: int | None = None,
    tell: Callable[[int, int], None],
) -> Result:
    """Return the answer; `zips` are timetables by the name that variants give.

    Raises ``ValueError``, `StudyError`, ``FeedError`` for what cannot be studied.
    """
    database = await open_sealed(settings)
    try:
        town = await town_now(
            database, area or await _first_area(database), load_roads(settings.roads_dir)
        )
        asked = await asks_for(database, question, town)
        known = {name: read_feed(path) for name, path in zips.items()}
        other = [each for each in question.variants if each.timetable not in known]
        rest = msgspec.structs.replace(question, variants=tuple(other))
        feeds = {**await timetables(database, rest), **known}
    finally:
        await database.close()
    return study(question, town, asked, feeds, run=runs(settings.ray, processes), tell=tell)


async def _first_area(database: Database) -> str:
    async with database.reading() as db:
        areas = await towns.all_areas(db)
    if not areas:
        raise ValueError("no town is imported: maas town import DIR")
    return areas[0].id


def table(result: Result) -> str:
    """Return an answer as lines of text."""
    lines = [f"{result.days} 日, {result.asked} 件, {result.seeds} seeds, {result.hash}"]
    for each in result.variants:
        parts = [f"{each.name} ({each.vehicles}台)"]
        for name in SHOWN:
            here, by = each.measures[name], each.against[name]
            sure = "*" if by.is_clear else ""
            parts.append(f"{name} {here.mean:.1f} ({by.mean:+.1f}{sure})")
        lines.append("  ".join(parts))
    if result.smallest is not None:
        lines.append(f"最小の台数 / smallest fleet: {result.smallest}")
    return "\n".join(lines)
