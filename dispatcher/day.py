"""A service day as values: what happens outside, what a policy sees and says, what comes of it.

A policy sees ``Moment``: the plan as far as it is not executed, every vehicle where it can next be
told something else.  Limits that can no longer be kept are widened for the policy (``relaxed``),
never in the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from dispatcher.model import Place, Plan, Request, TravelTimes, Vehicle


class Roads(TravelTimes, Protocol):
    """Driving times, and what is on the way."""

    def along(self, origin: Place, destination: Place, elapsed_s: float, /) -> tuple[Place, int]:
        """Return the next place of a drive, and how many seconds after its begin that is reached.

        It is the first not reached before ``elapsed_s``, the destination when none is left.
        """
        ...

    def leaving(self, place: Place, /) -> tuple[Place, int]:
        """Return where a vehicle is that has stopped at a place, and how long after its last stop.

        Mostly that place, at once.  Where a visit takes time however many get in or out, it is
        the same spot without the visit, whose time leads every drive away from the stop.
        """
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A request within the widest windows its rider accepts, and when it becomes known.

    ``comes`` is false for who will not be there, whatever the day's chances are; who ``leaves_s``
    says so then, and is not waited for any more.
    """

    known_s: int
    request: Request
    comes: bool = True
    leaves_s: int | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """What happens outside: vehicles, calls, and roads by vehicle profile."""

    vehicles: tuple[Vehicle, ...]
    calls: tuple[Call, ...]
    roads: Mapping[str, Roads]


@dataclass(frozen=True, slots=True)
class Chances:
    """What may go wrong, as probabilities of each party, or of each vehicle and day.

    ``noise`` is the standard deviation of the logarithm of a drive's time over the table's; its
    mean is 1.  A vehicle waits ``patience_s`` for a party that is not there, then goes on.

    Raises ``ValueError`` for what is no probability.
    """

    noise: float = 0.0
    no_show: float = 0.0
    late: float = 0.0
    late_s: int = 240
    """How long after the offered pickup a late party comes."""
    breakdown: float = 0.0
    patience_s: int = 300

    def __post_init__(self) -> None:
        for name in ("no_show", "late", "breakdown"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}={getattr(self, name)} is no probability")
        if min(self.noise, self.late_s, self.patience_s) < 0:
            raise ValueError(f"noise={self.noise}, late_s={self.late_s}: less than nothing")


@dataclass(frozen=True, slots=True)
class Moment:
    """What a policy knows: the plan from now on.

    ``plan.requests`` also has the parties in ``stranded``, who were promised a ride and are on no
    route since their vehicle broke down; a policy should carry them.  ``waits`` is where idle
    vehicles have been sent.
    """

    now_s: int
    plan: Plan
    roads: Mapping[str, Roads]
    stranded: tuple[str, ...] = ()
    waits: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan from now on.  ``offered_s`` is the pickup told to the party that asked.

    A request that is not in the plan is refused.  A vehicle without stops drives to its place in
    ``waits``; one that is not there stays.
    """

    plan: Plan
    offered_s: int | None = None
    waits: Mapping[str, Place] = field(default_factory=dict)


class Policy(Protocol):
    """Whoever decides."""

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """Take a party into the plan, its windows now those of the promise, or leave it out."""
        ...

    def review(self, moment: Moment, /) -> Decision:
        """Change what has been planned, if it can be better."""
        ...


Fate = Literal["served", "refused", "no_show", "cancelled", "cancelled_by_operator"]


@dataclass(slots=True)
class Ride:
    """What became of a request.  A dropoff is the arrival, a pickup the start of boarding."""

    request: Request
    known_s: int
    fate: Fate = "refused"
    offered_s: int | None = None
    vehicle_id: str | None = None
    pickup_s: int | None = None
    dropoff_s: int | None = None

    @property
    def shift_s(self) -> int | None:
        """How much later than first told the party got in."""
        if self.pickup_s is None or self.offered_s is None:
            return None
        return self.pickup_s - self.offered_s


@dataclass(frozen=True, slots=True)
class Leg:
    """One drive without a stop or a change of mind."""

    vehicle_id: str
    depart_s: int
    arrive_s: int
    origin: Place
    destination: Place
    riders: int


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the day's record: a call, a stop, a change of plan, or bad luck."""

    at_s: int
    kind: str
    vehicle_id: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole day, as it went."""

    rides: tuple[Ride, ...]
    legs: tuple[Leg, ...]
    happenings: tuple[Happening, ...]

    @property
    def carried(self) -> list[Ride]:
        """Those who got in and out."""
        return [ride for ride in self.rides if ride.fate == "served"]

    @property
    def served_share(self) -> float:
        """How many of all who asked were carried; 1 on a day when nobody asked."""
        return len(self.carried) / len(self.rides) if self.rides else 1.0

    def kept_share(self, within_s: int = 300) -> float:
        """How many of the promised got in within so much of the pickup first told.

        Who did not come or left is left out; who was promised a ride and never carried counts as
        broken.
        """
        away = ("no_show", "cancelled")
        told = [r for r in self.rides if r.offered_s is not None and r.fate not in away]
        kept = [r for r in told if r.shift_s is not None and abs(r.shift_s) <= within_s]
        return len(kept) / len(told) if told else 1.0

    @property
    def drive_s(self) -> int:
        """All driving."""
        return sum(leg.arrive_s - leg.depart_s for leg in self.legs)

    @property
    def empty_s(self) -> int:
        """Driving with nobody on board."""
        return sum(leg.arrive_s - leg.depart_s for leg in self.legs if leg.riders == 0)

    def count(self, kind: str) -> int:
        """Return how often something happened."""
        return sum(happening.kind == kind for happening in self.happenings)


def promised(request: Request, offered_s: int, within_s: int, buffer_s: int = 0) -> Request:
    """Return a request with the pickup window that the promise leaves of it.

    ``buffer_s`` of it is not planned with: drives may take longer.
    """
    return replace(
        request,
        earliest_pickup_s=max(request.earliest_pickup_s, offered_s - within_s),
        latest_pickup_s=min(request.latest_pickup_s, offered_s + within_s - buffer_s),
    )


def legs_of(outcome: Outcome, vehicle_id: str) -> Sequence[Leg]:
    """Return one vehicle's drives in order."""
    return [leg for leg in outcome.legs if leg.vehicle_id == vehicle_id]
