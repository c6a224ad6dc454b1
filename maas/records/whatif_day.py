"""One day of a variant under one seed: who asks, who rides, and what it comes to."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import msgspec

from dispatcher.day import Call, Chances, Day, Outcome, Ride
from dispatcher.simulate import simulate
from maas.fares.price import Journey, fare
from maas.fares.shared import Interval, was_shared
from maas.fleet.vehicles import on_shift
from maas.records.whatif_asks import Asked, renamed
from maas.records.whatif_changes import Free, Variant
from maas.records.whatif_desk import Desk, Effort, widest
from maas.records.whatif_figures import MINUTES, Figures
from maas.records.whatif_town import Town
from maas.rides.fares import journey, riders
from maas.town.calendars import Refused, rules_on
from maas.town.rules import Tariff
from maas.town.times import WEEKDAYS


class Luck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs from seed to seed.

    `noise` is the spread of driving times (standard deviation of their logarithm), `late` and
    `no_show` the shares of parties that come four minutes late or not at all, `breakdown` that of
    vehicle days.  `no_show` `None`: who was not there in the past is not there.
    """

    noise: float = 0.08
    late: float = 0.03
    no_show: float | None = None
    breakdown: float = 0.0


class Prices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a vehicle costs an hour of its shift and a kilometre; assumptions of the study."""

    hour_yen: int = 2_600
    km_yen: int = 45


@dataclass(frozen=True, slots=True)
class Played:
    """A simulated day: its outcome, and the desk that answered."""

    day: date
    outcome: Outcome
    desk: Desk


def play(
    town: Town,
    day: date,
    asked: Sequence[Asked],
    *,
    seed: int,
    luck: Luck,
    effort: Effort = Effort(),  # noqa: B008 -- it is frozen
    flexible_s: int = 1800,
    review_s: int = 1200,
) -> Played:
    """Return how a day of a town goes; the same for the same seed, on every machine."""
    desk = Desk(town, {each.id: each for each in asked}, effort, flexible_s)
    vehicles = tuple(on_shift(row, None, None) for row in town.taxis)
    calls = tuple(
        Call(each.called_s, widest(each), _comes(each, luck), each.left_s) for each in asked
    )
    rule = town.rules.booking_on(day)
    outcome = simulate(
        Day(vehicles, calls, town.drives),
        desk,
        seed=seed,
        chances=Chances(
            noise=luck.noise, no_show=luck.no_show or 0.0, late=luck.late, breakdown=luck.breakdown,
            patience_s=60 * (rule.no_show_wait_min if rule else 5),
        ),
        divert_until_s=rule.divert_until_s if rule else 120,
        review_s=review_s,
        leave_early_s=120,
    )  # fmt: skip
    return Played(day, outcome, desk)


def _comes(each: Asked, luck: Luck) -> bool:
    return each.came or luck.no_show is not None


def demand(asked: Iterable[Asked], variant: Variant, seed: int) -> list[Asked]:
    """Return who asks when more or fewer do: some twice, or some not, by the seed and who it is."""
    share = variant.demand_percent / 100
    found = []
    for each in asked:
        chance = random.Random(f"{seed}/asks/{each.id}").random()  # noqa: S311 -- not a secret
        times = int(share) + (chance < share - int(share))
        found += [each if n == 0 else _another(each, n, seed) for n in range(times)]
    return sorted(found, key=lambda each: (each.called_s, each.id))


def _another(each: Asked, number: int, seed: int) -> Asked:
    """Return somebody else with the same trip, up to half an hour earlier or later."""
    by_s = 300 * random.Random(f"{seed}/{each.id}/{number}").randint(-6, 6)  # noqa: S311
    wanted_s = None if each.wanted_s is None else each.wanted_s + by_s
    other = renamed(each, number)
    return replace(other, member_id=None, wanted_s=wanted_s, called_s=each.called_s + by_s)


def figures(played: Played, town: Town, prices: Prices, free: Free | None = None) -> Figures:
    """Return what a day comes to."""
    desk, served = played.desk, played.outcome.carried
    fates = Counter(ride.fate for ride in played.outcome.rides)
    late_s = {ride.request.id: _late_s(desk, ride) for ride in served}
    shared = shared_rides(served)
    total_m, empty_m = driven_m(town, played.outcome)
    shift_s = _shift_s(town, played.day)
    return Figures(
        days=1,
        asked=len(played.outcome.rides),
        served=len(served),
        refused=fates["refused"],
        absent=fates["no_show"],
        stranded=fates["cancelled_by_operator"],
        riders=sum(desk.asked[ride.request.id].riders for ride in served),
        shared=len(shared),
        promised=len(desk.promised) - fates["no_show"] - fates["cancelled"],
        kept=sum(s <= 0 for s in late_s.values()),
        waits=_minutes(_wait_s(desk, ride) for ride in served),
        lates=_minutes(late_s.values()),
        ride_s=sum(_aboard_s(ride) for ride in served),
        direct_s=sum(_direct_s(town, ride) for ride in served),
        metres=total_m,
        empty_m=empty_m,
        shift_s=shift_s,
        fares_yen=sum(
            fare_yen(town, desk, ride, free, shared=ride.request.id in shared) for ride in served
        ),
        cost_yen=round(shift_s / 3600 * prices.hour_yen + total_m / 1000 * prices.km_yen),
        reasons=dict(sorted(Counter(desk.reasons.values()).items())),
    )


def driven_m(town: Town, outcome: Outcome) -> tuple[int, int]:
    """Return how many metres were driven, and how many of them with nobody on board."""
    profiles = {row.id: row.profile for row in town.taxis}
    total_m = empty_m = 0
    for leg in outcome.legs:
        drives = town.drives[profiles[leg.vehicle_id]]
        metres = drives.length_m(leg.origin, leg.destination)
        total_m += metres
        empty_m += metres if leg.riders == 0 else 0
    return total_m, empty_m


def _shift_s(town: Town, day: date) -> int:
    """Return how long vehicles are on shift; not at all on a day without service."""
    if isinstance(rules_on(town.rules, day), Refused):
        return 0
    return sum(row.shift_to_s - row.shift_from_s for row in town.taxis)


def shared_rides(served: Sequence[Ride]) -> set[str]:
    """Return who sat in a vehicle together with another party."""
    aboard: dict[str, list[tuple[str, Interval]]] = {}
    for ride in served:
        span = Interval((ride.pickup_s or 0) + ride.request.boarding_s, ride.dropoff_s)
        aboard.setdefault(ride.vehicle_id or "", []).append((ride.request.id, span))
    return {
        id_
        for spans in aboard.values()
        for id_, span in spans
        if was_shared(span, [other for who, other in spans if who != id_])
    }


def _aboard_s(ride: Ride) -> int:
    return (ride.dropoff_s or 0) - (ride.pickup_s or 0) - ride.request.boarding_s


def _direct_s(town: Town, ride: Ride) -> int:
    profile = next(row.profile for row in town.taxis if row.id == ride.vehicle_id)
    table = town.drives[profile].table([ride.request.origin], [ride.request.destination])
    return int(table[0, 0])


def _wait_s(desk: Desk, ride: Ride) -> int:
    wished = desk.wishes[ride.request.id]
    if wished.ask.anchor == "arrive":
        return max(0, wished.desired_s - (ride.dropoff_s or 0))
    return max(0, (ride.pickup_s or 0) - wished.desired_s)


def _late_s(desk: Desk, ride: Ride) -> int:
    told = desk.promised[ride.request.id]
    return max(
        (ride.pickup_s or 0) - told.latest_pickup_s,
        (ride.dropoff_s or 0) - told.latest_dropoff_s,
        0,
    )


def _minutes(seconds: Iterable[int]) -> tuple[int, ...]:
    counted = Counter(min(MINUTES - 1, s // 60) for s in seconds)
    return tuple(counted[minute] for minute in range(MINUTES))


def fare_yen(town: Town, desk: Desk, ride: Ride, free: Free | None, *, shared: bool) -> int:
    """Return what a party paid."""
    wished, asked = desk.wishes[ride.request.id], desk.asked[ride.request.id]
    member = None if asked.member_id is None else town.members.get(asked.member_id)
    words = frozenset() if member is None else member.grounds(asked.day)
    if free is not None and _is_free(free, asked.day, words):
        return 0
    known = journey(
        town.places[asked.origin], town.places[asked.destination], transfer=asked.transfer,
        linked=asked.bus is not None,
    )  # fmt: skip
    heads = tuple(riders(wished.rules.tariff, wished.party, member, asked.day))
    return _yen(_Same(wished.rules.tariff), heads, replace(known, shared=shared))


def _is_free(free: Free, day: date, words: frozenset[str]) -> bool:
    on = not free.weekdays or WEEKDAYS[day.weekday()] in free.weekdays
    return on and (not free.tags or bool(words.intersection(free.tags)))


@dataclass(frozen=True, slots=True)
class _Same:
    """A tariff that is looked up by being the same one."""

    tariff: Tariff

    def __hash__(self) -> int:
        return id(self.tariff)


@lru_cache(maxsize=4096)
def _yen(same: _Same, heads: tuple[frozenset[str], ...], known: Journey) -> int:
    return fare(same.tariff, heads, known).yen
