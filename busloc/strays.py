"""Buses that say neither trip nor duty: each is given the run it drives, once that is sure.

A run stays given as long as the bus keeps to its line; then it is guessed anew.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import msgspec

from busloc.coming import Sightings
from busloc.course import Run, Timetable
from busloc.ghost import CONFIRM_S
from busloc.guess import Guesser
from busloc.habits import Habits
from busloc.network import Network
from busloc.ping import Ping


class Strays:
    """Guesses for the vehicles it is asked about; time comes with the fixes."""

    def __init__(self, timetable: Timetable, sightings: Sightings) -> None:
        self._timetable = timetable
        self._seen = sightings
        self._habits = Habits.usual()
        self._days: tuple[date, ...] = ()
        self._network: Network | None = None
        self._guessers: dict[str, Guesser] = {}
        self._given: dict[str, Run] = {}

    def logged_on(self, ping: Ping) -> Ping:
        """Return a fix with the trip its bus is taken to be on, as it came while nobody knows."""
        network = self._network_at(ping.t)
        if network is None:
            return ping
        guesser = self._guessers.get(ping.vehicle)
        if guesser is None:
            guesser = self._guessers[ping.vehicle] = Guesser(network, self._habits)
        guesser.see(ping, taken=self._taken(ping))
        sure = guesser.confident()
        if sure is not None:
            self._given[ping.vehicle] = sure.run
        run = self._given.get(ping.vehicle)
        return ping if run is None else msgspec.structs.replace(ping, trip=run.trip_id)

    def lost(self, vehicle: str) -> None:
        """Forget the run of a bus that is no longer on its line."""
        self._given.pop(vehicle, None)

    def _network_at(self, t: float) -> Network | None:
        """Return all runs of the service days around an instant, None when there are none."""
        days = self._timetable.days_around(t)[:2]
        if days != self._days:
            self._days, self._guessers = days, {}
            some = any(self._timetable.feed.trips_on(day) for day in days)
            self._network = Network.of_days(self._timetable, days) if some else None
        return self._network

    def _taken(self, ping: Ping) -> Collection[Run]:
        """Return the runs that other vehicles are on."""
        since = ping.t - CONFIRM_S
        return {
            run
            for run, seen in self._seen.by_run.items()
            if seen.vehicle != ping.vehicle and seen.match.t >= since
        }
