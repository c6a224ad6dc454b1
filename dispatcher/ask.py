"""What somebody asks for, and how far the town goes to meet it.

Both are checked here, at the border: further in, an ask that cannot be met is a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final, Literal

from dispatcher.model import Connection, Follows, Place

ABSURD_S: Final = 7 * 86_400
"""No time of a service day, and nothing a ride takes, is a week away."""

MOST_AT_ONCE: Final = 1000
"""No party has more people, bags or places to be picked up at; no ask is tried at more times."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """Another place where the party could be picked up, and how long it walks there."""

    place: Place
    walk_s: int

    def __post_init__(self) -> None:
        _within("walk_s", self.walk_s, 0, ABSURD_S)


@dataclass(frozen=True, slots=True)
class Ask:
    """A trip somebody asks for: leaving at ``desired_s``, or arriving by it.

    Nothing is offered with a pickup before ``not_before_s`` (now, or the booking deadline).  With a
    ``connection`` the time is that of the bus: arriving in time for it, or leaving when it has
    come.  ``nearby`` are other places to get in.  See ``Request`` for the rest.

    Raises ``ValueError`` naming the field that no ask can have.
    """

    id: str
    origin: Place
    destination: Place
    desired_s: int
    anchor: Literal["depart", "arrive"] = "depart"
    seats: int = 1
    wheelchairs: int = 0
    boarding_s: int = 60
    alighting_s: int = 30
    not_before_s: int = 0
    bags: int = 0
    alone: bool = False
    only: frozenset[str] | None = None
    prefers: frozenset[str] = frozenset()
    follows: Follows | None = None
    connection: Connection | None = None
    priority: int = 0
    nearby: tuple[Nearby, ...] = ()

    def __post_init__(self) -> None:
        _within("desired_s", self.desired_s, -ABSURD_S, ABSURD_S)
        _within("not_before_s", self.not_before_s, -ABSURD_S, ABSURD_S)
        for name in ("boarding_s", "alighting_s"):
            _within(name, getattr(self, name), 0, ABSURD_S)
        for name in ("seats", "wheelchairs", "bags"):
            _within(name, getattr(self, name), 0, MOST_AT_ONCE)
        _within("nearby", len(self.nearby), 0, MOST_AT_ONCE)
        if self.anchor not in ("depart", "arrive"):
            raise ValueError(f"anchor={self.anchor!r} is neither depart nor arrive")
        if self.seats + self.wheelchairs + self.bags == 0:
            raise ValueError("seats=0, wheelchairs=0, bags=0: nobody rides")
        if self.alone and self.seats + self.wheelchairs == 0:
            raise ValueError("alone=True, but a parcel has nobody to be alone")

    @property
    def arrives(self) -> bool:
        """Whether the time is that of the arrival."""
        if self.connection is not None:
            return self.connection.toward == "to_bus"
        return self.anchor == "arrive"

    @property
    def wanted_s(self) -> int:
        """The time asked for, as far as the bus allows it."""
        bus = self.connection
        if bus is None:
            return self.desired_s
        if bus.toward == "to_bus":
            return min(self.desired_s, bus.bus_s - bus.margin_s)
        return max(self.desired_s, bus.bus_s + bus.margin_s)


@dataclass(frozen=True, slots=True)
class OfferRules:
    """The town's promise: how wide its windows are and how much longer than direct a ride may be.

    ``window_s`` is the width of the promised pickup window, ``arrive_slack_s`` how much before the
    wanted time we may set down somebody who has to be there by then.  Other times are looked for
    up to ``earlier_s`` before and ``later_s`` after, in steps of ``step_s``.  A ride shorter, or an
    arrival earlier, by ``much_s`` is another offer.

    Before a refusal other parties are moved within their promises for at most
    ``shuffle_iterations`` of a search, or ``shuffle_s`` seconds; 0 is never.

    Raises ``ValueError`` naming the rule that cannot be searched.
    """

    window_s: int = 1200
    earlier_s: int = 7800
    later_s: int = 7800
    step_s: int = 300
    ride_max_factor: float = 1.5
    ride_max_extra_s: int = 600
    arrive_slack_s: int = 1800
    much_s: int = 600
    shuffle_s: float = 1.0
    shuffle_iterations: int = 3000

    def __post_init__(self) -> None:
        if self.step_s <= 0 or self.window_s < 0:
            raise ValueError(
                f"step_s={self.step_s} and window_s={self.window_s} cannot be searched"
            )
        for name in ("window_s", "step_s", "ride_max_extra_s", "arrive_slack_s", "much_s"):
            _within(name, getattr(self, name), 0, ABSURD_S)
        for name in ("earlier_s", "later_s"):
            _within(name, getattr(self, name), 0, self.step_s * MOST_AT_ONCE)
        if not 1 <= self.ride_max_factor <= MOST_AT_ONCE:
            raise ValueError(f"ride_max_factor={self.ride_max_factor} is less than the ride itself")
        if not 0 <= self.shuffle_s <= ABSURD_S or self.shuffle_iterations < 0:
            raise ValueError(
                f"shuffle_s={self.shuffle_s}, shuffle_iterations={self.shuffle_iterations}"
            )

    def ride_max_s(self, direct_s: int) -> int:
        """Return the longest ride for a trip that takes ``direct_s`` without sharing."""
        return ceil(direct_s * self.ride_max_factor) + self.ride_max_extra_s


def _within(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{field}={value} is not between {least} and {most}")
