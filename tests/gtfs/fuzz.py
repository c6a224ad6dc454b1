"""Feeds broken at random: the reader answers each with a feed or with what is wrong.

`python -m tests.gtfs.fuzz 1000000` runs as many as it is told and says how many were read, how
many refused, the slowest, and the most memory; the suite runs a few thousand of the same.
"""

from __future__ import annotations

import io
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from gtfs.feed import Feed
from gtfs.flex import LOCATIONS
from gtfs.read import parse_table, read_feed
from gtfs.tables import FeedError
from gtfs.write import table_bytes
from tests.gtfs.towns import town

WORDS = (
    b"", b"0", b"1", b"-1", b"9" * 30, b"25:00:00", b"99:99:99", b"nan", b"inf", b"1e400", b"\xff",
    b"\x00", b"\xef\xbb\xbf", b'"', b'""', b'"\n"', b",", b",,,,", b"\n", b"\r", b"\r\n", b" ",
    b"\t", "駅".encode(), "\u2028".encode(), b"a", b"up", b"20260230", b"99999999", b"=1+1",
    b"[", b"{", b"null", b"PK\x05\x06", b"trip_id", b"stop_sequence", b"@",
)  # fmt: skip
FLEX = {
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs\nup,08:00:00,09:00:00,600\n",
    "booking_rules.txt": "booking_rule_id,booking_type,prior_notice_duration_min\nb,1,30\n",
    "location_groups.txt": "location_group_id,location_group_name\ng,駅\n",
    "location_group_stops.txt": "location_group_id,stop_id\ng,a\n",
    "fare_products.txt": "fare_product_id,amount,currency\np,200,JPY\n",
    "fare_leg_rules.txt": "network_id,fare_product_id,rule_priority\n,p,0\n",
    LOCATIONS: '{"type":"FeatureCollection","features":[{"type":"Feature","id":"z","properties":{},'
    '"geometry":{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}}]}',
}
FILES = {name: text.encode() for name, text in (town() | FLEX).items()}

NAMES = sorted(FILES)
TABLES = {
    name.removesuffix(".txt"): parse_table(name.removesuffix(".txt"), data)
    for name, data in FILES.items()
    if name != LOCATIONS
}


def broken(rng: random.Random, data: bytes) -> bytes:
    """Some bytes changed, put in, left out, moved or repeated."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, to = sorted(rng.randint(0, len(out)) for _ in range(2))
        to = min(to, at + 40)
        kind = rng.randrange(5)
        if kind == 0:
            out[at:at] = rng.choice(WORDS)
        elif kind == 1:
            del out[at:to]
        elif kind == 2:
            out[at:to] = rng.choice(WORDS)
        elif kind == 3:
            out[at:at] = out[at:to] * rng.randint(1, 20)
        elif at < len(out):
            out[at] = rng.randrange(256)
    return bytes(out)


def answer_to_files(rng: random.Random) -> bool:
    """Whether the town with one file broken can be read; what can is written and read again."""
    name = rng.choice(NAMES)
    data, stem = broken(rng, FILES[name]), name.removesuffix(".txt")
    try:
        tables, extras = TABLES, {LOCATIONS: data}
        if name != LOCATIONS:
            tables, extras = TABLES | {stem: parse_table(stem, data)}, {}
        feed = Feed(tables, extras)
        for trip_id in list(feed.stop_times)[:3]:
            list(feed.stop_times[trip_id])
    except FeedError as error:
        str(error)
        return False
    if stem in feed.tables:
        table = feed.tables[stem].in_reference_order()
        again = parse_table(stem, table_bytes(table))
        if (again.columns, list(again.rows)) != (table.columns, list(table.rows)):
            raise AssertionError(f"{name} does not read back: {data!r}")
    return True


def answer_to_zip(rng: random.Random, path: Path, packed: Sequence[bytes]) -> bool:
    """Whether a zip of the town with broken bytes can be read."""
    path.write_bytes(broken(rng, rng.choice(packed)))
    try:
        read_feed(path)
    except FeedError as error:
        str(error)
        return False
    return True


def packed() -> list[bytes]:
    """The town as a zip, packed and not."""
    found = []
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", kind) as archive:
            for name, data in FILES.items():
                archive.writestr(name, data)
        found.append(out.getvalue())
    return found


def run(count: int, seed: int, folder: Path) -> tuple[int, float]:
    """Answer so many broken feeds; return how many could be read, and the slowest in seconds."""
    rng, zips, read, slowest_s = random.Random(seed), packed(), 0, 0.0  # noqa: S311 -- not secret
    for i in range(count):
        start_s = time.process_time()
        if i % 10:
            read += answer_to_files(rng)
        else:
            read += answer_to_zip(rng, folder / "feed.zip", zips)
        slowest_s = max(slowest_s, time.process_time() - start_s)
    return read, slowest_s


def main() -> None:
    """Run as many as the first argument says, from the seed of the second."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as folder:
        done = 0
        while done < count:
            some = min(10_000, count - done)
            read, slowest_s = run(some, seed + done, Path(folder))
            done += some
            peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
            said = f"{done} answered, {read} of the last {some} read, slowest {slowest_s:.3f} s"
            sys.stdout.write(f"{said}, peak {peak_mb:.0f} MB\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
