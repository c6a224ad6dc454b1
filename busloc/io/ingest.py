"""Pings in: the body of ``POST /api/v1/positions`` and the frames of ``WS /ws/vehicle``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence

import msgspec

from busloc.io.stream import MESSAGE_BYTES, Receive, Scope, Send
from busloc.ping import Malformed, Ping, Unreadable, Verdict, read_pings

RECHECK_S = 2.0
UNSUPPORTED_DATA, FORBIDDEN, TOO_BIG = 1003, 1008, 1009

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
        await receive()
        allowed = await self._authenticate(scope)
        if allowed is None:
            await send({"type": "websocket.close", "code": FORBIDDEN})
            return
        await send({"type": "websocket.accept"})
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

    async def _watch(self, scope: Scope, listening: asyncio.Task[None] | None) -> None:
        """Interrupt the listening when the device is none of ours any more."""
        while await self._authenticate(scope) is not None:  # noqa: ASYNC110 - it is polled
            await asyncio.sleep(self._recheck_s)
        if listening is not None:
            listening.cancel()

    async def _listen(self, allowed: frozenset[str], receive: Receive, send: Send) -> int | None:
        """Answer frames; return the code to close with, ``None`` when the device has left."""
        while (message := await receive())["type"] == "websocket.receive":
            said = self._hear(allowed, message.get("text"))
            if isinstance(said, int):
                return said
            await send({"type": "websocket.send", "text": said})
        return None

    def _hear(self, allowed: frozenset[str], text: str | None) -> str | int:
        """Return the answer to a frame, or the close code when it is no list of pings."""
        if text is None:
            return UNSUPPORTED_DATA
        items = read_pings(text.encode())
        if isinstance(items, Unreadable):
            return TOO_BIG if items.reason == "too_many" else UNSUPPORTED_DATA
        return answer(self._accept(allowed, items)).decode()
