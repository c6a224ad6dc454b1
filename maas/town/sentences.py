"""What is said when a rule refuses: the catalogue's sentence, or the town's own."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec import Struct

from maas.town.dated import Text1
from maas.town.messages import MESSAGES, Text, say


class Sentence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A town's own sentence; its blanks are those of the catalogue's."""

    ja: Text1
    en: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule says no: which one, the reason's name, and the sentence to read aloud."""

    reason: str
    rule: str
    text: Text


def refused(
    reason: str, rule: str, own: Mapping[str, Sentence], *, message: str = "", **values: object
) -> Refused:
    """Return a refusal with the town's `own` sentence for it when there is one.

    `message` is the catalogue's sentence when it is not called like the reason.
    """
    text = say(message or reason, **values)
    mine = own.get(message or reason)
    if mine is not None:
        en = mine.en.format(**values) if mine.en else text.en
        text = Text(mine.ja.format(**values), en)
    return Refused(reason, rule, text)


def check_sentences(own: Mapping[str, Sentence], reasons: Iterable[str]) -> None:
    """Raise ``ValueError`` when a sentence is for no refusal of these, or has unknown blanks."""
    known = set(reasons)
    for reason, sentence in own.items():
        if reason not in known:
            raise ValueError(f"sentences: {reason!r} is none of {', '.join(sorted(known))}")
        there = _blanks(MESSAGES[reason].ja) | _blanks(MESSAGES[reason].en)
        unknown = (_blanks(sentence.ja) | _blanks(sentence.en)) - there
        if unknown:
            raise ValueError(f"sentences.{reason}: no blank {', '.join(sorted(unknown))}")


def _blanks(sentence: str) -> set[str]:
    """Return the names of the blanks.

    Raises ``ValueError`` when a brace is open, or a blank has a format: it could be of any length.
    """
    parts = [part for part in string.Formatter().parse(sentence) if part[1] is not None]
    if any(form or conversion for _, _, form, conversion in parts):
        raise ValueError(f"a blank is a name in braces and nothing more: {sentence}")
    return {name for _, name, _, _ in parts if name is not None}
