"""Monitors and signs: they follow the live stream as `live.ts` does, and come back to it."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from typing import TYPE_CHECKING, Any

from busloc.frame import ws_payload
from busloc.hub import Subscriber
from tests.sim.net import OUTSIDE

if TYPE_CHECKING:
    from tests.sim.day import Town
    from tests.sim.server import Server

STALL_S = 0.5


class Line:
    """One connection, as the hub sees it: in order, late, and silent while the way is cut."""

    def __init__(self, screen: Screen, server: Server) -> None:
        self.screen = screen
        self.server = server
        self.is_open = True
        self.subscriber: Subscriber | None = None
        self._waiting: deque[bytes] = deque()
        self._pumping = False

    def write(self, frame: bytes) -> int:
        """See `busloc.hub.Client`."""
        self._waiting.append(frame)
        if not self._pumping:
            self._pumping = True
            self._later()
        return self.buffered()

    def buffered(self) -> int:
        """See `busloc.hub.Client`."""
        return sum(map(len, self._waiting)) if self._is_cut() else 0

    def close(self, code: int, reason: str = "") -> None:
        """See `busloc.hub.Client`: the other end learns of it when the way is free."""
        del code, reason
        self.hang_up()

    def hang_up(self) -> None:
        """Break the connection: what is on its way is lost."""
        if self.is_open:
            self.is_open = False
            loop = self.screen.town.loop
            loop.call_later(self.screen.town.net.delay_s(), self.screen.lost, self, context=OUTSIDE)

    def _is_cut(self) -> bool:
        return self.screen.town.net.is_cut(self.screen.name, self.server)

    def _later(self) -> None:
        delay_s = STALL_S if self._is_cut() else self.screen.town.net.delay_s() / 4
        self.screen.town.loop.call_later(delay_s, self._pump, context=OUTSIDE)

    def _pump(self) -> None:
        if not self.is_open:
            return
        if not self._is_cut() and self._waiting:
            self.screen.receive(self, json.loads(ws_payload(self._waiting.popleft())))
        self._pumping = bool(self._waiting)
        if self._pumping:
            self._later()


class Screen:
    """Follows topics and remembers what it shows."""

    def __init__(self, town: Town, name: str, topics: tuple[str, ...]) -> None:
        self.town = town
        self.name = name
        self.topics = topics
        self.rng = random.Random(f"{name}:{town.seed}")  # noqa: S311
        self.line: Line | None = None
        self.place: dict[str, tuple[str, int]] = {}
        self.asked: set[str] = set()
        self.shown: dict[str, dict[str, Any]] = {topic: {} for topic in topics}
        self.newest: dict[str, float] = {}
        self.heard_from: object = None

    def connect(self) -> None:
        """Open a connection to one of the servers, some time."""
        self.town.loop.call_later(self.rng.random() * 2.0, self._open, context=OUTSIDE)

    def _open(self) -> None:
        server = self.rng.choice(self.town.servers)
        if not server.is_up or server.host.frozen or self.town.net.is_cut(self.name, server):
            self.connect()
            return
        self.line = Line(self, server)
        server.leave.append(self.line.hang_up)
        self.town.loop.start(server.host, self._join(self.line))

    async def _join(self, line: Line) -> None:
        hub = line.server.service.hub
        line.subscriber = hub.join(line)
        for topic in self.topics:
            hub.subscribe(line.subscriber, topic, self.place.get(topic))

    async def _ask(self, line: Line, topic: str) -> None:
        if line.subscriber is not None:
            line.server.service.hub.unsubscribe(line.subscriber, topic)
            line.server.service.hub.subscribe(line.subscriber, topic, self.place.get(topic))

    def lost(self, line: Line) -> None:
        """Learn that the connection is over; come back."""
        if line is self.line:
            self.line = None
            self.asked.clear()
            self.connect()

    def receive(self, line: Line, frame: dict[str, Any]) -> None:
        """Take a frame if it follows on; ask for the whole picture if one is missing."""
        topic = frame.get("t", "")
        if line is not self.line or topic not in self.shown:
            return
        place, here = self.place.get(topic), (frame["e"], frame["s"])
        if frame["k"] == "snap":
            self.asked.discard(topic)
            self.shown[topic].clear()
        elif place is None or here[0] != place[0] or here[1] > place[1] + 1:
            self.place.pop(topic, None)
            if topic not in self.asked:
                self.asked.add(topic)
                self.town.loop.start(line.server.host, self._ask(line, topic))
            return
        elif here[1] <= place[1]:
            return
        self.place[topic] = here
        self.town.note("frame", self.name, topic, *here)
        for item in frame["u"]:
            self._show(topic, item, line)

    def _show(self, topic: str, item: dict[str, Any], line: Line) -> None:
        key = str(item["id"])
        if item.get("gone"):
            self.shown[topic].pop(key, None)
            return
        self.shown[topic][key] = item
        if topic == "vehicles":
            self._no_older(key, item["ts"], line)

    def _no_older(self, vehicle: str, ts: float, line: Line) -> None:
        """A vehicle is never shown where it was before (I7), by one run of a server."""
        if self.heard_from is not line.server.host:
            self.heard_from = line.server.host
            self.newest.clear()
        if ts < self.newest.get(vehicle, ts):
            self.town.wrong(f"I7: {self.name} shows {vehicle} where it was before")
        self.newest[vehicle] = ts

    async def settle(self) -> None:
        """Come to show what the server knows, within a moment: what is on its way has to arrive."""
        wrong = self._otherwise()
        for _ in range(50):
            if not wrong:
                return
            await asyncio.sleep(0.1)
            wrong = self._otherwise()
        self.town.wrong(f"liveness: {wrong}")

    def _otherwise(self) -> str:
        """Return what is shown otherwise than it is, empty when nothing is."""
        if self.line is None:
            return f"{self.name} is not connected"
        hub = self.line.server.service.hub
        for topic in self.topics:
            known = {key: json.loads(value) for key, value in hub.values(topic).items()}
            shown = self.shown[topic]
            other = sorted(key for key in known.keys() | shown if known.get(key) != shown.get(key))
            if other:
                return f"{self.name} shows {topic} otherwise than it is: {other}"
        return ""
