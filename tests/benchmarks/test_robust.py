"""The replay of bad days: when a trip that nobody runs could be known at all."""

from __future__ import annotations

from benchmarks.robust import Heard, freed
from busloc.ping import Ping


def heard(vehicle: str, trip: str, at: float) -> Heard:
    return Heard(at, (Ping(vehicle, "b", int(at), at, 35.0, 133.0, trip=trip),))


def test_a_bus_is_free_for_a_removed_trip_when_it_was_last_heard_on_the_one_before() -> None:
    day = [
        heard("red", "first", 100), heard("blue", "other", 150), heard("red", "first", 200),
        heard("red", "gone", 300), heard("red", "gone", 400), heard("red", "gone too", 500),
        heard("blue", "early", 600),
    ]  # fmt: skip

    assert freed(day, {"gone", "gone too"}) == {"gone": 200.0, "gone too": 200.0}
    assert freed(day, {"other"}) == {"other": 0.0}
