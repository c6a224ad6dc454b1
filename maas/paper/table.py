"""Tables that go on over as many pages as they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from maas.paper.lines import wrapped
from maas.paper.pdf import Align, Page, Size, line_mm, width_mm

PAD_MM: Final = 1.0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: what stands above it, and how wide it is."""

    head: str
    width_mm: float
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """How a table is drawn; cells grow downwards with what is in them."""

    columns: Sequence[Column]
    size_pt: float = 9
    row_mm: float = 6.5

    def draw(
        self,
        page: Page,
        at_mm: tuple[float, float],
        rows: Sequence[Sequence[str]],
        *,
        until_mm: float,
        more: Callable[[], tuple[Page, float]],
    ) -> tuple[Page, float]:
        """Draw rows below a head; return the page they end on and where.

        `at_mm` is the top left corner.  A row that would end below `until_mm` begins the next
        page: `more` makes it, and says from where on it is free.  A row is never split.
        """
        x_mm, y_mm = at_mm
        y_mm = self._head(page, x_mm, y_mm)
        for row in rows:
            cells = [
                self._cell(text, column) for text, column in zip(row, self.columns, strict=True)
            ]
            high_mm = max(self.row_mm, *(self._high_mm(cell) for cell in cells))
            if y_mm + high_mm > until_mm:
                page, y_mm = more()
                y_mm = self._head(page, x_mm, y_mm)
            self._row(page, x_mm, y_mm, cells, high_mm)
            y_mm += high_mm
        return page, y_mm

    def _head(self, page: Page, x_mm: float, y_mm: float) -> float:
        wide_mm = sum(column.width_mm for column in self.columns)
        cells = [self._cell(column.head, column) for column in self.columns]
        high_mm = max(self.row_mm, *(self._high_mm(cell) for cell in cells))
        page.box(x_mm, y_mm, Size(wide_mm, high_mm), grey=0.88)
        self._row(page, x_mm, y_mm, cells, high_mm)
        return y_mm + high_mm

    def _cell(self, text: str, column: Column) -> list[str]:
        within_mm = column.width_mm - 2 * PAD_MM
        return wrapped(text, within_mm, lambda part: width_mm(part, self.size_pt))

    def _high_mm(self, lines: Sequence[str]) -> float:
        return len(lines) * line_mm(self.size_pt) + 2 * PAD_MM

    def _row(
        self, page: Page, x_mm: float, y_mm: float, cells: Sequence[Sequence[str]], high_mm: float
    ) -> None:
        for lines, column in zip(cells, self.columns, strict=True):
            page.box(x_mm, y_mm, Size(column.width_mm, high_mm))
            top_mm = y_mm + PAD_MM
            for line in lines:
                page.text(
                    _anchor(x_mm, column), top_mm, line, size_pt=self.size_pt, align=column.align
                )
                top_mm += line_mm(self.size_pt)
            x_mm += column.width_mm


def _anchor(x_mm: float, column: Column) -> float:
    if column.align == "left":
        return x_mm + PAD_MM
    if column.align == "right":
        return x_mm + column.width_mm - PAD_MM
    return x_mm + column.width_mm / 2
