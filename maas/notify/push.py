"""Web push (RFC 8030): to the browsers a rider has let notify them.

A browser names its own push service, so only those are called that the settings name.  What is sent
is sealed for the browser (RFC 8291) and signed as ours (VAPID, RFC 8292).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from maas.notify.channels import Later, Letter, Outcome, Refused, Sent
from maas.notify.gateways import outcome
from maas.store.database import Database
from maas.store.subscriptions import SubscriptionRow, forget_subscription, subscriptions_of

RECORD_BYTES: Final = 4096
TTL_S: Final = 3600
VALID_S: Final = 12 * 3600
GONE: Final = frozenset({404, 410})
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
P256: Final = ec.SECP256R1()


def encoded(data: bytes) -> str:
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """Return the bytes of base64url text; raises ``ValueError`` when it is none."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def new_key() -> str:
    """Return a new private key as text."""
    number = ec.generate_private_key(P256).private_numbers().private_value
    return encoded(number.to_bytes(32, "big"))


def read_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Return the private key that `new_key` wrote."""
    return ec.derive_private_key(int.from_bytes(decoded(text), "big"), P256)


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key's public half as browsers have it."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def is_allowed(endpoint: str, hosts: frozenset[str]) -> bool:
    """Say whether an endpoint is at one of these push services, by TLS or on this machine.

    A host like `.example` stands for all below it.

    >>> hosts = frozenset({"push.example", ".wide.example"})
    >>> [is_allowed(f"https://{each}/x", hosts) for each in
    ...  ("push.example", "a.wide.example", "a.push.example", "push.example:22")]
    [True, True, False, False]
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in {"https", "http"}:
        return False
    if parts.scheme == "http" and host not in LOOPBACK:
        return False
    named = host if port is None else f"{host}:{port}"
    above = "." + host.partition(".")[2]
    return named in hosts or (port is None and above in hosts)


def seal(
    words: bytes,
    subscription: SubscriptionRow,
    key: ec.EllipticCurvePrivateKey,
    salt: bytes,
) -> bytes:
    """Return `words` so that only the browser of a subscription can read them (RFC 8291).

    `key` and `salt` are of this message alone.  Raises ``ValueError`` when the browser's key is
    none.
    """
    theirs, ours = decoded(subscription.p256dh), public_bytes(key)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(P256, theirs))
    info = b"WebPush: info\0" + theirs + ours + b"\1"
    root = _mac(salt, _mac(_mac(decoded(subscription.auth), shared), info))
    content_key = _mac(root, b"Content-Encoding: aes128gcm\0\1")[:16]
    nonce = _mac(root, b"Content-Encoding: nonce\0\1")[:12]
    head = salt + struct.pack("!IB", RECORD_BYTES, len(ours)) + ours
    return head + AESGCM(content_key).encrypt(nonce, words + b"\2", None)


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)


def signed_as_ours(endpoint: str, key: ec.EllipticCurvePrivateKey, contact: str, now: float) -> str:
    """Return the header that tells a push service who we are, and whom to ask (RFC 8292)."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(now + VALID_S),
        "sub": contact,
    }
    body = ".".join(
        encoded(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims)
    )
    r, s = utils.decode_dss_signature(key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
    signature = encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={body}.{signature}, k={encoded(public_bytes(key))}"


@dataclass(frozen=True, slots=True)
class Push:
    """Pushes to every browser of a member; `real_now` is the wall's clock."""

    database: Database
    hosts: frozenset[str]
    key: ec.EllipticCurvePrivateKey
    contact: str
    client: httpx.AsyncClient
    real_now: Callable[[], float]

    async def send(self, letter: Letter) -> Outcome:
        """See ``maas.notify.channels.Sender``: sent when one browser has taken it."""
        async with self.database.reading() as db:
            browsers = await subscriptions_of(db, int(letter.address))
        outcomes = [await self._push(letter, each) for each in browsers]
        for wanted in (Sent, Later):
            found = next((each for each in outcomes if isinstance(each, wanted)), None)
            if found is not None:
                return found
        return Refused("no browser")

    async def _push(self, letter: Letter, browser: SubscriptionRow) -> Outcome:
        if not is_allowed(browser.endpoint, self.hosts):
            return Refused("push service not allowed")
        try:
            sealed = seal(_words(letter), browser, ec.generate_private_key(P256), os.urandom(16))
        except ValueError:
            return Refused("not a browser's key")
        headers = {
            "authorization": signed_as_ours(
                browser.endpoint, self.key, self.contact, self.real_now()
            ),
            "content-encoding": "aes128gcm",
            "ttl": str(TTL_S),
            "urgency": "high",
            # A message still waiting there under the same topic is replaced: a repeat is one.
            "topic": encoded(hashlib.sha256(letter.key.encode()).digest())[:32],
        }
        request = self.client.build_request(
            "POST", browser.endpoint, content=sealed, headers=headers
        )
        try:
            answer = await self.client.send(request, stream=True)
            await answer.aclose()
        except httpx.HTTPError as error:
            return Later(f"push service: {type(error).__name__}")
        if answer.status_code in GONE:
            async with self.database.writing() as db:
                await forget_subscription(db, browser.endpoint)
        return outcome(answer)


def _words(letter: Letter) -> bytes:
    """Return what the page's worker shows; the tag makes a repeat replace what is shown."""
    message = letter.message
    words = {
        "title": message.subject,
        "body": message.short,
        "tag": letter.key,
        "lang": letter.language,
        "url": message.link,
    }
    return json.dumps(words, ensure_ascii=False).encode()
