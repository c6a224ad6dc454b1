"""How much will be asked for, where and for what: counts of the past, smoothed.

A cell is an hour of a day, a part of the town and a purpose.  What is expected in it is the mean
of the whole past times what the day is like (its weekday, whether it follows a holiday, the month,
the weather as given), what the hour is like on such a day, and how much of that hour's demand comes
from there for that.  Each factor is a count over what the others lead one to expect, with
`SHRINK` asks of the mean added to both, so that what was seen seldom is taken to be ordinary.
The level follows the last weeks.  Nothing else is in it; the README says why that is enough.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import exp, log
from typing import Final, NamedTuple

from gtfs.calendar import holiday_name
from maas.records.whatif_asks import Asked

SHRINK: Final = 20.0
"""So many asks of the mean are believed before the first is counted."""
HALF_LIFE_DAYS: Final = 60.0
"""A day so long ago counts half as much for the level as yesterday."""
FLAT_DAYS: Final = 4.0
"""So many plain days are added to what a kind of day is judged by."""


class Cell(NamedTuple):
    """An hour of a day, where the trip begins, and what it is for."""

    hour: int
    oaza: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One trip asked for, as the model counts it."""

    day: date
    cell: Cell


@dataclass(frozen=True, slots=True)
class DemandModel:
    """What was learnt; `level` is the asks of a plain day at the end of the past.

    The factors are of weekday, month, weather and of the day after a holiday; `hours` are shares of
    the day by weekday, `cells` shares of an hour by (part of the day, place, purpose).
    """

    level: float
    kinds: Mapping[str, float]
    hours: Mapping[tuple[int, int], float]
    places: Mapping[tuple[int, str, str], float]
    known: frozenset[Cell] = field(default_factory=frozenset)

    def of_day(self, day: date, weather: str = "") -> float:
        """Return how many trips will be asked for on a day with service."""
        total = self.level
        for kind in kinds_of(day, weather):
            total *= self.kinds.get(kind, 1.0)
        return total

    def of_hour(self, day: date, hour: int, weather: str = "") -> float:
        """Return how many of them want to leave, or be there, in an hour."""
        return self.of_day(day, weather) * self.hours.get((day.weekday(), hour), 0.0)

    def expected(self, day: date, cell: Cell, weather: str = "") -> float:
        """Return how many trips will be asked for in a cell."""
        share = self.places.get((part_of(cell.hour), cell.oaza, cell.purpose), 0.0)
        return self.of_hour(day, cell.hour, weather) * share


def kinds_of(day: date, weather: str) -> Iterator[str]:
    """Yield what a day is, each of which has a factor."""
    yield f"weekday {day.weekday()}"
    yield f"month {day.month}"
    if holiday_name(day - timedelta(days=1)) is not None:
        yield "after a holiday"
    if weather:
        yield f"weather {weather}"


def part_of(hour: int) -> int:
    """Return the part of the day: before noon people go elsewhere than after."""
    return int(hour >= 12)


def learn(
    seen: Sequence[Seen], days: Sequence[date], weather: Mapping[date, str] | None = None
) -> DemandModel:
    """Return the model of what was seen on these days, all with service; empty days count too.

    Raises ``ValueError`` without a day.
    """
    if not days:
        raise ValueError("there is no day to learn from")
    sky = weather or {}
    counts = Counter(each.day for each in seen)
    kinds = _kinds(counts, days, sky)
    return DemandModel(
        level=_level(counts, days, kinds, sky),
        kinds=kinds,
        hours=_hours(seen, days),
        places=_places(seen),
        known=frozenset(each.cell for each in seen),
    )


def _kinds(
    counts: Mapping[date, int], days: Sequence[date], sky: Mapping[date, str]
) -> dict[str, float]:
    """Return the factors of days, fitted in turn until they agree (iterative scaling)."""
    mean = sum(counts.values()) / len(days)
    of = {day: list(kinds_of(day, sky.get(day, ""))) for day in days}
    factors = {kind: 1.0 for kinds in of.values() for kind in kinds}
    flat = FLAT_DAYS * mean
    for _ in range(12):
        for kind in factors:
            ours = [day for day in days if kind in of[day]]
            hoped = sum(_times(mean, (factors[k] for k in of[day] if k != kind)) for day in ours)
            factors[kind] = (sum(counts.get(day, 0) for day in ours) + flat) / (hoped + flat)
    return factors


def _times(mean: float, factors: Iterable[float]) -> float:
    for factor in factors:
        mean *= factor
    return mean


def _level(
    counts: Mapping[date, int],
    days: Sequence[date],
    kinds: Mapping[str, float],
    sky: Mapping[date, str],
) -> float:
    """Return the asks of a plain day now: the recent ones weigh more."""
    last = max(days)
    weights = {day: exp(-log(2) * (last - day).days / HALF_LIFE_DAYS) for day in days}
    plain = {
        day: _times(1.0, (kinds[kind] for kind in kinds_of(day, sky.get(day, "")))) for day in days
    }
    seen = sum(weights[day] * counts.get(day, 0) for day in days)
    hoped = sum(weights[day] * plain[day] for day in days)
    return seen / hoped if hoped > 0 else 0.0


def _hours(seen: Sequence[Seen], days: Sequence[date]) -> dict[tuple[int, int], float]:
    """Return each weekday's shares of the hours, drawn towards those of all days."""
    overall = Counter(each.cell.hour for each in seen)
    total = max(1, len(seen))
    by_weekday: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for each in seen:
        by_weekday[each.day.weekday()][each.cell.hour] += 1
    return {
        (weekday, hour): (by_weekday[weekday][hour] + SHRINK * count / total)
        / (by_weekday[weekday].total() + SHRINK)
        for weekday in {day.weekday() for day in days}
        for hour, count in overall.items()
    }


def _places(seen: Sequence[Seen]) -> dict[tuple[int, str, str], float]:
    """Return the shares of places and purposes before and after noon, drawn to the whole day's."""
    overall = Counter((each.cell.oaza, each.cell.purpose) for each in seen)
    by_part: defaultdict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    for each in seen:
        by_part[part_of(each.cell.hour)][each.cell.oaza, each.cell.purpose] += 1
    total = max(1, len(seen))
    return {
        (part, *what): (by_part[part][what] + SHRINK * count / total)
        / (by_part[part].total() + SHRINK)
        for part in (0, 1)
        for what, count in overall.items()
    }


def deviance(pairs: Iterable[tuple[int, float]]) -> float:
    """Return the mean Poisson deviance of counts from what was expected; less is better."""
    total, count = 0.0, 0
    for seen, hoped in pairs:
        total += 2 * ((seen * log(seen / hoped) if seen else 0.0) - seen + hoped)
        count += 1
    return total / max(1, count)


def error(pairs: Iterable[tuple[int, float]]) -> float:
    """Return the mean absolute error."""
    rows = [abs(seen - hoped) for seen, hoped in pairs]
    return sum(rows) / max(1, len(rows))


def draw(
    model: DemandModel,
    past: Sequence[Asked],
    days: Sequence[date],
    seed: int,
    weather: Mapping[date, str] | None = None,
) -> list[Asked]:
    """Return asks for days drawn from the model: how many by its numbers, which from the past.

    Each one is a trip that was asked for in such an hour, on any day, moved within it by the seed;
    so who goes where and how early people call is as it was.
    """
    by_hour: defaultdict[tuple[int, int], list[Asked]] = defaultdict(list)
    for each in past:
        by_hour[int(each.day.weekday() >= 5), hour_of(each)].append(each)
    found: list[Asked] = []
    for day in days:
        for hour in sorted({hour for _, hour in by_hour}):
            alike = by_hour.get((int(day.weekday() >= 5), hour)) or by_hour.get((0, hour)) or []
            luck = random.Random(f"{seed}/{day}/{hour}")  # noqa: S311 -- not a secret
            hoped = model.of_hour(day, hour, (weather or {}).get(day, ""))
            found += [
                _moved(luck.choice(alike), day, f"drawn-{day:%Y%m%d}-{hour:02d}-{n:02d}", luck)
                for n in range(_poisson(hoped, luck) if alike else 0)
            ]
    return sorted(found, key=lambda each: (each.day, each.called_s, each.id))


def _moved(each: Asked, day: date, id_: str, luck: random.Random) -> Asked:
    by_s = 300 * luck.randint(-2, 2)
    wanted_s = None if each.wanted_s is None else each.wanted_s + by_s
    return replace(
        each, id=id_, day=day, wanted_s=wanted_s, called_s=each.called_s + by_s, bus=None
    )


def hour_of(each: Asked) -> int:
    """Return the hour somebody wants to leave, or be there; of who wants to go at once, now."""
    return (each.called_s if each.wanted_s is None else each.wanted_s) // 3600


def _poisson(mean: float, luck: random.Random) -> int:
    """Return a count (Knuth's product of uniform numbers; the means here are small)."""
    limit, product, count = exp(-mean), luck.random(), 0
    while product > limit:
        product *= luck.random()
        count += 1
    return count
