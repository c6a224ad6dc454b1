"""Where Japanese lines may break, and what the font cannot write."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

UNWRITABLE: Final = "〓"
"""What printers set for a letter they do not have."""

_NOT_FIRST: Final = frozenset(
    "、。，．・：；？！ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ)）]］}｝」』】〉》"
)
_NOT_LAST: Final = frozenset("(（[［{｛「『【〈《")

Measure = Callable[[str], float]


def printable(words: str) -> str:
    r"""Return words as the font can write them, in one line.

    Combined kana become single letters (a Macintosh sends them in two).  The font has no letters
    beyond the basic plane: some rare kanji of names, emoji.

    >>> printable("か\u3099ら"), printable("\U00020bb7田"), printable("a\tb")
    ('がら', '〓田', 'a b')
    """
    whole = unicodedata.normalize("NFC", words)
    return "".join(_letter(each) for each in whole)


def _letter(letter: str) -> str:
    if letter in "\t\n\r\u2028\u2029":
        return " "
    if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"} or "︀" <= letter <= "️":
        return ""
    return UNWRITABLE if ord(letter) > 0xFFFF else letter


def fitting(line: str, within_mm: float, measure: Measure) -> str:
    """Return a line that is at most `within_mm` wide, cut with an ellipsis when it was wider.

    >>> fitting("吉備高原", 3.0, len), fitting("吉備高原", 4.0, len)
    ('吉備…', '吉備高原')
    """
    if measure(line) <= within_mm:
        return line
    while line and measure(line + "…") > within_mm:
        line = line[:-1]
    return line + "…"


def wrapped(words: str, within_mm: float, measure: Measure) -> list[str]:
    """Return words as lines, each as full as can be; a new line in them begins a new one.

    No line begins with a mark that closes something and none ends with one that opens something;
    words of another script are not broken unless one alone is wider than the line.

    >>> wrapped("です。はい", 2.0, len), wrapped("ab cd", 3.0, len)
    (['で', 'す。', 'はい'], ['ab', 'cd'])
    """
    return [line for part in words.splitlines() for line in _lines(part, within_mm, measure)]


def _lines(words: str, within_mm: float, measure: Measure) -> list[str]:
    found, line = [], ""
    for piece in _pieces(printable(words)):
        if line and measure((line + piece).rstrip()) > within_mm:
            found.append(line.rstrip())
            line = ""
        line = line + piece if line else piece.lstrip()
        while measure(line.rstrip()) > within_mm and len(line) > 1:
            most = max(1, sum(1 for n in range(1, len(line)) if measure(line[:n]) <= within_mm))
            found.append(line[:most])
            line = line[most:]
    return [*found, line.rstrip()]


def _pieces(words: str) -> list[str]:
    """Return words in pieces between which a line may end."""
    pieces: list[str] = []
    for letter in words:
        if pieces and _sticks(pieces[-1][-1], letter):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _sticks(before: str, letter: str) -> bool:
    if letter in _NOT_FIRST or before in _NOT_LAST:
        return True
    return not before.isspace() and not _is_wide(before) and not _is_wide(letter)


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WFA" and letter not in _NOT_LAST
