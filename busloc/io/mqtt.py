"""Pings from an MQTT broker: each device publishes to ``<prefix>/<device id>``.

Who may publish where is the broker's to check: a device signs in under its id and may write to its
own topic alone (Mosquitto: ``pattern write positions/%u``).  Several processes share the messages.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from ssl import create_default_context
from urllib.parse import unquote, urlsplit

import aiomqtt

from busloc.io.ingest import Items
from busloc.ping import Unreadable, read_pings

RETRY_S = 2.0
PORT, TLS_PORT = 1883, 8883
PREFIX = "positions"
GROUP = "maas"

_log = logging.getLogger(__name__)

Take = Callable[[str, Items], object]
"""Is given the device's id and what it sent."""


class MqttListener:
    """Listens to a broker, ``mqtt://[name:password@]host[:port][/prefix]``, or ``mqtts``.

    ``connected`` says whether it does now; ``unreadable`` counts messages that were no pings.
    """

    def __init__(self, url: str, take: Take, *, retry_s: float = RETRY_S) -> None:
        where = urlsplit(url)
        secure = where.scheme == "mqtts"
        self._take = take
        self._retry_s = retry_s
        self._prefix = where.path.strip("/") or PREFIX
        self._client: Callable[[], aiomqtt.Client] = lambda: aiomqtt.Client(
            where.hostname or "localhost",
            where.port or (TLS_PORT if secure else PORT),
            username=unquote(where.username) if where.username else None,
            password=unquote(where.password) if where.password else None,
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=create_default_context() if secure else None,
        )
        self.connected = False
        self.unreadable = 0

    async def run(self) -> None:
        """Listen until cancelled, through every loss of the broker."""
        while True:
            try:
                await self._listen()
            except aiomqtt.MqttError as lost:
                _log.warning("mqtt interrupted: %s", lost)
            finally:
                self.connected = False
            await asyncio.sleep(self._retry_s)

    async def _listen(self) -> None:
        async with self._client() as client:
            await client.subscribe(f"$share/{GROUP}/{self._prefix}/+", qos=1)
            self.connected = True
            async for message in client.messages:
                self._hear(str(message.topic).rpartition("/")[2], message.payload)

    def _hear(self, device: str, payload: object) -> None:
        """Take a message, one ping or an array of them."""
        body = payload if isinstance(payload, bytes) else b""
        items = read_pings(b"[%b]" % body if body.lstrip().startswith(b"{") else body)
        if isinstance(items, Unreadable):
            self.unreadable += 1
        else:
            self._take(device, items)
