"""Room for parties that have no place: others are taken out for them and find a place themselves.

Guided ejection search (Nagata and Braysy 2009, "A powerful route minimization heuristic"; for
pickups and dropoffs Nagata and Kobayashi 2010): whoever waits is put where those taken out for it
are the least hard to place.  How hard a party is says how often it found no place before, so that
the search does not go round in circles.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatcher.search_kernel import place
from dispatcher.search_moves import below, insert, remove
from dispatcher.search_route import put, rebuild, take_out
from dispatcher.search_state import Floats, Ints, Records, State, Work, World, compiled

MOST_OUT: Final = 3
"""At most so many parties of one route are taken out for another."""

QUIET: Final = 50
"""So many turns move nobody but those taken out."""

MOVES: Final = 10
"""So many others are moved elsewhere in each turn after that."""

_HOPELESS: Final = 4
"""Who waits alone, whoever is taken out, has no room after so many turns without a place."""


class Ejection(NamedTuple):
    """What the search for room remembers, and scratch."""

    hard: Floats
    """How often a party found no place, and one."""
    others: Ints
    """The parties of a route that may be taken out."""
    chosen: Ints
    """Which of ``others`` are out while a route is looked at."""
    behind: Ints
    """Behind which nodes those were: where each got out, then where it got in."""
    out: Ints
    """The parties to take out, -1 for none."""

    @classmethod
    def of(cls, parties: int) -> Ejection:
        """Return what a search begins with."""
        return cls(
            np.ones(parties),
            np.zeros(parties, dtype=np.int64),
            np.zeros(MOST_OUT, dtype=np.int64),
            np.zeros(2 * MOST_OUT, dtype=np.int64),
            np.zeros(MOST_OUT, dtype=np.int64),
        )


@compiled
def eject(world: World, state: State, work: Work, room: Ejection, turns: int, moves: int) -> bool:
    """Let the parties of the bank find a place, one a turn; return False when there is no hope.

    In each turn ``moves`` others are moved elsewhere, where that can be.
    """
    for _ in range(turns):
        if state.size[0] == 0:
            return True
        r = int(state.bank[state.size[0] - 1])
        if _put_in(world, state, work, r):
            state.size[0] -= 1
            continue
        room.hard[r] += 1
        v = _easiest(world, state, work, room, r)
        if v >= 0:
            state.size[0] -= 1
            _put_for_others(world, state, work, room, v, r)
        elif state.size[0] > 1:
            other = below(work.random, state.size[0] - 1)
            state.bank[state.size[0] - 1], state.bank[other] = state.bank[other], r
        elif room.hard[r] > _HOPELESS:
            return False
        for _ in range(moves):
            _stir(world, state, work, room)
    return True


@compiled
def _put_in(world: World, state: State, work: Work, r: int) -> bool:
    """Put a party where it costs least, if anywhere."""
    best, vehicle, i, j = np.inf, -1, 0, 0
    for v in range(len(state.fleet)):
        found = place(world, state, work, v, r, best)
        if found["after_p"] >= 0 and found["cost"] < best:
            best, vehicle, i, j = found["cost"], v, found["after_p"], found["after_d"]
    if vehicle >= 0:
        insert(world, state, work, vehicle, r, i, j)
    return vehicle >= 0


@compiled
def _easiest(world: World, state: State, work: Work, room: Ejection, r: int) -> int:
    """Choose who makes room for a party, the least hard to place; return whose route, or -1."""
    vehicle, least, ties = -1, np.inf, 0
    for v in range(len(state.fleet)):
        if world.extra[r, v] == np.inf:
            continue
        count = _movable(state, room.others, v)
        out, at, hard = 0, 0, 0.0
        while at < count or out > 0:
            if at == count:
                out -= 1
                at = int(room.chosen[out])
                other = int(room.others[at])
                hard -= room.hard[other]
                _put_back(state.nodes, other, room.behind, out)
                at += 1
                continue
            other = int(room.others[at])
            together = hard + room.hard[other]
            if together > least:
                at += 1
                continue
            _take_away(state.nodes, other, room.behind, out)
            room.chosen[out] = at
            at += 1
            fits = _fits(world, state, work, v, r)
            if fits:
                ties = 1 if together < least else ties + 1
                if together < least or below(work.random, ties) == 0:
                    vehicle, least = v, together
                    for k in range(MOST_OUT):
                        room.out[k] = room.others[room.chosen[k]] if k <= out else -1
            if fits or out + 1 == MOST_OUT:
                _put_back(state.nodes, other, room.behind, out)
            else:
                out, hard = out + 1, together
        rebuild(world, state, v)
    return vehicle


@compiled
def _movable(state: State, others: Ints, v: int) -> int:
    """List the parties of a route that may be taken out; return how many."""
    nodes, count = state.nodes, 0
    node = int(nodes[state.fleet[v]["start"]]["next"])
    while node != state.fleet[v]["end"]:
        if node < 2 * len(others) and node % 2 == 0:
            others[count] = node // 2
            count += 1
        node = int(nodes[node]["next"])
    return count


@compiled
def _take_away(nodes: Records, r: int, behind: Ints, k: int) -> None:
    for side in range(2):
        node = 2 * r + 1 - side
        behind[2 * k + side] = nodes[node]["last"]
        take_out(nodes, node)


@compiled
def _put_back(nodes: Records, r: int, behind: Ints, k: int) -> None:
    for side in range(1, -1, -1):
        put(nodes, 2 * r + 1 - side, behind[2 * k + side])


@compiled
def _fits(world: World, state: State, work: Work, v: int, r: int) -> bool:
    return bool(
        rebuild(world, state, v) and place(world, state, work, v, r, np.inf)["after_p"] >= 0
    )


@compiled
def _put_for_others(world: World, state: State, work: Work, room: Ejection, v: int, r: int) -> None:
    """Put a party into a route, and those chosen for it into the bank."""
    for other in room.out:
        if other >= 0:
            remove(state, work, other)
    rebuild(world, state, v)
    found = place(world, state, work, v, r, np.inf)
    insert(world, state, work, v, r, found["after_p"], found["after_d"])


@compiled
def _stir(world: World, state: State, work: Work, room: Ejection) -> None:
    """Move one party into another route, when the two that are drawn go together."""
    r, to = below(work.random, len(room.hard)), below(work.random, len(state.fleet))
    v = int(state.nodes[2 * r]["vehicle"])
    if v < 0:
        return
    _take_away(state.nodes, r, room.behind, 0)
    if rebuild(world, state, v):
        found = place(world, state, work, to, r, np.inf)
        if found["after_p"] >= 0:
            insert(world, state, work, to, r, found["after_p"], found["after_d"])
            return
    _put_back(state.nodes, r, room.behind, 0)
    rebuild(world, state, v)
