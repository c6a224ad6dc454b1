"""What is known of the buses, as the values that GTFS Realtime is written from."""

from __future__ import annotations

from collections.abc import Iterator

from busloc import LiveMap, Timetable, Track, TrackState, Vehicle
from busloc.course import Course
from busloc.predict import Expected, predict, spread
from gtfs import Feed
from gtfs.realtime import Call, Position, TripRef, Update


def positions(live: LiveMap, now: float) -> list[Position]:
    """Return every bus that runs a trip, where its last fix was."""
    found = ((vehicle, live.track(vehicle.id)) for vehicle in live.vehicles(now))
    return [_position(vehicle, track) for vehicle, track in found if track and vehicle.trip]


def _position(vehicle: Vehicle, track: Track) -> Position:
    return Position(
        vehicle_id=vehicle.id,
        label=vehicle.name,
        lat=vehicle.lat,
        lon=vehicle.lon,
        at=vehicle.ts,
        bearing=vehicle.bearing,
        speed_mps=vehicle.speed,
        trip=_trip(vehicle, track),
        stop_id=vehicle.next.stop if vehicle.next else None,
    )


def _trip(vehicle: Vehicle, track: Track) -> TripRef | None:
    if track.match is None:
        return None
    run = track.match.run
    return TripRef(run.trip_id, run.day, vehicle.route)


def updates(live: LiveMap, timetable: Timetable, now: float) -> Iterator[Update]:
    """Yield what is expected of each trip that a bus is seen on."""
    for vehicle in live.vehicles(now):
        track = live.track(vehicle.id)
        if track is None or track.match is None or vehicle.state != TrackState.ON_TRIP:
            continue
        course = timetable.course(track.match.run.trip_id)
        trip = _trip(vehicle, track)
        if course is not None and trip is not None:
            yield Update(
                trip=trip,
                at=vehicle.ts,
                calls=_calls(timetable, course, track, now),
                vehicle_id=vehicle.id,
                delay_s=vehicle.delay_s,
            )


def _calls(timetable: Timetable, course: Course, track: Track, now: float) -> list[Call]:
    seen = track.match
    if seen is None:
        return []
    start = timetable.day_start(seen.run.day)
    coming = predict(course, along_m=seen.along_m, delay_s=seen.delay_s, now_s=now - start)
    return [_call(course, each, start, now, seen.t) for each in coming]


def _call(course: Course, expected: Expected, start: int, now: float, fix: float) -> Call:
    call = course.calls[expected.index]
    band = spread(course, expected, now_s=now - start, fix_s=fix - start)
    return Call(
        stop_sequence=call.stop_sequence,
        stop_id=call.stop_id,
        arrival=start + expected.arrive_s,
        departure=start + expected.depart_s,
        uncertainty_s=round((band.high_s - band.low_s) / 2),
    )


def feed_version(feed: Feed) -> str:
    """Return the version a feed states, or an empty text."""
    return next(iter(feed.table("feed_info").texts("feed_version")), "")
