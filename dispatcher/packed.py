"""All lines of a plan end to end, as the kernels want them; one is exchanged at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from dispatcher import kernel
from dispatcher.late_kernel import Rows
from dispatcher.line import Line
from dispatcher.line_kernel import LATEST, PLACE, RANK, ROWS, SOONEST
from dispatcher.nodes import Ints, Nodes

_NOTHING: Final = np.empty((ROWS, 0), dtype=np.int64)


class Packed(NamedTuple):
    """Lines, and what the kernels read of them."""

    lines: Sequence[Line]
    rows: Rows
    figures: Rows
    """What limits each vehicle, a column each."""
    fleet: kernel.Fleet
    ranks: Ints
    """Whose promise is at every node."""


def packed(lines: Sequence[Line]) -> Packed:
    """Lay lines end to end."""
    rows = np.concatenate([_NOTHING, *(line.rows for line in lines)], axis=1)
    figures = np.array([_figures(line) for line in lines], dtype=np.int64).reshape(-1, 7).T
    first = np.cumsum([0, *(line.rows.shape[1] for line in lines)]).astype(np.int64)
    battery = np.array([line.battery for line in lines]).reshape(-1, 4)
    return _packed(lines, rows, np.ascontiguousarray(figures), first, battery)


def repacked(before: Packed, v: int, line: Line) -> Packed:
    """Return what is packed with another line of one vehicle."""
    first, old = before.fleet.first, before.lines[v]
    a, b = int(first[v]), int(first[v + 1])
    rows = np.concatenate([before.rows[:, :a], line.rows, before.rows[:, b:]], axis=1)
    if line.rows.shape[1] != b - a:
        first = first.copy()
        first[v + 1 :] += line.rows.shape[1] - (b - a)
    figures, battery = before.figures, before.fleet.battery
    if _figures(line) != _figures(old):
        figures = figures.copy()
        figures[:, v] = _figures(line)
    if line.battery is not old.battery:
        battery = battery.copy()
        battery[v] = line.battery
    lines = [*before.lines[:v], line, *before.lines[v + 1 :]]
    return _packed(lines, rows, figures, first, battery)


def _figures(line: Line) -> tuple[int, ...]:
    vehicle = line.route.vehicle
    return (
        line.route.locked,
        vehicle.seats,
        vehicle.wheelchair_places,
        vehicle.seats_lost_per_wheelchair,
        int(vehicle.end is None),
        vehicle.bags,
        int(line.overfull),
    )


def _packed(
    lines: Sequence[Line], rows: Rows, figures: Rows, first: Ints, battery: kernel.Floats
) -> Packed:
    locked, seats, chairs, lost, open_end, bags, shut = figures
    fleet = kernel.Fleet(
        nodes=Nodes(*rows[:SOONEST]),
        soonest=rows[SOONEST],
        latest=rows[LATEST],
        place=rows[PLACE],
        first=first,
        locked=locked,
        seats=seats,
        chairs=chairs,
        lost=lost,
        open_end=open_end,
        bags=bags,
        shut=shut,
        battery=battery,
    )
    return Packed(lines, rows, figures, fleet, rows[RANK])
