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

_CONTROL_BYTES = 125
_RESERVED = 0x30
_MASKED = 0x80


class Said(NamedTuple):
    """A whole message; ``opcode`` is ``TEXT``, ``BINARY``, ``CLOSE``, ``PING`` or ``PONG``."""

    opcode: int
    payload: bytes


class Fault(NamedTuple):
    """Why nothing more is read from this client: the code to close with."""

    code: int


class _Head(NamedTuple):
    """The start of a frame: its first byte, where its payload begins, and how long that is."""

    first: int
    start: int
    size: int

    @property
    def opcode(self) -> int:
        return self.first & 0x0F

    @property
    def fin(self) -> bool:
        return bool(self.first & FIN)

    @property
    def deflated(self) -> bool:
        return bool(self.first & DEFLATED)


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
        self._rest += data
        said: list[Said | Fault] = []
        while (head := _head(self._rest)) is not None:
            fault = self._wrong(head)
            if fault is not None:
                return [*said, Fault(fault)]
            if len(self._rest) < head.start + head.size:
                break
            found = self._take(head)
            if found is not None:
                said.append(found)
            if isinstance(found, Fault):
                break
        return said

    def _wrong(self, head: _Head) -> int | None:
        """Return the code for a frame that may not come, judged before its payload is here."""
        if head.size < 0 or head.first & _RESERVED:
            return PROTOCOL_ERROR
        if head.opcode in (CLOSE, PING, PONG):
            whole = head.fin and not head.deflated and head.size <= _CONTROL_BYTES
            return None if whole else PROTOCOL_ERROR
        if head.opcode not in (CONTINUATION, TEXT, BINARY):
            return PROTOCOL_ERROR
        if (head.opcode == CONTINUATION) != (self._opcode != CONTINUATION):
            return PROTOCOL_ERROR
        if head.deflated and (head.opcode == CONTINUATION or not self._inflates):
            return PROTOCOL_ERROR
        return TOO_BIG if len(self._parts) + head.size > self._limit else None

    def _take(self, head: _Head) -> Said | Fault | None:
        """Take one frame off the bytes; ``None`` when its message goes on."""
        end = head.start + head.size
        payload = _unmask(self._rest[head.start : end], self._rest[head.start - 4 : head.start])
        self._rest = self._rest[end:]
        if head.opcode in (CLOSE, PING, PONG):
            return Said(head.opcode, payload)
        if head.opcode != CONTINUATION:
            self._opcode, self._deflated = head.opcode, head.deflated
        self._parts += payload
        return self._whole() if head.fin else None

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


def close_code(payload: bytes) -> int:
    """Return the code to answer a client's close frame with."""
    if not payload:
        return NORMAL
    code = int.from_bytes(payload[:2], "big")
    known = 1000 <= code <= 1014 and code not in (1004, 1005, 1006)
    if len(payload) == 1 or not (known or 3000 <= code < 5000):
        return PROTOCOL_ERROR
    return code if _is_text(payload[2:]) else BAD_DATA


def _head(data: bytes) -> _Head | None:
    """Read the start of a frame; ``None`` while it is not all there, size -1 when it is wrong."""
    if len(data) < 2:
        return None
    first, size = data[0], data[1] & 0x7F
    if not data[1] & _MASKED:
        return _Head(first, 2, -1)
    extra = {126: 2, 127: 8}.get(size, 0)
    if len(data) < 6 + extra:
        return None
    if extra:
        size = int.from_bytes(data[2 : 2 + extra], "big")
        if size < (126 if extra == 2 else 65_536) or size >= 2**63:
            size = -1
    return _Head(first, 6 + extra, size)


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
