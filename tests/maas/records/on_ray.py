"""A study on a Ray cluster of two nodes on this machine, run as a program of its own.

It prints as JSON: whether the figures are those of one process, how many workers were killed while
they worked and whether the figures are the same all the same, and on how many nodes work was done.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ray.cluster_utils import Cluster

from maas.records.whatif import by_day
from maas.records.whatif_changes import MoreVehicles, Variant
from maas.records.whatif_day import Luck, Prices
from maas.records.whatif_figures import Figures
from maas.records.whatif_runs import OnRay, Piece, Work, do, here, pieces
from maas.rides.on_ray import joined
from tests.maas.records.whatif_line import DAY, QUICK, crowd, line_town

DAYS = [DAY + timedelta(days=7 * n) for n in range(16)]
Figured = dict[Piece, Figures]


def the_work() -> Work:
    """Return a study of two variants."""
    variants = Variant(name="base"), Variant(name="more", more=(MoreVehicles(like="van-1"),))
    asked = by_day(crowd(days=DAYS))
    towns = line_town(1), line_town(2)
    return Work(towns, variants, ((asked,), (asked,)), Luck(), Prices(), QUICK, 1800)


def workers() -> Iterator[tuple[int, int]]:
    """Yield the process of every worker of ours that does a piece, and the node it is of."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                after_name = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(after_name[1])
            except OSError:
                continue  # it has just ended
    for pid, parent in parents.items():
        if _is_under(os.getpid(), pid, parents) and _title(pid).startswith(f"ray::{do.__name__}"):
            yield pid, parent


def _is_under(top: int, pid: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        pid = parents[pid]
        if pid == top:
            return True
    return False


def _title(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text()
    except OSError:
        return ""


@dataclass
class Watch:
    """Looks all the time who works, and kills the first of them on each node while they do."""

    nodes: set[int] = field(default_factory=set)
    killed: set[int] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Look and kill until it is over."""
        while not self.over.is_set():
            for pid, node in workers():
                if node not in self.nodes:
                    with suppress(ProcessLookupError):  # done in this very moment
                        os.kill(pid, signal.SIGKILL)
                        self.killed.add(pid)
                self.nodes.add(node)


def killed_while_working(run: OnRay, work: Work, todo: list[Piece]) -> tuple[Figured, Watch]:
    """Do the pieces while somebody kills who does them; return their figures, and who was killed.

    Every node has done something before, so that its worker is there.
    """
    watch = Watch()
    looking = threading.Thread(target=watch.look)
    looking.start()
    try:
        found = dict(run(work, todo))
    finally:
        watch.over.set()
        looking.join()
    return found, watch


def main() -> None:
    """Start the cluster, do the study twice, say what came of it."""
    work = the_work()
    todo = pieces(work, [0, 1], 2)
    expected = dict(here(work, todo))
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        cluster.add_node(num_cpus=1)
        run = OnRay(cluster.address)
        plain = dict(run(work, todo))
        again, watch = killed_while_working(run, work, todo)
    finally:
        joined(cluster.address).shutdown()
        cluster.shutdown()
    told = {
        "same": plain == expected,
        "same_after_kill": again == expected,
        "nodes": len(watch.nodes),
        "killed": len(watch.killed),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
