"""Several changes made one after another, as one that is written all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dispatcher import Plan
from maas.rides.booking import Live
from maas.rides.commit import Also, Change
from maas.rides.limits import StillAlone
from maas.store.bookings import BookingRow
from maas.store.commits import AuditEntry
from maas.store.plans import PlanRow


def onward(live: Live, change: Change, plan: Plan) -> Live:
    """Return what the next change of the same commit is worked out on; `plan` has this one in it.

    Versions stay as they were seen: they go up once for all that the commit writes.
    """
    day = live.day.with_rows(change.plans, change.bookings, change.promises)
    return replace(live, day=day, plan=plan)


def merged(changes: Sequence[Change], audit: AuditEntry, answer: object) -> Change:
    """Return all changes as one; of each plan and booking the last state is what is written."""
    plans: dict[tuple[str, object], PlanRow] = {}
    added: dict[str, BookingRow] = {}
    updated: dict[str, BookingRow] = {}
    for change in changes:
        plans |= {(row.vehicle_id, row.service_date): row for row in change.plans}
        added |= {row.id: row for row in change.added}
        for row in change.updated:
            (added if row.id in added else updated)[row.id] = row
    return Change(
        plans=tuple(plans.values()),
        events=tuple(event for change in changes for event in change.events),
        audit=audit,
        added=tuple(added.values()),
        updated=tuple(updated.values()),
        promises=tuple(told for change in changes for told in change.promises),
        answer=answer,
        also=tuple(_last_looks(changes)),
    )


def _last_looks(changes: Sequence[Change]) -> list[Also]:
    """Return what else is written; of the looks at one member's day the last sees them all."""
    found: dict[object, Also] = {}
    for one in (one for change in changes for one in change.also):
        found[(one.member_id, one.day) if isinstance(one, StillAlone) else id(one)] = one
    return list(found.values())
