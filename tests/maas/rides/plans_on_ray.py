"""Better plans of many areas looked for here and on a Ray cluster of two nodes on this machine.

It prints as JSON: the hash of the plans found in this process, by the process of a keeper, and on
two nodes of which one is killed half-way; and how many plans are better than they were.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from random import Random

from ray.cluster_utils import Cluster

from dispatcher import Place, Plan, Request, Route, Vehicle
from dispatcher.insert import insert, insertions
from dispatcher.search_plan import warm_search
from maas.rides.improver import Improver, looked_up, plain, search
from maas.rides.on_ray import joined
from tests.towns import LineTown

AREAS = 8
LIMIT_S = 600.0
"""More than a search needs: it ends by its number of steps, which is the same everywhere."""
TRAVEL = {"car": LineTown()}
HOUR = 3600


def morning(seed: int) -> Plan:
    """Return the plan of an area for a morning, made one ride after the other as people called."""
    dice = Random(seed)  # noqa: S311
    depots = [Place(dice.randrange(30)) for _ in range(3)]
    vans = [
        Vehicle(f"van-{n}", at, at, 7 * HOUR, 14 * HOUR, seats=4) for n, at in enumerate(depots)
    ]
    plan = Plan(1, {each.id: Route(each) for each in vans}, {})
    for number in range(24):
        origin, destination = (Place(each) for each in dice.sample(range(30), 2))
        ready_s = 8 * HOUR + 60 * dice.randrange(240)
        drive_s = 60 * abs(destination - origin)
        party = Request(
            f"ride-{number}", origin, destination, ready_s, ready_s + 900, 0,
            ready_s + 900 + 2 * drive_s + 600, drive_s + 900, seats=1,
        )  # fmt: skip
        found = insertions(plan, party, TRAVEL)
        if found:
            plan = insert(plan, party, found[0])
    return plan


def told(plans: list[Plan]) -> str:
    """Return a hash of which vehicle stops where for whom, in which order."""
    stops = [
        [(id_, [(s.request_id, s.kind.value) for s in route.stops]) for id_, route in rows]
        for rows in (sorted(plan.routes.items()) for plan in plans)
    ]
    return hashlib.sha256(json.dumps(stops).encode()).hexdigest()


async def better(plans: list[Plan], improver: Improver) -> list[Plan]:
    """Return the plans made better one after the other, each as its keeper would ask."""
    return [await improver.better(plan, TRAVEL, LIMIT_S) or plan for plan in plans]


async def on_nodes(plans: list[Plan], cluster: Cluster, doomed: object) -> list[Plan]:
    """Return the plans made better by a cluster, all asked for at once; one node is killed."""
    asked = [asyncio.create_task(better([plan], Improver(cluster.address))) for plan in plans]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.to_thread(cluster.remove_node, doomed, allow_graceful=False)
    return [plan for each in asked for plan in await each]


def main() -> None:
    """Look for better plans three times and say what came of it."""
    warm_search()
    plans = [morning(seed) for seed in range(AREAS)]
    here = [search(plain(p), looked_up(plain(p), TRAVEL), LIMIT_S, 1) for p in plans]
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        doomed = cluster.add_node(num_cpus=1)
        nodes = asyncio.run(on_nodes(plans, cluster, doomed))
    finally:
        joined(cluster.address).shutdown()
        cluster.shutdown()
    found = {
        "before": told(plans),
        "here": told(here),
        "nodes": told(nodes),
        "better": sum(told([a]) != told([b]) for a, b in zip(plans, here, strict=True)),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
