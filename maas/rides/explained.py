"""Why a booking rides where it does, and a dispatcher's own decision about that."""

from __future__ import annotations

from dataclasses import replace

from dispatcher import Explanation, Option, Plan
from dispatcher.explain import pin, unpin, why, why_not
from maas.rides.booking import Live, placed
from maas.rides.commit import Change
from maas.rides.show import said
from maas.rides.views import ExplanationView, NotNow, OptionView
from maas.store.bookings import BookingRow
from maas.town.messages import Text, say


def explained(live: Live, row: BookingRow, other: str | None) -> ExplanationView | NotNow:
    """Return why a booking's vehicle was chosen, or why not the `other` one.

    Only what is still to be ridden has a reason.
    """
    if row.id not in live.plan.requests:
        return NotNow(say("already_over"), row.state)
    if other is None:
        found = why(live.plan, row.id, live.travel)
    else:
        found = why_not(live.plan, row.id, other, live.travel)
    return _view(live, found)


def pinned(live: Live, row: BookingRow, vehicle_id: str | None) -> Change | NotNow:
    """Return what giving a booking this vehicle for good writes, `None` for any; or why not."""
    if row.id not in live.plan.requests:
        return NotNow(say("already_over"), row.state)
    if row.state == "aboard":
        return NotNow(say("already_aboard"), row.state)
    if vehicle_id is None:
        plan: Plan | Explanation = unpin(live.plan, row.id)
    else:
        plan = pin(live.plan, row.id, vehicle_id, live.travel)
    if isinstance(plan, Explanation):
        return NotNow(said(plan, names_of(live)), row.state)
    decided = replace(row, pinned_vehicle_id=vehicle_id)
    what = "unpinned" if vehicle_id is None else "pinned"
    return placed(live, plan, decided, what, {"vehicle": vehicle_id})


def _view(live: Live, found: Explanation) -> ExplanationView:
    options = tuple(_option(live, option) for option in found.options)
    return ExplanationView(found.code, found.values, said(found, names_of(live)), options)


def _option(live: Live, option: Option) -> OptionView:
    limit = None if option.limit is None else said(option.limit, names_of(live))
    return OptionView(live.names.vehicle(option.vehicle_id), option.cost_s, limit)


def names_of(live: Live) -> dict[str, Text]:
    """Return what vehicles and riders are called."""
    names = {id_: Text(row.name, row.name_en) for id_, row in live.names.vehicles.items()}
    for id_, row in live.day.bookings.items():
        rider = live.names.rider(row.member_id)
        name = row.contact_name if rider is None else rider.name
        names[id_] = Text(name or row.reference, name or row.reference)
    return names
