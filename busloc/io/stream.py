"""The live stream over WebSocket: ``/ws/live`` of the contract, on any ASGI server.

Under uvicorn with ``SharedFrameProtocol`` a listener is its socket and no more, and the hub writes
its prebuilt frames straight to it; elsewhere each listener has a task that sends them one by one.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, cast

import msgspec

from busloc.cells import parse_area, topics_within
from busloc.frame import (
    BINARY,
    POLICY,
    TEXT,
    TOO_BIG,
    TRY_AGAIN_LATER,
    UNSUPPORTED_DATA,
    ws_payload,
)
from busloc.hub import BEAT_S, Hub, Subscriber, retry_reason
from busloc.inbound import Said
from busloc.io.connection import Connection, Handover, Hurry
from busloc.io.protocol import HANDOVER, MESSAGE_BYTES, SharedFrameProtocol

__all__ = [
    "MESSAGE_BYTES", "Admission", "Limits", "LiveEndpoint", "SharedFrameProtocol", "running",
    "topics_named",
]  # fmt: skip

Scope = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[dict[str, Any]], Any]
MayHear = Callable[[str], bool]
"""Says of a topic whether a listener may hear it, without waiting."""
Authorise = Callable[[Scope], MayHear]
Until = Callable[[], Awaitable[object]]

CONTROL_BYTES = 4096
TOPICS_MAX = 64
FLUSHES_MAX = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How many listeners one process takes, and from one address.

    A town behind one address (a carrier's, a school's) is still a few hundred people.
    """

    connections: int = 20_000
    per_address: int = 1_000


class Admission:
    """Counts who is in; every way to listen asks the same one."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._from: Counter[str] = Counter()
        self.inside = 0

    def has_room(self, address: str) -> bool:
        """Say whether one more may come from an address."""
        of_it = self._from.get(address, 0)
        return self.inside < self._limits.connections and of_it < self._limits.per_address

    def enter(self, address: str) -> bool:
        """Let one more in from an address, unless there are too many."""
        if not self.has_room(address):
            return False
        self.inside += 1
        self._from[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Make room for another."""
        self.inside -= 1
        self._from[address] -= 1
        if not self._from[address]:
            del self._from[address]


class QueueClient:
    """A client of a server that frames messages itself, sent to by a task of its own."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._close: tuple[int, str] | None = None

    def write(self, frame: bytes) -> int:
        """Queue a frame; return the bytes that wait, none when it is alone and on its way."""
        self._waiting.append(frame)
        self._bytes += len(frame)
        self._news.set()
        return 0 if self._bytes == len(frame) else self._bytes

    def buffered(self) -> int:
        """Return the bytes not handed to the server yet."""
        return self._bytes

    @property
    def closing(self) -> bool:
        """The connection is to end."""
        return self._close is not None

    def close(self, code: int, reason: str = "") -> None:
        """End the connection; what is queued is dropped."""
        self._close = code, reason
        self._waiting.clear()
        self._news.set()

    async def pump(self) -> None:
        """Send what is queued until the connection ends."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                frame = self._waiting.popleft()
                await self._send({"type": "websocket.send", "text": ws_payload(frame).decode()})
                self._bytes -= len(frame)
            if self._close is not None:
                code, reason = self._close
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
                return


_Topics = Annotated[list[str], msgspec.Meta(max_length=TOPICS_MAX)]


class Control(msgspec.Struct):
    """What a client may say: topics to join, where it left off, topics to leave."""

    sub: _Topics = []
    unsub: _Topics = []
    since: dict[str, tuple[str, int]] = {}


_control = msgspec.json.Decoder(Control)


class Session:
    """What one listener asks for, carried out."""

    __slots__ = ("_address", "_admission", "_hub", "_may_hear", "subscriber")

    def __init__(self, hub: Hub, may_hear: MayHear, admission: Admission, address: str) -> None:
        self._hub = hub
        self._may_hear = may_hear
        self._admission = admission
        self._address = address
        self.subscriber: Subscriber | None = None

    def join(self, client: Connection | QueueClient, *, deflates: bool = False) -> None:
        """Take part through an open connection."""
        wire = client if isinstance(client, Connection) else None
        self.subscriber = self._hub.join(client, deflates=deflates, wire=wire)

    def leave(self) -> None:
        """Take part no more; harmless when that is so."""
        if self.subscriber is not None:
            self._hub.leave(self.subscriber)
            self.subscriber = None
            self._admission.leave(self._address)

    def stalled(self) -> None:
        """See ``busloc.io.connection.Listener``."""
        if self.subscriber is not None:
            self.subscriber.stall()

    def farewell(self) -> str:
        """Return what to say when the server stops."""
        return retry_reason(self._hub.retry_s)

    def hear(self, said: Said) -> int | None:
        """Do what a control message asks; return the close code when it makes no sense."""
        if said.opcode != TEXT:
            return UNSUPPORTED_DATA
        if len(said.payload) > CONTROL_BYTES:
            return TOO_BIG
        try:
            control = _control.decode(said.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return UNSUPPORTED_DATA
        subscriber = self.subscriber
        if subscriber is None:
            return None
        for asked in control.unsub:
            for topic in topics_named(asked):
                self._hub.unsubscribe(subscriber, topic)
        for asked in control.sub:
            self._subscribe(subscriber, asked, control.since)
        return None

    def _subscribe(
        self, subscriber: Subscriber, asked: str, since: dict[str, tuple[str, int]]
    ) -> None:
        topics = topics_named(asked)
        new = sum(topic not in subscriber.topics for topic in topics)
        if not topics or len(subscriber.topics) + new > TOPICS_MAX:
            self._hub.refuse(subscriber, asked, "limit")
            return
        for topic in topics:
            if self._may_hear(topic):
                self._hub.subscribe(subscriber, topic, since.get(topic))
            else:
                self._hub.refuse(subscriber, topic, "forbidden")


def topics_named(asked: str) -> list[str]:
    """Return the topics somebody asks for by a name: ``area:`` stands for the cells in it."""
    kind, _, where = asked.partition(":")
    area = parse_area(where) if kind == "area" else None
    return [asked] if area is None else topics_within(area)


class LiveEndpoint:
    """The ASGI application of ``/ws/live``.

    ``authorise(scope)`` gives what says which topics may be heard, without waiting;
    ``origin_allowed(origin)`` says whether a page of that origin may connect (``None``: not a
    browser).  ``admission`` is shared with every other way to listen.
    """

    def __init__(
        self,
        hub: Hub,
        authorise: Authorise,
        origin_allowed: Callable[[str | None], bool] = lambda _origin: True,
        admission: Admission | None = None,
    ) -> None:
        self._hub = hub
        self._authorise = authorise
        self._origin_allowed = origin_allowed
        self._admission = admission or Admission()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection: until it ends, or until its socket has been handed over."""
        await self.serve(scope, receive, send)

    async def serve(
        self, scope: Scope, receive: Receive, send: Send, until: Until | None = None
    ) -> None:
        """Serve one connection, closing it when ``until()`` is over."""
        take = offered(scope)
        if take is None:
            await receive()
        if not self._origin_allowed(header(scope, b"origin")):
            await send({"type": "websocket.close", "code": POLICY})
            return
        address = (scope.get("client") or ("",))[0]
        if not self._admission.enter(address):
            await _turn_away(scope, send, self._hub.retry_s)
            return
        session = Session(self._hub, self._authorise(scope), self._admission, address)
        try:
            await send({"type": "websocket.accept"})
            handover: Handover | None = await handed_over(take) if take else None
        except BaseException:
            self._admission.leave(address)
            raise
        if handover is not None:
            await _listen(session, handover, until)
        else:
            await _converse(session, receive, send, until, connected=take is None)


def offered(scope: Scope) -> Callable[[], Handover | None] | None:
    """Return what takes over a connection's socket, ``None`` where the server offers none."""
    take: Callable[[], Handover | None] | None = (
        scope.get("extensions", {}).get(HANDOVER, {}).get("take")
    )
    return take


async def handed_over(take: Callable[[], Handover | None]) -> Handover | None:
    """Take over the socket as soon as the answer to the handshake has left."""
    for _ in range(FLUSHES_MAX):
        handover = take()
        if handover is not None:
            return handover
        await asyncio.sleep(0)
    return None


async def _listen(session: Session, handover: Handover, until: Until | None) -> None:
    """Connect a session to a socket, and stay only where somebody must watch over it."""
    connection = Connection(handover, session, CONTROL_BYTES)
    session.join(connection, deflates=handover.deflates)
    connection.open()
    if until is not None:
        await first(connection.ended(), until())
        connection.close(POLICY, "session ended")


async def _converse(
    session: Session,
    receive: Receive,
    send: Send,
    until: Until | None,
    *,
    connected: bool,
) -> None:
    """Serve a session through the messages of ASGI."""
    client = QueueClient(send)
    session.join(client)
    pump = asyncio.create_task(client.pump())
    watch = asyncio.create_task(_close_after(until, client)) if until else None
    try:
        if not connected:
            await receive()
        await first(_hear_out(session, receive, client), asyncio.shield(pump))
        session.leave()
        if client.closing:
            await pump
    finally:
        session.leave()
        for task in (pump, watch):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


async def _hear_out(session: Session, receive: Receive, client: QueueClient) -> None:
    """Obey a client until it leaves or is to be sent away."""
    hurry = Hurry()
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        said = Said(BINARY, b"") if text is None else Said(TEXT, text.encode())
        refused = (
            POLICY if hurry.exceeded(asyncio.get_running_loop().time()) else session.hear(said)
        )
        if refused is not None:
            client.close(refused)
            return


async def _close_after(until: Until, client: QueueClient) -> None:
    await until()
    client.close(POLICY, "session ended")


async def first(*awaited: Awaitable[object]) -> None:
    """Wait until one of several is over, and end the others."""
    tasks = [asyncio.ensure_future(each) for each in awaited]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _turn_away(scope: Scope, send: Send, retry_s: int) -> None:
    """Refuse a connection because there are too many."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        return
    headers = [(b"retry-after", str(retry_s).encode()), (b"content-length", b"0")]
    start = {"type": "websocket.http.response.start", "status": 503, "headers": headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": b""})


def header(scope: Scope, name: bytes) -> str | None:
    """Return a request header by its lower-case name, or ``None``."""
    for key, value in cast("list[tuple[bytes, bytes]]", scope["headers"]):
        if key == name:
            return value.decode("latin-1")
    return None


async def sent(hub: Hub) -> None:
    """Wait until all that was published so far has left the hub, for its listeners or its bus."""
    done = asyncio.get_running_loop().create_future()

    def say() -> None:
        if not done.done():
            done.set_result(None)

    hub.when_sent(say)
    await done


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[Hub]:
    """Tick a hub by the running event loop, as long as the block lasts."""
    loop = asyncio.get_running_loop()

    def wake(delay_s: float) -> None:
        if delay_s > 0:
            loop.call_later(delay_s, hub.flush)
        else:
            loop.call_soon(hub.flush)

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT_S / 4)
            hub.beat()

    hub.wake = wake
    wake(0.0)
    beating = asyncio.create_task(beat())
    try:
        yield hub
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        hub.wake = lambda _delay_s: None
