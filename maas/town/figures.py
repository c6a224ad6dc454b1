"""What things cost and use, as the town gives them: dated, with where each figure is from.

No figure is built in: a report that needs one nobody gave leaves the cell empty and says which.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from maas.town.dated import Dated, Text1

FigureName = Literal[
    "vehicle_hour_yen", "vehicle_km_yen", "month_yen", "litre_100km", "kwh_100km",
    "co2_g_litre", "co2_g_kwh",
]  # fmt: skip
FIGURES: Final[tuple[str, ...]] = get_args(FigureName)
UNITS: Final = MappingProxyType(
    {
        "vehicle_hour_yen": "円/時間", "vehicle_km_yen": "円/km", "month_yen": "円/月",
        "litre_100km": "L/100km", "kwh_100km": "kWh/100km", "co2_g_litre": "g-CO2/L",
        "co2_g_kwh": "g-CO2/kWh",
    }
)  # fmt: skip


class Figure(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure from a day on; `of` is the vehicle profile it is for, every one when empty.

    `id` tells it from others; `source` says who gave it, as printed in reports.
    """

    id: Text1
    figure: FigureName
    value: Annotated[float, Meta(ge=0, le=1e12)]
    source: Text1
    of: str = ""

    @property
    def assumed(self) -> bool:
        """Whether nobody has confirmed it."""
        return bool(self.assumption)


def figure_on(figures: Iterable[Figure], name: str, day: date, of: str = "") -> Figure | None:
    """Return the figure in force on a day: one for just this profile before one for every."""
    held = [f for f in figures if f.figure == name and f.holds_on(day) and f.of in {"", of}]
    return max(held, key=lambda f: (f.of == of, f.valid_from, f.id), default=None)
