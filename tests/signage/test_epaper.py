"""The picture for e-paper: one bit a pixel, no minute that stands still, a code for phones."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
import segno
from PIL import Image

from maas.api.epaper import font_file
from signage.epaper import SIZE_PX, leaves_text, picture
from signage.words import EN, JA, Text
from tests.signage.stops import planned, running
from tests.signage.test_plain import a_board

LINK = "https://bus.example/stop/2_01"


@pytest.fixture
def font() -> Path:
    """A Japanese font of this machine."""
    found = font_file()
    if found is None:
        pytest.skip("no Japanese font here")
    return found


def drawn(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def test_it_is_a_small_picture_of_black_and_white(font: Path) -> None:
    data = picture(a_board(running(240), planned(900)), font, "ja", LINK)
    image = drawn(data)
    assert (image.format, image.mode, image.size) == ("PNG", "1", SIZE_PX)
    assert len(data) < 20_000


def test_it_says_when_a_bus_leaves_and_never_in_how_many_minutes() -> None:
    (row,) = a_board(running(240)).rows
    assert row.minutes is not None
    assert leaves_text(row, JA) == f"{row.time}ごろ"
    assert leaves_text(row, EN) == f"about {row.time}"
    (later,) = a_board(planned(900)).rows
    assert leaves_text(later, JA) == f"予定 {later.time}"


def test_the_code_in_its_corner_opens_the_page_of_the_stop(font: Path) -> None:
    image = drawn(picture(a_board(running(240)), font, "ja", LINK))
    matrix = [list(line) for line in segno.make_qr(LINK, error="m").matrix]
    width = len(matrix) + 4
    scale = (SIZE_PX[1] - 80 - 4 * 72 - 4) // width
    left, top = (size - width * scale for size in SIZE_PX)
    seen = [
        [
            image.getpixel((left + (x + 2) * scale + scale // 2, top + (y + 2) * scale)) == 0
            for x in range(len(matrix))
        ]
        for y in range(len(matrix))
    ]
    assert seen == [[bool(dark) for dark in line] for line in matrix]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_long_names_end_before_the_time(font: Path, language: str) -> None:
    long = Text("きびちゅうおうちょうやくばまえのりばのながいなまえ", "A very long name of a stop")
    short = drawn(picture(a_board(running(240)), font, language))  # type: ignore[arg-type]
    board = a_board(running(240), stop=long)
    longer = drawn(picture(board, font, language))  # type: ignore[arg-type]
    right = (SIZE_PX[0] - 160, 90, SIZE_PX[0], 160)
    assert longer.crop(right).tobytes() == short.crop(right).tobytes()
    assert longer.getpixel((SIZE_PX[0] - 2, 30)) != 0


def test_a_stop_without_buses_says_so(font: Path) -> None:
    empty = drawn(picture(a_board(), font))
    assert empty.crop((200, 220, 600, 260)).getextrema() == (0, 255)


def test_the_telephone_number_leaves_the_code_alone(font: Path) -> None:
    with_phone = drawn(picture(a_board(running(240)), font, "en", LINK))
    without = drawn(picture(a_board(running(240), phone=""), font, "en", LINK))
    corner = (SIZE_PX[0] - 100, SIZE_PX[1] - 100, *SIZE_PX)
    assert with_phone.tobytes() != without.tobytes()
    assert with_phone.crop(corner).tobytes() == without.crop(corner).tobytes()


def test_lines_whose_names_begin_alike_are_told_apart(font: Path) -> None:
    one, other = (
        drawn(picture(a_board(running(240, route_name_en=name)), font, "en"))
        for name in ("Kamogawa line", "Kamogawa lane")
    )
    badge = (16, 92, 236, 140)
    assert one.crop(badge).tobytes() != other.crop(badge).tobytes()
