"""Fixes of programs that send one a request."""

from __future__ import annotations

import json

import pytest

from busloc.io.osmand import read_fields, read_traccar
from busloc.ping import Malformed, Ping

FIELDS = {"lat": "34.8", "lon": "133.7", "timestamp": "1764000000"}


def read(**more: str) -> Ping | Malformed:
    return read_fields(FIELDS | more, "bus")


def test_the_fields_of_osmand_are_a_ping() -> None:
    found = read(speed="8.3", bearing="120.5", hdop="4", altitude="12")

    assert found == Ping(
        "bus", "osmand", 1_764_000_000, 1_764_000_000.0, 34.8, 133.7, 8.3, 120.5, None
    )


@pytest.mark.parametrize(
    "text",
    ["1764000000", "1764000000.0", "1764000000000", "2025-11-24T16:00:00Z",
     "2025-11-25T01:00:00+09:00", "2025-11-24 16:00:00"],
)  # fmt: skip
def test_an_instant_may_be_written_in_many_ways(text: str) -> None:
    found = read(timestamp=text)

    assert isinstance(found, Ping)
    assert found.t == 1_764_000_000


@pytest.mark.parametrize(("unit", "mps"), [("mps", 10.0), ("kmh", 10 / 3.6), ("kn", 5.14444)])
def test_a_speed_has_a_unit(unit: str, mps: float) -> None:
    found = read(speed="10", speed_unit=unit)

    assert isinstance(found, Ping)
    assert found.speed == pytest.approx(mps, abs=1e-4)


def test_a_negative_speed_or_bearing_is_an_unknown_one() -> None:
    found = read(speed="-1", bearing="-1")

    assert isinstance(found, Ping)
    assert (found.speed, found.bearing) == (None, None)


@pytest.mark.parametrize(
    "change",
    [{"lat": "nan"}, {"lat": "91"}, {"lon": "inf"}, {"lat": ""}, {"lat": "x"}, {"timestamp": ""},
     {"timestamp": "1e400"}, {"timestamp": "yesterday"}, {"timestamp": "-5"}, {"speed": "999"},
     {"bearing": "361"}, {"speed_unit": "furlongs"}, {"location": "1"}, {"location": "a,b"},
     {"trip": "x" * 99}, {"timestamp": "9" * 400}],
)  # fmt: skip
def test_what_is_no_fix_is_malformed(change: dict[str, str]) -> None:
    assert isinstance(read(**change), Malformed)


@pytest.mark.parametrize("missing", list(FIELDS))
def test_a_missing_field_is_named(missing: str) -> None:
    found = read_fields({name: text for name, text in FIELDS.items() if name != missing}, "bus")

    assert isinstance(found, Malformed)
    assert missing in found.reason


def test_the_json_of_traccar_client_is_read() -> None:
    body = {
        "location": {
            "timestamp": "2025-11-24T16:00:00.000Z",
            "coords": {"latitude": 34.8, "longitude": 133.7, "speed": 8.3, "heading": -1},
            "battery": {"level": 0.5},
        },
        "device_id": "secret",
    }
    fields = read_traccar(json.dumps(body).encode())
    found = read_fields(fields, "bus")

    assert fields["id"] == "secret"
    assert isinstance(found, Ping)
    assert (found.t, found.lat, found.speed, found.bearing) == (1_764_000_000, 34.8, 8.3, None)


@pytest.mark.parametrize(
    "body", [b"{}", b"{", b"[]", b'{"location":1}', b'{"location":{"coords":null}}', b"[" * 9999]
)
def test_other_json_has_no_fields(body: bytes) -> None:
    assert read_traccar(body) == {}
