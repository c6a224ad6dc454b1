"""What each of the parties that wait could have: its best place in every vehicle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from dispatcher import kernel
from dispatcher.line import Spot
from dispatcher.nodes import Ints

NEVER: Final = float("inf")


@dataclass(slots=True)
class Bids:
    """A row a party, a column a vehicle; the cost is ``NEVER`` where there is no place."""

    asks: kernel.Asks
    found: kernel.Found
    changed: Ints
    """In which turn a vehicle made its bid; of equals the one that made it first is taken."""
    waiting: Ints = field(init=False)
    """The rows of those who have no place yet."""
    turn: int = 0

    def __post_init__(self) -> None:
        self.waiting = np.arange(len(self.changed))

    def any(self, row: int = 0) -> bool:
        """Whether there is a place for a party in any vehicle."""
        return bool(self.found.cost[row].min(initial=NEVER) < NEVER)

    def cheapest(self, row: int = 0) -> Spot:
        """Return the cheapest place of a party."""
        v = int(np.lexsort((self.changed[row], self.found.cost[row]))[0])
        return Spot(v, int(self.found.after_p[row, v]), int(self.found.after_d[row, v]))

    def served(self, row: int) -> None:
        """A party has got a place, and waits no longer."""
        self.waiting = self.waiting[self.waiting != row]

    def outdated(self, vehicle: int) -> Ints:
        """Return the rows whose bid of a vehicle that has changed is to be made again now."""
        rows: Ints = self.waiting[self.found.cost[self.waiting, vehicle] < NEVER]
        self.turn += 1
        self.changed[rows, vehicle] = self.turn
        return rows

    def regrets(self, rows: Ints) -> kernel.Floats:
        """Return how much parties lose if their best places are taken; -1 where there is none."""
        beyond = np.full((len(rows), 2), NEVER)
        costs = np.concatenate([self.found.cost[rows], beyond], axis=1)
        first, second = np.partition(costs, 1, axis=1)[:, :2].T
        able = first < NEVER
        return np.where(able, second - np.where(able, first, 0.0), -1.0)


def unasked(parties: int, vehicles: int) -> kernel.Found:
    """Return the table in which no place has been found yet."""
    size = parties, vehicles
    after_p, after_d, pickup, dropoff, tried = np.zeros((5, *size), dtype=np.int64)
    cost, vehicle = np.full(size, NEVER), np.full(size, -1)
    return kernel.Found(cost, after_p, after_d, pickup, dropoff, tried, vehicle)


def asks_of(
    parties: Sequence[kernel.Party],
    drives: Sequence[kernel.Drives],
    terms: Sequence[tuple[Ints, kernel.Floats]],
) -> kernel.Asks:
    """Return parties, of which there is at least one, as the kernel wants them."""
    return kernel.Asks(
        party=np.array(parties, dtype=np.int64),
        drive=np.array([one[:4] for one in drives]),
        direct=np.array([one.direct for one in drives]),
        use=np.array([one.use for one in drives]),
        use_direct=np.array([one.use_direct for one in drives]),
        open_to=np.array([open_to for open_to, _ in terms]),
        extra=np.array([extra for _, extra in terms]),
    )
