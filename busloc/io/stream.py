"""The live stream over WebSocket: ``/ws/live`` of the contract, on any ASGI server.

Under uvicorn with ``SharedFrameProtocol`` the hub writes its prebuilt frames straight to the
transport; elsewhere each client gets a task that sends them one by one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, cast

import msgspec
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from busloc.frame import close_frame, ws_payload
from busloc.hub import BEAT_S, Hub, Subscriber

Scope = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[dict[str, Any]], Any]
Authorise = Callable[[Scope, str], bool]

MESSAGE_BYTES = 512 * 1024
"""The largest message any WebSocket of ours takes: a batch of 3,600 pings."""
CONTROL_BYTES = 4096
TOPICS_MAX = 64
CONTROLS_PER_S = 50
LINGER_S = 5.0
UNSUPPORTED_DATA, POLICY, TOO_BIG = 1003, 1008, 1009
_TRANSPORT = "busloc.transport"


class SharedFrameProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, showing its transport to the application.

    Run with ``--ws busloc.io.stream:SharedFrameProtocol``.
    """

    def handle_connect(self, event: Request) -> None:
        """Accept the handshake as uvicorn does, before the application's task first runs."""
        self.conn.max_message_size = MESSAGE_BYTES
        super().handle_connect(event)
        scope = getattr(self, "scope", None)  # absent when the handshake was refused
        if scope is not None:
            scope["extensions"][_TRANSPORT] = {"transport": self.transport}

    def keepalive_timeout(self) -> None:
        """End a connection that answers no ping, without waiting for what it will never read."""
        super().keepalive_timeout()
        self.loop.call_later(LINGER_S, self.transport.abort)


class TransportClient:
    """A client whose transport takes finished frames."""

    __slots__ = ("_transport", "buffered", "write")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.write: Callable[[bytes], object] = transport.write
        self.buffered: Callable[[], int] = transport.get_write_buffer_size

    def close(self, code: int) -> None:
        """End the connection, by force if it does not drain."""
        self._transport.write(close_frame(code))
        self._transport.close()
        asyncio.get_running_loop().call_later(LINGER_S, self._transport.abort)


class QueueClient:
    """A client of a server that frames messages itself, sent to by a task of its own."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._close_code: int | None = None

    def write(self, frame: bytes) -> None:
        """Queue a frame; the hub stops writing when ``buffered`` says so."""
        self._waiting.append(frame)
        self._bytes += len(frame)
        self._news.set()

    def buffered(self) -> int:
        """Return the bytes not handed to the server yet."""
        return self._bytes

    def close(self, code: int) -> None:
        """End the connection; what is queued is dropped."""
        self._close_code = code
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
            if self._close_code is not None:
                await self._send({"type": "websocket.close", "code": self._close_code})
                return


class Hurry:
    """Counts the messages of one client within each second."""

    def __init__(self) -> None:
        self._second = 0
        self._count = 0

    def exceeded(self) -> bool:
        """Count one more; say whether that is more than a client may send in a second."""
        second = int(asyncio.get_running_loop().time())
        self._count = self._count + 1 if second == self._second else 1
        self._second = second
        return self._count > CONTROLS_PER_S


_Topics = Annotated[list[str], msgspec.Meta(max_length=TOPICS_MAX)]


class Control(msgspec.Struct):
    """What a client may say: topics to join, where it left off, topics to leave."""

    sub: _Topics = []
    unsub: _Topics = []
    since: dict[str, tuple[str, int]] = {}


_control = msgspec.json.Decoder(Control)


class LiveEndpoint:
    """The ASGI application of ``/ws/live``.

    ``authorise(scope, topic)`` says who may hear what, without waiting; ``origin_allowed(origin)``
    whether a page of that origin may connect (``None``: not a browser).
    """

    def __init__(
        self,
        hub: Hub,
        authorise: Authorise,
        origin_allowed: Callable[[str | None], bool] = lambda _origin: True,
    ) -> None:
        self._hub = hub
        self._authorise = authorise
        self._origin_allowed = origin_allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        await receive()
        if not self._origin_allowed(header(scope, b"origin")):
            await send({"type": "websocket.close", "code": POLICY})
            return
        await send({"type": "websocket.accept"})
        shared = scope.get("extensions", {}).get(_TRANSPORT)
        if shared is not None:
            await self._listen(scope, receive, send, TransportClient(shared["transport"]))
            return
        client = QueueClient(send)
        pump = asyncio.create_task(client.pump())
        try:
            await self._listen(scope, receive, send, client)
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _listen(
        self, scope: Scope, receive: Receive, send: Send, client: TransportClient | QueueClient
    ) -> None:
        subscriber = self._hub.join(client)
        try:
            hurry = Hurry()
            while (message := await receive())["type"] == "websocket.receive":
                refused = POLICY if hurry.exceeded() else self._obey(scope, subscriber, message)
                if refused is not None:
                    self._hub.leave(subscriber)
                    await send({"type": "websocket.close", "code": refused})
                    return
        finally:
            self._hub.leave(subscriber)

    def _obey(self, scope: Scope, subscriber: Subscriber, message: dict[str, Any]) -> int | None:
        """Do what a control message asks; return the close code when it makes no sense."""
        text = message.get("text")
        if text is None:
            return UNSUPPORTED_DATA
        if len(text) > CONTROL_BYTES or len(text.encode()) > CONTROL_BYTES:
            return TOO_BIG
        try:
            control = _control.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return UNSUPPORTED_DATA
        for topic in control.unsub:
            self._hub.unsubscribe(subscriber, topic)
        for topic in control.sub:
            self._subscribe(scope, subscriber, topic, control.since.get(topic))
        return None

    def _subscribe(
        self, scope: Scope, subscriber: Subscriber, topic: str, since: tuple[str, int] | None
    ) -> None:
        reason = None
        if topic not in subscriber.topics and len(subscriber.topics) >= TOPICS_MAX:
            reason = "limit"
        elif not self._authorise(scope, topic):
            reason = "forbidden"
        if reason is None:
            self._hub.subscribe(subscriber, topic, since)
        else:
            self._hub.refuse(subscriber, topic, reason)


def header(scope: Scope, name: bytes) -> str | None:
    """Return a request header by its lower-case name, or ``None``."""
    for key, value in cast("list[tuple[bytes, bytes]]", scope["headers"]):
        if key == name:
            return value.decode("latin-1")
    return None


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
