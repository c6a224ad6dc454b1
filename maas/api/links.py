"""Who comes by a link: to one ride, or to a member's own page.

A link that is none of ours answers 404 whatever is wrong with it, so that a stranger learns
nothing; twenty of them from one address within five minutes, and the address waits.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Path, Request
from starlette.requests import HTTPConnection
from starlette.responses import Response

from maas.api.identity import The
from maas.api.problems import Problem
from maas.api.service import Service
from maas.auth.throttle import Throttle
from maas.people.links import RideLink, read_ride_token, read_rider_token
from maas.rides.keeper import Keeper
from maas.rides.rider_view import RideSeen, ride_seen
from maas.store import bookings, rider_links
from maas.store.members import MemberRow
from maas.store.rider_links import RiderLinkRow

log = logging.getLogger(__name__)

LINKS_MAX: Final = 6
"""So many members' links one device keeps: one's own, and those of one's parents."""
COOKIE_S: Final = 400 * 86_400
Token = Annotated[str, Path(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True)
class Ride:
    """A ride that was come to by its link."""

    link: RideLink
    keeper: Keeper
    seen: RideSeen


async def ride_by_link(token: Token, request: Request, service: The) -> Ride:
    """Return the ride of a link, or raise the problem that there is none, or that it is over."""
    link = read_ride_token(token, service.settings.signing_key())
    if link is None:
        raise wrong_link(service, request)
    async with service.database.reading() as db:
        row = await bookings.booking(db, link.booking_id)
    if row is None:
        raise wrong_link(service, request)
    keeper = service.keeper(row.area_id)
    seen = await ride_seen(keeper, link.booking_id)
    if seen is None:
        raise wrong_link(service, request)
    if service.clock() >= seen.over_at:
        raise Problem("link-over")
    return Ride(link, keeper, seen)


def wrong_link(service: Service, request: HTTPConnection) -> Problem:
    """Return what somebody is told who came by a link that is none of ours."""
    host, now_s = request.client.host if request.client else "", service.real_now()
    refuse_while(service, service.link_throttle, host)
    service.link_throttle.fail(host, now_s)
    log.warning("wrong link from %s", host)
    return Problem("not-found")


def refuse_while(service: Service, throttle: Throttle, key: str) -> None:
    """Raise the problem 429 while a key has to wait."""
    wait_s = math.ceil(throttle.wait_s(key, service.real_now()))
    if wait_s > 0:
        raise Problem("slow-down", wait_s=wait_s, headers={"retry-after": str(wait_s)})


def count(service: Service, key: str) -> None:
    """Count a question or a command by a rider's link; too many raise the problem 429."""
    refuse_while(service, service.ask_throttle, key)
    service.ask_throttle.fail(key, service.real_now())


@dataclass(frozen=True, slots=True)
class Riders:
    """Whom a device may see and book for: the links it holds, and their members by id."""

    links: tuple[RiderLinkRow, ...]
    members: dict[int, MemberRow]

    @property
    def actor(self) -> str:
        """Who the audit says it was: the link, not the person."""
        return f"link {self.links[0].id}"

    def member(self, member_id: int) -> MemberRow:
        """Return one of them, or raise the problem 404: nobody else's rides are their business."""
        found = self.members.get(member_id)
        if found is None:
            raise Problem("not-found")
        return found


def cookie_name(connection: HTTPConnection) -> str:
    """Return the name of the cookie with the links of a device."""
    return "__Host-rider" if connection.url.scheme == "https" else "rider"


def tokens_of(connection: HTTPConnection) -> list[str]:
    """Return the links a device holds, as it says."""
    return [each for each in connection.cookies.get(cookie_name(connection), "").split(".") if each]


def keep_tokens(connection: HTTPConnection, response: Response, tokens: Iterable[str]) -> None:
    """Give a device its links, where no script can read them."""
    response.set_cookie(
        cookie_name(connection),
        ".".join(tokens),
        max_age=COOKIE_S,
        path="/",
        secure=connection.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


async def riders_of(service: Service, tokens: Iterable[str]) -> Riders | None:
    """Return whom some links are for, `None` when none of them is good."""
    key = service.settings.signing_key()
    ids = [id_ for each in tokens if (id_ := read_rider_token(each, key)) is not None]
    async with service.database.reading() as db:
        good = await rider_links.good(db, ids, service.real_now())
    links = tuple(good[id_] for id_ in dict.fromkeys(ids) if id_ in good)
    if any(link.member_id not in service.directory.member_by_id for link in links):
        await service.refresh_people()
    found = [service.directory.member_by_id.get(link.member_id) for link in links]
    members = {member.id: member for member in found if member is not None}
    return Riders(links, members) if members else None


async def the_riders(connection: HTTPConnection, service: The) -> Riders:
    """Return whom this device may book for, or raise the problem 401."""
    found = await riders_of(service, tokens_of(connection)[:LINKS_MAX])
    if found is None:
        raise Problem("no-rider-link")
    return found


async def some_riders(connection: HTTPConnection, service: The) -> Riders | None:
    """Return whom this device may book for, `None` when it holds no link at all."""
    return await the_riders(connection, service) if tokens_of(connection) else None


TheRide = Annotated[Ride, Depends(ride_by_link)]
TheRiders = Annotated[Riders, Depends(the_riders)]
SomeRiders = Annotated[Riders | None, Depends(some_riders)]
