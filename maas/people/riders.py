"""Find a rider while they are on the telephone: by kana, kanji, romaji, telephone or number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from maas.store.members import MemberRow
from maas.town.search import Index


class RiderIndex:
    """All members in memory; make a new one when members change."""

    def __init__(self, members: Iterable[MemberRow]) -> None:
        known = sorted(members, key=lambda member: (member.kana, member.number))
        self._index = Index(known, _names, lambda member: (member.number, member.phone))
        self._by_id = {member.id: member for member in known}

    def search(self, query: str, limit: int = 10) -> list[MemberRow]:
        """Return the members that match, best first; by kana when equally good."""
        return self._index.search(query, limit)

    def get(self, member_id: int) -> MemberRow | None:
        """Return one member, `None` when there is no such id."""
        return self._by_id.get(member_id)


def _names(member: MemberRow) -> Sequence[str]:
    return (member.name, member.kana)


def age(member: MemberRow, year: int) -> int | None:
    """Return the age a member reaches in `year`, `None` when the year of birth is not known."""
    return None if member.birth_year is None else year - member.birth_year
