"""What arrival times tell of a device's clock, and that the gate puts the times right."""

from __future__ import annotations

import random

import pytest

from busloc.ping import Gate, Ping, Verdict
from busloc.skew import CORRECTED_MAX_S, Skew
from tests.busloc.towns import REGION, ping

NOW = 1_764_000_000.0
KNOWN = {"bus": ""}


def heard(skew: Skew, ahead_s: float, seconds: range, delay_s: float = 0.3) -> Skew:
    """Let a fix a second arrive from a clock that is wrong by ``ahead_s``."""
    for second in seconds:
        skew.see(NOW + second + ahead_s, NOW + second + delay_s)
    return skew


def admitted(gate: Gate, fix: Ping, now: float) -> tuple[Verdict, float | None]:
    """Return the verdict on a fix and the time it is shown with."""
    found = gate.admit([fix], now, known=KNOWN)
    return found.verdicts[0], found.live[0].t if found.live else None


@pytest.mark.parametrize("ahead_s", [60.0, 6.0, 150.0, -60.0, -21.0, -150.0])
def test_a_clock_that_is_wrong_is_corrected_to_the_second(ahead_s: float) -> None:
    skew = heard(Skew(), ahead_s, range(200))

    assert skew.correction_s == pytest.approx(-ahead_s, abs=1)
    assert skew.lag_s == pytest.approx(-ahead_s, abs=1)


@pytest.mark.parametrize("ahead_s", [0.0, 4.0, -4.0, -19.0])
def test_a_clock_that_is_right_is_left_alone(ahead_s: float) -> None:
    skew = heard(Skew(), ahead_s, range(200))

    assert skew.correction_s == 0
    assert skew.lag_s == pytest.approx(-ahead_s, abs=1)


@pytest.mark.parametrize("ahead_s", [CORRECTED_MAX_S + 5, -CORRECTED_MAX_S - 5, 9 * 3600.0])
def test_a_clock_beyond_repair_is_reported_and_not_corrected(ahead_s: float) -> None:
    skew = heard(Skew(), ahead_s, range(200))

    assert skew.correction_s == 0
    assert skew.lag_s == pytest.approx(-ahead_s, abs=1)


def test_two_fixes_from_the_future_prove_nothing_and_three_do() -> None:
    skew = Skew()
    for second in range(2):
        skew.see(NOW + second + 60, NOW + second)
    assert skew.correction_s == 0

    skew.see(NOW + 2 + 60, NOW + 2)
    assert skew.correction_s == pytest.approx(-60, abs=1)


def test_one_fix_sent_again_and_again_is_one_vote() -> None:
    skew = Skew()
    for second in range(100):
        skew.see(NOW + 100, NOW + second / 10)

    assert skew.correction_s == 0


def test_a_device_that_catches_up_in_order_is_late_and_not_slow() -> None:
    skew, taken = Skew(), NOW - 900.0
    for second in range(400):  # it sends three seconds of its backlog in each second
        skew.see(taken, NOW + second)
        taken = min(taken + 3, NOW + second + 1)
        assert skew.correction_s == 0


def test_a_clock_behind_is_not_believed_before_three_stretches_agree() -> None:
    assert heard(Skew(), -60, range(50)).correction_s == 0
    assert heard(Skew(), -60, range(50)).lag_s is None


@pytest.mark.parametrize("ahead_s", [60.0, -60.0])
def test_a_clock_that_was_set_right_is_believed_again_within_a_minute(ahead_s: float) -> None:
    skew = heard(Skew(), ahead_s, range(200))

    assert heard(skew, 0, range(200, 260)).correction_s == 0


@pytest.mark.parametrize("ahead_s", [60.0, -60.0])
def test_a_device_a_minute_off_is_neither_refused_nor_shown_as_stale(ahead_s: float) -> None:
    chance, gate = random.Random(4), Gate(REGION)  # noqa: S311 -- not a secret
    sent = [(second + chance.choice([0.2, 0.5, 2.0, 8.0]), second) for second in range(600)]
    for arrived, second in sorted(sent):
        fix = ping(5 * second, NOW + second + ahead_s, seq=second)
        verdict, shown = admitted(gate, fix, NOW + arrived)
        if second >= 120:
            assert verdict in (Verdict.LIVE, Verdict.HISTORY)
            assert shown is None or abs(shown - (NOW + second)) < 3

    (clock,) = gate.clocks()
    assert clock.ahead_s == pytest.approx(ahead_s, abs=1)
    assert clock.corrected


def test_the_first_burst_of_a_fast_clock_is_taken_whole_and_keeps_the_devices_times() -> None:
    burst = [ping(5 * i, NOW - 599 + i + 60) for i in range(600)]

    found = Gate(REGION).admit(burst, NOW, known=KNOWN)

    assert found.verdicts.count(Verdict.HISTORY) == 599
    assert found.live[0].t == pytest.approx(NOW, abs=3)
    assert [fix.t - fix.added_s for fix in found.history] == [fix.t for fix in burst]  # type: ignore[attr-defined]


def test_two_corrupt_times_among_good_ones_change_nothing() -> None:
    gate = Gate(REGION)
    for second in range(300):
        wrong = second in (100, 200)
        fix = ping(5 * second, NOW + second + (90 if wrong else 0), seq=second)
        verdict, shown = admitted(gate, fix, NOW + second + 0.2)
        assert verdict == ("future" if wrong else "live")
        assert shown == (None if wrong else NOW + second)


def test_each_boot_has_a_clock_of_its_own() -> None:
    gate = Gate(REGION)
    for second in range(10):
        admitted(gate, ping(0, NOW + second + 60, seq=second), NOW + second)

    verdict, shown = admitted(gate, ping(0, NOW + 11, seq=0, boot="next"), NOW + 11)

    assert (verdict, shown) == ("live", NOW + 11)


def test_corrupt_times_scattered_among_good_ones_change_nothing() -> None:
    chance, skew = random.Random(7), Skew()  # noqa: S311 -- not a secret
    for second in range(3000):
        wrong_s = chance.uniform(31, 180) if chance.random() < 0.3 else 0.0
        skew.see(NOW + second + wrong_s, NOW + second + 0.3)
        assert skew.correction_s == 0
