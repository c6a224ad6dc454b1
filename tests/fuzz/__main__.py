"""`python -m tests.fuzz api --cases 10000`, or `pings --seconds 60`: as much as wanted.

What goes wrong is said; `frames`, `pings`, … (see `tests.fuzz.parsers`) need atheris.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

BYTES = ("gtfs-zip", "gtfs-file", "pings", "frames", "control")


def main() -> int:
    """Run what is asked for; 1 when anything went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("what", choices=["api", *BYTES])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=-1)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    if asked.what in BYTES:
        from tests.fuzz import guided

        guided.run(asked.what, asked.seconds, asked.runs, asked.seed)
    return _api(asked.cases, asked.seed)


def _api(cases: int, number: int) -> int:
    from tests.fuzz import api

    sent = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, count, said in api.run(cases, number, Path(folder)):
            sent += count
            wrong += bool(said)
            if said:
                sys.stdout.write(f"--- {name}\n{said}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{sent} cases over all operations, {wrong} went wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
