"""GTFS-Realtime as protobuf, made from plain values.

Instants are epoch seconds.  What validators and consumers insist on is kept here: a time on every
message, none later than the header's, and arrivals that strictly increase along a trip.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from google.transit import gtfs_realtime_pb2 as pb

from gtfs.calendar import format_date


@dataclass(frozen=True, slots=True)
class TripRef:
    """A trip on its service day."""

    trip_id: str
    day: date
    route_id: str = ""
    cancelled: bool = False


class Status(Enum):
    """Where a vehicle is with regard to the stop it names."""

    INCOMING = pb.VehiclePosition.INCOMING_AT
    STOPPED = pb.VehiclePosition.STOPPED_AT
    ON_THE_WAY = pb.VehiclePosition.IN_TRANSIT_TO


@dataclass(frozen=True, slots=True)
class Position:
    """A vehicle seen at an instant; without a ``trip`` it serves none."""

    vehicle_id: str
    label: str
    lat: float
    lon: float
    at: float
    bearing: float | None = None
    speed_mps: float | None = None
    trip: TripRef | None = None
    stop_sequence: int | None = None
    stop_id: str | None = None
    status: Status = Status.ON_THE_WAY


@dataclass(frozen=True, slots=True)
class Call:
    """When a trip is expected at a stop; ``uncertainty_s`` is half the width of the interval.

    With neither time the trip leaves the stop out.
    """

    stop_sequence: int
    stop_id: str
    arrival: float | None
    departure: float | None
    uncertainty_s: int | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """What is expected of a trip, as known at an instant; a cancelled trip has no calls."""

    trip: TripRef
    at: float
    calls: Sequence[Call] = ()
    vehicle_id: str = ""
    delay_s: int | None = None


def vehicle_positions(
    positions: Iterable[Position], *, now: float, feed_version: str = ""
) -> bytes:
    """Return a VehiclePositions message, one entity a vehicle."""
    message = _message(now, feed_version)
    for seen in positions:
        entity = message.entity.add(id=seen.vehicle_id)
        _put_position(entity.vehicle, seen, int(now))
    return bytes(message.SerializeToString(deterministic=True))


def trip_updates(updates: Iterable[Update], *, now: float, feed_version: str = "") -> bytes:
    """Return a TripUpdates message, one entity a trip and day."""
    message = _message(now, feed_version)
    for update in updates:
        entity = message.entity.add(id=f"{update.trip.trip_id}@{format_date(update.trip.day)}")
        _put_update(entity.trip_update, update, int(now))
    return bytes(message.SerializeToString(deterministic=True))


def _message(now: float, feed_version: str) -> pb.FeedMessage:
    message = pb.FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    message.header.incrementality = pb.FeedHeader.FULL_DATASET
    message.header.timestamp = int(now)
    if feed_version:
        message.header.feed_version = feed_version
    return message


def _put_trip(descriptor: pb.TripDescriptor, trip: TripRef) -> None:
    descriptor.trip_id = trip.trip_id
    descriptor.start_date = format_date(trip.day)
    if trip.route_id:
        descriptor.route_id = trip.route_id
    descriptor.schedule_relationship = (
        pb.TripDescriptor.CANCELED if trip.cancelled else pb.TripDescriptor.SCHEDULED
    )


def _put_position(vehicle: pb.VehiclePosition, seen: Position, now: int) -> None:
    vehicle.vehicle.id, vehicle.vehicle.label = seen.vehicle_id, seen.label
    vehicle.timestamp = min(int(seen.at), now)
    vehicle.position.latitude, vehicle.position.longitude = seen.lat, seen.lon
    if seen.bearing is not None:
        vehicle.position.bearing = seen.bearing
    if seen.speed_mps is not None:
        vehicle.position.speed = seen.speed_mps
    if seen.trip is None:
        return
    _put_trip(vehicle.trip, seen.trip)
    if seen.stop_sequence is not None and seen.stop_id is not None:
        vehicle.current_stop_sequence, vehicle.stop_id = seen.stop_sequence, seen.stop_id
        vehicle.current_status = seen.status.value


def _put_update(entity: pb.TripUpdate, update: Update, now: int) -> None:
    _put_trip(entity.trip, update.trip)
    entity.timestamp = min(int(update.at), now)
    if update.vehicle_id:
        entity.vehicle.id = update.vehicle_id
    if update.delay_s is not None:
        entity.delay = update.delay_s
    if update.trip.cancelled:
        return
    earliest = 0
    for call in sorted(update.calls, key=lambda call: call.stop_sequence):
        earliest = _put_call(entity.stop_time_update.add(), call, earliest)


def _put_call(message: pb.TripUpdate.StopTimeUpdate, call: Call, earliest: int) -> int:
    """Fill one stop, no time before ``earliest``; return the earliest of the next stop."""
    message.stop_sequence, message.stop_id = call.stop_sequence, call.stop_id
    given = [time for time in (call.arrival, call.departure) if time is not None]
    if not given:
        message.schedule_relationship = pb.TripUpdate.StopTimeUpdate.SKIPPED
        return earliest
    message.schedule_relationship = pb.TripUpdate.StopTimeUpdate.SCHEDULED
    message.arrival.time = max(earliest, int(given[0]))
    message.departure.time = max(message.arrival.time, int(given[-1]))
    if call.uncertainty_s is not None:
        message.arrival.uncertainty = message.departure.uncertainty = call.uncertainty_s
    return int(message.departure.time) + 1
