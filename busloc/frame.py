"""WebSocket frames as plain bytes (RFC 6455), so that one frame can be sent to everybody."""

from __future__ import annotations

import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIN, DEFLATED = 0x80, 0x40
NORMAL, PROTOCOL_ERROR, UNSUPPORTED_DATA, BAD_DATA, POLICY, TOO_BIG = (
    1000,
    1002,
    1003,
    1007,
    1008,
    1009,
)
NO_ANSWER, RESTART, TRY_AGAIN_LATER = 1011, 1012, 1013
DEFLATE_BYTES = 512
"""Smaller frames gain nothing by compression."""
SYNC = b"\x00\x00\xff\xff"
"""What ends a compressed message, and is left out of its frame (RFC 7692)."""


def ws_frame(payload: bytes, opcode: int = TEXT, *, deflated: bool = False) -> bytes:
    r"""Return one whole unmasked frame, as a server sends it.

    >>> ws_frame(b"hi")
    b'\x81\x02hi'
    """
    size, first = len(payload), FIN | opcode | (DEFLATED if deflated else 0)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def ws_payload(frame: bytes) -> bytes:
    """Return what ``ws_frame`` was given, for servers that frame messages themselves.

    >>> ws_payload(ws_frame(b"hi"))
    b'hi'
    """
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]


def close_frame(code: int, reason: str = "") -> bytes:
    """Return the frame that ends a connection with a status code."""
    return ws_frame(code.to_bytes(2, "big") + reason.encode(), CLOSE)


class Frame:
    """One message for everybody: ``plain``, and ``deflated`` where compression was agreed.

    It is compressed once, when first asked for, and without memory of other messages, so that the
    same bytes suit every client that asked for ``server_no_context_takeover``.  A ``secret`` one
    is never compressed: its length would tell of what is in it (BREACH).
    """

    __slots__ = ("_deflated", "plain")

    def __init__(self, payload: bytes, *, secret: bool = False) -> None:
        self.plain = ws_frame(payload)
        self._deflated = self.plain if secret or len(self.plain) <= DEFLATE_BYTES else None

    @property
    def deflated(self) -> bytes:
        """The compressed frame, or the plain one when that is no longer."""
        if self._deflated is None:
            self._deflated = _deflate(self.plain)
        return self._deflated


def _deflate(plain: bytes) -> bytes:
    # Level 1: a frame of 200 vehicles takes 80 µs, at level 6 five times as long for 10 % less.
    compress = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = compress.compress(ws_payload(plain)) + compress.flush(zlib.Z_SYNC_FLUSH)
    frame = ws_frame(packed.removesuffix(SYNC), deflated=True)
    return frame if len(frame) < len(plain) else plain
