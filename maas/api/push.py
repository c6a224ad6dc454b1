"""Browsers that riders let notify them: a link from the desk, and the browser's own keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.service import Service
from maas.auth.roles import Permission
from maas.notify.occasions import Channel
from maas.notify.push import Push, encoded, is_allowed, public_bytes
from maas.store.subscriptions import SubscriptionRow, forget_subscription, save_subscription

router = APIRouter(prefix="/push", tags=["notifications"])

LINK_S: Final = 7 * 86_400

Link = Annotated[str, Field(min_length=1, max_length=300)]


class PushKeyOut(BaseModel):
    """The key by which browsers know us (`applicationServerKey`)."""

    key: str


class PushLinkOut(BaseModel):
    """What a rider's browser shows to be notified: for a QR code, good for a week."""

    link: str


class BrowserIn(BaseModel):
    """A browser's subscription (`PushSubscription`), and the link its rider was given."""

    link: Link
    endpoint: str = Field(min_length=1, max_length=1000, pattern="^https?://")
    p256dh: str = Field(min_length=80, max_length=100, pattern="^[A-Za-z0-9_-]+$")
    auth: str = Field(min_length=20, max_length=30, pattern="^[A-Za-z0-9_-]+$")


class BrowserGoneIn(BaseModel):
    """A browser that is to be notified no more."""

    link: Link
    endpoint: str = Field(min_length=1, max_length=1000)


@router.get("/key", operation_id="readPushKey", **needs(Permission.PUBLIC, "not-found"))
async def read_push_key(service: The) -> PushKeyOut:
    """Return our key; there is none where web push is not set up."""
    return PushKeyOut(key=encoded(public_bytes(_push(service).key)))


@router.get(
    "/links/{rider_id}",
    operation_id="makePushLink",
    **needs(Permission.WRITE_PEOPLE, "not-found"),
)
async def make_push_link(
    rider_id: Annotated[int, Path(ge=1, lt=2**31)], _: SignedIn, service: The
) -> PushLinkOut:
    """Return a link by which a rider's browser can ask to be notified."""
    rider = service.directory.riders.get(rider_id)
    if rider is None:
        raise Problem("not-found")
    key = service.settings.signing_key()
    return PushLinkOut(link=push_link(rider.id, service.real_now(), key))


@router.post(
    "/browsers",
    status_code=204,
    operation_id="addBrowser",
    **needs(Permission.PUBLIC, "bad-key", "not-found", "forbidden", changes=True),
)
async def add_browser(browser: BrowserIn, service: The) -> Response:
    """Notify a browser from now on, if its push service is one that may be called."""
    member_id, push = _member(service, browser.link), _push(service)
    if not is_allowed(browser.endpoint, push.hosts):
        raise Problem("forbidden")
    row = SubscriptionRow(
        browser.endpoint, member_id, browser.p256dh, browser.auth, service.real_now()
    )
    async with service.database.writing() as db:
        await save_subscription(db, row)
    return Response(status_code=204)


@router.post(
    "/browsers/gone",
    status_code=204,
    operation_id="dropBrowser",
    **needs(Permission.PUBLIC, "bad-key", "not-found", changes=True),
)
async def drop_browser(browser: BrowserGoneIn, service: The) -> Response:
    """Notify a browser no more."""
    _member(service, browser.link)
    async with service.database.writing() as db:
        if not await forget_subscription(db, browser.endpoint):
            raise Problem("not-found")
    return Response(status_code=204)


def push_link(member_id: int, now: float, key: bytes) -> str:
    """Return a signed link for a member.

    >>> read_push_link(push_link(7, 100.0, b"key"), 100.0 + LINK_S - 1, b"key")
    7
    >>> read_push_link(push_link(7, 100.0, b"key"), 100.0 + LINK_S, b"key")
    >>> read_push_link(push_link(7, 100.0, b"key"), 100.0, b"other")
    """
    body = f"{member_id}~{int(now + LINK_S)}"
    return f"{body}~{_signature(body, key)}"


def read_push_link(link: str, now: float, key: bytes) -> int | None:
    """Return the member a link was made for, None when it is forged or too old."""
    body, _, signature = link.rpartition("~")
    if not hmac.compare_digest(signature.encode(), _signature(body, key).encode()):
        return None
    member, _, expires = body.partition("~")
    return int(member) if now < int(expires) else None


def _signature(body: str, key: bytes) -> str:
    made = hmac.digest(key, b"push\0" + body.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _member(service: Service, link: str) -> int:
    found = read_push_link(link, service.real_now(), service.settings.signing_key())
    rider = None if found is None else service.directory.riders.get(found)
    if rider is None:
        raise Problem("bad-key")
    return rider.id


def pushes(service: Service) -> bool:
    """Say whether this town can notify browsers at all."""
    return service.post is not None and Channel.PUSH in service.post.senders


def _push(service: Service) -> Push:
    found = service.post.senders.get(Channel.PUSH) if service.post is not None else None
    if not isinstance(found, Push):
        raise Problem("not-found")
    return found
