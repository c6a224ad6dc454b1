"""Many are sent to in one sweep, and each still gets whole frames in their order."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.crowd import FAILED, Crowd
from busloc.frame import ws_payload
from busloc.hub import BEHIND_BYTES, TICK_S, Hub, Subscriber
from tests.busloc.test_hub import Clock, bus, new_hub


class Socket:
    """A client whose wire has so much ``room``, and which keeps the rest as a connection does."""

    def __init__(self) -> None:
        self.room = 10**9
        self.broken = False
        self.swept = 0
        self.sent = bytearray()
        self.waiting = bytearray()
        self.subscriber: Subscriber | None = None

    def send(self, data: bytes) -> int:
        """Put as much on the wire as there is room for."""
        self.swept += 1
        if self.broken:
            raise ConnectionResetError
        if not self.room:
            raise BlockingIOError
        took = min(self.room, len(data))
        self.sent += data[:took]
        self.room -= took
        return took

    def keep(self, rest: bytes | memoryview) -> int:
        """Keep what the wire did not take."""
        if not self.waiting and self.subscriber is not None:
            self.subscriber.stall()
        self.waiting += rest
        return len(self.waiting)

    def write(self, frame: bytes) -> int:
        """Send or keep a frame."""
        if self.broken:
            return 0
        if self.waiting:
            return self.keep(frame)
        try:
            took = self.send(frame)
        except BlockingIOError:
            took = 0
        return self.keep(frame[took:]) if took < len(frame) else 0

    def buffered(self) -> int:
        """Return the bytes not yet sent."""
        return len(self.waiting)

    def close(self, code: int, reason: str = "") -> None:
        """See ``busloc.hub.Client``."""

    def drain(self) -> None:
        """Read all that was sent."""
        self.room = 10**9
        self.sent += self.waiting
        self.waiting.clear()


def listen(hub: Hub, *topics: str) -> Socket:
    socket = Socket()
    socket.subscriber = hub.join(socket, wire=socket)
    for topic in topics:
        hub.subscribe(socket.subscriber, topic)
    return socket


def heard(socket: Socket) -> list[dict[str, object]]:
    """Return the frames on the wire; raises when they are not whole."""
    data, frames = bytes(socket.sent), []
    while data:
        size = data[1]
        start = 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(data[2:start], "big")
        assert data[0] == 0x81, "a frame began in the middle of another"
        frames.append(json.loads(ws_payload(data[: start + size])))
        data = data[start + size :]
    return frames


def tick(hub: Hub, clock: Clock) -> None:
    clock.pass_s(hub, TICK_S)


def test_who_keeps_up_is_sent_to_directly_and_who_has_something_waiting_is_not() -> None:
    hub, clock = new_hub()
    quick, slow = listen(hub, "vehicles"), listen(hub, "vehicles")
    for value in range(2):
        hub.publish("vehicles", "a", bus("a", value))
        tick(hub, clock)
    before = slow.swept
    slow.room = 10
    hub.publish("vehicles", "a", bus("a", 2))
    tick(hub, clock)
    assert slow.swept == before + 1

    hub.publish("vehicles", "a", bus("a", 3))
    tick(hub, clock)

    assert slow.swept == before + 1, "what comes next would land in the middle of a frame"
    slow.drain()
    assert [frame["s"] for frame in heard(slow)] == [frame["s"] for frame in heard(quick)]


def test_a_broken_wire_is_told_from_one_that_is_full() -> None:
    crowd = Crowd()
    whole, full, gone, last = Socket(), Socket(), Socket(), Socket()
    full.room, gone.broken = 0, True
    who = {socket: Subscriber(socket, wire=socket) for socket in (whole, full, gone, last)}
    for socket, subscriber in who.items():
        crowd.add(subscriber)
        crowd.settle(subscriber, socket.send)

    assert crowd.sweep(b"frame") == [(who[full], 0), (who[gone], FAILED)]
    assert bytes(whole.sent) == bytes(last.sent) == b"frame"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["publish", "large", "tick", "drain", "break"]),
        st.integers(0, 3),
        st.integers(0, 400),
    ),
    max_size=60,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_whatever_the_wires_take_everybody_gets_whole_frames_and_ends_with_the_truth(
    steps: list[tuple[str, int, int]],
) -> None:
    hub, clock = new_hub()
    sockets = [listen(hub, "route:1"), listen(hub, "route:1", "route:2"), listen(hub, "route:2")]
    broken: set[Socket] = set()
    for topic in ("route:1", "route:2", "route:1", "route:2"):  # by now all are sent to directly
        hub.publish(topic, "v0", bus("v0", len(topic)))
        tick(hub, clock)
    for what, which, much in steps:
        socket = sockets[which % 3]
        if what == "tick":
            socket.room = min(socket.room, much)
            tick(hub, clock)
        elif what == "drain":
            socket.drain()
        elif what == "break" and which == 3:
            socket.broken = True
            broken.add(socket)
        else:
            filler = "x" * (BEHIND_BYTES if what == "large" else much)
            fragment = json.dumps({"id": f"v{much % 5}", "v": filler}).encode()
            hub.publish(f"route:{1 + which % 2}", f"v{much % 5}", fragment)
    for _ in range(3):
        for socket in sockets:
            socket.drain()
        tick(hub, clock)

    for socket, topics in zip(sockets, (["1"], ["1", "2"], ["2"]), strict=True):
        if socket in broken:
            continue
        state: dict[str, dict[str, object]] = {f"route:{topic}": {} for topic in topics}
        for frame in heard(socket):
            kept = state[str(frame["t"])] if frame["k"] == "delta" else {}
            state[str(frame["t"])] = kept | {item["id"]: item for item in frame["u"]}  # type: ignore[attr-defined]
        for topic, items in state.items():
            assert items == {key: json.loads(last) for key, last in hub.values(topic).items()}
