"""The signed token of an offer: what a booking will promise, so that nobody can make one up."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import date
from typing import Literal

import msgspec

from dispatcher import Request


class Waiver(msgspec.Struct, frozen=True):
    """Who let a trip be offered although these rules of the town stand against it, and why."""

    by: str
    why: str
    rules: tuple[str, ...]


class OfferToken(msgspec.Struct, frozen=True, kw_only=True):
    """An offer as it travels through the caller; `expires` is in real epoch seconds.

    `promise` has no id yet: the booking's replaces it.
    """

    area: str
    day: date
    expires: int
    kind: Literal["asked", "earlier", "later"]
    vehicle: str
    promise: Request
    direct_s: int
    riders: int
    wheelchairs: int
    half_fares: int
    infants: int
    transfer: bool
    helpers: int = 0
    channel: str = "phone"
    instead_of: str | None = None
    waiver: Waiver | None = None


def seal(token: OfferToken, key: bytes) -> str:
    """Return the token as text, signed.

    >>> from dispatcher import Place
    >>> promise = Request("", Place(1), Place(2), 0, 60, 0, 900, 600)
    >>> offer = OfferToken(area="a", day=date(2026, 1, 5), expires=9, kind="asked", vehicle="v",
    ...     promise=promise, direct_s=300, riders=1, wheelchairs=0, half_fares=0, infants=0,
    ...     transfer=False)
    >>> unseal(seal(offer, b"key"), b"key") == offer, unseal(seal(offer, b"key"), b"other")
    (True, None)
    """
    body = msgspec.json.encode(token)
    return _text(body) + "." + _text(_signature(body, key))


def unseal(text: str, key: bytes) -> OfferToken | None:
    """Return the token `text` is, `None` when it was not signed with `key`."""
    body_text, _, signature_text = text.partition(".")
    body, signature = _bytes(body_text), _bytes(signature_text)
    if body is None or signature is None or _text(body) != body_text:
        return None
    if not hmac.compare_digest(signature, _signature(body, key)):
        return None
    return msgspec.json.decode(body, type=OfferToken)


def _signature(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"offer\0" + body, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
