"""What is wrong with a feed, first what riders would notice first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from gtfs.calendar import parse_date
from gtfs.feed import Feed, Stop, StopTime
from gtfs.geo import distance_m
from gtfs.japan import KANA, stop_kana

AHEAD_DAYS = 7
FASTEST_MPS = 120 / 3.6
_MINUTE_S = 60
_LATITUDES = (20.0, 46.0)
_LONGITUDES = (122.0, 154.0)


class Severity(StrEnum):
    """``error``: riders are misled.  ``warning``: riders are served less well."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a feed breaks: how often, the first case, and what it means to riders."""

    severity: Severity
    rule: str
    count: int
    example: str
    text: str
    text_en: str


Rule = Callable[[Feed, date], Iterable[str]]


def check(feed: Feed, today: date) -> list[Finding]:
    """Return what riders would notice on ``today`` and after, the worst first."""
    findings = []
    for severity, rule, text, text_en in _RULES:
        if cases := sorted(set(rule(feed, today))):
            name = rule.__name__.strip("_")
            findings.append(Finding(severity, name, len(cases), cases[0], text, text_en))
    return findings


def _no_service_today(feed: Feed, today: date) -> Iterator[str]:
    """No trip on any of the next days."""
    days = [today + timedelta(days=ahead) for ahead in range(AHEAD_DAYS)]
    if not any(feed.trips_on(day) for day in days):
        yield today.isoformat()


def _expires_soon(feed: Feed, today: date) -> Iterator[str]:
    for end in feed.table("feed_info").parsed("feed_end_date", parse_date, None):
        if end is not None and end < today + timedelta(days=AHEAD_DAYS):
            yield end.isoformat()


def _trip_without_route(feed: Feed, _today: date) -> Iterator[str]:
    return (trip.id for trip in feed.trips.values() if trip.route_id not in feed.routes)


def _trip_without_service(feed: Feed, _today: date) -> Iterator[str]:
    services = {week.service_id for week in feed.calendars.values()}
    services |= {change.service_id for change in feed.calendar_dates}
    return (trip.id for trip in feed.trips.values() if trip.service_id not in services)


def _trip_of_fewer_than_two_stops(feed: Feed, _today: date) -> Iterator[str]:
    return (trip_id for trip_id in feed.trips if len(feed.stop_times.get(trip_id, ())) < 2)


def _call_of_unknown_trip(feed: Feed, _today: date) -> Iterator[str]:
    return (trip_id for trip_id in feed.stop_times if trip_id not in feed.trips)


def _call_at_unknown_stop(feed: Feed, _today: date) -> Iterator[str]:
    return (call.stop_id for call in _calls(feed) if call.stop_id not in feed.stops)


def _same_sequence_twice(feed: Feed, _today: date) -> Iterator[str]:
    for trip_id, calls in feed.stop_times.items():
        if any(a.stop_sequence == b.stop_sequence for a, b in pairwise(calls)):
            yield trip_id


def _time_goes_back(feed: Feed, _today: date) -> Iterator[str]:
    for trip_id, calls in feed.stop_times.items():
        times_s = [t for call in calls for t in (call.arrival_s, call.departure_s) if t is not None]
        if any(earlier > later for earlier, later in pairwise(times_s)):
            yield trip_id


def _no_time_at_the_ends(feed: Feed, _today: date) -> Iterator[str]:
    for trip_id, calls in feed.stop_times.items():
        if calls[0].departure_s is None or calls[-1].arrival_s is None:
            yield trip_id


def _too_fast(feed: Feed, _today: date) -> Iterator[str]:
    return (
        f"{call.stop_id} -> {following.stop_id}"
        for calls in feed.stop_times.values()
        for call, following in pairwise(calls)
        if _is_too_fast(feed, call, following)
    )


def _is_too_fast(feed: Feed, call: StopTime, following: StopTime) -> bool:
    """Times are in whole minutes, so a leg may have lasted a minute longer than they say."""
    if call.departure_s is None or following.arrival_s is None:
        return False
    stops = (feed.stops.get(call.stop_id), feed.stops.get(following.stop_id))
    places = [stop.place for stop in stops if stop is not None and stop.place is not None]
    longest_s = following.arrival_s - call.departure_s + _MINUTE_S
    return len(places) == 2 and distance_m(*places[0], *places[1]) > FASTEST_MPS * longest_s


def _stop_without_name(feed: Feed, _today: date) -> Iterator[str]:
    return (stop.id for stop in _served_stops(feed) if not stop.name)


def _stop_without_place(feed: Feed, _today: date) -> Iterator[str]:
    """No coordinates, or, in a feed of Japanese time, coordinates outside Japan."""
    return (stop.id for stop in _served_stops(feed) if not _is_placed(stop, feed.timezone))


def _is_placed(stop: Stop, timezone: str) -> bool:
    if stop.place is None or timezone != "Asia/Tokyo":
        return stop.place is not None
    (lat, lon), (south, north), (west, east) = stop.place, _LATITUDES, _LONGITUDES
    return south < lat < north and west < lon < east


def _shape_misses_stops(feed: Feed, _today: date) -> Iterator[str]:
    return (trip_id for trip_id in feed.trips if not feed.follows_shape(trip_id))


def _stop_without_kana(feed: Feed, _today: date) -> Iterator[str]:
    if not _is_japanese(feed):
        return iter(())
    return (stop.name for stop in _served_stops(feed) if stop_kana(feed, stop.id) is None)


def _headsign_without_kana(feed: Feed, _today: date) -> Iterator[str]:
    if not _is_japanese(feed):
        return iter(())
    headsigns = {trip.headsign for trip in feed.trips.values()} - {""}
    return (
        headsign
        for headsign in headsigns
        if feed.translate("trips", "trip_headsign", headsign, KANA) is None
    )


def _stop_without_english(feed: Feed, _today: date) -> Iterator[str]:
    return (
        stop.name
        for stop in _served_stops(feed)
        if not stop.name.isascii()
        and feed.translate("stops", "stop_name", stop.name, "en", record_id=stop.id) is None
    )


def _no_fares(feed: Feed, _today: date) -> Iterator[str]:
    if not feed.table("fare_attributes").rows and not feed.table("fare_products").rows:
        yield "fare_attributes.txt"


def _is_japanese(feed: Feed) -> bool:
    return any(agency.lang.startswith("ja") for agency in feed.agencies)


def _calls(feed: Feed) -> Iterator[StopTime]:
    return (call for calls in feed.stop_times.values() for call in calls)


def _served_stops(feed: Feed) -> Iterator[Stop]:
    served = {call.stop_id for call in _calls(feed)}
    return (stop for stop in feed.stops.values() if stop.id in served)


_E, _W = Severity.ERROR, Severity.WARNING
_RULES: Sequence[tuple[Severity, Rule, str, str]] = (
    (_E, _no_service_today, "これから7日間、走る便がありません", "no trip runs in the next 7 days"),
    (_E, _time_goes_back, "時刻が前の停留所より早い便", "trips whose times go back"),
    (_E, _no_time_at_the_ends, "始発か終着の時刻がない便", "trips without a time at an end"),
    (_E, _same_sequence_twice, "停車順が重なる便", "trips with a stop_sequence twice"),
    (
        _E,
        _call_at_unknown_stop,
        "時刻表にあり登録がない停留所",
        "calls at stops that are not there",
    ),
    (_E, _call_of_unknown_trip, "時刻はあるが登録がない便", "calls of trips that are not there"),
    (_E, _trip_without_route, "路線の登録がない便", "trips of routes that are not there"),
    (_E, _trip_without_service, "運行日がわからない便", "trips of services that are not there"),
    (_E, _trip_of_fewer_than_two_stops, "停留所が2つない便", "trips of fewer than two stops"),
    (_E, _stop_without_name, "名前のない停留所", "stops without a name"),
    (_E, _stop_without_place, "位置がわからない停留所", "stops without a place"),
    (_W, _expires_soon, "有効期限が7日以内か、過ぎています", "valid for less than 7 days"),
    (_W, _too_fast, "時速120kmでも間に合わない区間", "legs too fast even at 120 km/h"),
    (_W, _shape_misses_stops, "経路形状が停留所と合わない便", "trips whose shape misses stops"),
    (_W, _stop_without_kana, "読みがなのない停留所", "stop names without kana"),
    (_W, _headsign_without_kana, "読みがなのない行先", "destinations without kana"),
    (_W, _stop_without_english, "英語名のない停留所", "stop names without English"),
    (_W, _no_fares, "運賃がありません", "no fares"),
)
