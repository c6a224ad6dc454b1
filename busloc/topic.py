"""One topic of the live stream: its number, its latest state and what was sent lately."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from busloc.crowd import Crowd
from busloc.frame import Frame

if TYPE_CHECKING:
    from busloc.hub import Subscriber

encode = msgspec.json.encode

RING_FRAMES = 512
RING_BYTES = 512 * 1024
SNAPSHOT_S = 0.2
"""For so long a snapshot of the same state serves everybody: in a storm, thousands."""


class Update(NamedTuple):
    """A new value of one key; ``gone`` says that the key has left the topic."""

    key: str
    fragment: bytes
    gone: bool = False


class Topic:
    """Epoch, sequence number, latest fragment of each key, recent frames, and who listens.

    A lossless topic, which is for staff alone, delivers every update in order; any other topic
    only the latest of a key within a tick.  ``keep`` bounds the keys remembered: the one untouched
    for longest goes first.
    """

    __slots__ = (
        "_head", "_ring", "_ring_bytes", "_snapshots", "deflating", "due_s", "epoch", "keep",
        "last", "lossless", "name", "pending", "plain", "sent_s", "seq",
    )  # fmt: skip

    def __init__(self, name: str, epoch: str, seq: int, *, lossless: bool, keep: int) -> None:
        self.name = name
        self.lossless = lossless
        self.keep = keep
        self.last: dict[str, bytes] = {}
        self.pending: list[Update] = []
        self.plain = Crowd()
        self.deflating = Crowd()
        """Those who listen with compression."""
        self.sent_s = float("-inf")
        self.due_s: float | None = None
        self.restart(epoch, seq)

    def restart(self, epoch: str, seq: int) -> None:
        """Begin a new history at ``seq``: nothing sent before can be replayed."""
        self.epoch = epoch
        self.seq = seq
        self._ring: deque[Frame] = deque()
        self._ring_bytes = 0
        self._snapshots: dict[bool, tuple[float, Frame]] = {}
        self._head = b'{"t":%b,"e":%b,"s":' % (encode(self.name), encode(epoch))

    @property
    def heard(self) -> bool:
        """Somebody listens."""
        return bool(self.plain or self.deflating)

    @property
    def idle(self) -> bool:
        """Nobody listens, and nothing would be lost by forgetting the topic."""
        return not (self.heard or self.last or self.pending)

    def crowd(self, subscriber: Subscriber) -> Crowd:
        """Return those a subscriber is among."""
        return self.deflating if subscriber.deflates else self.plain

    def audiences(self, frame: Frame) -> Iterator[tuple[Crowd, bytes]]:
        """Return who gets which bytes of a frame."""
        if self.plain:
            yield self.plain, frame.plain
        if self.deflating:
            yield self.deflating, frame.deflated

    def take_pending(self, *, conflate: bool) -> list[Update]:
        """Return what waits to be sent; of a state, only the latest of each key is wanted."""
        waiting, self.pending, self.due_s = self.pending, [], None
        if self.lossless or not conflate or len(waiting) < 2:
            return waiting
        return list({update.key: update for update in waiting}.values())

    def advance(self, updates: Sequence[Update], now: float) -> Frame:
        """Take the next number, remember the updates and return their delta frame."""
        self.seq += 1
        self._snapshots.clear()
        for update in updates:
            self.last.pop(update.key, None)
            if not update.gone:
                self.last[update.key] = update.fragment
        while len(self.last) > self.keep:
            del self.last[next(iter(self.last))]
        frame = self._frame(b"delta", (update.fragment for update in updates), now)
        self._remember(frame)
        return frame

    def snapshot(self, now: float, *, recovered: bool = True, retry_s: int = 1) -> Frame:
        """Return a frame with every key's latest value, valid at the current number.

        ``recovered=False`` tells the listener that updates were lost on the way; ``retry_s`` over
        how many seconds to spread the attempts to come back, should the connection break.
        """
        made_at, frame = self._snapshots.get(recovered, (float("-inf"), None))
        if frame is None or not 0 <= now - made_at < SNAPSHOT_S:
            more = b'"retry":%d,' % retry_s + (b"" if recovered else b'"recovered":false,')
            frame = self._frame(b"snap", self.last.values(), now, more)
            self._snapshots[recovered] = now, frame
        return frame

    def beat(self, now: float) -> Frame:
        """Return an empty delta at the current number: nothing was missed, we are alive."""
        return self._frame(b"delta", (), now)

    def missed_since(self, epoch: str, seq: int) -> Iterator[Frame] | None:
        """Return the frames after ``seq``, or ``None`` when they are no longer all held."""
        missed = self.seq - seq
        if epoch != self.epoch or not 0 <= missed <= len(self._ring):
            return None
        return (self._ring[i] for i in range(len(self._ring) - missed, len(self._ring)))

    def _remember(self, frame: Frame) -> None:
        self._ring.append(frame)
        self._ring_bytes += len(frame.plain)
        while len(self._ring) > RING_FRAMES or self._ring_bytes > RING_BYTES:
            self._ring_bytes -= len(self._ring.popleft().plain)

    def _frame(
        self, kind: bytes, fragments: Iterable[bytes], now: float, more: bytes = b""
    ) -> Frame:
        body = b",".join(fragments)
        words = (self._head, self.seq, kind, more, now, body)
        return Frame(b'%b%d,"k":"%b",%b"n":%.3f,"u":[%b]}' % words, secret=self.lossless)
