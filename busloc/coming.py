"""Which vehicle is known to run a trip, and when it makes the trip's calls.

The sighting that tells of a run is the last one on it, or else the last on an earlier trip of the
same duty; then the calls follow by way of the trips in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from busloc.course import Course, Run, Timetable
from busloc.match import Match
from busloc.predict import Expected, Predictor, start_after
from gtfs.feed import Trip

CHAIN_MAX = 3
"""How many trips ahead of the one it is on a vehicle's delay is carried."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The last match of a run, the vehicle it was, and since when it stands at the run's end."""

    vehicle: str
    match: Match
    ended_s: float | None = None
    """Epoch seconds; ``None`` while it is on the way."""


@dataclass(slots=True)
class Sightings:
    """What was seen of each run and each duty, and which runs are called off."""

    by_run: dict[Run, Sighting] = field(default_factory=dict)
    by_block: dict[tuple[str, date], Sighting] = field(default_factory=dict)
    cancelled: set[Run] = field(default_factory=set)
    strayed: dict[Run, float] = field(default_factory=dict)
    """The last fix of a run's vehicle off its line (epoch seconds), until it is on it again."""
    since_s: float = float("-inf")
    """Since when anybody listens: what came before was not seen by us."""
    heard_s: float = float("-inf")
    """The last fix of any vehicle."""

    def see(self, vehicle: str, match: Match, course: Course) -> None:
        """Note a match; a run's own vehicle never goes back on it."""
        sighting = Sighting(vehicle, match, self._ended_s(vehicle, match, course))
        block_id = course.trip.block_id
        self.by_run[match.run] = sighting
        self.strayed.pop(match.run, None)
        if block_id:
            self.by_block[block_id, match.run.day] = sighting

    def _ended_s(self, vehicle: str, match: Match, course: Course) -> float | None:
        if not course.ended(match.along_m):
            return None
        before = self.by_run.get(match.run)
        stood_s = before.ended_s if before is not None and before.vehicle == vehicle else None
        return match.t if stood_s is None else stood_s

    def forget_before(self, day: date) -> None:
        """Drop the service days before ``day``."""
        self.by_run = {run: seen for run, seen in self.by_run.items() if run.day >= day}
        self.by_block = {key: seen for key, seen in self.by_block.items() if key[1] >= day}
        self.cancelled = {run for run in self.cancelled if run.day >= day}
        self.strayed = {run: t for run, t in self.strayed.items() if run.day >= day}


class Coming:
    """Tells the calls to come of any run out of the sightings."""

    def __init__(
        self, timetable: Timetable, sightings: Sightings, predictor: Predictor | None = None
    ) -> None:
        self._timetable = timetable
        self._predictor = predictor or Predictor(timetable)
        self._seen = sightings

    def sighting(self, run: Run, trip: Trip) -> Sighting | None:
        """Return the vehicle seen on a run, or else on an earlier run of the same duty."""
        seen = self._seen.by_run.get(run)
        if seen is not None or not trip.block_id:
            return seen
        ahead = self._seen.by_block.get((trip.block_id, run.day))
        if ahead is None:
            return None
        runs = self._timetable.block_runs(trip.block_id, run.day)
        if ahead.match.run not in runs or run not in runs:
            return None
        steps = runs.index(run) - runs.index(ahead.match.run)
        return ahead if 0 < steps <= CHAIN_MAX else None

    def next_call(self, run: Run, now_s: float) -> Expected | None:
        """Return the first call to come of a run somebody was seen on."""
        sighting = self._seen.by_run.get(run)
        if sighting is None:
            return None
        day_start, seen = self._timetable.day_start(run.day), sighting.match
        calls = self._predictor.ahead(
            run, along_m=seen.along_m, delay_s=seen.delay_s, fix_s=seen.t - day_start,
            now_s=now_s - day_start, most=1,
        )  # fmt: skip
        return calls[0] if calls else None

    def calls(self, sighting: Sighting, run: Run, now_s: float) -> list[Expected]:
        """Return the calls a seen vehicle has yet to make on a run, by way of those before it.

        ``now_s`` is an instant (epoch seconds); the calls are in service-day seconds of the run.
        """
        day_start = self._timetable.day_start(run.day)
        seen = sighting.match
        there = self._timetable.course(seen.run.trip_id)
        if there is None:
            return []
        fix_s = seen.t - day_start
        calls = self._predictor.ahead(
            seen.run, along_m=seen.along_m, delay_s=seen.delay_s, fix_s=fix_s,
            now_s=now_s - day_start,
        )  # fmt: skip
        free_s = calls[-1].arrive_s if calls else fix_s
        if sighting.ended_s is not None:
            free_s = sighting.ended_s - day_start
        for later in self._runs_between(seen.run, run):
            course = self._timetable.course(later.trip_id)
            if course is None or later in self._seen.cancelled:
                continue
            calls = self._predictor.ahead(
                later, along_m=0.0, delay_s=start_after(course, free_s), fix_s=fix_s,
                now_s=now_s - day_start,
            )  # fmt: skip
            free_s = calls[-1].arrive_s if calls else free_s
        return calls

    def _runs_between(self, seen: Run, run: Run) -> tuple[Run, ...]:
        """Return the runs of the duty after the one a vehicle was seen on, up to ``run``."""
        if seen == run:
            return ()
        runs = self._timetable.block_runs(self._timetable.feed.trips[run.trip_id].block_id, run.day)
        return runs[runs.index(seen) + 1 : runs.index(run) + 1]
