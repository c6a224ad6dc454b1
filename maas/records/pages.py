"""A report on A4 pages as PDF."""

from __future__ import annotations

from typing import Final

from maas.paper import A4, A4_ACROSS, Column, Document, Page, Size
from maas.paper import Table as Drawn
from maas.paper.pdf import width_mm
from maas.records.report import Cell, Report, Table, plain, said

MARGIN_MM: Final = 12.0
ACROSS: Final = 7
"""With more columns than this in any table the pages lie across."""
NARROWEST_MM: Final = 13.0


def as_pdf(report: Report) -> bytes:
    """Return the report as a PDF file, the same bytes for the same report."""
    wide = any(len(table.columns) > ACROSS for table in report.tables)
    return _Pages(report, A4_ACROSS if wide else A4).data()


class _Pages:
    """A report on its way onto pages."""

    def __init__(self, report: Report, size: Size) -> None:
        self._report, self._size = report, size
        self._document = Document(size, title=f"{report.title} {report.period}")
        self._number = 0
        self._within_mm = size.width_mm - 2 * MARGIN_MM
        self._until_mm = size.height_mm - MARGIN_MM

    def data(self) -> bytes:
        page, y_mm = self._next()
        for note in self._report.notes:
            y_mm = page.paragraph(MARGIN_MM, y_mm, note, within_mm=self._within_mm, size_pt=9)
        for table in self._report.tables:
            page, y_mm = self._table(page, y_mm + 3, table)
        return self._document.data()

    def _next(self) -> tuple[Page, float]:
        page, report = self._document.page(), self._report
        self._number += 1
        right_mm = self._size.width_mm - MARGIN_MM
        about = f"{report.made}作成  {self._number}ページ"
        page.text(right_mm, MARGIN_MM, about, size_pt=8, align="right")
        y_mm = page.text(MARGIN_MM, MARGIN_MM, report.title, size_pt=14)
        line = f"{report.town}  {report.period}  【{report.state}】"
        return page, page.text(MARGIN_MM, y_mm, line, size_pt=10) + 2

    def _table(self, page: Page, y_mm: float, table: Table) -> tuple[Page, float]:
        if y_mm + 25 > self._until_mm:
            page, y_mm = self._next()
        y_mm = page.text(MARGIN_MM, y_mm, table.title, size_pt=11) + 1
        rows = [_said(table, row) for row in table.rows]
        rows += [_said(table, table.total)] if table.total is not None else []
        size_pt = 8.5 if len(table.columns) <= ACROSS else 7.0
        drawn = Drawn(_columns(table, rows, self._within_mm, size_pt), size_pt=size_pt, row_mm=5.5)
        page, y_mm = drawn.draw(
            page, (MARGIN_MM, y_mm), rows, until_mm=self._until_mm, more=self._next
        )
        for note in table.notes:
            if y_mm + 8 > self._until_mm:
                page, y_mm = self._next()
            text = f"注: {note}"
            y_mm = page.paragraph(MARGIN_MM, y_mm + 1, text, within_mm=self._within_mm, size_pt=8)
        return page, y_mm


def _said(table: Table, row: tuple[Cell, ...]) -> tuple[str, ...]:
    return tuple(said(cell, head.kind) for cell, head in zip(row, table.columns, strict=True))


def _columns(
    table: Table, rows: list[tuple[str, ...]], within_mm: float, size_pt: float
) -> list[Column]:
    """Return the columns, as wide as what is in them, together no wider than the page."""
    wide = [
        max([width_mm(head.head, size_pt) * 0.6, *(width_mm(row[i], size_pt) for row in rows)]) + 3
        for i, head in enumerate(table.columns)
    ]
    fixed = [min(max(each, NARROWEST_MM), within_mm / 2) for each in wide]
    scale = min(1.0, within_mm / sum(fixed))
    aligned = [_is_number(table, i) for i in range(len(table.columns))]
    return [
        Column(head.head, width * scale, "right" if number else "left")
        for head, width, number in zip(table.columns, fixed, aligned, strict=True)
    ]


def _is_number(table: Table, index: int) -> bool:
    """Whether a column is set to the right: by its kind, or because its cells are amounts."""
    kind = table.columns[index].kind
    return kind != "text" or any(plain(row[index], kind)[1] != "text" for row in table.rows)
