"""The table of late steps is the one written in the README, and taps keep the driver's order."""

from __future__ import annotations

import random
import re
from importlib.resources import files
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas.duty.messages import MESSAGES
from maas.rides.merge import CLOCK_S, ELSEWHERE, HERE, LOOK, Tap, in_device_order, ruling, timed
from maas.rides.views import Step

STATES = ("held", "booked", "arrived", "aboard", "done", "cancelled", "no_show", "lapsed")
NOON = 1_795_500_000.0


def tap(event: str, said_at: float | None = NOON, **more: object) -> Tap:
    return Tap(event, "b", "arrived", said_at, **more)  # type: ignore[arg-type]


def readme_table() -> dict[tuple[str, str], tuple[str, str]]:
    """Return the cells of the README's table by step and state."""
    text = files("maas.duty").joinpath("README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (\w+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    return {(step, state): (here, elsewhere) for step, state, here, elsewhere in rows}


def test_the_readme_has_every_row_of_the_table_and_no_other() -> None:
    def cell(step: Step, state: str, *, here: bool) -> str:
        found = ruling(step, state, here=here)
        return f"{found.outcome}: `{found.code}`" if found.code else found.outcome

    written = readme_table()
    assert set(written) == {(step, state) for step in get_args(Step) for state in STATES}
    for (step, state), (here, elsewhere) in written.items():
        assert cell(step, state, here=True) == here  # type: ignore[arg-type]
        assert cell(step, state, here=False) == elsewhere  # type: ignore[arg-type]


def test_whoever_sits_in_the_vehicle_is_never_lost() -> None:
    """From first principles: a boarding counts unless another vehicle saw the rider."""
    for step in ("aboard", "dropped"):
        for state in STATES:
            for here in (True, False):
                seen_by_another = not here and state in {"aboard", "done"}
                known = here and state in ({"aboard", "done"} if step == "aboard" else {"done"})
                wanted = "asked" if seen_by_another else "known" if known else "taken"
                assert ruling(step, state, here=here).outcome == wanted


def test_nobody_is_a_no_show_who_rides_or_whom_another_vehicle_fetches() -> None:
    taken = [
        (state, here)
        for here in (True, False)
        for state in STATES
        if ruling("no_show", state, here=here).outcome == "taken"
    ]
    assert taken == [("booked", True), ("arrived", True)]


def test_everything_that_is_said_of_late_steps_is_in_the_catalogue() -> None:
    rulings = [r for table in (HERE, ELSEWHERE) for row in table.values() for r in row.values()]
    codes = {each.code for each in rulings if each.code} | LOOK
    assert {f"late.{code}" for code in codes} <= set(MESSAGES)


@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 3))
def test_taps_are_put_into_the_order_in_which_they_were_made(
    seed: int, count: int, starts: int
) -> None:
    """Two starts never mix in a queue, but within one the network may shuffle."""
    draw = random.Random(seed)  # noqa: S311 -- a test
    made = [
        [tap(f"{start}-{n}", boot=f"s{start}", seq=n) for n in range(count)]
        for start in range(starts)
    ]
    sent = [t for taps in made for t in draw.sample(taps, len(taps))]

    assert in_device_order(sent) == [t for taps in made for t in taps]


def test_a_tap_that_lies_twice_in_the_queue_is_taken_once() -> None:
    again = tap("a"), tap("b"), tap("a")

    assert [t.event for t in in_device_order(again)] == ["a", "b"]


def test_taps_without_a_count_keep_the_order_of_the_queue() -> None:
    sent = [tap("b"), tap("a"), tap("c")]

    assert in_device_order(sent) == sent


@pytest.mark.parametrize("off_s", [-7200, -CLOCK_S - 1, CLOCK_S + 1, 3600])
def test_a_clock_that_is_wrong_is_put_right_by_as_much(off_s: int) -> None:
    """Tapped ten and five minutes before noon by the real time, sent at noon."""
    taps = [tap("a", NOON - 600 + off_s), tap("b", NOON - 300 + off_s)]

    found = timed(taps, NOON, NOON + off_s)

    assert [each.at for each in found] == [NOON - 600, NOON - 300]
    assert all(each.clock_wrong for each in found)


def test_a_minute_on_the_way_is_no_wrong_clock() -> None:
    [found] = timed([tap("a", NOON - 600)], NOON, NOON - CLOCK_S)

    assert (found.at, found.clock_wrong) == (NOON - 600, False)


def test_a_tap_from_the_future_was_made_when_it_came() -> None:
    [near] = timed([tap("a", NOON + 30)], NOON, None)
    [far] = timed([tap("a", NOON + 3600)], NOON, None)

    assert (near.at, near.clock_wrong) == (NOON, False)
    assert (far.at, far.clock_wrong) == (NOON, True)


def test_a_tap_of_another_year_was_made_when_it_came() -> None:
    [found] = timed([tap("a", 0.0)], NOON, None)

    assert (found.at, found.clock_wrong) == (NOON, True)


def test_a_clock_put_back_between_two_taps_does_not_turn_them_round() -> None:
    found = timed([tap("a", NOON - 100), tap("b", NOON - 400)], NOON, None)

    assert [each.at for each in found] == [NOON - 100, NOON - 100]
    assert [each.clock_wrong for each in found] == [False, True]


def test_a_tap_without_time_is_now() -> None:
    [found] = timed([tap("a", None)], NOON, None)

    assert (found.at, found.clock_wrong) == (NOON, False)
