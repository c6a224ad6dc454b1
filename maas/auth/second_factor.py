"""A second proof of who signs in: six digits of a device (RFC 6238), or a code to recover with.

Every code opens once.  All times are real epoch seconds.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final

import pyotp
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.auth.sessions import digest
from maas.store import second_factors
from maas.store.second_factors import FactorRow

STEP_S: Final = 30
EITHER_SIDE: Final = 1
"""Clocks differ: the code of the span before and after is taken too."""
CODES: Final = 10
ISSUER: Final = "Rural MaaS"


async def begin(db: AsyncConnection, name: str, now_s: float) -> str | None:
    """Return the secret of a new device, to be confirmed; None when one is in force already."""
    known = await second_factors.factor(db, name)
    if known is not None and known.confirmed_at is not None:
        return None
    secret = pyotp.random_base32()
    await second_factors.keep_factor(db, FactorRow(name, secret, now_s))
    return secret


def address_of(name: str, secret: str) -> str:
    """Return what an authenticator app opens."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


async def confirm(db: AsyncConnection, name: str, code: str, now_s: float) -> list[str] | None:
    """Put a new device in force and return the codes to recover with, shown this once.

    None when the code is not its, or it is in force already.
    """
    known = await second_factors.factor(db, name)
    if known is None or known.confirmed_at is not None:
        return None
    if not await _taken(db, known, code, now_s):
        return None
    codes = [new_code() for _ in range(CODES)]
    await second_factors.keep_codes(db, name, [_hash(name, each) for each in codes])
    return codes


def new_code() -> str:
    """Return a code to recover with: of so many bits that a plain hash keeps it."""
    return f"{secrets.token_hex(7)}-{secrets.token_hex(7)}"


async def is_in_force(db: AsyncConnection, name: str) -> bool:
    """Say whether somebody signs in with a second proof."""
    known = await second_factors.factor(db, name)
    return known is not None and known.confirmed_at is not None


async def prove(db: AsyncConnection, name: str, code: str, now_s: float) -> bool:
    """Say whether a code proves somebody; it is used up by that."""
    known = await second_factors.factor(db, name)
    if known is None or known.confirmed_at is None:
        return False
    if await _taken(db, known, code, now_s):
        return True
    return await second_factors.use_code(db, name, _hash(name, code.strip().lower()))


async def _taken(db: AsyncConnection, known: FactorRow, code: str, now_s: float) -> bool:
    step = _step(known.secret, code, now_s)
    if step is None or step <= known.last_step:
        return False
    at_s = now_s if known.confirmed_at is None else known.confirmed_at
    await second_factors.note_step(db, known.staff_name, step, at_s)
    return True


def _step(secret: str, code: str, now_s: float) -> int | None:
    """Return the span of 30 s a code is of; None when it is of none near now."""
    typed = "".join(code.split()).encode()
    now, totp = int(now_s // STEP_S), pyotp.TOTP(secret)
    for step in range(now - EITHER_SIDE, now + EITHER_SIDE + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), typed):
            return step
    return None


def _hash(name: str, code: str) -> str:
    return digest(f"{name} {code}")
