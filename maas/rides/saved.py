"""What one more vehicle would have saved of the asks that were refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dispatcher import OfferKind, Plan, Refusal, Route, TravelTimes, Vehicle, take
from maas.rides.quote import Wish, seek


@dataclass(frozen=True, slots=True)
class Lost:
    """A refused ask: when it was asked for first, and what it wished."""

    number: int
    wished: Wish


def saved(
    lost: Sequence[Lost], extra: Vehicle, travel: Mapping[str, TravelTimes]
) -> tuple[Lost, ...]:
    """Return the asks that `extra` alone, empty at its start, could have carried as asked.

    They are asked anew of the dispatcher in the order in which they came, each beside those taken
    before.  The other vehicles drive as they did, so it is at least so many.
    """
    plan = Plan(0, {extra.id: Route(extra)}, {})
    found = []
    for each in lost:
        wished = replace(each.wished, not_before_s=extra.start_s)
        offers = seek(wished, plan, travel)
        if isinstance(offers, Refusal) or offers[0].kind is not OfferKind.ASKED:
            continue
        taken = take(plan, replace(offers[0].promise, id=str(each.number)), travel)
        if not isinstance(taken, Refusal):
            plan = taken
            found.append(each)
    return tuple(found)


def first_asks(lost: Iterable[Lost]) -> list[Lost]:
    """Return each trip once: who is refused asks again, and is still one ride."""
    seen: dict[tuple[object, ...], Lost] = {}
    for each in lost:
        ask = each.wished.ask
        trip = (ask.rider_id, ask.origin, ask.destination, ask.riders)
        who = trip if ask.rider_id is not None else (*trip, each.wished.desired_s)
        seen.setdefault(who, each)
    return list(seen.values())
