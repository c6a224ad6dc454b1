"""Saved studies and who works on them: one at a time in a process, beside what it serves.

A study is kept before it begins.  Its process says every second how far it is; when that stops, by
a restart or a crash, the study is shown as interrupted and can be started again, with the same
question and, on the same records, the same answer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from gtfs import Feed
from maas.editions import read_bytes
from maas.records.demand import draw, learn
from maas.records.demand_past import seen_of
from maas.records.whatif import Result, Study, study
from maas.records.whatif_asks import Asked
from maas.records.whatif_changes import changed
from maas.records.whatif_past import past_asks
from maas.records.whatif_runs import CancelledError, OnRay, Pool, Run
from maas.records.whatif_town import Town
from maas.store import editions, studies
from maas.store.database import Database
from maas.store.studies import StudyRow
from maas.town.calendars import DayRules, rules_on

log = logging.getLogger(__name__)

BEAT_S: Final = 1.0
LEARNT_DAYS: Final = 365
"""Drawn demand follows what was asked for in so many days before the study's."""
PROGRAM: Final = "0.1.0"


class StudyError(Exception):
    """Why a study cannot be answered: a code that screens have words for, and why in English."""


@dataclass(slots=True)
class _Progress:
    """How far a study is, told from its thread."""

    done: int = 0
    total: int = 0
    wanted: bool = True

    def tell(self, done: int, total: int) -> None:
        self.done, self.total = done, total


def runs(ray: str | None, processes: int | None = None) -> Run:
    """Return who does the pieces: Ray at an address, or processes of this machine."""
    if ray:
        return OnRay(ray)
    return Pool(processes or max(1, (os.cpu_count() or 1)))


@dataclass(slots=True)
class Studies:
    """The studies of one server; `run` does their pieces, `clock` is the wall's."""

    database: Database
    run: Run
    clock: Callable[[], float] = time.time
    runner: str = field(default_factory=lambda: secrets.token_hex(8))
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _running: dict[asyncio.Task[None], _Progress] = field(default_factory=dict)

    async def start(self, id_: str, town: Callable[[], Town]) -> bool:
        """Begin a study, or begin it again; False when somebody works on it already."""
        # A name for each start: one that was cancelled a moment ago may still be ending, and what
        # it says then is not of this one.
        runner = f"{self.runner}-{secrets.token_hex(4)}"
        async with self.database.writing() as db:
            if not await studies.begin(db, id_, runner, self.clock()):
                return False
        progress = _Progress()
        task = asyncio.create_task(self._work(id_, runner, progress, town))
        before = self._tasks.get(id_)
        if before is not None:
            self._running[before].wanted = False
        self._tasks[id_], self._running[task] = task, progress
        task.add_done_callback(lambda ended: self._forget(id_, ended))
        return True

    def _forget(self, id_: str, ended: asyncio.Task[None]) -> None:
        del self._running[ended]
        if self._tasks.get(id_) is ended:
            del self._tasks[id_]

    async def done(self, id_: str) -> None:
        """Wait until a study of this server is over."""
        task = self._tasks.get(id_)
        if task is not None:
            await task

    async def close(self) -> None:
        """Stop what is going on; it can be started again."""
        for progress in self._running.values():
            progress.wanted = False
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(
        self, id_: str, runner: str, progress: _Progress, town: Callable[[], Town]
    ) -> None:
        waiting = asyncio.create_task(self._beating(id_, runner, progress))
        try:
            async with self._one:
                state, result, error = await self._answered(id_, progress, town)
        except asyncio.CancelledError:
            state, result, error = "interrupted", None, ""
        finally:
            waiting.cancel()
        async with self.database.writing() as db:
            await studies.finish(db, id_, runner, state, result=result, error=error)

    async def _beating(self, id_: str, runner: str, progress: _Progress) -> None:
        """Say every second how far a study is, and learn whether it is still wanted."""
        while progress.wanted:
            await asyncio.sleep(BEAT_S)
            async with self.database.writing() as db:
                progress.wanted = await studies.beat(
                    db, id_, runner, self.clock(), progress.done, progress.total
                )

    async def _answered(
        self, id_: str, progress: _Progress, town: Callable[[], Town]
    ) -> tuple[str, dict[str, Any] | None, str]:
        try:
            result = await self._result(id_, town, progress)
        except CancelledError:
            return "interrupted", None, ""
        except (StudyError, ValueError) as error:
            return "failed", None, str(error)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.exception("a study failed")
            return "failed", None, repr(error)
        return "done", msgspec.to_builtins(result), ""

    async def _result(self, id_: str, town: Callable[[], Town], progress: _Progress) -> Result:
        async with self.database.reading() as db:
            row = await studies.study(db, id_)
        if row is None:
            raise StudyError(f"there is no study {id_}")
        question = msgspec.convert(row.question, Study)
        here = await asyncio.to_thread(town)
        asked = await asks_for(self.database, question, here)
        feeds = await timetables(self.database, question)
        return await asyncio.to_thread(
            study, question, here, asked, feeds,
            run=self.run, tell=progress.tell, wanted=lambda: progress.wanted,
        )  # fmt: skip


async def asks_for(database: Database, question: Study, town: Town) -> list[list[Asked]]:
    """Return who asks: as in the past, or drawn for every seed.

    Raises `StudyError` when nobody asked for anything.
    """
    drawn = question.demand == "drawn"
    first = question.first - timedelta(days=LEARNT_DAYS) if drawn else question.first
    last = question.first - timedelta(days=1) if drawn else question.last
    async with database.reading() as db:
        asked = await past_asks(db, town.area, town.timezone, first, last)
    asked = [each for each in asked if {each.origin, each.destination} <= town.places.keys()]
    if not asked:
        raise StudyError(f"no-asks: nothing was asked for from {first} to {last}")
    if not drawn:
        return [asked]
    days = served_days(town, question.first, question.last)
    learnt = served_days(town, min(each.day for each in asked), last)
    model = learn(seen_of(asked, town.places), learnt)
    return [draw(model, asked, days, seed) for seed in range(question.seeds)]


def served_days(town: Town, first: date, last: date) -> list[date]:
    """Return the days with service by the town's rules."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if isinstance(rules_on(town.rules, day), DayRules)]


async def timetables(database: Database, question: Study) -> Mapping[str, Feed]:
    """Return the timetables that variants name, which are editions by their number."""
    found: dict[str, Feed] = {}
    for name in sorted({each.timetable for each in question.variants if each.timetable}):
        async with database.reading() as db:
            data = await editions.edition_feed(db, int(name)) if name.isdecimal() else None
        if data is None:
            raise StudyError(f"no-timetable: there is no edition {name!r}")
        found[name] = await asyncio.to_thread(read_bytes, data)
    return found


def check(question: Study, town: Town) -> None:
    """Raise `VariantError` when a variant cannot be; the town needs no drives for that."""
    for variant in question.variants:
        changed(town, variant)


def new_row(
    question: Study, *, id_: str, area: str, now: float, by: str, heard_at: float
) -> StudyRow:
    """Return a study as it is kept before anybody works on it."""
    plain: dict[str, Any] = msgspec.to_builtins(question)
    return StudyRow(id_, area, question.name, plain, PROGRAM, now, by, heard_at=heard_at)
