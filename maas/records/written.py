"""A report as a file: CSV with a byte order mark, a spreadsheet, a page to print, PDF."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from html import escape
from types import MappingProxyType
from typing import Final, Literal

from maas.records.pages import as_pdf
from maas.records.report import Cell, Kind, Report, Table, plain, said
from maas.records.spreadsheet import as_xlsx

Format = Literal["csv", "xlsx", "html", "pdf"]
MEDIA_TYPES: Final = MappingProxyType(
    {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "html": "text/html; charset=utf-8",
        "pdf": "application/pdf",
    }
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_DECIMALS: Final[dict[Kind, int]] = {"km": 3, "share": 4, "minutes": 2, "hours": 2, "number": 3}


def as_csv(report: Report) -> bytes:
    """Return the tables one below the other, each with its name above it when there are several.

    A cell that a spreadsheet would take for a formula is written behind an apostrophe.  The last
    column says in every row whether the figures may still change, so that a copied row says so too.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for index, table in enumerate(report.tables):
        if len(report.tables) > 1:
            writer.writerows([[]] if index else [])
            writer.writerow([f"# {table.title}"])
        heads = [_head(head.head, head.name) for head in table.columns]
        writer.writerow([*heads, "集計の状態 figures_state"])
        for row in (*table.rows, *_last(table)):
            cells = [_csv(c, h.kind) for c, h in zip(row, table.columns, strict=True)]
            writer.writerow([*cells, report.state])
    return ("\ufeff" + out.getvalue()).encode()


def _last(table: Table) -> tuple[tuple[Cell, ...], ...]:
    return () if table.total is None else (table.total,)


def _head(head: str, name: str) -> str:
    return _safe(head if head == name else f"{head} {name}")


def _csv(cell: Cell, kind: Kind) -> str:
    value, kind = plain(cell, kind)
    if value is None:
        return ""
    if isinstance(value, str):
        return _safe(value)
    return f"{value:.{_DECIMALS.get(kind, 0)}f}"


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


STYLE: Final = """
@page { size: A4; margin: 14mm 12mm }
body { font: 10.5pt/1.5 "Hiragino Kaku Gothic ProN", "Yu Gothic", "Noto Sans CJK JP", sans-serif;
  margin: 1.5rem auto; max-width: 62rem; padding: 0 1rem; color: #111; background: #fff }
h1 { font-size: 1.5em; margin: 0 0 .2em } h2 { font-size: 1.1em; margin: 1.6em 0 .4em }
header p { margin: 0 } .state { border: 1px solid; padding: 0 .5em; margin-left: .6em }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { border: 1px solid #888; padding: .2em .5em; text-align: left; vertical-align: top }
thead th { background: #e8e8e8 } .n { text-align: right; font-variant-numeric: tabular-nums }
tfoot th, tfoot td { border-top: 2px solid #111; font-weight: bold }
.note { font-size: .88em; margin: .3em 0 0 } thead { display: table-header-group }
tr { break-inside: avoid } h2 { break-after: avoid }
@media print { body { margin: 0; max-width: none; padding: 0 } .wide { overflow: visible } }
"""


def as_html(report: Report, *, style: str | None = None) -> bytes:
    """Return a page to print on A4; `style` is the address of the style sheet, `None` inside it."""
    css = f'<link rel="stylesheet" href="{escape(style)}">' if style else f"<style>{STYLE}</style>"
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in report.notes)
    tables = "".join(_section(table) for table in report.tables)
    page = (
        f'<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">'
        f"<title>{escape(report.title)} {escape(report.period)}</title>{css}</head><body>"
        f"<header><h1>{escape(report.title)}</h1><p>{escape(report.town)} {escape(report.period)}"
        f'<span class="state">{escape(report.state)}</span></p>'
        f'<p class="note">{escape(report.made)} 作成</p>{notes}</header>{tables}</body></html>'
    )
    return page.encode()


def _section(table: Table) -> str:
    heads = "".join(
        f'<th scope="col"{_align(head.kind)}>{escape(head.head)}</th>' for head in table.columns
    )
    rows = "".join(_row(table, row, "td") for row in table.rows)
    foot = "" if table.total is None else f"<tfoot>{_row(table, table.total, 'td')}</tfoot>"
    notes = "".join(f'<p class="note">注: {escape(note)}</p>' for note in table.notes)
    return (
        f'<section><h2>{escape(table.title)}</h2><div class="wide"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>{foot}</table></div>{notes}</section>"
    )


def _row(table: Table, row: tuple[Cell, ...], tag: str) -> str:
    cells = []
    for index, (cell, head) in enumerate(zip(row, table.columns, strict=True)):
        _, kind = plain(cell, head.kind)
        text = escape(said(cell, head.kind))
        first = f'<th scope="row">{text}</th>'
        cells.append(first if index == 0 else f"<{tag}{_align(kind)}>{text}</{tag}>")
    return f"<tr>{''.join(cells)}</tr>"


def _align(kind: Kind) -> str:
    return "" if kind == "text" else ' class="n"'


WRITERS: Final[MappingProxyType[str, Callable[[Report], bytes]]] = MappingProxyType(
    {"csv": as_csv, "xlsx": as_xlsx, "html": as_html, "pdf": as_pdf}
)
"""How a report becomes the bytes of each kind of file."""
