"""Departures from an invented stop, around 11:00 on 25 November 2026."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from busloc.publish import Departure

TZ = ZoneInfo("Asia/Tokyo")
NOW = int(datetime(2026, 11, 25, 11, 0, tzinfo=TZ).timestamp())

PLANNED = Departure(
    id="20261125:up:1",
    trip="up",
    route="r1",
    route_name="北",
    route_name_en="North",
    headsign="病院",
    headsign_kana="ビョウイン",
    headsign_en="Hospital",
    color="0055AA",
    text_color="FFFFFF",
    platform="1",
    scheduled=NOW + 600,
    expected=None,
    low=None,
    high=None,
    be_there_by=NOW + 600,
    state="scheduled",
    delay_s=None,
    vehicle=None,
)


def planned(in_s: int, **changes: object) -> Departure:
    """A departure that nothing is known of but the timetable."""
    leaves = NOW + in_s
    fields = {"id": f"d{in_s:06d}", "scheduled": leaves, "be_there_by": leaves} | changes
    return msgspec.structs.replace(PLANNED, **fields)


def running(in_s: int, *, delay_s: int = 0, **changes: object) -> Departure:
    """A departure of a bus seen on its way, to be met half a minute before it leaves."""
    leaves = NOW + in_s
    known = {
        "scheduled": leaves - delay_s,
        "expected": leaves,
        "low": leaves - 30,
        "high": leaves + 60,
        "be_there_by": leaves - 30,
        "delay_s": delay_s,
        "state": "running",
        "vehicle": "bus-1",
    }
    return planned(in_s, **(known | changes))
