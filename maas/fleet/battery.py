"""How far a vehicle gets on what is left in its battery."""

from __future__ import annotations

from typing import Final

SPARE: Final = 1.2
"""A drive so much longer than planned, by a detour or in the cold, is still to be done."""


def range_m(percent: float, capacity_wh: int, kwh_100km: float) -> int | None:
    """Return how many metres are left, rounded down; `None` when it uses nothing.

    >>> range_m(50, 16_000, 8.0)
    100000
    """
    if kwh_100km <= 0:
        return None
    return int(percent * capacity_wh / kwh_100km)


def lasts(left_m: int, ahead_m: int) -> str:
    """Say whether what is left is `enough` for the drive ahead, only just (`tight`), or `short`.

    >>> [lasts(left, 10_000) for left in (12_000, 11_999, 10_000, 9_999)]
    ['enough', 'tight', 'tight', 'short']
    """
    if left_m < ahead_m:
        return "short"
    return "enough" if left_m >= ahead_m * SPARE else "tight"
