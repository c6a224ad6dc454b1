"""The life of a booking as one table: what may happen in which state, and what comes of it.

Whatever is not in the table is refused, with a sentence; what has happened already may be reported
again and changes nothing.  The drawing in the README is made from this table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from maas.rides.messages import say
from maas.town.messages import Text

State = Literal["held", "booked", "arrived", "aboard", "done", "cancelled", "no_show", "lapsed"]
Step = Literal["arrived", "aboard", "dropped", "no_show"]
Action = Literal[
    "book",
    "release",
    "change",
    "cancel",
    "pin",
    "arrived",
    "aboard",
    "dropped",
    "no_show",
    "moved",
    "stranded",
]

NEXT: Final[Mapping[tuple[str, Action], State]] = {
    ("held", "book"): "booked",
    ("held", "release"): "lapsed",
    ("booked", "change"): "booked",
    ("booked", "pin"): "booked",
    ("booked", "cancel"): "cancelled",
    ("booked", "arrived"): "arrived",
    ("booked", "aboard"): "aboard",
    ("booked", "no_show"): "no_show",
    ("arrived", "pin"): "arrived",
    ("arrived", "cancel"): "cancelled",
    ("arrived", "aboard"): "aboard",
    ("arrived", "no_show"): "no_show",
    ("aboard", "dropped"): "done",
    ("arrived", "moved"): "booked",
    ("aboard", "stranded"): "booked",
}
"""The state that an action leads to; a seat is held, or a ride booked, out of nothing.

`moved`: another vehicle comes instead; `stranded`: the vehicle broke down with the rider on board.
"""

SEEN_LATE: Final[Mapping[tuple[str, Step], State]] = {
    **{(state, "aboard"): "aboard" for state in ("held", "lapsed", "cancelled", "no_show")},
    **{
        (state, "dropped"): "done"
        for state in ("held", "lapsed", "booked", "arrived", "cancelled", "no_show")
    },
}
"""What only a vehicle can report afterwards that had no signal: whoever sat in it sat in it.

See `maas.rides.merge`.
"""

DONE_BEFORE: Final[Mapping[Action, frozenset[str]]] = {
    "book": frozenset({"booked", "arrived", "aboard", "done"}),
    "release": frozenset({"lapsed"}),
    "cancel": frozenset({"cancelled"}),
    "arrived": frozenset({"arrived", "aboard", "done"}),
    "aboard": frozenset({"aboard", "done"}),
    "dropped": frozenset({"done"}),
    "no_show": frozenset({"no_show"}),
}
"""States in which an action has happened already."""

FIRST: Final[tuple[State, ...]] = ("held", "booked")
OVER: Final = frozenset({"done", "cancelled", "no_show", "lapsed"})
RIDES: Final = frozenset({"booked", "arrived", "aboard"})
"""Rides still to be driven."""
ON_PLAN: Final = RIDES | {"held"}
"""States in which a booking takes room in a vehicle."""
ALL: Final = ON_PLAN | OVER


@dataclass(frozen=True, slots=True)
class Already:
    """It has happened before: nothing changes."""


@dataclass(frozen=True, slots=True)
class NotSo:
    """It cannot happen in this state, and why."""

    sentence: Text


def after(state: str, action: Action) -> State | Already | NotSo:
    """Return the state an action leads to, or why it changes nothing.

    >>> after("booked", "cancel"), after("cancelled", "cancel")
    ('cancelled', Already())
    """
    found = NEXT.get((state, action))
    if found is not None:
        return found
    if state in DONE_BEFORE.get(action, frozenset()):
        return Already()
    return NotSo(say(_why(state, action)))


def _why(state: str, action: Action) -> str:
    if state == "lapsed":
        return "hold_over"
    if state in OVER:
        return "already_over"
    if state == "held":
        return "only_held"
    if state == "aboard":
        return "already_aboard"
    if state == "arrived" and action == "change":
        return "already_there"
    return "not_aboard" if action == "dropped" else "not_held"


def drawing() -> str:
    """Return the table as a mermaid state diagram."""
    return "\n".join(["stateDiagram-v2", *_arrows()])


def _arrows() -> Iterator[str]:
    for first in FIRST:
        yield f"    [*] --> {first}"
    for (state, action), then in NEXT.items():
        yield f"    {state} --> {then}: {action}"
    for state in sorted(OVER):
        yield f"    {state} --> [*]"
