"""The live map: pings in, vehicles and departure boards out through the hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from math import isfinite
from zoneinfo import ZoneInfo

from busloc.board import Boards
from busloc.coming import Sightings
from busloc.course import Course, Run, Timetable
from busloc.hub import Hub
from busloc.ping import Gate, Malformed, Ping, Region, Verdict
from busloc.predict import predict
from busloc.publish import Departure, NextStop, Vehicle, encode, gone
from busloc.track import MISSES_MAX, Track, TrackState, follow, state_of
from gtfs.feed import Feed

BOARD_ROWS = 12
BOARD_S = 10.0
"""A watched board is made anew this often even when no bus moved."""

Record = Callable[[Sequence[Ping], float], None]


class LiveMap:
    """Where every vehicle is and when it comes.

    ``names`` are the vehicles we know, with what riders call them; ``duties`` their GTFS block,
    for those that run the timetable.  ``record`` is given every believed fix and the instant it
    came.  Without a feed, vehicles are shown and nothing is predicted.  All instants are epoch
    seconds.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        region: Region,
        tz: ZoneInfo,
        feed: Feed | None = None,
        duties: Mapping[str, str] | None = None,
        names: Mapping[str, str] | None = None,
        record: Record = lambda _pings, _now: None,
    ) -> None:
        self.gate = Gate(region)
        self._hub = hub
        self._tz = tz
        self._names = dict(names or {})
        self._duties = dict(duties or {})
        self._record = record
        self._tracks: dict[str, Track] = {}
        self._topics: dict[str, tuple[str, ...]] = {}
        self._stale_boards: set[str] = set()
        self._boards_at_s = float("-inf")
        self.take_timetable(feed)
        hub.fill("stop", self._fill_board)

    def take_timetable(self, feed: Feed | None) -> None:
        """Put another timetable in the place of the present one."""
        self._timetable = None if feed is None else Timetable(feed, self._tz)
        self._tracks = {vehicle: Track(track.ping) for vehicle, track in self._tracks.items()}
        self._sightings = Sightings()
        self._boards = None if self._timetable is None else Boards(self._timetable, self._sightings)

    def enrol(self, vehicle: str, name: str, block: str | None = None) -> None:
        """Make a vehicle known, or give a known one another name or duty."""
        self._names[vehicle] = name
        self._duties.pop(vehicle, None)
        if block:
            self._duties[vehicle] = block

    def accept(
        self, allowed: frozenset[str] | None, items: Sequence[Ping | Malformed], now: float
    ) -> list[Verdict]:
        """Take in a batch from a device that may report ``allowed`` vehicles (``None``: all)."""
        self._listen(now)
        admitted = self.gate.admit(items, now, known=self._names, allowed=allowed)
        if admitted.history:
            self._record(admitted.history, now)
        for ping in admitted.live:
            self._move(ping, now)
        return admitted.verdicts

    def cancel(self, trip_id: str, day: date, *, runs: bool = False) -> None:
        """Say that a trip does not run on a service day (``runs=True`` takes it back)."""
        run = Run(trip_id, day)
        (self._sightings.cancelled.discard if runs else self._sightings.cancelled.add)(run)
        course = self._course(trip_id)
        if course is not None:
            self._mark_boards(course, float("-inf"))

    def departures(self, stop_id: str, now: float, limit: int = BOARD_ROWS) -> list[Departure]:
        """Return the next departures of a stop or station; none for an unknown stop."""
        return [] if self._boards is None else self._boards.departures(stop_id, now, limit)

    def vehicles(self, now: float) -> list[Vehicle]:
        """Return every vehicle heard of in the last quarter of an hour."""
        shown = (self._vehicle(vehicle, now) for vehicle in sorted(self._tracks))
        return [vehicle for vehicle in shown if vehicle.state != TrackState.GHOST]

    def track(self, vehicle: str) -> Track | None:
        """Return what a vehicle's fixes tell, ``None`` before the first."""
        return self._tracks.get(vehicle)

    def tick(self, now: float) -> None:
        """Let time pass: silent vehicles fade, boards count down.  Call about once a second."""
        self._listen(now)
        for vehicle in list(self._tracks):
            self._show(vehicle, now)
        if now - self._boards_at_s >= BOARD_S or now < self._boards_at_s:
            self._boards_at_s = now
            self._stale_boards.update(self._hub.watched("stop:"))
            if self._timetable is not None:
                self._sightings.forget_before(self._timetable.days_around(now)[0])
        stale, self._stale_boards = self._stale_boards, set()
        for topic in stale:
            self._refresh_board(topic, now)

    def _listen(self, now: float) -> None:
        """Note since when we hear: a trip that began before that is not missed at once.

        Where no vehicle is known nobody is missed.
        """
        if not self._names:
            self._sightings.since_s = float("inf")
        elif not isfinite(self._sightings.since_s):
            self._sightings.since_s = now

    # Vehicles

    def _move(self, ping: Ping, now: float) -> None:
        before = self._tracks.get(ping.vehicle)
        track = follow(self._timetable, before, ping, self._duties.get(ping.vehicle))
        self._tracks[ping.vehicle] = track
        self._sightings.heard_s = max(self._sightings.heard_s, ping.t)
        if track.match is not None and track.misses >= MISSES_MAX:
            self._sightings.strayed[track.match.run] = ping.t
        if track.match is not None and not track.misses:
            course = self._course(track.match.run.trip_id)
            if course is not None:
                self._sightings.see(ping.vehicle, track.match, course.trip.block_id)
                was_m = before.match.along_m if before and before.match else float("-inf")
                self._mark_boards(course, min(was_m, track.match.along_m))
        self._show(ping.vehicle, now)

    def _show(self, vehicle: str, now: float) -> None:
        """Publish a vehicle where it belongs, if anything about it is new."""
        shown = self._vehicle(vehicle, now)
        topics: tuple[str, ...] = ("vehicles", f"route:{shown.route}")
        if shown.state == TrackState.GHOST:
            topics = ()
        elif not shown.route:
            topics = ("vehicles",)
        fragment = encode(shown)
        for topic in topics:
            if self._hub.last(topic, vehicle) != fragment:
                self._hub.publish(topic, vehicle, fragment)
        for topic in self._topics.get(vehicle, ()):
            if topic not in topics:
                self._hub.remove(topic, vehicle, gone(vehicle))
        self._topics[vehicle] = topics
        if not topics:
            del self._tracks[vehicle], self._topics[vehicle]

    def _vehicle(self, vehicle: str, now: float) -> Vehicle:
        track = self._tracks[vehicle]
        ping, found = track.ping, track.match
        state = state_of(self._timetable, track, self._duties.get(vehicle), now)
        course = None if found is None else self._course(found.run.trip_id)
        on_trip = found is not None and course is not None and state is not TrackState.OFF_ROUTE
        return Vehicle(
            id=vehicle,
            lat=ping.lat,
            lon=ping.lon,
            bearing=ping.bearing,
            speed=ping.speed,
            ts=ping.t,
            state=state,
            name=self._names.get(vehicle, ""),
            trip=course.trip.id if course is not None else "",
            route=course.trip.route_id if course is not None else "",
            delay_s=round(found.delay_s) if on_trip and found is not None else None,
            next=self._next_stop(track) if on_trip and state is not TrackState.SILENT else None,
        )

    def _next_stop(self, track: Track) -> NextStop | None:
        found, timetable = track.match, self._timetable
        course = None if found is None else self._course(found.run.trip_id)
        if found is None or timetable is None or course is None:
            return None
        start = timetable.day_start(found.run.day)
        calls = predict(
            course, along_m=found.along_m, delay_s=found.delay_s, now_s=found.t - start, calls_max=1
        )
        if not calls:
            return None
        stop = timetable.feed.stops[course.calls[calls[0].index].stop_id]
        return NextStop(stop.id, stop.name, start + calls[0].arrive_s)

    def _course(self, trip_id: str) -> Course | None:
        return None if self._timetable is None else self._timetable.course(trip_id)

    # Boards

    def _mark_boards(self, course: Course, along_m: float) -> None:
        """Have the boards from a place along a trip on made anew at the next tick."""
        watched = set(self._hub.watched("stop:"))
        if not watched or self._timetable is None:
            return
        for call in course.calls[course.next_call(along_m) :]:
            station = self._timetable.feed.stops[call.stop_id].parent_station
            self._stale_boards.update({f"stop:{call.stop_id}", f"stop:{station}"} & watched)

    def _fill_board(self, topic: str) -> None:
        self._refresh_board(topic, self._hub.now())

    def _refresh_board(self, topic: str, now: float) -> None:
        departures = self.departures(topic.partition(":")[2], now)
        rows = {departure.id: encode(departure) for departure in departures}
        for key, fragment in rows.items():
            if self._hub.last(topic, key) != fragment:
                self._hub.publish(topic, key, fragment)
        for key in self._hub.values(topic):
            if key not in rows:
                self._hub.remove(topic, key, gone(key))
