"""How predictions are taught: by going through driven days again, each without its own history.

A day is predicted from other days of its kind (lacking those, its odd half-hours from its even
ones, as they are and stretched a little, as another day would be), and once more from days of other
kinds only, so that the weights for a kind never seen are learnt too.  Where positions between the
stops are known, every day is gone through with and without them.  The weights minimise the mean
absolute error (least absolute deviations by reweighted least squares, with a ridge towards reason).
The bands are quantiles of the errors on trips that the weights were not fitted to (split conformal
by trip), drawn in or out until they hold four of five of these, at every distance and then of all
arrivals that ``accuracy`` will judge; the head start for riders is the one that puts most of them
in the accurate band of the Transit benchmark.  Nothing is chosen by hand for a town.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from busloc.accuracy import NEAR_S, TRANSIT, Scores
from busloc.model import HORIZONS_S, OVERDUE, Bands, Model, Weights, untaught
from busloc.outlook import FEATURES, hats
from busloc.replay import Moment, replay
from busloc.usual import Drive, Floats, Table, Usual

Flags: TypeAlias = NDArray[np.bool_]

TRIPS_MAX = 800
MOMENTS = 20_000
CALLS_MAX = 6
"""About so many moments of so many trips teach the weights, by so many of the calls ahead."""
EVERY_LEAST_S = 30.0
FOLDS = 4
RIDGE = 1e-2
ROUNDS = 8
STILL = 1e-6
"""A feature that hardly varies teaches nothing."""
SOFT_S = 5.0
LEAST_ROWS = 2000
BLOCK_S = 1800
STRETCHES = 0.94, 1.0, 1.06
"""A day is as slow as itself; that others are not must be shown to the weights."""
FEW = 50
HELD = 0.8
"""The share of arrivals that the bounds are to hold."""
FAR_COUNTS = 0.25
"""What a prediction further ahead than a quarter of an hour counts."""
HEAD_STARTS_S = np.arange(0.0, 151.0, 3.0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Moments of drives as rows: features, what they must add up to, and what came.

    Rows ``aside`` teach weights and no bounds: the day was stretched, or its positions hidden.
    """

    trip: Floats
    aside: Flags
    left_s: Floats
    to_come_s: Floats
    overdue: Floats
    features: Floats

    def __len__(self) -> int:
        return len(self.trip)

    def of(self, chosen: Flags) -> Lesson:
        """Return some of the rows."""
        return Lesson(
            self.trip[chosen], self.aside[chosen], self.left_s[chosen], self.to_come_s[chosen],
            self.overdue[chosen], self.features[chosen],
        )  # fmt: skip


def learn(days: Mapping[date, Sequence[Drive]], *, seed: int = 0, moments: int = MOMENTS) -> Model:
    """Return a model taught by driven days, all drives of a day being of one kind."""
    share = min(1.0, TRIPS_MAX / max(1, sum(map(len, days.values()))))
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    under_way_s = share * sum(_length_s(drive) for drives in days.values() for drive in drives)
    every_s = max(EVERY_LEAST_S, under_way_s / moments)
    same = _lesson(_same(days), share, every_s, chance)
    other = _lesson(_other(days), share, every_s, chance)
    usual = Usual.of(drive for drives in days.values() for drive in drives)
    same_weights, same_scores = _taught(same)
    other_weights, other_scores = _taught(other)
    if other_weights is None:
        other_weights = untaught() if same_weights is None else _without_history(same_weights)
    return Model(
        usual,
        same_weights or untaught(),
        other_weights,
        {
            "days": [f"{day}" for day in sorted(days)],
            "same_kind": same_scores,
            "other_kind": other_scores,
        },
    )


Case = tuple[Sequence[Drive], Table, Collection[int], bool]
"""A day's drives, a history without it, which drives to ask of, and whether it was stretched."""


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
            yield drives, history.table((kind,)), range(len(drives)), False
            continue
        for odd in (0, 1):
            taught = [drive for drive in drives if _block(drive) != odd]
            asked = [k for k, drive in enumerate(drives) if _block(drive) == odd]
            if taught and asked:
                table = Usual.of(taught).table((kind,))
                for k, stretch in enumerate(STRETCHES):
                    some = asked[k :: len(STRETCHES)]
                    yield drives, table.stretched(stretch), some, stretch != 1.0


def _other(days: Mapping[date, Sequence[Drive]]) -> Iterator[Case]:
    for drives in days.values():
        if not drives:
            continue
        kind = drives[0].day_type
        unlike = [one for others in days.values() for one in others if one.day_type != kind]
        if unlike:
            history = Usual.of(unlike)
            yield drives, history.table(sorted(history.day_types)), range(len(drives)), False


def _block(drive: Drive) -> int:
    return int(drive.due_s[0] // BLOCK_S) % 2


def _length_s(drive: Drive) -> float:
    return drive.due_s[-1] - drive.due_s[0]


def _lesson(
    cases: Iterator[Case], share: float, every_s: float, chance: random.Random
) -> Lesson | None:
    rows: list[tuple[int, bool, Moment]] = []
    for number, (drives, table, among, stretched) in enumerate(cases):
        asked = {
            k: _moments(drives[k], every_s, chance.random() * every_s)
            for k in among
            if chance.random() < share
        }
        for guise, aside in _guises(drives, stretched=stretched):
            rows += [(number, aside, _some(each, chance)) for each in replay(guise, table, asked)]
    return _rows(rows) if rows else None


def _guises(
    drives: Sequence[Drive], *, stretched: bool
) -> Iterator[tuple[Sequence[Drive], bool]]:  # fmt: skip
    """Yield drives as they were, and with their positions hidden, as when a radio is silent."""
    yield drives, stretched
    if any(drive.seen for drive in drives):
        yield [replace(drive, seen=()) for drive in drives], True


def _some(moment: Moment, chance: random.Random) -> Moment:
    """Return a moment with some of its calls, at random."""
    count = len(moment.rows)
    kept = sorted(chance.sample(range(count), min(count, CALLS_MAX)))
    seen = moment.seen
    rows = moment.rows[kept]
    return replace(
        moment,
        calls=moment.calls[kept],
        rows=np.arange(len(kept)),
        to_come_s=moment.to_come_s[kept],
        seen=replace(seen, left_s=seen.left_s[rows], features=seen.features[rows]),
    )


def _moments(drive: Drive, every_s: float, first_s: float) -> list[float]:
    seen = [at for at in drive.arrive_s if at is not None]
    if not seen:
        return []
    return np.arange(seen[0] + first_s, seen[-1], every_s).tolist()


def _rows(moments: Sequence[tuple[int, bool, Moment]]) -> Lesson:
    return Lesson(
        np.concatenate([np.full(len(m.rows), n * 100_003.0 + m.drive) for n, _, m in moments]),
        np.concatenate([np.full(len(m.rows), aside) for _, aside, m in moments]),
        np.concatenate([m.seen.left_s[m.rows] for _, _, m in moments]),
        np.concatenate([m.to_come_s for _, _, m in moments]),
        np.concatenate([np.full(len(m.rows), m.seen.overdue) for _, _, m in moments]),
        np.concatenate([m.seen.features[m.rows] for _, _, m in moments]),
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
    vector = fit(lesson)
    held_out, lesson = held_out[~lesson.aside], lesson.of(~lesson.aside)
    late = lesson.overdue > OVERDUE
    on_time = bands(held_out[~late], lesson.to_come_s[~late])
    overdue = bands(held_out[late], lesson.to_come_s[late]) if late.sum() > 500 else on_time
    weights = Weights(tuple(vector.round(5).tolist()), on_time, overdue)
    weights = as_judged(weights, held_out, lesson.to_come_s, late)
    return weights, _scores(lesson, held_out, weights)


def fit(lesson: Lesson) -> Floats:
    """Return the weights with the least absolute error, those of reason where they tell little."""
    reason = untaught().vector
    scale = lesson.features.std(axis=0) + 1e-9
    rows = lesson.features / scale
    wanted = lesson.to_come_s - lesson.left_s - lesson.features @ reason
    counts = np.where(lesson.to_come_s < NEAR_S, 1.0, FAR_COUNTS)
    weight = counts
    found = np.zeros(FEATURES)
    for _ in range(ROUNDS):
        ridge = RIDGE * weight.sum() * np.eye(FEATURES)
        found = np.linalg.solve(
            rows.T @ (rows * weight[:, None]) + ridge, rows.T @ (weight * wanted)
        )
        weight = counts / np.maximum(np.abs(wanted - rows @ found), SOFT_S)
    solved: Floats = reason + np.where(scale > STILL, found / scale, 0.0)
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
    return _held(Bands(_told(low_s), _told(high_s), _told(early_s)), expected_s, error_s)


def _held(found: Bands, expected_s: Floats, error_s: Floats) -> Bands:
    """Return bands that hold four of five of these errors at each horizon.

    The quantiles alone do not: they are carried on in a line from horizon to horizon.
    """
    near = hats(expected_s, HORIZONS_S)
    for _ in range(ROUNDS):
        reach = _reach(near @ found.table.T, error_s)
        factor = 1.0
        factors: list[float] = []
        for k in range(len(HORIZONS_S)):
            chosen = near[:, k] > 0
            if near[chosen, k].sum() >= FEW:
                factor = _quantile(reach[chosen], near[chosen, k], HELD)
            factors.append(factor)
        found = _stretched(found, factors)
    return found


def as_judged(weights: Weights, expected_s: Floats, came_s: Floats, late: Flags) -> Weights:
    """Return weights whose bands hold four of five arrivals among those that are judged.

    Judged are the last minutes before a vehicle came (``NEAR_S``): of what was expected about then,
    those that came much later do not count, so that the bands alone hold more than they should.
    """
    near = hats(expected_s, HORIZONS_S)
    band_s = np.where(late[:, None], near @ weights.overdue.table.T, near @ weights.on_time.table.T)
    judged = came_s < NEAR_S
    if judged.sum() < FEW:
        return weights
    reach = _reach(band_s[judged], (came_s - expected_s)[judged])
    factors = [_quantile(reach, np.ones(len(reach)), HELD)] * len(HORIZONS_S)
    on_time, overdue = (_stretched(b, factors) for b in (weights.on_time, weights.overdue))
    return Weights(weights.weights, on_time, overdue)


def _reach(band_s: Floats, error_s: Floats) -> Floats:
    """Return by what the low or high bound must be multiplied to just hold each error."""
    reach: Floats = np.where(error_s < 0, -error_s / band_s[:, 0], error_s / band_s[:, 1])
    return reach


def _stretched(found: Bands, factors: Sequence[float]) -> Bands:
    low_s, high_s = (
        _told([s * factor for s, factor in zip(each, factors, strict=True)])
        for each in (found.low_s, found.high_s)
    )
    return Bands(low_s, high_s, found.early_s)


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
