"""The files of a feed in a zip or a folder, one at a time, trusting nothing in it.

A zip is refused by what its directory says (paths, links, numbers, sizes, how well it is said to
be packed) before anything is unpacked, and never unpacked beyond what was said.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from gtfs.tables import FeedError

MOST_FILES = 200
MOST_FILE_BYTES = 256 * 2**20
MOST_BYTES = 512 * 2**20
MOST_DIRECTORY_BYTES = 2**18
MOST_TIMES_PACKED = 100
_SMALL_BYTES = 2**20
_CHUNK_BYTES = 2**20
_END = struct.Struct("<4s4H2LH")


def files_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of every file.  Raises ``FeedError``, ``OSError``."""
    return _folder_files(path) if path.is_dir() else _zip_files(path)


def _folder_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    paths = sorted(folder.iterdir())
    for path in paths:
        if path.is_symlink() or not path.is_file():
            raise FeedError(path.name, None, None, "not a plain file")
    _check_sizes([(path.name, path.stat().st_size) for path in paths])
    for path in paths:
        yield path.name, _contents(path.name, path.open("rb"))


def _zip_files(path: Path) -> Iterator[tuple[str, bytes]]:
    size = path.stat().st_size
    _check_directory(path, size)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not _is_litter(info.filename)]
            _check_members(members, size)
            unpacked = 0
            for info in members:
                data = _unpacked(archive, info)
                unpacked += len(data)
                if unpacked > MOST_BYTES:
                    raise FeedError(info.filename, None, None, "the feed is too large")
                yield info.filename, data
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise FeedError(path.name, None, None, f"not a proper zip file: {error}") from error


def _check_directory(path: Path, size: int) -> None:
    """Refuse a directory too long to be read, before it is."""
    with path.open("rb") as file:
        file.seek(max(0, size - _END.size - 2**16))
        tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise FeedError(path.name, None, None, "not a proper zip file: it has no directory")
    directory_bytes = _END.unpack_from(tail, at)[5]
    if tail[max(0, at - 20) : at].startswith(b"PK\6\7") or directory_bytes > MOST_DIRECTORY_BYTES:
        raise FeedError(path.name, None, None, "the zip says it has far too many files")


def _is_litter(name: str) -> bool:
    """What a Mac leaves in every zip."""
    return name.startswith("__MACOSX/") or name.endswith(".DS_Store")


def _check_members(members: list[zipfile.ZipInfo], packed_bytes: int) -> None:
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
        if info.file_size > max(_SMALL_BYTES, MOST_TIMES_PACKED * info.compress_size):
            raise FeedError(name, None, None, "packed too small for what it is said to hold")
        seen.add(name)
    if sum(info.file_size for info in members) > max(
        4 * _SMALL_BYTES, MOST_TIMES_PACKED * packed_bytes
    ):
        raise FeedError("feed", None, None, "packed too small for what it is said to hold")
    if sum(info.compress_size for info in members) > packed_bytes:
        raise FeedError("feed", None, None, "the files in the zip lie over each other")
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
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise FeedError(info.filename, None, None, f"cannot be unpacked: {error}") from error


def _contents(name: str, stream: IO[bytes]) -> bytes:
    """Read and close a stream, but never more than a file may have, whatever was declared."""
    with stream:
        chunks: list[bytes] = []
        total = 0
        while chunk := stream.read(_CHUNK_BYTES):
            chunks.append(chunk)
            total += len(chunk)
            if total > MOST_FILE_BYTES:
                raise FeedError(name, None, None, f"more than {MOST_FILE_BYTES} bytes")
    return b"".join(chunks)
