"""Machines with a key from the settings: the telephone exchange, and gateways by signature."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Final

from fastapi import Depends, Header, Request
from pydantic import SecretStr
from starlette.requests import HTTPConnection

from maas.api.identity import The
from maas.api.problems import Problem

FRESH_S: Final = 300.0
"""A signature this old, or so far ahead, is not taken: it may have been overheard."""


async def exchange(connection: HTTPConnection, service: The) -> str:
    """Return the name the exchange acts under, or raise the problem 401."""
    kind, _, given = connection.headers.get("authorization", "").partition(" ")
    wanted = _plain(service.settings.pbx_key)
    if kind.lower() != "bearer" or not wanted or not _same(given, wanted):
        raise Problem("bad-key")
    return "exchange"


async def signed(
    request: Request,
    service: The,
    signature: Annotated[
        str,
        Header(
            alias="X-Signature",
            max_length=200,
            description="`t=<epoch seconds>,v1=<hex>`: the HMAC-SHA256 of `<t>.<body>`.",
        ),
    ] = "",
) -> str:
    """Return the name a gateway acts under whose body is signed, or raise the problem 401."""
    secret = _plain(service.settings.gateway_secret)
    parts = dict(part.partition("=")[::2] for part in signature.split(","))
    moment, given = parts.get("t", ""), parts.get("v1", "")
    fresh = moment.isdecimal() and abs(service.real_now() - int(moment)) <= FRESH_S
    if not secret or not fresh or not _same(given, sign(await request.body(), moment, secret)):
        raise Problem("bad-key")
    return "gateway"


def sign(body: bytes, moment: str, secret: str) -> str:
    """Return the signature of a body at a moment (epoch seconds, as written in the header)."""
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def _plain(key: SecretStr | None) -> str:
    return "" if key is None else key.get_secret_value()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


Exchange = Annotated[str, Depends(exchange)]
Signed = Annotated[str, Depends(signed)]
