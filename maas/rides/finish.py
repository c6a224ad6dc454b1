"""How long people stay at a place, learnt from those who were there before.

Until enough have been there the town's guess for that kind of place counts as several of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

GUESS_S: Final = {"hospital": 5400, "clinic": 4500, "hall": 2700, "shop": 2700, "market": 2700}
OTHERWISE_S: Final = 3600
_SPREAD: Final = (0.6, 0.9, 1.1, 1.4)
"""The guess stands for as many people as this, who stay so much of it."""
_AGAIN_S: Final = 1800
"""Somebody who stays longer than anybody before is expected in half an hour, again."""


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a stay lasts in seconds: half of the people have left, and four of five."""

    usual_s: int
    long_s: int
    learnt_from: int


def learn(stays_s: Sequence[int], kind: str) -> Stay:
    """Return how long people stay at a place of this kind where others stayed `stays_s`.

    >>> learn([], "clinic")
    Stay(usual_s=4500, long_s=6030, learnt_from=0)
    """
    guess_s = GUESS_S.get(kind, OTHERWISE_S)
    guesses = [round(guess_s * part) for part in _SPREAD]
    fifths = quantiles([*stays_s, *guesses], n=10, method="inclusive")
    return Stay(round(fifths[4]), round(fifths[7]), len(stays_s))


def expected_s(stay: Stay, since_s: int, now_s: int) -> int:
    """Return when somebody who came at `since_s` and is still there at `now_s` will be ready."""
    usual_s, long_s = since_s + stay.usual_s, since_s + stay.long_s
    if now_s <= usual_s - _AGAIN_S:
        return usual_s
    return max(min(long_s, now_s + _AGAIN_S), now_s + _AGAIN_S)
