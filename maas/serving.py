"""Run the application under uvicorn: one process, one port, and say where it is."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
import signal
import socket
import sys
from typing import Any, Final

import uvicorn

from maas import logs
from maas.api.service import READY
from maas.app import create_app
from maas.parts import Part
from maas.processes import INHERITED, Processes
from maas.settings import Settings

BACKLOG: Final = 2048
LOOK_S: Final = 0.2
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secrecy and AEAD; all those of TLS 1.3 are such."""


def run(settings: Settings, part: Part = Part.ALL, processes: int | None = None) -> None:
    """Serve until interrupted.  Port 0 picks a free one; the address is printed once bound.

    With `processes` so many serve at that address, and this one looks after them.
    """
    logs.begin(settings.log_format)
    inherited = os.environ.pop(INHERITED, None)
    if inherited is not None:
        sock, ready = map(int, inherited.split(","))
        listening = socket.socket(fileno=sock)
        server: Server = OneOfSeveral(server_config(settings, part), ready)
    else:
        listening = listen(settings.host, settings.port)
        scheme = "http" if settings.tls_cert is None else "https"
        sys.stdout.write(f"{scheme}://{settings.host}:{listening.getsockname()[1]}/\n")
        sys.stdout.flush()
        if processes is not None:
            sys.exit(Processes(settings, part, listening, processes).run())
        server = Server(server_config(settings, part))
    # uvicorn closes everything on SIGTERM, then raises it again: that is our normal end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        return
    if not server.started:
        sys.exit(1)


class Server(uvicorn.Server):
    """A server that does not look for garbage in what it has loaded for good.

    Going through all of that took it a third of a second every time, with callers waiting.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and set apart what there is by then."""
        await super().startup(sockets)
        gc.freeze()


class OneOfSeveral(Server):
    """One server process of several: says when it is ready, and ends when nobody looks after it."""

    def __init__(self, config: uvicorn.Config, ready: int) -> None:
        super().__init__(config)
        self._ready, self._parent = ready, os.getppid()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and begin to look."""
        await super().startup(sockets)
        self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        service = self.config.app.state.service  # type: ignore[union-attr]
        said = False
        while not self.should_exit:
            if os.getppid() != self._parent:
                self.should_exit = True
            elif not said and set((await service.parts()).values()) <= READY:
                os.write(self._ready, b"1")
                os.close(self._ready)
                said = True
            await asyncio.sleep(LOOK_S)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket: who calls early waits.  Raises ``OSError`` for a taken port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(BACKLOG)
    return listening


def server_config(settings: Settings, part: Part = Part.ALL, **more: Any) -> uvicorn.Config:  # noqa: ANN401
    """Return uvicorn's configuration: httptools, and uvloop where there is one."""
    uvloop = importlib.util.find_spec("uvloop") is not None
    return uvicorn.Config(
        create_app(settings, part),
        http="httptools",
        ws="busloc.io.stream:SharedFrameProtocol",
        loop="uvloop" if uvloop else "asyncio",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        ssl_ciphers=CIPHERS,
        **more,
    )
