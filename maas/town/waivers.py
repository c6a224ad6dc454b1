"""The rules that somebody responsible may set aside for one trip, each loosened alone.

Only what the town decided about times, days ahead and who may go where is here.  What follows from
vehicles, people and promises (seats, ride times, closed days on which nobody drives, two rides at
once, the past) is not: no reason gives a vehicle another seat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import msgspec

from maas.town.rules import AreaRules

FIRST: Final = "00:00"
LAST: Final = "47:59"
"""All of a service day; the vehicles' shifts still say when somebody drives."""
FARTHEST_DAYS: Final = 366


def _of_bookings(**values: Any) -> Callable[[AreaRules], AreaRules]:  # noqa: ANN401 -- any field's
    def loosened(rules: AreaRules) -> AreaRules:
        eased = (msgspec.structs.replace(rule, **values) for rule in rules.bookings)
        return replace(rules, bookings=tuple(eased))

    return loosened


def _of_hours(**values: Any) -> Callable[[AreaRules], AreaRules]:  # noqa: ANN401 -- any field's
    def loosened(rules: AreaRules) -> AreaRules:
        eased = (msgspec.structs.replace(rule, **values) for rule in rules.hours)
        return replace(rules, hours=tuple(eased))

    return loosened


def _anywhere(rules: AreaRules) -> AreaRules:
    return replace(rules, relations=())


def _at_any_run(rules: AreaRules) -> AreaRules:
    relations = (msgspec.structs.replace(one, runs=(), runs_back=()) for one in rules.relations)
    return _of_hours(runs=())(replace(rules, relations=tuple(relations)))


WAIVABLE: Final[Mapping[str, Callable[[AreaRules], AreaRules]]] = MappingProxyType(
    {
        "too_late": _of_bookings(deadline_min=0, deadlines=()),
        "too_far_ahead": _of_bookings(horizon_days=FARTHEST_DAYS),
        "members_only": _of_bookings(members_only=False),
        "no_boarding": _of_bookings(board_at=()),
        "no_alighting": _of_bookings(alight_at=()),
        "outside_hours": _of_hours(opens=FIRST, closes=LAST),
        "in_a_break": _of_hours(breaks=()),
        "no_run": _at_any_run,
        "outside_area": _anywhere,
        "not_between": _anywhere,
        "not_that_day": _anywhere,
    }
)
"""By the reason of a refusal, how the town's rules are without the rule that stands behind it."""
