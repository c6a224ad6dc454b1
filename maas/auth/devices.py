"""Devices in vehicles: enrolled by a one-time code, known by short-lived tokens.

A device's app trades the code for a secret, once, and the secret for access tokens that last ten
minutes.  A tracker that can do neither has one long-lived token.  All times are real epoch
seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.auth.sessions import digest
from maas.store import fleet
from maas.store.fleet import DeviceRow

CODE_S: Final = 30 * 60
CODE_CHARACTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""None that are read for one another: 0 O, 1 I."""
CODE_LENGTH: Final = 10
ACCESS_S: Final = 10 * 60
TOKENS_KEPT: Final = 4096

Kind = Literal["app", "tracker"]


class Enrolled(NamedTuple):
    """A new device and its secret, which is shown this once."""

    device: DeviceRow
    secret: str


async def enrol_code(db: AsyncConnection, vehicle_id: str, now_s: float) -> str | None:
    """Return a code by which one device may enrol within half an hour.

    None when there is no such vehicle.
    """
    if await fleet.vehicle(db, vehicle_id) is None:
        return None
    code = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
    await fleet.add_enrol_code(db, digest(code), vehicle_id, now_s + CODE_S)
    return f"{code[:5]}-{code[5:]}"


async def enrol_by_code(db: AsyncConnection, code: str, now_s: float) -> Enrolled | None:
    """Enrol the device that shows a code; None when it is unknown, used or too old."""
    typed = "".join(code.upper().split()).replace("-", "")
    vehicle_id = await fleet.use_enrol_code(db, digest(typed), now_s)
    return None if vehicle_id is None else await _enrol(db, vehicle_id, "app", now_s)


async def enrol_device(db: AsyncConnection, vehicle_id: str, now_s: float) -> str | None:
    """Enrol a tracker for a vehicle and return its token, shown this once.

    None when there is no such vehicle.  Other devices of the vehicle stay enrolled.
    """
    if await fleet.vehicle(db, vehicle_id) is None:
        return None
    return (await _enrol(db, vehicle_id, "tracker", now_s)).secret


async def _enrol(db: AsyncConnection, vehicle_id: str, kind: Kind, now_s: float) -> Enrolled:
    secret = secrets.token_urlsafe(32)
    name = f"{vehicle_id}.{secrets.token_hex(4)}"
    device = DeviceRow(name, vehicle_id, kind, digest(secret), now_s, None)
    await fleet.add_device(db, device)
    return Enrolled(device, secret)


def access_token(device_id: str, now_s: float, key: bytes) -> str:
    """Return a token that speaks for a device for ten minutes, signed.

    >>> read_access(access_token("bus-1.0a", 100.0, b"key"), 699.0, b"key")
    'bus-1.0a'
    >>> read_access(access_token("bus-1.0a", 100.0, b"key"), 700.0, b"key")
    >>> read_access(access_token("bus-1.0a", 100.0, b"key"), 100.0, b"other")
    """
    body = f"{int(now_s + ACCESS_S)}~{device_id}".encode()
    return f"{_text(body)}.{_text(_signature(body, key))}"


def read_access(token: str, now_s: float, key: bytes) -> str | None:
    """Return the device an access token speaks for; None when forged or too old."""
    body_text, _, signature = token.partition(".")
    try:
        body = base64.urlsafe_b64decode(body_text + "=" * (-len(body_text) % 4))
        expires, _, device_id = body.decode().partition("~")
    except ValueError:
        return None
    if not hmac.compare_digest(signature.encode(), _text(_signature(body, key)).encode()):
        return None
    return device_id if now_s < int(expires) else None


def _signature(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"device\0" + body, hashlib.sha256)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass(slots=True)
class Heard:
    """When a device was last heard, on the real clock, and which run of it that was."""

    at_s: float
    boot: str


@dataclass(slots=True)
class Roster:
    """The devices that may report, in memory: asking who speaks costs no database.

    It is read anew every other second, so that a device revoked anywhere is silent within five.
    """

    key: bytes
    heard: dict[str, Heard] = field(default_factory=dict)
    _devices: dict[str, DeviceRow] = field(default_factory=dict)
    _trackers: dict[str, DeviceRow] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)

    def take(self, rows: Iterable[DeviceRow]) -> None:
        """Replace what is known by these devices."""
        self._devices = {row.id: row for row in rows}
        self._trackers = {
            row.token_hash: row for row in self._devices.values() if row.kind == "tracker"
        }
        self.heard = {name: heard for name, heard in self.heard.items() if name in self._devices}

    def add(self, row: DeviceRow) -> None:
        """Know one more device."""
        self.take([*self._devices.values(), row])

    def drop(self, device_id: str) -> None:
        """Know a device no longer."""
        self.take([row for row in self._devices.values() if row.id != device_id])

    def device(self, device_id: str) -> DeviceRow | None:
        """Return a device, None when it is unknown or revoked."""
        return self._devices.get(device_id)

    def by_token(self, token: str, now_s: float) -> DeviceRow | None:
        """Return whom a bearer token speaks for: an app's access token or a tracker's own."""
        if "." in token:
            device_id = read_access(token, now_s, self.key)
            return None if device_id is None else self._devices.get(device_id)
        hashed = self._digests.get(token)
        if hashed is None:
            hashed = digest(token)
            if hashed in self._trackers:
                if len(self._digests) >= TOKENS_KEPT:
                    self._digests.clear()
                self._digests[token] = hashed
        return self._trackers.get(hashed)

    def note(self, device_id: str, boot: str, now_s: float) -> None:
        """Note that a device was heard."""
        self.heard[device_id] = Heard(now_s, boot)
