"""The hub: sends one prebuilt frame to everybody on a topic, and never waits for anybody.

``publish`` only notes an update.  ``flush`` builds one frame per topic that is due and writes the
same bytes to every subscriber: at once when the topic was quiet for a tick (leading edge), else at
most once a tick with the latest of each key.  Whoever falls behind is skipped, and gets one merged
state when its buffer has drained.  Pure: clocks are given, and a client is anything with
``write``, ``buffered`` and ``close``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from busloc.crowd import FAILED, Send
from busloc.frame import TRY_AGAIN_LATER, Frame
from busloc.topic import Topic, Update, encode

TICK_S = 0.2
BEAT_S = 20.0
BEHIND_BYTES = 64 * 1024
CLOSE_BYTES = 1024 * 1024
CLOSE_AFTER_S = 30.0
STATE_KEYS = 100_000
IDLE_TOPICS = 1_000
CONNECT_S = 0.001
"""What a client that comes back costs in seconds of a processor, twice the measured."""
LOSSLESS: Mapping[str, int] = {"plan": 1_000, "bookings": 5_000, "calls": 200}
"""Topics, named by what stands before the colon, that lose nothing, and how many keys they keep."""

Since = tuple[str, int]
NOWHERE: Since = ("", -1)
"""A place in no history: whoever goes on from here gets a snapshot that says so."""
Carry = Callable[[str, Sequence[Update]], None]


class Client(Protocol):
    """Where frames go.  ``write`` must not block; ``buffered`` is the bytes not yet sent."""

    @property
    def write(self) -> Callable[[bytes], int]:
        """Take one whole frame; return the bytes not yet sent."""
        ...

    def buffered(self) -> int:
        """Return the bytes not yet sent."""
        ...

    def close(self, code: int, reason: str = "") -> None:
        """End the connection with a status code, even when nothing drains."""
        ...


class Wire(Protocol):
    """What a client with a socket of its own has besides: it may be sent to directly.

    Only while nothing waits: the rim calls ``Subscriber.stall`` as soon as something does.
    """

    @property
    def send(self) -> Send:
        """Put bytes on the wire."""
        ...

    def keep(self, rest: bytes | memoryview) -> int:
        """Take what the wire could not; return the bytes not yet sent."""
        ...


class Subscriber:
    """One client's place in the hub: its topics, and how far behind it is on them.

    ``behind`` names the topics on which it was skipped, and the place to go on from.
    """

    __slots__ = ("behind", "behind_since_s", "client", "deflates", "topics", "wire", "write")

    def __init__(self, client: Client, *, deflates: bool = False, wire: Wire | None = None) -> None:
        self.client = client
        self.write = client.write
        self.wire = wire
        self.deflates = deflates
        self.topics: dict[str, Topic] = {}
        self.behind: dict[Topic, Since | None] = {}
        self.behind_since_s: float | None = None

    def stall(self) -> None:
        """Learn that something waits to be sent."""
        for topic in self.topics.values():
            topic.crowd(self).stall(self)


class Hub:
    """All topics of one process.  Every method must be called from one thread.

    ``now`` is the service clock (epoch seconds, sent as ``n``), ``monotonic`` orders the ticks.
    ``tick_s=0`` sends each update by itself.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        tick_s: float = TICK_S,
        lossless: Mapping[str, int] = LOSSLESS,
    ) -> None:
        self.now = now
        self._monotonic = monotonic
        self._tick_s = tick_s
        self._lossless = lossless
        self._topics: dict[str, Topic] = {}
        self._due: list[tuple[float, int, Topic]] = []
        self._order = count()
        self._idle: dict[str, None] = {}
        self._slow: dict[Subscriber, None] = {}
        self._fill: dict[str, Callable[[str], None]] = {}
        self._unsent: list[tuple[set[Topic], Callable[[], object]]] = []
        self._wake_at_s = float("inf")
        self.send: Carry = self._number
        """Where a tick's updates go; a bus puts itself here and answers through ``deliver``."""
        self.origin: Callable[[str], Since] = lambda _topic: (secrets.token_hex(6), 0)
        """The epoch and number a new topic begins with."""
        self.wake: Callable[[float], object] = lambda _delay_s: None
        """Asks the rim to call ``flush`` after a delay in seconds."""
        self.subscribers: dict[Subscriber, None] = {}
        self.closed_slow = 0

    # Publishing

    def publish(self, topic: str, key: str, fragment: bytes) -> None:
        """Give a key of a topic a new value: ``fragment`` is one encoded JSON object."""
        self._note(topic, Update(key, fragment))

    def remove(self, topic: str, key: str, fragment: bytes) -> None:
        """Say that a key has left a topic; ``fragment`` tells the clients (``"gone":true``)."""
        self._note(topic, Update(key, fragment, gone=True))

    def last(self, topic: str, key: str) -> bytes | None:
        """Return the latest value of a key, sent or about to be, ``None`` when it has none."""
        found = self._topics.get(topic)
        if found is None:
            return None
        for update in reversed(found.pending):
            if update.key == key:
                return None if update.gone else update.fragment
        return found.last.get(key)

    def values(self, topic: str) -> dict[str, bytes]:
        """Return the latest value of each key of a topic as it was last sent."""
        found = self._topics.get(topic)
        return {} if found is None else dict(found.last)

    def topics(self) -> list[str]:
        """Return the topics that are listened to or have something to tell."""
        return list(self._topics)

    def keys_kept(self, topic: str) -> int:
        """Return how many keys of a topic are remembered."""
        return self._lossless.get(topic.partition(":")[0], STATE_KEYS)

    def watched(self, prefix: str = "") -> list[str]:
        """Return the topics that somebody listens to and whose name starts so."""
        return [
            name for name, topic in self._topics.items()
            if topic.heard and name.startswith(prefix)
        ]  # fmt: skip

    def heard(self, topic: str) -> bool:
        """Say whether anybody listens to a topic."""
        found = self._topics.get(topic)
        return found is not None and found.heard

    def fill(self, kind: str, publish_all: Callable[[str], None]) -> None:
        """Have ``publish_all(topic)`` called before somebody joins a ``kind:`` topic unheard."""
        self._fill[kind] = publish_all

    def snapshot(self, topic: str) -> bytes:
        """Return the snapshot frame of a topic as it stands."""
        return self._snapshot(self._topics.get(topic) or self._fresh(topic)).plain

    @property
    def retry_s(self) -> int:
        """Over how many seconds all clients should spread their attempts to come back."""
        return max(1, round(CONNECT_S * len(self.subscribers)))

    # Listening

    def join(
        self, client: Client, *, deflates: bool = False, wire: Wire | None = None
    ) -> Subscriber:
        """Take in a client whose connection is open; ``deflates`` when it takes compression."""
        subscriber = Subscriber(client, deflates=deflates, wire=wire)
        self.subscribers[subscriber] = None
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a client; harmless when it is already gone."""
        for name in list(subscriber.topics):
            self.unsubscribe(subscriber, name)
        self._slow.pop(subscriber, None)
        self.subscribers.pop(subscriber, None)

    def subscribe(self, subscriber: Subscriber, topic: str, since: Since | None = None) -> None:
        """Send what brings the client up to date, then every later delta.

        That is the missed deltas (or an empty one) when ``since`` is still held; else a snapshot,
        marked ``"recovered":false`` when ``since`` was asked for.
        """
        found = self._topic(topic)
        if not found.heard and (fill := self._fill.get(topic.partition(":")[0])):
            fill(topic)
        if found.pending:
            self._flush_topic(found)
            found = self._topic(topic)
        found.crowd(subscriber).add(subscriber)
        subscriber.topics[topic] = found
        if subscriber.behind_since_s is None:
            self._catch_up(subscriber, found, since)
        else:
            subscriber.behind.setdefault(found, since)

    def refuse(self, subscriber: Subscriber, topic: str, reason: str) -> None:
        """Tell a client that it may not hear a topic, and why."""
        words = {"refused": topic, "reason": reason, "n": self.now()}
        self._send(subscriber, Frame(encode(words)))

    def unsubscribe(self, subscriber: Subscriber, topic: str) -> None:
        """Stop sending a topic to a client."""
        found = subscriber.topics.pop(topic, None)
        if found is None:
            return
        found.crowd(subscriber).drop(subscriber)
        subscriber.behind.pop(found, None)
        self._forget_idle(found)

    # Ticking

    def flush(self) -> None:
        """Send every topic that is due, and what slow clients can take now."""
        clock_s = self._monotonic()
        self._wake_at_s = float("inf")
        while self._due and self._due[0][0] <= clock_s:
            due_s, _, topic = heappop(self._due)
            if topic.due_s == due_s:
                self._flush_topic(topic)
        for subscriber in list(self._slow):
            self._look_after(subscriber, clock_s)
        next_s = self._due[0][0] if self._due else float("inf")
        if self._slow:
            next_s = min(next_s, clock_s + TICK_S)
        self._wake_by(next_s)

    def when_sent(self, then: Callable[[], object]) -> None:
        """Call ``then`` as soon as all that was published so far has gone to ``send``."""
        waiting = {topic for due_s, _, topic in self._due if topic.due_s == due_s}
        if waiting:
            self._unsent.append((waiting, then))
        else:
            then()

    def beat(self) -> None:
        """Tell the listeners of topics quiet for ``BEAT_S`` that the stream is alive."""
        clock_s = self._monotonic()
        for topic in self._topics.values():
            if topic.heard and clock_s - topic.sent_s >= BEAT_S:
                topic.sent_s = clock_s
                self._write(topic, topic.beat(self.now()), (topic.epoch, topic.seq))

    def deliver(self, topic: str, epoch: str, seq: int, updates: Sequence[Update]) -> None:
        """Take a numbered tick from the bus and send it on.

        A tick that does not follow the last one means that history was lost: the topic starts
        anew and its listeners get a snapshot that says so.
        """
        found = self._topic(topic)
        whole = (found.epoch, found.seq + 1) == (epoch, seq)
        if not whole:
            found.restart(epoch, seq - 1)
        frame = found.advance(updates, self.now())
        found.sent_s = self._monotonic()
        if whole:
            self._write(found, frame, (epoch, seq - 1))
        else:
            self._write(found, self._snapshot(found, recovered=False), NOWHERE)
        self._forget_idle(found)

    def restore(self, topic: str, epoch: str, seq: int, last: Mapping[str, bytes]) -> None:
        """Take a topic's whole state from the bus, as after a start or a lost connection."""
        found = self._topic(topic)
        found.restart(epoch, seq)
        found.last = dict(last)
        self._write(found, self._snapshot(found, recovered=False), NOWHERE)
        self._forget_idle(found)

    # Inside

    def _number(self, topic: str, updates: Sequence[Update]) -> None:
        found = self._topic(topic)
        self.deliver(topic, found.epoch, found.seq + 1, updates)

    def _note(self, name: str, update: Update) -> None:
        topic = self._topic(name)
        topic.pending.append(update)
        if topic.due_s is None:
            topic.due_s = max(self._monotonic(), topic.sent_s + self._tick_s)
            heappush(self._due, (topic.due_s, next(self._order), topic))
            self._wake_by(topic.due_s)

    def _flush_topic(self, topic: Topic) -> None:
        updates = topic.take_pending(conflate=self._tick_s > 0)
        topic.sent_s = self._monotonic()
        if self._tick_s:
            self.send(topic.name, updates)
        else:
            for update in updates:
                self.send(topic.name, (update,))
        self._say_sent(topic)

    def _say_sent(self, topic: Topic) -> None:
        for waiting, then in self._unsent:
            waiting.discard(topic)
            if not waiting:
                then()
        self._unsent = [each for each in self._unsent if each[0]]

    def _write(self, topic: Topic, frame: Frame, since: Since) -> None:
        """Send a frame to all who keep up; ``since`` is where the others will go on."""
        for crowd, data in topic.audiences(frame):
            others = list(crowd.others)
            for subscriber, took in crowd.sweep(data):
                if self._rest(subscriber, data, took) > BEHIND_BYTES:
                    self._fall_behind(subscriber)
            for subscriber in others:
                if subscriber.behind_since_s is not None:
                    subscriber.behind.setdefault(topic, since)
                elif (waiting := subscriber.write(data)) > BEHIND_BYTES:
                    self._fall_behind(subscriber)
                elif not waiting and subscriber.wire is not None:
                    crowd.settle(subscriber, subscriber.wire.send)

    def _rest(self, subscriber: Subscriber, data: bytes, took: int) -> int:
        """Have a client keep what its wire did not take; return the bytes not yet sent."""
        if took == FAILED or subscriber.wire is None:
            return subscriber.write(data)  # which finds out what is wrong
        return subscriber.wire.keep(memoryview(data)[took:])

    def _send(self, subscriber: Subscriber, frame: Frame) -> None:
        """Send a frame to one client."""
        data = frame.deflated if subscriber.deflates else frame.plain
        if subscriber.write(data) > BEHIND_BYTES and subscriber.behind_since_s is None:
            self._fall_behind(subscriber)

    def _fall_behind(self, subscriber: Subscriber) -> None:
        """Skip a client from now on, until it has taken what it was sent."""
        subscriber.behind_since_s = self._monotonic()
        self._slow[subscriber] = None
        self._wake_by(subscriber.behind_since_s + TICK_S)

    def _look_after(self, subscriber: Subscriber, clock_s: float) -> None:
        waiting = subscriber.client.buffered()
        since_s = clock_s if subscriber.behind_since_s is None else subscriber.behind_since_s
        if waiting == 0:
            del self._slow[subscriber]
            subscriber.behind_since_s = None
            behind, subscriber.behind = subscriber.behind, {}
            for topic, since in behind.items():
                # A state is whole in one merged snapshot; only a log needs what was skipped.
                self._resume(subscriber, topic, since if topic.lossless else None)
        elif waiting > CLOSE_BYTES or clock_s - since_s > CLOSE_AFTER_S:
            self.closed_slow += 1
            self.leave(subscriber)
            subscriber.client.close(TRY_AGAIN_LATER, retry_reason(self.retry_s))

    def _resume(self, subscriber: Subscriber, topic: Topic, since: Since | None) -> None:
        if subscriber.behind_since_s is None:
            self._catch_up(subscriber, topic, since)
        else:
            subscriber.behind[topic] = since

    def _catch_up(self, subscriber: Subscriber, topic: Topic, since: Since | None) -> None:
        """Send what is missing after ``since``, as much of it as the client keeps up with."""
        missed = None if since is None else topic.missed_since(*since)
        if since is None or missed is None:
            self._send(subscriber, self._snapshot(topic, recovered=since is None))
            return
        frames = list(missed)
        for seq, frame in enumerate(frames, start=since[1] + 1):
            self._send(subscriber, frame)
            if subscriber.behind_since_s is not None and seq < topic.seq:
                subscriber.behind[topic] = topic.epoch, seq
                return
        if not frames:
            self._send(subscriber, topic.beat(self.now()))

    def _snapshot(self, topic: Topic, *, recovered: bool = True) -> Frame:
        return topic.snapshot(self.now(), recovered=recovered, retry_s=self.retry_s)

    def _topic(self, name: str) -> Topic:
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = self._fresh(name)
        return topic

    def _fresh(self, name: str) -> Topic:
        lossless = name.partition(":")[0] in self._lossless
        return Topic(name, *self.origin(name), lossless=lossless, keep=self.keys_kept(name))

    def _forget_idle(self, topic: Topic) -> None:
        """Keep a topic nobody needs for a while: a poller of an empty one is soon back."""
        if not topic.idle:
            return
        self._idle.pop(topic.name, None)
        self._idle[topic.name] = None
        while len(self._idle) > IDLE_TOPICS:
            oldest = next(iter(self._idle))
            del self._idle[oldest]
            if self._topics[oldest].idle:
                del self._topics[oldest]

    def _wake_by(self, at_s: float) -> None:
        if at_s < self._wake_at_s:
            self._wake_at_s = at_s
            self.wake(max(0.0, at_s - self._monotonic()))


def retry_reason(retry_s: int) -> str:
    """Return the reason a close frame gives: over how many seconds to spread coming back.

    >>> retry_reason(8)
    'retry 8'
    """
    return f"retry {retry_s}"
