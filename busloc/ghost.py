"""What riders are told about a trip, whether or not a vehicle was ever seen on it."""

from __future__ import annotations

from enum import StrEnum

CONFIRM_S = 180


class RiderState(StrEnum):
    """予定, 走行確認, 未確認, 運休."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"


def rider_state(
    *, cancelled: bool, start_s: float, now_s: float, seen_s: float | None, on_trip: bool
) -> RiderState:
    """Return a trip's state for riders.

    ``seen_s`` is the last fix matched to the trip or its duty (``None``: never), ``on_trip``
    whether it was to the trip itself.  All times on one clock, in seconds.
    """
    if cancelled:
        return RiderState.CANCELLED
    if seen_s is not None and now_s - seen_s <= CONFIRM_S:
        return RiderState.RUNNING
    if (seen_s is not None and on_trip) or now_s > start_s + CONFIRM_S:
        return RiderState.UNCONFIRMED
    return RiderState.SCHEDULED
