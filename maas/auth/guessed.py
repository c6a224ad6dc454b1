"""Passwords that are tried first, by whoever guesses.

They are the 30,000 commonest of those that were stolen elsewhere (zxcvbn's list, MIT), with
whatever digits and marks around them, and words that stand for this service or for its owner.
"""

from __future__ import annotations

from functools import cache
from typing import Final
from unicodedata import normalize

WORDS: Final = (
    "rural", "maas", "demand", "taxi", "bus", "kibichuo", "kibi", "吉備中央町", "吉備中央", "役場",
    "予約", "配車", "運行", "乗合", "バス", "タクシー",
)  # fmt: skip
"""What the service, the town and their work are called: docs/security.md lists them too."""
OWN_MIN: Final = 3
LEFT_MIN: Final = 6
"""So many letters and digits a password has to have besides such words."""


def is_guessed(password: str, *own: str) -> bool:
    """Say whether a password is among the first to be tried; `own` are the names of its owner.

    >>> is_guessed("Password2026!"), is_guessed("kibichuo-bus-1")
    (True, True)
    >>> is_guessed("hanako.1990", "hanako")
    True
    >>> is_guessed("kibichuo, seven owls"), is_guessed("71 04 55 92 18 36")
    (False, False)
    """
    told = _folded(password)
    common = _common()
    if told in common or _letters_within(told) in common:
        return True
    names = [name for name in map(_folded, own) if len(name) >= OWN_MIN]
    left = told
    for word in sorted((*map(_folded, WORDS), *names), key=len, reverse=True):
        left = left.replace(word, "")
    return left != told and sum(map(str.isalnum, left)) < LEFT_MIN


def _letters_within(told: str) -> str:
    """Return what is left without the digits and marks at both ends."""
    letters = [at for at, one in enumerate(told) if one.isalpha()]
    return told[letters[0] : letters[-1] + 1] if letters else ""


def _folded(text: str) -> str:
    return normalize("NFKC", text).casefold()


@cache
def _common() -> frozenset[str]:
    # A third of a megabyte that most processes never need.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])
