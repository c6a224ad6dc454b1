"""What is written on a page can be read from the file, stays on the paper, and is always equal."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from maas.paper import A4, A4_ACROSS, POSTCARD, Column, Document, Page, Size, Table
from maas.paper.lines import fitting, printable, wrapped
from maas.paper.pdf import width_mm

SENTENCE = "あすは、9時10分から9時30分の間に「吉備高原医療センター」へお迎えに上がります。"


def read(data: bytes) -> list[str]:
    """Return what a PDF reader finds on each page, with all white space taken out."""
    pages = PdfReader(io.BytesIO(data)).pages
    return ["".join(page.extract_text().split()) for page in pages]


def lines_of(data: bytes) -> list[tuple[str, float, float]]:
    """Return every piece of text of the first page with its x and y in points."""
    found: list[tuple[str, float, float]] = []

    def visit(text: str, _: object, at: list[float], *__: object) -> None:
        if text.strip():
            found.append((text.strip(), float(at[4]), float(at[5])))

    PdfReader(io.BytesIO(data)).pages[0].extract_text(visitor_text=visit)
    return found


def written(write: Callable[[Page], object], size: Size = A4) -> bytes:
    document = Document(size, title="日報")
    write(document.page())
    return document.data()


@pytest.mark.parametrize(
    ("size", "points"), [(A4, (595, 842)), (A4_ACROSS, (842, 595)), (POSTCARD, (283, 420))]
)
def test_sheets_have_the_size_of_the_paper(size: Size, points: tuple[int, int]) -> None:
    data = written(lambda page: page.text(10, 10, "表"), size)

    box = PdfReader(io.BytesIO(data)).pages[0].mediabox
    assert (round(box.width), round(box.height)) == points


def test_a_reader_finds_the_japanese_that_was_written() -> None:
    data = written(lambda page: page.text(10, 10, "佐藤 花子 様 0866-00-0001"))

    assert read(data) == ["佐藤花子様0866-00-0001"]


def test_equal_pages_are_equal_bytes() -> None:
    first, second = (written(lambda page: page.text(10, 10, SENTENCE)) for _ in range(2))

    assert first == second
    assert first != written(lambda page: page.text(10, 11, SENTENCE))


def test_a_place_is_millimetres_from_the_top_left() -> None:
    data = written(lambda page: page.text(20, 30, "あ", size_pt=10))

    [(_, x, y)] = lines_of(data)
    assert x == pytest.approx(20 / 25.4 * 72, abs=0.1)
    assert y == pytest.approx((297 - 30) / 25.4 * 72 - 8.8, abs=0.1)


def test_lines_can_end_at_a_place_or_lie_around_it() -> None:
    """Four full-width letters of ten points are forty points wide."""

    def write(page: Page) -> None:
        page.text(100, 10, "右寄せ字", align="right")
        page.text(100, 20, "中央揃え", align="centre")

    found = {text: x for text, x, _ in lines_of(written(write))}
    end = 100 / 25.4 * 72
    assert found["右寄せ字"] == pytest.approx(end - 40, abs=0.1)
    assert found["中央揃え"] == pytest.approx(end - 20, abs=0.1)


def test_letters_the_font_lacks_are_shown_as_missing() -> None:
    data = written(lambda page: page.text(10, 10, "𠮷田😀"))

    assert read(data) == ["〓田〓"]


def test_a_document_without_a_page_is_a_bug() -> None:
    with pytest.raises(ValueError, match="without a page"):
        Document(A4, title="x").data()


def test_a_line_that_is_too_wide_ends_in_an_ellipsis() -> None:
    data = written(lambda page: page.text(10, 10, SENTENCE, within_mm=30))

    [line] = read(data)
    assert line.endswith("…")
    assert width_mm(line, 10) <= 30


def test_a_paragraph_says_where_the_next_line_begins() -> None:
    ends = []
    data = written(
        lambda page: ends.append(page.paragraph(10, 10, SENTENCE, within_mm=60, size_pt=12))
    )

    count = len(lines_of(data))
    assert count > 2
    assert ends == [pytest.approx(10 + count * 12 * 1.4 / 72 * 25.4)]
    assert read(data) == [SENTENCE]


words = st.text(
    st.sampled_from("あいう。、「」吉備abc ９9-ー\n𠮷が\u3099\t"), min_size=0, max_size=40
)


@given(words, st.integers(1, 12))
def test_wrapped_lines_hold_every_letter_and_none_is_too_wide(text: str, most: int) -> None:
    lines = wrapped(text, float(most), len)

    assert "".join("".join(lines).split()) == "".join(printable(text).split())
    assert all(len(line) <= most for line in lines)


@given(words)
def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one(text: str) -> None:
    """On lines wide enough that no run of marks alone fills one."""
    lines = wrapped("あ".join(text), 12.0, len)

    for before, after in itertools.pairwise(lines):
        broken = not before or not after or "\n" in text
        assert broken or after[0] not in "。、」ー"
        assert broken or before[-1] != "「"


@given(words, st.integers(1, 12))
def test_what_is_cut_fits_and_what_fits_is_not_cut(text: str, most: int) -> None:
    line = printable(text)
    cut = fitting(line, float(most), len)

    assert len(cut) <= most
    assert (cut == line) is (len(line) <= most)


def test_latin_words_are_not_broken_in_two() -> None:
    assert wrapped("予約 kibichuo town", 9.0, len) == ["予約", "kibichuo", "town"]


def test_a_table_goes_on_over_pages_with_its_head_on_each() -> None:
    document = Document(A4, title="x")
    table = Table([Column("受付番号", 30), Column("名前", 60)])
    rows = [[str(1000 + n), "佐藤 花子"] for n in range(60)]

    def more() -> tuple[Page, float]:
        return document.page(), 15.0

    _, end_mm = table.draw(document.page(), (15, 15), rows, until_mm=282, more=more)
    pages = read(document.data())
    assert len(pages) == 2
    assert all(page.startswith("受付番号名前") for page in pages)
    assert all("".join(pages).count(str(1000 + n)) == 1 for n in range(60))
    # 40 rows of 6.5 mm fit below the head of the first page, and 20 are left.
    assert end_mm == pytest.approx(15 + 6.5 * 21)


def test_a_row_grows_with_its_longest_cell() -> None:
    document = Document(A4, title="x")
    table = Table([Column("番号", 20), Column("備考", 30)], size_pt=9)

    _, end_mm = table.draw(
        document.page(), (10, 10), [["1", "玄関の前まで迎えに行く"]], until_mm=280,
        more=lambda: (document.page(), 10.0),
    )  # fmt: skip
    # Eleven letters of 9 points (3.175 mm) in 28 mm: eight and three, two lines of 4.445 mm.
    assert end_mm == pytest.approx(10 + 6.5 + 2 * 4.445 + 2)


def test_nothing_of_a_table_hangs_over_the_end_of_the_page() -> None:
    document = Document(A4, title="x")
    table = Table([Column("備考", 40)])
    ends = []

    def more() -> tuple[Page, float]:
        ends.append("page")
        return document.page(), 10.0

    rows = [["とても長い備考です。" * 5]] * 12
    _, end_mm = table.draw(document.page(), (10, 10), rows, until_mm=100, more=more)
    assert ends
    assert end_mm <= 100
