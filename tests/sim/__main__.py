"""Live through days in a process of its own, and tell what came of them as JSON.

    python -m tests.sim 0 1 2          python -m tests.sim $(seq 0 999)

Sets are walked in an order that `PYTHONHASHSEED` decides: only with 0 is a seed the same day
everywhere, so the process begins anew when it is anything else.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import warnings
from dataclasses import asdict
from pathlib import Path

from tests.sim.day import run
from tests.sim.town import build


def fixed() -> None:
    """Begin this process anew if it walks sets in another order than all others."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        again = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, again, os.environ | {"PYTHONHASHSEED": "0"})  # noqa: S606


def memory() -> Path | None:
    """Return a disk that is memory, `None` where there is none."""
    found = Path("/dev/shm")  # noqa: S108 -- where Linux has it
    return found if found.is_dir() else None


def main() -> None:
    """Run the seeds of the command line, each as often as it is named."""
    from dispatcher import warm  # slow to import, and not needed before the process is right

    logging.disable(logging.CRITICAL)  # a day of faults fills the log, and writing takes time
    warnings.simplefilter("ignore")
    warm()
    with tempfile.TemporaryDirectory(prefix="maas-sim-", dir=memory()) as name:
        town = build(Path(name))
        for seed in map(int, sys.argv[1:]):
            print(json.dumps(asdict(run(seed, town, Path(name)))), flush=True)  # noqa: T201


if __name__ == "__main__":
    fixed()
    main()
