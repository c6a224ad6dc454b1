"""WebSocket frames as plain bytes (RFC 6455), so that one frame can be sent to everybody."""

from __future__ import annotations

TEXT, CLOSE = 1, 8
TRY_AGAIN_LATER = 1013


def ws_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    r"""Return one whole unmasked frame, as a server sends it.

    >>> ws_frame(b"hi")
    b'\x81\x02hi'
    """
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65_536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def ws_payload(frame: bytes) -> bytes:
    """Return what ``ws_frame`` was given, for servers that frame messages themselves.

    >>> ws_payload(ws_frame(b"hi"))
    b'hi'
    """
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]


def close_frame(code: int) -> bytes:
    """Return the frame that ends a connection with a status code."""
    return ws_frame(code.to_bytes(2, "big"), CLOSE)
