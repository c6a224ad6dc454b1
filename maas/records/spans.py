"""The periods reports are of: a month, a year from April, a subsidy year from October."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Calendar = Literal["month", "april", "october"]
"""`april` is the fiscal year (年度), `october` the subsidy year (補助年度)."""
REIWA: Final = 2018
"""令和1年 was 2019."""


@dataclass(frozen=True, slots=True)
class Span:
    """Whole months from the first to the last day, and what the period is called."""

    first: date
    last: date
    title: str

    @property
    def months(self) -> tuple[str, ...]:
        """Its months, like 2026-11."""
        begin, end = (day.year * 12 + day.month - 1 for day in (self.first, self.last))
        return tuple(f"{n // 12}-{n % 12 + 1:02d}" for n in range(begin, end + 1))


def span_of(month: str, calendar: Calendar = "month") -> Span:
    """Return the month, or the year of a calendar that a month like 2026-11 is in.

    >>> span_of("2026-11").title, span_of("2026-11", "april").title
    ('2026年11月(令和8年11月)', '令和8年度(2026年4月から2027年3月まで)')
    >>> span_of("2026-11", "october").title
    '令和9年度の補助年度(2026年10月から2027年9月まで)'
    """
    year, number = (int(part) for part in month.split("-"))
    if calendar == "month":
        title = f"{year}年{number}月(令和{year - REIWA}年{number}月)"
        return Span(date(year, number, 1), date(year, number, monthrange(year, number)[1]), title)
    begins = 4 if calendar == "april" else 10
    start = year if number >= begins else year - 1
    first, last = date(start, begins, 1), _end(start + 1, begins - 1)
    months = f"({start}年{begins}月から{start + 1}年{begins - 1}月まで)"
    if calendar == "april":
        return Span(first, last, f"令和{start - REIWA}年度{months}")
    return Span(first, last, f"令和{start + 1 - REIWA}年度の補助年度{months}")


def _end(year: int, number: int) -> date:
    return date(year, number, monthrange(year, number)[1])
