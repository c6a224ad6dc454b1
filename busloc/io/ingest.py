"""Pings in: the body of ``POST /api/v1/positions`` and the frames of ``WS /ws/vehicle``."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence

import msgspec

from busloc.io.stream import MESSAGE_BYTES, TOO_BIG, UNSUPPORTED_DATA, Receive, Scope, Send
from busloc.ping import Malformed, Ping, Unreadable, Verdict, read_pings

RECHECK_S = 5.0
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
    ours; it is asked again every five seconds, so that a revoked device is cut off.
    """

    def __init__(
        self,
        accept: Accept,
        authenticate: Authenticate,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accept = accept
        self._authenticate = authenticate
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        await receive()
        allowed = await self._authenticate(scope)
        if allowed is None:
            await send({"type": "websocket.close", "code": FORBIDDEN})
            return
        await send({"type": "websocket.accept"})
        checked_s = self._monotonic()
        while (message := await receive())["type"] == "websocket.receive":
            if self._monotonic() - checked_s > RECHECK_S:
                allowed, checked_s = await self._authenticate(scope), self._monotonic()
            said = FORBIDDEN if allowed is None else self._hear(allowed, message.get("text"))
            if isinstance(said, int):
                await send({"type": "websocket.close", "code": said})
                return
            await send({"type": "websocket.send", "text": said})

    def _hear(self, allowed: frozenset[str], text: str | None) -> str | int:
        """Return the answer to a frame, or the close code when it is no list of pings."""
        if text is None:
            return UNSUPPORTED_DATA
        items = read_pings(text.encode())
        if isinstance(items, Unreadable):
            return TOO_BIG if items.reason == "too_many" else UNSUPPORTED_DATA
        return answer(self._accept(allowed, items)).decode()
