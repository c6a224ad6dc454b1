"""Measure what a fault does: `python -m tests.chaos redis`, or another of the README's names."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.chaos import cluster, faults, hosts, storm
from tests.chaos.faults import Outcome
from tests.chaos.servers import own_postgres
from tests.ports import valkey


def main() -> int:
    """Run one fault from the command line; the exit code is 0 when nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "fault", choices=["redis", "postgres", "frozen", "solver", "cluster", "hosts", "storm"]
    )
    parser.add_argument("--clients", type=int, default=8000, help="of the storm")
    parser.add_argument("--apart", action="store_true", help="the storm's API and hub, apart")
    parser.add_argument(
        "--times", type=int, default=5, help="how often it breaks out, or a server freezes"
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="how long it lasts")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        outcome = asyncio.run(_run(asked, Path(name)))
    print(json.dumps(asdict(outcome), indent=2))  # noqa: T201
    return 1 if outcome.problems else 0


async def _run(asked: argparse.Namespace, folder: Path) -> Outcome:
    fault, seconds = asked.fault, asked.seconds
    url = f"sqlite+aiosqlite:///{folder / 'maas.db'}"
    if fault == "hosts":
        if (why := hosts.able()) is not None:
            sys.exit(why)
        return await hosts.link_cut(folder, seconds=seconds)
    if fault == "storm":
        return await _storms(asked, folder, url)
    if fault == "cluster":
        return await cluster.master_killed(folder)
    if fault == "redis":
        return await faults.without_redis(folder, url, away_s=seconds)
    if fault == "solver":
        return await faults.solver_broken(folder, url, seconds=seconds)
    with own_postgres() as server:
        if fault == "frozen":
            return await faults.frozen(folder, server.url, times=asked.times, seconds=seconds)
        return await faults.postgres_restarted(folder, server.url, server.restart, restarts=5)


async def _storms(asked: argparse.Namespace, folder: Path, url: str) -> Outcome:
    many = {"clients": asked.clients, "times": asked.times}
    if not asked.apart:
        return await storm.storms(folder, url, **many)
    storm.keep_to(storm.SERVICE)  # what is begun here stays on that core
    with own_postgres() as postgres, valkey(folder) as redis:
        storm.keep_to(storm.CROWD)
        address = f"redis://127.0.0.1:{redis.port}"
        return await storm.storms(folder, postgres.url, **many, redis=address)


if __name__ == "__main__":
    sys.exit(main())
