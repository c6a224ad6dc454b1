"""What vehicles' days cost and use, by the dated figures of the town; nothing is built in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from maas.records.facts import Facts
from maas.store.entries import VehicleDay
from maas.town.figures import UNITS, Figure, figure_on

NOT_GIVEN: Final = "町の数値が未設定のため計算していません"


@dataclass(frozen=True, slots=True)
class Used:
    """What some vehicles' days used; `None` where no figure was given.

    `figures` are those it was worked out with.
    """

    litres: float | None
    kwh: float | None
    co2_kg: float | None
    figures: tuple[Figure, ...]


def cost_of(facts: Facts) -> tuple[int | None, tuple[Figure, ...]]:
    """Return what the span cost in yen: hours, kilometres and months, each rounded once.

    `None` when the town has given no cost at all.
    """
    parts: list[int] = []
    used: dict[str, Figure] = {}
    for each in facts.entries.vehicle_days:
        profile = _profile(facts, each)
        for name, amount in (
            ("vehicle_hour_yen", Fraction(each.duty_s, 3600)),
            ("vehicle_km_yen", Fraction(each.distance_m, 1000)),
        ):
            figure = figure_on(facts.figures, name, each.dated, profile)
            if figure is not None:
                used[figure.id] = figure
                parts.append(each.sign * _yen(amount * Fraction(str(figure.value))))
    for month in facts.months:
        day = facts.span.first.fromisoformat(f"{month}-01")
        figure = figure_on(facts.figures, "month_yen", day)
        if figure is not None:
            used[figure.id] = figure
            parts.append(_yen(Fraction(str(figure.value))))
    return (sum(parts) if used else None), tuple(used.values())


def _yen(amount: Fraction) -> int:
    """Return whole yen, the half up."""
    return int(amount + Fraction(1, 2))


def used_by(facts: Facts, days: Sequence[VehicleDay]) -> Used:
    """Return what some vehicles' days used: as measured, else by the figures of the town."""
    litres, kwh, co2_g = _Sum(), _Sum(), _Sum()
    used: dict[str, Figure] = {}
    for each in days:
        for total, rate_name, factor_name in (
            (litres, "litre_100km", "co2_g_litre"),
            (kwh, "kwh_100km", "co2_g_kwh"),
        ):
            rate = figure_on(facts.figures, rate_name, each.dated, _profile(facts, each))
            amount = _amount(each, rate)
            factor = figure_on(facts.figures, factor_name, each.dated)
            if amount is not None:
                total.add(each.sign * amount)
                used |= {figure.id: figure for figure in (rate, factor) if figure is not None}
            if amount is not None and factor is not None:
                co2_g.add(each.sign * amount * factor.value)
    grams = co2_g.value
    kilograms = None if grams is None else grams / 1000
    return Used(litres.value, kwh.value, kilograms, tuple(used.values()))


def _amount(day: VehicleDay, rate: Figure | None) -> float | None:
    """Return litres or kilowatt hours; what was measured is electricity."""
    if rate is None:
        return None
    if rate.figure == "kwh_100km" and day.energy_wh is not None:
        return day.energy_wh / 1000
    return day.distance_m / 100_000 * rate.value


class _Sum:
    """A sum that knows whether anything was added."""

    value: float | None = None

    def add(self, amount: float) -> None:
        self.value = (self.value or 0.0) + amount


def _profile(facts: Facts, day: VehicleDay) -> str:
    vehicle = facts.vehicles.get(day.vehicle_id)
    return "" if vehicle is None else vehicle.profile


def sources(figures: Iterable[Figure]) -> tuple[str, ...]:
    """Return what was counted with as notes: each figure, its source, whether it is assumed."""
    unique = {figure.id: figure for figure in figures}
    return tuple(
        f"{_FIGURE_WORDS[each.figure]} {each.value:,g}{UNITS[each.figure]}"
        f"({each.valid_from}から。出典:{each.source}{'。仮の値' if each.assumed else ''})"
        for _, each in sorted(unique.items())
    )


_FIGURE_WORDS: Final = {
    "vehicle_hour_yen": "車両1台1時間の費用",
    "vehicle_km_yen": "車両1台1kmの費用",
    "month_yen": "月ごとの固定費",
    "litre_100km": "燃料の消費",
    "kwh_100km": "電気の消費",
    "co2_g_litre": "燃料の排出係数",
    "co2_g_kwh": "電気の排出係数",
}
