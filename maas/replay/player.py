"""Sends a recording to the service as its vehicles would have, in time order."""

import asyncio
import secrets
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import httpx

from maas.clock import Clock, local
from maas.demo.radio import API
from maas.demo.server import Server
from maas.replay.recording import Recorded

TICK_S = 1.0
TICK_SERVICE_S = 60.0
"""No position waits longer than this on the service clock, however fast it runs."""
AT_ONCE = 8
BAR = 30


@dataclass(slots=True)
class Player:
    """Sends what was recorded when the service clock reaches it, and counts the verdicts."""

    fixes: Sequence[Recorded]
    tokens: Mapping[str, str]
    clock: Clock
    zone: ZoneInfo
    verdicts: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    boot: str = field(default_factory=lambda: secrets.token_hex(4))

    async def play(self, server: Server) -> None:
        """Play to the end.  Raises ``ServerError`` when the service ends before."""
        tick_s = min(TICK_S, TICK_SERVICE_S / self.clock.speed)
        at = 0
        async with httpx.AsyncClient(base_url=server.address, timeout=30.0) as client:
            while at < len(self.fixes):
                server.check()
                until = self.due(at, self.clock())
                await self.send(client, self.fixes[at:until])
                at = until
                self._show(at)
                await asyncio.sleep(tick_s)
        tell("\n")

    def due(self, at: int, now: float) -> int:
        """Return the end of what is due at ``now``, counted from the ``at``-th position."""
        return bisect_right(self.fixes, now, lo=at, key=lambda fix: fix.t)

    async def send(self, client: httpx.AsyncClient, fixes: Sequence[Recorded]) -> None:
        """Post what is due, one batch a vehicle, a few at a time."""
        batches: defaultdict[str, list[Recorded]] = defaultdict(list)
        for fix in fixes:
            batches[fix.vehicle].append(fix)
        room = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._post(client, room, v, b) for v, b in batches.items()))

    async def _post(
        self,
        client: httpx.AsyncClient,
        room: asyncio.Semaphore,
        vehicle: str,
        fixes: list[Recorded],
    ) -> None:
        body = [self.ping(fix) for fix in fixes]
        headers = {"Authorization": f"Bearer {self.tokens[vehicle]}"}
        async with room:
            try:
                answer = await client.post(f"{API}/positions", json=body, headers=headers)
            except httpx.TransportError:
                self.verdicts["lost"] += len(body)
                return
        said = answer.json()["verdicts"] if answer.is_success else [f"http_{answer.status_code}"]
        self.verdicts.update(said)

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
        share = at / len(self.fixes)
        done = round(BAR * share)
        hour = local(self.clock(), self.zone.key).strftime("%H:%M")
        said = " ".join(f"{verdict} {n}" for verdict, n in self.verdicts.most_common())
        start = "\r" if sys.stdout.isatty() else ""
        end = "" if sys.stdout.isatty() else "\n"
        bar = "#" * done + "." * (BAR - done)
        tell(f"{start}[{bar}] {share:4.0%} {hour}  {said}{end}")


def tell(text: str) -> None:
    """Write to the terminal at once."""
    sys.stdout.write(text)
    sys.stdout.flush()
