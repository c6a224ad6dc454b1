"""The vehicles' days of a period one below the other: what the daily reports (日報) add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from maas.records.closing import loose
from maas.records.facts import Facts
from maas.records.report import Cell, Column, Table
from maas.records.tallies import Sums, grouped, summed
from maas.store.entries import VehicleDay

_COLUMNS = (
    Column("日付", "date"), Column("車両", "vehicle"), Column("乗車件数(件)", "rides", "count"),
    Column("利用者数(人)", "riders", "count"), Column("運賃(円)", "fare_yen", "yen"),
    Column("乗車キロ(km)", "ride_km", "km"), Column("現金(円)", "cash_yen", "yen"),
    Column("券・カード(円)", "voucher_yen", "yen"), Column("総走行(km)", "km", "km"),
    Column("実車(km)", "loaded_km", "km"), Column("運行時間(時間)", "duty_hours", "hours"),
)  # fmt: skip


def days(facts: Facts) -> tuple[Table, ...]:
    """Return each vehicle's day, with what was put right dated on the day it was put right."""
    sums = grouped(facts.entries.rides, lambda ride: (ride.dated, ride.vehicle_id))
    driven: defaultdict[tuple[date, str], list[VehicleDay]] = defaultdict(list)
    for each in facts.entries.vehicle_days:
        driven[each.dated, each.vehicle_id].append(each)
    money: defaultdict[tuple[date, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for taking in facts.entries.takings:
        key = taking.service_date, taking.vehicle_id
        money[key][0] += taking.yen if loose(taking) else 0
        money[key][1] += taking.yen if taking.what == "cash" else 0
        money[key][2] += taking.yen if taking.what == "voucher" else 0
    rows = [
        (day.isoformat(), _name(facts, id_),
         *_cells(sums.get((day, id_), Sums()), money[day, id_], driven[day, id_]))
        for day, id_ in sorted({*sums, *driven, *money})
    ]  # fmt: skip
    all_money = [sum(part) for part in zip(*money.values(), strict=True)] or [0, 0, 0]
    total = _cells(summed(facts.entries.rides), all_money, facts.entries.vehicle_days)
    note = "確定した月の訂正は、訂正した日の行に加える(取消は負の数)。"
    return (Table("日別・車両別", _COLUMNS, tuple(rows), ("合計", "", *total), (note,)),)


def _name(facts: Facts, vehicle_id: str) -> str:
    row = facts.vehicles.get(vehicle_id)
    return vehicle_id if row is None else row.name


def _cells(sums: Sums, money: Sequence[int], driven: Sequence[VehicleDay]) -> tuple[Cell, ...]:
    loose_yen, cash_yen, voucher_yen = money
    return (
        sums.rides, sums.riders, sums.fare_yen + loose_yen, sums.distance_m, cash_yen, voucher_yen,
        sum(each.sign * each.distance_m for each in driven),
        sum(each.sign * each.loaded_m for each in driven),
        sum(each.sign * each.duty_s for each in driven),
    )  # fmt: skip
