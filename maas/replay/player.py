"""Sends a recording to the service as its vehicles would have, in time order."""

import asyncio
import json
import secrets
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from maas.clock import Clock, local
from maas.replay.recording import Recorded

TICK_S = 1.0
TICK_SERVICE_S = 60.0
"""No position waits longer than this on the service clock, however fast it runs."""
AT_ONCE = 32
BAR = 30
BEHIND = 0.1


class Socket(Protocol):
    """The device's end of ``WS /ws/vehicle``."""

    async def send(self, message: str, /) -> None:
        """Send one frame."""
        ...

    async def recv(self) -> str | bytes:
        """Wait for the answer."""
        ...

    async def close(self) -> None:
        """Say goodbye."""
        ...


def vehicle_socket(address: str) -> Callable[[str], Awaitable[Socket]]:
    """Return how to open a device's socket at a service's address, given the device's token."""
    url = f"ws{address.removeprefix('http')}/ws/vehicle"

    async def open_with(token: str) -> Socket:
        headers = {"Authorization": f"Bearer {token}"}
        return await connect(url, additional_headers=headers, compression=None)

    return open_with


@dataclass(slots=True)
class Player:
    """Sends what was recorded when the service clock reaches it, and counts the verdicts."""

    fixes: Sequence[Recorded]
    tokens: Mapping[str, str]
    clock: Clock
    zone: ZoneInfo
    connect: Callable[[str], Awaitable[Socket]]
    sockets: dict[str, Socket] = field(default_factory=dict)
    verdicts: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    boot: str = field(default_factory=lambda: secrets.token_hex(4))
    shown: int = -1

    async def play(self, check: Callable[[], None]) -> None:
        """Play to the end; ``check`` may raise to end it earlier."""
        tick_s = min(TICK_S, TICK_SERVICE_S / self.clock.speed)
        at = 0
        while at < len(self.fixes):
            check()
            until = self.due(at, self.clock())
            await self.send(self.fixes[at:until])
            at = until
            self._show(at)
            await asyncio.sleep(tick_s)
        await asyncio.gather(*(socket.close() for socket in self.sockets.values()))
        tell(f"\n{self.warning()}")

    def warning(self) -> str:
        """Return what to say when many positions came too late to be live; empty when few did."""
        share = self.verdicts["history"] / max(1, self.verdicts.total())
        if share < BEHIND:
            return ""
        return f"{share:.0%} arrived too late to be live: play at a lower --speed here\n"

    def due(self, at: int, now: float) -> int:
        """Return the end of what is due at ``now``, counted from the ``at``-th position."""
        return bisect_right(self.fixes, now, lo=at, key=lambda fix: fix.t)

    async def send(self, fixes: Sequence[Recorded]) -> None:
        """Send what is due, one frame a vehicle."""
        frames: defaultdict[str, list[Recorded]] = defaultdict(list)
        for fix in fixes:
            frames[fix.vehicle].append(fix)
        room = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._frame(room, v, frame) for v, frame in frames.items()))

    async def _frame(
        self, room: asyncio.Semaphore, vehicle: str, fixes: Sequence[Recorded]
    ) -> None:
        """Send a vehicle's frame on its own socket; a broken one is opened anew for the next."""
        pings = [self.ping(fix) for fix in fixes]
        async with room:
            try:
                if vehicle not in self.sockets:
                    self.sockets[vehicle] = await self.connect(self.tokens[vehicle])
                await self.sockets[vehicle].send(json.dumps(pings))
                answer = json.loads(await self.sockets[vehicle].recv())
            except (OSError, WebSocketException):
                self.sockets.pop(vehicle, None)
                answer = {"verdicts": ["lost"] * len(pings)}
        self.verdicts.update(answer["verdicts"])

    def ping(self, fix: Recorded) -> dict[str, object]:
        """Return a position as a device would send it; the recorded speed has no known unit."""
        number = self.sent[fix.vehicle]
        self.sent[fix.vehicle] += 1
        ping: dict[str, object] = {
            "vehicle": fix.vehicle,
            "boot": self.boot,
            "seq": number,
            "t": fix.t,
            "lat": fix.lat,
            "lon": fix.lon,
        }
        return ping | ({"trip": fix.trip} if fix.trip else {})

    def _show(self, at: int) -> None:
        """Draw the bar: over itself on a terminal, else a line at every twentieth."""
        on_terminal, step = sys.stdout.isatty(), 20 * at // len(self.fixes)
        if not on_terminal and step == self.shown:
            return
        self.shown = step
        share = at / len(self.fixes)
        done = round(BAR * share)
        bar = "#" * done + "." * (BAR - done)
        hour = local(self.clock(), self.zone.key).strftime("%H:%M")
        said = " ".join(f"{verdict} {n}" for verdict, n in self.verdicts.most_common())
        start, end = ("\r", "") if on_terminal else ("", "\n")
        tell(f"{start}[{bar}] {share:4.0%} {hour}  {said}{end}")


def tell(text: str) -> None:
    """Write to the terminal at once."""
    sys.stdout.write(text)
    sys.stdout.flush()
