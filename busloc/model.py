"""What was learnt from driven days: usual times, weights, and how far off predictions are.

Kept as JSON, so that it can be read by people and outlives the program that wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from busloc.daytypes import DayType
from busloc.outlook import BLIND, FAR_S, FEATURES, OVER, PLACES, VOICES, View, hats
from busloc.usual import Floats, Table, Usual

HORIZONS_S = np.array([0.0, 60, 120, 180, 270, 360, 480, 600, 780, 1000, 1300, 1700, 2400])
OVERDUE = 1.15
"""Beyond this share of the usual time of its present leg, a vehicle is overdue."""
KIN: Mapping[str, Sequence[str]] = {
    DayType.NEW_YEAR: (DayType.HOLIDAY, DayType.SATURDAY),
    DayType.BON: (DayType.HOLIDAY, DayType.SATURDAY),
    DayType.SATURDAY: (DayType.HOLIDAY,),
    DayType.HOLIDAY: (DayType.SATURDAY,),
}
"""Which kinds of days stand in for one that was never driven; without these, all there are."""


@dataclass(frozen=True)
class Bands:
    """Seconds round the expected time, by how far ahead it is (``HORIZONS_S``).

    ``low_s`` and ``high_s`` bound four of five arrivals; a rider who stands there ``early_s``
    before the expected time is on the right side of both, missing the bus and waiting long.
    """

    low_s: tuple[float, ...]
    high_s: tuple[float, ...]
    early_s: tuple[float, ...]

    @cached_property
    def table(self) -> Floats:
        """The three rows."""
        return np.array([self.low_s, self.high_s, self.early_s])


@dataclass(frozen=True)
class Weights:
    """How much each feature says, and the bands that go with it, overdue or not."""

    weights: tuple[float, ...]
    on_time: Bands
    overdue: Bands

    @cached_property
    def vector(self) -> Floats:
        """The weights."""
        return np.array(self.weights)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Seconds from now to each stop ahead: expected, four times of five between, be there by."""

    expected_s: Floats
    low_s: Floats
    high_s: Floats
    by_s: Floats


@dataclass(frozen=True)
class Model:
    """Usual times with the weights for days of a kind seen before, and for others.

    ``accuracy`` is what the model made of days it was not taught; ``given`` are days of another
    kind than the calendar has them.
    """

    usual: Usual
    same: Weights
    other: Weights
    accuracy: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[date, DayType] = field(default_factory=dict)

    def table_for(self, kind: str) -> tuple[Table, Weights]:
        """Return what there is for a kind of day: its own, else that of the most like it."""
        if kind in self.usual.day_types:
            return self._table((kind,)), self.same
        kin = tuple(like for like in KIN.get(kind, ()) if like in self.usual.day_types)
        return self._table(kin or tuple(sorted(self.usual.day_types))), self.other

    @cached_property
    def _tables(self) -> dict[tuple[str, ...], Table]:
        return {}

    def _table(self, kinds: tuple[str, ...]) -> Table:
        if kinds not in self._tables:
            self._tables[kinds] = self.usual.table(kinds)
        return self._tables[kinds]

    def save(self, path: Path) -> None:
        """Write the model as JSON."""
        path.write_text(json.dumps(_plain(self), separators=(",", ":")), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Model:
        """Read a model.  Raises ``ValueError`` for a file that is none of this version."""
        return _model(json.loads(path.read_text(encoding="utf-8")))


def outlook(seen: View, weights: Weights) -> Outlook:
    """Return what a view comes to: strictly later from stop to stop, none before now."""
    told_s = seen.left_s + seen.features @ weights.vector
    steps = np.arange(len(told_s), dtype=np.float64)
    expected_s = np.maximum.accumulate(np.maximum(told_s, 0.0) - steps) + steps
    bands = weights.overdue if seen.overdue > OVERDUE else weights.on_time
    low, high, early = (hats(expected_s, HORIZONS_S) @ bands.table.T).T
    return Outlook(
        expected_s,
        np.maximum(expected_s - low, 0.0),
        expected_s + high,
        np.maximum(expected_s - early, 0.0),
    )


def untaught() -> Weights:
    """Return weights by reason alone: believe the vehicles ahead, and that the overdue come."""
    waits = (0.0, 0.0, 0.02, 0.1, 0.3, 0.6, 1.1, 2.0, 3.7)
    weights = np.zeros(FEATURES)
    weights[: len(PLACES) * len(OVER)] = np.tile(waits, len(PLACES))
    weights[len(PLACES) * len(OVER) :][:2] = 1.0
    voices = weights[len(PLACES) * len(OVER) + 2 : BLIND].reshape(len(VOICES), len(FAR_S))
    voices[VOICES.index("ahead")] = 1.0
    bands = Bands(
        low_s=tuple((10 + 0.1 * HORIZONS_S).tolist()),
        high_s=tuple((20 + 0.15 * HORIZONS_S).tolist()),
        early_s=tuple((15 + 0.04 * HORIZONS_S).tolist()),
    )
    return Weights(tuple(weights.tolist()), bands, bands)


VERSION = 1
Json: TypeAlias = Any


def _plain(model: Model) -> dict[str, Any]:
    return {
        "version": VERSION,
        "usual": [[*leg, kinds] for leg, kinds in model.usual.tallies.items()],
        "same": _plain_weights(model.same),
        "other": _plain_weights(model.other),
        "stand_s": dict(model.usual.stand_s),
        "accuracy": dict(model.accuracy),
        "given": {f"{day}": kind for day, kind in model.given.items()},
    }


def _plain_weights(weights: Weights) -> dict[str, Any]:
    bands = {
        name: {"low_s": band.low_s, "high_s": band.high_s, "early_s": band.early_s}
        for name, band in (("on_time", weights.on_time), ("overdue", weights.overdue))
    }
    return {"weights": weights.weights, **bands}


def _model(plain: Json) -> Model:
    try:
        if plain["version"] != VERSION:
            raise ValueError(f"a model of version {plain['version']}, not {VERSION}")
        usual = {
            (start, end): {kind: tuple(map(_tally, rows)) for kind, rows in kinds.items()}
            for start, end, kinds in plain["usual"]
        }
        return Model(
            Usual(usual, {str(stop): float(stand) for stop, stand in plain["stand_s"].items()}),
            _weights(plain["same"]), _weights(plain["other"]), plain["accuracy"],
            {date.fromisoformat(day): DayType(kind) for day, kind in plain["given"].items()},
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a model of travel times") from error


def _tally(row: Json) -> tuple[int, int, float, float]:
    k, n, took_s, due_s = row
    return int(k), int(n), float(took_s), float(due_s)


def _weights(plain: Json) -> Weights:
    weights = tuple(map(float, plain["weights"]))
    if len(weights) == BLIND:  # written before places on a leg had weights: reason's are zero
        weights += (0.0,) * (FEATURES - BLIND)
    if len(weights) != FEATURES:
        raise ValueError(f"{len(weights)} weights, not {FEATURES}")
    return Weights(weights, _bands(plain["on_time"]), _bands(plain["overdue"]))


def _bands(plain: Json) -> Bands:
    return Bands(tuple(plain["low_s"]), tuple(plain["high_s"]), tuple(plain["early_s"]))
