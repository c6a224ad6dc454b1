"""Builds the screens before a wheel is packed, so that ``pip install`` brings them along."""

import subprocess
import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ScreensHook(BuildHookInterface):
    """Runs ``scripts/screens.py`` for every wheel that is not an editable install."""

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """See hatchling's documentation; an editable install reads the screens from the tree."""
        if version != "editable":
            subprocess.run([sys.executable, Path(self.root, "scripts", "screens.py")], check=True)
