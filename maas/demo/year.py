"""Who telephones on each day of the demo's past: a year of a town that does not exist.

Everything is drawn by seed and by what it is about, so that one number changed does not move the
rest.  What is chosen here is a story to look at (seasons, snow, a festival, a growing habit of
riding with the neighbours), and nothing the town has published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np

from gtfs.calendar import holiday_name
from maas.demo.gazetteer import randomness
from maas.records.whatif_asks import Asked
from maas.store.members import MemberRow
from maas.store.places import PlaceRow

FIRST: Final = date(2025, 9, 29)
DAYS: Final = 728
"""What the fixture holds: two years of whole weeks from a Monday, so that any day has a year before
it once the fixture is moved by whole years of 52 weeks."""

ASKS_A_DAY: Final = 48.0
"""Outward trips asked for on a plain day of the first months; ways back come on top."""
GROWTH: Final = 0.14
"""By how much more is asked for after a year."""
MONTHS: Final = (0.93, 0.90, 1.00, 1.03, 1.00, 1.05, 1.03, 0.96, 1.00, 1.07, 1.05, 1.02)
WEEKDAYS: Final = (1.10, 1.00, 0.92, 0.98, 1.06, 0.60, 0.50)
HOURS: Final = (0.12, 0.25, 0.21, 0.11, 0.05, 0.11, 0.09, 0.06)
"""When people want to leave home, from 8 o'clock on."""
BON: Final = ((8, 12), (8, 16))
SNOW, RAIN, PLAIN, FESTIVAL = "snow", "rain", "plain", "festival"
ASKED_IN: Final[Mapping[str, float]] = {SNOW: 0.55, RAIN: 0.93, PLAIN: 1.0, FESTIVAL: 1.35}
SLOWER: Final[Mapping[str, float]] = {SNOW: 1.25, RAIN: 1.04, PLAIN: 1.0, FESTIVAL: 1.0}
"""By how much longer drives take."""
KINDS: Final = (("clinic", "hospital"), ("shop", "market"), ("hall", "facility", "hub"))
"""In the order of a member's usual places."""
RESTS: Final = 0.24
"""The share of vehicle days without a driver or in the garage."""
HURRY: Final = 0.05
"""Who calls so late that the town's deadline may be over."""
TOO_LONG: Final = 0.03
"""Whose errand ends when the service is about to, or after it."""
CANCELS: Final = 0.055
ABSENT: Final = 0.018
RETURNS: Final = 0.62
PAIRS: Final = 0.06


@dataclass(frozen=True, slots=True)
class Weather:
    """What a day was like: the sky, or that there was a festival."""

    kind: str

    @property
    def slower(self) -> float:
        """By how much longer drives take than on a dry road."""
        return SLOWER[self.kind]


def weather_of(day: date) -> Weather:
    """Return what a day was like; snow comes from December to March, most in the cold weeks."""
    drawn = float(randomness(21, day.toordinal()).random())
    if is_festival(day):
        return Weather(FESTIVAL)
    snowy = {12: 0.05, 1: 0.16, 2: 0.15, 3: 0.03}.get(day.month, 0.0)
    rainy = {6: 0.42, 7: 0.30, 9: 0.28}.get(day.month, 0.20)
    return Weather(SNOW if drawn < snowy else RAIN if drawn < snowy + rainy else PLAIN)


def is_festival(day: date) -> bool:
    """Whether the (invented) autumn market is held: on the last Friday of October."""
    return day.month == 10 and day.weekday() == 4 and (day + timedelta(days=7)).month == 11


def rests(vehicle_id: str, day: date, kind: str) -> bool:
    """Whether a vehicle is not on the road: its inspection, its driver's leave, or snow.

    The small electric ones stay in when it snows.
    """
    drawn = float(randomness(25, day.toordinal(), *vehicle_id.encode()).random())
    return drawn < RESTS or (weather_of(day).kind == SNOW and kind == "micro_ev")


def level_of(day: date) -> float:
    """Return how many outward trips are asked for on a day with service."""
    years = (day - FIRST).days / 364
    level = ASKS_A_DAY * (1 + GROWTH * years) * MONTHS[day.month - 1] * WEEKDAYS[day.weekday()]
    if BON[0] <= (day.month, day.day) <= BON[1]:
        level *= 0.6
    if holiday_name(day - timedelta(days=1)) is not None:
        level *= 1.12  # what could not be done yesterday
    return level * ASKED_IN[weather_of(day).kind]


@dataclass(frozen=True, slots=True)
class Resident:
    """A member of the demo town: where they live and usually go, and how often."""

    row: MemberRow
    weight: float
    joined: date

    @property
    def home(self) -> int:
        """The place they leave from."""
        return self.row.home_place_id or 0


def residents(members: Sequence[MemberRow]) -> list[Resident]:
    """Return who may ride: few often, most seldom; a third joined in the course of the two years.

    A member needs a home and usual places.
    """
    found = []
    for number, row in enumerate(members):
        drawn = randomness(22, number)
        weight = float(drawn.gamma(0.7)) + 0.03
        late = drawn.random() < 0.33
        joined = FIRST + timedelta(days=int(DAYS * float(drawn.random()))) if late else FIRST
        if row.home_place_id is not None and row.favourites:
            found.append(Resident(row, weight, joined))
    return found


def asked_on(
    day: date, people: Sequence[Resident], places: Mapping[int, PlaceRow]
) -> tuple[Asked, ...]:
    """Return what is asked for on a day, in the order of the calls."""
    drawn = randomness(23, day.toordinal())
    active = [each for each in people if each.joined <= day]
    weights = np.array([each.weight for each in active])
    count = min(int(drawn.poisson(level_of(day))), len(active) - 1)
    chosen = drawn.choice(len(active), size=count, replace=False, p=weights / weights.sum())
    trips: list[Asked] = []
    for number, at in enumerate(chosen.tolist()):
        own = randomness(24, day.toordinal(), number)
        trips += _outing(f"{day:%y%m%d}-{number:03d}", day, active[at], own, places)
        trips += _neighbour(trips[-1], active, active[at], own)
    once = {(each.member_id, each.origin): each for each in reversed(trips)}
    return tuple(sorted(once.values(), key=lambda each: (each.called_s, each.id)))


def _outing(
    id_: str, day: date, who: Resident, drawn: np.random.Generator, places: Mapping[int, PlaceRow]
) -> Iterator[Asked]:
    """Yield the way there, and mostly the way back."""
    wanted_s = _wanted_s(drawn)
    out = Asked(
        id=id_,
        day=day,
        called_s=_called_s(drawn, day, wanted_s),
        origin=who.home,
        destination=_usual(who, day, wanted_s, drawn, places),
        wanted_s=wanted_s,
        anchor="arrive" if drawn.random() < 0.3 else "depart",
        riders=2 if drawn.random() < 0.10 else 1,
        wheelchairs=int("wheelchair" in who.row.tags),
        half_fares=0,
        member_id=who.row.id,
        channel=_channel(day, drawn),
    )
    fate = float(drawn.random())
    if fate < CANCELS:
        left_s = wanted_s - 60 * int(drawn.integers(20, 240))
        yield replace(out, left_s=max(left_s, out.called_s + 120))
        return
    yield replace(out, came=fate >= CANCELS + ABSENT)
    if fate >= CANCELS + ABSENT and drawn.random() < RETURNS:
        yield _back(out, drawn)


def _back(out: Asked, drawn: np.random.Generator) -> Asked:
    """Return the way home: asked for together with the way there, or when the errand is done."""
    stay_s = 300 * int(drawn.integers(10, 32))
    there_s = (out.wanted_s or 0) + (0 if out.anchor == "arrive" else 1500)
    wanted_s = min(there_s + stay_s, 16 * 3600 + 1800)
    if drawn.random() < TOO_LONG:
        wanted_s = 16 * 3600 + 300 * int(drawn.integers(8, 24))
    together = drawn.random() < 0.5
    called_s = out.called_s + 60 if together else wanted_s - 60 * int(drawn.integers(16, 40))
    return replace(
        out,
        id=f"{out.id}b",
        called_s=called_s,
        origin=out.destination,
        destination=out.origin,
        wanted_s=wanted_s,
        anchor="depart",
    )


def _neighbour(
    trip: Asked, active: Sequence[Resident], who: Resident, drawn: np.random.Generator
) -> Iterator[Asked]:
    """Yield the same outing of somebody near by: more and more people go together."""
    years = (trip.day - FIRST).days / 364
    if drawn.random() >= PAIRS * (0.4 + years) or trip.left_s is not None:
        return
    near = [each for each in active if each.row.oaza == who.row.oaza and each is not who]
    if not near:
        return
    other = near[int(drawn.integers(len(near)))]
    home = other.home
    ends = (trip.origin, home) if trip.id.endswith("b") else (home, trip.destination)
    yield replace(
        trip,
        id=f"{trip.id}n",
        called_s=trip.called_s + 300,
        origin=ends[0],
        destination=ends[1],
        wheelchairs=int("wheelchair" in other.row.tags),
        member_id=other.row.id,
    )


def _wanted_s(drawn: np.random.Generator) -> int:
    """Return when somebody wants to leave, or be there: to full five minutes."""
    hour = int(drawn.choice(len(HOURS), p=HOURS))
    return (8 + hour) * 3600 + 300 * int(drawn.integers(6 if hour == 0 else 0, 12))


def _called_s(drawn: np.random.Generator, day: date, wanted_s: int) -> int:
    """Return when they call: the last working day, up to a week before, or the same day."""
    chance = float(drawn.random())
    if chance < HURRY:
        return wanted_s - 60 * int(drawn.integers(4, 20))
    if chance < 0.45:
        return wanted_s - 60 * int(drawn.integers(25, 150))
    days = 1 if chance < 0.75 else int(drawn.integers(2, 8))
    called = day - timedelta(days=days)
    while called.weekday() >= 5 or holiday_name(called) is not None:
        called -= timedelta(days=1)
    at_s = 8 * 3600 + 1800 + int(8 * 3600 * float(drawn.beta(1.2, 2.2)))
    return at_s - 86_400 * (day - called).days


def _usual(
    who: Resident,
    day: date,
    wanted_s: int,
    drawn: np.random.Generator,
    places: Mapping[int, PlaceRow],
) -> int:
    """Return where somebody goes: to the clinic in the morning, not on Wednesday afternoons."""
    afternoon = wanted_s >= 12 * 3600
    shares = [0.22, 0.46, 0.32] if afternoon else [0.56, 0.27, 0.17]
    if afternoon and day.weekday() == 2:
        shares = [0.02, 0.60, 0.38]
    if is_festival(day):
        shares = [0.15, 0.20, 0.65]
    kind = int(drawn.choice(3, p=shares))
    fitting = [id_ for id_ in who.row.favourites if places[id_].kind in KINDS[kind]]
    return (fitting or list(who.row.favourites))[0]


def _channel(day: date, drawn: np.random.Generator) -> str:
    """Return how they ask: mostly by telephone, more and more by LINE."""
    line = 0.06 + 0.07 * (day - FIRST).days / 364
    chance = float(drawn.random())
    return "line" if chance < line else "web" if chance < line + 0.07 else "phone"
