"""Which run a vehicle goes on to: nearly always the next one to leave from where it has ended.

A vehicle keeps to its route, and those that wait at an end of it leave in turn.  So what is known
of the run a vehicle was on tells a good deal of the one it is on, also where routes share a road.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from busloc.network import NEXT, Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ELSEWHERE = 20.0
"""About so many runs a vehicle might go on to that are not among the next of its route."""
LIKELY_MIN = 1e-4
"""Runs less likely than this are not gone on from."""


def onward(network: Network, shares: Floats, runs: Ints, scores: Floats) -> Floats:
    """Return the log likelihood of being on each run later, up to one addend.

    ``shares`` are those of ``Habits.onward``, ``scores`` the log likelihoods of the ``runs`` it may
    be on now, of which some may be twice.  A run may also be gone on with: a vehicle that was lost
    and is found again is on it still.
    """
    best = np.full(len(network.runs), -np.inf)
    np.maximum.at(best, runs, scores)
    likely = np.exp(best - best.max())
    likely /= likely.sum()
    now = np.flatnonzero(likely > LIKELY_MIN)
    found = np.full(len(network.runs), shares[NEXT + 1] / ELSEWHERE)
    by_route = np.bincount(network.route[now], likely[now], minlength=network.route.max() + 1)
    found += by_route[network.route] * shares[NEXT] / ELSEWHERE
    follows = network.next[now]
    np.add.at(found, follows[follows >= 0], (likely[now, None] * shares[:NEXT])[follows >= 0])
    found[now] += likely[now]
    return np.asarray(np.log(found))


def place(network: Network, one: int, other: int) -> int:
    """Return which of ``Habits.onward`` it is to go on from one run to another, by number."""
    found = np.flatnonzero(network.next[one] == other)
    if len(found):
        return int(found[0])
    return NEXT if network.route[one] == network.route[other] else NEXT + 1
