"""The day sheet of a vehicle on paper: what to drive if every screen is dark, and room to write.

Whatever is written by hand on it can be entered afterwards: each free line has a number of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from maas.paper import A4_ACROSS, Column, Document, Page, Table

LEFT_MM: Final = 10.0
TOP_MM: Final = 10.0
UNTIL_MM: Final = 200.0
FREE_LINES: Final = 8
HAND_MM: Final = 120.0
"""Room for the records and the free lines on one page."""

_STOPS: Final = Table(
    (
        Column("予定", 14, "centre"), Column("乗降", 11, "centre"), Column("受付", 14, "centre"),
        Column("お名前", 38), Column("電話", 32), Column("場所", 58), Column("人数", 17),
        Column("お約束", 26, "centre"), Column("備考", 45), Column("実際の時刻", 22),
    ),
    size_pt=8.5,
)  # fmt: skip
_FREE: Final = Table(
    (
        Column("番号", 24, "centre"), Column("お名前・電話", 60), Column("乗る場所", 46),
        Column("降りる場所", 46), Column("人数", 14), Column("お約束", 24), Column("乗車", 20),
        Column("降車", 20), Column("運賃", 23),
    ),
    size_pt=8.5,
    row_mm=8.5,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SheetStop:
    """One stop still to be driven, as words."""

    planned: str
    kind: str
    reference: str
    rider: str
    phone: str
    place: str
    party: str
    promised: str
    remarks: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a driver needs of a day, as words; `lines` are the numbers of the free lines."""

    title: str
    day: str
    made: str
    vehicle: str
    plate: str
    operator: str
    driver: str
    phone: str
    summary: str
    stops: Sequence[SheetStop]
    lines: Sequence[str]


def draw(sheets: Iterable[Sheet]) -> bytes:
    """Return a PDF file with the day sheets of some vehicles, each beginning on a page of its own.

    Raises `ValueError` when there are none.
    """
    document = Document(A4_ACROSS, title="運行表")
    for sheet in sheets:
        _Drawn(document, sheet).draw()
    return document.data()


class _Drawn:
    """One sheet on its way onto pages."""

    def __init__(self, document: Document, sheet: Sheet) -> None:
        self._document = document
        self._sheet = sheet
        self._number = 0

    def draw(self) -> None:
        page, y_mm = self._next_page()
        y_mm = self._head(page, y_mm)
        rows = [_row(stop) for stop in self._sheet.stops]
        page, y_mm = _STOPS.draw(
            page, (LEFT_MM, y_mm), rows, until_mm=UNTIL_MM, more=self._next_page
        )
        if not rows:
            y_mm = page.text(LEFT_MM, y_mm + 2, "予約はありません。", size_pt=10)
        self._by_hand(page, y_mm + 5)

    def _next_page(self) -> tuple[Page, float]:
        """Begin a page with a line that says whose it is, should the sheets get mixed up."""
        page, sheet = self._document.page(), self._sheet
        self._number += 1
        page.text(LEFT_MM, TOP_MM, f"{sheet.day}  {sheet.vehicle}  {sheet.plate}", size_pt=11)
        right_mm = A4_ACROSS.width_mm - LEFT_MM
        made = f"{sheet.made}現在  {self._number}枚目"
        return page, page.text(right_mm, TOP_MM, made, size_pt=9, align="right") + 2

    def _head(self, page: Page, y_mm: float) -> float:
        sheet = self._sheet
        page.text(LEFT_MM, y_mm, sheet.title, size_pt=16)
        right_mm = A4_ACROSS.width_mm - LEFT_MM
        who = f"{sheet.operator}  運転者 {sheet.driver or '__________'}  営業所 {sheet.phone}"
        page.text(right_mm, y_mm + 1, who, size_pt=10, align="right")
        y_mm += 9
        return page.text(LEFT_MM, y_mm, sheet.summary, size_pt=9) + 1

    def _by_hand(self, page: Page, y_mm: float) -> None:
        """Leave room for what happens without screens: the records, and bookings by telephone."""
        if y_mm + HAND_MM > UNTIL_MM:
            page, y_mm = self._next_page()
        for line in _RECORDS:
            y_mm = page.text(LEFT_MM, y_mm, line, size_pt=9) + 2
        y_mm = page.text(LEFT_MM, y_mm + 1, "紙で受けた予約(あとで番号ごと入力)", size_pt=9)
        blank = [(line, *[""] * 8) for line in self._sheet.lines]
        _FREE.draw(page, (LEFT_MM, y_mm), blank, until_mm=UNTIL_MM, more=self._next_page)


_WHEN, _WORD, _LONG = "___:___", "_" * 12, "_" * 24
_CALLED = f"時刻{_WHEN} 執行者{_WORD} 方法 対面・IT・電話({_WORD}) 検知器 有・無 ______mg/L"
_RECORDS: Final = (
    f"点呼(前) {_CALLED}",
    f"酒気 無・有  疾病・疲労・睡眠不足 無・有  日常点検 良・否  乗務 可・不可  指示{_LONG}",
    f"点呼(後) {_CALLED}",
    f"酒気 無・有  車両・道路・運行の状況{_LONG}{_WORD}  交替への連絡{_LONG}",
    f"出庫 {_WHEN} {_WORD}km  入庫 {_WHEN} {_WORD}km  休憩 {_WHEN}から{_WHEN}  事故・異常{_LONG}",
)


def _row(stop: SheetStop) -> tuple[str, ...]:
    return (
        stop.planned, stop.kind, stop.reference, stop.rider, stop.phone, stop.place, stop.party,
        stop.promised, stop.remarks, "",
    )  # fmt: skip
