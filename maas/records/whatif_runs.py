"""A study cut into pieces that any process can do, and who does them: a pool here, or Ray.

A piece is some days of one variant under one seed; its figures are sums, so that the same study
comes to the same figures wherever and in whatever order the pieces are done.  A process that dies
is replaced and its pieces are done again.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from dispatcher.search_plan import warm_search
from maas.records.whatif_asks import Asked
from maas.records.whatif_changes import Variant
from maas.records.whatif_day import Luck, Prices, demand, figures, play
from maas.records.whatif_desk import Effort
from maas.records.whatif_figures import Figures
from maas.records.whatif_town import Town
from maas.rides.on_ray import LIVES, joined

DAYS_A_PIECE: Final = 4
LOOK_S: Final = 0.5
"""How soon a cancellation is noticed."""
NICE: Final = 15
"""A study stands back behind whoever takes a booking."""

ByDay = Mapping[date, tuple[Asked, ...]]


@dataclass(frozen=True, slots=True)
class Work:
    """Everything the pieces of a study need; the same for all of them.

    `asked` has for each variant one row of days, or one for each seed when they are drawn.
    """

    towns: tuple[Town, ...]
    variants: tuple[Variant, ...]
    asked: tuple[tuple[ByDay, ...], ...]
    luck: Luck
    prices: Prices
    effort: Effort
    flexible_s: int

    def days(self, variant: int, seed: int) -> ByDay:
        """Return who asks on which day."""
        rows = self.asked[variant]
        return rows[seed % len(rows)]


class Piece(NamedTuple):
    """Some days of a variant under a seed."""

    variant: int
    seed: int
    days: tuple[date, ...]


class CancelledError(Exception):
    """Somebody does not want a study any more."""


def pieces(work: Work, variants: Sequence[int], seeds: int) -> list[Piece]:
    """Return a study in pieces, those of one seed of all variants near each other."""
    found = []
    for seed in range(seeds):
        for variant in variants:
            days = sorted(work.days(variant, seed))
            found += [
                Piece(variant, seed, tuple(days[at : at + DAYS_A_PIECE]))
                for at in range(0, len(days), DAYS_A_PIECE)
            ]
    return found


def do(work: Work, piece: Piece) -> Figures:
    """Return what a piece comes to."""
    warm_search()  # without it a search would be left out until it is compiled
    town, variant = work.towns[piece.variant], work.variants[piece.variant]
    total = Figures()
    for day in piece.days:
        asked = demand(work.days(piece.variant, piece.seed)[day], variant, piece.seed)
        played = play(
            town, day, asked, seed=piece.seed, luck=work.luck, effort=work.effort,
            flexible_s=work.flexible_s,
        )  # fmt: skip
        total += figures(played, town, work.prices, variant.free)
    return total


Done = Iterator[tuple[Piece, Figures]]
Run = Callable[[Work, Sequence[Piece]], Done]
"""Who does pieces: it yields each with its figures, in any order; closing it ends the work."""


def here(work: Work, todo: Sequence[Piece]) -> Done:
    """Do everything in this process; see `Run`."""
    for piece in todo:
        yield piece, do(work, piece)


@dataclass(frozen=True, slots=True)
class Pool:
    """So many processes of this machine."""

    processes: int

    def __call__(self, work: Work, todo: Sequence[Piece]) -> Done:
        """See `Run`."""
        left, lives = dict.fromkeys(todo), LIVES
        told = pickle.dumps(work)
        while left:
            try:
                for piece, found in self._tried(told, list(left)):
                    del left[piece]
                    yield piece, found
            except BrokenProcessPool:
                lives -= 1
                if lives == 0:
                    raise

    def _tried(self, told: bytes, todo: Sequence[Piece]) -> Done:
        context = multiprocessing.get_context("forkserver")
        pool = ProcessPoolExecutor(
            self.processes, mp_context=context, initializer=_begin, initargs=(told,)
        )
        waiting: dict[Future[Figures], Piece] = {}
        rest = iter(todo)
        try:
            while True:
                for piece in rest:
                    waiting[pool.submit(_do, piece)] = piece
                    if len(waiting) >= 2 * self.processes:
                        break
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future.result()
        finally:
            _end(pool)


_WORK: list[Work] = []
"""What this process works on."""


def _begin(told: bytes) -> None:
    os.nice(NICE)
    _WORK[:] = [pickle.loads(told)]  # noqa: S301 -- our own, by a pipe
    warm_search()


def _do(piece: Piece) -> Figures:
    return do(_WORK[0], piece)


def _end(pool: ProcessPoolExecutor) -> None:
    """End the processes, whatever they are doing."""
    processes = list((pool._processes or {}).values())  # noqa: SLF001 -- 3.14 has kill_workers
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()


@dataclass(frozen=True, slots=True)
class OnRay:
    """A Ray cluster, by the address `ray.init` takes; it begins pieces of dead workers again."""

    address: str

    def __call__(self, work: Work, todo: Sequence[Piece]) -> Done:
        """See `Run`.  Raises ``ModuleNotFoundError`` where Ray is not installed."""
        ray = joined(self.address)
        told = ray.put(work)
        task = ray.remote(do).options(max_retries=LIVES, num_cpus=1)
        waiting = {task.remote(told, piece): piece for piece in todo}
        try:
            while waiting:
                ready, _ = ray.wait(list(waiting), num_returns=1)
                for each in ready:
                    yield waiting.pop(each), ray.get(each)
        finally:
            for each in waiting:
                ray.cancel(each, force=True)


Tell = Callable[[int, int], None]


def done(
    run: Run, work: Work, todo: Sequence[Piece], tell: Tell, wanted: Callable[[], bool]
) -> dict[Piece, Figures]:
    """Return the figures of pieces; `tell` hears how many of how many are done.

    Raises `CancelledError` as soon as the study is not `wanted` any more.
    """
    found: dict[Piece, Figures] = {}
    tell(0, len(todo))
    results = run(work, todo)
    try:
        for piece, each in results:
            found[piece] = each
            tell(len(found), len(todo))
            if not wanted():
                raise CancelledError
    finally:
        close = getattr(results, "close", None)
        if close is not None:
            close()
    return found
