"""A million events and connections that break all the time: no gap unmarked, nothing twice."""

from __future__ import annotations

import random
from collections import Counter, deque

import msgspec
import pytest

from busloc.frame import ws_payload
from busloc.hub import TICK_S, Hub, Since, Subscriber
from busloc.topic import RING_FRAMES

LOG, STATE = "plan:west", "vehicles"
KEYS = 30
PAD = b"x" * 300
SOCKET_BYTES = 20_000
"""What the system takes from the hub before it says that a client is slow."""


class Item(msgspec.Struct):
    """An event: the key it changes, and its number among all events of the topic."""

    id: str
    v: int


class Told(msgspec.Struct):
    """A frame, read anew by the client's own rules."""

    t: str
    e: str
    s: int
    k: str
    u: list[Item]
    recovered: bool = True


told = msgspec.json.Decoder(Told)


class Reader:
    """What a client knows of one topic, and every breach of the promises it was given."""

    def __init__(self) -> None:
        self.place: Since | None = None
        self.state: dict[str, int] = {}
        self.last = 0
        self.counts: Counter[str] = Counter()

    def read(self, frame: Told, *, every: bool) -> None:
        """Apply a frame; ``every`` says that no event may be missing between two."""
        if frame.k == "snap":
            self.counts["snapshots"] += 1
            self.counts["marked"] += not frame.recovered
            newest = max((item.v for item in frame.u), default=0)
            assert newest >= self.last, "an older state after a newer one"
            if every and self.place is not None and newest > self.last:
                assert not frame.recovered, "a gap without a mark"
            self.state = {item.id: item.v for item in frame.u}
            self.last = max(newest, self.last)
        elif frame.u:
            assert self.place == (frame.e, frame.s - 1), "a frame missing, or twice"
            for item in frame.u:
                assert item.v > self.state.get(item.id, 0), "an event twice, or an older one"
                assert not every or item.v == self.last + 1, "an event missing, or twice"
                self.state[item.id] = item.v
                self.last = max(self.last, item.v)
                self.counts["events"] += 1
        else:
            assert self.place == (frame.e, frame.s), "a place it was never told of"
        self.place = frame.e, frame.s


class Phone:
    """A client behind a bad line: frames on their way are lost when it breaks."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.readers = {LOG: Reader(), STATE: Reader()}
        self.line: deque[bytes] = deque()
        self.bytes = 0
        self.stalled = False
        self.subscriber: Subscriber | None = None
        self.counts: Counter[str] = Counter()

    def write(self, frame: bytes) -> int:
        """Take a frame onto the line."""
        self.line.append(frame)
        self.bytes += len(frame)
        return self.buffered()

    def buffered(self) -> int:
        """Return what the system would not take."""
        return max(0, self.bytes - SOCKET_BYTES)

    def close(self, code: int, reason: str = "") -> None:
        """Learn that the server has given up."""
        assert (code, reason[:6]) == (1013, "retry ")
        self.counts["given up"] += 1
        self.subscriber = None
        self.lose()

    def lose(self) -> None:
        """Lose all that is on its way."""
        self.line.clear()
        self.bytes, self.stalled = 0, False

    def connect(self) -> None:
        """Come back, and go on where each reader stands."""
        self.subscriber = self.hub.join(self)
        for topic, reader in self.readers.items():
            self.hub.subscribe(self.subscriber, topic, reader.place)

    def hang_up(self) -> None:
        """Break the connection."""
        if self.subscriber is not None:
            self.hub.leave(self.subscriber)
            self.subscriber = None
        self.counts["breaks"] += 1
        self.lose()

    def receive(self) -> None:
        """Read what has come down the line."""
        while self.line and not self.stalled:
            frame = self.line.popleft()
            self.bytes -= len(frame)
            said = told.decode(ws_payload(frame))
            self.readers[said.t].read(said, every=said.t == LOG)


class World:
    """A hub, its clock and its publishers: the truth every client is held to."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311
        self.clock_s = 0.0
        self.wake_s = 0.0
        self.hub = Hub(
            now=lambda: self.clock_s,
            monotonic=lambda: self.clock_s,
            lossless={"plan": KEYS},
        )
        self.hub.wake = self.wake
        self.published: Counter[str] = Counter()
        self.truth: dict[str, dict[str, int]] = {LOG: {}, STATE: {}}

    def wake(self, delay_s: float) -> None:
        """Note when the hub wants to flush."""
        self.wake_s = min(self.wake_s, self.clock_s + delay_s)

    def publish(self, topic: str) -> None:
        """Publish the next event of a topic."""
        self.published[topic] += 1
        number, key = self.published[topic], f"k{self.dice.randrange(KEYS)}"
        self.truth[topic][key] = number
        self.hub.publish(topic, key, b'{"id":"%b","v":%d,"p":"%b"}' % (key.encode(), number, PAD))

    def pass_s(self, seconds: float) -> None:
        """Let time pass, with a flush whenever the hub wants one."""
        until = self.clock_s + seconds
        while self.wake_s <= until:
            self.clock_s, self.wake_s = max(self.clock_s, self.wake_s) + 1e-9, float("inf")
            self.hub.flush()
        self.clock_s = max(self.clock_s, until)

    def lose_history(self) -> None:
        """Have both topics begin anew, as when the bus between processes is lost."""
        self.hub.flush()
        for topic, values in self.truth.items():
            held = {key: self.hub.values(topic)[key] for key in values}
            self.hub.restore(topic, f"epoch-{self.clock_s}", self.dice.randrange(1000), held)


def storm(events: int, seed: int, phones: int = 8) -> list[Phone]:
    """Publish so many events while lines break and stall; return the clients at the end."""
    world = World(seed)
    clients = [Phone(world.hub) for _ in range(phones)]
    away_until = dict.fromkeys(clients, 0.0)
    dice = world.dice
    while sum(world.published.values()) < events:
        for _ in range(dice.randrange(1, 40)):
            world.publish(LOG if dice.random() < 0.5 else STATE)
        world.pass_s(dice.choice((0.0, 0.05, TICK_S, 0.3)))
        for client in clients:
            chance = dice.random()
            if client.subscriber is None:
                if world.clock_s >= away_until[client]:
                    client.connect()
            elif chance < 0.005:
                client.hang_up()
                most_s = 2 * RING_FRAMES * TICK_S if dice.random() < 0.2 else 5
                away_until[client] = world.clock_s + dice.uniform(0, most_s)
            elif chance < 0.02:
                client.stalled = True
            elif chance < 0.025:
                client.stalled = False
            client.receive()
        if dice.random() < 0.002:
            world.lose_history()
    for client in clients:
        client.stalled = False
        client.receive()
        if client.subscriber is None:
            client.connect()
    for _ in range(5):
        world.pass_s(1)
        for client in clients:
            client.receive()
    for client in clients:
        for topic, reader in client.readers.items():
            assert reader.state == world.truth[topic], topic
            assert reader.last == world.published[topic], topic
    return clients


def check(clients: list[Phone]) -> None:
    """Check that the storm was one: every way a promise could be broken has come up."""
    seen = sum((client.counts for client in clients), Counter[str]())
    logs = sum((client.readers[LOG].counts for client in clients), Counter[str]())
    assert seen["breaks"] > 50
    assert seen["given up"] > 0
    assert logs["marked"] > 5
    assert logs["snapshots"] > logs["marked"]
    assert logs["events"] > 10_000


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_gap_is_unmarked_and_nothing_comes_twice(seed: int) -> None:
    check(storm(60_000, seed))


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_a_million_events_and_no_gap_unmarked() -> None:
    check(storm(1_000_000, seed=4))
