"""A table of paper forms becomes members: new ones, known ones, and ones that say more now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.people.desk import Ground, home_of
from maas.people.doubles import alike, contacts_of, sound
from maas.people.forms import Form, blank, filled_in
from maas.people.papers import Paper, Papers
from maas.store import members
from maas.store.database import Database
from maas.store.members import MemberRow
from maas.store.once import By, Done, once

ALL = "*"
"""The audit's subject of a change to any number of members."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a table does: numbers of new members, of changed ones, and of those known already."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


@dataclass(slots=True)
class Intake:
    """What the good lines of a table would do to the members there are."""

    everybody: Iterable[MemberRow]
    taken: list[tuple[MemberRow, Form]] = field(default_factory=list)
    known: list[str] = field(default_factory=list)

    def plan(self, papers: Sequence[Paper]) -> None:
        """Go through the lines in order; one line is known to the next."""
        by_number = {row.number: row for row in self.everybody}
        by_id = {row.id: row for row in by_number.values()}
        by_sound: dict[str, list[MemberRow]] = defaultdict(list)
        for row in by_number.values():
            if row.merged_into is None:
                by_sound[sound(row)].append(row)
        last = max((int(n) for n in by_number if n.isdecimal()), default=0)
        given = {paper.number for paper in papers}
        for paper in papers:
            before = by_number.get(paper.number)
            if before is not None:
                before = by_id[before.merged_into or before.id]
                by_id[before.id] = _said_more(before, paper.form)
                self.taken.append((by_id[before.id], paper.form))
                continue
            row = filled_in(blank(paper.number), paper.form)
            same = [] if paper.number else [r for r in by_sound[sound(row)] if alike(r, row)]
            if same:
                self.known.append(same[0].number)
                continue
            while not row.number:
                last += 1
                number = f"{last:04d}"
                row = replace(row, number="" if number in given else number)
            by_sound[sound(row)].append(row)
            self.taken.append((row, paper.form))

    @property
    def result(self) -> Taken:
        """The numbers, in the order of the lines."""
        return Taken(
            tuple(row.number for row, _ in self.taken if not row.id),
            tuple(dict.fromkeys(row.number for row, _ in self.taken if row.id)),
            tuple(dict.fromkeys(self.known)),
        )


def _said_more(row: MemberRow, form: Form) -> MemberRow:
    """Return a member with what a paper says; family stays, with what was agreed about it."""
    new = filled_in(row, form)
    return replace(new, contacts=tuple(contacts_of(row, new)))


async def preview(database: Database, papers: Papers) -> Taken:
    """Return what taking a table would do; nothing is written."""
    async with database.reading() as connection:
        intake = Intake(await members.all_members(connection))
    intake.plan(papers.good)
    return intake.result


async def take(
    database: Database, papers: Papers, by: By, ground: Ground
) -> Done | Literal["key-reused"]:
    """Take the good lines of a table, all of them in one transaction; the answer is `Taken`."""

    async def work(connection: AsyncConnection) -> Done:
        intake = Intake(await members.all_members(connection))
        intake.plan(papers.good)
        for place, (row, form) in enumerate(intake.taken):
            await _keep(connection, row, form, ground, f":{by.now}:{place}")
        taken = intake.result
        return Done((ALL,), _plain(taken), {"added": len(taken.added), "changed": taken.changed})

    asked = [(paper.line, paper.number, paper.form) for paper in papers.good]
    return await once(database, by, "member.imported", asked, work)


async def _keep(
    connection: AsyncConnection, row: MemberRow, form: Form, ground: Ground, suffix: str
) -> None:
    if row.id:
        row = await home_of(connection, row, form, ground, suffix)
        await members.save_member(connection, row)
    else:
        row = await home_of(connection, row, form, ground)
        await members.add_member(connection, replace(row, provisional=row.home_place_id is None))


def _plain(taken: Taken) -> dict[str, list[str]]:
    return {
        "added": list(taken.added), "changed": list(taken.changed), "known": list(taken.known)
    }  # fmt: skip
