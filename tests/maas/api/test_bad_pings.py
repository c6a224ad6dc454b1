"""Twenty-four kinds of bad positions among good ones: none is shown, none is a server error.

The oracle knows only where the good fixes are: after each request the vehicle stands on the last
of them, exactly.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.maas.api.conftest import Prepared, Running, running_on

POSITIONS = "/api/v1/positions"
HALL = (34.86, 133.69)

Item = dict[str, Any]


@dataclass
class Bus:
    """A vehicle that goes to and fro at ten metres a second and sends a good fix now and then."""

    chance: random.Random
    now: float
    seq: int = 0
    step: int = 0
    last: Item = field(default_factory=dict)

    def good(self) -> Item:
        """Return the next good fix."""
        self.seq += 1
        self.step += 1
        lat = HALL[0] + 0.0007 * abs(self.step % 100 - 50)
        self.last = self.item(lat=round(lat, 6))
        return self.last

    def item(self, **more: object) -> Item:
        """Return a fix that is good but for ``more``."""
        known = {"vehicle": "van-1", "boot": "fuzz", "seq": self.seq, "t": round(self.now, 3)}
        return known | {"lat": HALL[0], "lon": HALL[1], "speed": 5.0, "bearing": 0.0} | more

    def fresh(self, **more: object) -> Item:
        """Return a fix with a number of its own, a moment after the good one."""
        self.seq += 1
        return self.item(t=round(self.now + 0.5, 3)) | more

    def pick(self, *among: Any) -> Any:  # noqa: ANN401 -- any of them
        """Return one of these."""
        return self.chance.choice(among)

    def between(self, low: float, high: float) -> float:
        """Return a number between two."""
        return self.chance.uniform(low, high)

    def behind(self) -> float:
        """Return a latitude a little behind the last good fix."""
        return float(self.last["lat"]) - 0.0001

    def anywhere(self) -> dict[str, float]:
        """Return a place at least five kilometres away, no two of them alike."""
        north = self.chance.choice((-1, 1)) * self.chance.uniform(0.05, 0.1)
        return {"lat": HALL[0] + north, "lon": self.chance.uniform(133.55, 133.85)}


Kind = Callable[[Bus], Item | str]


def text(item: Item, field: str, raw: str) -> str:
    """Return an item as JSON with a field that JSON cannot say, or should not."""
    return json.dumps(item | {field: "@"}).replace('"@"', raw)


NUMBERS = ("lat", "lon", "t", "seq")
REQUIRED = ("vehicle", "boot", "seq", "t", "lat")
STRANGERS = ("ghost", "' OR 1=1", "\u0000", "車")
NO_PINGS = ("null", "[]", "[[[[]]]]", "{}", '"x"', "7", '{"lat":{"lat":1}}', f'"{"x" * 999}"')

# Each returns an item, or the text of one.
KINDS: dict[str, Kind] = {
    "not a number": lambda b: text(b.fresh(), b.pick("lat", "lon", "t"), "NaN"),
    "infinite": lambda b: text(b.fresh(), b.pick("lat", "lon", "t"), "-Infinity"),
    "too large to be a number": lambda b: text(b.fresh(), "lat", "1e999"),
    "beyond the poles": lambda b: b.fresh(lat=b.pick(-1, 1) * b.between(90.1, 999)),
    "beyond the date line": lambda b: b.fresh(lon=b.between(180.1, 9999)),
    "null island": lambda b: b.fresh(lat=0.0, lon=0.0),
    "another country": lambda b: b.fresh(lat=b.between(-80, 33), lon=b.between(-170, 120)),
    "latitude for longitude": lambda b: b.fresh(lat=HALL[1] - 90, lon=HALL[0]),
    "a number as text": lambda b: b.fresh(**{b.pick(*NUMBERS): "34.86"}),
    "a truth for a number": lambda b: b.fresh(**{b.pick(*NUMBERS): True}),
    "a field missing": lambda b: _without(b.fresh(), b.pick(*REQUIRED)),
    "a field null": lambda b: b.fresh(**{b.pick(*REQUIRED): None}),
    "from the future": lambda b: b.fresh(t=b.now + b.between(35, 86_400)),
    "milliseconds for seconds": lambda b: b.fresh(t=b.now * 1000),
    "older than a week": lambda b: b.fresh(t=b.now - b.between(7.1, 900) * 86_400),
    "before time began": lambda b: b.fresh(t=-b.between(1, 1e12)),
    "a leap over the town": lambda b: b.fresh(**b.anywhere()),
    "a number sent before": lambda b: b.item(seq=b.last["seq"], t=b.now + 1, lat=HALL[0]),
    "overtaken on the way": lambda b: b.fresh(t=b.now - b.between(0.5, 600), lat=b.behind()),
    "another's vehicle": lambda b: b.fresh(vehicle="van-2"),
    "nobody's vehicle": lambda b: b.fresh(vehicle=b.pick(*STRANGERS)),
    "an impossible speed": lambda b: b.fresh(**{b.pick("speed", "bearing"): b.pick(-1e9, 1e9)}),
    "an impossible number": lambda b: b.fresh(seq=b.pick(-1, 1.5, 2**60, 1e300)),
    "no ping at all": lambda b: b.pick(*NO_PINGS),
}
BODIES = (b"", b"{", b"[", b"nonsense", b"\xff\xfe\x00", b"[" * 5000, b'{"a":1}', b"[1,", b"NaN")


def _without(item: Item, field: str) -> Item:
    return {name: value for name, value in item.items() if name != field}


async def fuzz(running: Running, count: int, seed: int) -> Counter[str]:
    """Send so many bad items among good ones and return how many of each kind."""
    bus = Bus(random.Random(seed), running.service.clock())  # noqa: S311 -- not a secret
    live, sent = running.service.buses.live, Counter[str]()
    real_clock = running.service.clock
    names = list(KINDS)
    async with running.device() as device:
        while sent.total() < count:
            bus.now += 8.0
            object.__setattr__(running.service, "clock", lambda: bus.now)
            items: list[Item | str] = [bus.good()]
            for name in bus.chance.choices(names, k=bus.chance.randrange(1, 40)):
                items.append(KINDS[name](bus))
                sent[name] += 1
            good = items[0]
            bus.chance.shuffle(items)
            said = [each if isinstance(each, str) else json.dumps(each) for each in items]
            answer = await device.post(POSITIONS, content=f"[{','.join(said)}]".encode())
            assert answer.status_code == 200, answer.text
            verdicts = answer.json()["verdicts"]
            shown = [items[i] for i, verdict in enumerate(verdicts) if verdict == "live"]
            assert shown == [good]
            track = live.track("van-1")
            assert track is not None
            assert (track.ping.lat, track.ping.lon, track.ping.t) == (
                bus.last["lat"], bus.last["lon"], bus.last["t"]
            )  # fmt: skip
            for body in bus.chance.sample(BODIES, 1):
                refused = await device.post(POSITIONS, content=body)
                assert refused.status_code == 400, body
    object.__setattr__(running.service, "clock", real_clock)
    assert live.track("van-2") is None
    return sent


@pytest.mark.parametrize(("count", "seed"), [(2400, 1)])
async def test_bad_positions_are_never_shown(
    prepared: Prepared, tmp_path: Path, count: int, seed: int
) -> None:
    async with running_on(prepared, tmp_path / "data") as running:
        sent = await fuzz(running, count, seed)
    assert set(sent) == set(KINDS)
    assert len(KINDS) >= 20


@pytest.mark.heavy
async def test_a_hundred_thousand_bad_positions_are_never_shown(
    prepared: Prepared, tmp_path: Path
) -> None:
    async with running_on(prepared, tmp_path / "data") as running:
        sent = await fuzz(running, 100_000, 2)
    assert sent.total() >= 100_000
    assert min(sent.values()) > 3000
