"""The daily report (日報) of a vehicle: who drove it, what the roll calls said, whom it carried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.duty.day import Turn, turns
from maas.records import closing, ledger
from maas.records.closing import Entries
from maas.records.duties import (
    KEPT,
    METHODS,
    Names,
    breaks_said,
    clock,
    incidents_said,
    km,
)
from maas.records.facts import Facts
from maas.records.report import Amount, Cell, Column, Report, Table
from maas.records.tallies import summed
from maas.store import duty
from maas.store.entries import Ride
from maas.store.fleet import VehicleRow
from maas.store.rides import RideRow, rides_counted_on
from maas.store.tables import bookings


class Booked(NamedTuple):
    """What a booking was called and planned for."""

    reference: str
    pickup_planned_s: int
    arrive_planned_s: int


async def daily(
    connection: AsyncConnection, facts: Facts, vehicle: VehicleRow, names: Names, zone: ZoneInfo
) -> Report:
    """Return the daily report of a vehicle; the span of `facts` is the day."""
    day = facts.span.first
    records = await duty.records_on(connection, day, vehicle.id)
    written = {row.booking_id: row for row in await rides_counted_on(connection, day)}
    entries = _of(vehicle.id, facts.entries)
    booked = await _booked(connection, [ride.booking_id for ride in entries.rides])
    tables = (
        *(_duty(turn, vehicle, names, zone) for turn in turns(records)),
        _rides(facts, entries.rides, booked, written),
        _sums(entries),
    )
    title = f"乗務記録・日報 {vehicle.name}({vehicle.plate})"
    return Report("daily", title, facts.town, day.isoformat(), facts.state, facts.made, tables,
                  (KEPT,))  # fmt: skip


def _of(vehicle_id: str, entries: Entries) -> Entries:
    return Entries(
        [each for each in entries.rides if each.vehicle_id == vehicle_id],
        [each for each in entries.outcomes if each.vehicle_id == vehicle_id],
        [],
        [each for each in entries.vehicle_days if each.vehicle_id == vehicle_id],
        [each for each in entries.takings if each.vehicle_id == vehicle_id],
    )


def _duty(turn: Turn, vehicle: VehicleRow, names: Names, zone: ZoneInfo) -> Table:
    who = names.get(turn.driver, turn.driver)
    rows: tuple[tuple[Cell, ...], ...] = (
        ("事業者", vehicle.operator),
        ("車両・登録番号", f"{vehicle.name} {vehicle.plate}"),
        ("運転者", who),
        ("日常点検", "" if turn.check is None else "良" if turn.check.ok else _faulty(turn)),
        ("点呼(乗務前)", _before(turn, zone)),
        ("出庫", f"{clock(turn.out_at, zone)} メーター {km(turn.out_km)}km"),
        ("休憩", breaks_said(turn, zone) or "なし"),
        ("入庫", f"{clock(turn.in_at, zone)} メーター {km(turn.in_km)}km"),
        ("走行距離", f"{km(turn.driven_km)}km"),
        ("点呼(乗務後)", _after(turn, zone)),
        ("事故・異常", incidents_said(turn.incidents) or "なし"),
    )
    return Table(f"乗務の記録({who})", (Column("項目", "item"), Column("内容", "content")), rows)


def _faulty(turn: Turn) -> str:
    items = () if turn.check is None else turn.check.items
    return "否: " + "、".join(f"{each.item}({each.note})" for each in items if not each.ok)


def _before(turn: Turn, zone: ZoneInfo) -> str:
    call = turn.before
    if call is None:
        return "記録なし"
    reading = "" if call.reading_mg_l is None else f" {call.reading_mg_l:.2f}mg/L"
    fit = "乗務可" if call.fit else "乗務不可"
    return (
        f"{clock(turn.before_at, zone)} 執行者{call.caller} {METHODS[call.method]}{call.how} "
        f"検知器{'使用' if call.detector else '不使用'}{reading} "
        f"酒気{'あり' if call.alcohol else 'なし'} {fit} {call.instructions}"
    ).strip()


def _after(turn: Turn, zone: ZoneInfo) -> str:
    call = turn.after
    if call is None:
        return "記録なし"
    return (
        f"{clock(turn.after_at, zone)} 執行者{call.caller} {METHODS[call.method]}{call.how} "
        f"酒気{'あり' if call.alcohol else 'なし'} 車両:{call.vehicle} 道路:{call.road} "
        f"運行:{call.service}"
    )


_RIDES = (
    Column("受付番号", "reference"), Column("乗車地", "origin"),
    Column("迎えの予定", "planned_pickup"), Column("乗車", "picked_up"),
    Column("降車地", "destination"), Column("到着の予定", "planned_arrival"),
    Column("降車", "dropped_off"), Column("人数(人)", "riders", "count"),
    Column("運賃の種別", "fares"), Column("運賃(円)", "fare_yen", "yen"),
    Column("キロ(km)", "km", "km"), Column("備考", "remarks"),
)  # fmt: skip


def _rides(
    facts: Facts,
    rides: Sequence[Ride],
    booked: Mapping[str, Booked],
    written: Mapping[str, RideRow],
) -> Table:
    rows = tuple(
        _line(facts, ride, booked.get(ride.booking_id), written.get(ride.booking_id))
        for ride in sorted(rides, key=lambda ride: (ride.picked_up_s, ride.booking_id, ride.sign))
    )
    sums = summed(rides)
    total = (
        "合計", "", "", "", "", "", "", sums.riders, "", sums.fare_yen, sums.distance_m,
        f"{sums.rides}件",
    )  # fmt: skip
    return Table("乗降の記録", _RIDES, rows, total)


def _line(facts: Facts, ride: Ride, booked: Booked | None, row: RideRow | None) -> tuple[Cell, ...]:
    sign = ride.sign
    remarks = ["相乗り"] if ride.shared else []
    remarks += ["訂正(取消)" if sign < 0 else "訂正"] if ride.dated != ride.service_date else []
    return (
        booked.reference if booked else "", _place(facts, ride.origin_id),
        _at(booked.pickup_planned_s) if booked else "", _at(ride.picked_up_s),
        _place(facts, ride.destination_id), _at(booked.arrive_planned_s) if booked else "",
        _at(ride.dropped_off_s), sign * ride.riders, _kinds(row), sign * ride.fare_yen,
        sign * ride.distance_m, "・".join(remarks),
    )  # fmt: skip


def _place(facts: Facts, place_id: int) -> str:
    """Return what a place is called, with the hamlet of a home."""
    spot = facts.spot(place_id)
    return f"{spot.name}({spot.oaza})" if spot.kind == "home" else spot.name


def _at(time_s: int) -> str:
    return f"{time_s // 3600}:{time_s % 3600 // 60:02d}"


def _kinds(row: RideRow | None) -> str:
    parts = () if row is None else row.fare_inputs.get("parts", ())
    return "、".join(f"{part['yen']}円×{part['count']}" for part in parts)


def _sums(entries: Entries) -> Table:
    figures = closing.figures_of(entries)
    fares = figures["fare_yen"] + figures["other_fare_yen"]
    open_yen = fares - figures["cash_yen"] - figures["voucher_yen"]
    rows: tuple[tuple[Cell, ...], ...] = (
        ("乗車件数", Amount(figures["rides"], "count"), "件"),
        ("利用者数", Amount(figures["riders"], "count"), "人"),
        ("無断キャンセル(不在)", Amount(figures["no_show"], "count"), "件"),
        ("運賃", Amount(fares, "yen"), "円"),
        ("うち現金", Amount(figures["cash_yen"], "yen"), "円"),
        ("うち券・カード", Amount(figures["voucher_yen"], "yen"), "円"),
        ("うち未収(払いすぎは負)", Amount(open_yen, "yen"), "円"),
        ("総走行キロ", Amount(figures["vehicle_m"], "km"), "km"),
        ("実車キロ", Amount(figures["loaded_m"], "km"), "km"),
        ("運行時間", Amount(figures["duty_s"], "hours"), "時間"),
    )
    columns = (Column("項目", "item"), Column("数値", "value"), Column("単位", "unit"))
    return Table("集計", columns, rows)


async def _booked(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Booked]:
    b = bookings.c
    query = select(b.id, b.reference, b.pickup_planned_s, b.arrive_planned_s).where(b.id.in_(ids))
    return {id_: Booked(*rest) for id_, *rest in await connection.execute(query)}


async def has_something(connection: AsyncConnection, day: date) -> set[str]:
    """Return the vehicles with a ride, a record or kilometres on a day."""
    records = await duty.records_on(connection, day)
    rides = await ledger.rides_between(connection, day, day)
    driven = await ledger.vehicle_days_between(connection, day, day)
    ids = {row.vehicle_id for row in records} | {ride.vehicle_id for ride in rides}
    return ids | {each.vehicle_id for each in driven}
