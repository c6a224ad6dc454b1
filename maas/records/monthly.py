"""The monthly report (月報): the figures of a period, and its rides by whatever they differ in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from maas.records.closing import loose
from maas.records.costs import cost_of, sources
from maas.records.facts import Facts
from maas.records.report import Amount, Cell, Column, Kind, Table
from maas.records.tallies import grouped, own, percentile, share, summed, table_by
from maas.records.words import (
    AGES,
    CHANNELS,
    OLDEST,
    PURPOSES,
    UNKNOWN,
    WEEKDAYS,
    age_words,
)


class Figure(NamedTuple):
    """One figure of a period with how it is counted."""

    name: str
    label: str
    value: float | None
    kind: Kind
    unit: str
    means: str = ""


def figures(facts: Facts) -> Iterator[Figure]:
    """Yield the figures of a period in the order they are printed."""
    yield from _ridden(facts)
    yield from _asked(facts)
    yield from _driven(facts)
    yield from _kept(facts)
    yield from _money(facts)


def _ridden(facts: Facts) -> Iterator[Figure]:
    rides = facts.entries.rides
    total = summed(rides)
    days = {ride.service_date for ride in own(rides)}
    members = {ride.member_id for ride in own(rides) if ride.member_id is not None}
    span = facts.span
    fresh = [m for m in members if span.first <= facts.first_ridden[m] <= span.last]
    shared = sum(ride.sign * ride.shared for ride in rides)
    yield Figure("days", "利用のあった日数", len(days), "count", "日")
    yield Figure("rides", "乗車件数", total.rides, "count", "件", "予約1件の乗車を1件と数える")
    yield Figure("riders", "利用者数(延べ)", total.riders, "count", "人")
    yield Figure("members", "実利用者数", len(members), "count", "人", "乗車した会員(同じ人は1人)")
    yield Figure("new_members", "初めて利用した会員", len(fresh), "count", "人")
    per_day = share(total.riders, len(days))
    yield Figure("riders_a_day", "1日当たり利用者数", per_day, "number", "人/日")
    yield Figure(
        "shared_rides", "相乗りの件数", shared, "count", "件", "一瞬でも他の組と乗り合わせた乗車"
    )
    yield Figure(
        "sharing_rate", "相乗り率", share(shared, total.rides), "share", "", "相乗りの件数÷乗車件数"
    )


def _asked(facts: Facts) -> Iterator[Figure]:
    ended = Counter[str]()
    for each in facts.entries.outcomes:
        ended[each.state] += each.sign
    refused = sum(not each.declined for each in facts.entries.refusals)
    declined = len(facts.entries.refusals) - refused
    rides = summed(facts.entries.rides).rides
    asks = rides + ended["cancelled"] + ended["no_show"] + refused
    yield Figure("cancelled", "取消", ended["cancelled"], "count", "件")
    yield Figure("no_show", "無断キャンセル(不在)", ended["no_show"], "count", "件")
    yield Figure(
        "refused", "断り", refused, "count", "件", "空きや規則のため予約できないと答えた回数"
    )
    yield Figure(
        "declined",
        "お客さまの辞退",
        declined,
        "count",
        "件",
        "提案した時刻が合わず予約しなかった回数",
    )
    yield Figure(
        "refusal_rate", "断り率", share(refused, asks), "share", "", "断り÷(乗車+取消+不在+断り)"
    )


def _driven(facts: Facts) -> Iterator[Figure]:
    days, total = facts.entries.vehicle_days, summed(facts.entries.rides)
    metres = sum(each.sign * each.distance_m for each in days)
    loaded = sum(each.sign * each.loaded_m for each in days)
    duty_s = sum(each.sign * each.duty_s for each in days)
    yield Figure("vehicle_days", "延べ運行車両数", sum(each.sign for each in days), "count", "台日")
    yield Figure("duty", "運行時間", duty_s, "hours", "時間", "休憩を除く")
    yield Figure("vehicle_km", "総走行キロ", metres, "km", "km")
    yield Figure("loaded_km", "実車キロ", loaded, "km", "km", "お客さまが乗っている走行")
    yield Figure("empty_km", "空車キロ", metres - loaded, "km", "km", "回送・迎車を含む")
    yield Figure("loaded_rate", "実車率", share(loaded, metres), "share", "", "実車キロ÷総走行キロ")
    yield Figure(
        "ride_km", "乗車キロの合計", total.distance_m, "km", "km", "1件ずつの乗車距離の合計"
    )
    per_hour = share(total.riders * 3600, duty_s)
    yield Figure("riders_an_hour", "1台1時間当たり利用者数", per_hour, "number", "人")
    load = share(_rider_metres(facts), loaded)
    yield Figure("load", "平均乗車密度", load, "number", "人", "人キロ÷実車キロ")


def _rider_metres(facts: Facts) -> int:
    return sum(ride.sign * ride.riders * ride.distance_m for ride in facts.entries.rides)


def _kept(facts: Facts) -> Iterator[Figure]:
    rides = own(facts.entries.rides)
    waits, lates = [ride.wait_s for ride in rides], [ride.late_s for ride in rides]
    kept = sum(late <= 0 for late in lates)
    means = "お約束の時間帯のはじめから乗車まで"
    yield Figure("wait_p50", "待ち時間(中央値)", percentile(waits, 50), "minutes", "分", means)
    yield Figure(
        "wait_p90", "待ち時間(90%の人がこれ以内)", percentile(waits, 90), "minutes", "分", means
    )
    late = "最後にお伝えした約束からの遅れ(迎えと到着の悪い方。早着は負。降りる時間は含まない)"
    yield Figure("late_p90", "遅れ(90%がこれ以内)", percentile(lates, 90), "minutes", "分", late)
    yield Figure(
        "on_time", "定時率", share(kept, len(rides)), "share", "", "約束どおりの乗車÷乗車件数"
    )
    detour = [
        100 * (r.dropped_off_s - r.picked_up_s) // r.direct_s for r in rides if r.direct_s > 0
    ]
    middle = percentile(detour, 50)
    ratio = None if middle is None else middle / 100
    yield Figure(
        "detour", "乗車時間の直行比(中央値)", ratio, "number", "倍", "乗車時間÷直行の運転時間"
    )


def fares_yen(facts: Facts) -> int:
    """Return what the period took in fares, with what was put right."""
    other = sum(each.yen for each in facts.entries.takings if loose(each))
    return summed(facts.entries.rides).fare_yen + other


def _money(facts: Facts) -> Iterator[Figure]:
    fares, riders = fares_yen(facts), summed(facts.entries.rides).riders
    cost, _ = cost_of(facts)
    burden = None if cost is None else cost - fares
    yield Figure("fares", "運賃収入", fares, "yen", "円")
    yield Figure("cost", "経費", cost, "yen", "円", "町の数値による(注を参照)")
    rate = None if cost is None else share(fares, cost)
    yield Figure("cost_recovery", "収支率", rate, "share", "", "運賃収入÷経費")
    each = None if burden is None else share(burden, riders)
    yield Figure("burden", "1人当たり行政負担額", each, "yen", "円/人", "(経費−運賃収入)÷利用者数")


def monthly(facts: Facts) -> tuple[Table, ...]:
    """Return the tables of the monthly report."""
    rides = facts.entries.rides
    return (
        figures_table(facts),
        table_by(
            "時間帯別(乗車した時刻)", Column("時間帯", "hour"), rides,
            lambda ride: ride.picked_up_s // 3600, words=lambda hour: f"{hour}時台",
        ),
        table_by(
            "曜日別", Column("曜日", "weekday"), rides, lambda ride: ride.service_date.weekday(),
            range(7), lambda day: WEEKDAYS[day],
        ),
        table_by(
            "地区別(乗車した場所の大字)", Column("地区", "area"), rides,
            lambda ride: facts.spot(ride.origin_id).oaza,
        ),
        table_by(
            "年齢別", Column("年齢", "age"), rides,
            lambda ride: age_words(ride.birth_year, ride.service_date.year),
            [words for _, words in AGES] + [OLDEST, UNKNOWN],
            notes=(
                "その年に達する年齢。会員でない方と生年のわからない方は「不明」。",
                "同行の方は予約した会員の年齢に数える。",
            ),
        ),
        table_by(
            "目的別", Column("目的", "purpose"), rides, facts.purpose, PURPOSES,
            lambda purpose: PURPOSES[purpose],
            ("行き先の施設の種類から。帰りの乗車は出発した施設の種類から。",),
        ),
        table_by(
            "受付方法別", Column("受付", "channel"), rides, lambda ride: ride.channel, CHANNELS,
            lambda channel: CHANNELS.get(channel, channel),
        ),
        _days(facts),
    )  # fmt: skip


def figures_table(facts: Facts) -> Table:
    """Return the figures of a period as a table."""
    columns = (
        Column("項目", "figure"), Column("数値", "value"), Column("単位", "unit"),
        Column("数え方", "means"),
    )  # fmt: skip
    rows = tuple((f.label, Amount(f.value, f.kind), f.unit, f.means) for f in figures(facts))
    _, used = cost_of(facts)
    return Table("主な数値", columns, rows, notes=sources(used))


def _days(facts: Facts) -> Table:
    rides = facts.entries.rides
    columns = (
        Column("日付", "date"), Column("曜日", "weekday"), Column("乗車件数(件)", "rides", "count"),
        Column("利用者数(人)", "riders", "count"), Column("運賃(円)", "fare_yen", "yen"),
        Column("乗車キロ(km)", "ride_km", "km"),
    )  # fmt: skip
    sums = grouped(rides, lambda ride: ride.dated)
    rows: list[tuple[Cell, ...]] = [
        (day.isoformat(), WEEKDAYS[day.weekday()], *sums[day]) for day in sorted(sums)
    ]
    return Table("日別", columns, tuple(rows), ("合計", "", *summed(rides)))
