"""The live stream for those without WebSockets: server-sent events, and asking again and again.

Both hear the same frames from the same rings.  An *id* says where a listener stands on each of its
topics, in the order it named them: ``epoch:seq,epoch:seq``; whoever sends it back goes on there.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Sequence

import msgspec

from busloc.frame import POLICY, ws_payload
from busloc.hub import NOWHERE, Hub, Since
from busloc.io.stream import Until

ID_CHARS = 4096


class _Head(msgspec.Struct):
    """What of a frame says where a listener stands, and whether it was told anything."""

    t: str
    e: str
    s: int
    k: str
    u: msgspec.Raw

    @property
    def told(self) -> bool:
        return self.k == "snap" or bytes(self.u) != b"[]"


_head = msgspec.json.Decoder(_Head)


class Outlet:
    """See ``busloc.hub.Client``: frames wait here until somebody asks for the next."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._closed = False

    def write(self, frame: bytes) -> int:
        """Keep a frame; return the bytes that wait, none when it is alone."""
        self._frames.append(frame)
        self._bytes += len(frame)
        self._news.set()
        return 0 if self._bytes == len(frame) else self._bytes

    def buffered(self) -> int:
        """Return the bytes nobody has asked for yet."""
        return self._bytes

    def close(self, code: int, reason: str = "") -> None:  # noqa: ARG002 - there is no close frame
        """End; what waits is dropped."""
        self._closed = True
        self._frames.clear()
        self._news.set()

    async def next(self) -> bytes | None:
        """Return the JSON of the next frame; ``None`` when there will be none."""
        while not self._frames:
            if self._closed:
                return None
            self._news.clear()
            await self._news.wait()
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        return ws_payload(frame)


class Places:
    """Where a listener stands on each of its topics."""

    def __init__(self, topics: Sequence[str], last_id: str = "") -> None:
        held = _read_id(last_id)
        known = held if len(held) == len(topics) else [None] * len(topics)
        self._places = dict(zip(topics, known, strict=True))

    def since(self) -> dict[str, Since | None]:
        """Return the place on each topic, ``None`` where there is none."""
        return dict(self._places)

    def note(self, frame: bytes) -> bool:
        """Learn from a frame's JSON; say whether it tells anything new."""
        try:
            head = _head.decode(frame)
        except msgspec.ValidationError:
            return True  # a refusal: it stands nowhere
        self._places[head.t] = head.e, head.s
        return head.told

    @property
    def id(self) -> str:
        """What to send back to go on from here."""
        places = (place or NOWHERE for place in self._places.values())
        return ",".join(f"{epoch}:{seq}" for epoch, seq in places)


async def events(
    hub: Hub, topics: Sequence[str], last_id: str = "", until: Until | None = None
) -> AsyncGenerator[bytes, None]:
    """Yield topics as server-sent events, going on after ``last_id`` if it is still held.

    It ends when ``until()`` is over.  The first line tells the browser how long to wait before it
    comes back, each another time.
    """
    outlet, places = Outlet(), Places(topics, last_id)
    subscriber = hub.join(outlet)
    watch = asyncio.create_task(_close_after(until, outlet)) if until else None
    try:
        yield b"retry: %d\n\n" % round(1000 * random.uniform(1, 1 + hub.retry_s))  # noqa: S311
        for topic, since in places.since().items():
            hub.subscribe(subscriber, topic, since)
        while (frame := await outlet.next()) is not None:
            places.note(frame)
            yield b"id: %b\ndata: %b\n\n" % (places.id.encode(), frame)
    finally:
        hub.leave(subscriber)
        if watch is not None:
            watch.cancel()


async def _close_after(until: Until, outlet: Outlet) -> None:
    await until()
    outlet.close(POLICY)


async def poll(hub: Hub, topics: Sequence[str], last_id: str, wait_s: float) -> bytes:
    """Return ``{"id","frames"}``: what topics have told since ``last_id``, or tell within a time.

    Without a place that is still held the answer is a snapshot, at once.
    """
    outlet, places = Outlet(), Places(topics, last_id)
    subscriber = hub.join(outlet)
    frames: list[bytes] = []
    told = False
    try:
        for topic, since in places.since().items():
            hub.subscribe(subscriber, topic, since)
        async with asyncio.timeout(wait_s):
            while not told or outlet.buffered():
                frame = await outlet.next()
                if frame is None:
                    break
                told |= places.note(frame)
                frames.append(frame)
    except TimeoutError:
        frames.clear()  # nothing but signs of life
    finally:
        hub.leave(subscriber)
    return b'{"id":%b,"frames":[%b]}' % (msgspec.json.encode(places.id), b",".join(frames))


def _read_id(text: str) -> list[Since | None]:
    """Return the places an id names, none at all when it is none of ours."""
    if not text or len(text) > ID_CHARS:
        return []
    places: list[Since | None] = []
    for part in text.split(","):
        epoch, _, seq = part.rpartition(":")
        if not (seq.isascii() and seq.isdecimal() and len(seq) < 20):
            places.append(None)
        else:
            places.append((epoch, int(seq)))
    return places
