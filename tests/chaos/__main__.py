"""Measure what a fault does: `python -m tests.chaos redis|postgres|frozen|solver|cluster|hosts`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.chaos import cluster, faults, hosts
from tests.chaos.faults import Outcome
from tests.chaos.servers import own_postgres


def main() -> int:
    """Run one fault from the command line; the exit code is 0 when nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "fault", choices=["redis", "postgres", "frozen", "solver", "cluster", "hosts"]
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="how long it lasts")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        outcome = asyncio.run(_run(asked.fault, Path(name), asked.seconds))
    print(json.dumps(asdict(outcome), indent=2))  # noqa: T201
    return 1 if outcome.problems else 0


async def _run(fault: str, folder: Path, seconds: float) -> Outcome:
    url = f"sqlite+aiosqlite:///{folder / 'maas.db'}"
    if fault == "hosts":
        if (why := hosts.able()) is not None:
            sys.exit(why)
        return await hosts.link_cut(folder, seconds=seconds)
    if fault == "cluster":
        return await cluster.master_killed(folder)
    if fault == "redis":
        return await faults.without_redis(folder, url, away_s=seconds)
    if fault == "solver":
        return await faults.solver_broken(folder, url, seconds=seconds)
    with own_postgres() as server:
        if fault == "frozen":
            return await faults.frozen(folder, server.url, seconds=seconds)
        return await faults.postgres_restarted(folder, server.url, server.restart, restarts=5)


if __name__ == "__main__":
    sys.exit(main())
