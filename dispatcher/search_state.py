"""What the search works on: routes as linked nodes, vehicles, and what is remembered of places.

What is known of a node lies together in memory, and so does what is known of a vehicle.  Loads are
packed, seats, wheelchairs and luggage in one number, so that one subtraction compares all three.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Records = NDArray[np.void]

EPS: Final = 1e-9
"""Rounding in sums of floats; whole seconds never differ by so little."""

CHAIRS: Final = 20
BAGS: Final = 40
"""How far wheelchairs and luggage are shifted in a packed load; seats are not."""

MOST: Final = 2**19 - 1
"""The largest part of a packed load."""

FULL: Final = 2**18
"""Seats taken by a party that rides alone, and by a task that lets nobody stay on board."""

GUARDS: Final = (1 << 19) | (1 << 39) | (1 << 59)
"""The bit above each part; it stays when a limit is not exceeded."""

NODE: Final = np.dtype(
    [
        ("next", np.int64),
        ("last", np.int64),
        ("vehicle", np.int64),
        ("pick", np.int64),
        ("drop", np.int64),
        ("riders", np.int64),
        ("bar", np.int64),
        ("gain", np.int64),
        ("load", np.int64),
        ("through", np.int64),
        ("power", np.float64),
        ("early", np.float64),
        ("late", np.float64),
        ("service", np.float64),
        ("ride", np.float64),
        ("least", np.float64),
        ("great", np.float64),
        ("leg", np.float64),
        ("on", np.float64),
    ]
)
"""A place in a route.

``vehicle`` is -1 for parties in the bank; ``pick`` of a dropoff is where the party got in, of an
end with a longest day its start, else -1, and ``drop`` the inverse; ``riders`` who get in, ``gain``
and ``load`` packed; ``through`` is the load for those who would ride past; ``bar`` lets nobody stay
on board; ``leg`` is the drive to the next node and ``on`` what a second of it costs.
"""

VEHICLE: Final = np.dtype(
    [
        ("profile", np.int64),
        ("start", np.int64),
        ("end", np.int64),
        ("behind", np.int64),
        ("kind", np.int64),
        ("seats", np.int64),
        ("chairs", np.int64),
        ("bags", np.int64),
        ("lost", np.int64),
        ("key", np.int64),
        ("cost", np.float64),
        ("capacity", np.float64),
        ("now", np.float64),
        ("reserve", np.float64),
        ("taper", np.float64),
    ]
)
"""A vehicle, what its route costs, and the fingerprint of that route; no capacity: no battery."""

PLACE: Final = np.dtype(
    [("key", np.int64), ("cost", np.float64), ("after_p", np.int64), ("after_d", np.int64)]
)
"""The best place of a party in a route; behind -1 only the bound is known."""


_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a function that makes no arrays: numba then counts no references, half the time."""
    return cast("_Function", njit(cache=True, nogil=True, _nrt=False)(function))  # type: ignore[call-overload]


class World(NamedTuple):
    """What no move changes."""

    drives: NDArray[np.float64]
    """Driving times by profile, node and next node."""
    toward: NDArray[np.float64]
    """The same by profile, next node and node: what leads to a node lies together in memory."""
    energy: NDArray[np.float64]
    """Watt-hours in the same order, twice a profile: the drive, and what each rider adds."""
    extra: Floats
    """What it costs that this vehicle carries a party, infinite where it may not."""
    near: Ints
    """For each party the parties most like it in place and time, itself first."""
    aboard: float
    """What a rider's second on board costs, beside one for the vehicle's."""
    unserved: float
    """What it costs to leave a party out."""


class State(NamedTuple):
    """A whole plan."""

    nodes: Records
    fleet: Records
    bank: Ints
    """Parties without a vehicle; the first ``size[0]`` count."""
    size: Ints


class Work(NamedTuple):
    """Scratch room, and what is remembered."""

    random: Ints
    pushed: Ints
    before: Floats
    route: Ints
    dear: Floats
    rest: Floats
    bound: Floats
    dirty: Ints
    touched: Ints
    """Vehicles whose route is not that of the plan the iteration began with."""
    stale: Ints
    """Vehicles whose route is not that of the best plan."""
    idle: Ints
    order: Ints
    weight: Floats
    table: Floats
    """What the best place costs, by party and vehicle, while the bank is emptied by regret."""
    memo: Records
    """By party and vehicle, apart for vehicles touched or not."""
    tried: Ints
    """Places looked up, places computed, exact tests made."""
