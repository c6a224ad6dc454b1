"""The timetables a server shows: one zip file each in the data directory, the town's own first."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from gtfs import Feed, read_feed

TOWN: Final = "town"


def feed_name(path: Path) -> str:
    """Return the name a feed goes by: its file name in letters, digits, `_` and `-`.

    >>> feed_name(Path("GTFS 2025.10.zip"))
    'gtfs_2025_10'
    """
    return re.sub(r"[^a-z0-9_-]+", "_", path.stem.lower()).strip("_") or "feed"


def keep_feed(path: Path, folder: Path, name: str) -> Path:
    """Copy a feed into `folder` under `name`, replacing the one of that name in one move."""
    folder.mkdir(parents=True, exist_ok=True)
    kept, coming = folder / f"{name}.zip", folder / f".{name}.coming"
    shutil.copyfile(path, coming)
    coming.replace(kept)
    return kept


def feed_files(folder: Path) -> dict[str, Path]:
    """Return the kept feeds by name, the town's own first, the others in order of their names."""
    files = {path.stem: path for path in sorted(folder.glob("*.zip"))}
    own = files.pop(TOWN, None)
    return ({TOWN: own} if own else {}) | files


def load_feeds(folder: Path) -> dict[str, Feed]:
    """Return the kept feeds, read.  Raises ``FeedError`` for one that cannot be."""
    return {name: read_feed(path) for name, path in feed_files(folder).items()}
