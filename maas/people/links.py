"""Links that are secrets: to one ride, and to a member's own page for booking.

What a link stands for is in it, signed, so that nothing secret is kept: a database that is stolen
opens no page.  A link to a ride is one of two: whoever rides may cancel, whom it was shown to may
only look.  Neither holds a name, and whoever changes a letter has a link to nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.people.forms import Fault, plain
from maas.store import members, rider_links
from maas.store.database import Database
from maas.store.members import ConsentRow
from maas.store.once import By, Done, once
from maas.store.rider_links import RiderLinkRow

MAC_BYTES: Final = 12
"""96 bits: nobody guesses that, and the link still fits a text message."""
RIDE_BYTES: Final = 16
LINK_BYTES: Final = 9
LASTS_S: Final = 400 * 86_400.0
"""How long a member's link is good: an office that hands out a card a year is never late."""
BOOK: Final = "book"
"""The purpose of a consent: somebody else may see a member's rides and book for them."""

Kind = Literal["ride", "seen", "rider"]


@dataclass(frozen=True, slots=True)
class RideLink:
    """What a link to a ride opens; `own`: whoever has it may cancel."""

    booking_id: str
    own: bool


def ride_token(booking_id: str, key: bytes, *, own: bool = True) -> str:
    """Return the link to a ride (its id is 32 hexadecimal digits), of the rider or to be shown.

    >>> token = ride_token("0f" * 16, b"key", own=False)
    >>> len(token), read_ride_token(token, b"key")
    (38, RideLink(booking_id='0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f', own=False))
    >>> read_ride_token(token, b"other"), read_ride_token("x" + token[1:], b"key")
    (None, None)
    """
    return _signed("ride" if own else "seen", bytes.fromhex(booking_id), key)


def read_ride_token(token: str, key: bytes) -> RideLink | None:
    """Return what a link to a ride opens, `None` when it is not one of ours."""
    kinds: tuple[tuple[Kind, bool], ...] = (("ride", True), ("seen", False))
    for kind, own in kinds:
        subject = _read(kind, token, RIDE_BYTES, key)
        if subject is not None:
            return RideLink(subject.hex(), own)
    return None


def rider_token(link_id: str, key: bytes) -> str:
    """Return the link of a member's own page.

    >>> token = rider_token(new_link_id(), b"key")
    >>> len(token), read_rider_token(token, b"other")
    (28, None)
    >>> rider_token(read_rider_token(token, b"key"), b"key") == token
    True
    """
    return _signed("rider", base64.urlsafe_b64decode(link_id), key)


def read_rider_token(token: str, key: bytes) -> str | None:
    """Return the id of the link a token is, `None` when it is not one of ours."""
    subject = _read("rider", token, LINK_BYTES, key)
    return None if subject is None else base64.urlsafe_b64encode(subject).decode()


def new_link_id() -> str:
    """Return the id of a new link."""
    return secrets.token_urlsafe(LINK_BYTES)


def _signed(kind: Kind, subject: bytes, key: bytes) -> str:
    made = subject + _mac(kind, subject, key)
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _read(kind: Kind, token: str, length: int, key: bytes) -> bytes | None:
    try:
        made = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    subject, mac = made[:length], made[length:]
    if len(subject) != length or not hmac.compare_digest(mac, _mac(kind, subject, key)):
        return None
    # The last letter has bits to spare: one link is written in one way.
    return subject if _signed(kind, subject, key) == token else None


def _mac(kind: Kind, subject: bytes, key: bytes) -> bytes:
    return hmac.digest(key, f"{kind} link".encode() + b"\0" + subject, hashlib.sha256)[:MAC_BYTES]


async def hand_out(
    database: Database, member_id: int, holder: str, by: By, real_now: float, *, how: str = ""
) -> Done | Fault | Literal["not-found", "key-reused"]:
    """Make a link to a member's own page; the answer is its id.

    `holder` is who else than the member has it, empty for the member; that needs the member's
    consent, and `how` they gave it.
    """
    whose = plain(holder)

    async def work(connection: AsyncConnection) -> Done | Fault | Literal["not-found"]:
        row = (await members.by_ids(connection, [member_id], locked=True)).get(member_id)
        if row is None or row.merged_into is not None:
            return "not-found"
        if whose and not plain(how):
            return Fault.of("consent", "book_consent")
        link = RiderLinkRow(
            id=new_link_id(),
            member_id=member_id,
            holder=whose,
            made_at=real_now,
            made_by=by.actor,
            expires_at=real_now + LASTS_S,
        )
        await rider_links.add(connection, link)
        if whose:
            await members.add_consents(connection, [_consent(link, by, how, given=True)])
        return Done((str(member_id),), link.id, {"link": link.id})

    return await once(database, by, "rider_link.made", [member_id, whose, plain(how)], work)


async def take_back(
    database: Database, member_id: int, link_id: str, by: By, real_now: float
) -> Done | Literal["not-found", "key-reused"]:
    """Make a link good for nothing, on every device it was opened on; again changes nothing."""

    async def work(connection: AsyncConnection) -> Done | Literal["not-found"]:
        link = await rider_links.link(connection, link_id)
        if link is None or link.member_id != member_id:
            return "not-found"
        if link.revoked_at is None:
            await rider_links.save(connection, replace(link, revoked_at=real_now))
            if link.holder:
                taken = _consent(link, by, "link taken back", given=False)
                await members.add_consents(connection, [taken])
        return Done((str(member_id),), link.id, {"link": link.id})

    return await once(database, by, "rider_link.revoked", [member_id, link_id], work)


def _consent(link: RiderLinkRow, by: By, how: str, *, given: bool) -> ConsentRow:
    return ConsentRow(link.member_id, by.now, by.actor, BOOK, link.holder, given, plain(how))
