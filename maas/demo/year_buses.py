"""Who rides the demo's buses: counters were fitted three months ago, and count at every door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from gtfs import Feed
from gtfs.calendar import day_start_epoch
from maas.demo.gazetteer import randomness
from maas.store.bus_counts import CountRow

COUNTED_DAYS: Final = 90
RIDERS: Final = {7: 9.0, 8: 7.0, 15: 5.0, 16: 7.0, 17: 6.0}
"""Who gets on a run that leaves in an hour, on an average day; school and the way home."""
OTHERWISE: Final = 3.5


def counts_of(
    feed: Feed, buses: Mapping[str, str], days: Iterable[date], today: date, zone: str
) -> Iterator[CountRow]:
    """Yield what the counters of the `buses` (by block) told on those of the days that had any."""
    for day in days:
        if not 0 < (today - day).days <= COUNTED_DAYS:
            continue
        midnight = day_start_epoch(day, zone)
        for trip in feed.trips_on(day):
            vehicle = buses.get(trip.block_id)
            if vehicle is not None:
                yield from _run(feed, trip.id, vehicle, day, midnight)


def _run(feed: Feed, trip_id: str, vehicle: str, day: date, midnight: float) -> Iterator[CountRow]:
    calls = feed.stop_times[trip_id]
    drawn = randomness(31, day.toordinal(), *trip_id.encode())
    leaves_s = calls[0].departure_s or 0
    on, off = [0] * len(calls), [0] * len(calls)
    for _ in range(int(drawn.poisson(RIDERS.get(leaves_s // 3600, OTHERWISE)))):
        # Many ride from the end of the line, and few for one stop only.
        begins = int((len(calls) - 2) * float(drawn.random()) ** 2)
        ends = int(drawn.integers(begins + 1, len(calls)))
        on[begins] += 1
        off[ends] += 1
    for index, call in enumerate(calls):
        if on[index] or off[index]:
            at = midnight + (call.departure_s or call.arrival_s or leaves_s)
            yield CountRow(
                f"past-{day:%Y%m%d}-{trip_id}-{index}", day, vehicle, trip_id, index, "counter",
                on[index], off[index], at, at, vehicle,
            )  # fmt: skip
