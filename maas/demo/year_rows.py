"""What the fixture keeps of a simulated day, in numbers that mean the same in every database.

Members are their place in the order of their numbers, places their codes, vehicles their ids: the
fixture is of the demo town, whatever ids a database gives.
"""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

HOME: Final = -1
"""Stands for the home of the member who rides."""


class Trip(msgspec.Struct, frozen=True, array_like=True):
    """One booking and what became of it; times are seconds of its service day.

    `day` counts from the fixture's first.  Of one that was cancelled or not there the times of the
    ride are 0, and `ended_s` is when that was known.
    """

    day: int
    member: int
    channel: int
    called_s: int
    origin: int
    destination: int
    riders: int
    wheelchairs: int
    state: int
    vehicle: int
    direct_s: int
    pickup_from_s: int
    pickup_to_s: int
    arrive_from_s: int
    arrive_by_s: int
    ride_max_s: int
    planned_s: int
    came_s: int
    aboard_s: int
    dropped_s: int
    ended_s: int
    distance_m: int
    shared: int


class No(msgspec.Struct, frozen=True, array_like=True):
    """One refusal: what was asked for, and why not."""

    day: int
    member: int
    channel: int
    called_s: int
    origin: int
    destination: int
    riders: int
    wheelchairs: int
    wanted_s: int
    arrives: int
    reason: int
    binding: int
    alternatives: int
    relaxations: int


class Duty(msgspec.Struct, frozen=True, array_like=True):
    """A vehicle's day on the road."""

    day: int
    vehicle: int
    distance_m: int
    loaded_m: int
    duty_s: int


class Year(msgspec.Struct, frozen=True):
    """The whole fixture; `days` are those with service, each with its weather.

    `town` is the fingerprint of the town it was made for.
    """

    town: str
    seed: int
    days: list[tuple[int, str]]
    channels: list[str]
    places: list[str]
    vehicles: list[str]
    reasons: list[str]
    bindings: list[str]
    relaxations: list[list[dict[str, Any]]]
    trips: list[Trip]
    noes: list[No]
    duties: list[Duty]


class _File(msgspec.Struct):
    head: Year
    columns: dict[str, list[tuple[str, bytes]]]


_ROWS: Final[dict[str, Any]] = {"trips": Trip, "noes": No, "duties": Duty}


def packed(year: Year) -> bytes:
    """Return the fixture as a file: columns, since what is alike lies together then."""
    columns = {name: _columns(getattr(year, name), shape) for name, shape in _ROWS.items()}
    head = msgspec.structs.replace(year, trips=[], noes=[], duties=[])
    return lzma.compress(msgspec.msgpack.encode(_File(head, columns)), preset=9)


def unpacked(data: bytes) -> Year:
    """Return the fixture of a file."""
    file = msgspec.msgpack.decode(lzma.decompress(data), type=_File)
    rows = {name: _rows(file.columns[name], shape) for name, shape in _ROWS.items()}
    return msgspec.structs.replace(file.head, **rows)


def _columns(rows: Sequence[Any], shape: type[Any]) -> list[tuple[str, bytes]]:
    found = []
    for name in shape.__struct_fields__:
        values = np.array([getattr(row, name) for row in rows], dtype=np.int64)
        steps = np.diff(values, prepend=0) if name == "day" else values
        largest = max(steps.max(initial=0), -1 - steps.min(initial=0))
        kind = np.min_scalar_type(-1 - int(largest))
        narrow = steps.astype(kind)
        # The bytes of equal weight together: high bytes hardly change from row to row.
        planes = narrow.view(np.uint8).reshape(len(narrow), kind.itemsize).T
        found.append((kind.str, planes.tobytes()))
    return found


def _rows(columns: Sequence[tuple[str, bytes]], shape: type[Any]) -> list[Any]:
    values = []
    for name, (kind, data) in zip(shape.__struct_fields__, columns, strict=True):
        width = np.dtype(kind).itemsize
        planes = np.frombuffer(data, dtype=np.uint8).reshape(width, -1)
        column = np.ascontiguousarray(planes.T).view(kind).ravel().astype(np.int64)
        values.append((np.cumsum(column) if name == "day" else column).tolist())
    return [shape(*row) for row in zip(*values, strict=True)]
