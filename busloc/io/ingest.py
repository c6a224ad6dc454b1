"""Pings in: the body of ``POST /api/v1/positions`` and the frames of ``WS /ws/vehicle``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence

import msgspec

from busloc.frame import TEXT, TOO_BIG, UNSUPPORTED_DATA, ws_frame
from busloc.inbound import Said
from busloc.io.connection import Connection, Handover
from busloc.io.stream import MESSAGE_BYTES, Receive, Scope, Send, first, handed_over, offered
from busloc.ping import Malformed, Ping, Unreadable, Verdict, read_pings

RECHECK_S = 2.0
FORBIDDEN = 1008

Items = list[Ping | Malformed]
Accept = Callable[[frozenset[str], Items], Sequence[Verdict]]
Authenticate = Callable[[Scope], Awaitable[frozenset[str] | None]]


async def read_batch(
    body: AsyncIterable[bytes], limit_bytes: int = MESSAGE_BYTES
) -> Items | Unreadable:
    """Read a request's body as pings, giving up as soon as it is too large."""
    whole = bytearray()
    async for piece in body:
        whole += piece
        if len(whole) > limit_bytes:
            return Unreadable("too_large")
    return read_pings(bytes(whole))


def answer(verdicts: Sequence[Verdict]) -> bytes:
    """Return the JSON answer to a batch: one verdict an item, in the order sent.

    >>> answer([Verdict.LIVE, Verdict.FUTURE])
    b'{"verdicts":["live","future"]}'
    """
    return msgspec.json.encode({"verdicts": verdicts})


class VehicleEndpoint:
    """The ASGI application of ``/ws/vehicle``: one array a frame, answered by its verdicts.

    ``authenticate(scope)`` returns the vehicles a device may report, ``None`` when it is none of
    ours; it is asked again every other second, so that a revoked device is cut off, silent or not.
    """

    def __init__(
        self, accept: Accept, authenticate: Authenticate, recheck_s: float = RECHECK_S
    ) -> None:
        self._accept = accept
        self._authenticate = authenticate
        self._recheck_s = recheck_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        take = offered(scope)
        if take is None:
            await receive()
        allowed = await self._authenticate(scope)
        if allowed is None:
            await send({"type": "websocket.close", "code": FORBIDDEN})
            return
        await send({"type": "websocket.accept"})
        if take is None:
            await self._converse(scope, allowed, receive, send)
        elif (handover := await handed_over(take)) is not None:
            device = _Device(handover, lambda text: self._hear(allowed, text))
            await first(device.connection.ended(), self._unknown(scope))
            device.connection.close(FORBIDDEN)
        else:
            await receive()
            await self._converse(scope, allowed, receive, send)

    async def _converse(
        self, scope: Scope, allowed: frozenset[str], receive: Receive, send: Send
    ) -> None:
        """Listen to a device through the messages of ASGI."""
        listening = asyncio.current_task()
        watching = asyncio.create_task(self._watch(scope, listening))
        try:
            code = await self._listen(allowed, receive, send)
        except asyncio.CancelledError:
            if listening is None or not watching.done():
                raise  # the server ends; it was not the watch that interrupted us
            listening.uncancel()
            code = FORBIDDEN
        finally:
            watching.cancel()
        if code is not None:
            await send({"type": "websocket.close", "code": code})

    async def _unknown(self, scope: Scope) -> None:
        """Wait until the device is none of ours any more."""
        while await self._authenticate(scope) is not None:  # noqa: ASYNC110 - it is polled
            await asyncio.sleep(self._recheck_s)

    async def _watch(self, scope: Scope, listening: asyncio.Task[None] | None) -> None:
        """Interrupt the listening when the device is none of ours any more."""
        await self._unknown(scope)
        if listening is not None:
            listening.cancel()

    async def _listen(self, allowed: frozenset[str], receive: Receive, send: Send) -> int | None:
        """Answer frames; return the code to close with, ``None`` when the device has left."""
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text")
            said = UNSUPPORTED_DATA if text is None else self._hear(allowed, text.encode())
            if isinstance(said, int):
                return said
            await send({"type": "websocket.send", "text": said.decode()})
        return None

    def _hear(self, allowed: frozenset[str], text: bytes) -> bytes | int:
        """Return the answer to a frame, or the close code when it is no list of pings."""
        items = read_pings(text)
        if isinstance(items, Unreadable):
            return TOO_BIG if items.reason == "too_many" else UNSUPPORTED_DATA
        return answer(self._accept(allowed, items))


class _Device:
    """What stands behind a device's own socket."""

    def __init__(self, handover: Handover, hear: Callable[[bytes], bytes | int]) -> None:
        self._hear = hear
        self.connection = Connection(handover, self, MESSAGE_BYTES, said_per_s=None)
        self.connection.open()

    def hear(self, said: Said) -> int | None:
        """See ``busloc.io.connection.Listener``."""
        found = self._hear(said.payload) if said.opcode == TEXT else UNSUPPORTED_DATA
        if isinstance(found, int):
            return found
        self.connection.write(ws_frame(found))
        return None

    def leave(self) -> None:
        """See ``busloc.io.connection.Listener``."""

    def stalled(self) -> None:
        """See ``busloc.io.connection.Listener``."""

    def farewell(self) -> str:
        """See ``busloc.io.connection.Listener``."""
        return ""
