"""Reading a feed from a zip or a folder, trusting nothing in it.

Accepted: a byte-order mark, CRLF, spaces around column names, rows shorter than the header,
files and columns we do not know.  Refused with a ``FeedError``: everything ambiguous or hostile.
"""

from __future__ import annotations

from pathlib import Path

from gtfs.archive import files_of
from gtfs.feed import Feed
from gtfs.report import ImportReport, import_report
from gtfs.tables import COLUMNS, FeedError, Table
from gtfs.text import parse_text

__all__ = ["FeedError", "ImportReport", "import_report", "parse_table", "read_feed"]


def read_feed(path: str | Path) -> Feed:
    """Return the feed in a zip file or a folder.  Raises ``FeedError``, ``OSError``."""
    tables: dict[str, Table] = {}
    extras: dict[str, bytes] = {}
    for file, data in files_of(Path(path)):
        name = file.removesuffix(".txt")
        if file.endswith(".txt") and (name in COLUMNS or name.endswith("_jp")):
            tables[name] = parse_table(name, data)
        else:
            extras[file] = data
    return Feed(tables, extras)


def parse_table(name: str, data: bytes) -> Table:
    """Return the table in the bytes of a file called ``name.txt``.  Raises ``FeedError``."""
    parsed = parse_text(f"{name}.txt", data)
    return Table(name, parsed.columns, parsed.rows, parsed.lines)
