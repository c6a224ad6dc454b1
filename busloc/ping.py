"""Pings: what a vehicle reports, and whether to believe it.

``read_pings`` turns a body into typed items, one bad item not spoiling the others; ``Gate``
decides which of them move the live view, which are history, and which are refused.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, cast

import msgspec

from busloc.skew import Skew
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
GAPS_KEPT = 1024
"""A boot that leaves out more numbers than this in its window has the oldest called duplicates."""
BOOTS_KEPT = 4
DEGREE_MAX_M = 111_400.0
"""No degree of latitude or longitude is longer."""

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


class Corrected(Ping, frozen=True):
    """A ping whose ``t`` was put right; the device had said ``t - added_s``."""

    added_s: float = 0.0


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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_one_by_one(body)
    if len(whole) > ITEMS_MAX:
        return Unreadable("too_many")
    return cast("list[Ping | Malformed]", whole)


def _read_one_by_one(body: bytes) -> list[Ping | Malformed] | Unreadable:
    try:
        items: object = _raw_items.decode(body)
        read: Callable[[Any], Ping] = _ping.decode
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
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


_LIVE, _HISTORY = Verdict.LIVE, Verdict.HISTORY

_Row = tuple[float, int, int, Ping]
"""A ping of a batch with what sorts it: its time, its number, its place in the batch."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a batch came to: a verdict per item, all believed fixes by time, the newest live."""

    verdicts: list[Verdict]
    history: list[Ping]
    live: list[Ping]


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What a device's clock was last seen to be wrong by, in seconds (negative: it is behind)."""

    vehicle: str
    boot: str
    ahead_s: float | None
    corrected: bool


class _Boot:
    """One run of a device: which of its numbers have come, and how its clock goes.

    The numbers that have not come lie in gaps below the highest, ``lows[i] <= n < highs[i]``.
    """

    __slots__ = ("highs", "lows", "name", "skew", "top")

    def __init__(self, name: str) -> None:
        self.name = name
        self.skew = Skew()
        self.top = -1
        self.lows: list[int] = []
        self.highs: list[int] = []

    def has(self, seq: int) -> bool:
        """Say whether a number has come, or is too far back to tell."""
        if seq > self.top:
            return False
        gap = bisect_right(self.lows, seq) - 1
        return self.top - seq >= SEQ_WINDOW or gap < 0 or seq >= self.highs[gap]

    def add(self, seq: int) -> None:
        """Note a number that has not come before."""
        top = self.top
        if seq == top + 1:
            self.top = seq
        elif seq > top:
            self.lows.append(max(top + 1, seq - SEQ_WINDOW + 1))
            self.highs.append(seq)
            self.top = seq
            self._forget()
        else:
            self._fill(seq)

    def _forget(self) -> None:
        lows, highs = self.lows, self.highs
        while len(lows) > GAPS_KEPT or (lows and highs[0] <= self.top - SEQ_WINDOW + 1):
            del lows[0], highs[0]

    def _fill(self, seq: int) -> None:
        gap = bisect_right(self.lows, seq) - 1
        low, high = self.lows[gap], self.highs[gap]
        parts = [(a, b) for a, b in ((low, seq), (seq + 1, high)) if a < b]
        self.lows[gap : gap + 1] = [a for a, _ in parts]
        self.highs[gap : gap + 1] = [b for _, b in parts]
        self._forget()


class _Vehicle:
    """What the gate remembers of one vehicle."""

    __slots__ = ("boot", "boots", "doubted", "newest")

    def __init__(self) -> None:
        self.newest: Ping | None = None
        self.doubted: list[Ping] = []
        self.boots: OrderedDict[str, _Boot] = OrderedDict()
        self.boot = _Boot("")

    def run_of(self, name: str) -> _Boot:
        """Return a boot, the four last used of which are kept."""
        boot = self.boot
        if boot.name == name:
            return boot
        boot = self.boots.get(name) or _Boot(name)
        self.boots[name] = boot
        self.boots.move_to_end(name)
        if len(self.boots) > BOOTS_KEPT:
            self.boots.popitem(last=False)
        self.boot = boot
        return boot


class Gate:
    """Judges pings; time is an argument, and memory is bounded for each vehicle.

    Times are put right first, by what each device's clock was seen to be wrong by.
    """

    def __init__(self, region: Region) -> None:
        self._region = region
        self._vehicles: dict[str, _Vehicle] = {}
        self.counts: Counter[Verdict] = Counter()

    def forget(self, vehicle: str) -> None:
        """Drop what is known of a vehicle that has left the service."""
        self._vehicles.pop(vehicle, None)

    def clocks(self) -> Iterator[ClockReading]:
        """Yield what is known of the clock of each device's last boot."""
        for name, vehicle in self._vehicles.items():
            lag_s, added_s = vehicle.boot.skew.lag_s, vehicle.boot.skew.correction_s
            ahead_s = None if lag_s is None else -lag_s
            yield ClockReading(name, vehicle.boot.name, ahead_s, added_s != 0)

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
        by_vehicle: dict[str, list[_Row]] = {}
        for i, item in enumerate(items):
            if isinstance(item, Ping):
                by_vehicle.setdefault(item.vehicle, []).append((item.t, item.seq, i, item))
        history: list[Ping] = []
        live: list[Ping] = []
        for vehicle, rows in by_vehicle.items():
            refusal = _refusal(vehicle, known, allowed)
            if refusal is not None:
                for _, _, i, _ in rows:
                    verdicts[i] = refusal
                continue
            newest = self._judge_all(vehicle, rows, now_s, verdicts, history)
            if newest is not None:
                live.append(newest)
        if len(by_vehicle) > 1:
            history.sort(key=lambda ping: ping.t)
        self._count(verdicts)
        return Admitted(verdicts, history, live)

    def _count(self, verdicts: list[Verdict]) -> None:
        live, history = verdicts.count(_LIVE), verdicts.count(_HISTORY)
        if live + history < len(verdicts):
            self.counts.update(verdicts)
            return
        for verdict, count in ((_LIVE, live), (_HISTORY, history)):  # an enum is slow to hash
            if count:
                self.counts[verdict] += count

    def _judge_all(
        self,
        name: str,
        rows: list[_Row],
        now_s: float,
        verdicts: list[Verdict],
        history: list[Ping],
    ) -> Ping | None:
        """Judge the fixes of one vehicle; return the one that moves the live view, if any."""
        vehicle = self._vehicles.get(name)
        if vehicle is None:
            vehicle = self._vehicles[name] = _Vehicle()
        rows.sort()
        for t, _, _, ping in rows[-3:]:
            vehicle.run_of(ping.boot).skew.see(t, now_s)
        newest, newest_i = None, -1
        boot = vehicle.boot
        for _, seq, i, ping in rows:
            if ping.boot != boot.name:
                boot = vehicle.run_of(ping.boot)
            added_s = boot.skew.correction_s
            fix = _corrected(ping, added_s) if added_s else ping
            verdict = self._judge(vehicle, boot, seq, fix, now_s)
            if verdict is _LIVE or verdict is _HISTORY:
                history.append(fix)
                if verdict is _LIVE:
                    if newest is not None:
                        verdicts[newest_i] = _HISTORY
                    newest, newest_i = fix, i
            verdicts[i] = verdict
        return newest

    def _judge(self, vehicle: _Vehicle, boot: _Boot, seq: int, fix: Ping, now_s: float) -> Verdict:
        t = fix.t
        if t > now_s + FUTURE_S:
            return Verdict.FUTURE
        if t < now_s - HISTORY_AGE_S:
            return Verdict.STALE
        lat_min, lon_min, lat_max, lon_max = self._region
        if not (lat_min <= fix.lat <= lat_max and lon_min <= fix.lon <= lon_max):
            return Verdict.OUTSIDE
        if boot.has(seq):
            return Verdict.DUPLICATE
        newest = vehicle.newest
        if newest is not None:
            if not _believable(vehicle, newest, fix):
                return Verdict.IMPLAUSIBLE
            boot.add(seq)
            if t <= newest.t:
                return _HISTORY
        else:
            boot.add(seq)
        vehicle.newest = fix
        return _LIVE if t >= now_s - LIVE_AGE_S else _HISTORY


def _refusal(
    vehicle: str, known: Mapping[str, object], allowed: frozenset[str] | None
) -> Verdict | None:
    if allowed is not None and vehicle not in allowed:
        return Verdict.FORBIDDEN
    return None if vehicle in known else Verdict.UNKNOWN_VEHICLE


def _corrected(ping: Ping, added_s: float) -> Corrected:
    return Corrected(
        ping.vehicle,
        ping.boot,
        ping.seq,
        ping.t + added_s,
        ping.lat,
        ping.lon,
        ping.speed,
        ping.bearing,
        ping.trip,
        added_s,
    )


def _believable(vehicle: _Vehicle, newest: Ping, fix: Ping) -> bool:
    """Compare a fix with the newest one, unless it and the doubted ones before it agree."""
    doubted = vehicle.doubted
    if _could_drive(newest, fix):
        doubted.clear()
        return True
    last = doubted[-1] if doubted else newest
    if fix.t <= last.t:
        return False
    if not _could_drive(last, fix):
        doubted.clear()
    doubted.append(fix)
    if len(doubted) < AGREEING_FIXES:
        return False
    doubted.clear()
    return True


def _could_drive(one: Ping, other: Ping) -> bool:
    reach_m = max(NOISE_M, SPEED_MAX_MPS * abs(other.t - one.t))
    if (abs(one.lat - other.lat) + abs(one.lon - other.lon)) * DEGREE_MAX_M <= reach_m:
        return True  # no farther even round the corner, told without a sine
    return distance_m(one.lat, one.lon, other.lat, other.lon) <= reach_m
