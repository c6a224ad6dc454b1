"""Those who hear a topic and get the same bytes of it.

Most have nothing unsent: a frame goes to all of these in one sweep, without a step of Python for
each.  Pure: a ``Send`` is whatever puts bytes on a wire without waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, repeat
from operator import call
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from busloc.hub import Subscriber

Send = Callable[[bytes], int]
"""Takes bytes and returns how many it could; raises ``OSError`` when it can none."""

FAILED = -1

_SEND: Final = cast("Callable[[Send, bytes], int]", call)


class Crowd:
    """The ``ready`` have nothing unsent and a ``Send``; the ``others`` are written to one by one.

    Whoever joins is one of the others, and may be called ready when all it was sent has left.
    """

    __slots__ = ("others", "ready")

    def __init__(self) -> None:
        self.ready: dict[Subscriber, Send] = {}
        self.others: dict[Subscriber, None] = {}

    def __len__(self) -> int:
        return len(self.ready) + len(self.others)

    def add(self, subscriber: Subscriber) -> None:
        """Take somebody in, as one of the others."""
        if subscriber not in self.ready:
            self.others[subscriber] = None

    def drop(self, subscriber: Subscriber) -> None:
        """Let somebody go; harmless when it was never here."""
        self.ready.pop(subscriber, None)
        self.others.pop(subscriber, None)

    def settle(self, subscriber: Subscriber, send: Send) -> None:
        """Call one of the others ready."""
        del self.others[subscriber]
        self.ready[subscriber] = send

    def stall(self, subscriber: Subscriber) -> None:
        """Learn that something is unsent now: it is not ready any more."""
        if self.ready.pop(subscriber, None) is not None:
            self.others[subscriber] = None

    def sweep(self, data: bytes) -> list[tuple[Subscriber, int]]:
        """Send to the ready; return those that did not take all of it, with how much they took.

        ``FAILED`` is that of a connection that is broken.
        """
        ready, took = self.ready, list[int]()
        while len(took) < len(ready):
            try:
                took.extend(map(_SEND, islice(ready.values(), len(took), None), repeat(data)))
            except (BlockingIOError, InterruptedError):
                took.append(0)
            except OSError:
                took.append(FAILED)
        if took.count(len(data)) == len(took):
            return []
        return [(each, n) for each, n in zip(ready, took, strict=True) if n != len(data)]
