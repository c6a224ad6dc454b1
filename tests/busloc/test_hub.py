"""What listeners of the stream see: nothing lost, nothing old after new, nobody waited for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.frame import close_frame, ws_frame, ws_payload
from busloc.hub import (
    BEHIND_BYTES,
    CLOSE_AFTER_S,
    CLOSE_BYTES,
    IDLE_TOPICS,
    LOSSLESS,
    TICK_S,
    Hub,
    Since,
    Subscriber,
)
from busloc.topic import RING_FRAMES, Topic, Update

NOW = 1_764_000_000.0


class Clock:
    """A clock moved by hand, which flushes the hub when the hub asked for it."""

    def __init__(self) -> None:
        self.s = 0.0
        self.wakes: list[float] = []

    def __call__(self) -> float:
        """Return the time by hand."""
        return self.s

    def pass_s(self, hub: Hub, seconds: float) -> None:
        """Let time pass, flushing whenever the hub asked for it."""
        until = self.s + seconds
        while self.wakes and min(self.wakes) <= until:
            self.s = max(self.s, min(self.wakes)) + 1e-9
            self.wakes = [wake for wake in self.wakes if wake > self.s]
            hub.flush()
        self.s = max(self.s, until)


class Listener:
    """A client that keeps what it was sent; ``held`` bytes pretend to be unsent."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.held = 0
        self.stalled = False
        self.code: int | None = None
        self.reason = ""

    def write(self, frame: bytes) -> int:
        """Keep a frame."""
        self.raw.append(frame)
        self.frames.append(json.loads(ws_payload(frame)))
        self.held += len(frame) if self.stalled else 0
        return self.held

    def buffered(self) -> int:
        """Return what pretends to be unsent."""
        return self.held

    def close(self, code: int, reason: str = "") -> None:
        """Keep the code."""
        self.code, self.reason = code, reason


def new_hub(
    tick_s: float = TICK_S, lossless: Mapping[str, int] = LOSSLESS, start: float = NOW
) -> tuple[Hub, Clock]:
    clock = Clock()
    hub = Hub(now=lambda: start + clock.s, monotonic=clock, tick_s=tick_s, lossless=lossless)
    hub.wake = lambda delay_s: clock.wakes.append(clock.s + delay_s)
    return hub, clock


def listen(hub: Hub, *topics: str, since: Since | None = None) -> tuple[Listener, Subscriber]:
    listener = Listener()
    subscriber = hub.join(listener)
    for topic in topics:
        hub.subscribe(subscriber, topic, since)
    return listener, subscriber


def bus(key: str, value: int) -> bytes:
    return json.dumps({"id": key, "v": value}).encode()


def kinds(listener: Listener) -> list[tuple[str, int, int]]:
    return [(frame["k"], frame["s"], len(frame["u"])) for frame in listener.frames]


# Frames


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_a_frame_says_its_length_in_the_shortest_way(size: int) -> None:
    frame = ws_frame(b"x" * size)

    assert len(frame) - size == (2 if size < 126 else 4 if size < 65_536 else 10)
    assert ws_payload(frame) == b"x" * size
    assert close_frame(1013) == b"\x88\x02\x03\xf5"


# Examples


def test_a_listener_gets_the_state_first_and_then_what_changes() -> None:
    hub, clock = new_hub()
    hub.publish("vehicles", "a", bus("a", 1))
    clock.pass_s(hub, 1)
    listener, _ = listen(hub, "vehicles")

    hub.publish("vehicles", "b", bus("b", 2))
    clock.pass_s(hub, 0)

    first, second = listener.frames
    assert first == {
        "t": "vehicles", "e": first["e"], "s": 1, "k": "snap", "retry": 1, "n": NOW + 1,
        "u": [{"id": "a", "v": 1}],
    }  # fmt: skip
    assert second == {
        "t": "vehicles", "e": first["e"], "s": 2, "k": "delta", "n": NOW + 1,
        "u": [{"id": "b", "v": 2}],
    }  # fmt: skip


def test_a_publisher_learns_when_what_it_published_was_sent() -> None:
    hub, clock = new_hub()
    learnt: list[str] = []
    hub.when_sent(lambda: learnt.append("nothing waits"))
    for topic in ("vehicles", "alerts"):
        hub.publish(topic, "a", bus("a", 1))
    clock.pass_s(hub, 0)
    hub.publish("vehicles", "a", bus("a", 2))
    clock.pass_s(hub, TICK_S / 2)
    hub.publish("alerts", "a", bus("a", 2))
    hub.when_sent(lambda: learnt.append("both"))
    before = list(learnt)
    hub.publish("calls", "a", bus("a", 1))  # later: nobody waits for it

    listen(hub, "vehicles")  # sends what waits for its tick
    between = list(learnt)
    clock.pass_s(hub, TICK_S)

    assert (before, between) == (["nothing waits"], ["nothing waits"])
    assert learnt == ["nothing waits", "both"]


def test_the_first_update_goes_at_once_and_the_next_wait_for_the_tick() -> None:
    hub, clock = new_hub()
    listener, _ = listen(hub, "vehicles")

    hub.publish("vehicles", "a", bus("a", 1))
    clock.pass_s(hub, 0)
    for value in range(2, 9):
        hub.publish("vehicles", "a", bus("a", value))
        clock.pass_s(hub, 0.02)
    hub.publish("vehicles", "b", bus("b", 1))
    clock.pass_s(hub, TICK_S)

    assert kinds(listener) == [("snap", 0, 0), ("delta", 1, 1), ("delta", 2, 2)]
    assert listener.frames[2]["u"] == [{"id": "a", "v": 8}, {"id": "b", "v": 1}]


def test_without_a_tick_every_update_is_a_frame() -> None:
    hub, clock = new_hub(tick_s=0)
    listener, _ = listen(hub, "vehicles")

    hub.publish("vehicles", "a", bus("a", 1))
    hub.publish("vehicles", "a", bus("a", 2))
    clock.pass_s(hub, 0)

    assert kinds(listener) == [("snap", 0, 0), ("delta", 1, 1), ("delta", 2, 1)]


def test_everybody_gets_the_same_bytes() -> None:
    hub, clock = new_hub()
    one, _ = listen(hub, "vehicles")
    other, _ = listen(hub, "vehicles")

    hub.publish("vehicles", "a", bus("a", 1))
    clock.pass_s(hub, 0)

    assert one.raw[-1] is other.raw[-1]


def test_a_listener_who_comes_back_in_time_gets_only_what_it_missed() -> None:
    hub, clock = new_hub()
    listener, subscriber = listen(hub, "vehicles")
    epoch = listener.frames[0]["e"]
    for value in range(3):
        hub.publish("vehicles", "a", bus("a", value))
        clock.pass_s(hub, 1)
        hub.leave(subscriber)

    again, _ = listen(hub, "vehicles", since=(epoch, 1))

    assert kinds(again) == [("delta", 2, 1), ("delta", 3, 1)]


def test_a_listener_who_missed_nothing_is_told_so() -> None:
    hub, clock = new_hub()
    hub.publish("vehicles", "a", bus("a", 1))
    clock.pass_s(hub, 1)
    first, _ = listen(hub, "vehicles")

    again, _ = listen(hub, "vehicles", since=(first.frames[0]["e"], 1))

    assert kinds(again) == [("delta", 1, 0)]


@pytest.mark.parametrize("since", [("another", 1), (None, 0), (None, 9999), (None, -1)])
def test_a_place_no_longer_held_gives_a_snapshot_that_says_so(
    since: tuple[str | None, int],
) -> None:
    hub, clock = new_hub()
    first, _ = listen(hub, "vehicles")
    for value in range(RING_FRAMES + 1):
        hub.publish("vehicles", "a", bus("a", value))
        clock.pass_s(hub, 1)

    again, _ = listen(hub, "vehicles", since=(since[0] or first.frames[0]["e"], since[1]))

    assert kinds(again) == [("snap", RING_FRAMES + 1, 1)]
    assert again.frames[0]["recovered"] is False
    assert "recovered" not in first.frames[0]


def test_what_is_gone_is_told_once_and_is_in_no_later_snapshot() -> None:
    hub, clock = new_hub()
    hub.publish("vehicles", "a", bus("a", 1))
    clock.pass_s(hub, 1)
    listener, _ = listen(hub, "vehicles")

    hub.remove("vehicles", "a", b'{"id":"a","gone":true}')
    clock.pass_s(hub, 1)
    late, _ = listen(hub, "vehicles")

    assert listener.frames[1]["u"] == [{"id": "a", "gone": True}]
    assert late.frames[0]["u"] == []
    assert hub.last("vehicles", "a") is None


def test_a_lossless_topic_keeps_every_update_in_order() -> None:
    hub, clock = new_hub()
    listener, _ = listen(hub, "plan:west")

    for value in range(5):
        hub.publish("plan:west", "van", bus("van", value))
    clock.pass_s(hub, TICK_S)

    assert [item["v"] for frame in listener.frames for item in frame["u"]] == [0, 1, 2, 3, 4]


def test_a_lossless_topic_remembers_a_bounded_number_of_keys() -> None:
    hub, clock = new_hub(lossless={"calls": 3})
    for i in range(10):
        hub.publish("calls", str(i), bus(str(i), i))
        clock.pass_s(hub, 1)

    assert list(hub.values("calls")) == ["7", "8", "9"]


def test_a_topic_is_filled_before_its_first_listener_joins() -> None:
    hub, _ = new_hub()
    hub.fill("stop", lambda topic: hub.publish(topic, "t", bus(topic, 1)))

    first, _ = listen(hub, "stop:s1")
    second, _ = listen(hub, "stop:s1")

    assert kinds(first) == [("snap", 1, 1)]
    assert kinds(second) == [("snap", 1, 1)]


def test_a_topic_nobody_needs_is_forgotten() -> None:
    hub, _ = new_hub()
    for i in range(IDLE_TOPICS + 50):
        _, subscriber = listen(hub, f"stop:none-{i}")
        hub.leave(subscriber)

    assert len(hub.topics()) == IDLE_TOPICS
    assert hub.subscribers == {}


def test_who_soon_comes_back_to_an_empty_topic_has_missed_nothing() -> None:
    hub, _ = new_hub()
    first, subscriber = listen(hub, "alerts")
    hub.leave(subscriber)

    again, _ = listen(hub, "alerts", since=(first.frames[0]["e"], 0))

    assert kinds(again) == [("delta", 0, 0)]


def test_a_quiet_topic_beats_without_taking_a_number() -> None:
    hub, clock = new_hub()
    listener, _ = listen(hub, "vehicles")
    hub.publish("vehicles", "a", bus("a", 1))
    clock.pass_s(hub, 10)
    hub.beat()
    clock.pass_s(hub, 15)
    hub.beat()
    hub.beat()

    assert kinds(listener) == [("snap", 0, 0), ("delta", 1, 1), ("delta", 1, 0)]


def test_a_tick_out_of_order_starts_the_topic_anew_and_says_so() -> None:
    hub, _ = new_hub()
    listener, _ = listen(hub, "vehicles")
    hub.restore("vehicles", "bus", 7, {"a": bus("a", 1)})
    hub.deliver("vehicles", "bus", 8, [_update("b", 2)])
    hub.deliver("vehicles", "bus", 10, [_update("c", 3)])
    hub.deliver("vehicles", "other", 1, [_update("d", 4)])

    snaps = [("snap", 7, 1), ("delta", 8, 1), ("snap", 10, 3), ("snap", 1, 4)]
    assert kinds(listener) == [("snap", 0, 0), *snaps]
    assert [f.get("recovered") for f in listener.frames] == [None, False, None, False, False]


def test_a_restored_topic_shows_none_of_what_was_before() -> None:
    hub, _ = new_hub()
    hub.restore("vehicles", "one", 7, {"a": bus("a", 1)})
    first, _ = listen(hub, "vehicles")
    hub.restore("vehicles", "two", 7, {"b": bus("b", 2)})
    second, _ = listen(hub, "vehicles")

    assert first.frames[0]["u"] == [{"id": "a", "v": 1}]
    assert second.frames[0]["u"] == [{"id": "b", "v": 2}]


def _update(key: str, value: int) -> Update:
    return Update(key, bus(key, value))


def test_the_ring_is_bounded_in_bytes_too() -> None:
    topic = Topic("vehicles", "e", 0, lossless=False, keep=10)
    for _ in range(20):
        topic.advance([_update("a", 1)._replace(fragment=b'"' + b"x" * 100_000 + b'"')], NOW)

    assert topic.missed_since("e", 20) is not None
    assert topic.missed_since("e", 10) is None
    assert topic._ring_bytes <= 512 * 1024


# Slow listeners


def stall(hub: Hub, listener: Listener, clock: Clock) -> None:
    """Fill a stalled listener's buffer until the hub gives up on it for now."""
    listener.stalled = True
    listener.held = BEHIND_BYTES + 1
    hub.publish("vehicles", "a", bus("a", -1))
    clock.pass_s(hub, TICK_S)


def test_a_slow_listener_is_skipped_and_then_gets_one_merged_state() -> None:
    hub, clock = new_hub()
    slow, _ = listen(hub, "vehicles")
    healthy, _ = listen(hub, "vehicles")
    stall(hub, slow, clock)
    for value in range(10):
        hub.publish("vehicles", f"b{value % 2}", bus("b", value))
        clock.pass_s(hub, TICK_S)
    before = len(slow.frames)

    slow.held, slow.stalled = 0, False
    clock.pass_s(hub, TICK_S)
    hub.publish("vehicles", "a", bus("a", 99))
    clock.pass_s(hub, TICK_S)

    assert len(healthy.frames) == 13
    assert kinds(slow)[before:] == [("snap", 11, 3), ("delta", 12, 1)]
    assert [item["v"] for item in slow.frames[before]["u"]] == [-1, 8, 9]


def test_a_slow_listener_of_a_log_gets_every_frame_it_was_skipped() -> None:
    hub, clock = new_hub()
    slow, _ = listen(hub, "vehicles", "plan:west")
    stall(hub, slow, clock)
    for value in range(5):
        hub.publish("plan:west", "van", bus("van", value))
        clock.pass_s(hub, TICK_S)

    slow.held, slow.stalled = 0, False
    clock.pass_s(hub, TICK_S)

    plans = [(f["k"], f["s"]) for f in slow.frames if f["t"] == "plan:west"]
    assert plans == [("snap", 0), *(("delta", i) for i in range(1, 6))]


@pytest.mark.parametrize("held", [BEHIND_BYTES + 1, CLOSE_BYTES + 1])
def test_a_listener_that_does_not_drain_is_closed(held: int) -> None:
    hub, clock = new_hub()
    slow, subscriber = listen(hub, "vehicles")
    stall(hub, slow, clock)
    slow.held = held

    clock.pass_s(hub, CLOSE_AFTER_S - 1)
    closed_early = slow.code
    clock.pass_s(hub, 2)

    assert closed_early == (1013 if held > CLOSE_BYTES else None)
    assert slow.code == 1013
    assert hub.closed_slow == 1
    assert subscriber not in hub.subscribers
    assert hub.watched() == []


def test_a_slow_listener_who_subscribes_waits_for_its_buffer() -> None:
    hub, clock = new_hub()
    slow, subscriber = listen(hub, "vehicles")
    stall(hub, slow, clock)
    before = len(slow.frames)

    hub.subscribe(subscriber, "stop:s1", None)
    waiting = len(slow.frames)
    slow.held, slow.stalled = 0, False
    clock.pass_s(hub, TICK_S)

    assert waiting == before
    told = {(frame["t"], frame["k"]) for frame in slow.frames[before:]}
    assert told == {("stop:s1", "snap")}


def test_a_slow_listener_who_leaves_a_topic_hears_no_more_of_it() -> None:
    hub, clock = new_hub()
    slow, subscriber = listen(hub, "vehicles", "stop:s1")
    stall(hub, slow, clock)
    hub.publish("stop:s1", "t", bus("t", 1))
    clock.pass_s(hub, TICK_S)
    before = len(slow.frames)

    hub.unsubscribe(subscriber, "stop:s1")
    slow.held, slow.stalled = 0, False
    clock.pass_s(hub, TICK_S)

    assert slow.frames[before:] == []


def test_a_long_catch_up_stops_where_the_buffer_is_full_and_goes_on_there() -> None:
    hub, clock = new_hub()
    slow, _ = listen(hub, "plan:west", "calls")
    stall(hub, slow, clock)
    for value in range(6):
        for topic in ("plan:west", "calls"):
            fragment = json.dumps({"id": "van", "v": value, "pad": "x" * 30_000}).encode()
            hub.publish(topic, "van", fragment)
        clock.pass_s(hub, TICK_S)
    most = 0
    while hub._slow:
        slow.held = 0
        clock.pass_s(hub, TICK_S)
        most = max(most, slow.held)

    for topic in ("plan:west", "calls"):
        told = [(f["k"], f["s"]) for f in slow.frames if f["t"] == topic]
        assert told == [("snap", 0), *(("delta", i) for i in range(1, 7))]
    assert most < 2 * BEHIND_BYTES


def test_a_beat_behind_a_full_buffer_repeats_nothing() -> None:
    hub, clock = new_hub()
    listener, _ = listen(hub, "plan:west")
    hub.publish("plan:west", "van", bus("van", 1))
    clock.pass_s(hub, 30)
    listener.held = BEHIND_BYTES + 1
    hub.beat()
    listener.held = 0
    clock.pass_s(hub, TICK_S)

    assert kinds(listener) == [("snap", 0, 0), ("delta", 1, 1), ("delta", 1, 0)]


# Properties


class Reader(Listener):
    """A client that follows the protocol and notes whatever should never happen."""

    def __init__(self, *, may_repeat: bool = False) -> None:
        super().__init__()
        self.may_repeat = may_repeat
        self.place: Since | None = None
        self.state: dict[str, int] = {}
        self.log: list[int] = []
        self.flagged = 0

    def write(self, frame: bytes) -> int:
        """Keep a frame that may follow the last one."""
        held = super().write(frame)
        said = self.frames[-1]
        if said["k"] == "snap":
            self.flagged += said.get("recovered") is False
            if self.place is not None and self.place[0] == said["e"]:
                assert said["s"] >= self.place[1], "an older state after a newer one"
            self.state = {item["id"]: item["v"] for item in said["u"]}
        elif said["u"]:
            assert self.place is not None
            assert (said["e"], said["s"]) == (self.place[0], self.place[1] + 1), "gap or repeat"
            for item in said["u"]:
                assert item["v"] + self.may_repeat > self.state.get(item["id"], -1), (
                    "an older state after a newer one"
                )
                self.state[item["id"]] = item["v"]
                self.log.append(item["v"])
        else:
            assert self.place in ((said["e"], said["s"]), (said["e"], said["s"] - 1))
        self.place = said["e"], said["s"]
        return held


steps = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.sampled_from("abc")),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 0.05, 0.3])),
        st.tuples(st.just("drop"), st.integers(0, 1)),
        st.tuples(st.just("stall"), st.integers(0, 1)),
        st.tuples(st.just("drain"), st.integers(0, 1)),
        st.tuples(st.just("beat"), st.none()),
        st.tuples(st.just("forget"), st.none()),
    ),
    max_size=60,
)


@given(steps, st.sampled_from(["vehicles", "plan:west"]))
@settings(max_examples=400, deadline=None)
def test_whatever_happens_a_client_ends_with_the_truth(
    script: list[tuple[str, Any]], topic: str
) -> None:
    hub, clock = new_hub()
    readers = [Reader(), Reader()]
    subscribers = [hub.join(reader) for reader in readers]
    for subscriber in subscribers:
        hub.subscribe(subscriber, topic)
    truth: dict[str, int] = {}
    value = forgotten = 0

    def reconnect(i: int) -> None:
        hub.leave(subscribers[i])
        readers[i].held, readers[i].stalled = 0, False
        subscribers[i] = hub.join(readers[i])
        hub.subscribe(subscribers[i], topic, readers[i].place)

    for step, argument in [*script, ("drain", 0), ("drain", 1), ("wait", 1.0)]:
        if step == "publish":
            value += 1
            truth[argument] = value
            hub.publish(topic, argument, bus(argument, value))
        elif step == "wait":
            clock.pass_s(hub, argument)
        elif step == "drop":
            reconnect(argument)
        elif step == "stall":
            readers[argument].stalled, readers[argument].held = True, BEHIND_BYTES + 1
        elif step == "drain":
            readers[argument].held, readers[argument].stalled = 0, False
        elif step == "beat":
            clock.pass_s(hub, 25)
            hub.beat()
            for i, reader in enumerate(readers):
                if reader.code is not None:
                    reader.code = None
                    reconnect(i)
        else:
            forgotten += 1
            hub.deliver(topic, f"epoch-{forgotten}", 1, [])

    for reader in readers:
        assert reader.code is None
        assert reader.state == truth
        if topic == "plan:west" and not reader.flagged:
            assert reader.log == list(range(1, value + 1))
