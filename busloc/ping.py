"""Pings: what a vehicle reports, and whether to believe it.

``read_pings`` turns a body into typed items, one bad item not spoiling the others; ``Gate``
decides which of them move the live view, which are history, and which are refused.
"""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

import msgspec

from gtfs.geo import distance_m

ITEMS_MAX = 3600
FUTURE_S = 30
LIVE_AGE_S = 180
HISTORY_AGE_S = 7 * 86_400
SPEED_MAX_MPS = 150 / 3.6
NOISE_M = 60.0
"""Two fixes this close are never a jump, however short the time between them."""
AGREEING_FIXES = 3
"""So many fixes in a row that agree with each other outvote the one they disagree with."""
SEQ_WINDOW = 65_536
"""Eighteen hours at a fix a second: a shift without radio, sent after the first live fix."""
BOOTS_KEPT = 4

Region = tuple[float, float, float, float]
"""lat_min, lon_min, lat_max, lon_max of the service region, in degrees."""

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Ping(msgspec.Struct, frozen=True):
    """One position as a device sends it.  ``t`` is epoch seconds, ``speed`` metres a second.

    ``boot`` names the run of the device that counts ``seq`` up from 0; ``trip`` is the GTFS trip
    the driver is logged on to, if any.
    """

    vehicle: _Id
    boot: _Id
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    t: Annotated[float, msgspec.Meta(ge=0, le=2**40)]
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    speed: Annotated[float, msgspec.Meta(ge=0, le=200)] | None = None
    bearing: Annotated[float, msgspec.Meta(ge=0, le=360)] | None = None
    trip: _Id | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """An item that is no ping, and what is wrong with it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A body that is no list of items: ``too_large``, ``too_many`` or ``not_an_array``."""

    reason: str


_raw_items = msgspec.json.Decoder(list[msgspec.Raw])
_ping = msgspec.json.Decoder(Ping)
_pings = msgspec.json.Decoder(list[Ping])


def read_pings(body: bytes) -> list[Ping | Malformed] | Unreadable:
    """Return each item of a JSON array, or why there are none to answer."""
    try:
        whole = _pings.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _read_one_by_one(body)
    return list[Ping | Malformed](whole) if len(whole) <= ITEMS_MAX else Unreadable("too_many")


def _read_one_by_one(body: bytes) -> list[Ping | Malformed] | Unreadable:
    try:
        items: object = _raw_items.decode(body)
        read: Callable[[Any], Ping] = _ping.decode
    except (msgspec.DecodeError, RecursionError):
        # NaN and Infinity are no JSON, yet devices send them: only their own items are lost.
        try:
            items = json.loads(body, parse_constant=_NotANumber)
        except (ValueError, RecursionError):
            return Unreadable("not_an_array")
        read = _convert
    if not isinstance(items, list):
        return Unreadable("not_an_array")
    if len(items) > ITEMS_MAX:
        return Unreadable("too_many")
    return [_read_item(read, item) for item in items]


def _read_item(read: Callable[[Any], Ping], item: object) -> Ping | Malformed:
    try:
        return read(item)
    except (msgspec.DecodeError, RecursionError) as error:
        return Malformed(str(error))


class _NotANumber:
    def __init__(self, text: str) -> None:
        self.text = text


def _convert(item: object) -> Ping:
    return msgspec.convert(item, Ping)


class Verdict(StrEnum):
    """What became of an item: ``live`` moved the live view, ``history`` was only recorded."""

    LIVE = "live"
    HISTORY = "history"
    DUPLICATE = "duplicate"
    FUTURE = "future"
    STALE = "stale"
    OUTSIDE = "outside"
    IMPLAUSIBLE = "implausible"
    MALFORMED = "malformed"
    UNKNOWN_VEHICLE = "unknown_vehicle"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a batch came to: a verdict per item, all believed fixes by time, the newest live."""

    verdicts: list[Verdict]
    history: list[Ping]
    live: list[Ping]


@dataclass(slots=True)
class _Device:
    """What the gate remembers of one vehicle."""

    newest: Ping | None = None
    doubted: list[Ping] = field(default_factory=list)
    boots: OrderedDict[str, _Seen] = field(default_factory=OrderedDict)


class _Seen:
    """Which numbers of one boot have come: a window of bits below the highest."""

    __slots__ = ("bits", "top")

    def __init__(self) -> None:
        self.top = -1
        self.bits = 0

    def has(self, seq: int) -> bool:
        """Say whether a number has come, or is too far back to tell."""
        back = self.top - seq
        return back >= 0 and (back >= SEQ_WINDOW or bool(self.bits >> back & 1))

    def add(self, seq: int) -> None:
        ahead = seq - self.top
        if ahead > 0:
            kept = self.bits << ahead if ahead < SEQ_WINDOW else 0
            self.bits = (kept | 1) & (1 << SEQ_WINDOW) - 1
            self.top = seq
        else:
            self.bits |= 1 << -ahead


class Gate:
    """Judges pings; time is an argument, and memory is bounded for each vehicle."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._devices: dict[str, _Device] = {}
        self.counts: Counter[Verdict] = Counter()

    def forget(self, vehicle: str) -> None:
        """Drop what is known of a vehicle that has left the service."""
        self._devices.pop(vehicle, None)

    def admit(
        self,
        items: Sequence[Ping | Malformed],
        now_s: float,
        *,
        known: Mapping[str, object],
        allowed: frozenset[str] | None = None,
    ) -> Admitted:
        """Judge a batch in the order of time; ``allowed=None`` allows every known vehicle.

        A burst goes to history as a whole, and only its newest fix of a vehicle moves the live
        view.  Items refused may be sent again and are judged anew.
        """
        verdicts = [Verdict.MALFORMED] * len(items)
        history: list[Ping] = []
        newest: dict[str, int] = {}
        order = sorted((p.t, p.seq, i) for i, p in enumerate(items) if isinstance(p, Ping))
        for _, _, i in order:
            ping = items[i]
            if not isinstance(ping, Ping):
                continue
            verdict = self._admission(ping, known, allowed) or self._judge(ping, now_s)
            verdicts[i] = verdict
            if verdict in (Verdict.LIVE, Verdict.HISTORY):
                history.append(ping)
            if verdict is Verdict.LIVE:
                if ping.vehicle in newest:
                    verdicts[newest[ping.vehicle]] = Verdict.HISTORY
                newest[ping.vehicle] = i
        self.counts.update(verdicts)
        live = [ping for i in newest.values() if isinstance(ping := items[i], Ping)]
        return Admitted(verdicts, history, live)

    def _admission(
        self, ping: Ping, known: Mapping[str, object], allowed: frozenset[str] | None
    ) -> Verdict | None:
        if allowed is not None and ping.vehicle not in allowed:
            return Verdict.FORBIDDEN
        return None if ping.vehicle in known else Verdict.UNKNOWN_VEHICLE

    def _judge(self, ping: Ping, now_s: float) -> Verdict:
        if ping.t > now_s + FUTURE_S:
            return Verdict.FUTURE
        if ping.t < now_s - HISTORY_AGE_S:
            return Verdict.STALE
        if not _inside(ping, self._region):
            return Verdict.OUTSIDE
        device = self._devices.setdefault(ping.vehicle, _Device())
        seen = _boot(device, ping.boot)
        if seen.has(ping.seq):
            return Verdict.DUPLICATE
        if not _believable(device, ping):
            return Verdict.IMPLAUSIBLE
        seen.add(ping.seq)
        if device.newest is not None and ping.t <= device.newest.t:
            return Verdict.HISTORY
        device.newest = ping
        return Verdict.LIVE if ping.t >= now_s - LIVE_AGE_S else Verdict.HISTORY


def _inside(ping: Ping, region: Region) -> bool:
    lat_min, lon_min, lat_max, lon_max = region
    return lat_min <= ping.lat <= lat_max and lon_min <= ping.lon <= lon_max


def _boot(device: _Device, boot: str) -> _Seen:
    seen = device.boots.setdefault(boot, _Seen())
    device.boots.move_to_end(boot)
    if len(device.boots) > BOOTS_KEPT:
        device.boots.popitem(last=False)
    return seen


def _believable(device: _Device, ping: Ping) -> bool:
    """Compare a fix with the newest one, unless it and the doubted ones before it agree."""
    if device.newest is None or _could_drive(device.newest, ping):
        device.doubted.clear()
        return True
    last = device.doubted[-1] if device.doubted else device.newest
    if ping.t <= last.t:
        return False
    if not _could_drive(last, ping):
        device.doubted.clear()
    device.doubted.append(ping)
    if len(device.doubted) < AGREEING_FIXES:
        return False
    device.doubted.clear()
    return True


def _could_drive(one: Ping, other: Ping) -> bool:
    apart_m = distance_m(one.lat, one.lon, other.lat, other.lon)
    return apart_m <= NOISE_M or apart_m <= SPEED_MAX_MPS * abs(other.t - one.t)
