"""Changing the rules: a draft, what it would do, and putting it in force; each once for its key.

What is in force is never rewritten: a rule is replaced by another one, and both are remembered with
who decided it and when.  A draft is put in force only by somebody who has seen how many bookings it
would no longer allow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store import commits, places, rule_changes, towns
from maas.store.database import Database
from maas.store.once import By, Done, once
from maas.store.places import PlaceRow
from maas.store.rule_changes import ChangeRow
from maas.store.towns import RuleRow
from maas.town.drafts import (
    Difference,
    Draft,
    area_rules_of,
    differences,
    first_day,
    read_draft,
    with_draft,
    without_what_holds,
    write_draft,
    wrong_in,
)
from maas.town.imports import rule_of
from maas.town.preview import Affected, no_longer_allowed
from maas.town.rulebook import Rule, key_of
from maas.town.rules import Fault
from maas.town.rules import write as write_rule

No = Literal["key-reused", "not-found", "rules-moved"]
"""The key was used for something else; no such change; somebody else changed it first."""
N = TypeVar("N")


@dataclass(frozen=True, slots=True)
class Seen:
    """A draft as somebody has seen it."""

    change_id: int
    version: int

    def done(self, detail: object) -> Done:
        """Return that something was done to it."""
        return Done((str(self.change_id),), self.change_id, detail)


@dataclass(frozen=True, slots=True)
class Unseen:
    """So many bookings would no longer be allowed, and that is not what was seen."""

    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do: to the rules, and to the bookings there are now.

    `fault` is why it cannot be put in force as it is, `None` when it can.
    """

    change: ChangeRow
    differences: Sequence[Difference]
    affected: Sequence[Affected]
    places: Mapping[int, PlaceRow]
    fault: Fault | None


async def live_rules(connection: AsyncConnection, area: str) -> tuple[Rule, ...]:
    """Return the rules of an area that are not replaced, for whatever days."""
    return tuple((row.kind, rule_of(row)) for row in await towns.rules_of(connection, area))


async def propose(database: Database, area: str, name: str, draft: Draft, by: By) -> int | No:
    """Keep a draft; returns the id of the change."""
    asked = [area, name, write_draft(draft)]

    async def work(connection: AsyncConnection) -> Done:
        body = write_draft(without_what_holds(draft, await live_rules(connection, area)))
        made = await rule_changes.add(connection, area, name, body, now=by.now, by=by.actor)
        return Done((str(made),), made, asked)

    return _number(await once(database, by, "rules.drafted", asked, work))


async def redraft(database: Database, seen: Seen, name: str, draft: Draft, by: By) -> int | No:
    """Put other rules into a draft as it was seen."""
    asked = [seen.change_id, seen.version, name, write_draft(draft)]

    async def work(connection: AsyncConnection) -> Done | No:
        change = await rule_changes.change(connection, seen.change_id)
        if change is None:
            return "not-found"
        body = write_draft(without_what_holds(draft, await live_rules(connection, change.area_id)))
        swapped = await rule_changes.swap(
            connection, seen.change_id, seen.version, name=name, body=body
        )
        return seen.done(asked) if swapped else "rules-moved"

    return _number(await once(database, by, "rules.redrafted", asked, work))


async def discard(database: Database, seen: Seen, by: By) -> int | No:
    """Give a draft up; it is remembered."""
    asked = [seen.change_id, seen.version]

    async def work(connection: AsyncConnection) -> Done | No:
        swapped = await rule_changes.swap(
            connection, seen.change_id, seen.version, state="discarded"
        )
        return seen.done(asked) if swapped else "rules-moved"

    return _number(await once(database, by, "rules.discarded", asked, work))


def _number(done: Done | N) -> int | N:
    """Return the number of the change, or why there is none."""
    return int(done.answer) if isinstance(done, Done) else done


async def preview(connection: AsyncConnection, change: ChangeRow, today: date) -> Preview:
    """Return what a change would do if it were put in force now."""
    live = await live_rules(connection, change.area_id)
    draft = read_draft(change.body, change.area_id)
    if isinstance(draft, Fault):
        return Preview(change, (), (), {}, draft)
    all_places = {row.id: row for row in await places.all_places(connection)}
    codes = {row.code for row in all_places.values()}
    fault = wrong_in(draft, live, change.area_id, today, codes)
    first = first_day(draft)
    rows = []
    if first is not None and fault is None:
        rows = await rule_changes.booked_from(connection, change.area_id, first)
    before = area_rules_of(change.area_id, live)
    after = area_rules_of(change.area_id, with_draft(live, draft))
    affected = no_longer_allowed(rows, all_places, before, after)
    return Preview(change, differences(live, draft), affected, all_places, fault)


async def put_in_force(
    database: Database, seen: Seen, count: int, today: date, by: By
) -> int | No | Unseen | Fault:
    """Put a draft in force whose preview showed `count` bookings no longer allowed."""
    asked = [seen.change_id, seen.version, count]

    async def work(connection: AsyncConnection) -> Done | No | Unseen | Fault:
        await commits.lock_audit(connection)  # nobody changes the rules beside us
        change = await rule_changes.change(connection, seen.change_id)
        if change is None:
            return "not-found"
        if not await rule_changes.swap(
            connection, change.id, seen.version, state="in_force", forced_at=by.now,
            forced_by=by.actor,
        ):  # fmt: skip
            return "rules-moved"
        found = await preview(connection, change, today)
        if found.fault is not None:
            return found.fault
        if len(found.affected) != count:
            return Unseen(len(found.affected))
        await _replace(connection, change, by)
        return seen.done([*asked, change.body])

    return _number(await once(database, by, "rules.put_in_force", asked, work))


async def _replace(connection: AsyncConnection, change: ChangeRow, by: By) -> None:
    draft = read_draft(change.body, change.area_id)
    assert isinstance(draft, Draft)  # noqa: S101 -- the preview has read it
    rows = await towns.rules_of(connection, change.area_id)
    gone = [row for row in rows if key_of(row.kind, rule_of(row)) in draft.keys]
    fresh = [
        RuleRow(
            rule.area, kind, rule.valid_from, rule.valid_to, write_rule(rule), change_id=change.id
        )
        for kind, rule in draft.rules
    ]
    await towns.replace_rules(connection, gone, fresh, now=by.now, by=by.actor)
