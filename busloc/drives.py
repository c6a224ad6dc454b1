"""What is known of the vehicles that run one timetable: where on it, what they did, what was told.

A fix that moves the live view is followed at once.  The rest of a batch is followed too when it is
short, and waits for the ticks when it is a burst; either way no stop event of it is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import isfinite
from operator import attrgetter

from busloc.board import Boards
from busloc.coming import Sightings
from busloc.course import Course, Timetable
from busloc.model import Model
from busloc.ping import Ping
from busloc.predict import Predictor
from busloc.strays import Strays
from busloc.told import Judged, Told, sayings
from busloc.track import MISSES_MAX, SILENT_S, Track, follow
from busloc.visits import Visit
from busloc.witness import Witness

APART_S = 1.0
"""A fix so soon after the last one followed tells nothing new of where a bus calls."""
SAY_S = 20.0
"""What is told of a bus's calls is noted this often."""
STEPS_MAX = 60
"""So many fixes of one batch are followed one by one; a longer burst waits for the ticks."""
LATE_FIXES = 100
"""So many late fixes of a vehicle are looked at in a tick."""

_TIME = attrgetter("t")

RecordVisits = Callable[[str, Sequence[Visit]], None]
RecordJudged = Callable[[Sequence[Judged]], None]


class Drives:
    """Tracks, sightings, stop events and sayings of one timetable.  Instants are epoch seconds."""

    def __init__(
        self,
        timetable: Timetable | None,
        duties: Mapping[str, str],
        record_visits: RecordVisits,
        record_judged: RecordJudged,
        model: Model | None = None,
        unassigned: Collection[str] = (),
    ) -> None:
        self.timetable = timetable
        self.sightings = Sightings()
        self.predictor = None if timetable is None else Predictor(timetable, model)
        self.boards = (
            None if timetable is None else Boards(timetable, self.sightings, self.predictor)
        )
        self.tracks: dict[str, Track] = {}
        self._duties = duties
        self._unassigned = unassigned
        self._strays = (
            Strays(timetable, self.sightings) if timetable is not None and unassigned else None
        )
        self._record_visits = record_visits
        self._record_judged = record_judged
        self._told = None if timetable is None else Told(timetable)
        self._said_at_s: dict[str, float] = {}
        self._witnesses: dict[str, Witness] = {}

    def course(self, trip_id: str) -> Course | None:
        """Return a trip's course, ``None`` for one that is not in the timetable."""
        return None if self.timetable is None else self.timetable.course(trip_id)

    def listen(self, now: float, known: Collection[str]) -> None:
        """Note since when we hear: a trip that began before that is not missed at once.

        Where no vehicle is known nobody is missed.
        """
        if not known:
            self.sightings.since_s = float("inf")
        elif not isfinite(self.sightings.since_s):
            self.sightings.since_s = now

    def move(self, ping: Ping) -> tuple[Course, float] | None:
        """Take the newest fix of a vehicle; return the course it is on, and from where on it.

        The place is the least of where it was and is: from there on its calls have changed.
        """
        before = self.tracks.get(ping.vehicle)
        track = self.tracks[ping.vehicle] = self._follow(ping)
        found, seen = track.match, self.sightings
        seen.heard_s = max(seen.heard_s, ping.t)
        course = None if found is None else self.course(found.run.trip_id)
        if found is None or course is None:
            return None
        if track.misses:
            if track.misses >= MISSES_MAX:
                seen.strayed[found.run] = ping.t
            return None
        seen.see(ping.vehicle, found, course)
        was_m = before.match.along_m if before and before.match else float("-inf")
        return course, min(was_m, found.along_m)

    def look_back(self, vehicle: str, pings: Sequence[Ping], until_s: float) -> None:
        """Take in the fixes of a batch but its newest, which is of ``until_s``."""
        if self.timetable is None:
            return
        before = self.tracks.get(vehicle)
        since_s = float("inf") if before is None else before.ping.t
        pings = _apart(pings)
        steps = [ping for ping in pings if since_s + APART_S <= ping.t < until_s]
        if 0 < len(steps) <= STEPS_MAX:
            for ping in steps:
                self.tracks[vehicle] = self._follow(ping)
            pings = [ping for ping in pings if not since_s < ping.t < until_s]
        if pings:
            self._witness(vehicle, self.timetable).late(pings)

    def tick(self, now: float) -> None:
        """Note what is told of coming calls, and look at fixes that came late."""
        for vehicle, track in self.tracks.items():
            if not 0 <= now - self._said_at_s.get(vehicle, float("-inf")) < SAY_S:
                self._said_at_s[vehicle] = now
                self._say(track, now)
        for vehicle, witness in self._witnesses.items():
            if witness.waiting:
                self._note(vehicle, witness.work(LATE_FIXES))

    def forget(self, vehicle: str) -> None:
        """Drop a vehicle that was not heard of for long; what it sends late is still taken in."""
        self.tracks.pop(vehicle, None)
        self._said_at_s.pop(vehicle, None)

    def change_duty(self, vehicle: str) -> None:
        """Learn that a vehicle has another duty from now on, or none."""
        self._witnesses.pop(vehicle, None)

    def forget_old(self, now: float) -> None:
        """Drop the service days that are over."""
        if self.timetable is None or self._told is None or self.predictor is None:
            return
        yesterday = self.timetable.days_around(now)[0]
        self.sightings.forget_before(yesterday)
        self._told.forget_before(yesterday)
        self.predictor.forget_before(yesterday)

    def _follow(self, ping: Ping) -> Track:
        """Return the track after one more fix, and note the stop events it tells of."""
        vehicle = ping.vehicle
        if ping.trip is None and vehicle in self._unassigned and vehicle not in self._duties:
            return self._follow_stray(ping)
        return self._followed(ping)

    def _follow_stray(self, ping: Ping) -> Track:
        """Follow a bus that does not say its trip on the one it is taken to be on."""
        if self._strays is None:
            return self._followed(ping)
        track = self._followed(self._strays.logged_on(ping))
        if track.match is None or track.misses >= MISSES_MAX:
            self._strays.lost(ping.vehicle)
        return track

    def _followed(self, ping: Ping) -> Track:
        vehicle, timetable = ping.vehicle, self.timetable
        track = follow(timetable, self.tracks.get(vehicle), ping, self._duties.get(vehicle))
        if timetable is not None:
            self._note(vehicle, self._witness(vehicle, timetable).see(track))
        return track

    def _witness(self, vehicle: str, timetable: Timetable) -> Witness:
        found = self._witnesses.get(vehicle)
        if found is None:
            found = self._witnesses[vehicle] = Witness(timetable, self._duties.get(vehicle))
        return found

    def _note(self, vehicle: str, visits: Sequence[Visit]) -> None:
        if not visits or self._told is None or self.predictor is None:
            return
        for visit in visits:
            self.predictor.see(visit)
        self._record_visits(vehicle, visits)
        judged = [each for visit in visits for each in self._told.judge(visit)]
        if judged:
            self._record_judged(judged)

    def _say(self, track: Track, now: float) -> None:
        found = track.match
        if found is None or track.misses or now - track.ping.t > SILENT_S:
            return
        if self.boards is not None and self.timetable is not None and self._told is not None:
            start = self.timetable.day_start(found.run.day)
            self._told.say(found.run, sayings(self.boards.bands(found.run, now), start, now))


def _apart(pings: Sequence[Ping]) -> list[Ping]:
    """Return the fixes of a vehicle, oldest first, that are ``APART_S`` after the one before."""
    kept: list[Ping] = []
    last_s = float("-inf")
    for ping in sorted(pings, key=_TIME):
        if ping.t - last_s >= APART_S:
            kept.append(ping)
            last_s = ping.t
    return kept
