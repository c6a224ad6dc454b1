"""A report as values: tables of numbers with their kinds, whatever file they are written into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from maas.clock import local

Kind = Literal["text", "count", "yen", "km", "share", "minutes", "hours", "number"]
"""How a value is meant: `km` are metres, `minutes` and `hours` seconds, `share` a part of 1."""


class Amount(NamedTuple):
    """A number in a column of mixed ones; `None`: not known."""

    value: float | None
    kind: Kind


Cell = str | int | float | Amount | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what stands above it, what a program calls it, and how its values are meant."""

    head: str
    name: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `total` is the row of sums below it, `notes` say how it was counted."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A report of a period; `state` says whether its figures may still change.

    `notes` are what holds for all of it: sources, assumptions, that it was simulated.
    """

    name: str
    title: str
    town: str
    period: str
    state: str
    made: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = field(default=())


def plain(cell: Cell, kind: Kind) -> tuple[str | float | None, Kind]:
    """Return a cell as a number in the unit it is shown in (or as text), and its kind.

    >>> plain(12345, "km"), plain(Amount(90, "minutes"), "text"), plain(None, "yen")
    ((12.345, 'km'), (1.5, 'minutes'), (None, 'yen'))
    """
    value, kind = (cell.value, cell.kind) if isinstance(cell, Amount) else (cell, kind)
    if value is None or isinstance(value, str):
        return value, kind
    return value / _DIVISOR.get(kind, 1) if kind in _DIVISOR else value, kind


_DIVISOR: dict[Kind, int] = {"km": 1000, "minutes": 60, "hours": 3600}


def said(cell: Cell, kind: Kind) -> str:
    """Return a cell as it is printed; what is not known is a dash.

    >>> said(1234567, "yen"), said(0.1234, "share"), said(12345, "km"), said(None, "count")
    ('1,234,567', '12.3%', '12.3', '―')
    """
    value, kind = plain(cell, kind)
    if value is None:
        return "―"
    if isinstance(value, str):
        return value
    if kind == "share":
        return f"{value * 100:.1f}%"
    return f"{value:,.0f}" if kind in {"count", "yen", "text"} else f"{value:,.1f}"


def made_words(now: float, timezone: str) -> str:
    """Return when a report was made, as it is printed; `now` in epoch seconds."""
    return f"{local(now, timezone):%Y-%m-%d %H:%M}"
