"""Towns you can compute in your head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dispatcher.model import UNREACHABLE_S, Place


class LineTown:
    """Places 0, 1, 2, … stand on one road, a minute apart."""

    def __init__(self, minute_s: int = 60) -> None:
        self.minute_s = minute_s

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return driving seconds."""
        rows, columns = np.asarray(origins)[:, None], np.asarray(destinations)[None, :]
        return np.asarray(self.minute_s * np.abs(rows - columns), dtype=np.int32)


class IslandTown(LineTown):
    """A line town whose places from 100 on are islands: no road leads there or away."""

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return driving seconds."""
        times = super().table(origins, destinations)
        rows, columns = np.asarray(origins)[:, None], np.asarray(destinations)[None, :]
        apart = ((rows >= 100) | (columns >= 100)) & (rows != columns)
        return np.where(apart, UNREACHABLE_S, times).astype(np.int32)


class MatrixTown:
    """Driving times as written down, one-way streets and all."""

    def __init__(self, seconds: Sequence[Sequence[int]] | NDArray[np.int32]) -> None:
        self.seconds = np.asarray(seconds, dtype=np.int32)

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return driving seconds."""
        return np.asarray(self.seconds[np.ix_(origins, destinations)], dtype=np.int32)
