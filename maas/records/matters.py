"""Reports of one matter each: origins and destinations, refusals, waiting, vehicles, money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from maas.records.costs import NOT_GIVEN, cost_of, sources, used_by
from maas.records.facts import Facts
from maas.records.monthly import fares_yen
from maas.records.report import Amount, Cell, Column, Table
from maas.records.tallies import grouped, own, percentile, share, summed
from maas.records.words import KINDS, REASONS, WEEKDAYS
from maas.store.entries import Refusal, Ride, VehicleDay

FEW: Final = 5
"""Fewer rides than this between two places are not told: they may be one person's."""
FEW_WORDS: Final = "＜5"
MOST_COLUMNS: Final = 15
OTHERS: Final = "その他"


def origins_and_destinations(facts: Facts) -> tuple[Table, ...]:
    """Return who rides from which hamlet to which; a page is too narrow for every hamlet."""
    rides = facts.entries.rides
    ends = grouped(rides, lambda r: facts.spot(r.destination_id).oaza)
    busiest = sorted(ends, key=lambda oaza: (-ends[oaza].riders, oaza))
    own = set(busiest if len(busiest) <= MOST_COLUMNS else busiest[: MOST_COLUMNS - 1])

    def column_of(ride: Ride) -> str:
        oaza = facts.spot(ride.destination_id).oaza
        return oaza if oaza in own else OTHERS

    pairs = grouped(rides, lambda r: (facts.spot(r.origin_id).oaza, column_of(r)))
    sums = grouped(rides, column_of)
    tos = [oaza for oaza in (*busiest, OTHERS) if oaza in sums]
    head = (Column("乗車地＼降車地", "origin"), *(Column(to, to, "count") for to in tos))
    rows: list[tuple[Cell, ...]] = []
    for origin in sorted({origin for origin, _ in pairs}):
        counts = [pairs[origin, to].riders if (origin, to) in pairs else 0 for to in tos]
        rows.append((origin, *map(_few, counts), sum(counts)))
    total: tuple[Cell, ...] = ("合計", *(sums[to].riders for to in tos), summed(rides).riders)
    notes = (f"単位は人。{FEW}人未満の組は「{FEW_WORDS}」(合計には含む)。",)
    matrix = Table(
        "大字間の利用者数(OD表)",
        (*head, Column("合計", "total", "count")),
        tuple(rows),
        total,
        notes,
    )
    return matrix, _long(facts)


def _few(count: int) -> Cell:
    return FEW_WORDS if 0 < count < FEW else count


def _long(facts: Facts) -> Table:
    """Return the pairs one below the other, the busiest first."""
    rides = facts.entries.rides
    pairs = grouped(
        rides, lambda r: (facts.spot(r.origin_id).oaza, facts.spot(r.destination_id).oaza)
    )
    columns = (
        Column("乗車地", "origin"), Column("降車地", "destination"),
        Column("乗車件数(件)", "rides", "count"), Column("利用者数(人)", "riders", "count"),
    )  # fmt: skip
    busiest = sorted(pairs.items(), key=lambda pair: (-pair[1].riders, pair[0]))
    rows = tuple((*ends, _few(sums.rides), _few(sums.riders)) for ends, sums in busiest)
    total = summed(rides)
    return Table("多い順", columns, rows, ("合計", "", total.rides, total.riders))


def refusals(facts: Facts) -> tuple[Table, ...]:
    """Return what was refused or declined, by reason, hour and weekday."""
    said = facts.entries.refusals
    return (
        _counted("理由別", Column("理由", "reason"), said, _reason),
        _counted("希望した時間帯別", Column("時間帯", "hour"), said, _hour, sorted),
        _counted(
            "曜日別", Column("曜日", "weekday"), said, lambda r: r.dated.weekday(), sorted,
            lambda day: WEEKDAYS[day],
        ),
    )  # fmt: skip


def _reason(refusal: Refusal) -> str:
    return REASONS.get(refusal.reason, refusal.reason)


def _hour(refusal: Refusal) -> str:
    time_s = refusal.ask.get("time")
    return "すぐに" if time_s is None else f"{int(time_s) // 3600:02d}時台"


def _counted(
    title: str, head: Column, said: Sequence[Refusal], key: Callable[[Refusal], Any],
    order: Callable[[Iterable[Any]], list[Any]] | None = None, words: Callable[[Any], str] = str,
) -> Table:  # fmt: skip
    town = Counter(key(r) for r in said if not r.declined)
    other = Counter(key(r) for r in said if not r.declined and r.alternatives)
    caller = Counter(key(r) for r in said if r.declined)
    keys = {*town, *caller}
    listed = order(keys) if order else sorted(keys, key=lambda k: (-town[k], -caller[k], str(k)))
    columns = (
        head, Column("断り(件)", "refused", "count"),
        Column("うち別の時刻を提案(件)", "with_other_offers", "count"),
        Column("お客さまの辞退(件)", "declined", "count"),
    )  # fmt: skip
    rows = tuple((words(k), town[k], other[k], caller[k]) for k in listed)
    return Table(title, columns, rows, ("合計", town.total(), other.total(), caller.total()))


MINUTES: Final = (5, 10, 15, 20, 30)


def times(facts: Facts) -> tuple[Table, ...]:
    """Return how long riders waited, and how late they were fetched or brought."""
    rides = own(facts.entries.rides)
    return (
        _spread("待ち時間", "wait", [ride.wait_s for ride in rides],
                "お約束の時間帯のはじめから、乗車までの時間。"),
        _spread("遅れ", "late", [ride.late_s for ride in rides],
                "最後にお伝えした約束に、迎えか到着が遅れた時間(悪い方)。降りる時間は含まない。"),
        _middles([("待ち時間", [ride.wait_s for ride in rides]),
                  ("遅れ(早着は負)", [ride.late_s for ride in rides]),
                  ("乗車時間", [ride.dropped_off_s - ride.picked_up_s for ride in rides])]),
    )  # fmt: skip


def _spread(title: str, name: str, values_s: Sequence[int], note: str) -> Table:
    counts = Counter(_band(value) for value in values_s)
    bands = ["約束どおり(0分以下)", *(f"{m}分以内" for m in MINUTES), f"{MINUTES[-1]}分を超える"]
    columns = (
        Column(title, name), Column("乗車件数(件)", "rides", "count"),
        Column("構成比", "share", "share"), Column("ここまでの割合", "share_so_far", "share"),
    )  # fmt: skip
    rows, so_far, total = [], 0, len(values_s)
    for band, words in enumerate(bands):
        so_far += counts[band]
        rows.append((words, counts[band], share(counts[band], total), share(so_far, total)))
    late = "あとから確定後に直された乗車は含まない。"
    whole = share(total, total)
    return Table(
        f"{title}の分布", columns, tuple(rows), ("合計", total, whole, whole), (note + late,)
    )


def _band(value_s: int) -> int:
    if value_s <= 0:
        return 0
    return next((i for i, m in enumerate(MINUTES, 1) if value_s <= 60 * m), len(MINUTES) + 1)


def _middles(measured: Sequence[tuple[str, Sequence[int]]]) -> Table:
    percents = (50, 90, 95)
    columns = (
        Column("項目", "what"),
        *(Column(f"{p}%の乗車がこれ以内(分)", f"p{p}", "minutes") for p in percents),
        Column("いちばん長い(分)", "longest", "minutes"),
    )
    rows = tuple(
        (title, *(percentile(values, p) for p in percents), max(values, default=None))
        for title, values in measured
    )
    return Table("まとめ", columns, rows)


_DRIVEN: Final = (
    Column("運行日数(台日)", "days", "count"), Column("運行時間(時間)", "duty_hours", "hours"),
    Column("総走行(km)", "km", "km"), Column("実車(km)", "loaded_km", "km"),
    Column("空車(km)", "empty_km", "km"), Column("実車率", "loaded_rate", "share"),
    Column("乗車件数(件)", "rides", "count"), Column("利用者数(人)", "riders", "count"),
    Column("1時間当たり(人)", "riders_an_hour", "number"), Column("燃料(L)", "litres", "number"),
    Column("電気(kWh)", "kwh", "number"), Column("CO2(kg)", "co2_kg", "number"),
)  # fmt: skip


def vehicles(facts: Facts) -> tuple[Table, ...]:
    """Return how far each vehicle went, with whom, and what it used."""
    days, sums = facts.entries.vehicle_days, grouped(facts.entries.rides, lambda r: r.vehicle_id)
    ids = sorted({each.vehicle_id for each in days} | set(sums))
    columns = (Column("車両", "vehicle"), Column("種類", "kind"), *_DRIVEN)
    rows = []
    for id_ in ids:
        row, its = facts.vehicles.get(id_), [each for each in days if each.vehicle_id == id_]
        names = (id_, "") if row is None else (row.name, KINDS.get(row.kind, row.kind))
        riders = (sums[id_].rides, sums[id_].riders) if id_ in sums else (0, 0)
        rows.append((*names, *_of_vehicle(facts, its, *riders)))
    total = summed(facts.entries.rides)
    last = ("合計", "", *_of_vehicle(facts, days, total.rides, total.riders))
    used = used_by(facts, days)
    notes = sources(used.figures) or (f"燃料・電気・CO2: {NOT_GIVEN}。",)
    return (Table("車両別の走行・燃料・CO2", columns, tuple(rows), last, notes),)


def _of_vehicle(
    facts: Facts, days: Sequence[VehicleDay], rides: int, riders: int
) -> tuple[Cell, ...]:
    metres = sum(each.sign * each.distance_m for each in days)
    loaded = sum(each.sign * each.loaded_m for each in days)
    duty_s = sum(each.sign * each.duty_s for each in days)
    used = used_by(facts, days)
    return (
        sum(each.sign for each in days), duty_s, metres, loaded, metres - loaded,
        share(loaded, metres), rides, riders, share(riders * 3600, duty_s), used.litres, used.kwh,
        used.co2_kg,
    )  # fmt: skip


def balance(facts: Facts) -> tuple[Table, ...]:
    """Return what was taken and what it cost (収支), and how fares were paid."""
    fares, total = fares_yen(facts), summed(facts.entries.rides)
    cost, used = cost_of(facts)
    burden = None if cost is None else cost - fares
    rate = None if cost is None else share(fares, cost)
    runs = len({(r.dated, r.vehicle_id) for r in own(facts.entries.rides)})
    columns = (
        Column("項目", "item"),
        Column("数値", "value"),
        Column("単位", "unit"),
        Column("計算", "means"),
    )
    rows: tuple[tuple[Cell, ...], ...] = (
        ("運賃収入", Amount(fares, "yen"), "円", "乗車ごとの運賃と、あとからの訂正"),
        ("経費", Amount(cost, "yen"), "円", "注の数値×運行時間・走行キロ・月数"),
        ("行政負担額", Amount(burden, "yen"), "円", "経費−運賃収入"),
        ("収支率", Amount(rate, "share"), "", "運賃収入÷経費"),
        ("利用者数", Amount(total.riders, "count"), "人", ""),
        ("1人当たり行政負担額", Amount(_each(burden, total.riders), "yen"), "円/人",
         "行政負担額÷利用者数"),
        ("1人当たり運賃", Amount(_each(fares, total.riders), "yen"), "円/人", "運賃収入÷利用者数"),
        ("1台日当たり利用者数", Amount(_each(total.riders, runs), "number"), "人",
         "利用者数÷乗車のあった台日"),
    )  # fmt: skip
    notes = sources(used) or (f"経費: {NOT_GIVEN}。",)
    return Table("収支", columns, rows, notes=notes), _paid(facts)


def _each(amount: float | None, of: int) -> float | None:
    return None if amount is None else share(amount, of)


def _paid(facts: Facts) -> Table:
    takings, fares = facts.entries.takings, fares_yen(facts)
    cash = sum(each.yen for each in takings if each.what == "cash")
    kinds = Counter[str]()
    for each in takings:
        if each.what == "voucher":
            kinds[each.kind] += each.yen
    columns = (Column("支払い", "paid_by"), Column("金額(円)", "yen", "yen"))
    rows = [("現金", cash), *((f"券・カード: {kind}", kinds[kind]) for kind in sorted(kinds))]
    rows.append(("未収(払いすぎは負)", fares - cash - kinds.total()))
    return Table("支払い方法別", columns, tuple(rows), ("運賃収入", fares))
