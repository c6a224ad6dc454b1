"""What riders are told about a trip, whether or not a vehicle was ever seen on it."""

from __future__ import annotations

from enum import StrEnum

CONFIRM_S = 180
"""A fix confirms a trip for so long."""
GHOST_S = 170
"""A trip that nobody runs is told so this long after its start: boards need up to ten seconds
more to be made anew, and riders are told within three minutes."""

READY_S = 20
"""So long after a vehicle should have begun a trip, it must have been seen on it."""


class RiderState(StrEnum):
    """予定, 走行確認, 未確認, 運行なし, 運休, 迂回中."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    UNCONFIRMED = "unconfirmed"
    NOT_RUNNING = "not_running"
    CANCELLED = "cancelled"
    DIVERTED = "diverted"


def rider_state(
    *,
    cancelled: bool,
    start_s: float,
    now_s: float,
    seen_s: float | None,
    on_trip: bool,
    off_line: bool = False,
    ready_s: float = float("inf"),
    hearing: bool = True,
) -> RiderState:
    """Return a trip's state for riders.

    ``seen_s`` is the last fix of a vehicle on the trip or its duty (``None``: never), ``on_trip``
    whether it was on the trip itself, ``off_line`` whether it had then left the trip's line.
    ``ready_s`` is when a vehicle seen on its duty was expected to begin the trip: seen only before
    that, it confirms the trip no more.  While nobody at all is heard (not ``hearing``) no trip is
    called not running: it may be us.  All times on one clock, in seconds.
    """
    if cancelled:
        return RiderState.CANCELLED
    due = now_s >= start_s + GHOST_S
    if seen_s is None and hearing and due:
        return RiderState.NOT_RUNNING
    overdue = due and not on_trip and now_s > ready_s + READY_S
    if seen_s is not None and now_s - seen_s <= CONFIRM_S and not overdue:
        return RiderState.DIVERTED if on_trip and off_line else RiderState.RUNNING
    silent = on_trip and seen_s is not None
    return RiderState.UNCONFIRMED if due or silent else RiderState.SCHEDULED
