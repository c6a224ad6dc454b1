"""A small made-up timetable (合成) of two town bus routes along the drawn roads, as GTFS-JP.

The town has a 町営バス; its routes and times are not known to us.  Stops lie at the oaza's points
and half way between them; the same seed gives the same bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, pairwise
from math import ceil, hypot

from gtfs.calendar import format_time, holiday_name
from gtfs.feed import Feed, Table
from maas.demo.draw import Point
from maas.demo.gazetteer import oaza, to_lat_lon
from maas.demo.network import Network
from maas.demo.trunk import Ways, gabriel, own_points

FIRST_DAY, LAST_DAY = date(2026, 4, 1), date(2029, 3, 31)
BUS_MPS = 30 / 3.6
LAYOVER_S = 10 * 60
AGENCY = "1000020336815"
PUBLISHER = "吉備中央町デモ（合成データ）"
PUBLISHER_KANA = "きびちゅうおうちょうでも（ごうせいでーた）"
URL = "https://demo.example.com/"


@dataclass(frozen=True, slots=True)
class BusRoute:
    """One route: the points it passes and when its one bus starts the day."""

    id: str
    name: str
    kana: str
    name_en: str
    color: str
    block: str
    via: Sequence[str]
    first_s: int
    last_s: int


ROUTES = (
    BusRoute(
        id="1",
        name="高原線",
        kana="こうげんせん",
        name_en="Kogen line",
        color="0B6E4F",
        block="B1",
        via=("上竹", "賀陽庁舎", "湯山", "吉川"),
        first_s=7 * 3600 + 600,
        last_s=17 * 3600 + 1800,
    ),
    BusRoute(
        id="2",
        name="加茂川線",
        kana="かもがわせん",
        name_en="Kamogawa line",
        color="1F4E9E",
        block="B2",
        via=("賀陽庁舎", "加茂市場", "下加茂", "円城"),
        first_s=7 * 3600 + 1200,
        last_s=17 * 3600,
    ),
)

NAMES: Mapping[str, tuple[str, str, str]] = {
    "賀陽庁舎": ("賀陽庁舎前", "かようちょうしゃまえ", "Kayo Town Hall"),
    "吉川": ("きびプラザ", "きびぷらざ", "Kibi Plaza"),
    "下加茂": ("加茂川庁舎前", "かもがわちょうしゃまえ", "Kamogawa Town Hall"),
    "上田西": ("道の駅円城", "みちのえきえんじょう", "Enjo Roadside Station"),
}
"""Stops named after what stands there: name, kana, English."""


@dataclass(frozen=True, slots=True)
class BusStop:
    """A pair of poles on the road: name, kana and English, and where on the plane."""

    id: str
    words: tuple[str, str, str]
    at: Point


@dataclass(frozen=True, slots=True)
class Course:
    """A route's line and its stops with their distances along it, in the outward direction."""

    route: BusRoute
    line: Sequence[Point]
    stops: Sequence[tuple[BusStop, float]]

    @property
    def length_m(self) -> float:
        """How long the route is."""
        return self.stops[-1][1]

    @property
    def summary(self) -> tuple[str, ...]:
        """The route's row of routes_jp.txt: where it starts, what it passes, where it ends."""
        names = [stop.words[0] for stop, _ in self.stops]
        return self.route.id, names[0], names[len(names) // 2], names[-1]

    def backward(self) -> "Course":
        """Return the same route the other way."""
        stops = [(stop, self.length_m - along) for stop, along in reversed(self.stops)]
        return Course(self.route, self.line[::-1], stops)


def courses(network: Network) -> list[Course]:
    """Lay every route over the drawn main roads; routes that share a road share its stops."""
    ways, known = Ways(own_points(), gabriel(own_points())), dict[str, BusStop]()
    found = []
    for route in ROUTES:
        points = [route.via[0]]
        for leg in pairwise(route.via):
            points += ways.between(*leg)[1:]
        found.append(_course(network, route, points, known))
    return found


def _course(
    network: Network, route: BusRoute, points: Sequence[str], known: dict[str, BusStop]
) -> Course:
    """Chain the roads between ``points``, with a stop at each and one half way along each."""
    line: list[Point] = []
    stops: list[tuple[BusStop, float]] = []
    for a, b in pairwise(points):
        leg = network.courses.get((a, b)) or network.courses[b, a][::-1]
        along = list(
            accumulate((hypot(q[0] - p[0], q[1] - p[1]) for p, q in pairwise(leg)), initial=0.0)
        )
        start_m = stops[-1][1] if stops else 0.0
        half = min(range(len(leg)), key=lambda i: abs(along[i] - along[-1] / 2))
        if not stops:
            stops.append((_stop(known, a, leg[0]), 0.0))
        stops.append(
            (_stop(known, "".join(sorted((a, b))), leg[half], towards=b), start_m + along[half])
        )
        stops.append((_stop(known, b, leg[-1]), start_m + along[-1]))
        line += leg[1:] if line else leg
    return Course(route, line, stops)


def _stop(known: dict[str, BusStop], key: str, at: Point, towards: str = "") -> BusStop:
    if key not in known:
        words = _words(towards or key)
        if towards:
            words = f"{towards}口", f"{words[1]}ぐち", f"{words[2]} Entrance"
        known[key] = BusStop(f"{len(known) + 1}", words, at)
    return known[key]


def _words(name: str) -> tuple[str, str, str]:
    readings = {place.name: (place.name, place.kana, place.name_en) for place in oaza()}
    return NAMES.get(name) or readings[name]


def bus_feed(network: Network) -> Feed:
    """Return the timetable: weekdays, not on holidays nor from 27 December to 4 January."""
    laid = courses(network)
    both = [way for course in laid for way in (course, course.backward())]
    tables = [
        _table("agency", "agency_id agency_name agency_url agency_timezone agency_lang", [
            (AGENCY, PUBLISHER, URL, "Asia/Tokyo", "ja")]),
        _table("agency_jp", "agency_id agency_official_name", [(AGENCY, PUBLISHER)]),
        _table("stops", "stop_id stop_name stop_lat stop_lon location_type parent_station"
               " platform_code", _stop_rows(laid)),
        _table("routes", "route_id agency_id route_short_name route_long_name route_desc route_type"
               " route_color route_text_color", [
                   (r.id, AGENCY, r.name, "", "合成（デモ）", "3", r.color, "FFFFFF")
                   for r in ROUTES]),
        _table("trips", "route_id service_id trip_id trip_headsign direction_id block_id shape_id",
               [trip.row for course in laid for trip in _trips(course)]),
        _table("stop_times", "trip_id arrival_time departure_time stop_id stop_sequence"
               " pickup_type drop_off_type timepoint",
               [row for course in laid for trip in _trips(course) for row in trip.calls()]),
        _table("calendar", "service_id monday tuesday wednesday thursday friday saturday sunday"
               " start_date end_date", [("weekday", *"1111100", _day(FIRST_DAY), _day(LAST_DAY))]),
        _table("calendar_dates", "service_id date exception_type",
               [("weekday", _day(day), "2") for day in _closed_days()]),
        _table("routes_jp", "route_id origin_stop via_stop destination_stop",
               [course.summary for course in laid]),
        _table("fare_attributes", "fare_id price currency_type payment_method transfers agency_id",
               [("flat-200", "200", "JPY", "0", "0", AGENCY)]),
        _table("fare_rules", "fare_id route_id", [("flat-200", r.id) for r in ROUTES]),
        _table("shapes", "shape_id shape_pt_lat shape_pt_lon shape_pt_sequence", [
            (_shape_id(i), f"{lat:.6f}", f"{lon:.6f}", str(k))
            for i, way in enumerate(both)
            for k, (lat, lon) in enumerate((to_lat_lon(*p) for p in way.line), 1)]),
        _table("feed_info", "feed_publisher_name feed_publisher_url feed_lang feed_start_date"
               " feed_end_date feed_version feed_contact_url", [
                   (PUBLISHER, URL, "ja", _day(FIRST_DAY), _day(LAST_DAY), "demo-1", URL)]),
        _table("translations", "table_name field_name language translation field_value",
               list(_translations(laid))),
    ]  # fmt: skip
    return Feed({table.name: table for table in tables})


@dataclass(frozen=True, slots=True)
class BusTrip:
    """One run of a course, leaving its first stop at ``start_s`` of the service day."""

    course: Course
    outward: bool
    start_s: int

    @property
    def id(self) -> str:
        """Route and time, such as ``1-0710``."""
        return f"{self.course.route.id}-{format_time(self.start_s)[:5].replace(':', '')}"

    @property
    def row(self) -> tuple[str, ...]:
        """The trip's row of trips.txt."""
        route = self.course.route
        shape = 2 * ROUTES.index(route) + (0 if self.outward else 1)
        headsign = self.course.stops[-1][0].words[0]
        return (
            route.id,
            "weekday",
            self.id,
            headsign,
            "01"[not self.outward],
            route.block,
            _shape_id(shape),
        )

    def calls(self) -> Iterator[tuple[str, ...]]:
        """Yield its rows of stop_times.txt: whole minutes, at least one between stops."""
        minute, pole, last = -1, "_01" if self.outward else "_02", len(self.course.stops)
        for number, (stop, along_m) in enumerate(self.course.stops, 1):
            minute = max(minute + 1, ceil(along_m / BUS_MPS / 60))
            time = format_time(self.start_s + 60 * minute)
            limits = ("1" if number == last else "0", "1" if number == 1 else "0")
            yield self.id, time, time, stop.id + pole, str(number), *limits, "1"


def _trips(course: Course) -> list[BusTrip]:
    """Let the route's one bus go to and fro all day, with ten minutes at each end."""
    back = course.backward()
    round_s = ceil((course.length_m / BUS_MPS + LAYOVER_S) / 300) * 300
    starts = range(course.route.first_s, course.route.last_s, round_s)
    return [BusTrip(back if i % 2 else course, i % 2 == 0, s) for i, s in enumerate(starts)]


def all_stops(laid: Sequence[Course]) -> list[BusStop]:
    """Return every stop once, in the order of the routes."""
    return list({stop.id: stop for course in laid for stop, _ in course.stops}.values())


def _stop_rows(laid: Sequence[Course]) -> list[tuple[str, ...]]:
    """Return each stop as a station with a pole on either side of the road."""
    rows: list[tuple[str, ...]] = []
    for stop in all_stops(laid):
        x, y = stop.at
        for suffix, kind, aside_m in (("", "1", 0.0), ("_01", "0", 5.0), ("_02", "0", -5.0)):
            lat, lon = to_lat_lon(x, y + aside_m)
            place = f"{lat:.6f}", f"{lon:.6f}"
            parent = (stop.id, suffix[-1:]) if suffix else ("", "")
            rows.append((stop.id + suffix, stop.words[0], *place, kind, *parent))
    return rows


def _translations(laid: Sequence[Course]) -> Iterator[tuple[str, ...]]:
    for name, kana, english in dict.fromkeys(stop.words for stop in all_stops(laid)):
        yield "stops", "stop_name", "ja-Hrkt", kana, name
        yield "stops", "stop_name", "en", english, name
    ends = {course.stops[i][0].words for course in laid for i in (0, -1)}
    for name, kana, english in sorted(ends):
        yield "trips", "trip_headsign", "ja-Hrkt", kana, name
        yield "trips", "trip_headsign", "en", english, name
    for route in ROUTES:
        yield "routes", "route_short_name", "ja-Hrkt", route.kana, route.name
        yield "routes", "route_short_name", "en", route.name_en, route.name
    yield "agency", "agency_name", "ja-Hrkt", PUBLISHER_KANA, PUBLISHER
    yield "agency", "agency_name", "en", "Kibichuo demo (synthetic data)", PUBLISHER


def _closed_days() -> Iterator[date]:
    for n in range((LAST_DAY - FIRST_DAY).days + 1):
        day = FIRST_DAY + timedelta(n)
        new_year = (day.month, day.day) >= (12, 27) or (day.month, day.day) <= (1, 4)
        if day.weekday() < 5 and (new_year or holiday_name(day)):
            yield day


def _table(name: str, columns: str, rows: Sequence[tuple[str, ...]]) -> Table:
    return Table(name, tuple(columns.split()), rows)


def _shape_id(way: int) -> str:
    return f"{ROUTES[way // 2].id}-{('out', 'back')[way % 2]}"


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")
