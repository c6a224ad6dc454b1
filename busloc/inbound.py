"""What a WebSocket client says: its bytes as whole messages, or the code it is sent away with.

Strict, as RFC 6455 asks of a server, and bounded: nothing longer than ``limit`` is ever kept.
Pure: bytes in, values out.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

from busloc.frame import (
    BAD_DATA,
    BINARY,
    CLOSE,
    CONTINUATION,
    DEFLATED,
    FIN,
    NORMAL,
    PING,
    PONG,
    PROTOCOL_ERROR,
    SYNC,
    TEXT,
    TOO_BIG,
)

_OPCODES = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_CONTROL_BYTES = 125
_OPCODE, _RESERVED, _MASKED = 0x0F, 0x30, 0x80


class Said(NamedTuple):
    """A whole message; ``opcode`` is ``TEXT``, ``BINARY``, ``CLOSE``, ``PING`` or ``PONG``."""

    opcode: int
    payload: bytes


class Fault(NamedTuple):
    """Why nothing more is read from this client: the code to close with."""

    code: int


_Head = tuple[int, int, int]
"""The start of a frame: its first byte, where its payload begins, and how long that is."""


class Inbound:
    """The bytes of one client; ``inflates`` says that compression without memory was agreed."""

    __slots__ = ("_deflated", "_inflates", "_limit", "_opcode", "_parts", "_rest")

    def __init__(self, limit: int, *, inflates: bool = False) -> None:
        self._limit = limit
        self._inflates = inflates
        self._rest = b""
        self._opcode = CONTINUATION
        self._parts: bytes = b""
        self._deflated = False

    def feed(self, data: bytes) -> list[Said | Fault]:
        """Return what has become whole with these bytes; after a ``Fault`` comes nothing."""
        if not self._rest and self._opcode == CONTINUATION and (text := _one_text(data)):
            return [text] if len(text.payload) <= self._limit else [Fault(TOO_BIG)]
        self._rest += data
        said: list[Said | Fault] = []
        while (head := _head(self._rest)) is not None:
            first, start, size = head
            fault = self._wrong(first, size)
            if fault is not None:
                return [*said, Fault(fault)]
            if len(self._rest) < start + size:
                break
            found = self._take(first, start, start + size)
            if found is not None:
                said.append(found)
            if isinstance(found, Fault):
                break
        return said

    def _wrong(self, first: int, size: int) -> int | None:
        """Return the code for a frame that may not come, judged before its payload is here."""
        opcode = first & _OPCODE
        if size < 0 or first & _RESERVED or opcode not in _OPCODES:
            return PROTOCOL_ERROR
        if opcode >= CLOSE:
            whole = first & FIN and not first & DEFLATED and size <= _CONTROL_BYTES
            return None if whole else PROTOCOL_ERROR
        if (opcode == CONTINUATION) != (self._opcode != CONTINUATION):
            return PROTOCOL_ERROR
        if first & DEFLATED and (opcode == CONTINUATION or not self._inflates):
            return PROTOCOL_ERROR
        return TOO_BIG if len(self._parts) + size > self._limit else None

    def _take(self, first: int, start: int, end: int) -> Said | Fault | None:
        """Take one frame off the bytes; ``None`` when its message goes on."""
        opcode = first & _OPCODE
        payload = _unmask(self._rest[start:end], self._rest[start - 4 : start])
        self._rest = self._rest[end:]
        if opcode >= CLOSE:
            return Said(opcode, payload)
        if opcode != CONTINUATION:
            self._opcode, self._deflated = opcode, bool(first & DEFLATED)
        self._parts += payload
        return self._whole() if first & FIN else None

    def _whole(self) -> Said | Fault:
        opcode, payload = self._opcode, self._parts
        self._opcode, self._parts = CONTINUATION, b""
        if self._deflated:
            inflated = _inflate(payload, self._limit)
            if isinstance(inflated, Fault):
                return inflated
            payload = inflated
        if opcode == TEXT and not _is_text(payload):
            return Fault(BAD_DATA)
        return Said(opcode, payload)


def _one_text(data: bytes) -> Said | None:
    """Return the message when the bytes are one short text in one frame, as devices send them."""
    size = len(data) - 6
    if size < 126:
        start, head = 6, bytes((FIN | TEXT, _MASKED | max(size, 0)))
    else:
        start, size = 8, size - 2
        if not 126 <= size < 65_536:
            return None
        head = bytes((FIN | TEXT, _MASKED | 126)) + size.to_bytes(2, "big")
    if size < 0 or not data.startswith(head):
        return None
    payload = _unmask(data[start:], data[start - 4 : start])
    return Said(TEXT, payload) if _is_text(payload) else None


def close_code(payload: bytes) -> int:
    """Return the code to answer a client's close frame with."""
    if not payload:
        return NORMAL
    if not _is_text(payload[2:]):
        return BAD_DATA
    code = int.from_bytes(payload[:2], "big")
    known = 1000 <= code <= 1014 and code not in (1004, 1005, 1006)
    return code if len(payload) > 1 and (known or 3000 <= code < 5000) else PROTOCOL_ERROR


def _head(data: bytes) -> _Head | None:
    """Read the start of a frame; ``None`` while it is not all there, size -1 when it is wrong."""
    if len(data) < 2:
        return None
    first, second = data[0], data[1]
    if second < _MASKED:
        return first, 2, -1
    size = second & 0x7F
    if size < 126:
        return (first, 6, size) if len(data) >= 6 else None
    start = 8 if size == 126 else 14
    if len(data) < start:
        return None
    size = int.from_bytes(data[2 : start - 4], "big")
    shortest = 126 if start == 8 else 65_536
    return first, start, size if shortest <= size < 2**63 else -1


def _unmask(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")


def _inflate(payload: bytes, limit: int) -> bytes | Fault:
    inflate = zlib.decompressobj(-15)
    try:
        plain = inflate.decompress(payload + SYNC, limit + 1)
    except zlib.error:
        return Fault(BAD_DATA)
    return plain if len(plain) <= limit else Fault(TOO_BIG)


def _is_text(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
