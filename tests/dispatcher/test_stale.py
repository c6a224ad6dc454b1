"""Compiled code never outlives an edit of a kernel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dispatcher.stale import forget_stale


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package with a kernel edited at second 200, a plain file at 400, and caches around."""
    (tmp_path / "__pycache__").mkdir()
    files = {
        "kernel.py": ("from numba import njit", 200),
        "plain.py": ("", 400),
        "__pycache__/kernel.old-1.py311.nbi": ("", 100),
        "__pycache__/kernel.new-1.py311.nbi": ("", 300),
        "__pycache__/kernel.old-1.py311.1.nbc": ("", 100),
    }
    for name, (text, at_s) in files.items():
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (at_s, at_s))
    return tmp_path


def test_what_was_compiled_before_the_last_edit_of_a_kernel_is_forgotten(folder: Path) -> None:
    removed = forget_stale(folder)

    assert [path.name for path in removed] == ["kernel.old-1.py311.nbi"]
    assert (folder / "__pycache__" / "kernel.new-1.py311.nbi").exists()
    assert forget_stale(folder) == []


def test_a_folder_without_kernels_is_left_alone(tmp_path: Path) -> None:
    assert forget_stale(tmp_path) == []
