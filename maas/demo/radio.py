"""How the simulated vehicles and callers reach the service: over HTTP, like everybody else."""

import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

Json = dict[str, Any]
API = "/api/v1"
CALLER = "配車 例田"
"""Who calls the roll."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a vehicle is, how fast, and which way it heads."""

    lat: float
    lon: float
    bearing: float = 0.0
    speed_mps: float = 0.0


@dataclass(slots=True)
class Device:
    """The device in one vehicle, with the token it was enrolled with."""

    vehicle: str
    token: str
    client: httpx.AsyncClient
    verdicts: Counter[str]
    boot: str = field(default_factory=lambda: secrets.token_hex(4))
    seq: int = 0

    async def report(self, fix: Fix, now: float, trip: str | None = None) -> None:
        """Send one position through the real ingest and count its verdict."""
        ping = {
            "vehicle": self.vehicle,
            "boot": self.boot,
            "seq": self.seq,
            "t": round(now, 1),
            "lat": round(fix.lat, 6),
            "lon": round(fix.lon, 6),
            "speed": round(fix.speed_mps, 1),
            "bearing": round(fix.bearing % 360, 1),
        }
        self.seq += 1
        answer = await self._send("POST", "/positions", [ping | ({"trip": trip} if trip else {})])
        self.verdicts.update(answer["verdicts"] if answer else ["lost"])

    async def job(self) -> Json | None:
        """Ask what to do next, ``None`` when the service does not say."""
        job: Json | None = await self._send("GET", f"/vehicles/{self.vehicle}/job")
        return job

    async def step(self, booking_id: str, step: str, at: float) -> Json | None:
        """Tap a step that happened ``at``; the new job, or ``None`` when it was not taken."""
        moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
        body = {"booking_id": booking_id, "step": step, "at": moment}
        job: Json | None = await self._send("POST", f"/vehicles/{self.vehicle}/steps", body)
        return job

    async def call_roll(self, driver: str) -> bool:
        """Record that a driver was found fit before departure, and say whether it is kept."""
        record = {
            "kind": "call_before", "caller": CALLER, "method": "face", "detector": True,
            "reading_mg_l": 0.0, "drunk": False, "illness": False, "fatigue": False,
            "lack_of_sleep": False, "check_ok": True, "fit": True,
        }  # fmt: skip
        body = {"record": record, "driver": driver}
        return await self._send("POST", f"/vehicles/{self.vehicle}/duty", body) is not None

    async def _send(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": secrets.token_hex(8)}
        try:
            answer = await self.client.request(method, API + path, json=body, headers=headers)
        except httpx.TransportError:
            return None
        return answer.json() if answer.is_success else None


@dataclass(slots=True)
class Operator:
    """The operator's seat at the telephone: signed in, one client."""

    client: httpx.AsyncClient

    async def sign_in(self, name: str, password: str) -> None:
        """Open the session; raises ``httpx.HTTPStatusError`` when it is refused."""
        answer = await self.client.post(f"{API}/session", json={"name": name, "password": password})
        answer.raise_for_status()

    async def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 -- any JSON
        """Read something; raises ``httpx.HTTPError``."""
        answer = await self.client.get(API + path, params=query)  # type: ignore[arg-type]
        answer.raise_for_status()
        return answer.json()

    async def quote(self, ask: Json) -> Json:
        """Ask for offers; raises ``httpx.HTTPError``."""
        answer = await self.client.post(f"{API}/quotes", json=ask)
        answer.raise_for_status()
        return dict(answer.json())

    async def book(self, offer: str, rider_id: int) -> Json:
        """Take an offer; the answer is a booking, or a problem with ``alternatives``."""
        body, key = (
            {"offer": offer, "rider_id": rider_id},
            {"Idempotency-Key": secrets.token_hex(8)},
        )
        answer = await self.client.post(f"{API}/bookings", json=body, headers=key)
        return dict(answer.json())

    async def cancel(self, booking_id: str, reason: str) -> bool:
        """Cancel a booking and say whether that was possible."""
        answer = await self.client.request(
            "DELETE",
            f"{API}/bookings/{booking_id}",
            json={"reason": reason},
            headers={"Idempotency-Key": secrets.token_hex(8)},
        )
        return answer.is_success
