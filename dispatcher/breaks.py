"""What rest a driver's shift needs by law: rules as data, and a plain check of a day's rests.

Two kinds of rule exist.  A rule over the ``SHIFT`` asks for so much rest in all once so much is
worked; one over a ``STRETCH`` ends every stretch of work by so much rest.  Work is all time on duty
that is no rest, waiting included: a driver at the wheel is on duty, so a stretch that is short
enough on duty is short enough at the wheel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


class Over(StrEnum):
    """What a rule adds up."""

    SHIFT = "shift"
    """All work of the shift."""
    STRETCH = "stretch"
    """The work since the last full rest."""


@dataclass(frozen=True, slots=True)
class BreakRule:
    """Whoever works longer than ``work_s`` rests ``rest_s``, in pieces of ``piece_s`` or longer.

    Over a stretch the rest may be the very end of it: work, then rest.  A rest counts from
    ``edge_s`` after the shift's start to as long before its end.  ``source`` says where each number
    comes from and which are assumptions.

    Raises ``ValueError`` when no rest could follow it.
    """

    id: str
    over: Over
    work_s: int
    rest_s: int
    piece_s: int
    source: str
    edge_s: int = 0
    while_charging: bool = False
    """Whether a driver rests while the vehicle charges."""

    def __post_init__(self) -> None:
        if self.work_s <= 0:
            raise ValueError(f"{self.id}: work_s={self.work_s} is no time to work")
        if not 0 < self.piece_s <= self.rest_s:
            raise ValueError(f"{self.id}: piece_s={self.piece_s} of rest_s={self.rest_s}")
        if self.edge_s < 0:
            raise ValueError(f"{self.id}: edge_s={self.edge_s} is negative")


LABOUR_LAW: Final = (
    BreakRule(
        "labour_6h",
        Over.SHIFT,
        work_s=6 * 3600,
        rest_s=45 * 60,
        piece_s=10 * 60,
        source="労働基準法34条1項: 6時間を超える労働には45分以上の休憩を労働時間の途中に。 "
        "piece_s and edge_s are assumptions: the law names no smallest piece and only says 途中.",
        edge_s=30 * 60,
    ),
    BreakRule(
        "labour_8h",
        Over.SHIFT,
        work_s=8 * 3600,
        rest_s=60 * 60,
        piece_s=10 * 60,
        source="労働基準法34条1項: 8時間を超える労働には1時間以上の休憩を労働時間の途中に。 "
        "piece_s and edge_s are assumptions: the law names no smallest piece and only says 途中.",
        edge_s=30 * 60,
    ),
)
"""What every driver of the town has a right to; confirm against the current text."""

FOUR_HOURS: Final = BreakRule(
    "four_hours",
    Over.STRETCH,
    work_s=4 * 3600,
    rest_s=30 * 60,
    piece_s=10 * 60,
    source="改善基準告示 (バス運転者, 令和6年4月から): 連続運転4時間以内, 運転の中断は"
    "1回10分以上 合計30分以上。 "
    "For taxis the notice sets no such limit: a town that takes it over decides so (assumption).",
)
"""Four hours, then half an hour: binding for buses, prudent for a taxi that drives all day."""


class Rest(NamedTuple):
    """A rest that was taken, in seconds of the service day."""

    start_s: int
    end_s: int

    @property
    def lasts_s(self) -> int:
        """How long it was."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Lack:
    """A rule that was not kept: by ``at_s``, ``by_s`` of rest were missing."""

    rule_id: str
    at_s: int
    by_s: int


def lacking(
    rests: Sequence[Rest], start_s: int, end_s: int, rules: Sequence[BreakRule]
) -> list[Lack]:
    """Return what a shift from ``start_s`` to ``end_s`` lacked of rest; nothing when it was lawful.

    >>> [lack.by_s for lack in lacking([Rest(43200, 45000)], 28800, 61200, LABOUR_LAW)]
    [900, 1800]

    Raises ``ValueError`` when rests overlap or lie outside the shift.
    """
    known_s = start_s
    for rest in sorted(rests):
        if not known_s <= rest.start_s <= rest.end_s <= end_s:
            raise ValueError(
                f"rest {rest.start_s}-{rest.end_s} is not after {known_s}, in the shift"
            )
        known_s = rest.end_s
    found: list[Lack] = []
    for rule in rules:
        counted = [rest for rest in sorted(rests) if counts(rule, rest, start_s, end_s)]
        judge = _shift_lack if rule.over is Over.SHIFT else _stretch_lack
        found += judge(rule, counted, start_s, end_s)
    return found


def counts(rule: BreakRule, rest: Rest, start_s: int, end_s: int) -> bool:
    """Whether a rule takes notice of a rest in this shift."""
    inside = start_s + rule.edge_s <= rest.start_s and rest.end_s <= end_s - rule.edge_s
    return inside and rest.lasts_s >= rule.piece_s


def _shift_lack(rule: BreakRule, rests: Sequence[Rest], start_s: int, end_s: int) -> list[Lack]:
    rested_s = sum(rest.lasts_s for rest in rests)
    if end_s - start_s - rested_s <= rule.work_s or rested_s >= rule.rest_s:
        return []
    return [Lack(rule.id, end_s, rule.rest_s - rested_s)]


def _stretch_lack(rule: BreakRule, rests: Sequence[Rest], start_s: int, end_s: int) -> list[Lack]:
    """Walk through the shift and judge every stretch as it ends, by rest or with the shift."""
    since_s, rested_s = start_s, 0
    found: list[Lack] = []
    for rest in (*rests, Rest(end_s, end_s)):
        ends = rested_s + rest.lasts_s >= rule.rest_s or rest.start_s == end_s
        if ends and rest.start_s - since_s - rested_s > rule.work_s:
            at_s = since_s + rested_s + rule.work_s
            found.append(Lack(rule.id, at_s, rule.rest_s - rested_s))
        since_s, rested_s = (rest.end_s, 0) if ends else (since_s, rested_s + rest.lasts_s)
    return found
