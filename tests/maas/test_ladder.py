"""Bus lines as ladders: both ways on one row of stops, a bus between two of them, and a ghost."""

from __future__ import annotations

from maas.ladder import Ladder, ladders
from tests.busloc.test_live import live_map, send
from tests.busloc.towns import at, back, feed_of, hourly, ping


def shown(ladder: Ladder) -> list[tuple[str, str, list[int], str]]:
    """Return trip, state, the metres of its calls, and its bus of each run."""
    return [
        (
            run.trip,
            run.state.value,
            [call.at_m for call in run.calls],
            "" if run.bus is None else f"{run.bus.name} {run.bus.at_m} m {run.bus.delay_s} s",
        )
        for run in ladder.runs
    ]


def test_a_bus_is_between_its_stops_and_a_run_nobody_drives_is_a_ghost() -> None:
    live, _, _ = live_map(feed_of(hourly("t8"), hourly("t9", 9)), {"bus": "b"})
    send(live, ping(500, at("08:02:20"), trip="t8"))

    (ladder,) = ladders(live, at("08:02:20"))

    rungs = [rung.at_m for rung in ladder.rungs]
    assert ladder.name == "r1線"
    assert shown(ladder) == [
        ("t8", "running", rungs, "赤バス 500 m 90 s"),
        ("t9", "scheduled", rungs, ""),
    ]
    assert ladder.runs[0].calls[0].depart == at("08:00:00")


def test_the_way_back_climbs_down_the_same_rungs() -> None:
    live, _, _ = live_map(feed_of(hourly("t8"), back("u8", 8 * 3600 + 1800)))
    (ladder,) = ladders(live, at("08:31:00"))

    there, again = shown(ladder)
    assert again[2] == list(reversed(there[2]))


def test_without_a_timetable_there_is_no_ladder() -> None:
    live, _, _ = live_map()

    assert ladders(live, at("08:00:00")) == []


def test_only_what_runs_about_now_is_shown() -> None:
    live, _, _ = live_map(feed_of(hourly("t8"), hourly("t9", 9), hourly("t20", 20)))

    (ladder,) = ladders(live, at("08:30:00"))

    assert [run.trip for run in ladder.runs] == ["t8", "t9"]
    assert ladders(live, at("03:00:00")) == []
