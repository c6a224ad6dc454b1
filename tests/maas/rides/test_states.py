"""The table of a booking's life: complete, drawn as it is, and with a sentence for every no."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from maas.rides import merge, states
from maas.rides.states import Action, Already, NotSo, State, Step, after, drawing

STATES = get_args(State)
ACTIONS = get_args(Action)


def test_the_readme_draws_the_table() -> None:
    readme = Path(states.__file__).parent / "README.md"

    assert drawing() in readme.read_text(encoding="utf-8")


@pytest.mark.parametrize(("state", "action"), list(product(STATES, ACTIONS)))
def test_every_action_in_every_state_is_answered(state: str, action: Action) -> None:
    found = after(state, action)

    if isinstance(found, NotSo):
        assert found.sentence.ja
        assert found.sentence.en
    elif not isinstance(found, Already):
        assert found in STATES


def test_nothing_leads_out_of_what_is_over_and_everything_can_be_reached() -> None:
    reached = set(states.FIRST)
    for _ in STATES:
        reached |= {then for (state, _), then in states.NEXT.items() if state in reached}

    assert reached == set(STATES) == states.ALL
    assert not {state for state, _ in states.NEXT} & states.OVER


def test_doing_it_again_changes_nothing() -> None:
    for (state, action), then in states.NEXT.items():
        if action in {"change", "pin", "moved", "stranded"}:
            continue
        assert isinstance(after(then, action), Already), (state, action)


@pytest.mark.parametrize(
    ("state", "action", "said"),
    [
        ("aboard", "cancel", "もう乗車して"),
        ("aboard", "change", "もう乗車して"),
        ("arrived", "change", "着いています"),
        ("done", "cancel", "もう終わって"),
        ("cancelled", "change", "もう終わって"),
        ("booked", "dropped", "まだ乗車して"),
        ("held", "cancel", "まだ予約になっていません"),
        ("lapsed", "book", "放されました"),
        ("booked", "release", "仮にお取りした席ではありません"),
    ],
)
def test_a_no_says_why(state: str, action: Action, said: str) -> None:
    found = after(state, action)

    assert isinstance(found, NotSo)
    assert said in found.sentence.ja


def test_what_a_vehicle_reports_late_is_what_the_conflict_table_takes() -> None:
    steps: tuple[Step, ...] = ("aboard", "dropped")
    taken = {
        (state, step)
        for step in steps
        for state, ruling in merge.HERE[step].items()
        if ruling.outcome == "taken" and (state, step) not in states.NEXT
    }

    assert set(states.SEEN_LATE) == taken
