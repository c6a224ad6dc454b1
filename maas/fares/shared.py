"""Who rode together: the moments that make a fare a shared one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A party's time on board, from the end of boarding to getting out; both in seconds."""

    aboard_s: int
    dropped_s: int | None


def was_shared(ride: Interval, others: Iterable[Interval]) -> bool:
    """Whether any other party was on board at the same moment; `None` is still on board.

    Getting in where and when another gets out is not riding together.

    >>> was_shared(Interval(0, 100), [Interval(100, 200)])
    False
    """
    return any(
        (ride.dropped_s is None or other.aboard_s < ride.dropped_s)
        and (other.dropped_s is None or ride.aboard_s < other.dropped_s)
        for other in others
    )
