"""The register of roll calls (点呼簿) and of duties (乗務記録), as the law asks for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from maas.duty.day import KEPT_YEARS, Entry, Turn, standing, turns
from maas.duty.records import Call, CallAfter, CallBefore, Incident
from maas.records.report import Cell, Column, Table
from maas.store.duty import RecordRow
from maas.store.fleet import VehicleRow

METHODS: Final = MappingProxyType({"face": "対面", "remote": "IT点呼", "telephone": "電話"})
INCIDENTS: Final = MappingProxyType({"accident": "事故", "delay": "著しい遅延", "other": "異常"})
KEPT: Final = f"保存期間: {KEPT_YEARS}年(旅客自動車運送事業運輸規則)。記録は消されません。"

Names = Mapping[str, str]
"""What drivers are called, by the names they sign in with."""


def clock(at: float | None, zone: ZoneInfo) -> str:
    """Return the time of an instant like 8:05, empty when there is none."""
    if at is None:
        return ""
    local = datetime.fromtimestamp(at, UTC).astimezone(zone)
    return f"{local.hour}:{local.minute:02d}"


_CALLS: Final = (
    Column("日付", "date"), Column("車両", "vehicle"), Column("登録番号", "plate"),
    Column("運転者", "driver"), Column("区分", "kind"), Column("時刻", "time"),
    Column("執行者", "caller"), Column("方法", "method"), Column("検知器", "detector"),
    Column("測定値(mg/L)", "reading"), Column("酒気", "alcohol"), Column("体調", "health"),
    Column("日常点検", "check"), Column("指示・報告", "instructions"), Column("結果", "result"),
)  # fmt: skip


def roll_calls(
    rows: Iterable[RecordRow], vehicles: Mapping[str, VehicleRow], names: Names, zone: ZoneInfo
) -> tuple[Table, ...]:
    """Return every roll call in order; one that was put right stays, and says so."""
    kept = list(rows)
    stands = {entry.row.id for entry in standing(kept)}
    everything = standing([_alone(row) for row in kept])
    lines = tuple(
        _call(entry, entry.body, vehicles, names, zone, stands=entry.row.id in stands)
        for entry in everything
        if isinstance(entry.body, Call)
    )
    return (Table("点呼簿", _CALLS, lines, notes=(KEPT,)),)


def _alone(row: RecordRow) -> RecordRow:
    """Return a record as if it corrected none, so that the one before it is shown too."""
    return replace(row, corrects=None)


def _call(
    entry: Entry, call: Call, vehicles: Mapping[str, VehicleRow], names: Names, zone: ZoneInfo, *,
    stands: bool,
) -> tuple[Cell, ...]:  # fmt: skip
    row, vehicle = entry.row, vehicles.get(entry.row.vehicle_id)
    detector = "使用" if call.detector else "不使用"
    reading = "" if call.reading_mg_l is None else f"{call.reading_mg_l:.2f}"
    method = METHODS[call.method] + (f"({call.how})" if call.how else "")
    return (
        row.service_date.isoformat(), vehicle.name if vehicle else row.vehicle_id,
        vehicle.plate if vehicle else "", names.get(row.driver, row.driver),
        "乗務前" if isinstance(call, CallBefore) else "乗務後", clock(entry.at, zone), call.caller,
        method, detector, reading, "あり" if call.alcohol else "なし", _health(call), _check(call),
        _told(call), _result(call) if stands else "訂正済み",
    )  # fmt: skip


def _health(call: Call) -> str:
    if not isinstance(call, CallBefore):
        return ""
    found = [
        words
        for words, so in (
            ("疾病", call.illness), ("疲労", call.fatigue), ("睡眠不足", call.lack_of_sleep),
        )
        if so
    ]  # fmt: skip
    return "・".join([*found, *([call.health] if call.health else [])]) or "良好"


def _check(call: Call) -> str:
    if not isinstance(call, CallBefore):
        return ""
    return "良" if call.check_ok else "否"


def _told(call: Call) -> str:
    if not isinstance(call, CallAfter):
        return call.instructions
    parts = {"車両": call.vehicle, "道路": call.road, "運行": call.service, "交替": call.relief}
    told = [f"{label}:{text}" for label, text in parts.items() if text]
    return "、".join([*told, *([call.instructions] if call.instructions else [])])


def _result(call: Call) -> str:
    if isinstance(call, CallBefore):
        return "乗務可" if call.fit else "乗務不可"
    return "終了"


_DUTIES: Final = (
    Column("日付", "date"), Column("車両", "vehicle"), Column("登録番号", "plate"),
    Column("運転者", "driver"), Column("出庫", "out"), Column("出庫メーター(km)", "out_km"),
    Column("入庫", "in"), Column("入庫メーター(km)", "in_km"), Column("走行(km)", "driven_km"),
    Column("乗車件数(件)", "rides", "count"), Column("利用者数(人)", "riders", "count"),
    Column("休憩", "breaks"), Column("事故・異常", "incidents"), Column("不足", "missing"),
)  # fmt: skip
_MISSING: Final = MappingProxyType(
    {
        "check": "日常点検", "call_before": "乗務前点呼", "out": "出庫", "in": "入庫",
        "call_after": "乗務後点呼", "break_end": "休憩の終わり",
    }
)  # fmt: skip


def duties(
    rows: Iterable[RecordRow], vehicles: Mapping[str, VehicleRow], names: Names, zone: ZoneInfo,
    ridden: Callable[[date, str], tuple[int, int]],
) -> tuple[Table, ...]:  # fmt: skip
    """Return a line for each driver's turn with a vehicle; `ridden` gives rides and riders."""
    of_day: defaultdict[tuple[date, str], list[RecordRow]] = defaultdict(list)
    for row in rows:
        of_day[row.service_date, row.vehicle_id].append(row)
    lines: list[tuple[Cell, ...]] = []
    for (day, id_), its in sorted(of_day.items()):
        vehicle = vehicles.get(id_)
        named = (vehicle.name, vehicle.plate) if vehicle else (id_, "")
        driven = turns(its)
        for turn in driven:
            counts = ridden(day, id_) if turn is driven[0] else (None, None)
            lines.append((day.isoformat(), *named, *_turn(turn, names, zone, counts)))
    note = "乗車件数と利用者数は車両の1日分を、はじめの運転者の行に書きます。"
    return (Table("乗務記録", _DUTIES, tuple(lines), notes=(KEPT, note)),)


def _turn(
    turn: Turn, names: Names, zone: ZoneInfo, counts: tuple[int | None, int | None]
) -> tuple[Cell, ...]:
    missing = "、".join(_MISSING[each] for each in turn.missing)
    return (
        names.get(turn.driver, turn.driver), clock(turn.out_at, zone), km(turn.out_km),
        clock(turn.in_at, zone), km(turn.in_km), km(turn.driven_km), *counts,
        breaks_said(turn, zone), incidents_said(turn.incidents), missing,
    )  # fmt: skip


def km(reading: float | None) -> str:
    """Return what a meter shows, empty when nobody wrote it down."""
    return "" if reading is None else f"{reading:,.1f}"


def breaks_said(turn: Turn, zone: ZoneInfo) -> str:
    """Return the breaks of a turn in words."""
    return "、".join(
        f"{clock(rest.since, zone)}〜{clock(rest.until, zone)}" + (rest.place and f"({rest.place})")
        for rest in turn.rests
    )


def incidents_said(incidents: Sequence[Incident]) -> str:
    """Return what was out of the ordinary in words."""
    return "、".join(
        f"{INCIDENTS[each.what]}: {each.summary}{f'(原因: {each.cause})' if each.cause else ''}"
        for each in incidents
    )
