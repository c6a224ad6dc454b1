"""What is wrong with a feed, first what riders would notice first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

from gtfs.calendar import parse_date
from gtfs.check_demand import DEMAND_RULES
from gtfs.check_fares import FARE_RULES
from gtfs.feed import Feed, Stop, StopTime
from gtfs.finding import ERROR, WARNING, Case, Finding, Rule, RuleOf, Severity, findings, unreadable
from gtfs.geo import distance_m
from gtfs.japan import KANA, stop_kana

__all__ = ["Finding", "Severity", "check", "unreadable"]

AHEAD_DAYS = 7
FASTEST_MPS = 120 / 3.6
LEAST_CONTRAST = 3.0
_MINUTE_S = 60
_LATITUDES = (20.0, 46.0)
_LONGITUDES = (122.0, 154.0)


def check(feed: Feed, today: date) -> list[Finding]:
    """Return what riders would notice on ``today`` and after, the worst first."""
    return findings(feed, today, _RULES)


def _no_service_today(feed: Feed, today: date) -> Iterator[Case]:
    """No trip on any of the next days."""
    days = [today + timedelta(days=ahead) for ahead in range(AHEAD_DAYS)]
    if not any(feed.trips_on(day) for day in days):
        yield Case(today.isoformat(), "calendar")


def _expires_soon(feed: Feed, today: date) -> Iterator[Case]:
    for end in feed.table("feed_info").parsed("feed_end_date", parse_date, None):
        if end is not None and end < today + timedelta(days=AHEAD_DAYS):
            yield Case(end.isoformat(), "feed_info", feed_end_date=f"{end:%Y%m%d}")


def _service_without_days(feed: Feed, _today: date) -> Iterator[Case]:
    used = {trip.service_id for trip in feed.trips.values()}
    added = {change.service_id for change in feed.calendar_dates if change.added}
    for week in feed.calendars.values():
        runs = any(week.weekdays) and week.start <= week.end
        if week.service_id in used and not runs and week.service_id not in added:
            yield Case(week.service_id, "calendar", service_id=week.service_id)


def _trip_without_route(feed: Feed, _today: date) -> Iterator[Case]:
    for trip in feed.trips.values():
        if trip.route_id not in feed.routes:
            yield Case(trip.file_id, "trips", trip_id=trip.file_id)


def _trip_without_service(feed: Feed, _today: date) -> Iterator[Case]:
    services = {week.service_id for week in feed.calendars.values()}
    services |= {change.service_id for change in feed.calendar_dates}
    for trip in feed.trips.values():
        if trip.service_id not in services:
            yield Case(trip.file_id, "trips", trip_id=trip.file_id)


def _trip_of_fewer_than_two_stops(feed: Feed, _today: date) -> Iterator[Case]:
    for id_, trip in feed.trips.items():
        if len(feed.stop_times.get(id_, ())) < 2:
            yield Case(trip.file_id, "trips", trip_id=trip.file_id)


def _headway_of_unknown_trip(feed: Feed, _today: date) -> Iterator[Case]:
    known = {trip.run_of for trip in feed.trips.values()}
    for row in feed.frequencies:
        if row.starts_s and row.trip_id not in known:
            yield Case(row.trip_id, "frequencies", trip_id=row.trip_id)


def _call_of_unknown_trip(feed: Feed, _today: date) -> Iterator[Case]:
    for trip_id in feed.stop_times:
        if trip_id not in feed.trips:
            yield Case(trip_id, "stop_times", trip_id=trip_id)


def _call_at_unknown_stop(feed: Feed, _today: date) -> Iterator[Case]:
    for call in _calls(feed):
        if call.stop_id and call.stop_id not in feed.stops:
            yield Case(call.stop_id, "stop_times", stop_id=call.stop_id)


def _same_sequence_twice(feed: Feed, _today: date) -> Iterator[Case]:
    for trip_id, calls in feed.stop_times.items():
        for a, b in pairwise(calls):
            if a.stop_sequence == b.stop_sequence:
                yield _at_call(feed, trip_id, b)


def _time_goes_back(feed: Feed, _today: date) -> Iterator[Case]:
    for trip_id, calls in feed.stop_times.items():
        last_s = -1
        for call in calls:
            times_s = [t for t in (call.arrival_s, call.departure_s) if t is not None]
            if any(earlier > later for earlier, later in pairwise((last_s, *times_s))):
                yield _at_call(feed, trip_id, call)
            last_s = max(last_s, *times_s) if times_s else last_s


def _no_time_at_the_ends(feed: Feed, _today: date) -> Iterator[Case]:
    for trip_id, calls in feed.stop_times.items():
        for call, time_s in ((calls[0], calls[0].departure_s), (calls[-1], calls[-1].arrival_s)):
            if time_s is None and not call.on_demand:
                yield _at_call(feed, trip_id, call)


def _too_fast(feed: Feed, _today: date) -> Iterator[Case]:
    for trip_id, calls in feed.stop_times.items():
        for call, following in pairwise(calls):
            if _is_too_fast(feed, call, following):
                case = _at_call(feed, trip_id, following)
                yield case.called(f"{call.stop_id} -> {following.stop_id}")


def _is_too_fast(feed: Feed, call: StopTime, following: StopTime) -> bool:
    """Times are in whole minutes, so a leg may have lasted a minute longer than they say."""
    if call.departure_s is None or following.arrival_s is None:
        return False
    stops = (feed.stops.get(call.stop_id), feed.stops.get(following.stop_id))
    places = [stop.place for stop in stops if stop is not None and stop.place is not None]
    longest_s = following.arrival_s - call.departure_s + _MINUTE_S
    return len(places) == 2 and distance_m(*places[0], *places[1]) > FASTEST_MPS * longest_s


def _stop_without_name(feed: Feed, _today: date) -> Iterator[Case]:
    return (_at_stop(stop) for stop in served_stops(feed) if not stop.name)


def _stop_without_place(feed: Feed, _today: date) -> Iterator[Case]:
    """No coordinates, or, in a feed of Japanese time, coordinates outside Japan."""
    return (_at_stop(stop) for stop in served_stops(feed) if not _is_placed(stop, feed.timezone))


def _is_placed(stop: Stop, timezone: str) -> bool:
    if stop.place is None or timezone != "Asia/Tokyo":
        return stop.place is not None
    (lat, lon), (south, north), (west, east) = stop.place, _LATITUDES, _LONGITUDES
    return south < lat < north and west < lon < east


def _platform_of_unknown_station(feed: Feed, _today: date) -> Iterator[Case]:
    for stop in feed.stops.values():
        if stop.parent_station and stop.parent_station not in feed.stops:
            yield _at_stop(stop)


def _shape_misses_stops(feed: Feed, _today: date) -> Iterator[Case]:
    for id_, trip in feed.trips.items():
        if not feed.follows_shape(id_):
            yield Case(trip.file_id, "trips", trip_id=trip.file_id)


def _colours_unreadable(feed: Feed, _today: date) -> Iterator[Case]:
    for route in feed.routes.values():
        if _contrast(route.color or "FFFFFF", route.text_color or "000000") < LEAST_CONTRAST:
            yield Case(route.id, "routes", route_id=route.id)


def _contrast(color: str, text_color: str) -> float:
    """Return the contrast of two colours (WCAG 2.2), 21 where one is no colour."""
    try:
        dark, light = sorted(map(_luminance, (color, text_color)))
    except ValueError:
        return 21.0
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _stop_without_kana(feed: Feed, _today: date) -> Iterator[Case]:
    if _is_japanese(feed):
        for stop in served_stops(feed):
            if stop_kana(feed, stop.id) is None:
                yield _at_stop(stop).called(stop.name)


def _headsign_without_kana(feed: Feed, _today: date) -> Iterator[Case]:
    if _is_japanese(feed):
        for headsign in {trip.headsign for trip in feed.trips.values()} - {""}:
            if feed.translate("trips", "trip_headsign", headsign, KANA) is None:
                yield Case(headsign, "trips", trip_headsign=headsign)


def _stop_without_english(feed: Feed, _today: date) -> Iterator[Case]:
    for stop in served_stops(feed):
        english = feed.translate("stops", "stop_name", stop.name, "en", record_id=stop.id)
        if not stop.name.isascii() and english is None:
            yield _at_stop(stop).called(stop.name)


def _is_japanese(feed: Feed) -> bool:
    return any(agency.lang.startswith("ja") for agency in feed.agencies)


def _calls(feed: Feed) -> Iterator[StopTime]:
    return (call for calls in feed.stop_times.values() for call in calls)


def served_stops(feed: Feed) -> Iterator[Stop]:
    """Yield the stops where a bus calls or where one is fetched."""
    served = {call.stop_id for call in _calls(feed)}
    served.update(stop_id for group in feed.location_groups for stop_id in group.stop_ids)
    return (stop for stop in feed.stops.values() if stop.id in served)


def _at_stop(stop: Stop) -> Case:
    return Case(stop.id, "stops", stop_id=stop.id)


def _at_call(feed: Feed, trip_id: str, call: StopTime) -> Case:
    trip = feed.trips.get(trip_id)
    id_ = trip.file_id if trip else trip_id
    return Case(id_, "stop_times", trip_id=id_, stop_sequence=str(call.stop_sequence))


_E, _W = ERROR, WARNING
_ALL: Sequence[RuleOf | tuple[Severity, Rule, str, str]] = (
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
    *DEMAND_RULES,
    (_E, _headway_of_unknown_trip, "登録がない便の運行間隔", "headways of unknown trips"),
    (_E, _service_without_days, "走る日が1日もない運行日", "services that never run"),
    (_E, _platform_of_unknown_station, "登録がない駅ののりば", "platforms of unknown stations"),
    (_W, _expires_soon, "有効期限が7日以内か、過ぎています", "valid for less than 7 days"),
    (_W, _too_fast, "時速120kmでも間に合わない区間", "legs too fast even at 120 km/h"),
    (_W, _shape_misses_stops, "経路形状が停留所と合わない便", "trips whose shape misses stops"),
    (_W, _colours_unreadable, "文字が読みにくい路線の色", "route colours hard to read"),
    (_W, _stop_without_kana, "読みがなのない停留所", "stop names without kana"),
    (_W, _headsign_without_kana, "読みがなのない行先", "destinations without kana"),
    (_W, _stop_without_english, "英語名のない停留所", "stop names without English"),
    *FARE_RULES,
)
_RULES: Sequence[RuleOf] = sorted(
    (RuleOf(*rule) for rule in _ALL), key=lambda rule: rule.severity is WARNING
)
