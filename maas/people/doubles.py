"""Members who are there twice: who looks like it, and one card made of two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import TypeVar

from maas.people.forms import FAVOURITES
from maas.store.members import Contact, Eligibility, MemberRow, Phone
from maas.town.romaji import fold
from maas.town.search import digits

T = TypeVar("T")


def doubles(members: Iterable[MemberRow]) -> list[tuple[MemberRow, MemberRow]]:
    """Return the pairs that may be one person: names that sound the same, and one thing more.

    That is a telephone, the year of birth, or the home.  The older number comes first.
    """
    by_name: dict[str, list[MemberRow]] = defaultdict(list)
    for member in sorted(members, key=lambda row: row.number):
        if member.merged_into is None:
            by_name[sound(member)].append(member)
    pairs = (pair for same in by_name.values() for pair in combinations(same, 2))
    return [(one, other) for one, other in pairs if alike(one, other)]


def known_already(form: MemberRow, members: Iterable[MemberRow]) -> list[MemberRow]:
    """Return the members whom somebody to be registered may be: same sound and a same telephone."""
    return [
        member
        for member in members
        if sound(member) == sound(form) and _phones(member) & _phones(form)
    ]


def sound(member: MemberRow) -> str:
    """Return how a member's name sounds, however it is written."""
    return fold(member.kana or member.name)


def _phones(member: MemberRow) -> frozenset[str]:
    return frozenset(digits(number) for number in member.numbers)


def alike(one: MemberRow, other: MemberRow) -> bool:
    """Whether two of one name share a telephone, the year of birth, or the home."""
    born = one.birth_year is not None and one.birth_year == other.birth_year
    home = bool(one.address) and (one.oaza, one.address) == (other.oaza, other.address)
    return bool(_phones(one) & _phones(other)) or born or home


def joined(kept: MemberRow, gone: MemberRow) -> MemberRow:
    """Return one card of two: what `kept` says holds, and what it leaves open `gone` fills in."""
    empty = {
        name: getattr(gone, name)
        for name in ("kana", "phone", "birth_year", "address", "oaza", "email", "line_id")
        if not getattr(kept, name)
    }
    if kept.home_place_id is None:
        empty["home_place_id"] = gone.home_place_id
    return replace(
        kept,
        **empty,
        household=kept.household or gone.household,
        tags=_together(kept.tags, gone.tags),
        aids=_together(kept.aids, gone.aids),
        favourites=_together(kept.favourites, gone.favourites)[:FAVOURITES],
        pickup_points=_together(kept.pickup_points, gone.pickup_points),
        notes="\n".join(_together([kept.notes], [gone.notes])),
        phones=tuple(_more_phones(kept, gone)),
        contacts=tuple(contacts_of(kept, gone)),
        eligibility=tuple(_eligibility(kept, gone)),
        confirm_by=gone.confirm_by if kept.confirm_by == "none" else kept.confirm_by,
        provisional=kept.provisional and gone.provisional,
    )


def _together(first: Sequence[T], second: Sequence[T]) -> tuple[T, ...]:
    return tuple(each for each in dict.fromkeys([*first, *second]) if each)


def _more_phones(kept: MemberRow, gone: MemberRow) -> Iterator[Phone]:
    """Yield the telephones beside the first one, each once."""
    seen = {digits(kept.phone or gone.phone)}
    for phone in (*kept.phones, Phone(gone.phone), *gone.phones):
        if digits(phone.number) and digits(phone.number) not in seen:
            seen.add(digits(phone.number))
            yield phone


def contacts_of(kept: MemberRow, gone: MemberRow) -> Iterator[Contact]:
    """Yield family and helpers, each once; what `kept` says of one holds."""
    seen: set[tuple[str, str]] = set()
    for contact in (*kept.contacts, *gone.contacts):
        who = (fold(contact.name), digits(contact.phone) or contact.email)
        if who not in seen:
            seen.add(who)
            yield contact


def _eligibility(kept: MemberRow, gone: MemberRow) -> Iterator[Eligibility]:
    """Yield each kind once, with the later of its last days."""
    kinds: dict[str, date] = {}
    for each in (*kept.eligibility, *gone.eligibility):
        until = each.until or date.max
        kinds[each.kind] = max(until, kinds.get(each.kind, until))
    for kind, until in kinds.items():
        yield Eligibility(kind, None if until == date.max else until)
