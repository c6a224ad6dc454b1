"""What the package offers is what its files define."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

import pytest

import dispatcher

CORE = (
    "model", "schedule", "insert", "ask", "alternatives", "refuse", "offer", "cost", "plan",
    "check", "improve",
)  # fmt: skip


def public(module: ModuleType) -> set[str]:
    """Classes and functions a file defines without an underscore."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    }


def test_every_public_name_of_the_core_is_offered() -> None:
    modules = {name: importlib.import_module(f"dispatcher.{name}") for name in CORE}

    defined = {name for module in modules.values() for name in public(module)}

    # Named like their file, and so imported from it; or steps of ``offers`` in files of their own.
    own_file = {"schedule", "insert", "improve", "check"}
    inner = {"found_in", "best_in", "Seek", "Variant", "choose", "classes_of", "differ", "refusal"}
    inner |= {"changes", "OneRoad", "schedule_of"}
    values = {"Place", "UNREACHABLE_S", "RIDER_STOPS", "Fleet", "Approach", "Explanation", "Option"}
    assert set(dispatcher.__all__) == (defined | values) - own_file - inner


@pytest.mark.parametrize("name", dispatcher.__all__)
def test_every_name_offered_exists(name: str) -> None:
    assert hasattr(dispatcher, name)


@pytest.mark.parametrize("name", ["schedule", "insert", "improve", "check"])
def test_a_file_is_not_hidden_by_its_function(name: str) -> None:
    module = importlib.import_module(f"dispatcher.{name}")

    assert getattr(dispatcher, name) is module
    assert callable(getattr(module, name))
