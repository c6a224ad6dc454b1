"""A town on one road for what-ifs: places 1, 2, … a minute and 500 m apart, the depot at 1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from maas.records.whatif_asks import Asked
from maas.records.whatif_desk import Effort
from maas.records.whatif_town import Drives, Town
from maas.store.fleet import VehicleRow
from maas.store.members import MemberRow
from maas.store.places import PlaceRow
from maas.town.rules import AreaRules, BookingRule, Hours
from maas.town.tariffs import tariff_from

DAY = date(2026, 6, 3)
SINCE = date(2020, 1, 1)
NINE = 9 * 3600
QUICK = Effort(0, 0)
COUNT = 12


def line_town(vehicles: int = 1, **booking: object) -> Town:
    """Return the town with so many vans of four seats from 8 to 17."""
    rows = np.arange(COUNT)
    apart = np.abs(rows[:, None] - rows[None, :])
    drives = Drives(
        {n + 1: n for n in range(COUNT)},
        (60 * apart).astype(np.int32),
        (500 * apart).astype(np.int32),
    )
    return Town(
        area="line",
        timezone="Asia/Tokyo",
        rules=rules(**booking),
        places={n + 1: place(n + 1) for n in range(COUNT)},
        members={n: member(n) for n in range(1, 30)},
        taxis=tuple(van(n) for n in range(1, vehicles + 1)),
        drives={"car": drives},
    )


def rules(**booking: object) -> AreaRules:
    """Return plain rules, with some fields of the booking rule replaced."""
    fields = {
        "deadline_min": 10, "horizon_days": 14, "window_min": 10, "ride_max_factor": 2.0,
        "ride_max_extra_min": 10, "max_party": 4, "boarding_s": 60, "wheelchair_boarding_s": 180,
        "alighting_s": 30, "no_show_wait_min": 5, "divert_until_s": 120,
    } | booking  # fmt: skip
    hours = Hours(
        area="line", valid_from=SINCE, days=["mon", "tue", "wed", "thu", "fri"], opens="08:00",
        closes="17:00",
    )  # fmt: skip
    tariff = tariff_from(
        {"id": "t", "area": "line", "valid_from": "2020-01-01", "base_yen": 500,
         "shared_yen": 300, "transfer_yen": 100, "half_tags": ["aicard"]}
    )  # fmt: skip
    rule = BookingRule(area="line", valid_from=SINCE, **fields)  # type: ignore[arg-type]
    return AreaRules("line", (hours,), (rule,), (tariff,))


def place(id_: int) -> PlaceRow:
    """Return a place of the road."""
    return PlaceRow(
        id=id_, code=f"P{id_}", name=f"P{id_}", kana="", name_en="", kind="facility", address="",
        oaza="", lat=34.8, lon=133.6 + 0.005 * id_, nicknames=(), anchor="0:0.5", network="n",
    )  # fmt: skip


def member(id_: int) -> MemberRow:
    """Return a member without a card."""
    return MemberRow(id_, str(id_), "", "", "", None, "", "", None, (), "", (), "ja")


def van(number: int) -> VehicleRow:
    """Return a van of four seats."""
    return VehicleRow(
        row=number, id=f"van-{number}", area_id="line", name="", name_en="", operator="",
        kind="van", profile="car", seats=4, wheelchair_places=0, seats_lost_per_wheelchair=0,
        battery_wh=None, depot_place_id=1, plate="", shift_from_s=8 * 3600,
        shift_to_s=17 * 3600, block=None, driver=None,
    )  # fmt: skip


def asks(*trips: tuple[int, int, int]) -> list[Asked]:
    """Return a trip each of member 1, 2, …: (from, to, wanted second), asked for the day before."""
    return [
        Asked(f"ask-{n}", DAY, n - 50_000, a, b, wanted_s, member_id=n)
        for n, (a, b, wanted_s) in enumerate(trips, 1)
    ]


def crowd(count: int = 12, days: Sequence[date] = (DAY,)) -> list[Asked]:
    """Return days on which so many want to leave at about the same time."""
    return [
        Asked(
            f"{day}-{n}", day, n - 50_000, 1 + n % 6, 7 + n % 6, NINE + 300 * (n % 4), member_id=n
        )
        for day in days
        for n in range(1, count + 1)
    ]
