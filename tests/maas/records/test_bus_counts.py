"""Riders of buses: whose word holds, the load between the stops, and what is said of oddities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from maas.records.bus_counts import Oddity, RunCount, placed, run_counts
from maas.records.counting import Count, Through, in_device_order
from maas.store.arrivals import VisitRow
from maas.store.bus_counts import CountRow

DAY = date(2026, 11, 25)
_numbers = count()


def counted(call: int, on: int, off: int, source: str = "driver", **more: str) -> CountRow:
    """A count of trip e08 with bus-1, in the order in which they are made."""
    number = next(_numbers)
    return CountRow(f"c{number}", DAY, "bus-1", "e08", call, source, on, off, number, number, "x",
                    **more)  # fmt: skip


def the_run(rows: Sequence[CountRow], *, calls: int = 6, seats: int = 20) -> RunCount:
    (run,) = run_counts(rows, {"e08": calls}, {"bus-1": seats}).runs
    return run


def test_taps_add_up_to_the_riders_of_each_call_and_the_load_between() -> None:
    run = the_run(
        [counted(0, 1, 0), counted(0, 1, 0), counted(2, 1, 0), counted(2, 0, 1), counted(5, 0, 2)]
    )

    assert [(call.call_index, call.boarded, call.alighted, call.load) for call in run.calls] == [
        (0, 2, 0, 2),
        (2, 1, 1, 2),
        (5, 0, 2, 0),
    ]
    assert run.riders == 3
    assert run.oddities == ()


def test_a_count_that_is_corrected_no_longer_counts() -> None:
    wrong = counted(0, 3, 0)
    run = the_run([wrong, counted(0, 2, 0, corrects=wrong.id), counted(5, 0, 2)])

    assert run.riders == 2
    assert run.oddities == ()


def test_more_off_than_on_is_noted_and_no_number_is_altered() -> None:
    run = the_run([counted(0, 1, 0), counted(1, 0, 3), counted(2, 2, 0), counted(5, 0, 2)])

    assert [call.load for call in run.calls] == [1, -2, 0, -2]
    assert run.oddities == (Oddity("load_negative", 1, 2),)


def test_whoever_never_got_off_is_noted_at_the_last_call() -> None:
    run = the_run([counted(0, 4, 0), counted(3, 0, 1)])

    assert run.oddities == (Oddity("left_aboard", 5, 3),)


def test_more_riders_than_seats_are_noted() -> None:
    run = the_run([counted(0, 7, 0), counted(5, 0, 7)], seats=5)

    assert run.oddities == (Oddity("over_full", 0, 2),)


def test_a_counter_is_believed_before_the_driver_and_the_office_before_both() -> None:
    driver, counter = counted(0, 3, 0), counted(0, 4, 0, "counter")
    told = the_run([driver, counter, counted(5, 0, 4, "counter")])
    right = the_run([driver, counter, counted(0, 5, 0, "office"), counted(5, 0, 5, "office")])

    assert told.calls[0].boarded == 4
    assert told.oddities == (Oddity("sources_differ", 0, 1),)
    assert right.calls[0].boarded == 5
    assert right.oddities == ()


def test_of_two_words_of_the_office_the_later_holds() -> None:
    run = the_run([counted(0, 5, 0, "office"), counted(0, 6, 0, "office"), counted(5, 0, 6)])

    assert run.riders == 6


def test_a_counter_that_knows_no_trip_is_placed_by_where_its_bus_called() -> None:
    visits = [
        VisitRow(DAY, "e08", 2, "bus-1", 29_040.0, 29_070.0, passed=False),
        VisitRow(DAY, "e08", 3, "bus-1", 29_160.0, None, passed=False),
        VisitRow(DAY, "w08", 2, "bus-2", 29_050.0, 29_060.0, passed=False),
    ]
    blind = replace(counted(0, 2, 0, "counter"), trip_id=None, call_index=None)
    rows = [replace(blind, at=at) for at in (1000.0 + 29_050, 1000.0 + 29_200, 1000.0 + 40_000)]

    found = placed(rows, visits, lambda _: 1000.0)

    assert [(row.trip_id, row.call_index) for row in found] == [
        ("e08", 2),
        ("e08", 3),
        (None, None),
    ]
    told = run_counts(found, {"e08": 6}, {})
    assert (told.runs[0].riders, told.unplaced) == (4, 2)


def test_counts_of_a_device_are_taken_in_its_order_each_once() -> None:
    def tap(event: str, boot: str, seq: int) -> Count:
        return Count(event, DAY, 1, 0, "e08", 0, boot=boot, seq=seq)

    queue = [tap("c", "later", 1), tap("b", "first", 9), tap("a", "first", 2), tap("b", "first", 9)]
    assert [one.event for one in in_device_order([queue[1], queue[0], *queue[1:]])] == [
        "a",
        "b",
        "c",
    ]


def test_a_device_whose_clock_is_wrong_is_put_right_and_nothing_is_later_than_it_came() -> None:
    through = Through("bus-1", "driver", "d", now=10_000.0, sent_at=6400.0)
    steady = Through("bus-1", "driver", "d", now=10_000.0, sent_at=9990.0)

    assert through.row(Count("a", DAY, 1, 0, said_at=6300.0)).at == 9900.0
    assert steady.row(Count("a", DAY, 1, 0, said_at=9980.0)).at == 9980.0
    assert steady.row(Count("a", DAY, 1, 0, said_at=12_000.0)).at == 10_000.0


rows_of_a_run = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8
)


@given(rows_of_a_run)
@settings(max_examples=60, deadline=None)
def test_every_rider_on_or_off_is_in_the_sums_and_in_the_notes(
    taps: list[tuple[int, int, int]],
) -> None:
    run = the_run([counted(call, on, off) for call, on, off in taps], calls=4, seats=1000)

    on, off = sum(tap[1] for tap in taps), sum(tap[2] for tap in taps)
    noted = dict.fromkeys(("load_negative", "left_aboard"), 0)
    for odd in run.oddities:
        noted[odd.code] += odd.by
    assert (run.riders, sum(call.alighted for call in run.calls)) == (on, off)
    # Who got off without having got on, and who got on and never off, are the difference.
    assert noted["left_aboard"] - noted["load_negative"] == on - off
    assert (on == off) or run.oddities
