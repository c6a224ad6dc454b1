"""Every file of a report says the same numbers."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import zipfile
from pathlib import Path
from shutil import which
from xml.etree import ElementTree as ET

import pytest
from pypdf import PdfReader

from maas.records.pages import as_pdf
from maas.records.report import Amount, Column, Report, Table
from maas.records.spreadsheet import as_xlsx
from maas.records.written import as_csv, as_html

COLUMNS = (
    Column("大字", "area"), Column("人数(人)", "riders", "count"), Column("走行(km)", "km", "km"),
    Column("割合", "share", "share"), Column("待ち(分)", "wait", "minutes"),
)  # fmt: skip
ROWS = (("豊野", 1234, 12_345, 0.5, 90), ("=吉川", 0, 0, None, None))
TABLE = Table("大字別", COLUMNS, ROWS, ("合計", 1234, 12_345, 1.0, 90), ("数え方",))
OTHER = Table("数値", (Column("項目", "item"), Column("数値", "value")),
              (("運賃", Amount(1500, "yen")), ("率", Amount(0.25, "share"))))  # fmt: skip


def a_report(*tables: Table) -> Report:
    """Return a report of some tables."""
    return Report("x", "月報", "一本道町", "2026年11月", "速報", "2026-11-26", tables, ("仮の値",))


def test_a_csv_of_one_table_is_only_the_table_and_says_in_each_row_that_it_may_change() -> None:
    data = as_csv(a_report(TABLE))
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))

    assert data.startswith(b"\xef\xbb\xbf")
    assert rows == [
        ["大字 area", "人数(人) riders", "走行(km) km", "割合 share", "待ち(分) wait",
         "集計の状態 figures_state"],
        ["豊野", "1234", "12.345", "0.5000", "1.50", "速報"],
        ["'=吉川", "0", "0.000", "", "", "速報"],
        ["合計", "1234", "12.345", "1.0000", "1.50", "速報"],
    ]  # fmt: skip


def test_a_csv_of_several_tables_names_each() -> None:
    text = as_csv(a_report(TABLE, OTHER)).decode("utf-8-sig")

    assert text.startswith("# 大字別\r\n")
    assert "\r\n\r\n# 数値\r\n項目 item,数値 value,集計の状態 figures_state\r\n" in text
    assert text.endswith("\r\n運賃,1500,速報\r\n率,0.2500,速報\r\n")


def test_a_spreadsheet_has_the_numbers_as_numbers() -> None:
    data = as_xlsx(a_report(TABLE, OTHER))

    first = cells_of(data, 1)
    assert first["A4"] == "大字"
    assert [first[f"{column}5"] for column in "ABCDE"] == ["豊野", 1234, 12.345, 0.5, 1.5]
    assert first["A6"] == "=吉川"
    assert cells_of(data, 2)["B5"] == 1500
    assert data == as_xlsx(a_report(TABLE, OTHER))


def test_a_text_of_two_lines_has_the_room_of_two() -> None:
    long = ("とても長い説明が、1行には入らないので2行になります。" * 2, 1, 1, 0.5, 1)

    data = as_xlsx(a_report(Table("長い", COLUMNS, (*ROWS, long))))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()

    heights = dict(re.findall(r'<row r="(\d+)"[^>]* ht="([\d.]+)"', page))
    assert float(heights["7"]) >= 3 * 15
    assert "5" not in heights


def test_a_formula_in_a_name_stays_a_name() -> None:
    with zipfile.ZipFile(io.BytesIO(as_xlsx(a_report(TABLE)))) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_a_page_says_what_it_is_of() -> None:
    page = as_html(a_report(TABLE, OTHER)).decode()

    for said in ("月報", "一本道町", "2026年11月", "速報", "1,234", "12.3", "50.0%", "―", "仮の値"):
        assert said in page
    assert "style=" not in page
    assert as_html(a_report(Table("<b>", COLUMNS, ROWS))).count(b"<b>") == 0


def test_a_long_table_goes_on_over_pages() -> None:
    long = Table("大字別", COLUMNS, ROWS * 60)

    assert as_pdf(a_report(long)).startswith(b"%PDF")
    assert as_pdf(a_report(long)).count(b"/Type /Page\n") > 1


def cells_of(data: bytes, sheet: int) -> dict[str, object]:
    """Return the cells of a sheet by their names, read without the library that wrote them."""
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        shared = ET.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 -- our own file
        page = ET.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314
    words = ["".join(each.itertext()) for each in shared.findall("x:si", space)]
    found: dict[str, object] = {}
    for cell in page.iterfind(".//x:c", space):
        value = cell.findtext("x:v", namespaces=space)
        if value is not None:
            number = words[int(value)] if cell.get("t") == "s" else float(value)
            found[re.sub(r"\s", "", cell.get("r", ""))] = number
    return found


@pytest.mark.heavy
@pytest.mark.skipif(which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_spreadsheet_and_csv_and_reads_the_same(tmp_path: Path) -> None:
    made = {"xlsx": as_xlsx(a_report(TABLE)), "csv": as_csv(a_report(TABLE))}
    for ending, data in made.items():
        file = tmp_path / f"{ending}.{ending}"
        file.write_bytes(data)
        subprocess.run(
            ["soffice", f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", "--headless",
             "--infilter=CSV:44,34,76" if ending == "csv" else "--infilter=Calc Office Open XML",
             "--convert-to", "pdf", "--outdir", str(tmp_path), str(file)],
            check=True, capture_output=True, timeout=100,
        )  # fmt: skip

    for ending, area in (("xlsx", "=吉川"), ("csv", "'=吉川")):
        pages = PdfReader(tmp_path / f"{ending}.pdf").pages
        text = "".join(page.extract_text() for page in pages)
        for said in ("大字", "豊野", area, "12.3", "合計"):
            assert said in text, (ending, text)
