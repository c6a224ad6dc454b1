"""A push is sealed as the standard says, signed as ours, and goes to services we may call."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from maas.notify.channels import Later, Letter, Refused, Sent
from maas.notify.compose import Message
from maas.notify.push import (
    P256,
    Push,
    decoded,
    encoded,
    is_allowed,
    new_key,
    public_bytes,
    read_key,
    seal,
    signed_as_ours,
)
from maas.store.database import Database
from maas.store.subscriptions import SubscriptionRow, save_subscription, subscriptions_of

pytestmark = pytest.mark.anyio
BROWSER_KEY: Final = read_key("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
BROWSER: Final = SubscriptionRow(
    "https://push.example/b1", 1, encoded(public_bytes(BROWSER_KEY)), "BTBZMqHH6r4Tts7J_aSIgg", 0.0
)
LETTER: Final = Letter("moved:b1:2", "1", "ja", Message("件名", "文", "ぶん", "短い文", "町"))


def opened(body: bytes) -> bytes:
    """Open a message as the browser would, by the library's own key derivation."""
    salt, theirs, sealed = body[:16], body[21:86], body[86:]
    shared = BROWSER_KEY.exchange(
        ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(P256, theirs)
    )
    info = b"WebPush: info\0" + public_bytes(BROWSER_KEY) + theirs
    secret = HKDF(hashes.SHA256(), 32, decoded(BROWSER.auth), info).derive(shared)
    key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
    return AESGCM(key).decrypt(nonce, sealed, None).removesuffix(b"\2")


def test_the_example_of_the_standard_comes_out_byte_for_byte() -> None:
    key = read_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
    salt = decoded("DGv6ra1nlYgDCS1FRnbzlw")

    sealed = seal(b"When I grow up, I want to be a watermelon", BROWSER, key, salt)

    assert encoded(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYW"
        "AmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgS"
        "xsj_Qulcy4a-fN"
    )


def test_a_push_service_can_see_that_it_is_ours() -> None:
    key = read_key(new_key())
    header = signed_as_ours("https://push.example:443/b1?x", key, "mailto:desk@kibi.test", 1000.0)
    token, known = header.removeprefix("vapid t=").split(", k=")
    body, _, signature = token.rpartition(".")
    raw = decoded(signature)
    numbers = utils.encode_dss_signature(
        int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    )

    key.public_key().verify(numbers, body.encode(), ec.ECDSA(hashes.SHA256()))
    assert known == encoded(public_bytes(key))
    assert len(raw) == 64
    assert json.loads(decoded(body.split(".")[1])) == {
        "aud": "https://push.example:443", "exp": 1000 + 43_200, "sub": "mailto:desk@kibi.test",
    }  # fmt: skip


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/x",
        "https://169.254.169.254/latest",
        "https://127.0.0.1/x",
        "https://push.example.evil.test/x",
        "https://push.example@evil.test/x",
        "https://evil.test/?push.example",
        "https://push.example:8443/x",
        "https://[::1]/x",
        "https://push.example:notaport/",
        "file:///etc/passwd",
        "",
    ],
)
def test_no_browser_leads_us_elsewhere(endpoint: str) -> None:
    assert not is_allowed(endpoint, frozenset({"push.example"}))


@dataclass(slots=True)
class PushService:
    """Keeps what it is sent; `statuses` are answered first, then 201."""

    requests: list[httpx.Request] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.statuses.pop(0) if self.statuses else 201)


@dataclass(slots=True)
class Scene:
    database: Database
    service: PushService = field(default_factory=PushService)

    async def send(self, *browsers: SubscriptionRow) -> object:
        async with self.database.writing() as db:
            for each in browsers:
                await save_subscription(db, each)
        async with httpx.AsyncClient(transport=httpx.MockTransport(self.service)) as client:
            push = Push(
                self.database, frozenset({"push.example"}), read_key(new_key()), "mailto:a@b.test",
                client, lambda: 0.0,
            )  # fmt: skip
            return await push.send(LETTER)

    async def known(self) -> list[str]:
        async with self.database.reading() as db:
            return [each.endpoint for each in await subscriptions_of(db, 1)]


@pytest.fixture
async def scene(database: Database, town: Callable[[], Awaitable[None]]) -> Scene:
    await town()
    return Scene(database)


async def test_the_browser_reads_what_it_is_to_show(scene: Scene) -> None:
    assert await scene.send(BROWSER) == Sent()
    assert await scene.send() == Sent()

    first, again = scene.service.requests
    assert json.loads(opened(first.content)) == {
        "title": "件名", "body": "短い文", "tag": "moved:b1:2", "lang": "ja", "url": "",
    }  # fmt: skip
    assert first.headers["topic"] == again.headers["topic"]
    assert len(first.headers["topic"]) == 32
    assert first.content != again.content
    assert first.headers["content-encoding"] == "aes128gcm"


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten(scene: Scene, status: int) -> None:
    scene.service.statuses = [status]

    assert isinstance(await scene.send(BROWSER), Refused)
    assert await scene.known() == []
    assert await scene.send() == Refused("no browser")


async def test_one_of_several_browsers_is_enough(scene: Scene) -> None:
    scene.service.statuses = [503, 201]
    other = SubscriptionRow("https://push.example/b2", 1, BROWSER.p256dh, BROWSER.auth, 1.0)

    assert await scene.send(BROWSER, other) == Sent()
    scene.service.statuses = [503, 410]
    assert await scene.send() == Later("gateway: 503")


async def test_a_service_that_is_no_longer_allowed_is_not_called(scene: Scene) -> None:
    away = SubscriptionRow("https://evil.test/b", 1, BROWSER.p256dh, BROWSER.auth, 0.0)

    assert await scene.send(away) == Refused("no browser")
    assert scene.service.requests == []


async def test_keys_that_are_none_are_refused(scene: Scene) -> None:
    odd = SubscriptionRow("https://push.example/b", 1, encoded(b"\4" + b"x" * 64), "AAAA", 0.0)

    assert await scene.send(odd) == Refused("no browser")
    assert scene.service.requests == []
