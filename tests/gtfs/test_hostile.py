"""A feed made to harm is refused at once and in little memory, each in a process of its own."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gtfs.towns import town, zip_bytes

MOST_S = 1.0
MOST_MB = 64

PROBE = """
import resource, sys, time
from pathlib import Path
from gtfs.read import read_feed
from gtfs.tables import FeedError
start = time.process_time()
try:
    read_feed(sys.argv[1])
    said = "accepted"
except FeedError as error:
    said = str(error)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
status = Path("/proc/self/status")  # ru_maxrss of Linux counts the process that started this one
if status.exists():
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    peak = int(line.split()[1]) / 2**10
print(time.process_time() - start, peak, said)
"""


def with_file(name: str, data: bytes) -> bytes:
    """The town with a file more, not packed, so that it is not taken for a bomb."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for each, text in (town() | {name: ""}).items():
            archive.writestr(each, data if each == name else text)
    return out.getvalue()


def bomb() -> bytes:
    return zip_bytes(town() | {"stops.txt": "stop_id,stop_name\n" + "a,b\n" * 2**21})


def bomb_in_an_extra() -> bytes:
    return zip_bytes({**town(), "picture.png": bytes(16 * 2**20)})


def many_bombs() -> bytes:
    return zip_bytes({f"{n}.bin": bytes(2**20) for n in range(16)})


def million_columns() -> bytes:
    return with_file("stops.txt", ("c," * 1_000_000 + "\n").encode())


def million_different_columns() -> bytes:
    return with_file("stops.txt", (",".join(map(str, range(1_000_000))) + "\n").encode())


def million_empty_columns() -> bytes:
    return with_file("stops.txt", ("c" + "," * 100_000 + "\n").encode())


def million_cells_in_a_row() -> bytes:
    return with_file("levels.txt", b"level_id\n" + b"x," * 1_000_000 + b"\n")


def million_lines_in_a_row() -> bytes:
    return with_file("levels.txt", b"level_id\n" + b'"\n",' * 1_000_000 + b"\n")


def endless_cell() -> bytes:
    return with_file("levels.txt", b'level_id\n"' + b"x\n" * 1_000_000)


def many_files() -> bytes:
    return zip_bytes({f"{n}.bin": "" for n in range(60_000)})


def directory_said_to_be_long() -> bytes:
    data = bytearray(zip_bytes(dict(town())))
    struct.pack_into("<L", data, data.rindex(b"PK\5\6") + 12, 2**31)
    return bytes(data)


def files_over_each_other() -> bytes:
    """Ten files in the directory are the same 9,000 bytes."""
    one = io.BytesIO()
    with zipfile.ZipFile(one, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.bin", random.Random(0).randbytes(9000))  # noqa: S311 -- not secret
    data = one.getvalue()
    start = data.index(b"PK\1\2")
    entry = data[start : data.index(b"PK\5\6")]
    entries = b"".join(entry.replace(b"0.bin", f"{n}.bin".encode()[-5:]) for n in range(10))
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 10, 10, len(entries), start, 0)
    return data[:start] + entries + end


def far_too_many_trips() -> bytes:
    rows = "trip_id,start_time,end_time,headway_secs\n" + "up,00:00:00,48:00:00,1\n" * 50
    return with_file("frequencies.txt", rows.encode())


def absurd_numbers() -> bytes:
    calls = town()["stop_times.txt"].replace(",3\n", f",{'9' * 5000}\n")
    return with_file("stop_times.txt", calls.encode())


def other_encoding() -> bytes:
    return with_file("stops.txt", town()["stops.txt"].encode("cp932") * 1000)


def deep_geojson() -> bytes:
    return with_file("locations.geojson", b"[" * 10**6)


def path_outside() -> bytes:
    return with_file("../../../etc/cron.d/x", b"x")


ALL: tuple[Callable[[], bytes], ...] = (
    bomb, bomb_in_an_extra, many_bombs, million_columns, million_different_columns,
    million_empty_columns,
    million_cells_in_a_row, million_lines_in_a_row, endless_cell, many_files,
    directory_said_to_be_long, files_over_each_other, far_too_many_trips, absurd_numbers,
    other_encoding, deep_geojson, path_outside,
)  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
def test_it_is_refused_within_a_second_and_64_mb(make: Callable[[], bytes], tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    path.write_bytes(make())

    probe = [sys.executable, "-c", PROBE, str(path)]
    told = subprocess.run(probe, capture_output=True, text=True, timeout=60, check=False)

    assert told.returncode == 0, told.stderr
    seconds, megabytes, said = told.stdout.split(" ", 2)
    assert said.strip() != "accepted"
    assert float(seconds) < MOST_S
    assert float(megabytes) < MOST_MB
