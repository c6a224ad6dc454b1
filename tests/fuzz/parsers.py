"""What strangers may send, read from bytes: feeds, positions, frames of the live stream.

A target takes bytes and raises nothing; what cannot be read is a value or the reader's own error.
`python -m tests.fuzz NAME --seconds 60` has atheris look for bytes that break one: it is no part of
the lock (`pip install atheris` beside the project's packages).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import cast

import msgspec

from busloc import Hub
from busloc.frame import FIN, TEXT
from busloc.inbound import Fault, Inbound, Said, close_code
from busloc.io.stream import Admission, Limits, QueueClient, Session
from busloc.ping import Gate, Ping, Unreadable, read_pings
from gtfs.feed import Feed
from gtfs.read import parse_table, read_feed
from gtfs.tables import FeedError
from tests.gtfs.fuzz import FILES, NAMES, TABLES, broken, packed

MOST_BYTES = 4096
REGION = (34.0, 133.0, 35.5, 134.5)
NOW_S = 1_764_000_000.0


@cache
def _path() -> Path:
    return Path(mkdtemp(prefix="maas-fuzz-")) / "feed.zip"


def gtfs_zip(data: bytes) -> None:
    """Read a feed."""
    path = _path()
    path.write_bytes(data)
    try:
        read_feed(path)
    except FeedError as error:
        str(error)


def gtfs_file(data: bytes) -> None:
    """Read a file of a feed among those that are well; the first byte says which."""
    if not data:
        return
    name = NAMES[data[0] % len(NAMES)]
    stem = name.removesuffix(".txt")
    try:
        if name.endswith(".txt"):
            feed = Feed(TABLES | {stem: parse_table(stem, data[1:])}, {})
        else:
            feed = Feed(TABLES, {name: data[1:]})
        for trip_id in list(feed.stop_times)[:3]:
            list(feed.stop_times[trip_id])
    except FeedError as error:
        str(error)


def pings(data: bytes) -> None:
    """Read positions and judge them: each has one verdict, and none is believed that is outside."""
    items = read_pings(data)
    if isinstance(items, Unreadable):
        return
    admitted = Gate(REGION).admit(items, NOW_S, known={"van-1": None, "v": None})
    assert len(admitted.verdicts) == len(items)
    for ping in (*admitted.live, *admitted.history):
        assert REGION[0] <= ping.lat <= REGION[2]
        assert REGION[1] <= ping.lon <= REGION[3]


class _Listener:
    """Takes every frame and is never full."""

    def buffered(self) -> int:
        """Return nothing."""
        return 0

    def write(self, frame: bytes) -> int:
        """Take a frame."""
        return len(frame)

    def close(self, code: int, reason: str = "") -> None:
        """Be gone."""


@cache
def _hub() -> Hub:
    return Hub(now=lambda: NOW_S, monotonic=time.monotonic)


def frames(data: bytes) -> None:
    """Take a client's bytes, whole and in two pieces, and do what its messages ask for."""
    inflates, at = bool(data[:1] > b"\x7f"), len(data) // 2
    said = Inbound(MOST_BYTES, inflates=inflates).feed(data[1:])
    halves = Inbound(MOST_BYTES, inflates=inflates)
    again = halves.feed(data[1:at]) if at > 1 else []
    if not again or not isinstance(again[-1], Fault):
        again = again + halves.feed(data[max(1, at) :])
    assert said == again
    for one in said:
        if isinstance(one, Said):
            assert len(one.payload) <= MOST_BYTES
            _hear(one)
            close_code(one.payload)


def control(data: bytes) -> None:
    """Do what a text of a client asks for."""
    _hear(Said(TEXT, data))


def _hear(said: Said) -> None:
    session = Session(_hub(), lambda topic: topic != "staff", Admission(Limits(9, 9)), "here")
    session.join(cast("QueueClient", _Listener()))
    session.hear(said)
    session.leave()
    assert session.subscriber is None


Target = Callable[[bytes], None]
TARGETS: dict[str, Target] = {
    "gtfs-zip": gtfs_zip,
    "gtfs-file": gtfs_file,
    "pings": pings,
    "frames": frames,
    "control": control,
}


def masked(payload: bytes, first: int = FIN | TEXT, key: bytes = b"\1\2\3\4") -> bytes:
    """Return a short frame as a client sends it."""
    mixed = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    return bytes((first, 0x80 | len(payload))) + key + mixed


def seeds(name: str) -> list[bytes]:
    """Return what is well, from which a target's bytes are made."""
    if name == "gtfs-zip":
        return packed()
    if name == "gtfs-file":
        return [bytes([i]) + FILES[each] for i, each in enumerate(NAMES)]
    ping = Ping("van-1", "b", 1, NOW_S, 34.86, 133.69, 5.0, 90.0, "t")
    sent = msgspec.json.encode([ping])
    if name == "pings":
        odd = sent.replace(b"34.86", b"NaN"), sent.replace(b'"b"', b'"\\ud800"'), b"[{}]"
        return [sent, *odd, msgspec.json.encode([ping] * 3)]
    asks = [
        b'{"sub":["vehicles","area:34.8,133.6,34.9,133.7"],"since":{"vehicles":["e",1]}}',
        b'{"unsub":["vehicles"],"sub":["staff","stop:a"]}',
    ]
    if name == "control":
        return asks
    return [
        b"\x00" + b"".join(masked(ask) for ask in asks),
        b"\xff" + masked(asks[1][:20], TEXT) + masked(asks[1][20:], FIN) + masked(b"x", 0x89),
        b"\xff" + masked(b"\xabV*.MR\x02", FIN | TEXT | 0x40) + masked(b"\x03\xe8", 0x88),
    ]


def run(name: str, count: int, seed: int) -> int:
    """Give a target so many broken seeds, without atheris; returns how many."""
    rng, target, made = random.Random(seed), TARGETS[name], seeds(name)  # noqa: S311 -- not secret
    for _ in range(count):
        target(broken(rng, rng.choice(made))[:MOST_BYTES])
    return count
