"""Find a rider while they are on the telephone: by kana, kanji, romaji, telephone or number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from maas.store.members import MemberRow
from maas.town.search import Found, Index, digits


class RiderIndex:
    """All members in memory; make a new one when members change.

    A member who was merged into another is not found, but the other is, also by the old number.
    """

    def __init__(
        self, members: Iterable[MemberRow], before: Index[MemberRow] | None = None
    ) -> None:
        """`before` spares the work for members that are in it."""
        known = sorted(members, key=lambda member: (member.kana, member.number))
        self._rows = {member.id: member for member in known}
        self._old: dict[int | None, list[MemberRow]] = {}
        for member in known:
            self._old.setdefault(member.merged_into, []).append(member)
        living = self._old.pop(None, [])
        self._households: dict[str, list[MemberRow]] = {}
        for member in living:
            self._households.setdefault(member.household, []).append(member)
        self._index = (
            Index(living, self._found) if before is None else before.remade(living, self._found)
        )
        self.by_id = {
            number: self._rows[row.merged_into or number] for number, row in self._rows.items()
        }

    def with_members(self, members: Iterable[MemberRow]) -> RiderIndex:
        """Return the index with members that are new or have changed."""
        rows = self._rows | {member.id: member for member in members}
        return RiderIndex(rows.values(), self._index)

    def others_than(self, before: RiderIndex) -> list[MemberRow]:
        """Return who is not the same in an index made before, under each id they are known by."""
        was = before.by_id
        return [
            replace(row, id=number)
            for number, row in self.by_id.items()
            if was.get(number) is not row
        ]

    def search(self, query: str, limit: int = 10) -> list[MemberRow]:
        """Return the members that match, best first; by kana when equally good."""
        return self._index.search(query, limit)

    def housemates(self, member: MemberRow) -> list[MemberRow]:
        """Return the others of a member's household."""
        same = self._households.get(member.household, ()) if member.household else ()
        return [row for row in same if row.id != member.id]

    def sharing(self, number: str) -> list[MemberRow]:
        """Return the members who have a telephone, themselves."""
        found = self.search(digits(number), limit=100)
        return [row for row in found if digits(number) in map(digits, row.numbers)]

    def get(self, member_id: int) -> MemberRow | None:
        """Return one member, or who they were merged into; `None` when there is no such id."""
        return self.by_id.get(member_id)

    def _found(self, member: MemberRow) -> Found:
        return Found(
            names=(member.name, member.kana),
            words=(member.oaza,),
            numbers=(member.number, *(old.number for old in self._old.get(member.id, ()))),
            phones=(*member.numbers, *(contact.phone for contact in member.contacts)),
        )


def age(member: MemberRow, year: int) -> int | None:
    """Return the age a member reaches in `year`, `None` when the year of birth is not known."""
    return None if member.birth_year is None else year - member.birth_year
