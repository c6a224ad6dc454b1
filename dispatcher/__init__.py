"""Who carries whom, and when: the dispatcher of a demand taxi.  It does no input or output.

Four functions bear the name of their file and are imported from it, lest they hide it:
``dispatcher.schedule.schedule``, ``dispatcher.insert.insert``, ``dispatcher.improve.improve`` and
``dispatcher.check.check``.  What only some callers need stays in its file: ``events``, ``explain``,
``tasks`` and ``shifts``, ``day`` and ``simulate``.
"""

from pathlib import Path

from dispatcher.alternatives import Offer, OfferKind, Other
from dispatcher.ask import Ask, Nearby, OfferRules
from dispatcher.check import Violation
from dispatcher.cost import plan_cost_s, route_cost_s
from dispatcher.explain_messages import Explanation, Option
from dispatcher.fleet import Approach, Fleet
from dispatcher.insert import Insertion, insertions, warm
from dispatcher.model import (
    RIDER_STOPS,
    UNREACHABLE_S,
    Battery,
    Connection,
    EnergyUse,
    Follows,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    StopKind,
    Task,
    TravelTimes,
    Vehicle,
)
from dispatcher.offer import offers, offers_in_gaps, take
from dispatcher.plan import boarded, done, dropped, moved, relaxed
from dispatcher.refuse import Reason, Refusal, Relaxation
from dispatcher.schedule import Breach, Rule, Schedule, expected
from dispatcher.stale import forget_stale

__all__ = [
    "RIDER_STOPS",
    "UNREACHABLE_S",
    "Approach",
    "Ask",
    "Battery",
    "Breach",
    "Connection",
    "EnergyUse",
    "Explanation",
    "Fleet",
    "Follows",
    "Insertion",
    "Nearby",
    "Offer",
    "OfferKind",
    "OfferRules",
    "Option",
    "Other",
    "Place",
    "Plan",
    "Reason",
    "Refusal",
    "Relaxation",
    "Request",
    "Route",
    "Rule",
    "Schedule",
    "Stop",
    "StopKind",
    "Task",
    "TravelTimes",
    "Vehicle",
    "Violation",
    "boarded",
    "done",
    "dropped",
    "expected",
    "insertions",
    "moved",
    "offers",
    "offers_in_gaps",
    "plan_cost_s",
    "relaxed",
    "route_cost_s",
    "take",
    "warm",
]

forget_stale(Path(__file__).parent)  # before any kernel is called
