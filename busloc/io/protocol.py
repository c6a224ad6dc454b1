"""uvicorn's WebSocket protocol, which hands its socket to whoever can do with less."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.http11 import Request

from busloc.io.connection import Handover

HANDOVER = "busloc.handover"
"""The ASGI extension: ``scope["extensions"][HANDOVER]["take"]()`` gives a ``Handover`` or none."""
MESSAGE_BYTES = 512 * 1024
"""The largest message any WebSocket of ours takes: a batch of 3,600 pings."""
LINGER_S = 5.0
log = logging.getLogger(__name__)
log.setLevel(logging.WARNING)


class SharedFrameProtocol(WebSocketsSansIOProtocol):
    """The protocol class to run uvicorn with: ``--ws busloc.io.stream:SharedFrameProtocol``."""

    def handle_connect(self, event: Request) -> None:
        """Accept the handshake as uvicorn does, and offer the application the socket.

        Who opens a stream, with address and query, is logged nowhere.
        """
        self.logger = log
        self.conn.max_message_size = MESSAGE_BYTES
        if self.config.ws_per_message_deflate:
            # Without memory of other messages, so that one compressed frame suits everybody.
            self.conn.available_extensions = [
                ServerPerMessageDeflateFactory(
                    server_no_context_takeover=True, client_no_context_takeover=True
                )
            ]
        super().handle_connect(event)
        scope = getattr(self, "scope", None)  # absent when the handshake was refused
        if scope is not None:
            scope["extensions"][HANDOVER] = {"take": self.hand_over}
            # Until the application has accepted, what the client says stays in the socket.
            self.read_paused = True
            self.transport.pause_reading()

    def keepalive_timeout(self) -> None:
        """End a connection that answers no ping, without waiting for what it will never read."""
        super().keepalive_timeout()
        self.loop.call_later(LINGER_S, self.transport.abort)

    def hand_over(self) -> Handover | None:
        """Give the socket away, for good; ``None`` where that is impossible, as with TLS.

        To be called after the handshake was accepted and before anything was received.
        """
        transport = self.transport
        ours: socket.socket | None = transport.get_extra_info("socket")
        if (
            ours is None
            or transport.get_extra_info("sslcontext") is not None
            or transport.is_closing()
            or transport.get_write_buffer_size()
            or not _can_watch(self.loop)
        ):
            return None
        sock = socket.socket(fileno=os.dup(ours.fileno()))
        sock.settimeout(0)
        self.stop_keepalive()
        self.connections.discard(self)
        transport.set_protocol(asyncio.Protocol())
        transport.close()
        inflates, deflates = _compression(self.conn.extensions)
        # It refers to itself, and would wait for the collector with ten thousand others.
        self.conn.parser.close()
        return Handover(
            sock,
            self.connections,
            ping_s=self.ping_interval,
            inflates=inflates,
            deflates=deflates,
        )


def _compression(agreed: list[Any]) -> tuple[bool, bool]:
    """Return whether the client may compress, and whether a shared compressed frame suits it."""
    for extension in agreed:
        if isinstance(extension, PerMessageDeflate):
            return True, extension.local_max_window_bits == 15
    return False, False


def _can_watch(loop: asyncio.AbstractEventLoop) -> bool:
    """Say whether a loop tells when a socket is readable; Windows' own does not."""
    proactor: type | None = getattr(asyncio, "ProactorEventLoop", None)
    return proactor is None or not isinstance(loop, proactor)
