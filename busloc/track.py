"""What a vehicle is doing, as far as its latest fixes tell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from busloc.course import Timetable
from busloc.match import Belief, Match, believe
from busloc.ping import Ping
from gtfs.geo import distance_m

SILENT_S = 180
GHOST_S = 900
STILL_M, STILL_S = 60.0, 120.0
"""Within so many metres for so long, and a vehicle stands."""
DEPOT_M = 150.0
MISSES_MAX = 2
"""So many fixes in a row off the line, and the old place on it is given up."""


class TrackState(StrEnum):
    """The state of a vehicle on the live map."""

    ON_TRIP = "on_trip"
    LAYOVER = "layover"
    OFF_ROUTE = "off_route"
    DEADHEAD = "deadhead"
    DEPOT = "depot"
    IDLE = "idle"
    DEMAND = "demand"
    SILENT = "silent"
    GHOST = "ghost"


@dataclass(frozen=True, slots=True)
class Track:
    """A vehicle's newest fix, the last one that was placed on a trip, and those missed since.

    ``belief`` is all that is thought possible of the place of ``match``; ``spot`` the fix it has
    stayed near since, ``moved_s`` the epoch when it came there, ``None`` if it was not seen moving.
    """

    ping: Ping
    match: Match | None = None
    misses: int = 0
    belief: Belief | None = None
    spot: Ping | None = None
    moved_s: float | None = None


def follow(
    timetable: Timetable | None, before: Track | None, ping: Ping, block_id: str | None
) -> Track:
    """Return the track after one more fix, newer than all before it."""
    spot, moved_s = _spot(before, ping)
    if timetable is None:
        return Track(ping, spot=spot, moved_s=moved_s)
    trusted = before.belief if before and before.misses < MISSES_MAX else None
    found = believe(timetable, ping, block_id, trusted)
    if found is not None:
        return Track(ping, found.match, 0, found, spot, moved_s)
    if before is None or before.match is None or not _still_driving(timetable, before.match, ping):
        return Track(ping, spot=spot, moved_s=moved_s)
    return Track(ping, before.match, before.misses + 1, before.belief, spot, moved_s)


def state_of(
    timetable: Timetable | None,
    track: Track,
    block_id: str | None,
    now_s: float,
    *,
    depot: tuple[float, float] | None = None,
) -> TrackState:
    """Return what a vehicle is doing at an instant (epoch seconds); ``depot`` is its (lat, lon)."""
    age_s = now_s - track.ping.t
    if age_s > SILENT_S:
        return TrackState.GHOST if age_s > GHOST_S else TrackState.SILENT
    if track.match is None or timetable is None:
        bus = block_id is not None or track.ping.trip is not None
        return _between(track, depot) if bus else TrackState.DEMAND
    if track.misses:
        return TrackState.OFF_ROUTE
    course = timetable.course(track.match.run.trip_id)
    at_end = course is None or course.waits(track.match.along_m)
    return TrackState.LAYOVER if at_end else TrackState.ON_TRIP


def _between(track: Track, depot: tuple[float, float] | None) -> TrackState:
    """Return what a bus does that is on no trip."""
    ping = track.ping
    if depot is not None and distance_m(*depot, ping.lat, ping.lon) <= DEPOT_M:
        return TrackState.DEPOT
    moves = track.moved_s is not None and ping.t - track.moved_s < STILL_S
    return TrackState.DEADHEAD if moves else TrackState.IDLE


def _spot(before: Track | None, ping: Ping) -> tuple[Ping, float | None]:
    if before is None or before.spot is None:
        return ping, None
    spot = before.spot
    stays = distance_m(spot.lat, spot.lon, ping.lat, ping.lon) <= STILL_M
    return (spot, before.moved_s) if stays else (ping, ping.t)


def _still_driving(timetable: Timetable, last: Match, ping: Ping) -> bool:
    """Say whether a fix off every line may be a detour of the trip last seen."""
    course = timetable.course(last.run.trip_id)
    time_s = ping.t - timetable.day_start(last.run.day)
    return course is not None and time_s <= course.arrive_s[-1] + max(0.0, last.delay_s) + SILENT_S
