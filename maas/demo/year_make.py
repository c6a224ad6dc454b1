"""Make the fixture of the demo's past: two years of calls, answered by the real dispatcher.

`python -m maas.demo.year_make` writes it anew; some minutes.  Nothing in it is made up but who
calls and how the day's luck goes: every promise, ride, kilometre and refusal is the simulation's.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np

from dispatcher import Refusal
from dispatcher.day import Leg, Ride
from dispatcher.roads import Roads
from dispatcher.search_plan import warm_search
from maas.demo.prepare import Prepared, prepare
from maas.demo.year import DAYS, FIRST, Resident, asked_on, residents, rests, weather_of
from maas.demo.year_like import likeness
from maas.demo.year_rows import HOME, Duty, No, Trip, Year, packed
from maas.records.whatif_asks import Asked
from maas.records.whatif_day import Luck, Played, play, shared_rides
from maas.records.whatif_town import Drives, Town, town_of
from maas.rides.quote import relaxations
from maas.rides.standing import Standing, load_standing
from maas.store.database import open_database
from maas.store.sealed import Keys
from maas.town.calendars import DayRules, Refused, rules_on

SEED = 33681
LUCK = Luck(noise=0.07, late=0.03)
STATES = ("done", "no_show", "cancelled")
FLEXIBLE_S = 1500


_Asked = tuple[int, int, int, int, int, int, int, int]


@dataclass(slots=True)
class _Words:
    """Words by number, in the order in which they came up."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, word: str) -> int:
        return self.numbers.setdefault(word, len(self.numbers))


@dataclass(slots=True)
class Maker:
    """Collects the fixture's rows, day by day."""

    town: Town
    codes: Mapping[int, str]
    homes: Mapping[int, int]
    member: Mapping[int, int]
    fingerprint: str
    days: list[tuple[int, str]] = field(default_factory=list)
    channels: _Words = field(default_factory=_Words)
    places: _Words = field(default_factory=_Words)
    vehicles: _Words = field(default_factory=_Words)
    reasons: _Words = field(default_factory=_Words)
    bindings: _Words = field(default_factory=_Words)
    eased: _Words = field(default_factory=_Words)
    trips: list[Trip] = field(default_factory=list)
    noes: list[No] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)

    def add(self, number: int, played: Played, town: Town) -> None:
        """Take the rows of a day."""
        self.days.append((number, weather_of(played.day).kind))
        shared, legs = shared_rides(played.outcome.carried), played.outcome.legs
        for ride in played.outcome.rides:
            asked = played.desk.asked[ride.request.id]
            if ride.request.id in played.desk.noes:
                self.noes.append(self._no(number, asked, played))
            if ride.request.id in played.desk.promised:
                self.trips.append(self._trip(number, asked, ride, played, legs, shared))
        for row in town.taxis:
            own = [leg for leg in legs if leg.vehicle_id == row.id]
            drives = self.town.drives[row.profile]
            metres = [drives.length_m(leg.origin, leg.destination) for leg in own]
            loaded = sum(m for m, leg in zip(metres, own, strict=True) if leg.riders)
            duty_s = row.shift_to_s - row.shift_from_s
            self.duties.append(Duty(number, self.vehicles.of(row.id), sum(metres), loaded, duty_s))

    def _place(self, asked: Asked, place: int) -> int:
        if place == self.homes.get(asked.member_id or 0):
            return HOME
        return self.places.of(self.codes[place])

    def _ask(self, number: int, asked: Asked) -> _Asked:
        return (
            number,
            self.member[asked.member_id or 0],
            self.channels.of(asked.channel),
            asked.called_s,
            self._place(asked, asked.origin),
            self._place(asked, asked.destination),
            asked.riders,
            asked.wheelchairs,
        )

    def _no(self, number: int, asked: Asked, played: Played) -> No:
        found = played.desk.noes[asked.id]
        rule = isinstance(found, Refused)
        binding = found.rule if isinstance(found, Refused) else found.binding or ""
        eased = [] if isinstance(found, Refused) else msgspec.to_builtins(relaxations(found))
        return No(
            *self._ask(number, asked),
            asked.wanted_s or 0,
            int(asked.anchor == "arrive"),
            self.reasons.of(found.reason if isinstance(found, Refused) else found.reason.value),
            self.bindings.of(binding),
            0 if rule else len(_alternatives(found)),
            self.eased.of(msgspec.json.encode(eased).decode()),
        )

    def _trip(
        self,
        number: int,
        asked: Asked,
        ride: Ride,
        played: Played,
        legs: Sequence[Leg],
        shared: set[str],
    ) -> Trip:
        told = played.desk.promised[asked.id]
        state = {"served": 0, "no_show": 1, "cancelled": 2}[ride.fate]
        vehicle = ride.vehicle_id or played.desk.given[asked.id]
        profile = next(row.profile for row in self.town.taxis if row.id == vehicle)
        drives = self.town.drives[profile]
        aboard_s = (ride.pickup_s or 0) + told.boarding_s if state == 0 else 0
        dropped_s = (ride.dropoff_s or 0) + told.alighting_s if state == 0 else 0
        wait_s = 60 * played.desk.wishes[asked.id].rules.booking.no_show_wait_min
        return Trip(
            *self._ask(number, asked),
            state,
            self.vehicles.of(vehicle),
            int(drives.table([told.origin], [told.destination])[0, 0]),
            told.earliest_pickup_s,
            told.latest_pickup_s,
            told.earliest_dropoff_s,
            told.latest_dropoff_s,
            told.ride_max_s,
            ride.offered_s or 0,
            _came_s(ride, legs) if state == 0 else 0,
            aboard_s,
            dropped_s,
            {0: 0, 1: told.latest_pickup_s + wait_s, 2: asked.left_s or 0}[state],
            _distance_m(ride, legs, drives) if state == 0 else 0,
            int(asked.id in shared),
        )

    def year(self) -> Year:
        """Return the fixture."""
        return Year(
            town=self.fingerprint,
            seed=SEED,
            days=self.days,
            channels=list(self.channels.numbers),
            places=list(self.places.numbers),
            vehicles=list(self.vehicles.numbers),
            reasons=list(self.reasons.numbers),
            bindings=list(self.bindings.numbers),
            relaxations=[msgspec.json.decode(each) for each in self.eased.numbers],
            trips=self.trips,
            noes=self.noes,
            duties=self.duties,
        )


def _alternatives(found: Refused | Refusal) -> Sequence[object]:
    return found.alternatives if isinstance(found, Refusal) else ()


def _came_s(ride: Ride, legs: Sequence[Leg]) -> int:
    """Return when the vehicle stood at the door: the end of its last drive there."""
    pickup_s = ride.pickup_s or 0
    there = [
        leg.arrive_s
        for leg in legs
        if leg.vehicle_id == ride.vehicle_id
        and leg.destination == ride.request.origin
        and leg.arrive_s <= pickup_s
    ]
    return max(there, default=pickup_s)


def _distance_m(ride: Ride, legs: Sequence[Leg], drives: Drives) -> int:
    """Return how far a party was driven."""
    first_s, last_s = ride.pickup_s or 0, ride.dropoff_s or 0
    return sum(
        drives.length_m(leg.origin, leg.destination)
        for leg in legs
        if leg.vehicle_id == ride.vehicle_id and first_s <= leg.depart_s and leg.arrive_s <= last_s
    )


def made(standing: Standing, town: Town, tell: Callable[[str], object], days: int = DAYS) -> Year:
    """Return the fixture for a town, of its first days or all."""
    rows = sorted(standing.names.members.values(), key=lambda row: row.number)
    maker = Maker(
        town,
        {id_: row.code for id_, row in standing.names.places.items()},
        {row.id: row.home_place_id or 0 for row in rows},
        {row.id: number for number, row in enumerate(rows)},
        likeness(standing.names),
    )
    people = residents(rows)
    warm_search()
    for number in range(days):
        _live(number, maker, people, town)
        if number % 28 == 27:
            tell(f"{number + 1} of {days} days, {len(maker.trips)} bookings\n")
    return maker.year()


def _live(number: int, maker: Maker, people: Sequence[Resident], town: Town) -> None:
    day = FIRST + timedelta(days=number)
    if not isinstance(rules_on(town.rules, day), DayRules):
        return
    asked = asked_on(day, people, town.places)
    here = _as_on(town, number)
    played = play(here, day, asked, seed=SEED, luck=LUCK, flexible_s=FLEXIBLE_S)
    maker.add(number, played, here)


def _as_on(town: Town, number: int) -> Town:
    """Return the town on a day: some vehicles rest, and drives are slower in snow."""
    day = FIRST + timedelta(days=number)
    taxis = [row for row in town.taxis if not rests(row.id, day, row.profile)]
    kept = tuple(taxis) if len(taxis) >= 3 else town.taxis
    slower = weather_of(day).slower
    drives = {
        profile: replace(each, seconds=np.rint(slower * each.seconds).astype(np.int32))
        for profile, each in town.drives.items()
    }
    return replace(town, taxis=kept, drives=drives)


async def _standing(prepared: Prepared, roads: Mapping[str, Roads]) -> Standing:
    network = next(iter(roads.values())).network
    settings = prepared.settings
    database = open_database(settings.database, keys=Keys(settings.sealing_keys))
    try:
        return await load_standing(database, prepared.town.areas[0].id, roads, network.id)
    finally:
        await database.close()


def main() -> None:
    """Write the fixture."""
    parser = argparse.ArgumentParser(prog="maas.demo.year_make", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "data" / "year.xz")
    parser.add_argument("--days", type=int, default=DAYS, help="only the first so many")
    parser.add_argument("--data-dir", type=Path, help="where roads were built before")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="maas-year-") as name:
        folder = chosen.data_dir or Path(name)
        prepared = prepare(folder, town=None, gtfs=None, tell=lambda _: None)
        standing = asyncio.run(_standing(prepared, prepared.roads))
        town = town_of(standing, prepared.roads)
        year = made(standing, town, sys.stderr.write, chosen.days)
    chosen.out.write_bytes(packed(year))


if __name__ == "__main__":
    main()
