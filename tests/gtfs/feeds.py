"""Random towns: a bus timetable, areas with demand service, calendars, fares; all of them sound.

Places stand on a grid of 1.1 km, a bus takes three minutes or more from one to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import strategies as st

from gtfs.calendar import format_date, format_time
from gtfs.demand import Area, Notice, Offer, Operator, Point, Price, SafeDuration, Words
from gtfs.feed import Feed
from gtfs.tables import COLUMNS, Table

TODAY = date(2026, 11, 25)
FIRST = date(2026, 11, 1)
URL = "https://town.example.com/"
NAMES = (
    ("役場", "やくば", "Town Hall"),
    ("橋", "はし", "Bridge"),
    ("病院", "びょういん", "Hospital"),
    ("学校", "がっこう", "School"),
    ("市場", "いちば", "Market"),
    ("公園", "こうえん", "Park"),
    ("神社", "じんじゃ", "Shrine"),
    ("峠", "とうげ", "Pass"),
)
OWN = Operator("8000020331236", Words("吉備町", "きびちょう", "Kibi Town"), URL, "Asia/Tokyo")
SECOND = Operator("5000020331000", Words("隣町", "となりまち", "Next Town"), URL, "Asia/Tokyo")


def spot(number: int) -> tuple[float, float]:
    """The place of a stop or point on the grid."""
    return 34.80 + 0.01 * (number % 4), 133.70 + 0.012 * (number // 4)


def table(name: str, rows: Sequence[dict[str, str]]) -> Table:
    columns = tuple(c for c in COLUMNS[name] if any(c in row for row in rows))
    return Table(name, columns, [tuple(row.get(c, "") for c in columns) for row in rows])


def calendar_row(service: str, week: Sequence[bool], last: date) -> dict[str, str]:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    row = {day: str(int(runs)) for day, runs in zip(days, week, strict=True)}
    span = {"start_date": format_date(FIRST), "end_date": format_date(last)}
    return {"service_id": service, **row, **span}


@st.composite
def bus_feeds(draw: st.DrawFn) -> Feed:
    """Timetables of one to three routes, each to and fro, with zone fares or one for all."""
    last = FIRST + timedelta(days=draw(st.integers(100, 300)))
    stops = draw(st.integers(3, len(NAMES)))
    week = draw(st.tuples(*[st.booleans()] * 7).filter(any))
    routes = draw(st.integers(1, 3))
    by_zone = draw(st.booleans())
    rows: dict[str, list[dict[str, str]]] = {name: [] for name in (
        "agency", "stops", "routes", "trips", "stop_times", "calendar", "calendar_dates",
        "shapes", "fare_attributes", "fare_rules", "feed_info", "translations",
        "routes_jp")}  # fmt: skip
    rows["agency"].append({"agency_id": OWN.id, "agency_name": OWN.name.ja, "agency_url": URL,
                           "agency_timezone": "Asia/Tokyo", "agency_lang": "ja"})  # fmt: skip
    said = [("agency", "agency_name", (OWN.name.ja, OWN.name.kana, OWN.name.en))]
    rows["calendar"].append(calendar_row("week", (*week[:2], True, *week[3:]), last))
    for ahead in draw(st.sets(st.integers(1, 50), max_size=5)):
        day = FIRST + timedelta(days=ahead)
        runs = (*week[:2], True, *week[3:])[day.weekday()]
        rows["calendar_dates"].append(
            {"service_id": "week", "date": format_date(day), "exception_type": "21"[not runs]}
        )
    used: set[int] = set()
    for number in range(routes):
        route = f"r{number}"
        line = draw(st.permutations(range(stops)))[: draw(st.integers(2, stops))]
        used.update(line)
        rows["routes"].append({"route_id": route, "agency_id": OWN.id,
                               "route_long_name": f"第{number}線", "route_type": "3"})  # fmt: skip
        said.append(
            ("routes", "route_long_name", (f"第{number}線", f"だい{number}せん", f"Line {number}"))
        )
        rows["routes_jp"].append({"route_id": route, "origin_stop": NAMES[line[0]][0],
                                  "destination_stop": NAMES[line[-1]][0]})  # fmt: skip
        for back in (False, True)[: draw(st.integers(1, 2))]:
            way = line[::-1] if back else line
            shape = f"{route}-{int(back)}"
            rows["shapes"] += [
                {"shape_id": shape, "shape_pt_lat": f"{spot(stop)[0]:.4f}",
                 "shape_pt_lon": f"{spot(stop)[1]:.4f}", "shape_pt_sequence": str(i)}
                for i, stop in enumerate(way)
            ]  # fmt: skip
            for run in range(draw(st.integers(1, 3))):
                trip, start_s = f"{route}-{int(back)}-{run}", 3600 * draw(st.integers(5, 24)) + run
                rows["trips"].append({"route_id": route, "service_id": "week", "trip_id": trip,
                                      "trip_headsign": NAMES[way[-1]][0],
                                      "shape_id": shape})  # fmt: skip
                for i, stop in enumerate(way):
                    time = format_time(start_s + 600 * i)
                    rows["stop_times"].append(
                        {"trip_id": trip, "arrival_time": time, "departure_time": time,
                         "stop_id": f"s{stop}", "stop_sequence": str(i + 1),
                         "pickup_type": str(int(i == len(way) - 1)),
                         "drop_off_type": str(int(i == 0))})  # fmt: skip
        if not by_zone:
            rows["fare_rules"].append({"fare_id": f"f{number}", "route_id": route})
    for stop in sorted(used):
        lat, lon = spot(stop)
        zone = {"zone_id": f"z{stop}"} if by_zone else {}
        rows["stops"].append({"stop_id": f"s{stop}", "stop_name": NAMES[stop][0],
                              "stop_lat": f"{lat:.4f}", "stop_lon": f"{lon:.4f}",
                              **zone})  # fmt: skip
        said += [("stops", "stop_name", NAMES[stop]), ("trips", "trip_headsign", NAMES[stop])]
    heads = {row["trip_headsign"] for row in rows["trips"]}
    rows["translations"] = [
        {"table_name": of, "field_name": field, "language": language, "translation": text,
         "field_value": words[0]}
        for of, field, words in dict.fromkeys(said)
        for language, text in (("ja-Hrkt", words[1]), ("en", words[2]))
        if field != "trip_headsign" or words[0] in heads
    ]  # fmt: skip
    if by_zone:
        zones = sorted(used)
        rows["fare_rules"] = [
            {"fare_id": "f0", "route_id": "r0", "origin_id": f"z{a}", "destination_id": f"z{b}"}
            for a in zones for b in zones if a != b
        ]  # fmt: skip
    fares = sorted({row["fare_id"] for row in rows["fare_rules"]})
    rows["fare_attributes"] = [
        {"fare_id": fare, "price": str(100 + 50 * i), "currency_type": "JPY", "payment_method": "0",
         "transfers": "0", "agency_id": OWN.id, "ic_price": str(90 + 50 * i)}
        for i, fare in enumerate(fares)
    ]  # fmt: skip
    rows["feed_info"].append(
        {"feed_publisher_name": OWN.name.ja, "feed_publisher_url": URL, "feed_lang": "ja",
         "feed_start_date": format_date(FIRST), "feed_end_date": format_date(last),
         "feed_version": "1", "feed_contact_url": URL})  # fmt: skip
    return Feed({name: table(name, found) for name, found in rows.items() if found})


NOTICES = st.one_of(
    st.just(Notice(message="いつでもどうぞ")),
    st.builds(
        Notice,
        minutes=st.integers(1, 240),
        start_day=st.none() | st.integers(1, 60),
        message=st.sampled_from(["", "お電話ください"]),
    ),
    st.builds(
        Notice,
        last_day=st.integers(1, 7),
        last_time_s=st.integers(0, 23 * 3600),
        working_days=st.booleans(),
        start_day=st.none() | st.integers(8, 60),
    ),
)
PRICES = st.sampled_from(
    [(Price(500),), (Price(500), Price(250, Words("小児", "しょうに", "child"))), (Price(0),)]
)


@st.composite
def areas(draw: st.DrawFn, operator_ids: Sequence[str], *, with_points: bool = False) -> list[Area]:
    """One to three areas, drawn or known by their points alone, that run on any days."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        offers = draw(
            st.lists(
                st.builds(
                    Offer,
                    opens_s=st.integers(0, 12).map(lambda hour: hour * 3600),
                    closes_s=st.integers(13, 26).map(lambda hour: hour * 3600),
                    notice=NOTICES,
                ),
                min_size=1,
                max_size=2,
            )
        )
        prices = draw(PRICES)
        runs = draw(st.sets(st.integers(0, 59), min_size=1)) | {24, 45, 90, 91}
        days = {
            FIRST + timedelta(days=n): Offer(o.opens_s, o.closes_s, o.notice, prices)
            for n in sorted(runs)
            for o in [offers[n % len(offers)]]
        }
        points = [
            Point(f"p{n}", Words(*NAMES[n]), (spot(n)[0] + 0.004, spot(n)[1]))
            for n in sorted(draw(st.sets(st.integers(0, 7), min_size=1, max_size=4)))
        ]
        west = 133.6 + 0.2 * number
        outline = [(34.7, west), (34.9, west), (34.9, west + 0.15), (34.7, west + 0.15)]
        drawn = draw(st.booleans())
        found.append(
            Area(
                id=draw(st.sampled_from(["北部", "a", "b c", "x/y"])) + str(number),
                name=Words(f"予約便{number}", f"よやくびん{number}", f"Ride {number}"),
                operator_id=draw(st.sampled_from(operator_ids)),
                days=days,
                outline=draw(st.permutations([outline, outline[::-1]]))[0] if drawn else (),
                derived=draw(st.booleans()),
                points=points if draw(st.booleans()) or with_points or not drawn else (),
                safe=draw(st.none() | st.just(SafeDuration(1.5, 600))),
                desc=f"区域{number}",
                phone="000-000-0001",
                vehicle_operators=draw(st.sampled_from([(), ("甲交通", "乙交通", "甲交通")])),
            )
        )
    return found
