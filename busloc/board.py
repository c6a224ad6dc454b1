"""The next departures of a stop: the timetable, and what is known of the vehicles that run it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache, partial

from busloc.coming import Coming, Sighting, Sightings
from busloc.course import Course, Run, Timetable
from busloc.ghost import CONFIRM_S, RiderState, rider_state
from busloc.match import LATE_S
from busloc.predict import Expected, Predictor, Spread
from busloc.publish import Departure
from gtfs.calendar import format_date
from gtfs.feed import StopTime, Trip
from gtfs.japan import headsign_in

AHEAD_S = 24 * 3600
LINGER_S = 900
"""How long a planned departure stays on the board when nothing was seen of the bus."""
VANISH_S = 1800
"""A bus silent for longer has no expected time any more."""
READY_KEPT = 10_000


class Boards:
    """Makes departure boards out of a timetable and sightings."""

    def __init__(
        self, timetable: Timetable, sightings: Sightings, predictor: Predictor | None = None
    ) -> None:
        self._timetable = timetable
        self._seen = sightings
        self._coming = Coming(timetable, sightings, predictor)
        self._calls = lru_cache(maxsize=1024)(timetable.feed.calls_at)
        self._route_name = lru_cache(maxsize=1024)(timetable.feed.route_name)
        self._heading = lru_cache(maxsize=4096)(partial(headsign_in, timetable.feed))
        self._ready: dict[tuple[Run, int], tuple[Sighting, float]] = {}
        self._ahead_at_s = float("nan")
        self._ahead: dict[tuple[Run, int], dict[int, Expected]] = {}

    def departures(self, stop_id: str, now_s: float, limit: int) -> list[Departure]:
        """Return the next ``limit`` departures of a stop or station, soonest first."""
        found: list[Departure] = []
        for scheduled, run, trip, call in self._planned(stop_id, now_s):
            if len(found) >= limit and scheduled > sorted(d.leaves for d in found)[limit - 1]:
                break
            departure = self._departure(scheduled, run, trip, call, now_s)
            if departure is not None:
                found.append(departure)
        found.sort(key=lambda departure: (departure.leaves, departure.id))
        return found[:limit]

    def timetable(self, stop_id: str, day: date) -> list[Departure]:
        """Return the departures of a service day by the timetable, soonest first."""
        start = self._timetable.day_start(day)
        found = []
        for trip, call in self._calls(stop_id, day):
            course, run = self._timetable.course(trip.id), Run(trip.id, day)
            if course is None or not _boards(course, call):
                continue
            off = run in self._seen.cancelled
            state = RiderState.CANCELLED if off else RiderState.SCHEDULED
            scheduled = start + _departs_s((trip, call))
            found.append(self._row(scheduled, run, course, call, state, None, None))
        return found

    def _planned(self, stop_id: str, now_s: float) -> Iterator[tuple[int, Run, Trip, StopTime]]:
        """Yield the calls where riders may board, from the latest a bus may be late on."""
        earliest = now_s - LATE_S
        planned: list[tuple[int, Run, Trip, StopTime]] = []
        for day in self._timetable.days_around(now_s):
            start = self._timetable.day_start(day)
            calls = self._calls(stop_id, day)
            for trip, call in calls[bisect_left(calls, earliest - start, key=_departs_s) :]:
                scheduled = start + _departs_s((trip, call))
                if scheduled > now_s + AHEAD_S:
                    break
                planned.append((scheduled, Run(trip.id, day), trip, call))
        planned.sort(key=lambda item: (item[0], item[2].id, item[3].stop_sequence))
        return iter(planned)

    def _departure(
        self, scheduled: int, run: Run, trip: Trip, call: StopTime, now_s: float
    ) -> Departure | None:
        """Return a departure, ``None`` when the bus has left or riders cannot board here."""
        course = self._timetable.course(trip.id)
        if course is None or not _boards(course, call):
            return None
        sighting = self._coming.sighting(run, trip)
        state = self._state(run, course, sighting, now_s)
        expected = None
        if sighting is not None and state is not RiderState.CANCELLED:
            index = course.calls.index(call)
            expected = self._calls_ahead(sighting, run, now_s).get(index)
            if expected is None:
                return None
            if state is RiderState.SCHEDULED or now_s - sighting.match.t > VANISH_S:
                expected = None
        if expected is None and scheduled < now_s - LINGER_S:
            return None
        return self._row(scheduled, run, course, call, state, sighting, expected)

    def _calls_ahead(self, sighting: Sighting, run: Run, now_s: float) -> dict[int, Expected]:
        """Return a run's calls to come by index, made once an instant for all boards."""
        if now_s != self._ahead_at_s:
            self._ahead_at_s, self._ahead = now_s, {}
        key = run, id(sighting)
        if key not in self._ahead:
            calls = self._coming.calls(sighting, run, now_s)
            self._ahead[key] = {call.index: call for call in calls}
        return self._ahead[key]

    def ahead(self, run: Run, now_s: float) -> list[Expected]:
        """Return the calls to come of a run somebody was seen on, in service-day seconds."""
        seen = self._seen.by_run.get(run)
        return [] if seen is None else list(self._calls_ahead(seen, run, now_s).values())

    def next_call(self, run: Run, now_s: float) -> Expected | None:
        """Return the first of these calls alone, for less."""
        return self._coming.next_call(run, now_s)

    def bands(self, run: Run, now_s: float) -> list[tuple[Expected, Spread]]:
        """Return the calls to come of a run somebody was seen on, each with its interval."""
        return [(call, call.spread) for call in self.ahead(run, now_s)]

    def _ready_s(self, sighting: Sighting, run: Run) -> float:
        """Return when a vehicle seen on its duty was expected to begin a later run of it."""
        key = run, id(sighting)
        known = self._ready.get(key)
        if known is None or known[0] is not sighting:
            calls = self._coming.calls(sighting, run, sighting.match.t)
            start = self._timetable.day_start(run.day)
            begins_s = start + calls[0].depart_s if calls else float("inf")
            if len(self._ready) > READY_KEPT:
                self._ready.clear()
            known = self._ready[key] = sighting, begins_s
        return known[1]

    def state(self, run: Run, course: Course, now_s: float) -> RiderState:
        """Return what riders are told of a run at an instant (epoch seconds)."""
        return self._state(run, course, self._coming.sighting(run, course.trip), now_s)

    def _state(
        self, run: Run, course: Course, sighting: Sighting | None, now_s: float
    ) -> RiderState:
        seen = self._seen
        strayed_s = seen.strayed.get(run)
        seen_s = None if sighting is None else sighting.match.t
        on_trip = sighting is not None and sighting.match.run == run
        start_s = self._timetable.day_start(run.day) + course.depart_s[0]
        return rider_state(
            cancelled=run in seen.cancelled,
            start_s=max(start_s, seen.since_s),
            now_s=now_s,
            seen_s=seen_s if strayed_s is None else strayed_s,
            on_trip=on_trip,
            off_line=strayed_s is not None,
            ready_s=self._ready_s(sighting, run) if sighting and not on_trip else float("inf"),
            hearing=now_s - seen.heard_s <= CONFIRM_S,
        )

    def _row(
        self, scheduled: int, run: Run, course: Course, call: StopTime, state: RiderState,
        sighting: Sighting | None, expected: Expected | None,
    ) -> Departure:  # fmt: skip
        feed = self._timetable.feed
        trip, route = course.trip, feed.routes.get(course.trip.route_id)
        headsign = call.headsign or trip.headsign
        start = self._timetable.day_start(run.day)
        band = None if expected is None else expected.spread
        leaves = None if expected is None else start + expected.depart_s
        return Departure(
            id=f"{format_date(run.day)}:{trip.id}:{call.stop_sequence}",
            trip=trip.id,
            route=trip.route_id,
            route_name=route.name if route else "",
            route_name_en=self._route_name(trip.route_id, "en") or "",
            headsign=headsign,
            headsign_kana=self._heading(headsign, "ja-Hrkt") or "",
            headsign_en=self._heading(headsign, "en") or "",
            color=route.color if route else "",
            text_color=route.text_color if route else "",
            platform=feed.stops[call.stop_id].platform_code if call.stop_id in feed.stops else "",
            scheduled=scheduled,
            expected=leaves,
            low=None if band is None else start + band.low_s,
            high=None if band is None else start + band.high_s,
            be_there_by=scheduled if band is None else start + band.be_there_by_s,
            state=state,
            delay_s=None if leaves is None else leaves - scheduled,
            vehicle=sighting.vehicle if sighting is not None and leaves is not None else None,
        )


def stops_ahead(course: Course, along_m: float) -> Iterable[str]:
    """Return the stops a vehicle has yet to leave."""
    return (call.stop_id for call in course.calls[course.next_call(along_m) :])


def _boards(course: Course, call: StopTime) -> bool:
    """Say whether riders can board at a call."""
    return call.pickup_type != 1 and call is not course.calls[-1]


def _departs_s(call: tuple[Trip, StopTime]) -> int:
    return call[1].departure_s or 0
