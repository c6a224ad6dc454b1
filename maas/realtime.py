"""GTFS Realtime of a live map, from parts that are kept as bytes and joined when asked for.

A vehicle that serves a trip and the trip's update are published together or not at all, since
consumers check the one against the other.  Whatever else drives (on demand, empty, on a detour)
is in a message of its own, without a word about riders.
"""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from busloc import Course, LiveMap, Run, Timetable, Track, TrackState, Vehicle
from busloc.predict import Expected, Spread
from gtfs import Feed
from gtfs.calendar import format_date
from gtfs.realtime import (
    Call,
    Position,
    Status,
    TripRef,
    Update,
    position_entity,
    spliced,
    update_entity,
)

FRESH_S: Final = 90.0
"""Positions older than this are not published."""
REMADE_S: Final = 10.0
"""A trip's update is made anew this often, since its bus may stand and be overtaken by time."""
RESTAMPED_S: Final = 15.0
"""A message that does not change still says this often that it holds."""
BEHIND_S: Final = 1.5
"""A refresh older than this is made up for when a message is asked for."""
AT_ONCE: Final = 50
"""So many vehicles are looked at while somebody waits for a message."""
AT_STOP_M: Final = 30.0
AT_LAST_M: Final = 50.0
INCOMING_M: Final = 150.0
SPEED_MAX_MPS: Final = 26.0
"""Faster than this no bus drives; a speed that says so is left out."""
GZIP_LEVEL: Final = 1


@dataclass(slots=True)
class Message:
    """One published message: its bytes, its tag, and since when it holds (epoch seconds)."""

    body: bytes
    tag: str
    at: int
    _packed: bytes = b""

    def packed(self) -> bytes:
        """Return the message in gzip, packed once."""
        if not self._packed:
            self._packed = gzip.compress(self.body, GZIP_LEVEL, mtime=0)
        return self._packed


@dataclass(slots=True)
class Shelf:
    """The entities of one message as bytes, and the message as it was last joined.

    Its time may run ahead of the clock by ``lead_s``, where it changes several times a second.
    """

    version: str
    lead_s: int = 1
    entities: dict[str, bytes] = field(default_factory=dict)
    boot: str = field(default_factory=lambda: secrets.token_hex(4))
    joined: Message | None = None
    changed: bool = True

    def put(self, key: str, entity: bytes) -> None:
        """Give a key its entity."""
        if self.entities.get(key) != entity:
            self.entities[key] = entity
            self.changed = True

    def drop(self, key: str) -> None:
        """Take a key's entity away, if there is one."""
        if self.entities.pop(key, None) is not None:
            self.changed = True

    def keep(self, keys: Iterable[str]) -> None:
        """Drop every entity whose key is not among these."""
        for key in self.entities.keys() - set(keys):
            del self.entities[key]
            self.changed = True

    def renew(self, version: str) -> None:
        """Empty the message for another timetable; its time goes on."""
        self.version, self.entities, self.changed = version, {}, True

    def message(self, now: float) -> Message:
        """Return the message; its time never goes back and moves on when its content does.

        Two contents within one second would bear one time, so the second of them bears the next
        second; what would run too far ahead of the clock waits.
        """
        last = self.joined
        if last is not None:
            due = self.changed and last.at + 1 <= now + self.lead_s
            if not due and now - last.at < RESTAMPED_S:
                return last
        at = int(now) if last is None else max(int(now), last.at + 1)
        body = spliced(self.entities.values(), now=at, feed_version=self.version)
        self.joined = Message(body, f'"{self.boot}-{at}"', at)
        self.changed = False
        return self.joined


class Realtime:
    """The realtime messages of one live map.  ``refresh`` about once a second keeps them warm."""

    def __init__(self, live: LiveMap, timetable: Timetable) -> None:
        self._live = live
        self._timetable = timetable
        version = feed_version(timetable.feed)
        self._positions = Shelf(version)
        self._others = Shelf(version)
        self._updates = Shelf(version)
        self._seen: dict[str, Vehicle] = {}
        self._serving: dict[str, str] = {}
        self._made: dict[str, _Made] = {}
        self._off: set[Run] = set()
        self._called_off: set[str] = set()
        self._refreshed_s = float("-inf")

    def take_timetable(self, timetable: Timetable) -> None:
        """Begin anew with another timetable; the messages' times go on."""
        self._timetable = timetable
        for shelf in (self._positions, self._others, self._updates):
            shelf.renew(feed_version(timetable.feed))
        self._seen, self._serving, self._made = {}, {}, {}
        self._off, self._called_off = set(), set()
        self._refreshed_s = float("-inf")

    def positions(self, now: float) -> Message:
        """Return where the buses on trips are."""
        self._catch_up(now)
        return self._positions.message(now)

    def others(self, now: float) -> Message:
        """Return where the vehicles are that serve no trip of the timetable."""
        self._catch_up(now)
        return self._others.message(now)

    def updates(self, now: float) -> Message:
        """Return when the buses are expected, and which trips are called off."""
        self._catch_up(now)
        return self._updates.message(now)

    def refresh(self, now: float) -> None:
        """Make anew what has changed, by news or by time."""
        self._refreshed_s = now
        for vehicle_id in {*self._live.shown, *self._seen}:
            self._look(vehicle_id, now)
        self._live.changed.clear()
        called_off = set(self._call_off(now))
        for key in self._called_off - called_off:
            self._drop(key)
        self._called_off = called_off

    def _catch_up(self, now: float) -> None:
        """Look at the few vehicles heard of since the last refresh; many wait for the next."""
        if not 0 <= now - self._refreshed_s < BEHIND_S or self._live.cancelled != self._off:
            self.refresh(now)
        elif len(self._live.changed) <= AT_ONCE:
            for vehicle_id in list(self._live.changed):
                self._look(vehicle_id, now)
            self._live.changed.clear()

    def _look(self, vehicle_id: str, now: float) -> None:
        """Publish a vehicle and its trip's update as they are now, or not at all."""
        vehicle = self._live.shown.get(vehicle_id)
        before = self._serving.get(vehicle_id)
        if vehicle is None or now - vehicle.ts > FRESH_S:
            for shelf in (self._positions, self._others):
                shelf.drop(vehicle_id)
            self._seen.pop(vehicle_id, None)
            key = None
        elif self._seen.get(vehicle_id) is vehicle:
            return
        else:
            key = self._serve(vehicle, now)
            self._put_position(vehicle, now, on_trip=key is not None)
        if before is not None and before != key:
            del self._serving[vehicle_id]
            if before not in self._serving.values():
                self._drop(before)
        if key is not None:
            self._serving[vehicle_id] = key

    def _drop(self, key: str) -> None:
        self._updates.drop(key)
        self._made.pop(key, None)

    def _put_position(self, vehicle: Vehicle, now: float, *, on_trip: bool) -> None:
        shelf, other = self._positions, self._others
        if not on_trip:
            shelf, other = other, shelf
        other.drop(vehicle.id)
        if self._seen.get(vehicle.id) is vehicle and vehicle.id in shelf.entities:
            return
        self._seen[vehicle.id] = vehicle
        track = self._live.track(vehicle.id)
        if track is not None:
            position = self._position(vehicle, track if on_trip else Track(track.ping))
            shelf.put(vehicle.id, position_entity(position, now))

    def _position(self, vehicle: Vehicle, track: Track) -> Position:
        at = Position(
            vehicle_id=vehicle.id,
            label=vehicle.name,
            lat=round(vehicle.lat, 6),
            lon=round(vehicle.lon, 6),
            at=vehicle.ts,
            bearing=None if vehicle.bearing is None else round(vehicle.bearing) % 360,
            speed_mps=_plausible(vehicle.speed),
        )
        found = track.match
        course = None if found is None else self._timetable.course(found.run.trip_id)
        if found is None or course is None:
            return at
        return _on_trip(at, found.run, course, found.along_m)

    # Trip updates

    def _serve(self, vehicle: Vehicle, now: float) -> str | None:
        """Return the key of the trip's update a vehicle goes with, None when it serves none."""
        track = self._live.track(vehicle.id)
        if track is None or track.match is None or not vehicle.trip:
            return None
        if vehicle.state not in {TrackState.ON_TRIP, TrackState.LAYOVER}:
            return None
        run = track.match.run
        if self._live.runs_it(run) != vehicle.id:
            return None
        key = f"{run.trip_id}@{format_date(run.day)}"
        made = self._made.get(key)
        course = self._timetable.course(run.trip_id)
        if course is None:
            return None
        upcoming = course.next_call(track.match.along_m)
        if made is None or made.stale(vehicle.id, upcoming, now):
            made = self._make(key, vehicle, run, course, upcoming, made, now)
        return key if made.serves else None

    def _make(
        self, key: str, vehicle: Vehicle, run: Run, course: Course, upcoming: int,
        before: _Made | None, now: float,
    ) -> _Made:  # fmt: skip
        start = self._timetable.day_start(run.day)
        at_end = upcoming >= len(course.calls) - 1 and self._arrived(vehicle.id, course)
        ahead = self._live.bands(run, now)
        made = _Made(vehicle.id, upcoming, now, serves=not at_end and bool(ahead))
        made.calls = {call.index: _call(course, call, band, start) for call, band in ahead}
        kept = {} if before is None else before.kept(course, start, made.calls, now)
        self._made[key] = made
        made.calls = kept | made.calls
        if made.serves:
            update = Update(
                trip=_ref(run, course),
                at=vehicle.ts,
                calls=[made.calls[index] for index in sorted(made.calls)],
                vehicle_id=vehicle.id,
                delay_s=vehicle.delay_s,
            )
            self._updates.put(key, update_entity(update, now))
        return made

    def _arrived(self, vehicle_id: str, course: Course) -> bool:
        """Say whether a bus stands at its last stop: nothing more is expected of it."""
        track = self._live.track(vehicle_id)
        found = None if track is None else track.match
        return found is None or course.offsets_m[-1] - found.along_m <= AT_LAST_M

    def _call_off(self, now: float) -> Iterable[str]:
        """Publish the trips called off that would still be under way; yield their keys."""
        self._off = set(self._live.cancelled)
        for run in self._off:
            course = self._timetable.course(run.trip_id)
            if course is None or self._timetable.day_start(run.day) + course.arrive_s[-1] < now:
                continue
            key = f"{run.trip_id}@{format_date(run.day)}"
            made = self._made.get(key)
            if made is None or not made.called_off:
                self._made[key] = _Made("", 0, now, serves=True, called_off=True)
                trip = replace(_ref(run, course), cancelled=True)
                vehicle = self._live.vehicle_of(course.trip.block_id)
                self._updates.put(key, update_entity(Update(trip, now, vehicle_id=vehicle), now))
            yield key


@dataclass(slots=True)
class _Made:
    """What a trip's update was made of: its vehicle, the call it was heading for, when, and it."""

    vehicle: str
    upcoming: int
    at: float
    serves: bool
    called_off: bool = False
    calls: dict[int, Call] = field(default_factory=dict)

    def stale(self, vehicle: str, upcoming: int, now: float) -> bool:
        same = (self.vehicle, self.upcoming, self.called_off) == (vehicle, upcoming, False)
        return not same or not 0 <= now - self.at < REMADE_S

    def kept(
        self, course: Course, start: int, ahead: Mapping[int, Call], now: float
    ) -> dict[int, Call]:
        """Return the calls just made before their time: they stay until it has come."""
        return {
            index: Call(
                call.stop_sequence,
                call.stop_id,
                min(call.arrival or now, now),
                min(call.departure or now, now),
                call.uncertainty_s,
            )
            for index, call in self.calls.items()
            if index not in ahead and start + course.depart_s[index] > now
        }


def _ref(run: Run, course: Course) -> TripRef:
    """Name a trip; its start is its first arrival, as validators have it."""
    return TripRef(run.trip_id, run.day, course.trip.route_id, start_s=course.calls[0].arrival_s)


def _on_trip(at: Position, run: Run, course: Course, along_m: float) -> Position:
    index = min(course.next_call(along_m), len(course.calls) - 1)
    call, to_go_m = course.calls[index], course.offsets_m[index] - along_m
    status = Status.STOPPED if abs(to_go_m) <= AT_STOP_M else Status.ON_THE_WAY
    if AT_STOP_M < to_go_m <= INCOMING_M:
        status = Status.INCOMING
    return Position(
        at.vehicle_id, at.label, at.lat, at.lon, at.at, at.bearing, at.speed_mps,
        trip=_ref(run, course),
        stop_sequence=call.stop_sequence, stop_id=call.stop_id, status=status,
    )  # fmt: skip


def _call(course: Course, expected: Expected, band: Spread, start: int) -> Call:
    call = course.calls[expected.index]
    return Call(
        stop_sequence=call.stop_sequence,
        stop_id=call.stop_id,
        arrival=start + expected.arrive_s,
        departure=start + expected.depart_s,
        uncertainty_s=round((band.high_s - band.low_s) / 2),
    )


def _plausible(speed_mps: float | None) -> float | None:
    if speed_mps is None or not 0 <= speed_mps <= SPEED_MAX_MPS:
        return None
    return round(speed_mps, 1)


def feed_version(feed: Feed) -> str:
    """Return the version a feed states, or an empty text."""
    return next(iter(feed.table("feed_info").texts("feed_version")), "")
