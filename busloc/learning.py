"""How predictions are taught: by going through driven days again, each without its own history.

A day is predicted from other days of its kind (lacking those, its odd hours from its even ones),
and once more from days of other kinds only, so that the weights for a kind never seen are learnt
too.  The weights minimise the mean absolute error (least absolute deviations by reweighted least
squares, with a ridge).  The bands are quantiles of the errors on trips that the weights were not
fitted to (split conformal by trip); the head start for riders is the one that puts most of them in
the accurate band of the Transit benchmark.  Nothing is chosen by hand for a town.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from busloc.accuracy import TRANSIT, Scores
from busloc.model import HORIZONS_S, OVERDUE, Bands, Model, Weights, untaught
from busloc.outlook import FEATURES, hats
from busloc.replay import Moment, replay
from busloc.usual import Drive, Floats, Usual

EVERY_S = 90.0
TRIPS_MAX = 700
FOLDS = 3
RIDGE = 1e-3
ROUNDS = 12
SOFT_S = 5.0
LEAST_ROWS = 2000
BLOCK_S = 3600
FEW = 50
HEAD_STARTS_S = np.arange(0.0, 151.0, 3.0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Moments of drives as rows: features, what they must add up to, and what came."""

    trip: Floats
    left_s: Floats
    to_come_s: Floats
    overdue: Floats
    features: Floats

    def __len__(self) -> int:
        return len(self.trip)

    def of(self, chosen: NDArray[np.bool_]) -> Lesson:
        """Return some of the rows."""
        return Lesson(
            self.trip[chosen], self.left_s[chosen], self.to_come_s[chosen],
            self.overdue[chosen], self.features[chosen],
        )  # fmt: skip


def learn(days: Mapping[date, Sequence[Drive]], *, seed: int = 0) -> Model:
    """Return a model taught by driven days, all drives of a day being of one kind."""
    share = min(1.0, TRIPS_MAX / max(1, sum(map(len, days.values()))))
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    same = _lesson(_same(days), share, chance)
    other = _lesson(_other(days), share, chance)
    usual = Usual.of(drive for drives in days.values() for drive in drives)
    same_weights, same_scores = _taught(same)
    other_weights, other_scores = _taught(other)
    if other_weights is None:
        other_weights = untaught() if same_weights is None else _without_history(same_weights)
    return Model(
        usual,
        same_weights or untaught(),
        other_weights,
        stands(drive for drives in days.values() for drive in drives),
        {
            "days": [f"{day}" for day in sorted(days)],
            "same_kind": same_scores,
            "other_kind": other_scores,
        },
    )


Case = tuple[Sequence[Drive], Usual, str, frozenset[int]]
"""A day's drives, a history without it, the kind of day to look up, and which drives to ask of."""


def _same(days: Mapping[date, Sequence[Drive]]) -> Iterator[Case]:
    for day, drives in days.items():
        if not drives:
            continue
        kind = drives[0].day_type
        like = [
            d for d, others in days.items() if d != day and others and others[0].day_type == kind
        ]
        if like:
            history = Usual.of(drive for d in like for drive in days[d])
            yield drives, history, kind, frozenset(range(len(drives)))
            continue
        for odd in (0, 1):
            taught = [drive for drive in drives if _block(drive) != odd]
            asked = frozenset(k for k, drive in enumerate(drives) if _block(drive) == odd)
            if taught and asked:
                yield drives, Usual.of(taught), kind, asked


def _other(days: Mapping[date, Sequence[Drive]]) -> Iterator[Case]:
    for drives in days.values():
        if not drives:
            continue
        kind = drives[0].day_type
        unlike = [one for others in days.values() for one in others if one.day_type != kind]
        if unlike:
            yield drives, Usual.of(unlike), kind, frozenset(range(len(drives)))


def _block(drive: Drive) -> int:
    return int(drive.due_s[0] // BLOCK_S) % 2


def _lesson(cases: Iterator[Case], share: float, chance: random.Random) -> Lesson | None:
    rows: list[tuple[int, Moment]] = []
    for number, (drives, usual, kind, among) in enumerate(cases):
        table = usual.table((kind,) if kind in usual.day_types else sorted(usual.day_types))
        asked = {
            k: _moments(drives[k], chance.random() * EVERY_S)
            for k in sorted(among)
            if chance.random() < share
        }
        rows += [(number, moment) for moment in replay(drives, table, asked)]
    return _rows(rows) if rows else None


def _moments(drive: Drive, first_s: float) -> list[float]:
    seen = [at for at in drive.arrive_s if at is not None]
    if not seen:
        return []
    return np.arange(seen[0] + first_s, seen[-1], EVERY_S).tolist()


def _rows(moments: Sequence[tuple[int, Moment]]) -> Lesson:
    return Lesson(
        np.concatenate([np.full(len(m.rows), n * 100_003.0 + m.drive) for n, m in moments]),
        np.concatenate([m.seen.left_s[m.rows] for _, m in moments]),
        np.concatenate([m.to_come_s for _, m in moments]),
        np.concatenate([np.full(len(m.rows), m.seen.overdue) for _, m in moments]),
        np.concatenate([m.seen.features[m.rows] for _, m in moments]),
    )


def _taught(lesson: Lesson | None) -> tuple[Weights | None, dict[str, Any]]:
    """Return weights with bands, and the scores on trips that were left out."""
    if lesson is None or len(lesson) < LEAST_ROWS:
        return None, {}
    fold = (lesson.trip % FOLDS).astype(int)
    held_out = np.zeros(len(lesson))
    for k in range(FOLDS):
        vector = fit(lesson.of(fold != k))
        part = lesson.of(fold == k)
        held_out[fold == k] = np.maximum(part.left_s + part.features @ vector, 0.0)
    late = lesson.overdue > OVERDUE
    on_time = bands(held_out[~late], lesson.to_come_s[~late])
    overdue = bands(held_out[late], lesson.to_come_s[late]) if late.sum() > 500 else on_time
    weights = Weights(tuple(fit(lesson).round(5).tolist()), on_time, overdue)
    return weights, _scores(lesson, held_out, weights)


def fit(lesson: Lesson) -> Floats:
    """Return the weights with the least absolute error, small where they tell little."""
    scale = lesson.features.std(axis=0) + 1e-9
    rows = lesson.features / scale
    wanted = lesson.to_come_s - lesson.left_s
    counts = np.where(lesson.to_come_s < 900, 1.0, 0.5)
    weight = counts
    found = np.zeros(FEATURES)
    for _ in range(ROUNDS):
        ridge = RIDGE * weight.sum() * np.eye(FEATURES)
        found = np.linalg.solve(
            rows.T @ (rows * weight[:, None]) + ridge, rows.T @ (weight * wanted)
        )
        weight = counts / np.maximum(np.abs(wanted - rows @ found), SOFT_S)
    solved: Floats = found / scale
    return solved


def bands(expected_s: Floats, came_s: Floats) -> Bands:
    """Return the bands that fit these errors, each horizon borrowing from its neighbours."""
    near = hats(expected_s, HORIZONS_S)
    error_s = came_s - expected_s
    low_s: list[float] = []
    high_s: list[float] = []
    early_s: list[float] = []
    for k in range(len(HORIZONS_S)):
        chosen = near[:, k] > 0
        if near[chosen, k].sum() < FEW and low_s:
            low_s.append(low_s[-1] * 1.1)
            high_s.append(high_s[-1] * 1.1)
            early_s.append(early_s[-1])
            continue
        weight, errors = near[chosen, k], error_s[chosen]
        low_s.append(max(1.0, -_quantile(errors, weight, 0.1)))
        high_s.append(max(1.0, _quantile(errors, weight, 0.9)))
        early_s.append(_head_start(errors, came_s[chosen], weight))
    return Bands(_told(low_s), _told(high_s), _told(early_s))


def _told(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(value, 1) for value in values)


def _quantile(values: Floats, weight: Floats, q: float) -> float:
    if not len(values):
        return 0.0
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, q * total[-1])])


def _head_start(error_s: Floats, came_s: Floats, weight: Floats) -> float:
    """Return the seconds before the expected time that put most in the accurate band."""
    low_s, high_s = np.full(len(came_s), -90.0), np.full(len(came_s), 270.0)
    for until_s, low, high in reversed(TRANSIT):
        low_s[came_s < until_s], high_s[came_s < until_s] = low, high
    shares = [
        float((weight * ((error_s + head >= low_s) & (error_s + head <= high_s))).sum())
        for head in HEAD_STARTS_S
    ]
    return float(HEAD_STARTS_S[int(np.argmax(shares))])


def _without_history(weights: Weights) -> Weights:
    """Return what to do on days of an unknown kind: the same, with wider bands."""
    wide = [
        replace(band, low_s=_told([1.3 * s for s in band.low_s]),
                high_s=_told([1.5 * s for s in band.high_s]))
        for band in (weights.on_time, weights.overdue)
    ]  # fmt: skip
    return Weights(weights.weights, wide[0], wide[1])


def _scores(lesson: Lesson, expected_s: Floats, weights: Weights) -> dict[str, Any]:
    scores = Scores()
    late = lesson.overdue > OVERDUE
    near = hats(expected_s, HORIZONS_S)
    on_time, overdue = near @ weights.on_time.table.T, near @ weights.overdue.table.T
    bands_s = np.where(late[:, None], overdue, on_time)
    for expected, (low, high, early), came in zip(
        expected_s.tolist(), bands_s.tolist(), lesson.to_come_s.tolist(), strict=True
    ):
        scores.add("", "", 0.0, expected, max(expected - early, 0.0),
                   expected - low, expected + high, came)  # fmt: skip
    found: dict[str, Any] = scores.report()["all"]
    return found


def stands(drives: Iterator[Drive]) -> dict[str, float]:
    """Return how long vehicles usually stand at each stop, where that was seen."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for drive in drives:
        for stop, came_s, left_s in zip(
            drive.stops[1:-1], drive.arrive_s[1:-1], drive.leave_s[1:-1], strict=True
        ):
            if came_s is not None and left_s is not None:
                found[stop].append(left_s - came_s)
    return {stop: round(median(times), 1) for stop, times in found.items()}
