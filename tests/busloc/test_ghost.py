"""What riders are told of a trip, against a table and against the rules said another way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from busloc.ghost import CONFIRM_S, GHOST_S, READY_S, rider_state

START = 1000
"""The trip starts then; what is due is due at ``START + GHOST_S``."""
DUE = START + GHOST_S

Known = tuple[float, float | None, bool, float | None, bool, bool]

TABLE: list[tuple[str, Known, str]] = [
    # case, (now, seen, on trip, ready, off its line, hearing), state
    ("planned long ahead", (START - 900, None, False, None, False, True), "scheduled"),
    ("just not due", (DUE - 1, None, False, None, False, True), "scheduled"),
    ("nobody came", (DUE, None, False, None, False, True), "not_running"),
    ("nobody at all is heard", (DUE, None, False, None, False, False), "unconfirmed"),
    ("seen just now", (DUE, DUE, True, None, False, True), "running"),
    ("seen three minutes ago", (DUE, DUE - CONFIRM_S, True, None, False, True), "running"),
    ("silent", (DUE, DUE - CONFIRM_S - 1, True, None, False, True), "unconfirmed"),
    ("silent before it starts", (START - 60, START - 300, True, None, False, True), "unconfirmed"),
    ("off its line", (DUE, DUE, True, None, True, True), "diverted"),
    ("silent off its line", (DUE, DUE - 200, True, None, True, True), "unconfirmed"),
    ("its bus is on the trip before", (START, START - 5, False, START, False, True), "running"),
    ("the trip before is late", (DUE, DUE - 5, False, DUE + 60, False, True), "running"),
    ("should have begun", (DUE, DUE - 90, False, DUE - READY_S, False, True), "running"),
    ("has vanished", (DUE, DUE - 90, False, DUE - READY_S - 1, False, True), "unconfirmed"),
    ("may not have begun yet", (DUE - 1, DUE - 61, False, START, False, True), "running"),
    ("is on the trip itself", (DUE, DUE - 61, True, START, False, True), "running"),
    ("its duty is silent", (DUE, DUE - 900, False, DUE, False, True), "unconfirmed"),
    ("its duty is silent, long ahead", (START, START - 900, False, START, False, True),
     "scheduled"),
    ("another trip's detour", (START, START, False, START, True, True), "running"),
]  # fmt: skip


def state(
    now: float, seen: float | None, on_trip: bool, ready: float | None, off: bool, hearing: bool,  # noqa: FBT001
    *, cancelled: bool = False,
) -> str:  # fmt: skip
    return rider_state(
        cancelled=cancelled, start_s=START, now_s=now, seen_s=seen, on_trip=on_trip,
        off_line=off, hearing=hearing, ready_s=float("inf") if ready is None else ready,
    ).value  # fmt: skip


@pytest.mark.parametrize(("case", "known", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_the_state_is_that_of_the_table(case: str, known: Known, expected: str) -> None:
    assert state(*known) == expected, case


@pytest.mark.parametrize(("case", "known", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_a_trip_called_off_is_cancelled_whatever_is_seen(
    case: str, known: Known, expected: str
) -> None:
    assert state(*known, cancelled=True) == "cancelled", (case, expected)


known_of = st.tuples(
    st.integers(START - 600, START + 900),
    st.none() | st.integers(START - 900, START + 900),
    st.booleans(),
    st.none() | st.integers(START - 100, START + 900),
    st.booleans(),
    st.booleans(),
)


@given(known_of)
def test_the_states_keep_the_promises_made_to_riders(known: Known) -> None:
    now, seen, on_trip, ready, off, hearing = known
    if seen is None or seen > now:
        seen, on_trip = None, False
    found = state(now, seen, on_trip, ready, off, hearing)

    if found in {"running", "diverted"}:
        assert seen is not None
        assert now - seen <= 180
    if found == "not_running":
        assert seen is None
        assert hearing
    if now >= START + 180 and (seen is None or now - seen > 180):
        assert found in {"not_running", "unconfirmed"}
    if now < START + 170 and seen is None:
        assert found == "scheduled"
    assert (found == "diverted") == (on_trip and off and seen is not None and now - seen <= 180)
