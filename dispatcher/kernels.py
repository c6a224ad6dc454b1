"""The kernels, compiled; or the same functions as plain Python while a process compiles them.

Compiling for the first time ever takes longer than a caller waits.  ``answer_plainly()`` makes
every quote and schedule run uncompiled, some hundred times slower but at once and with the same
result; ``answer_compiled()`` ends that.  Without a call the compiled functions are used, and the
first call of each waits for its compilation.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from sys import version_info
from types import ModuleType
from typing import Final

from numba.core import config

from dispatcher import kernel

_SWITCH: Final = "DISABLE_JIT"
"""Numba's own name for it."""

_now: ModuleType = kernel


def current() -> ModuleType:
    """Return the kernels to call now; both kinds have the functions of ``dispatcher.kernel``."""
    return _now


def is_compiled() -> bool:
    """Whether this process has compiled the kernels, or loaded them compiled."""
    return not hasattr(kernel.search, "signatures") or len(kernel.search.signatures) > 0


def is_cached(name: str = "kernel.search_many") -> bool:
    """Whether a compiled kernel lies beside the modules, so that loading takes no compiling."""
    index = f"{name}-*.py{version_info[0]}{version_info[1]}.nbi"
    return any(Path(__file__).parent.glob(f"__pycache__/{index}"))


def answer_plainly() -> None:
    """Use plain Python from now on."""
    global _now
    _now = _plain()


def answer_compiled() -> None:
    """Use the compiled kernels from now on."""
    global _now
    _now = kernel


@cache
def _plain() -> ModuleType:
    """Return a second copy of the kernels, loaded while compilation is off."""
    spec = importlib.util.find_spec(kernel.__name__)
    if spec is None or spec.loader is None:
        raise ImportError(f"{kernel.__name__} cannot be loaded twice")
    copy = importlib.util.module_from_spec(spec)
    with _uncompiled():
        spec.loader.exec_module(copy)
    for name, value in vars(copy).items():
        setattr(copy, name, getattr(value, "py_func", value))  # those it imports, too
    return copy


@contextmanager
def _uncompiled() -> Generator[None]:
    before: int = getattr(config, _SWITCH)
    setattr(config, _SWITCH, 1)
    try:
        yield
    finally:
        setattr(config, _SWITCH, before)
