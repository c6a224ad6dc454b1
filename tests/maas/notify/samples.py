"""One booking of the line town, its promise, and the member who made it."""

from __future__ import annotations

from datetime import date

from maas.store.bookings import BookingRow, PromiseRow
from maas.store.members import MemberRow
from tests.maas.line_town import of_day

DAY = date(2026, 11, 25)

MEMBER = MemberRow(
    id=1, number="1001", name="標本 1", kana="ひょうもと おさむ", phone="000-000-1001",
    birth_year=1940, address="見本町1", oaza="", home_place_id=None, tags=(), notes="",
    favourites=(), language="ja", confirm_by="sms",
)  # fmt: skip

BOOKING = BookingRow(
    id="b1", area_id="line", service_date=DAY, reference="4821", state="booked", member_id=1,
    contact_name="", contact_phone="", origin_id=2, destination_id=6, riders=1, wheelchairs=0,
    half_fares=0, infants=0, transfer=False, vehicle_id="van-1", promise_no=1,
    pickup_planned_s=of_day("10:05"), arrive_planned_s=of_day("10:12"), direct_s=240,
    booked_at=0.0, booked_by="yuki",
)  # fmt: skip

PROMISE = PromiseRow(
    booking_id="b1", no=1, vehicle_id="van-1", pickup_from_s=of_day("10:00"),
    pickup_to_s=of_day("10:15"), arrive_by_s=of_day("10:30"), request={}, told_at=0.0,
    told_by="yuki", why="booked",
)  # fmt: skip
