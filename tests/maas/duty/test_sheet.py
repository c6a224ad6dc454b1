"""A day sheet on paper: nothing lost over pages, the same bytes for the same day."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from maas.duty.sheet import Sheet, SheetStop, draw

STOP = SheetStop(
    "9:00", "乗車", "4821", "試験 花子", "000-000-0001", "役場", "2人", "9:00から9:15", "玄関まで"
)
SHEET = Sheet(
    "運行表", "11月26日(木)", "11/26 8:30", "1号車", "試験1", "試験タクシー", "", "000-000-0000",
    "これから乗る人 2人", [STOP], ["261126-1-01", "261126-1-02"],
)  # fmt: skip


def pages(data: bytes) -> list[str]:
    return ["".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(data)).pages]


def test_a_short_day_is_one_page_with_everything_on_it() -> None:
    [page] = pages(draw([SHEET]))

    for part in ("4821", "試験花子", "9:00から9:15", "玄関まで", "261126-1-02", "1枚目"):
        assert part in page


def test_a_long_day_names_vehicle_and_number_on_every_page() -> None:
    stops = [replace(STOP, reference=str(4000 + n)) for n in range(60)]
    found = pages(draw([replace(SHEET, stops=stops)]))

    assert len(found) > 2
    assert all(f"{n}枚目" in page for n, page in enumerate(found, 1))
    assert all("1号車試験1" in page for page in found)
    assert all("".join(found).count(str(4000 + n)) == 1 for n in range(60))


def test_each_vehicle_begins_a_page_and_counts_its_own() -> None:
    found = pages(draw([SHEET, replace(SHEET, vehicle="2号車")]))

    assert [("2号車" in page, "1枚目" in page) for page in found] == [(False, True), (True, True)]


def test_a_day_without_bookings_says_so() -> None:
    [page] = pages(draw([replace(SHEET, stops=[])]))

    assert "予約はありません。" in page


def test_the_same_sheet_is_the_same_bytes() -> None:
    assert draw([SHEET]) == draw([SHEET])


def test_no_sheets_are_a_bug() -> None:
    with pytest.raises(ValueError, match="without a page"):
        draw([])
