"""One letter to one service: signed, to the address that was looked at, and nowhere else."""

from __future__ import annotations

import asyncio
import hmac
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

from maas.link.events import CONTENT_TYPE
from maas.link.reach import Reach, Resolve, resolved
from maas.store.webhooks import LetterRow, WebhookRow

TIMEOUT_S: Final = 10.0
"""How long a service may take to answer, its name's look-up included."""
_UNWELL: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Delivered:
    """The service has taken it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It does not take this letter, and may take others."""

    why: str


@dataclass(frozen=True, slots=True)
class Away:
    """It takes nothing now."""

    why: str


Outcome = Delivered | Refused | Away


def new_transport(believed: ssl.SSLContext | None = None) -> httpx.AsyncHTTPTransport:
    """Return what calls, without cookies, redirects or a proxy.

    Without `believed` the public authorities are.
    """
    return httpx.AsyncHTTPTransport(verify=believed or True, trust_env=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends by HTTPS; `now` is the wall's clock, which receivers compare with theirs."""

    reach: Reach
    now: Callable[[], float]
    resolve: Resolve = resolved
    timeout_s: float = TIMEOUT_S
    transport: httpx.AsyncHTTPTransport = field(default_factory=new_transport)

    async def send(self, hook: WebhookRow, letter: LetterRow) -> Outcome:
        """Send a letter; whatever goes wrong is said by the outcome, not raised."""
        return await self.send_body(hook, letter.body)

    async def send_body(self, hook: WebhookRow, body: str) -> Outcome:
        """Send an event that no letter holds, in the same way."""
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._send(hook, body.encode())
        except (httpx.HTTPError, OSError) as error:  # a timeout is one of the latter
            return Away(type(error).__name__)

    async def _send(self, hook: WebhookRow, body: bytes) -> Outcome:
        if not self.reach.allows(hook.url):
            return Away("host is not listed")
        address = await self.reach.address(hook.url, self.resolve)
        if address is None:
            return Away("host is inside")
        headers = {
            "content-type": CONTENT_TYPE,
            "user-agent": "maas",
            "x-signature": signature(hook, body, int(self.now())),
        }
        answer = await self.transport.handle_async_request(
            _request(hook.url, address, headers, body)
        )
        # What it says is not ours to read; and so the connection, which is proved for one host,
        # is closed before another one at the same address could be asked over it.
        await answer.aclose()
        return outcome(answer.status_code)


def _request(url: str, address: str, headers: Mapping[str, str], body: bytes) -> httpx.Request:
    """Return a request to an IP address; the host's name is asked for and proved all the same."""
    named = httpx.URL(url)
    pinned = named.copy_with(host=address)
    host = named.netloc.decode("ascii")
    sni = {"sni_hostname": named.raw_host.decode("ascii")}
    return httpx.Request(
        "POST", pinned, headers={"host": host, **headers}, content=body, extensions=sni
    )


def outcome(status: int) -> Outcome:
    """Return what a status means; a redirect is a refusal.

    >>> outcome(204), outcome(301), outcome(429), outcome(503)
    (Delivered(), Refused(why='301'), Away(why='429'), Away(why='503'))
    """
    if 200 <= status < 300:
        return Delivered()
    return Away(str(status)) if status >= 500 or status in _UNWELL else Refused(str(status))


def signature(hook: WebhookRow, body: bytes, at: int) -> str:
    """Return `t=<epoch s>,v1=<hex>`: of `<t>.<body>` by each secret that holds at that second."""
    secrets = [hook.secret]
    if hook.secret_before and at < hook.both_until:
        secrets.append(hook.secret_before)
    signed = b"%d.%b" % (at, body)
    proofs = (hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets)
    return ",".join([f"t={at}", *(f"v1={proof}" for proof in proofs)])
