"""Numba's cache does not follow imports: forget compiled code that is older than any kernel."""

from __future__ import annotations

import contextlib
from pathlib import Path


def forget_stale(folder: Path) -> list[Path]:
    """Remove from ``folder`` what Numba compiled before a kernel there was last edited.

    A compiled function holds what it calls in other files, and Numba looks only at its own.
    Returns the index files removed; where the cache is elsewhere, or not ours, nothing happens.
    """
    kernels = (path for path in folder.glob("*.py") if b"njit" in path.read_bytes())
    edited_s = max((path.stat().st_mtime for path in kernels), default=0.0)
    removed = []
    for index in folder.glob("__pycache__/*.nbi"):
        with contextlib.suppress(OSError):  # another process was first, or it is not ours
            if index.stat().st_mtime < edited_s:
                index.unlink()
                removed.append(index)
    return removed
