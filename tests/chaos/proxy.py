"""A line between two programs that can be cut, or left open with nobody answering."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_RESET = struct.pack("ii", 1, 0)
"""`SO_LINGER` of no seconds: who closes then says that the connection broke."""


@dataclass(eq=False)
class Proxy:
    """Passes bytes on between those who connect to `port` and a server.

    `host` may be the path of a Unix socket.

    `silent` is a black hole: connections are taken, bytes are taken, and nothing comes back.
    """

    host: str
    to_port: int = 0
    port: int = 0
    silent: bool = False
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _inside: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Proxy]:
        """Pass on as long as the block lasts.

        Whoever came in last is waited for: `asyncio.start_server` loses the socket of one that
        comes while it closes, and the warning fails whichever test collects the garbage.
        """
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as door:
            door.settimeout(0)
            self.port = door.getsockname()[1]
            loop.add_reader(door, self._let_in, door)
            try:
                yield self
            finally:
                loop.remove_reader(door)
                while self._inside:
                    self.cut()
                    await asyncio.wait(self._inside, timeout=0.01)

    def cut(self) -> None:
        """Break every connection there is."""
        for writer in self._open:
            line = writer.get_extra_info("socket")
            with suppress(OSError):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    def _let_in(self, door: socket.socket) -> None:
        passing = asyncio.create_task(self._pass(door.accept()[0]))
        self._inside.add(passing)
        passing.add_done_callback(self._inside.discard)

    async def _pass(self, line: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=line)
        self._open.add(writer)
        try:
            there, back = await self._reach()
        except OSError:
            writer.transport.abort()
            self._open.discard(writer)
            return
        self._open.add(back)
        await asyncio.gather(self._carry(reader, back), self._carry(there, writer))
        self._open -= {writer, back}

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.host.startswith("/"):
            return await asyncio.open_unix_connection(self.host)
        return await asyncio.open_connection(self.host, self.to_port)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if not self.silent:
                    writer.write(data)
                    await writer.drain()
        writer.close()
