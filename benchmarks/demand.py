"""Whether the demand model knows more than "as in the same hour of last week".

Both are judged on the last weeks of the demo's simulated year, which the model has not seen: it is
learnt anew each week from what came before, with the weather as given.  Cells are an hour of the
whole town, and an hour, part of the town and purpose.  A Poisson deviance is infinite where nothing
was expected and something came, so last week's count is given the floor that suits it best.

    python -m benchmarks.demand --weeks 12 --json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from maas.demo.network import draw_network
from maas.demo.town import write_town
from maas.demo.year import weather_of
from maas.demo.year_load import load_past
from maas.records.demand import Cell, DemandModel, Seen, deviance, error, learn
from maas.records.demand_past import seen_of
from maas.records.whatif_past import past_asks
from maas.store import ledger, places
from maas.store.database import open_database, upgrade
from maas.town.imports import import_town

AREA, ZONE = "kibichuo", "Asia/Tokyo"
TODAY = date(2026, 11, 26)
FIRST = TODAY - timedelta(days=400)
FLOORS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)


async def history(folder: Path) -> tuple[list[Seen], list[date]]:
    """Return the asks of the simulated year and its service days."""
    write_town(folder / "town", draw_network())
    url = f"sqlite+aiosqlite:///{folder / 'demand.db'}"
    await upgrade(url)
    database = open_database(url)
    await import_town(database, folder / "town")
    async with database.writing() as db:
        await load_past(db, AREA, TODAY)
    async with database.reading() as db:
        asked = await past_asks(db, AREA, ZONE, FIRST, TODAY)
        days = await ledger.simulated_between(db, FIRST, TODAY)
        rows = {row.id: row for row in await places.all_places(db)}
    await database.close()
    return seen_of(asked, rows), days


Keyed = Callable[[Seen], Any]


def whole_town(each: Seen) -> tuple[date, int]:
    """Return the day and hour of a trip."""
    return each.day, each.cell.hour


def by_place(each: Seen) -> tuple[date, Cell]:
    """Return the day and cell of a trip."""
    return each.day, each.cell


def judged(seen: Sequence[Seen], days: Sequence[date], weeks: int) -> list[dict[str, Any]]:
    """Return the scores of both, on the hours of the town and on the cells."""
    model_hours, last_hours = list[tuple[int, float]](), list[tuple[int, float]]()
    model_cells, last_cells = list[tuple[int, float]](), list[tuple[int, float]]()
    hours, cells = Counter(map(whole_town, seen)), Counter(map(by_place, seen))
    served = set(days)
    for number in range(weeks, 0, -1):
        begins = TODAY - timedelta(days=7 * number)
        model = _model(seen, days, begins)
        for day in (begins + timedelta(days=n) for n in range(7)):
            before = _week_before(day, served)
            if day not in served or before is None:
                continue
            sky = weather_of(day).kind
            for hour in range(8, 17):
                count = hours[day, hour]
                model_hours.append((count, max(model.of_hour(day, hour, sky), 1e-6)))
                last_hours.append((count, float(hours[before, hour])))
            for cell in model.known:
                count = cells[day, cell]
                model_cells.append((count, max(model.expected(day, cell, sky), 1e-6)))
                last_cells.append((count, float(cells[before, cell])))
    return [
        _row("hour, whole town", model_hours, last_hours),
        _row("hour x place x purpose", model_cells, last_cells),
    ]


def _model(seen: Sequence[Seen], days: Sequence[date], begins: date) -> DemandModel:
    known = [day for day in days if day < begins]
    sky = {day: weather_of(day).kind for day in known}
    return learn([each for each in seen if each.day < begins], known, sky)


def _week_before(day: date, served: set[date]) -> date | None:
    """Return the last same weekday with service, at most four weeks before."""
    earlier = (day - timedelta(weeks=n) for n in range(1, 5))
    return next((each for each in earlier if each in served), None)


def _row(
    what: str, model: Sequence[tuple[int, float]], last: Sequence[tuple[int, float]]
) -> dict[str, Any]:
    floored = [deviance([(n, max(hoped, floor)) for n, hoped in last]) for floor in FLOORS]
    return {
        "cells": what,
        "count": len(model),
        "model_deviance": round(deviance(model), 4),
        "last_week_deviance": round(min(floored), 4),
        "model_mae": round(error(model), 4),
        "last_week_mae": round(error(last), 4),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, judge, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.demand", description=__doc__)
    parser.add_argument("--weeks", type=int, default=12, help="held out, the last ones")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="maas-demand-") as name:
        seen, days = asyncio.run(history(Path(name)))
    rows = judged(seen, days, chosen.weeks)
    about = {"python": platform.python_version(), "asks": len(seen), "days": len(days)}
    text = json.dumps({"rows": rows, "about": about}, indent=2, ensure_ascii=False)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    out = sys.stderr if chosen.json == "-" else sys.stdout
    for row in rows:
        print("  ".join(f"{key} {value}" for key, value in row.items()), file=out)


if __name__ == "__main__":
    main()
