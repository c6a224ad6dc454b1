"""Which reports there are, of which calendar, and how each is made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs import Feed
from maas.records.bus_counts import counted_runs
from maas.records.busriders import bus_riders
from maas.records.daily import daily
from maas.records.days import days
from maas.records.duties import duties, roll_calls
from maas.records.facts import Facts, facts_of
from maas.records.matters import balance, origins_and_destinations, refusals, times, vehicles
from maas.records.monthly import monthly
from maas.records.report import Report, Table
from maas.records.spans import Calendar, Span, span_of
from maas.records.statutory import feeder, form_2, form_6
from maas.records.tallies import Sums, grouped
from maas.store import duty
from maas.store.fleet import VehicleRow
from maas.store.tables import staff

Make = Callable[[Facts], tuple[Table, ...]]
SIMULATED: Final = "この期間の{days}日分は、実際の運行ではなくシミュレーションの記録です。"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of report: what it is called, of which calendar it usually is, how it is made."""

    title: str
    about: str
    calendar: Calendar
    make: Make | None = None
    """`None` when it is made from more than the facts of one span."""


KINDS: Final = MappingProxyType(
    {
        "monthly": Kind("月報", "主な数値と、時間帯・曜日・地区・年齢・目的・受付方法・日ごと",
                        "month", monthly),
        "days": Kind("日報の集計", "車両と日ごとの件数・運賃・走行", "month", days),
        "rollcalls": Kind("点呼簿", "乗務前・乗務後の点呼。保存1年", "month"),
        "duties": Kind("乗務記録", "運転者・車両ごとの出入庫・走行・休憩・事故。保存1年", "month"),
        "od": Kind("OD表", "大字から大字への利用者数", "month", origins_and_destinations),
        "buses": Kind("バスの乗降人員", "便ごと、停留所ごとの乗車人員", "month"),
        "refusals": Kind("断りと辞退", "理由・時間帯・曜日ごとの件数", "month", refusals),
        "times": Kind("待ち時間と遅れ", "待ち時間・遅れの分布", "month", times),
        "vehicles": Kind("車両の走行とCO2", "走行・空車・燃料・電気・CO2", "month", vehicles),
        "balance": Kind("収支", "運賃収入・経費・収支率・1人当たり行政負担額", "month", balance),
        "form2": Kind("輸送実績報告書 第2号様式(下書き)", "4月から3月まで。5月31日期限",
                      "april", form_2),
        "form6": Kind("輸送実績報告書 第6号様式(下書き)", "4月から3月まで。5月31日期限",
                      "april", form_6),
        "feeder": Kind("フィーダー系統 事業評価(下書き)", "10月から9月までと、4月から3月まで",
                       "october"),
    }
)  # fmt: skip
"""Reports by the name that commands and addresses use."""


async def _registers(
    connection: AsyncConnection, name: str, facts: Facts, zone: ZoneInfo
) -> tuple[Table, ...]:
    """Return what drivers and callers recorded, of the vehicles of the facts."""
    span, ids = facts.span, list(facts.vehicles)
    rows = await duty.records_between(connection, span.first, span.last, ids)
    names = await driver_names(connection)
    if name == "rollcalls":
        return roll_calls(rows, facts.vehicles, names, zone)
    sums = grouped(facts.entries.rides, lambda ride: (ride.dated, ride.vehicle_id))

    def ridden(day: date, vehicle_id: str) -> tuple[int, int]:
        return sums.get((day, vehicle_id), Sums())[:2]

    return duties(rows, facts.vehicles, names, zone, ridden)


async def driver_names(connection: AsyncConnection) -> dict[str, str]:
    """Return what staff are called, by the names they sign in with."""
    query = select(staff.c.name, staff.c.display_name)
    return dict((await connection.execute(query)).all())


async def daily_report(
    connection: AsyncConnection, vehicle: VehicleRow, day: date, zone: ZoneInfo, *, today: date,
    made: str,
) -> Report:  # fmt: skip
    """Return the daily report (日報) of a vehicle."""
    span = Span(day, day, day.isoformat())
    facts = await facts_of(connection, span, area_id=vehicle.area_id, today=today, made=made)
    return await daily(connection, facts, vehicle, await driver_names(connection), zone)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report somebody asks for: `month` like 2026-11 is in its span; the rest says for whom."""

    name: str
    month: str
    calendar: Calendar | None = None
    area_id: str | None = None


async def report(
    connection: AsyncConnection, wanted: Wanted, feed: Feed | None, zone: ZoneInfo, *,
    today: date, made: str,
) -> Report:  # fmt: skip
    """Return a report; raises `KeyError` when there is none of that name."""
    kind = KINDS[wanted.name]
    span = span_of(wanted.month, wanted.calendar or kind.calendar)
    how = {"area_id": wanted.area_id, "today": today, "made": made}
    facts = await facts_of(connection, span, **how)  # type: ignore[arg-type]
    if kind.make is not None:
        tables = await asyncio.to_thread(kind.make, facts)  # a year takes half a second
    elif wanted.name == "buses":
        counted = await counted_runs(connection, feed, zone, span.first, span.last)
        tables = bus_riders(counted, feed)
    elif wanted.name == "feeder":
        fiscal = await facts_of(connection, span_of(wanted.month, "april"), **how)  # type: ignore[arg-type]
        tables = await asyncio.to_thread(feeder, facts, fiscal)
    else:
        tables = await _registers(connection, wanted.name, facts, zone)
    notes = (SIMULATED.format(days=facts.simulated),) if facts.simulated else ()
    return Report(wanted.name, kind.title, facts.town, span.title, facts.state, made, tables, notes)
