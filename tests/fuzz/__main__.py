"""`python -m tests.fuzz api --cases 10000`: as many cases as wanted, and what went wrong."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from tests.fuzz import api


def main() -> int:
    """Run what is asked for; 1 when anything went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("what", choices=["api"])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    sent = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, count, said in api.run(asked.cases, asked.seed, Path(folder)):
            sent += count
            wrong += bool(said)
            if said:
                sys.stdout.write(f"--- {name}\n{said}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{sent} cases over all operations, {wrong} went wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
