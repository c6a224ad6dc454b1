"""Fixes as OsmAnd and Traccar Client send them: one a request, as fields or as Traccar's JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from busloc.ping import Malformed, Ping

BOOT = "osmand"
"""These programs count nothing: the second of a fix is its number."""
MILLISECONDS_FROM = 1e11
METRES_PER_S = {"mps": 1.0, "kmh": 1 / 3.6, "kn": 1852 / 3600}


def read_fields(fields: Mapping[str, str], vehicle: str) -> Ping | Malformed:
    """Return the ping of a request's fields for the vehicle that its device speaks for.

    ``timestamp`` is epoch seconds or milliseconds or ISO 8601; ``speed`` metres a second unless
    ``speed_unit`` says ``kmh`` or ``kn``; a negative speed or bearing is an unknown one.
    """
    try:
        lat, lon = fields["location"].split(",") if "location" in fields else (None, None)
        t = _instant(fields["timestamp"])
        scale = METRES_PER_S[fields.get("speed_unit") or "mps"]
        speed = _optional(fields.get("speed"))
        found = {
            "vehicle": vehicle,
            "boot": BOOT,
            "seq": int(t),
            "t": t,
            "lat": _number(lat or fields["lat"]),
            "lon": _number(lon or fields["lon"]),
            "speed": None if speed is None else speed * scale,
            "bearing": _optional(fields.get("bearing") or fields.get("heading")),
            "trip": fields.get("trip") or None,
        }
        return msgspec.convert(found, Ping)
    except KeyError as missing:
        return Malformed(f"{missing} is missing or unknown")
    except (ValueError, OverflowError, msgspec.ValidationError) as error:
        return Malformed(str(error))


def read_traccar(body: bytes) -> dict[str, str]:
    """Return the fields of Traccar Client's JSON (version 9 on); none when it is no such thing."""
    try:
        sent: Any = json.loads(body)
        place = cast("dict[str, Any]", sent["location"])
        coords = place["coords"]
        fields = {
            "id": sent.get("device_id"),
            "timestamp": place.get("timestamp"),
            "lat": coords.get("latitude"),
            "lon": coords.get("longitude"),
            "speed": coords.get("speed"),
            "bearing": coords.get("heading"),
        }
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return {}
    return {name: str(value) for name, value in fields.items() if value is not None}


def _instant(text: str) -> float:
    try:
        epoch = _number(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return epoch / 1000 if epoch >= MILLISECONDS_FROM else epoch


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no number")
    return number


def _optional(text: str | None) -> float | None:
    number = _number(text) if text else -1.0
    return None if number < 0 else number
