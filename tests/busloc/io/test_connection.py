"""A listener's socket, and what stands behind it learns of it."""

from __future__ import annotations

import asyncio
import socket

from busloc.inbound import Said
from busloc.io.connection import Connection, Handover
from tests.ports import PATIENCE_S


class Behind:
    """What stands behind a connection, and counts."""

    def __init__(self) -> None:
        self.stalls = 0

    def hear(self, said: Said) -> int | None:
        """Hear nothing."""

    def leave(self) -> None:
        """Do nothing."""

    def stalled(self) -> None:
        """Count."""
        self.stalls += 1

    def farewell(self) -> str:
        """Say nothing."""
        return ""


async def test_it_says_when_something_begins_to_wait_and_sends_it_when_there_is_room() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    theirs.settimeout(0)
    behind = Behind()
    connection = Connection(Handover(ours, set(), ping_s=None), behind, 4096)
    connection.open()
    frame, sent = b"x" * 100_000, 0
    while not connection.buffered():
        assert behind.stalls == 0
        connection.write(frame)
        sent += 1
    connection.write(frame)
    assert behind.stalls == 1

    read = 0
    async with asyncio.timeout(PATIENCE_S):
        while read < (sent + 1) * len(frame):
            try:
                read += len(theirs.recv(1_000_000))
            except BlockingIOError:
                await asyncio.sleep(0)
    assert connection.buffered() == 0
    connection.shutdown()
    theirs.close()
