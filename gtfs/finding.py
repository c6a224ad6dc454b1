"""A finding of a check: which rule, how bad, and where in which file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from gtfs.feed import Feed
from gtfs.tables import FeedError


class Severity(StrEnum):
    """``error``: riders are misled.  ``warning``: riders are served less well."""

    ERROR = "error"
    WARNING = "warning"


ERROR: Final = Severity.ERROR
WARNING: Final = Severity.WARNING


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a feed breaks: how often, the first case, and what it means to riders.

    ``line`` is that of the first case in ``file`` (1 = header), ``None`` for the whole file.
    """

    severity: Severity
    rule: str
    count: int
    example: str
    text: str
    text_en: str
    file: str = ""
    line: int | None = None

    def sentence(self, language: str = "ja") -> str:
        """Return where and what in one sentence, in Japanese or (``en``) English."""
        japanese = language != "en"
        line = "" if self.line is None else f" {self.line}行目" if japanese else f":{self.line}"
        where = f"{self.file}{line}: " if self.file else ""
        times = "" if self.count == 1 else f"、ほか{self.count - 1}件"
        more = "" if self.count == 1 else f" and {self.count - 1} more"
        if japanese:
            return f"{where}{self.text}（{self.example}{times}）"
        return f"{where}{self.text_en} ({self.example}{more})"


class Case:
    """Somewhere a rule is broken: what to call it, and the row of the table where it stands."""

    __slots__ = ("example", "file", "keys")

    def __init__(self, example: str, table: str, **keys: str) -> None:
        self.example, self.keys = example, keys
        self.file = table if "." in table else f"{table}.txt"

    def called(self, example: str) -> Case:
        """Return the same place under another name."""
        return Case(example, self.file, **self.keys)

    def line(self, feed: Feed) -> int | None:
        """Return the line of the row, ``None`` when the case is a whole file."""
        table = feed.table(self.file.removesuffix(".txt"))
        if not self.keys or any(column not in table.columns for column in self.keys):
            return None
        cells = zip(*(table.texts(column) for column in self.keys), strict=True)
        wanted = tuple(self.keys.values())
        found = (i for i, row in enumerate(cells) if _same(row, wanted))
        at = max(found, default=None) if "stop_sequence" in self.keys else next(found, None)
        return None if at is None else table.line(at)


def _same(row: Sequence[str], wanted: Sequence[str]) -> bool:
    return all(a == b or a.lstrip("0") == b for a, b in zip(row, wanted, strict=True))


Rule = Callable[[Feed, date], Iterable[Case]]


class RuleOf(NamedTuple):
    """A rule, how bad it is to break it, and what is then said."""

    severity: Severity
    rule: Rule
    text: str
    text_en: str


def findings(feed: Feed, today: date, rules: Sequence[RuleOf]) -> list[Finding]:
    """Return a finding for every rule that is broken, in the order of the rules."""
    found = []
    for severity, rule, text, text_en in rules:
        cases = {(case.example, *case.keys.values()): case for case in rule(feed, today)}
        if cases:
            first = cases[min(cases)]
            name = rule.__name__.strip("_")
            count = len({case.example for case in cases.values()})
            found.append(
                Finding(
                    severity,
                    name,
                    count,
                    first.example,
                    text,
                    text_en,
                    first.file,
                    first.line(feed),
                )
            )
    return found


def unreadable(error: FeedError) -> Finding:
    """Return the finding that a feed cannot be read at all."""
    said = f"{error.field}: {error.message}" if error.field else error.message
    return Finding(
        ERROR, "unreadable", 1, said, "読み取れません", "cannot be read", error.file, error.line
    )
