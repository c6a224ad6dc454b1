"""A report as an Excel workbook: a sheet for each table, ready to print on A4."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from math import ceil
from typing import TYPE_CHECKING, Any, Final
from unicodedata import east_asian_width

from maas.records.report import Cell, Column, Kind, Report, Table, plain, said

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

_FORMATS: Final[dict[Kind, str]] = {
    "count": "#,##0", "yen": "#,##0", "km": "#,##0.0", "share": "0.0%", "minutes": "#,##0.0",
    "hours": "#,##0.0", "number": "#,##0.0", "text": "@",
}  # fmt: skip
FONT: Final = {"font_name": "游ゴシック", "font_size": 10.5, "valign": "vcenter"}
HEAD_ROW: Final = 3
"""The title, the period and an empty line stand above the head."""
WIDEST: Final = 36
LINE_PT: Final = 16
ACROSS: Final = 7
"""With more columns than this the sheet is printed across."""


def as_xlsx(report: Report) -> bytes:
    """Return the workbook; equal reports make equal bytes."""
    from xlsxwriter import Workbook  # heavy for what a server seldom does

    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True})
    book.set_properties({"title": report.title, "created": datetime(2000, 1, 1, tzinfo=UTC)})
    names: set[str] = set()
    for table in report.tables:
        _Sheet(book, report, table, _sheet_name(table.title, names)).write()
    book.close()
    return out.getvalue()


def _sheet_name(title: str, taken: set[str]) -> str:
    """Return a name that Excel takes: at most 31 letters, none it forbids, no other sheet's."""
    name = re.sub(r"[\[\]:*?/\\]", " ", title)[:28]
    while name in taken:
        name += "'"
    taken.add(name)
    return name


class _Sheet:
    """One table on its way onto a sheet."""

    def __init__(self, book: Workbook, report: Report, table: Table, name: str) -> None:
        self._book, self._report, self._table = book, report, table
        self._sheet: Worksheet = book.add_worksheet(name)
        self._made: dict[tuple[str, bool, bool], Any] = {}
        columns = enumerate(table.columns)
        self._widths = [self._width(index, column) for index, column in columns]

    def write(self) -> None:
        self._head()
        last = HEAD_ROW
        for row in self._table.rows:
            last += 1
            self._row(last, row, total=False)
        if self._table.total is not None:
            last += 1
            self._row(last, self._table.total, total=True)
        note = self._book.add_format(FONT | {"font_size": 9})
        for text in (*self._table.notes, *self._report.notes):
            last += 1
            self._sheet.write_string(last, 0, f"注: {text}", note)
        self._print(last)

    def _head(self) -> None:
        report, sheet = self._report, self._sheet
        big = self._book.add_format(FONT | {"font_size": 14, "bold": True})
        small = self._book.add_format(FONT)
        head = self._book.add_format(
            FONT
            | {"bold": True, "bg_color": "#E8E8E8", "border": 1, "text_wrap": True}
            | {"align": "center"}
        )
        titles = dict.fromkeys((report.title, self._table.title))
        sheet.write_string(0, 0, " ".join(titles), big)
        about = f"{report.town} {report.period} 【{report.state}】 {report.made}作成"
        sheet.write_string(1, 0, about, small)
        for index, column in enumerate(self._table.columns):
            sheet.write_string(HEAD_ROW, index, column.head, head)
            sheet.set_column(index, index, self._widths[index])
        self._heighten(HEAD_ROW, [column.head for column in self._table.columns])

    def _heighten(self, at: int, texts: Iterable[str]) -> None:
        """Give a row the lines that its texts are wrapped to; not every program does so itself."""
        pairs = zip(texts, self._widths, strict=True)
        lines = max(_lines(_letters(text), width) for text, width in pairs)
        if lines > 1 or at == HEAD_ROW:
            self._sheet.set_row(at, LINE_PT * max(1, lines))

    def _row(self, at: int, row: tuple[Cell, ...], *, total: bool) -> None:
        for index, (cell, column) in enumerate(zip(row, self._table.columns, strict=True)):
            value, kind = plain(cell, column.kind)
            how = self._format(kind, text=isinstance(value, str), total=total)
            if value is None:
                self._sheet.write_blank(at, index, None, how)
            elif isinstance(value, str):
                self._sheet.write_string(at, index, value, how)
            else:
                self._sheet.write_number(at, index, value, how)
        self._heighten(at, [cell if isinstance(cell, str) else "" for cell in row])

    def _format(self, kind: Kind, *, text: bool, total: bool) -> Any:  # noqa: ANN401 -- untyped
        key = kind, text, total
        if key not in self._made:
            look = FONT | {"border": 1, "num_format": "@" if text else _FORMATS[kind]}
            look |= {"text_wrap": True} if text else {}
            look |= {"align": "right"} if text and kind != "text" else {"indent": 1 if text else 0}
            look |= {"bold": True, "top": 2} if total else {}
            self._made[key] = self._book.add_format(look)
        return self._made[key]

    def _width(self, index: int, column: Column) -> float:
        rows = [*self._table.rows, *([self._table.total] if self._table.total else [])]
        widest = max((_letters(said(row[index], column.kind)) for row in rows), default=0)
        return min(WIDEST, max(widest, min(_letters(column.head), 12)) + 2)

    def _print(self, last: int) -> None:
        sheet = self._sheet
        sheet.set_paper(9)  # A4
        if len(self._table.columns) > ACROSS:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEAD_ROW)
        sheet.freeze_panes(HEAD_ROW + 1, 1)
        sheet.print_area(0, 0, last, len(self._table.columns) - 1)
        sheet.set_footer("&L&A&R&P / &N")


def _lines(letters: int, width: float) -> int:
    """Return the lines of a text in a column: its width has room for two letters more."""
    return ceil(letters * 1.1 / width) if letters > width - 2 else 1


def _letters(text: str) -> int:
    """Return how wide a text is in letters of the Latin alphabet."""
    return sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in text)
