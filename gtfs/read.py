"""Reading a feed from a zip or a folder, trusting nothing in it.

Accepted: a byte-order mark, CRLF, spaces around column names, rows shorter than the header,
files and columns we do not know.  Refused with a ``FeedError``: everything ambiguous or hostile.
"""

from __future__ import annotations

import csv
import io
import stat
import zipfile
import zlib
from array import array
from pathlib import Path, PurePosixPath
from typing import IO

from gtfs.feed import Feed
from gtfs.report import ImportReport, import_report
from gtfs.tables import COLUMNS, FeedError, Table

__all__ = ["FeedError", "ImportReport", "import_report", "parse_table", "read_feed"]

MOST_FILES = 200
MOST_FILE_BYTES = 256 * 2**20
MOST_BYTES = 512 * 2**20
_CHUNK_BYTES = 2**20


def read_feed(path: str | Path) -> Feed:
    """Return the feed in a zip file or a folder.  Raises ``FeedError``, ``OSError``."""
    path = Path(path)
    files = _folder_files(path) if path.is_dir() else _zip_files(path)
    tables: dict[str, Table] = {}
    extras: dict[str, bytes] = {}
    for file, data in files.items():
        name = file.removesuffix(".txt")
        if file.endswith(".txt") and (name in COLUMNS or name.endswith("_jp")):
            tables[name] = parse_table(name, data)
        else:
            extras[file] = data
    return Feed(tables, extras)


def parse_table(name: str, data: bytes) -> Table:
    """Return the table in the bytes of a file called ``name.txt``.  Raises ``FeedError``."""
    file = f"{name}.txt"
    reader = csv.reader(io.StringIO(_text(file, data), newline=""), strict=True)
    rows: list[tuple[str, ...]] = []
    lines = array("L")
    try:
        columns = _columns(file, next(reader, []))
        for cells in reader:
            if cells:
                rows.append(_row(file, reader.line_num, cells, len(columns)))
                lines.append(reader.line_num)
    except csv.Error as error:
        raise FeedError(file, reader.line_num, None, f"not a proper CSV row: {error}") from error
    return Table(name, columns, rows, lines)


def _text(file: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FeedError(file, line, None, "the text is not UTF-8") from error
    if "\0" in text:
        raise FeedError(file, text[: text.index("\0")].count("\n") + 1, None, "a NUL character")
    return text


def _columns(file: str, header: list[str]) -> tuple[str, ...]:
    columns = tuple(name.strip(" \t\ufeff") for name in header)
    if not columns:
        raise FeedError(file, 1, None, "the file is empty; it needs a header row")
    for i, name in enumerate(columns):
        if not name or name in columns[:i]:
            raise FeedError(file, 1, name or None, "a column without a name of its own")
    return columns


def _row(file: str, line: int, cells: list[str], width: int) -> tuple[str, ...]:
    if len(cells) < width:
        cells += [""] * (width - len(cells))
    elif any(cells[width:]):
        raise FeedError(file, line, None, f"{len(cells)} values under {width} columns")
    return tuple(cells[:width])


def _folder_files(folder: Path) -> dict[str, bytes]:
    paths = sorted(folder.iterdir())
    for path in paths:
        if path.is_symlink() or not path.is_file():
            raise FeedError(path.name, None, None, "not a plain file")
    _check_sizes([(path.name, path.stat().st_size) for path in paths])
    return {path.name: _contents(path.name, path.open("rb")) for path in paths}


def _zip_files(path: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not _is_litter(info.filename)]
            _check_members(members)
            for info in members:
                files[info.filename] = _unpacked(archive, info)
                if sum(map(len, files.values())) > MOST_BYTES:
                    raise FeedError(info.filename, None, None, "the feed is too large")
    except zipfile.BadZipFile as error:
        raise FeedError(path.name, None, None, f"not a proper zip file: {error}") from error
    return files


def _is_litter(name: str) -> bool:
    """What a Mac leaves in every zip."""
    return name.startswith("__MACOSX/") or name.endswith(".DS_Store")


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    seen = set()
    for info in members:
        name = info.filename
        if name != PurePosixPath(name).name or "\\" in name or ":" in name or name in {".", ".."}:
            raise FeedError(name, None, None, "files must lie at the root of the zip")
        if name in seen:
            raise FeedError(name, None, None, "the file is there twice")
        if info.flag_bits & 0x1:
            raise FeedError(name, None, None, "the file is encrypted")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise FeedError(name, None, None, "not a plain file")
        seen.add(name)
    _check_sizes([(info.filename, info.file_size) for info in members])


def _check_sizes(sizes: list[tuple[str, int]]) -> None:
    if len(sizes) > MOST_FILES:
        raise FeedError("feed", None, None, f"{len(sizes)} files; at most {MOST_FILES} are read")
    for name, size in sizes:
        if size > MOST_FILE_BYTES:
            raise FeedError(name, None, None, f"{size} bytes; at most {MOST_FILE_BYTES} are read")
    if sum(size for _, size in sizes) > MOST_BYTES:
        raise FeedError("feed", None, None, f"more than {MOST_BYTES} bytes")


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        return _contents(info.filename, archive.open(info))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise FeedError(info.filename, None, None, f"cannot be unpacked: {error}") from error


def _contents(name: str, stream: IO[bytes]) -> bytes:
    """Read and close a stream, but never more than a file may have, whatever was declared."""
    with stream:
        data = bytearray()
        while chunk := stream.read(_CHUNK_BYTES):
            data += chunk
            if len(data) > MOST_FILE_BYTES:
                raise FeedError(name, None, None, f"more than {MOST_FILE_BYTES} bytes")
    return bytes(data)
