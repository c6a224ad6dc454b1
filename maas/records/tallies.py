"""Adding up entries: by whatever they have in common, and where the middle of them lies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from maas.records.report import Cell, Column, Table
from maas.store.entries import Ride


class Sums(NamedTuple):
    """What some entries of rides add up to; `riders` are people, `rides` parties."""

    rides: int = 0
    riders: int = 0
    fare_yen: int = 0
    distance_m: int = 0

    def plus(self, ride: Ride) -> Sums:
        """Return the sums with one more entry."""
        sign = ride.sign
        return Sums(
            self.rides + sign,
            self.riders + sign * ride.riders,
            self.fare_yen + sign * ride.fare_yen,
            self.distance_m + sign * ride.distance_m,
        )


def grouped(rides: Iterable[Ride], key: Callable[[Ride], Any]) -> dict[Any, Sums]:
    """Return the sums of the rides that have a key in common."""
    found: defaultdict[Any, Sums] = defaultdict(Sums)
    for ride in rides:
        which = key(ride)
        found[which] = found[which].plus(ride)
    return found


def summed(rides: Iterable[Ride]) -> Sums:
    """Return the sums of all rides."""
    total = Sums()
    for ride in rides:
        total = total.plus(ride)
    return total


def own(rides: Iterable[Ride]) -> list[Ride]:
    """Return the rides of the period itself, without what was put right of earlier ones."""
    return [ride for ride in rides if ride.sign > 0 and ride.dated == ride.service_date]


def percentile(values: Sequence[int], percent: int) -> int | None:
    """Return the smallest value that so many percent are not above, `None` of nothing.

    >>> percentile([5, 1, 9, 7], 50), percentile([5, 1, 9, 7], 90), percentile([], 50)
    (5, 9, None)
    """
    if not values:
        return None
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def share(part: float, whole: float) -> float | None:
    """Return a part of a whole, `None` when there is no whole."""
    return part / whole if whole else None


SUMMED = (
    Column("乗車件数(件)", "rides", "count"),
    Column("利用者数(人)", "riders", "count"),
    Column("構成比", "share_of_riders", "share"),
    Column("運賃(円)", "fare_yen", "yen"),
    Column("乗車キロ(km)", "ride_km", "km"),
)


def table_by(
    title: str, head: Column, rides: Sequence[Ride], key: Callable[[Ride], Any],
    order: Iterable[Any] = (), words: Callable[[Any], str] = str, notes: tuple[str, ...] = (),
) -> Table:  # fmt: skip
    """Return a table of rides by something; keys of `order` are rows even with nothing in them."""
    sums, total = grouped(rides, key), summed(rides)
    known = list(order)
    keys = known + sorted(each for each in sums if each not in known)
    rows = tuple((words(each), *_cells(sums.get(each, Sums()), total)) for each in keys)
    return Table(title, (head, *SUMMED), rows, ("合計", *_cells(total, total)), notes)


def _cells(sums: Sums, total: Sums) -> tuple[Cell, ...]:
    part = share(sums.riders, total.riders)
    return sums.rides, sums.riders, part, sums.fare_yen, sums.distance_m


def by_day(rides: Iterable[Ride]) -> dict[date, Sums]:
    """Return the sums of each day something counts on."""
    return grouped(rides, lambda ride: ride.dated)
