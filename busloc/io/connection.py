"""One listener's WebSocket, without a task, a queue or a transport: a socket and a few numbers.

After the handshake the server hands its socket over.  A frame then costs one ``send`` by whoever
publishes, and a listener costs about 3 KiB instead of 30.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from busloc.frame import (
    CLOSE,
    NO_ANSWER,
    PING,
    POLICY,
    PONG,
    RESTART,
    close_frame,
    ws_frame,
)
from busloc.hub import BEHIND_BYTES
from busloc.inbound import Fault, Inbound, Said, close_code

LINGER_S = 5.0
READ_MIN_BYTES, READ_MAX_BYTES = 8192, 65_536
SAID_PER_S = 50
_PING = ws_frame(b"", PING)


class Listener(Protocol):
    """What stands behind a connection."""

    def hear(self, said: Said) -> int | None:
        """Take a message; return the code to close with when it makes no sense."""
        ...

    def leave(self) -> None:
        """Learn that nothing more is said or heard."""
        ...

    def stalled(self) -> None:
        """Learn that what was said last waits to be sent."""
        ...

    def farewell(self) -> str:
        """Return what to say when the server stops."""
        ...


class _Nobody:
    """Stands behind a connection that is over, so that it keeps nothing alive."""

    def hear(self, said: Said) -> int | None:
        """See ``Listener``."""

    def leave(self) -> None:
        """See ``Listener``."""

    def stalled(self) -> None:
        """See ``Listener``."""

    def farewell(self) -> str:
        """See ``Listener``."""
        return ""


_NOBODY = _Nobody()


class Handover:
    """A socket whose handshake is done, and what the server knows about it.

    ``peers`` are the server's connections, ended by their ``shutdown`` when it stops;
    ``ping_s`` is how often to ask whether the client is there, ``None`` for never.
    """

    __slots__ = ("deflates", "inflates", "peers", "ping_s", "sock")

    def __init__(
        self,
        sock: socket.socket,
        peers: set[Any],
        *,
        ping_s: float | None,
        inflates: bool = False,
        deflates: bool = False,
    ) -> None:
        self.sock = sock
        self.peers = peers
        self.ping_s = ping_s
        self.inflates = inflates
        self.deflates = deflates


class Hurry:
    """Counts what one client says within each second."""

    __slots__ = ("_count", "_most", "_second")

    def __init__(self, most: int = SAID_PER_S) -> None:
        self._most = most
        self._second = 0
        self._count = 0

    def exceeded(self, now_s: float) -> bool:
        """Count one more; say whether that is more than a client may say in a second."""
        second = int(now_s)
        self._count = self._count + 1 if second == self._second else 1
        self._second = second
        return self._count > self._most


class Connection:
    """See ``busloc.hub.Client``; what the client says goes to the ``listener``."""

    __slots__ = (
        "_answered", "_bytes", "_closing", "_hurry", "_inbound", "_listener", "_loop", "_on_end",
        "_peers", "_ping_s", "_read_bytes", "_sock", "_timer", "_waiting", "send",
    )  # fmt: skip

    def __init__(
        self,
        handover: Handover,
        listener: Listener,
        limit: int,
        *,
        said_per_s: int | None = SAID_PER_S,
    ) -> None:
        self._sock = handover.sock
        self.send = handover.sock.send
        """See ``busloc.hub.Wire``."""
        self._peers = handover.peers
        self._ping_s = handover.ping_s
        self._inbound: Inbound | None = Inbound(limit, inflates=handover.inflates)
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes | memoryview] | None = None
        self._bytes = 0
        self._closing = False
        self._answered = True
        self._hurry = None if said_per_s is None else Hurry(said_per_s)
        self._read_bytes = min(max(limit, READ_MIN_BYTES), READ_MAX_BYTES)
        self._timer: asyncio.TimerHandle | None = None
        self._on_end: Callable[[], object] | None = None

    def open(self) -> None:
        """Begin to listen to the client."""
        self._peers.add(self)
        self._loop.add_reader(self._sock, self._readable)
        if self._ping_s:
            self._timer = self._loop.call_later(self._ping_s, self._ping)

    def close(self, code: int, reason: str = "") -> None:
        """End the connection, by force if the client does not agree soon."""
        if self._closing:
            return
        self._closing = True
        self._listener.leave()
        self.write(close_frame(code, reason))
        self._rearm(LINGER_S, self._end)

    def shutdown(self) -> None:
        """End the connection because the server stops."""
        self.close(RESTART, self._listener.farewell())
        self._end()

    async def ended(self) -> None:
        """Wait until the connection is no more."""
        end = asyncio.Event()
        self._on_end = end.set
        if self._sock.fileno() >= 0:
            await end.wait()

    # Sending

    def write(self, frame: bytes) -> int:
        """Send a frame now, or when the client has taken what came before."""
        if self._waiting is not None:
            return self.keep(frame)
        send = self.send
        try:
            sent = send(frame)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            # The hub is going through its listeners now: leave it afterwards.
            self._loop.call_soon(self._end)
            return 0
        return 0 if sent == len(frame) else self.keep(memoryview(frame)[sent:])

    def buffered(self) -> int:
        """Return the bytes not yet sent."""
        return self._bytes

    def keep(self, rest: bytes | memoryview) -> int:
        """See ``busloc.hub.Wire``."""
        if self._waiting is None:
            self._waiting = deque()
            self._listener.stalled()
            self._loop.add_writer(self._sock, self._writable)
        self._waiting.append(rest)
        self._bytes += len(rest)
        return self._bytes

    def _writable(self) -> None:
        while self._waiting:
            rest = self._waiting.popleft()
            try:
                sent = self.send(rest)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                self._end()
                return
            self._bytes -= sent
            if sent < len(rest):
                self._waiting.appendleft(memoryview(rest)[sent:])
                return
        self._waiting = None
        self._loop.remove_writer(self._sock)
        self._loop.add_reader(self._sock, self._readable)

    # Receiving

    def _readable(self) -> None:
        try:
            data = self._sock.recv(self._read_bytes)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        self._answered = True
        for said in self._inbound.feed(data) if self._inbound else ():
            if isinstance(said, Fault):
                # Nobody knows where the next frame begins: read on only for the end, since what
                # is left unread would make the system throw away what we said last.
                self._inbound = None
                self.close(said.code)
                self._hang_up()
            elif (refused := self._take(said)) is not None:
                self.close(refused)
        if self._bytes > BEHIND_BYTES and self._sock.fileno() >= 0:
            # Whoever does not read our answers may not ask for more.
            self._loop.remove_reader(self._sock)

    def _take(self, said: Said) -> int | None:
        """Take what the client said; return the code to close with when it must go."""
        if said.opcode == CLOSE:
            self._answer_close(said.payload)
        elif self._closing:
            return None
        elif self._hurry is not None and self._hurry.exceeded(self._loop.time()):
            return POLICY
        elif said.opcode == PING:
            self.write(ws_frame(said.payload, PONG))
        elif said.opcode != PONG:
            return self._listener.hear(said)
        return None

    def _answer_close(self, payload: bytes) -> None:
        if not self._closing:
            self.close(close_code(payload))
        self._end()

    def _ping(self) -> None:
        if not self._answered:
            self.close(NO_ANSWER)
            return
        self._answered = False
        self.write(_PING)
        if self._ping_s:
            self._timer = self._loop.call_later(self._ping_s, self._ping)

    # Ending

    def _hang_up(self) -> None:
        """Say that nothing more will come."""
        if self._waiting is None:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_WR)

    def _rearm(self, delay_s: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay_s, then)

    def _end(self) -> None:
        """Let go of the socket; harmless when that is done."""
        if self._sock.fileno() < 0:
            return
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        if self._timer is not None:
            self._timer.cancel()
        self._peers.discard(self)
        if not self._closing:
            self._closing = True
            self._listener.leave()
        self._listener = _NOBODY
        if self._on_end is not None:
            self._on_end()
