"""Frozen classes that go to other processes by their values alone.

What ``dataclasses`` writes for them asks every object for its fields, which takes four times as
long; a day's plan is a thousand of them, and callers wait meanwhile.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, TypeVar

_Class = TypeVar("_Class", bound=type)

_SETTERS: Final[dict[type, tuple[Callable[[Any, Any], None], ...]]] = {}


def by_values(cls: _Class) -> _Class:
    """Let a frozen class with slots and two fields or more be pickled by the values of those."""
    names = [field.name for field in fields(cls)]
    values = attrgetter(*names)
    _SETTERS[cls] = tuple(getattr(cls, name).__set__ for name in names)
    copyreg.pickle(cls, lambda one: (_restored, (cls, *values(one))))
    return cls


def _restored(cls: type, *values: object) -> object:
    # What was sent has been checked where it was made.
    one: object = object.__new__(cls)
    for put, value in zip(_SETTERS[cls], values, strict=True):
        put(one, value)
    return one
