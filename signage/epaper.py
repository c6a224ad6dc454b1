"""A sign as a picture for e-paper: black on white, in letters without grey edges.

Such a panel is drawn anew every few minutes, so the picture says when a bus leaves and never in how
many minutes: those would stand still.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

from signage.board import Board
from signage.departures import Freshness, Row, Wait
from signage.plain import status_text
from signage.words import CATALOGUES, Language, Words

SIZE_PX = (800, 480)
ROWS = 4
_MARGIN_PX, _HEAD_PX, _ROW_PX = 16, 80, 72
_BADGE_MIN_PX, _BADGE_MAX_PX, _BADGE_PAD_PX = 110, 220, 6
_BADGE_LETTERS_PX = 24
_BLACK, _WHITE = 0, 1
_QUIET_MODULES = 2


@dataclass(frozen=True, slots=True)
class Pen:
    """Black letters of one font file, from the left, the right, or the middle of a place."""

    draw: ImageDraw.ImageDraw
    font: Path

    def width(self, text: str, px: int) -> int:
        """Return how wide a text is."""
        return round(self.draw.textlength(text, font=_font(self.font, px)))

    def write(
        self, text: str, at: tuple[int, int], px: int, *, anchor: str = "lm", ink: int = _BLACK
    ) -> None:
        """Write a text at a point, which is its left, right or middle by `anchor`."""
        self.draw.text(at, text, fill=ink, font=_font(self.font, px), anchor=anchor)

    def size_for(self, text: str, px: int, room_px: int, least_px: int = 18) -> int:
        """Return the largest size, not above `px`, in which a text has room."""
        while px > least_px and self.width(text, px) > room_px:
            px -= 2
        return px

    def fitted(self, text: str, px: int, room_px: int) -> str:
        """Return as much of a text as there is room for."""
        if self.width(text, px) <= room_px:
            return text
        while text and self.width(f"{text}…", px) > room_px:
            text = text[:-1]
        return f"{text}…"


@lru_cache(maxsize=16)
def _font(path: Path, px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), px)


def picture(board: Board, font: Path, language: Language = "ja", link: str = "") -> bytes:
    """Return a sign as PNG of one bit a pixel; `link` is what the phone of who scans it opens."""
    image = Image.new("1", SIZE_PX, _WHITE)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    pen, words = Pen(draw, font), CATALOGUES[language]
    _head(pen, board, words, language)
    rows = board.rows[:ROWS]
    badge_px = _badge_px(pen, [row.line.said(language) for row in rows])
    for index, row in enumerate(rows):
        _row(pen, row, words, language, _HEAD_PX + index * _ROW_PX, badge_px)
    if not board.rows:
        pen.write(words.none, (SIZE_PX[0] // 2, SIZE_PX[1] // 2), 34, anchor="mm")
    _foot(pen, board, words, language, _code(image, link) if link else 0)
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _head(pen: Pen, board: Board, words: Words, language: Language) -> None:
    known = "" if board.as_of is None else words.as_of.format(time=board.as_of)
    if board.known is Freshness.TIMETABLE:
        known = words.timetable
    right = SIZE_PX[0] - _MARGIN_PX
    room = right - 2 * _MARGIN_PX - pen.width(known, 24)
    name = pen.fitted(board.stop.said(language), 48, room)
    pen.write(name, (_MARGIN_PX, _HEAD_PX // 2), 48)
    pen.write(known, (right, _HEAD_PX // 2 + 8), 24, anchor="rm")
    pen.draw.line([(0, _HEAD_PX - 4), (SIZE_PX[0], _HEAD_PX - 4)], fill=_BLACK, width=4)


def _badge_px(pen: Pen, names: list[str]) -> int:
    """Return how wide the badges are, all alike: a line whose name is cut is another line."""
    widest = max((pen.width(name, _BADGE_LETTERS_PX) for name in names), default=0)
    return min(max(_BADGE_MIN_PX, widest + 2 * _BADGE_PAD_PX), _BADGE_MAX_PX)


def _row(pen: Pen, row: Row, words: Words, language: Language, top: int, badge_px: int) -> None:
    middle, left = top + _ROW_PX // 2, _MARGIN_PX
    box = (left, top + 12, left + badge_px, top + _ROW_PX - 12)
    pen.draw.rounded_rectangle(box, radius=8, fill=_BLACK)
    name, inside = row.line.said(language), badge_px - 2 * _BADGE_PAD_PX
    px = pen.size_for(name, 32, inside)
    line = pen.fitted(name, px, inside)
    pen.write(line, (left + badge_px // 2, middle), px, anchor="mm", ink=_WHITE)
    leaves, right = leaves_text(row, words), SIZE_PX[0] - _MARGIN_PX
    pen.write(leaves, (right, middle), 40, anchor="rm")
    left += badge_px + 16
    room = right - pen.width(leaves, 40) - 24 - left
    # What the picture says of the time is said by `leaves`; to be there by is the same again.
    status = status_text(replace(row, be_there_by=None), words)
    high = middle - 13 if status else middle
    pen.write(pen.fitted(row.destination.said(language), 32, room), (left, high), 32)
    pen.write(pen.fitted(status, 22, room), (left, middle + 21), 22)
    pen.draw.line([(0, top + _ROW_PX), (SIZE_PX[0], top + _ROW_PX)], fill=_BLACK, width=1)


def leaves_text(row: Row, words: Words) -> str:
    """Return when a bus leaves as a clock says it, for a picture that stays as it is."""
    if row.wait is Wait.CANCELLED:
        return f"× {words.cancelled}"
    seen = row.wait in (Wait.SOON, Wait.MINUTES, Wait.AROUND)
    return (words.around if seen else words.planned).format(time=row.time)


def _foot(pen: Pen, board: Board, words: Words, language: Language, code_px: int) -> None:
    top = _HEAD_PX + ROWS * _ROW_PX
    room = SIZE_PX[0] - code_px - 3 * _MARGIN_PX
    told = board.notices[0].said(language) if board.notices else ""
    phone = f"{words.call}  {board.phone}" if board.phone else ""
    if told:
        pen.write(pen.fitted(told, 24, room), (_MARGIN_PX, top + 24), 24)
    px = pen.size_for(phone, 32, room)
    pen.write(phone, (_MARGIN_PX, top + (66 if told else 46)), px)


def _code(image: Image.Image, link: str) -> int:
    """Draw the code in the lower right corner; return its width."""
    matrix = [list(line) for line in segno.make_qr(link, error="m").matrix]
    room = SIZE_PX[1] - _HEAD_PX - ROWS * _ROW_PX - 4
    scale = max(2, room // (len(matrix) + 2 * _QUIET_MODULES))
    width = scale * (len(matrix) + 2 * _QUIET_MODULES)
    left, top = SIZE_PX[0] - width, SIZE_PX[1] - width
    draw = ImageDraw.Draw(image)
    draw.rectangle((left, top, *SIZE_PX), fill=_WHITE)
    for y, line in enumerate(matrix, _QUIET_MODULES):
        for x, dark in enumerate(line, _QUIET_MODULES):
            if dark:
                at = (left + x * scale, top + y * scale)
                draw.rectangle((*at, at[0] + scale - 1, at[1] + scale - 1), fill=_BLACK)
    return width
