"""A town small enough to know by heart: six places on one road, 500 m apart, from west to east.

`P1` hall, `P2` clinic, `P3` shop, `P4` hub and bus stop, `P5` depot, `P6` market; three members who
live at P1, P3 and P6; a van, a wheelchair van and a bus on block `b1` that goes to and fro between
P1 and P6 every hour.  The town runs every day of every year, so that no test depends on today.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

LAT = 34.86
LON = 133.69
STEP_DEG = 0.00547  # 500 m of longitude at this latitude
AREA = "tiny"

TOWN_TOML = f"""\
[town]
id = "tiny"
name = "小さな町"
name_en = "Tiny Town"
timezone = "Asia/Tokyo"
region = [34.7, 133.5, 35.0, 133.9]
booking_phone = "000-000-0000"
notice = "試験用の町です"
notice_en = "A town for tests"

[[areas]]
id = "{AREA}"
name = "全域"
name_en = "Whole town"

[[hours]]
area = "{AREA}"
valid_from = 2020-01-01
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
from = "00:00"
to = "24:00"
holidays = true

[[booking]]
area = "{AREA}"
valid_from = 2020-01-01
deadline_min = 0
horizon_days = 14
window_min = 10
ride_max_factor = 2.0
ride_max_extra_min = 15
max_party = 4
boarding_s = 60
wheelchair_boarding_s = 180
alighting_s = 30
no_show_wait_min = 5
divert_until_s = 60
overlap_allowed = true
assumption = true

[[tariff]]
id = "tiny-2020"
area = "{AREA}"
valid_from = 2020-01-01
base_yen = 500
shared_yen = 300
transfer_yen = 300
half_tags = ["disability_card"]
infants_free_per_guardian = 1
half_rounding_yen = 10
"""

PLACES = (
    ("P1", "役場", "やくば", "Town hall", "hall"),
    ("P2", "賀陽病院", "かようびょういん", "Kayo clinic", "clinic"),
    ("P3", "商店", "しょうてん", "Shop", "shop"),
    ("P4", "きびプラザ", "きびぷらざ", "Kibi Plaza", "hub"),
    ("P5", "車庫", "しゃこ", "Depot", "depot"),
    ("P6", "道の駅", "みちのえき", "Market", "market"),
)

MEMBERS = (
    ("0001", "試験花子", "しけんはなこ", "000-000-0001", 1940, 0, "", "P2;P3"),
    ("0002", "試験太郎", "しけんたろう", "000-000-0002", 1950, 2, "wheelchair", "P2"),
    ("0003", "見本次郎", "みほんじろう", "000-000-0003", 1960, 5, "disability_card", "P1"),
)

VEHICLES = """\
id,name,name_en,operator,kind,profile,seats,wheelchair_places,seats_lost_per_wheelchair,\
battery_wh,depot_place,plate,shift_from,shift_to,block
van-1,1号車,Van 1,試験タクシー,van,car,4,0,0,,P5,試験1,00:00,24:00,
van-2,2号車,Van 2,試験タクシー,wheelchair_van,car,4,1,1,,P5,試験2,00:00,24:00,
bus-1,バス1号,Bus 1,試験バス,bus,car,20,1,0,,P5,試験3,00:00,24:00,b1
"""

EVERY_DAY = "1,1,1,1,1,1,1,20200101,20991231"


def place_at(index: int) -> tuple[float, float]:
    """Return latitude and longitude of place `index`, counted from 0."""
    return LAT, LON + index * STEP_DEG


def write_tiny_town(folder: Path) -> Path:
    """Write the town's directory with its timetable and its roads (`roads.osm`)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "town.toml").write_text(TOWN_TOML, encoding="utf-8")
    (folder / "places.csv").write_text(_places_csv(), encoding="utf-8")
    (folder / "members.csv").write_text(_members_csv(), encoding="utf-8")
    (folder / "vehicles.csv").write_text(VEHICLES, encoding="utf-8")
    (folder / "roads.osm").write_text(_osm(), encoding="utf-8")
    _write_gtfs(folder / "gtfs.zip")
    return folder


def _places_csv() -> str:
    lines = ["id,name,kana,name_en,kind,address,oaza,lat,lon,nicknames"]
    for index, (code, name, kana, name_en, kind) in enumerate(PLACES):
        lat, lon = place_at(index)
        lines.append(f"{code},{name},{kana},{name_en},{kind},一本道{index + 1},東,{lat},{lon},")
    return "\n".join(lines) + "\n"


def _members_csv() -> str:
    lines = [
        "number,name,kana,phone,birth_year,address,oaza,lat,lon,tags,notes,favourites,language"
    ]
    for number, name, kana, phone, born, home, tags, favourites in MEMBERS:
        lat, lon = place_at(home)
        lines.append(
            f"{number},{name},{kana},{phone},{born},一本道{home + 1},東,{lat + 0.0002},{lon},"
            f"{tags},,{favourites},ja"
        )
    return "\n".join(lines) + "\n"


def _osm() -> str:
    """One two-way road through all places, with a short side street at each end to turn in."""
    count = len(PLACES) + 2
    points = [(i + 1, LAT, LON + (i - 1) * STEP_DEG) for i in range(count)]
    points += [(100, LAT + 0.001, points[0][2]), (101, LAT + 0.001, points[-1][2])]
    nodes = "".join(f'<node id="{n}" lat="{lat}" lon="{lon}"/>' for n, lat, lon in points)
    road = "".join(f'<nd ref="{n}"/>' for n in range(1, count + 1))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{nodes}'
        f'<way id="1">{road}<tag k="highway" v="tertiary"/><tag k="name" v="一本道"/></way>'
        f'<way id="2"><nd ref="1"/><nd ref="100"/><tag k="highway" v="residential"/></way>'
        f'<way id="3"><nd ref="{count}"/><nd ref="101"/><tag k="highway" v="residential"/></way>'
        "</osm>"
    )


def _write_gtfs(path: Path) -> None:
    stops = ["stop_id,stop_name,stop_lat,stop_lon"]
    for index, (code, name, *_) in enumerate(PLACES):
        lat, lon = place_at(index)
        stops.append(f"{code},{name},{lat},{lon}")
    files = {
        "agency.txt": [
            "agency_id,agency_name,agency_url,agency_timezone,agency_lang",
            "a1,試験バス,https://example.invalid/,Asia/Tokyo,ja",
        ],
        "routes.txt": [
            "route_id,agency_id,route_short_name,route_long_name,route_type",
            "r1,a1,東西線,,3",
        ],
        "calendar.txt": [
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
            f"daily,{EVERY_DAY}",
        ],
        "stops.txt": stops,
        "trips.txt": ["route_id,service_id,trip_id,trip_headsign,direction_id,block_id"],
        "stop_times.txt": ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"],
        "translations.txt": [
            "table_name,field_name,language,translation,field_value",
            "routes,route_short_name,en,East-west line,東西線",
        ],
        "feed_info.txt": [
            "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version",
            "試験バス,https://example.invalid/,ja,20200101,20991231,1",
        ],
    }
    for trip, first_s, order in _trips():
        headsign = "道の駅" if order[0] == 0 else "役場"
        files["trips.txt"].append(f"r1,daily,{trip},{headsign},{int(order[0] != 0)},b1")
        for step, index in enumerate(order):
            at = f"{(first_s + 120 * step) // 3600:02d}:{(first_s + 120 * step) // 60 % 60:02d}:00"
            files["stop_times.txt"].append(f"{trip},{at},{at},{PLACES[index][0]},{step + 1}")
    with zipfile.ZipFile(path, "w") as archive:
        for name, lines in files.items():
            archive.writestr(name, "\n".join(lines) + "\n")


def _trips() -> list[tuple[str, int, list[int]]]:
    """A pair of trips each hour from 6 to 22: eastwards on the hour, westwards at half past."""
    east, west = [0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0]
    return [
        (f"{name}{hour:02d}", hour * 3600 + offset_s, order)
        for hour in range(6, 23)
        for name, offset_s, order in (("e", 0, east), ("w", 1800, west))
    ]
