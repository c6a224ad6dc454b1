"""Pages on which one writes Japanese, in millimetres from the top left corner.

The font is one that every PDF reader brings (Heisei Kaku Gothic, by its Adobe name), so a page is
some kilobytes and no font file has to be shipped.  Equal calls make equal bytes: there is no date
in the file and no random id, so that a sheet that has not changed is not written again.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final, Literal

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from maas.paper.lines import fitting, printable, wrapped

FONT: Final = "HeiseiKakuGo-W5"
LEADING: Final = 1.4
"""How far apart lines are, in heights of the letters."""

Align = Literal["left", "centre", "right"]

pdfmetrics.registerFont(UnicodeCIDFont(FONT))


@dataclass(frozen=True, slots=True)
class Size:
    """A sheet of paper, in millimetres."""

    width_mm: float
    height_mm: float


A4: Final = Size(210, 297)
A4_ACROSS: Final = Size(297, 210)
POSTCARD: Final = Size(100, 148)
"""The Japanese post's card (はがき)."""


def width_mm(words: str, size_pt: float) -> float:
    """Return how wide some words are in one line."""
    return float(pdfmetrics.stringWidth(printable(words), FONT, size_pt)) / mm


def line_mm(size_pt: float) -> float:
    """Return how far below a line of this size the next one begins."""
    return size_pt * LEADING / mm


class Document:
    """A PDF file in the making: add pages, then take its `data`."""

    def __init__(self, size: Size, *, title: str) -> None:
        self.size = size
        self._file = io.BytesIO()
        self._canvas = Canvas(
            self._file, pagesize=(size.width_mm * mm, size.height_mm * mm), invariant=1
        )
        self._canvas.setTitle(printable(title))
        self._canvas.setAuthor("")
        self._canvas.setCreator("")
        self._canvas.setProducer("")
        self._pages = 0

    def page(self) -> Page:
        """Begin a page; the one before is finished."""
        if self._pages:
            self._canvas.showPage()
        self._pages += 1
        return Page(self._canvas, self.size)

    def data(self) -> bytes:
        """Finish the file and return it; nothing can be added afterwards.

        Raises `ValueError` when it has no page.
        """
        if not self._pages:
            raise ValueError("a document without a page")
        self._canvas.showPage()
        self._canvas.save()
        return self._file.getvalue()


class Page:
    """One page of a document; every place on it is in millimetres from its top left corner."""

    def __init__(self, canvas: Canvas, size: Size) -> None:
        self._canvas = canvas
        self.size = size

    def text(
        self,
        x_mm: float,
        y_mm: float,
        words: str,
        *,
        size_pt: float = 10,
        align: Align = "left",
        within_mm: float | None = None,
    ) -> float:
        """Write one line whose top is at `y_mm`, and return where the next one begins.

        Left lines begin at `x_mm`, right ones end there, centred ones lie around it.  A line that
        would be wider than `within_mm` is cut and ends in an ellipsis.
        """
        line = printable(words)
        if within_mm is not None:
            line = fitting(line, within_mm, lambda part: width_mm(part, size_pt))
        self._write(x_mm, y_mm, line, size_pt, align)
        return y_mm + line_mm(size_pt)

    def paragraph(
        self, x_mm: float, y_mm: float, words: str, *, within_mm: float, size_pt: float = 10
    ) -> float:
        """Write words in as many lines as they need, and return where the next one begins."""
        for line in wrapped(words, within_mm, lambda part: width_mm(part, size_pt)):
            self._write(x_mm, y_mm, line, size_pt, "left")
            y_mm += line_mm(size_pt)
        return y_mm

    def rule(
        self, from_mm: tuple[float, float], to_mm: tuple[float, float], *, thick_mm: float = 0.2
    ) -> None:
        """Draw a straight line from one point to another."""
        self._canvas.setLineWidth(thick_mm * mm)
        self._canvas.line(*self._point(*from_mm), *self._point(*to_mm))

    def box(
        self,
        x_mm: float,
        y_mm: float,
        size: Size,
        *,
        thick_mm: float = 0.2,
        grey: float | None = None,
    ) -> None:
        """Draw a box whose top left corner is given; `grey` 0 is black, 1 white, `None` empty."""
        left, bottom = self._point(x_mm, y_mm + size.height_mm)
        self._canvas.setLineWidth(thick_mm * mm)
        if grey is not None:
            self._canvas.setFillGray(grey)
        filled = 0 if grey is None else 1
        wide, high = size.width_mm * mm, size.height_mm * mm
        self._canvas.rect(left, bottom, wide, high, stroke=1, fill=filled)
        self._canvas.setFillGray(0)

    def _point(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        return x_mm * mm, (self.size.height_mm - y_mm) * mm

    def _write(self, x_mm: float, y_mm: float, line: str, size_pt: float, align: Align) -> None:
        self._canvas.setFont(FONT, size_pt)
        x, top = self._point(x_mm, y_mm)
        baseline = top - 0.88 * size_pt  # the ascent of the font
        if align == "left":
            self._canvas.drawString(x, baseline, line)
        elif align == "right":
            self._canvas.drawRightString(x, baseline, line)
        else:
            self._canvas.drawCentredString(x, baseline, line)
