"""Find a name as people say and type it: kanji, kana, romaji in any spelling, or digits.

Every spelling is folded to one key, so ひょうもと, ヒョウモト, hyoumoto, Hyomoto and hyoumoto are
the same.  Keys are compared from their beginning first, then from the beginning of a word, then
anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import jaconv

from maas.store.places import PlaceRow

_SPELLINGS = (
    ("tch", "cch"), ("cchi", "tti"), ("cch", "tty"), ("chi", "ti"), ("ch", "ty"),
    ("sshi", "ssi"), ("ssh", "ssy"), ("shi", "si"), ("sh", "sy"), ("tsu", "tu"),
    ("ji", "zi"), ("jy", "zy"), ("j", "zy"), ("fu", "hu"), ("di", "zi"), ("du", "zu"),
    ("mb", "nb"), ("mp", "np"), ("mm", "nm"), ("'", ""), ("-", ""),
)  # fmt: skip
_LONG = re.compile(r"(?<=[aiueo])-|oh(?![aiueoy])|o[ou]|uu")
_GAPS = re.compile(r"[\s・、,.]+")
_KANA = re.compile(r"[ぁ-ゖー]")


def fold(text: str) -> str:
    """Return one key for every way to write a word: hiragana and romaji become plain romaji.

    >>> fold("ヒョウモト"), fold("Hyōmoto"), fold("hyomoto"), fold("おおの") == fold("Ohno")
    ('hyomoto', 'hyomoto', 'hyomoto', True)
    """
    plain = hiragana(text)
    if _KANA.search(plain):
        plain = jaconv.kana2alphabet(plain)
    plain = "".join(
        mark for mark in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(mark)
    )
    for spelling, ours in _SPELLINGS:
        plain = plain.replace(spelling, ours)
    return _LONG.sub(lambda found: found[0][:1].strip("-"), plain)


def hiragana(text: str) -> str:
    """Return the text without spaces and points, katakana as hiragana and letters small."""
    plain: str = jaconv.kata2hira(unicodedata.normalize("NFKC", text).casefold())
    return _GAPS.sub("", plain)


def digits(text: str) -> str:
    """Return the digits of a number as typed, without its hyphens; full width too."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isascii() and c.isdigit())


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    keys: tuple[str, ...]
    words: tuple[str, ...]
    number: str
    phone: str
    value: T


class Index(Generic[T]):
    """Values to be found by name or number; made whole, never changed."""

    def __init__(
        self,
        values: Iterable[T],
        names: Callable[[T], Sequence[str]],
        numbers: Callable[[T], tuple[str, str]] = lambda _: ("", ""),
    ) -> None:
        """`names` gives all names of a value, `numbers` its number and telephone, "" for none."""
        self._entries = [_entry(value, names(value), *numbers(value)) for value in values]

    def search(self, query: str, limit: int = 10) -> list[T]:
        """Return the best matches, best first; an empty query gives the first `limit` values."""
        score = _by_number(query) if _is_number(query) else _by_name(query)
        ranked = ((score(entry), at) for at, entry in enumerate(self._entries))
        best = sorted((rank, at) for rank, at in ranked if rank is not None)[:limit]
        return [self._entries[at].value for _, at in best]


def _entry(value: T, names: Sequence[str], number: str, phone: str) -> _Entry[T]:
    keys = _keys(names)
    words = _keys(word for name in names for word in name.split())
    return _Entry(keys, words, number, digits(phone), value)


def _keys(names: Iterable[str]) -> tuple[str, ...]:
    """Both keys of each name: folded, and in kana, where a word can be half said (おおのじ)."""
    return tuple(key for name in names if name for key in (fold(name), hiragana(name)))


def _is_number(query: str) -> bool:
    return bool(digits(query)) and not re.search(r"[^\W\d]", query)


def _by_number(query: str) -> Callable[[_Entry[T]], int | None]:
    """A member number, or a telephone by its end (as people say it) or its beginning."""
    asked = digits(query)

    def rank(entry: _Entry[T]) -> int | None:
        if entry.number == asked:
            return 0
        telephone = entry.phone and len(asked) >= 3
        if telephone and (entry.phone.endswith(asked) or entry.phone.startswith(asked)):
            return 1
        return 2 if entry.number.startswith(asked) else None

    return rank


def _by_name(query: str) -> Callable[[_Entry[T]], int | None]:
    asked = (fold(query), hiragana(query))

    def rank(entry: _Entry[T]) -> int | None:
        if any(each in entry.keys for each in asked):
            return 0
        if any(key.startswith(asked) for key in entry.keys):
            return 1
        if any(word.startswith(asked) for word in entry.words):
            return 2
        return 3 if any(each in key for key in entry.keys for each in asked) else None

    return rank


def place_index(places: Iterable[PlaceRow]) -> Index[PlaceRow]:
    """Return an index of places by name, kana, English name, nicknames, oaza and address."""

    def names(place: PlaceRow) -> Sequence[str]:
        named = (place.name, place.kana, place.name_en, *place.nicknames)
        return (*named, place.oaza, place.address)

    return Index(places, names)
