"""While the kernels compile, plain Python gives the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType

import pytest
from hypothesis import given, settings

from dispatcher import kernels
from dispatcher.insert import insertions
from dispatcher.model import Request
from dispatcher.schedule import schedule
from tests.dispatcher.draw import Case, cases_and_parties


@pytest.fixture
def _compiled_again() -> Iterator[None]:
    yield
    kernels.answer_compiled()


@given(case_and_party=cases_and_parties())
@settings(max_examples=30, deadline=None)
def test_a_quote_is_the_same_before_the_kernels_are_compiled(
    case_and_party: tuple[Case, Request],
) -> None:
    case, party = case_and_party
    compiled = insertions(case.plan, party, case.travel)
    times = schedule(case.route, case.requests, case.travel)

    kernels.answer_plainly()
    try:
        plain = insertions(case.plan, party, case.travel)
        plain_times = schedule(case.route, case.requests, case.travel)
    finally:
        kernels.answer_compiled()

    assert plain == compiled
    assert plain_times == times


@pytest.mark.usefixtures("_compiled_again")
def test_nothing_is_compiled_by_a_plain_answer() -> None:
    kernels.answer_plainly()

    calls = [v for v in vars(kernels.current()).values() if hasattr(v, "py_func")]

    assert calls == []
    assert isinstance(kernels.current().search, FunctionType)
    assert kernels.current().__dict__["walk"].__module__ == "dispatcher.energy"


def test_compilation_is_on_again_once_the_plain_kernels_are_loaded() -> None:
    before = kernels.current()
    kernels.answer_plainly()
    kernels.answer_compiled()

    assert kernels.current() is before
