"""Guessing passwords is slow; forgetting one's own is not punished for long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maas.auth.throttle import Throttle


def test_the_fifth_failure_makes_a_key_wait_until_the_first_is_old() -> None:
    throttle = Throttle(limit=5, window_s=300)
    for at_s in (0, 10, 20, 30):
        throttle.fail("a", at_s)
    assert throttle.wait_s("a", 40) == 0
    throttle.fail("a", 40)
    assert throttle.wait_s("a", 50) == 250
    assert throttle.wait_s("b", 50) == 0
    assert throttle.wait_s("a", 300) == 0


def test_success_forgets_the_failures() -> None:
    throttle = Throttle(limit=1)
    throttle.fail("a", 0)
    throttle.succeed("a")
    assert throttle.wait_s("a", 1) == 0


def test_memory_is_bounded_and_the_oldest_key_goes_first() -> None:
    throttle = Throttle(limit=1, keys_max=2)
    for key in ("a", "b", "c"):
        throttle.fail(key, 0)
    assert throttle.wait_s("a", 1) == 0
    assert throttle.wait_s("b", 1) > 0
    assert throttle.wait_s("c", 1) > 0


@given(st.lists(st.floats(0, 1000), max_size=12).map(sorted), st.floats(0, 1000))
def test_a_key_waits_exactly_while_the_window_holds_the_limit(
    fails_s: list[float], more_s: float
) -> None:
    throttle = Throttle(limit=3, window_s=100)
    for at_s in fails_s:
        throttle.fail("a", at_s)
    now_s = (fails_s[-1] if fails_s else 0) + more_s

    wait_s = throttle.wait_s("a", now_s)

    newest = fails_s[-3:]
    due_s = newest[0] + 100 - now_s if len(newest) == 3 else 0
    assert wait_s == max(0, due_s)
