"""When the database was last backed up, as a note in the data directory."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import msgspec

from maas.settings import Settings

NOTE: Final = "last-backup.json"


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup: when it was begun (epoch seconds), where it lies, how large it is."""

    at: float
    file: str
    bytes: int
    revision: str


def note_backup(settings: Settings, done: Backup) -> None:
    """Keep that a backup was made."""
    (settings.data_dir / NOTE).write_bytes(msgspec.json.encode(asdict(done)))


def last_backup(settings: Settings) -> Backup | None:
    """Return the last backup made from here, `None` when there was none."""
    note = settings.data_dir / NOTE
    return msgspec.json.decode(note.read_bytes(), type=Backup) if note.is_file() else None
