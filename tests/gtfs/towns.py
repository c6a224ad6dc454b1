"""A GTFS-JP feed you can compute in your head, written as text as an operator would.

Four stops stand on one meridian, 1,112 m apart.  Trip `up` runs north on weekdays, `night` after
midnight every day; `sta` is a station with the platforms `a` and `b`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from gtfs.feed import Feed
from gtfs.read import parse_table

TOWN: Mapping[str, str] = {
    "agency.txt": """\
agency_id,agency_name,agency_url,agency_timezone,agency_lang,agency_phone
8000020331236,吉備町営バス,https://example.invalid/,Asia/Tokyo,ja,000-000-0001
""",
    "stops.txt": """\
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,platform_code
sta,役場,34.80,133.70,1,,
a,役場,34.80,133.70,0,sta,1
b,役場,34.80,133.70,0,sta,2
c,橋,34.81,133.70,0,,
d,病院,34.82,133.70,0,,
""",
    "routes.txt": """\
route_id,agency_id,route_short_name,route_long_name,route_type,route_color,route_text_color
r1,8000020331236,北,北線,3,0055AA,FFFFFF
""",
    "trips.txt": """\
route_id,service_id,trip_id,trip_headsign,shape_id,block_id
r1,weekday,up,病院,,bus-1
r1,daily,night,役場,,bus-2
""",
    "stop_times.txt": """\
trip_id,arrival_time,departure_time,stop_id,stop_sequence
up,08:00:00,08:00:00,a,1
up,08:02:00,08:03:00,c,2
up,08:05:00,08:05:00,d,3
night,24:50:00,24:50:00,d,10
night,25:10:00,25:10:00,b,20
""",
    "calendar.txt": """\
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
weekday,1,1,1,1,1,0,0,20261101,20261130
daily,1,1,1,1,1,1,1,20261101,20261130
""",
    "calendar_dates.txt": """\
service_id,date,exception_type
weekday,20261123,2
weekday,20261128,1
""",
    "fare_attributes.txt": """\
fare_id,price,currency_type,payment_method,transfers,agency_id
flat,200,JPY,0,,8000020331236
""",
    "feed_info.txt": """\
feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version
吉備町,https://example.invalid/,ja,20261101,20261130,1
""",
    "translations.txt": """\
table_name,field_name,language,translation,record_id,record_sub_id,field_value
stops,stop_name,ja-Hrkt,ヤクバ,,,役場
stops,stop_name,en,Town Hall,,,役場
stops,stop_name,en,Hall (stand 2),b,,
stops,stop_name,ja-Hrkt,ハシ,,,橋
stops,stop_name,en,Bridge,,,橋
stops,stop_name,ja-Hrkt,ビョウイン,,,病院
stops,stop_name,en,Hospital,,,病院
trips,trip_headsign,ja-Hrkt,ビョウイン,,,病院
trips,trip_headsign,ja-Hrkt,ヤクバ,,,役場
""",
}

THERE_AND_BACK = """\
shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence
loop,34.80,133.70,1
loop,34.80,133.70,3
loop,34.82,133.70,2
"""


def town(**changes: str | None) -> dict[str, str]:
    """The files of the town; a file named by its stem is replaced, or left out with ``None``."""
    files = dict(TOWN)
    for stem, text in changes.items():
        files.pop(f"{stem}.txt", None)
        if text is not None:
            files[f"{stem}.txt"] = text
    return files


def feed_of(**changes: str | None) -> Feed:
    """The town as a feed, with files changed as in ``town``."""
    files = town(**changes)
    return Feed(
        {
            name.removesuffix(".txt"): parse_table(name.removesuffix(".txt"), text.encode())
            for name, text in files.items()
        }
    )


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """Put files into a zip at ``path``."""
    path.write_bytes(zip_bytes(files))
    return path


def zip_bytes(files: Mapping[str, str | bytes]) -> bytes:
    """A zip of the files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
