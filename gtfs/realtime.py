"""GTFS-Realtime as protobuf, made from plain values.

Instants are epoch seconds.  What validators and consumers insist on is kept here: a time on every
message, none later than the header's, and arrivals that strictly increase along a trip.

A message is its header followed by its entities, each framed by its length, so that one whose
entities are kept as bytes is joined (``spliced``) rather than built anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from google.transit import gtfs_realtime_pb2 as pb

from gtfs.calendar import format_date, format_time


@dataclass(frozen=True, slots=True)
class TripRef:
    """A trip on its service day; ``start_s`` is its planned start in service-day seconds."""

    trip_id: str
    day: date
    route_id: str = ""
    cancelled: bool = False
    start_s: int | None = None


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


class Cause(Enum):
    """Why an alert is given."""

    UNKNOWN = pb.Alert.UNKNOWN_CAUSE
    OTHER = pb.Alert.OTHER_CAUSE
    TECHNICAL = pb.Alert.TECHNICAL_PROBLEM
    ACCIDENT = pb.Alert.ACCIDENT
    HOLIDAY = pb.Alert.HOLIDAY
    WEATHER = pb.Alert.WEATHER
    MAINTENANCE = pb.Alert.MAINTENANCE
    CONSTRUCTION = pb.Alert.CONSTRUCTION
    POLICE = pb.Alert.POLICE_ACTIVITY
    MEDICAL = pb.Alert.MEDICAL_EMERGENCY
    EVENT = pb.Alert.SPECIAL_EVENT


class Effect(Enum):
    """What an alert means for riders."""

    NO_SERVICE = pb.Alert.NO_SERVICE
    REDUCED = pb.Alert.REDUCED_SERVICE
    DELAYS = pb.Alert.SIGNIFICANT_DELAYS
    DETOUR = pb.Alert.DETOUR
    ADDITIONAL = pb.Alert.ADDITIONAL_SERVICE
    MODIFIED = pb.Alert.MODIFIED_SERVICE
    STOP_MOVED = pb.Alert.STOP_MOVED
    OTHER = pb.Alert.OTHER_EFFECT
    UNKNOWN = pb.Alert.UNKNOWN_EFFECT


class Severity(Enum):
    """How much an alert matters."""

    INFO = pb.Alert.INFO
    WARNING = pb.Alert.WARNING
    SEVERE = pb.Alert.SEVERE


Said = Mapping[str, str]
"""Words by language; empty ones are left out."""


@dataclass(frozen=True, slots=True)
class Concern:
    """Whom an alert is about: one of these, or several that hold at once."""

    agency_id: str = ""
    route_id: str = ""
    stop_id: str = ""
    trip: TripRef | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert for riders from one instant to another (``None``: open)."""

    id: str
    header: Said
    concerns: Sequence[Concern]
    text: Said = field(default_factory=dict)
    spoken: Said = field(default_factory=dict)
    from_s: float | None = None
    to_s: float | None = None
    cause: Cause = Cause.UNKNOWN
    effect: Effect = Effect.UNKNOWN
    severity: Severity = Severity.INFO
    url: str = ""


def vehicle_positions(
    positions: Iterable[Position], *, now: float, feed_version: str = ""
) -> bytes:
    """Return a VehiclePositions message, one entity a vehicle."""
    message = _message(now, feed_version)
    for seen in positions:
        _fill_position(message.entity.add(), seen, int(now))
    return bytes(message.SerializeToString(deterministic=True))


def trip_updates(updates: Iterable[Update], *, now: float, feed_version: str = "") -> bytes:
    """Return a TripUpdates message, one entity a trip and day."""
    message = _message(now, feed_version)
    for update in updates:
        _fill_update(message.entity.add(), update, int(now))
    return bytes(message.SerializeToString(deterministic=True))


def alerts(notices: Iterable[Notice], *, now: float, feed_version: str = "") -> bytes:
    """Return an Alerts message, one entity a notice."""
    message = _message(now, feed_version)
    for notice in notices:
        _fill_alert(message.entity.add(), notice)
    return bytes(message.SerializeToString(deterministic=True))


def position_entity(seen: Position, now: float) -> bytes:
    """Return a vehicle's part of a message made at ``now`` or later, to be spliced."""
    entity = pb.FeedEntity()
    _fill_position(entity, seen, int(now))
    return framed(bytes(entity.SerializeToString(deterministic=True)))


def update_entity(update: Update, now: float) -> bytes:
    """Return a trip's part of a message made at ``now`` or later, to be spliced."""
    entity = pb.FeedEntity()
    _fill_update(entity, update, int(now))
    return framed(bytes(entity.SerializeToString(deterministic=True)))


def alert_entity(notice: Notice) -> bytes:
    """Return an alert's part of a message, to be spliced."""
    entity = pb.FeedEntity()
    _fill_alert(entity, notice)
    return framed(bytes(entity.SerializeToString(deterministic=True)))


def spliced(entities: Iterable[bytes], *, now: float, feed_version: str = "") -> bytes:
    """Return the message of entities made before, which parses as if it were built whole."""
    header = bytes(_message(now, feed_version).SerializeToString(deterministic=True))
    return b"".join((header, *entities))


def framed(entity: bytes) -> bytes:
    """Return a serialised entity as field 2 of a message: its tag, its length as a varint, itself.

    >>> framed(bytes(3)).hex()
    '1203000000'
    >>> framed(bytes(200))[:3].hex()
    '12c801'
    """
    rest, head = len(entity), bytearray(b"\x12")
    while rest > 0x7F:
        head.append(rest & 0x7F | 0x80)
        rest >>= 7
    head.append(rest)
    return bytes(head) + entity


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
    if trip.start_s is not None:
        descriptor.start_time = format_time(trip.start_s)
    descriptor.schedule_relationship = (
        pb.TripDescriptor.CANCELED if trip.cancelled else pb.TripDescriptor.SCHEDULED
    )


def _fill_position(entity: pb.FeedEntity, seen: Position, now: int) -> None:
    entity.id = seen.vehicle_id
    vehicle = entity.vehicle
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


def _fill_update(whole: pb.FeedEntity, update: Update, now: int) -> None:
    whole.id = f"{update.trip.trip_id}@{format_date(update.trip.day)}"
    entity = whole.trip_update
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


def _fill_alert(entity: pb.FeedEntity, notice: Notice) -> None:
    """``active_period`` is deprecated: an alert is shown as long as it is in the feed."""
    entity.id = notice.id
    alert = entity.alert
    alert.cause, alert.effect = notice.cause.value, notice.effect.value
    alert.severity_level = notice.severity.value
    for period in (alert.communication_period, alert.impact_period):
        if notice.from_s is not None or notice.to_s is not None:
            _put_period(period.add(), notice)
    for concern in notice.concerns:
        _put_concern(alert.informed_entity.add(), concern)
    _put_words(alert.header_text, notice.header)
    _put_words(alert.description_text, notice.text)
    _put_words(alert.tts_description_text, notice.spoken)
    if any(notice.spoken.values()):
        _put_words(alert.tts_header_text, notice.header)
    if notice.url:
        _put_words(alert.url, {"ja": notice.url})


def _put_period(period: pb.TimeRange, notice: Notice) -> None:
    if notice.from_s is not None:
        period.start = max(0, int(notice.from_s))
    if notice.to_s is not None:
        period.end = max(0, int(notice.to_s))


def _put_concern(selector: pb.EntitySelector, concern: Concern) -> None:
    if concern.agency_id:
        selector.agency_id = concern.agency_id
    if concern.route_id:
        selector.route_id = concern.route_id
    if concern.stop_id:
        selector.stop_id = concern.stop_id
    if concern.trip is not None:
        _put_trip(selector.trip, concern.trip)


def _put_words(text: pb.TranslatedString, said: Said) -> None:
    for language, words in said.items():
        if words:
            text.translation.add(text=words, language=language)
