"""A machine's clock that steps: time goes on as before until the step has lasted."""

from __future__ import annotations

import pytest

from maas import clock
from maas.clock import BELIEVED_S, Clock, SteadyWall


class Machine:
    """A machine whose clock can be set."""

    def __init__(self) -> None:
        self.wall_s, self.up_s = 1_000_000.0, 500.0

    def goes_on(self, seconds: float) -> None:
        """Let time pass."""
        self.wall_s += seconds
        self.up_s += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine in place of this one."""
    made = Machine()
    monkeypatch.setattr("maas.clock.time.time", lambda: made.wall_s)
    monkeypatch.setattr(clock, "uptime_s", lambda: made.up_s)
    return made


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
def test_a_clock_wrong_for_a_moment_changes_no_time(machine: Machine, step_s: float) -> None:
    now = Clock()
    machine.goes_on(10)
    machine.wall_s += step_s
    assert now() == 1_000_010
    machine.goes_on(BELIEVED_S - 1)
    assert now() == 1_000_010 + BELIEVED_S - 1

    machine.wall_s -= step_s
    machine.goes_on(1)

    assert now() == machine.wall_s == 1_000_010 + BELIEVED_S


def test_a_step_that_lasts_is_believed(machine: Machine) -> None:
    wall = SteadyWall()
    machine.wall_s += 3600
    assert wall() == 1_000_000
    machine.goes_on(BELIEVED_S)

    assert wall() == machine.wall_s == 1_003_600 + BELIEVED_S


def test_a_clock_that_is_put_right_little_by_little_is_followed(machine: Machine) -> None:
    wall = SteadyWall()
    for _ in range(100):
        machine.goes_on(60)
        machine.wall_s += 1
        assert wall() == machine.wall_s


def test_two_steps_in_one_minute_wait_for_the_last(machine: Machine) -> None:
    wall = SteadyWall()
    machine.wall_s += 3600
    assert wall() == 1_000_000
    machine.goes_on(BELIEVED_S - 1)
    machine.wall_s += 3600
    assert wall() == 1_000_000 + BELIEVED_S - 1
    machine.goes_on(2)

    assert wall() == 1_000_000 + BELIEVED_S + 1
