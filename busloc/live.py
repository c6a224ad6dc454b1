"""The live map: pings in, vehicles and departure boards out through the hub."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from datetime import date
from zoneinfo import ZoneInfo

from busloc.course import Course, Run, Timetable
from busloc.drives import Drives, RecordJudged, RecordVisits
from busloc.errand import Errands
from busloc.ghost import RiderState
from busloc.hub import Hub
from busloc.model import Model
from busloc.ping import Gate, Malformed, Ping, Region, Verdict
from busloc.predict import Expected, Spread
from busloc.publish import Departure, NextStop, Vehicle
from busloc.shown import Shown
from busloc.signs import Signs
from busloc.track import Track, TrackState, state_of
from gtfs.feed import Feed

BOARD_ROWS = 12
LOOKED_AT_S = 5.0
"""A vehicle that is not heard of is looked at again this often."""
CATCH_UP_S = 0.2
"""A vehicle is moved at most this often, like the frames that tell of it; fixes between wait."""

DOOR_DIGITS = 3
"""Decimals of a degree in public for a vehicle that calls at houses: about a hundred metres."""

Record = Callable[[Sequence[Ping], float], None]


class LiveMap:
    """Where every vehicle is and when it comes.

    ``names`` are the vehicles we know, with what riders call them; ``duties`` their GTFS block,
    for those that run the timetable.  ``record`` is given every believed fix and the instant it
    came, ``record_visits`` every stop event with its vehicle, ``record_judged`` what riders had
    been told of a call once it was made.  ``unassigned`` are buses whose trip is guessed when they
    have no duty and do not say it, ``depots`` the (lat, lon) where vehicles spend the night.
    Those ``at_doors`` call at houses: they are shown to about a hundred metres.
    Without a feed, vehicles are shown and nothing is predicted.  All instants are epoch seconds.
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
        record_visits: RecordVisits = lambda _vehicle, _visits: None,
        record_judged: RecordJudged = lambda _judged: None,
        model: Model | None = None,
        unassigned: Collection[str] = (),
        depots: Mapping[str, tuple[float, float]] | None = None,
        at_doors: Collection[str] = (),
    ) -> None:
        self.gate = Gate(region)
        self.changed: set[str] = set()
        """The vehicles looked at since somebody emptied this."""
        self.errands = Errands()
        """Where the plan sends the demand vehicles, and how far they are."""
        self._tz = tz
        self._names = dict(names or {})
        self._duties = dict(duties or {})
        self._record = record
        self._record_visits = record_visits
        self._record_judged = record_judged
        self._model = model
        self._unassigned = frozenset(unassigned)
        self._depots = dict(depots or {})
        self._at_doors = frozenset(at_doors)
        self._looked_at_s: dict[str, float] = {}
        self._waiting: dict[str, list[Ping]] = {}
        """Of each vehicle that was moved a moment ago, what it has sent since."""
        self._next: dict[str, tuple[Track | None, NextStop | None]] = {}
        self._drives = self._drives_of(feed)
        self._shown = Shown(hub)
        self._signs = Signs(hub, self.departures)

    def take_timetable(self, feed: Feed | None) -> None:
        """Put another timetable in the place of the present one."""
        before, self._drives = self._drives, self._drives_of(feed)
        self._drives.tracks = {
            vehicle: Track(track.ping) for vehicle, track in before.tracks.items()
        }
        self._drives.sightings.cancelled |= before.sightings.cancelled

    def _drives_of(self, feed: Feed | None) -> Drives:
        timetable = None if feed is None else Timetable(feed, self._tz)
        return Drives(
            timetable,
            self._duties,
            self._record_visits,
            self._record_judged,
            self._model,
            self._unassigned,
        )

    def enrol(self, vehicle: str, name: str, block: str | None = None) -> None:
        """Make a vehicle known, or give a known one another name or duty."""
        self._names[vehicle] = name
        self._duties.pop(vehicle, None)
        if block:
            self._duties[vehicle] = block
        self._drives.change_duty(vehicle)

    def accept(
        self, allowed: frozenset[str] | None, items: Sequence[Ping | Malformed], now: float
    ) -> list[Verdict]:
        """Take in a batch from a device that may report ``allowed`` vehicles (``None``: all)."""
        self._drives.listen(now, self._names)
        admitted = self.gate.admit(items, now, known=self._names, allowed=allowed)
        if admitted.history:
            self._record(admitted.history, now)
        if len(admitted.history) > len(admitted.live):
            self._look_back(admitted.history, {ping.vehicle: ping for ping in admitted.live})
        for ping in admitted.live:
            vehicle = ping.vehicle
            self._waiting.setdefault(vehicle, []).append(ping)
            if not 0 <= now - self._looked_at_s.get(vehicle, float("-inf")) < CATCH_UP_S:
                self._move(vehicle, now)
        return admitted.verdicts

    def catch_up(self, now: float) -> None:
        """Move the vehicles whose fixes wait.  Call every ``CATCH_UP_S``."""
        for vehicle in list(self._waiting):
            self._move(vehicle, now)

    def cancel(self, trip_id: str, day: date, *, runs: bool = False) -> None:
        """Say that a trip does not run on a service day (``runs=True`` takes it back)."""
        run, cancelled = Run(trip_id, day), self._drives.sightings.cancelled
        (cancelled.discard if runs else cancelled.add)(run)
        course = self._drives.course(trip_id)
        if course is not None:
            self._mark(course, float("-inf"))

    # What others ask

    @property
    def shown(self) -> Mapping[str, Vehicle]:
        """Every vehicle as it was last published."""
        return self._shown.vehicles

    @property
    def timetable(self) -> Timetable | None:
        """The timetable the vehicles run, ``None`` without a feed."""
        return self._drives.timetable

    @property
    def cancelled(self) -> Set[Run]:
        """The runs called off."""
        return self._drives.sightings.cancelled

    def departures(self, stop_id: str, now: float, limit: int = BOARD_ROWS) -> list[Departure]:
        """Return the next departures of a stop or station; none for an unknown stop."""
        boards = self._drives.boards
        return [] if boards is None else boards.departures(stop_id, now, limit)

    def departures_on(self, stop_id: str, day: date) -> list[Departure]:
        """Return a stop's departures of a service day by the timetable alone."""
        boards = self._drives.boards
        return [] if boards is None else boards.timetable(stop_id, day)

    def vehicles(self, now: float) -> list[Vehicle]:
        """Return every vehicle heard of in the last quarter of an hour."""
        shown = (self._vehicle(vehicle, now) for vehicle in sorted(self._drives.tracks))
        return [vehicle for vehicle in shown if vehicle.state != TrackState.GHOST]

    def track(self, vehicle: str) -> Track | None:
        """Return what a vehicle's fixes tell, ``None`` before the first."""
        return self._drives.tracks.get(vehicle)

    def runs_it(self, run: Run) -> str | None:
        """Return the vehicle last seen on a run, ``None`` when none was."""
        seen = self._drives.sightings.by_run.get(run)
        return None if seen is None else seen.vehicle

    def vehicle_of(self, block_id: str) -> str:
        """Return a vehicle whose duty a block is, empty when there is none."""
        found = (vehicle for vehicle, block in self._duties.items() if block == block_id)
        return next(found, "") if block_id else ""

    def ahead(self, run: Run, now: float) -> list[Expected]:
        """Return the calls to come of a run somebody was seen on, in service-day seconds."""
        boards = self._drives.boards
        return [] if boards is None else boards.ahead(run, now)

    def bands(self, run: Run, now: float) -> list[tuple[Expected, Spread]]:
        """Return the calls to come of a run somebody was seen on, each with its interval."""
        boards = self._drives.boards
        return [] if boards is None else boards.bands(run, now)

    def state(self, run: Run, now: float) -> RiderState:
        """Return what riders are told of a run; ``SCHEDULED`` for one that nobody knows."""
        boards, course = self._drives.boards, self._drives.course(run.trip_id)
        if boards is None or course is None:
            return RiderState.SCHEDULED
        return boards.state(run, course, now)

    def tick(self, now: float) -> None:
        """Let time pass: silent vehicles fade, boards count down.  Call about once a second."""
        self._drives.listen(now, self._names)
        self.catch_up(now)
        self._shown.tick()
        for vehicle in list(self._drives.tracks):
            if not 0 <= now - self._looked_at_s.get(vehicle, float("-inf")) < LOOKED_AT_S:
                self._show(vehicle, now)
        self._drives.tick(now)
        self._signs.tick(now)
        self._drives.forget_old(now)

    # Inside

    def _look_back(self, history: Sequence[Ping], newest: Mapping[str, Ping]) -> None:
        """Take in what came before the newest fix of each vehicle of a batch."""
        before: dict[str, list[Ping]] = {}
        for ping in history:
            if ping is not newest.get(ping.vehicle):
                before.setdefault(ping.vehicle, []).append(ping)
        for vehicle, pings in before.items():
            if vehicle in newest:
                self._waiting.setdefault(vehicle, []).extend(pings)
            else:
                self._drives.look_back(vehicle, pings, float("-inf"))

    def _move(self, vehicle: str, now: float) -> None:
        """Follow all that a vehicle has sent since it was moved, and show where it is."""
        *before, newest = self._waiting.pop(vehicle)
        if before:
            self._drives.look_back(vehicle, before, newest.t)
        moved = self._drives.move(newest)
        self.errands.see(newest)
        if moved is not None:
            self._mark(*moved)
        self._show(vehicle, now)

    def _mark(self, course: Course, along_m: float) -> None:
        timetable = self._drives.timetable
        if timetable is not None:
            self._signs.mark(timetable, course, along_m)

    def _show(self, vehicle: str, now: float) -> None:
        shown = self._vehicle(vehicle, now)
        self._looked_at_s[vehicle] = now
        self.changed.add(vehicle)
        if shown.state != TrackState.GHOST:
            self._shown.show(shown)
        else:
            self._shown.hide(vehicle)
            self._drives.forget(vehicle)
            del self._looked_at_s[vehicle]
            self._next.pop(vehicle, None)

    def _vehicle(self, vehicle: str, now: float) -> Vehicle:
        drives = self._drives
        track = drives.tracks[vehicle]
        ping, found = track.ping, track.match
        duty, depot = self._duties.get(vehicle), self._depots.get(vehicle)
        state = state_of(drives.timetable, track, duty, now, depot=depot)
        errand = self.errands.of(vehicle) if state is TrackState.DEMAND else None
        if errand is not None and errand.astray:
            state = TrackState.OFF_ROUTE
        course = None if found is None else drives.course(found.run.trip_id)
        on_trip = found is not None and course is not None and state is not TrackState.OFF_ROUTE
        upcoming = self._next_stop(track) if on_trip and state != TrackState.SILENT else None
        delay_s = round(found.delay_s) if on_trip and found is not None else None
        if errand is not None and not errand.astray:
            delay_s = max(0, round(errand.late_s))
        # Whoever sees a taxi stand at a house would know that somebody there rides, and when.
        digits = DOOR_DIGITS if vehicle in self._at_doors else None
        return Vehicle(
            id=vehicle,
            lat=ping.lat if digits is None else round(ping.lat, digits),
            lon=ping.lon if digits is None else round(ping.lon, digits),
            bearing=ping.bearing,
            speed=ping.speed,
            ts=ping.t,
            state=state,
            name=self._names.get(vehicle, ""),
            trip=course.trip.id if course is not None else "",
            route=course.trip.route_id if course is not None else "",
            delay_s=delay_s,
            next=upcoming,
        )

    def _next_stop(self, track: Track) -> NextStop | None:
        """Return where a bus calls next, as seen at its fix: it does not change with time alone."""
        known, stop = self._next.get(track.ping.vehicle, (None, None))
        if known is not track:
            stop = self._find_next_stop(track)
            self._next[track.ping.vehicle] = track, stop
        return stop

    def _find_next_stop(self, track: Track) -> NextStop | None:
        found, timetable, boards = track.match, self._drives.timetable, self._drives.boards
        course = None if found is None else self._drives.course(found.run.trip_id)
        if found is None or timetable is None or boards is None or course is None:
            return None
        call = boards.next_call(found.run, found.t)
        if call is None:
            return None
        stop = timetable.feed.stops[course.calls[call.index].stop_id]
        return NextStop(stop.id, stop.name, timetable.day_start(found.run.day) + call.arrive_s)
