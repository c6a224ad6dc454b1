"""Drafts of what the law and the subsidy ask for; the official forms are what counts.

輸送実績報告書: 旅客自動車運送事業等報告規則 2条 (第2号様式), 2条の2 (第6号様式): April to March,
due on 31 May.  地域内フィーダー系統: October to September.  The official forms were not at hand:
the columns have to be compared with them before anything is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from maas.records.closing import loose
from maas.records.costs import NOT_GIVEN, cost_of, sources
from maas.records.facts import Facts
from maas.records.monthly import fares_yen
from maas.records.report import Amount, Cell, Column, Kind, Table
from maas.records.tallies import share, summed
from maas.store.fleet import VehicleRow

DRAFT = "下書きです。提出の前に、正本の様式の欄と照らし合わせてください。"


def form_2(facts: Facts) -> tuple[Table, ...]:
    """Return the year's transport of each operator (一般乗合、区域運行)."""
    columns = (
        Column("事業者", "operator"), Column("期末の事業用自動車数(両)", "vehicles", "count"),
        Column("延実在車両数(日車)", "vehicle_days_held", "count"),
        Column("延実働車両数(日車)", "vehicle_days", "count"), Column("走行キロ(km)", "km", "km"),
        Column("実車キロ(km)", "loaded_km", "km"), Column("輸送人員(人)", "riders", "count"),
        Column("運送収入(円)", "fare_yen", "yen"), Column("交通事故件数(件)", "accidents", "count"),
    )  # fmt: skip
    held = "延実在車両数は、いま登録のある車両が1年を通してあったものとして数えています。"
    return (_of_operators(facts, "輸送実績報告書(第2号様式)", columns, (DRAFT, held), held=True),)


def form_6(facts: Facts) -> tuple[Table, ...]:
    """Return the year's transport of 自家用有償旅客運送, of each operator."""
    columns = (
        Column("運送主体", "operator"), Column("自動車数(両)", "vehicles", "count"),
        Column("運行日数(台日)", "vehicle_days", "count"), Column("走行キロ(km)", "km", "km"),
        Column("実車キロ(km)", "loaded_km", "km"), Column("運送回数(回)", "rides", "count"),
        Column("輸送人員(人)", "riders", "count"), Column("運送収入(円)", "fare_yen", "yen"),
        Column("交通事故件数(件)", "accidents", "count"),
    )  # fmt: skip
    return (_of_operators(facts, "輸送実績報告書(第6号様式)", columns, (DRAFT,), held=False),)


def _of_operators(
    facts: Facts, title: str, columns: tuple[Column, ...], notes: tuple[str, ...], *, held: bool
) -> Table:
    vehicles = [row for row in facts.vehicles.values() if row.block is None]
    operators = sorted({row.operator for row in vehicles})
    rows = [
        (name, *_transport(facts, [row for row in vehicles if row.operator == name], held=held))
        for name in operators
    ]
    total = ("合計", *_transport(facts, vehicles, held=held))
    return Table(title, columns, tuple(rows), total, notes)


def _transport(facts: Facts, vehicles: Sequence[VehicleRow], *, held: bool) -> Iterable[Cell]:
    ids = {row.id for row in vehicles}
    days = [each for each in facts.entries.vehicle_days if each.vehicle_id in ids]
    sums = summed(ride for ride in facts.entries.rides if ride.vehicle_id in ids)
    money = [each for each in facts.entries.takings if each.vehicle_id in ids and loose(each)]
    length = (facts.span.last - facts.span.first).days + 1
    metres = sum(each.sign * each.distance_m for each in days)
    yield len(vehicles)
    if held:
        yield len(vehicles) * length
    yield sum(each.sign for each in days)
    yield metres
    yield sum(each.sign * each.loaded_m for each in days)
    if not held:
        yield sums.rides
    yield sums.riders
    yield sums.fare_yen + sum(each.yen for each in money)
    yield sum(facts.accidents.get(id_, 0) for id_ in ids)


def feeder(subsidy: Facts, fiscal: Facts) -> tuple[Table, ...]:
    """Return what the yearly evaluation of a feeder line asks for, of both kinds of year."""
    columns = (
        Column("項目", "item"), Column("補助年度(10月〜9月)", "subsidy_year"),
        Column("年度(4月〜3月)", "fiscal_year"), Column("単位", "unit"), Column("計算", "means"),
    )  # fmt: skip
    pairs = zip(_evaluated(subsidy), _evaluated(fiscal), strict=True)
    rows = tuple(
        (label, Amount(value, kind), Amount(other, kind), unit, means)
        for (label, value, kind, unit, means), (_, other, *_) in pairs
    )
    _, used = cost_of(subsidy)
    _, more = cost_of(fiscal)
    years = f"左は{subsidy.span.title}、右は{fiscal.span.title}。"
    notes = (DRAFT, years, *(sources([*used, *more]) or (f"経常費用: {NOT_GIVEN}。",)))
    title = "地域内フィーダー系統 事業評価"
    return (Table(title, columns, rows, notes=notes), _by_month(subsidy))


def _evaluated(facts: Facts) -> Iterable[tuple[str, float | None, Kind, str, str]]:
    days, rides = facts.entries.vehicle_days, facts.entries.rides
    total, (cost, _) = summed(rides), cost_of(facts)
    fares = fares_yen(facts)
    loaded = sum(each.sign * each.loaded_m for each in days)
    rider_metres = sum(r.sign * r.riders * r.distance_m for r in rides)
    transfers = sum(r.sign * r.riders for r in rides if facts.purpose(r) == "transfer")
    lost = None if cost is None else cost - fares
    yield "運行日数", len({each.service_date for each in days}), "count", "日", ""
    yield "実車走行キロ", loaded, "km", "km", "お客さまが乗っている走行"
    yield "総走行キロ", sum(each.sign * each.distance_m for each in days), "km", "km", ""
    yield "輸送人員", total.riders, "count", "人", ""
    yield "うち乗り継ぎ", transfers, "count", "人", "停留所・交通拠点と行き来した人"
    yield "平均乗車密度", share(rider_metres, loaded), "number", "人", "人キロ÷実車走行キロ"
    yield "経常費用", cost, "yen", "円", "町の数値による"
    yield "経常収益", fares, "yen", "円", "運賃収入"
    yield "欠損額", lost, "yen", "円", "経常費用−経常収益"
    yield "収支率", None if cost is None else share(fares, cost), "share", "", "経常収益÷経常費用"


def _by_month(facts: Facts) -> Table:
    columns = (
        Column("月", "month"), Column("乗車件数(件)", "rides", "count"),
        Column("輸送人員(人)", "riders", "count"), Column("運賃収入(円)", "fare_yen", "yen"),
        Column("実車走行キロ(km)", "loaded_km", "km"),
    )  # fmt: skip
    entries = facts.entries
    rows: list[tuple[Cell, ...]] = []
    for month in facts.span.months:
        sums = summed(r for r in entries.rides if f"{r.dated:%Y-%m}" == month)
        days = [d for d in entries.vehicle_days if f"{d.dated:%Y-%m}" == month]
        other = sum(
            t.yen for t in entries.takings if loose(t) and f"{t.service_date:%Y-%m}" == month
        )
        loaded = sum(d.sign * d.loaded_m for d in days)
        rows.append((month, sums.rides, sums.riders, sums.fare_yen + other, loaded))
    total = summed(entries.rides)
    loaded = sum(d.sign * d.loaded_m for d in entries.vehicle_days)
    last = ("合計", total.rides, total.riders, fares_yen(facts), loaded)
    return Table("補助年度の月別", columns, tuple(rows), last)
