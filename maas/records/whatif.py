"""What if: a study replays a past period, or drawn demand, through the town's own dispatcher.

`Study` is what is asked, `Result` the answer: every variant beside the town as it is, each measure
with its 95 % interval over the seeds, and the difference seed by seed.  The same study on the same
records gives the same result, and says so by its `hash`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from gtfs import Feed
from maas.records.whatif_asks import Asked
from maas.records.whatif_buses import retimed
from maas.records.whatif_changes import MoreVehicles, Variant, changed
from maas.records.whatif_day import Luck, Prices
from maas.records.whatif_desk import Effort
from maas.records.whatif_figures import MEASURES, Figures, Interval, differences, interval
from maas.records.whatif_runs import ByDay, Piece, Run, Tell, Work, done, pieces
from maas.records.whatif_town import Town, fingerprint

AS_IT_IS: Final = "今のまま"
"""The name of the variant that every other is compared with."""
MOST_MORE: Final = 6
"""The search for a fleet tries at most so many vehicles beyond those there are."""


class Smallest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Look for the smallest fleet that serves so many percent of all who ask and come."""

    serves_percent: Annotated[float, Meta(gt=0, le=100)] = 98.0


class Study(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked: the days from `first` to `last` as they were, or `drawn` from the model.

    A caller takes an offer at most `flexible_min` from the time asked for.
    """

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    first: date
    last: date
    demand: Literal["past", "drawn"] = "past"
    variants: Annotated[tuple[Variant, ...], Meta(max_length=8)] = ()
    smallest: Smallest | None = None
    seeds: Annotated[int, Meta(ge=1, le=50)] = 10
    flexible_min: Annotated[int, Meta(ge=0, le=600)] = 30
    luck: Luck = Luck()
    prices: Prices = Prices()

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for a period that is none, or is too long."""
        if not 0 <= (self.last - self.first).days < 366:
            raise ValueError("last: a study is of 1 to 366 days")


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One variant: its sums over all seeds, each measure, and by how much it differs."""

    name: str
    vehicles: int
    total: Figures
    measures: dict[str, Interval]
    against: dict[str, Interval]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: the first of `variants` is the town as it is.

    `smallest` names the fleet found, `None` when none was looked for, or none serves so many.
    `hash` is of every figure of every piece; `town` and `asked` are of what they were made from.
    """

    variants: tuple[Compared, ...]
    days: int
    asked: int
    seeds: int
    smallest: str | None
    town: str
    hash: str


def by_day(asked: Sequence[Asked]) -> ByDay:
    """Return what was asked for on each day, in the order of the calls."""
    days = sorted({each.day for each in asked})
    return {day: tuple(each for each in asked if each.day == day) for day in days}


def study(
    question: Study,
    town: Town,
    asked: Sequence[Sequence[Asked]],
    timetables: Mapping[str, Feed],
    *,
    run: Run,
    tell: Tell = lambda _done, _all: None,
    wanted: Callable[[], bool] = lambda: True,
    effort: Effort = Effort(),  # noqa: B008 -- it is frozen
) -> Result:
    """Return the answer; `asked` is one list for every seed, or one for each.

    Raises `VariantError` for a variant that cannot be, `CancelledError` when it is not `wanted`.
    """
    variants = (Variant(name=AS_IT_IS), *question.variants)
    work = Work(
        towns=tuple(changed(town, each) for each in variants),
        variants=variants,
        asked=tuple(_asked_under(each, asked, timetables) for each in variants),
        luck=question.luck,
        prices=question.prices,
        effort=effort,
        flexible_s=60 * question.flexible_min,
    )
    todo = pieces(work, range(len(variants)), question.seeds)
    steps = _Steps(tell, len(todo) + _most_searched(question, work))
    found = steps.done(run, work, todo, wanted)
    smallest = None
    if question.smallest is not None:
        work, more, smallest = _search(question, question.smallest, work, run, steps, wanted)
        found |= more
    return _result(question, town, work, found, smallest)


@dataclass(slots=True)
class _Steps:
    """How far a study is over all its parts, the search for a fleet included."""

    tell: Tell
    total: int
    before: int = 0

    def done(
        self, run: Run, work: Work, todo: Sequence[Piece], wanted: Callable[[], bool]
    ) -> dict[Piece, Figures]:
        """Return the figures of some pieces; see `whatif_runs.done`."""
        found = done(run, work, todo, self._tell, wanted)
        self.before += len(todo)
        return found

    def _tell(self, finished: int, _todo: int) -> None:
        self.tell(self.before + finished, self.total)


def _most_searched(question: Study, work: Work) -> int:
    """Return how many pieces the search for a fleet does at most."""
    if question.smallest is None:
        return 0
    tries = (len(work.towns[0].taxis) + MOST_MORE).bit_length()
    return tries * len(pieces(work, [0], question.seeds))


def _asked_under(
    variant: Variant, asked: Sequence[Sequence[Asked]], timetables: Mapping[str, Feed]
) -> tuple[ByDay, ...]:
    if not variant.timetable:
        return tuple(by_day(each) for each in asked)
    feed = timetables[variant.timetable]
    return tuple(by_day(retimed(each, feed)) for each in asked)


def _result(
    question: Study, town: Town, work: Work, found: Mapping[Piece, Figures], smallest: str | None
) -> Result:
    seeds = range(question.seeds)
    kept: defaultdict[tuple[int, int], Figures] = defaultdict(Figures)
    for piece, each in found.items():
        kept[piece.variant, piece.seed] += each
    sums = [[kept[at, seed] for seed in seeds] for at in range(len(work.variants))]
    measured = [[each.measures for each in row] for row in sums]
    compared = tuple(
        Compared(
            name=variant.name,
            vehicles=len(work.towns[at].taxis),
            total=sum_of(sums[at]),
            measures={name: interval([each[name] for each in measured[at]]) for name in MEASURES},
            against=differences(measured[0], measured[at]),
        )
        for at, variant in enumerate(work.variants)
    )
    days = work.days(0, 0)
    return Result(
        variants=compared,
        days=len(days),
        asked=sum(len(each) for each in days.values()),
        seeds=question.seeds,
        smallest=smallest,
        town=fingerprint(town),
        hash=_hash(found),
    )


def sum_of(several: Iterable[Figures]) -> Figures:
    """Return the sum of some figures."""
    total = Figures()
    for each in several:
        total += each
    return total


def _hash(found: Mapping[Piece, Figures]) -> str:
    known = hashlib.sha256()
    for piece in sorted(found):
        known.update(msgspec.json.encode((piece, found[piece]), order="deterministic"))
    return known.hexdigest()[:16]


def _search(
    question: Study,
    wished: Smallest,
    work: Work,
    run: Run,
    steps: _Steps,
    wanted: Callable[[], bool],
) -> tuple[Work, dict[Piece, Figures], str | None]:
    """Look for the fewest vehicles that serve so many, halving what is left to look at."""
    town, base = work.towns[0], work.variants[0]
    order = fleet_order(town)
    low, high, more, best = 1, len(order) + MOST_MORE, dict[Piece, Figures](), None
    while low <= high:
        count = (low + high) // 2
        variant = _fleet_of(town, order, count, base)
        work = _with_variant(work, variant, changed(town, variant))
        at = len(work.variants) - 1
        figures = steps.done(run, work, pieces(work, [at], question.seeds), wanted)
        more |= figures
        served = sum_of(figures.values()).measures["served_percent"]
        if served >= wished.serves_percent:
            best, high = variant.name, count - 1
        else:
            low = count + 1
    return work, more, best


def fleet_order(town: Town) -> list[str]:
    """Return the vehicles in the order in which a fleet is made up.

    One that takes wheelchairs comes first, since without it some can never ride; then those with
    the most seats.
    """
    rows = sorted(town.taxis, key=lambda row: (-row.seats, row.id))
    first = next((row for row in rows if row.wheelchair_places), rows[0])
    return [first.id, *(row.id for row in rows if row.id != first.id)]


def _fleet_of(town: Town, order: Sequence[str], count: int, base: Variant) -> Variant:
    kept, extra = order[:count], count - len(order)
    more: tuple[MoreVehicles, ...] = ()
    if extra > 0:
        largest = max(town.taxis, key=lambda row: (row.seats, row.id)).id
        more = (MoreVehicles(like=largest, count=extra),)
    without = tuple(row.id for row in town.taxis if row.id not in kept)
    return msgspec.structs.replace(base, name=f"{count}台", without=without, more=more)


def _with_variant(work: Work, variant: Variant, town: Town) -> Work:
    return replace(
        work,
        towns=(*work.towns, town),
        variants=(*work.variants, variant),
        asked=(*work.asked, work.asked[0]),
    )
