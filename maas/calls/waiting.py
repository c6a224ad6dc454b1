"""How long people wait on the telephone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from maas.calls.line import FORGOTTEN_S, wait_s
from maas.store.calls import CallRow

SOON_S: Final = 20.0
"""Answered within this is answered at once, as call centres count."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The calls of a span of time; the waits are those of the calls that were answered.

    `given_up` rang off before anybody answered; `soon` were answered within twenty seconds.
    """

    calls: int
    answered: int
    given_up: int
    waiting: int
    soon: int
    wait_p50_s: float | None
    wait_p90_s: float | None
    wait_max_s: float | None


def waits(rows: Sequence[CallRow], now: float) -> Waits:
    """Return the figures of some calls at a moment."""
    answered = [row for row in rows if row.answered_at is not None]
    given_up = [row for row in rows if row.answered_at is None and row.ended_at is not None]
    waiting = [row for row in rows if is_waiting(row, now)]
    times = sorted(wait_s(row, now) for row in answered)
    return Waits(
        calls=len(rows),
        answered=len(answered),
        given_up=len(given_up),
        waiting=len(waiting),
        soon=sum(time <= SOON_S for time in times),
        wait_p50_s=_share(times, 0.5),
        wait_p90_s=_share(times, 0.9),
        wait_max_s=times[-1] if times else None,
    )


def is_waiting(row: CallRow, now: float) -> bool:
    """Say whether somebody is waiting for an answer now."""
    return row.state == "ringing" and now - row.rang_at < FORGOTTEN_S


def _share(times: Sequence[float], share: float) -> float | None:
    """Return the time within which a share of the callers was answered, `None` without any.

    >>> _share([1.0, 2.0, 3.0, 4.0], 0.5), _share([1.0, 2.0, 3.0, 4.0], 0.9)
    (2.0, 4.0)
    """
    return times[math.ceil(share * len(times)) - 1] if times else None
