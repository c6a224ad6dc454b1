"""Riders of buses as they were counted: on and off at each call, the load between, what is odd.

A driver's tap, a counter's report and the office's word are rows that are never changed; one that
`corrects` another takes its place.  At a call the office's last word holds, else the counter, else
the driver.  What cannot be true together is noted, and no number is altered because of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from typing import Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs import Feed
from gtfs.calendar import day_start_epoch
from maas.store import arrivals, bus_counts, fleet
from maas.store.arrivals import VisitRow
from maas.store.bus_counts import CountRow

Source = Literal["driver", "counter", "office"]
Code = Literal["load_negative", "left_aboard", "over_full", "sources_differ"]

BY_TRUST: Final[tuple[Source, ...]] = ("office", "counter", "driver")
NEAR_S: Final = 60.0
"""A counter's report belongs to a call that was made within this of it."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """What does not add up, at which call (`None`: the run as a whole) and by how many people."""

    code: Code
    call_index: int | None
    by: int


@dataclass(frozen=True, slots=True)
class CallCount:
    """Who got on and off at a call, by whose word, and who is on board after it.

    `load` is below 0 when more got off than on.
    """

    call_index: int
    boarded: int
    alighted: int
    load: int
    source: Source


@dataclass(frozen=True, slots=True)
class RunCount:
    """The riders of a trip on a service day with one bus; calls where nobody moved are left out."""

    day: date
    trip_id: str
    vehicle_id: str
    calls: tuple[CallCount, ...]
    oddities: tuple[Oddity, ...]

    @property
    def riders(self) -> int:
        """How many rode: everybody who got on."""
        return sum(call.boarded for call in self.calls)


@dataclass(frozen=True, slots=True)
class Counted:
    """The runs that were counted, and how many got on or off where no call was made."""

    runs: tuple[RunCount, ...]
    unplaced: int = 0


def standing(rows: Iterable[CountRow]) -> list[CountRow]:
    """Return the counts that no other one corrects."""
    kept = list(rows)
    corrected = {row.corrects for row in kept}
    return [row for row in kept if row.id not in corrected]


def placed(
    rows: Iterable[CountRow], visits: Iterable[VisitRow], day_start: Callable[[date], float]
) -> list[CountRow]:
    """Return the counts, those without a call at the one their bus made at that time.

    What was counted far from any call stays without one.
    """
    made: defaultdict[tuple[date, str], list[VisitRow]] = defaultdict(list)
    for visit in visits:
        made[visit.service_date, visit.vehicle_id].append(visit)
    return [
        row if row.trip_id is not None else _at_call(row, made[row.service_date, row.vehicle_id],
                                                     row.at - day_start(row.service_date))
        for row in rows
    ]  # fmt: skip


def _at_call(row: CountRow, visits: Sequence[VisitRow], at_s: float) -> CountRow:
    near = [(_away_s(visit, at_s), visit.trip_id, visit.call_index) for visit in visits]
    away_s, trip_id, call_index = min(near, default=(NEAR_S + 1, "", 0))
    return row if away_s > NEAR_S else replace(row, trip_id=trip_id, call_index=call_index)


def _away_s(visit: VisitRow, at_s: float) -> float:
    """Return how many seconds a moment lies outside a call, 0 within it."""
    times = [time_s for time_s in (visit.arrive_s, visit.depart_s) if time_s is not None]
    if not times:
        return float("inf")
    return max(0.0, min(times) - at_s, at_s - max(times))


def run_counts(
    rows: Iterable[CountRow], calls: Mapping[str, int], seats: Mapping[str, int]
) -> Counted:
    """Return the riders of every run that was counted, by day, trip and bus.

    ``calls`` is how many calls a trip has, ``seats`` how many people a bus holds; of those not in
    them it is not asked whether the bus was empty at the end, or too full.
    """
    by_run: defaultdict[tuple[date, str, str], list[CountRow]] = defaultdict(list)
    unplaced = 0
    for row in standing(rows):
        if row.trip_id is None:
            unplaced += row.boarded + row.alighted
        else:
            by_run[row.service_date, row.trip_id, row.vehicle_id].append(row)
    runs = (_run(key, by_run[key], calls.get(key[1]), seats.get(key[2])) for key in sorted(by_run))
    return Counted(tuple(runs), unplaced)


def _run(
    key: tuple[date, str, str], rows: Sequence[CountRow], calls: int | None, seats: int | None
) -> RunCount:
    by_call: defaultdict[int, list[CountRow]] = defaultdict(list)
    for row in rows:
        by_call[row.call_index or 0].append(row)
    held = [(index, *_held(by_call[index])) for index in sorted(by_call)]
    loads = accumulate(boarded - alighted for _, _, boarded, alighted in held)
    counted = tuple(
        CallCount(index, boarded, alighted, load, source)
        for (index, source, boarded, alighted), load in zip(held, loads, strict=True)
    )
    oddities = [*_differing(by_call), *_odd_loads(counted, calls, seats)]
    return RunCount(*key, counted, tuple(oddities))


def _held(rows: Sequence[CountRow]) -> tuple[Source, int, int]:
    """Return whose word holds at a call, and how many got on and off by it."""
    source = next(each for each in BY_TRUST if any(row.source == each for row in rows))
    said = [row for row in rows if row.source == source]
    if source == "office":
        said = said[-1:]
    return source, sum(row.boarded for row in said), sum(row.alighted for row in said)


def _differing(by_call: Mapping[int, Sequence[CountRow]]) -> Iterable[Oddity]:
    """Yield where driver and counter both counted and do not agree."""
    for index in sorted(by_call):
        rows = by_call[index]
        told = {each: [row for row in rows if row.source == each] for each in BY_TRUST}
        if told["office"] or not (told["counter"] and told["driver"]):
            continue
        (_, on, off), (_, taps_on, taps_off) = _held(told["counter"]), _held(told["driver"])
        if by := abs(on - taps_on) + abs(off - taps_off):
            yield Oddity("sources_differ", index, by)


def _odd_loads(
    counted: Sequence[CallCount], calls: int | None, seats: int | None
) -> Iterable[Oddity]:
    lowest = 0
    for call in counted:
        if call.load < lowest:
            yield Oddity("load_negative", call.call_index, lowest - call.load)
            lowest = call.load
        if seats is not None and call.load > seats:
            yield Oddity("over_full", call.call_index, call.load - seats)
    aboard = counted[-1].load - lowest if counted else 0
    if aboard and calls is not None:
        yield Oddity("left_aboard", calls - 1, aboard)


async def counted_runs(
    connection: AsyncConnection, feed: Feed | None, zone: ZoneInfo, first: date, last: date
) -> Counted:
    """Return the riders of every run of some service days that was counted."""
    rows = await bus_counts.counts_between(connection, first, last)
    if any(row.trip_id is None for row in rows):
        visits = await arrivals.visits_between(connection, first, last)
        rows = placed(rows, visits, lambda day: day_start_epoch(day, zone))
    vehicles = await fleet.all_vehicles(connection)
    calls = {} if feed is None else {trip: len(made) for trip, made in feed.stop_times.items()}
    seats = {row.id: row.seats for row in vehicles}
    return run_counts(rows, calls, seats)
