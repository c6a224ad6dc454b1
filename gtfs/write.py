"""Writing a feed: the same feed gives the same bytes, and nothing that was read is lost."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from gtfs.feed import Feed
from gtfs.japan import Profile, profile_tables
from gtfs.tables import Table

_FIRST_TIME = (1980, 1, 1, 0, 0, 0)


def write_feed(feed: Feed, path: str | Path, profile: Profile | str | None = None) -> None:
    """Write a feed as a zip file, whole or not at all.

    Without a ``profile`` every file, column, row and value stays, rows in their order; for
    ``jp3`` and ``jp4`` see ``gtfs.japan.profile_tables``.  Raises ``OSError``, and
    ``ValueError`` for an unknown profile.
    """
    path = Path(path)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(feed_bytes(feed, profile))
    draft.replace(path)


def feed_bytes(feed: Feed, profile: Profile | str | None = None) -> bytes:
    """Return the zip file of a feed: files by name, no clock, fixed permissions."""
    tables = feed.tables if profile is None else profile_tables(feed, Profile(profile))
    files = {f"{name}.txt": table_bytes(table) for name, table in tables.items()}
    files.update(feed.extras)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _FIRST_TIME)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def table_bytes(table: Table) -> bytes:
    """Return a table as CSV: UTF-8 without a mark, LF, columns in the order of the reference.

    Columns the reference does not know follow in the table's own order.
    """
    table = table.in_reference_order()
    return "".join([_line(table.columns), *map(_line, table.rows)]).encode()


def _line(cells: Sequence[str]) -> str:
    line = ",".join(cells)
    plain = line.count(",") == len(cells) - 1 and not any(mark in line for mark in '"\r\n')
    if plain and line:
        return f"{line}\n"
    return ",".join(map(_quoted, cells)) + "\n"


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
