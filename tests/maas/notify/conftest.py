"""The line town on each database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from maas.store.database import Database
from maas.town.imports import import_town
from tests.maas.line_town import LineRoads, write_town


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Callable[[], Awaitable[None]]:
    """Imports the line town."""

    async def bring() -> None:
        folder = write_town(tmp_path / "town")
        await import_town(database, folder, LineRoads(), "line-roads")

    return bring
