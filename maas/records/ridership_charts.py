"""The counts behind each chart of the ridership pages: plain sums over the trips of a period."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeVar

from maas.records.ridership import FEW, Gone, No, Totals, Trip, people, shown, totals

Row = TypeVar("Row", Trip, Gone, No)

HOUR_S: Final = 3600
LATE_BINS_MIN: Final = (-10, -5, 0, 5, 10, 15)
"""Where bins begin; one has everything up to the first, the last everything over the last."""
RIDE_BINS_MIN: Final = (5, 10, 15, 20, 30, 45)
WAIT_BINS_MIN: Final = (5, 10, 15, 20, 30)
BY_DAY_UP_TO: Final = 62
"""Periods of at most so many days are drawn day by day, longer ones by month."""


class Point(NamedTuple):
    """One month or day of a trend."""

    first: date
    totals: Totals


def is_by_day(first: date, last: date) -> bool:
    """Say whether a period is short enough to be drawn day by day."""
    return (last - first).days < BY_DAY_UP_TO


def beginnings(first: date, last: date) -> list[date]:
    """Return the first day of each month, or each day, that a period touches."""
    if is_by_day(first, last):
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def trend(
    first: date,
    last: date,
    trips: Iterable[Trip],
    gone: Iterable[Gone],
    nos: Iterable[No],
    lost: Iterable[No],
) -> list[Point]:
    """Return what each month, or day, of a period adds up to; those without a ride too."""
    of = _same if is_by_day(first, last) else _month
    parts = (
        _apart(trips, lambda row: of(row[0].dated)),
        _apart(gone, lambda row: of(row[0].dated)),
        _apart(nos, lambda row: of(row.dated)),
        _apart(lost, lambda row: of(row.dated)),
    )
    return [
        Point(begin, totals(*(part.get(begin, []) for part in parts)))  # type: ignore[arg-type]
        for begin in beginnings(first, last)
    ]


def _same(day: date) -> date:
    return day


def _month(day: date) -> date:
    return day.replace(day=1)


def _apart(rows: Iterable[Row], of: Callable[[Row], date]) -> dict[date, list[Row]]:
    found: defaultdict[date, list[Row]] = defaultdict(list)
    for row in rows:
        found[of(row)].append(row)
    return found


class Cell(NamedTuple):
    """The riders who boarded in one hour of one weekday (Monday is 0), over all such days."""

    weekday: int
    hour: int
    riders: int


def heat(trips: Iterable[Trip]) -> list[Cell]:
    """Return the riders by weekday and hour of boarding, only cells that have some."""
    found: Counter[tuple[int, int]] = Counter()
    for row in trips:
        found[row.weekday, row.hour] += row.sign * row.ride.riders
    return [Cell(weekday, hour, riders) for (weekday, hour), riders in sorted(found.items())]


def shares(trips: Iterable[Trip], of: Callable[[Trip], str]) -> list[tuple[str, int]]:
    """Return the riders by what `of` says of their trip, most first."""
    found: Counter[str] = Counter()
    for row in trips:
        found[of(row)] += row.sign * row.ride.riders
    return found.most_common()


class Use(NamedTuple):
    """How long one vehicle had somebody aboard in one hour of the day, over the `days` it drove."""

    vehicle: str
    hour: int
    aboard_s: int
    days: int

    @property
    def share(self) -> float:
        """The part of that hour with somebody aboard."""
        return self.aboard_s / (HOUR_S * self.days)


def vehicle_use(trips: Iterable[Trip]) -> list[Use]:
    """Return the seconds with somebody aboard by vehicle and hour; riders together count once."""
    spans: defaultdict[tuple[str, date], list[tuple[int, int]]] = defaultdict(list)
    for row in trips:
        if row.is_plain:
            ride = row.ride
            span = ride.picked_up_s, ride.dropped_off_s
            spans[ride.vehicle_id, ride.service_date].append(span)
    found: Counter[tuple[str, int]] = Counter()
    for (vehicle, _), theirs in spans.items():
        for begin_s, end_s in _union(theirs):
            for hour in range(begin_s // HOUR_S, -(-end_s // HOUR_S)):
                whole = min(end_s, (hour + 1) * HOUR_S) - max(begin_s, hour * HOUR_S)
                found[vehicle, hour] += whole
    days = Counter(vehicle for vehicle, _ in spans)
    return [Use(*key, found[key], days[key[0]]) for key in sorted(found)]


def _union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin_s, end_s in sorted(spans):
        if joined and begin_s <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end_s, joined[-1][1]))
        else:
            joined.append((begin_s, end_s))
    return joined


class Stop(NamedTuple):
    """Who boarded and left at one place, or in the homes of one hamlet; `None`: few people."""

    key: str
    boarded: int | None
    left: int | None


def stops(trips: Iterable[Trip], end_of: Mapping[int, str]) -> list[Stop]:
    """Return boardings and alightings by what `end_of` calls a place, the busiest first.

    Those of few people are last and unsaid.
    """
    boarded: Counter[str] = Counter()
    left: Counter[str] = Counter()
    who: defaultdict[str, list[Trip]] = defaultdict(list)
    for row in trips:
        ride = row.ride
        origin, destination = end_of[ride.origin_id], end_of[ride.destination_id]
        boarded[origin] += ride.sign * ride.riders
        left[destination] += ride.sign * ride.riders
        for end in {origin, destination}:
            who[end].append(row)
    both = Counter({key: boarded[key] + left[key] for key in who})
    keys = sorted(who, key=lambda key: (-both[key], key))
    may = shown([both[key] for key in keys], [people(who[key]) for key in keys])
    found = [
        Stop(key, boarded[key], left[key]) if fine else Stop(key, None, None)
        for key, fine in zip(keys, may, strict=True)
    ]
    return sorted(found, key=lambda one: one.boarded is None)


class Flow(NamedTuple):
    """The riders between two ends; `None`: few people, not shown."""

    origin: str
    destination: str
    riders: int | None


def flows(trips: Iterable[Trip], end_of: Mapping[int, str]) -> list[Flow]:
    """Return the riders from end to end, most first, those of few people last and unsaid."""
    riders: Counter[tuple[str, str]] = Counter()
    who: defaultdict[tuple[str, str], list[Trip]] = defaultdict(list)
    for row in trips:
        ride = row.ride
        pair = end_of[ride.origin_id], end_of[ride.destination_id]
        riders[pair] += ride.sign * ride.riders
        who[pair].append(row)
    pairs = sorted(riders, key=lambda pair: (-riders[pair], pair))
    counts = [riders[pair] for pair in pairs]
    may = shown(counts, [people(who[pair]) for pair in pairs])
    found = [
        Flow(*pair, count if fine else None)
        for pair, count, fine in zip(pairs, counts, may, strict=True)
    ]
    return sorted(found, key=lambda one: one.riders is None)


@dataclass(frozen=True, slots=True)
class Group:
    """What the people of one hamlet or age got; `None`: few people, not shown.

    `members` are registered, `active` of them rode, `lost` are their journeys lost for want of
    room, `late` their rides that broke the promise.
    """

    key: str
    members: int | None
    active: int | None
    riders: int | None
    rides: int | None
    late: int | None
    lost: int | None


def groups(
    trips: Iterable[Trip],
    lost: Iterable[No],
    of: Callable[[Trip | No], str],
    members: Mapping[str, int],
) -> list[Group]:
    """Return what each group of members got, those nobody of whom rode too."""
    theirs: defaultdict[str, list[Trip]] = defaultdict(list)
    for row in trips:
        theirs[of(row)].append(row)
    missed: defaultdict[str, list[No]] = defaultdict(list)
    for one in lost:
        missed[of(one)].append(one)
    keys = sorted({*theirs, *missed, *members} - {""})
    active = [people(theirs[key]) for key in keys]
    may = shown([len(theirs[key]) for key in keys], active)
    lost_may = shown([len(missed[key]) for key in keys], [people(missed[key]) for key in keys])
    return [
        Group(
            key,
            _few(members.get(key, 0)),
            *(_rode(theirs[key]) if fine else _UNSAID),
            len(missed[key]) if lost_fine else None,
        )
        for key, fine, lost_fine in zip(keys, may, lost_may, strict=True)
    ]


_Rode = tuple[int | None, int | None, int | None, int | None]
_UNSAID: Final[_Rode] = (None, None, None, None)


def _rode(theirs: Sequence[Trip]) -> _Rode:
    rides = [row.ride for row in theirs]
    riders = sum(ride.sign * ride.riders for ride in rides)
    late = sum(ride.sign for ride in rides if ride.late_s > 0)
    return people(theirs), riders, sum(ride.sign for ride in rides), late


def _few(count: int) -> int | None:
    return None if 0 < count < FEW else count


def lateness(trips: Iterable[Trip]) -> list[int]:
    """Return the rides by how late they were, in the bins of `LATE_BINS_MIN`."""
    return _bins(((row.sign, row.ride.late_s) for row in trips), LATE_BINS_MIN)


def durations(trips: Iterable[Trip]) -> list[int]:
    """Return the rides by how long they took, in the bins of `RIDE_BINS_MIN`."""
    spans = ((row.sign, row.ride.dropped_off_s - row.ride.picked_up_s) for row in trips)
    return _bins(spans, RIDE_BINS_MIN)


def waits(trips: Iterable[Trip]) -> list[int]:
    """Return the rides by the wait from the promised window's beginning (`WAIT_BINS_MIN`)."""
    return _bins(((row.sign, row.ride.wait_s) for row in trips), WAIT_BINS_MIN)


def _bins(seconds: Iterable[tuple[int, int]], begins_min: Sequence[int]) -> list[int]:
    """Return how many are in each bin: over its beginning, up to the next one's."""
    edges = [begin * 60 for begin in begins_min]
    found = [0] * (len(edges) + 1)
    for sign, each in seconds:
        found[bisect_left(edges, each)] += sign
    return found


SAVES: Final = ("shift_15", "shift_60", "shift_more", "walk", "longer", "fewer", "wish", "nothing")
"""What would have got a ride, asking least first; `nothing` but another vehicle."""
_SAVE_OF: Final = {
    "origin": "walk", "destination": "walk", "ride_max_s": "longer", "seats": "fewer",
    "riders": "fewer", "wheelchairs": "fewer", "bags": "fewer", "luggage": "fewer",
}  # fmt: skip


def save_of(row: No) -> str:
    """Return what would have asked least of somebody and got the ride."""
    if not row.saves:
        return "nothing"
    field, by = row.saves[0]
    if field != "desired_s":
        return _SAVE_OF.get(field, "wish")
    return "shift_15" if abs(by) <= 900 else "shift_60" if abs(by) <= 3600 else "shift_more"


def saved_by(lost: Iterable[No]) -> list[tuple[str, int]]:
    """Return how many lost journeys each change would have saved, in the order of `SAVES`."""
    found = Counter(save_of(row) for row in lost)
    return [(save, found[save]) for save in SAVES]


def reasons(nos: Collection[No]) -> list[tuple[str, bool, int]]:
    """Return how often each reason was given, ours and the callers', the commonest first."""
    found = Counter((row.reason, row.declined) for row in nos)
    ranked = sorted(found, key=lambda key: (-found[key], key))
    return [(reason, declined, found[reason, declined]) for reason, declined in ranked]
