"""Find a place or a person by what somebody says or types: kanji, kana, romaji, or digits.

Everything that can be found is written into three long texts, in the order in which equally good
answers come.  A search goes through them rung by rung, the best kind of match first, and stops when
it has enough; looking for text in text is what Python does fastest.

    digits   a number · the end or beginning of a telephone · the beginning of a number · any part
    names    a whole name · its beginning · the beginning of a word · any part; as written, then
             however it may be spelled
    words    several words that each match somehow (大野 上竹)
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from maas.store.places import PlaceRow
from maas.town.romaji import fold, folds, hiragana

PHONE_DIGITS: Final = 3
"""From so many digits on a number typed may be the end or the beginning of a telephone."""
PART_DIGITS: Final = 4
"""From so many digits on it may be any part of one."""


def digits(text: str) -> str:
    """Return the digits of a number as typed, without its hyphens; full width too.

    >>> digits("０００-０００-１００４"), digits("+81 90 0000 0001")
    ('0000001004', '09000000001')
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    home = "0" + plain[3:].removeprefix("(0)") if plain.startswith("+81") else plain
    return "".join(c for c in home if c.isascii() and c.isdigit())


@dataclass(frozen=True, slots=True)
class Found:
    """By what a value is found; `words` only from their beginning, all others by any part."""

    names: Sequence[str]
    words: Sequence[str] = ()
    numbers: Sequence[str] = ()
    phones: Sequence[str] = ()


Lines = tuple[str, str, str]
"""A value in the three texts: digits, names as written, names however spelled."""


def _lines(found: Found) -> Lines:
    said = [word for name in found.names for word in name.split()[1:]]
    words = [*said, *found.words]
    shorter = [number.lstrip("0") for number in found.numbers]
    return (
        _line(dict.fromkeys([*found.numbers, *shorter]), map(digits, found.phones)),
        _line(map(hiragana, found.names), map(hiragana, words)),
        _line(map(fold, found.names), map(fold, words)),
    )


def _line(names: Iterable[str], words: Iterable[str]) -> str:
    """Return names between line feeds, then words between tabs."""
    named, more = filter(None, names), filter(None, words)
    return "\n" + "".join(f"{name}\n" for name in named) + "".join(f"\t{w}\t" for w in more)


class _Text:
    """The lines of all values as one text."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._text = "".join(lines)
        self._starts = list(accumulate(map(len, lines), initial=0))

    def __contains__(self, part: str) -> bool:
        return part in self._text

    def holders(self, part: str) -> Iterator[int]:
        """Yield the positions of the values in whose line a part stands, in their order."""
        at = self._text.find(part)
        while at >= 0:
            value = bisect_right(self._starts, at) - 1
            yield value
            at = self._text.find(part, self._starts[value + 1])


T = TypeVar("T")


class Index(Generic[T]):
    """Values to be found by name or number, in the order given; made whole, never changed."""

    def __init__(
        self,
        values: Iterable[T],
        found: Callable[[T], Found],
        known: Mapping[int, Lines] = MappingProxyType({}),
    ) -> None:
        """`found` says by what a value is found, `known` the lines of values written before."""
        self._values = list(values)
        self._lines = {id(v): known.get(id(v)) or _lines(found(v)) for v in self._values}
        lines = [self._lines[id(value)] for value in self._values]
        self._digits, self._written, self._spelled = (
            _Text([line[text] for line in lines]) for text in range(3)
        )

    def remade(self, values: Iterable[T], found: Callable[[T], Found]) -> Index[T]:
        """Return an index of other values; those in this one are not written anew."""
        return Index(values, found, self._lines)

    def search(self, query: str, limit: int = 10) -> list[T]:
        """Return the best matches, best first; an empty query gives the first `limit` values."""
        if not hiragana(query):
            return self._values[:limit]
        best: dict[int, None] = {}
        for rung in self._rungs(query):
            for value in rung:
                best.setdefault(value)
                if len(best) == limit:
                    return [self._values[at] for at in best]
        return [self._values[at] for at in best]

    def _rungs(self, query: str) -> Iterator[Iterable[int]]:
        """Yield the values that match, the best kind of match first, each kind in order."""
        yield from self._by_number(query)
        yield from self._by_name(query)
        words = unicodedata.normalize("NFKC", query).split()
        if len(words) > 1:
            yield sorted(set.intersection(*map(self._holding, words)))

    def _holding(self, word: str) -> set[int]:
        """Return the values that hold a word anywhere, or have a telephone with such an end."""
        rungs = (*self._by_number(word), *self._parts(word))
        return {at for rung in rungs for at in rung}

    def _by_number(self, query: str) -> Iterator[Iterable[int]]:
        asked = digits(query)
        if not asked or re.search(r"[^\W\d]", query):
            return
        yield self._digits.holders(f"\n{asked}\n")
        if len(asked) >= PHONE_DIGITS:
            yield _together(self._digits, (f"\t{asked}", f"{asked}\t"))
        yield self._digits.holders(f"\n{asked}")
        if len(asked) >= PART_DIGITS:
            yield self._digits.holders(asked)

    def _by_name(self, query: str) -> Iterator[Iterable[int]]:
        written, spelled = hiragana(query), [each for each in folds(query) if each]
        for before, after in (("\n", "\n"), ("\n", ""), ("\t", "")):
            yield self._written.holders(before + written + after)
            asked = spelled[:1] if after else spelled
            yield _together(self._spelled, [before + each + after for each in asked])
        yield from self._parts(query)

    def _parts(self, query: str) -> Iterator[Iterable[int]]:
        yield self._written.holders(hiragana(query))
        yield _together(self._spelled, [each for each in folds(query) if each])


def _together(text: _Text, parts: Sequence[str]) -> list[int]:
    """Return who holds any of some parts, in their order."""
    return sorted({value for part in parts for value in text.holders(part)})


def place_index(
    places: Iterable[PlaceRow], before: Index[PlaceRow] | None = None
) -> Index[PlaceRow]:
    """Return an index of places by name, kana, English name, nicknames, oaza and address.

    `before` spares the work for places that have not changed.
    """
    if before is None:
        return Index(places, _place_names)
    return before.remade(places, _place_names)


def _place_names(place: PlaceRow) -> Found:
    named = (place.name, place.kana, place.name_en, *place.nicknames)
    return Found((*named, place.oaza, place.address))
