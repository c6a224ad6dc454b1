"""What goes to another process comes back as it was."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given

from dispatcher.model import Stop
from tests.dispatcher.draw import Case, full_cases


def there_and_back(one: Any) -> Any:  # noqa: ANN401
    return pickle.loads(pickle.dumps(one))  # noqa: S301 -- our own


@given(full_cases())
def test_a_plan_that_was_sent_is_the_same_plan(case: Case) -> None:
    assert there_and_back(case.plan) == case.plan


@given(full_cases())
def test_what_was_sent_cannot_be_changed_either(case: Case) -> None:
    for one in case.plan.requests.values():
        sent = there_and_back(one)
        with pytest.raises(FrozenInstanceError):
            sent.seats = 9
    for route in case.plan.routes.values():
        sent = there_and_back(route)
        assert sent.request_ids == route.request_ids
        assert all(isinstance(stop, Stop) for stop in sent.stops)
