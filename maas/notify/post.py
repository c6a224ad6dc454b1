"""The post: takes what is due, sends it, and notes what became of it.

A message is leased before it is sent and noted after, so that one whose sender died in between is
sent again: at least once, and always under the same key.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.notify.channels import TIMEOUT_S, Later, Letter, Outcome, Refused, Sender, Sent
from maas.notify.compose import compose
from maas.notify.manners import Manners
from maas.notify.next_step import LEASE_S, GiveUp, Send, Wait, next_step, wait_s
from maas.notify.occasions import BY_HAND, WAYS, Channel, Occasion
from maas.notify.wanted import TIMEZONE, by_phone
from maas.store import bookings, members, notifications, towns
from maas.store.database import Database
from maas.store.members import MemberRow
from maas.store.notifications import NotificationRow
from maas.store.towns import TownRow
from maas.town.imports import area_rules

log = logging.getLogger(__name__)

AT_ONCE: Final = 20
AUTOMATIC: Final = tuple(each for each in Channel if each not in BY_HAND | {Channel.NONE})
RECEIPTED: Final = (Channel.SMS, Channel.VOICE)
"""Channels whose far side says later whether a message arrived."""
LINKED: Final = frozenset(Occasion) - {
    Occasion.CANCELLED, Occasion.WAITLIST_OFFER, Occasion.CONNECTION,
}  # fmt: skip
"""Occasions whose messages have a page of the ride to show."""
MUST: Final = tuple(each for each, way in WAYS.items() if way.must)


@dataclass(frozen=True, slots=True)
class Town:
    """What a pass needs to know of the town: itself, and the manners of each area."""

    row: TownRow | None
    manners: Mapping[str, Manners]


@dataclass(slots=True)
class Post:
    """Sends by the channels that are set up; `clock` is the service clock.

    `receipts`: the gateway tells what arrived, so that a message nobody has confirmed by the time
    it had to be known is one for an operator to ring.  `link_to` gives the page of a booking, for
    the rider or for the family, who only look; `None`: messages have no links.
    """

    database: Database
    senders: Mapping[Channel, Sender]
    clock: Callable[[], float]
    receipts: bool = False
    link_to: Callable[[str, bool], str] | None = None
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many messages went out, by channel and outcome."""

    async def all(self) -> None:
        """Send whatever is due now."""
        while await self.once() == AT_ONCE:
            pass

    async def once(self) -> int:
        """Send the most urgent of what is due now; returns how many messages were looked at."""
        now = self.clock()
        async with self.database.reading() as db:
            rows = await notifications.due(db, AUTOMATIC, now, AT_ONCE)
            if rows:
                town = await _town(db, {row.area_id for row in rows}, now)
                known = await _members(db, rows)
        if rows:
            work = (self._handle(row, town, known.get(row.member_id or 0)) for row in rows)
            await asyncio.gather(*work)
        if self.receipts:
            await self._chase(now)
        return len(rows)

    async def _handle(self, row: NotificationRow, town: Town, member: MemberRow | None) -> None:
        now = self.clock()
        step = next_step(row, now, town.manners[row.area_id], self.senders.keys(), member)
        match step:
            case Wait(until):
                await self._note(row, next_at=until)
            case GiveUp():
                await self._give_up(row, step)
            case Send():
                await self._send(row, town.row, now)
            case _:
                assert_never(step)

    async def _send(self, row: NotificationRow, town: TownRow | None, now: float) -> None:
        leased = replace(row, state="sending", attempts=row.attempts + 1, next_at=now + LEASE_S)
        if not await self._note(
            row, state=leased.state, attempts=leased.attempts, next_at=leased.next_at
        ):
            return
        outcome = await self._deliver(row, town)
        self.counts[row.channel, type(outcome).__name__.lower()] += 1
        match outcome:
            case Sent():
                await self._note(leased, state="sent", sent_at=self.clock(), error=None)
            case Later(why):
                again = self.clock() + wait_s(leased.attempts)
                await self._note(leased, state="waiting", next_at=again, error=why)
            case Refused(why):
                rung = WAYS[Occasion(row.occasion)].rung
                await self._give_up(leased, GiveUp(why, rung))
            case _:
                assert_never(outcome)

    async def _deliver(self, row: NotificationRow, town: TownRow | None) -> Outcome:
        """Send within a time that ends before the lease; a bug of ours is tried again too."""
        # The browsers of a member who was merged into another are that one's now.
        address = str(row.member_id) if row.channel == Channel.PUSH else row.address
        sender = self.senders[Channel(row.channel)]
        try:
            message = compose(row, town, self._link(row))
            letter = Letter(row.key, address, row.language, message)
            async with asyncio.timeout(2 * TIMEOUT_S):
                return await sender.send(letter)
        except TimeoutError:
            return Later("no answer")
        except Exception:
            log.exception("cannot send by %s", type(sender).__name__)
            return Later("error of ours")

    def _link(self, row: NotificationRow) -> str:
        """Return the link a message carries, empty when it has nothing to show."""
        if self.link_to is None or row.booking_id is None or row.occasion not in LINKED:
            return ""
        return self.link_to(row.booking_id, row.facts.get("who") == "rider")

    async def _note(self, seen: NotificationRow, **values: object) -> bool:
        async with self.database.writing() as db:
            return await notifications.change(db, seen, **values)

    async def _give_up(self, row: NotificationRow, given: GiveUp) -> None:
        async with self.database.writing() as db:
            await give_up(db, row, given, self.clock())

    async def _chase(self, now: float) -> None:
        """Have those rung whose message was sent, but not confirmed in time."""
        async with self.database.reading() as db:
            late = await notifications.unconfirmed(db, RECEIPTED, MUST, now)
        for row in late:
            await self._give_up(row, GiveUp("no receipt", rung=True))


async def give_up(
    connection: AsyncConnection, row: NotificationRow, given: GiveUp, now: float
) -> bool:
    """Give a message up, with a call to make in its place when it has to be told.

    False when somebody else has moved it on.
    """
    state = "failed" if given.rung else "dropped"
    if not await notifications.change(connection, row, state=state, error=given.why):
        return False
    if given.rung:
        booking = await bookings.booking(connection, row.booking_id or "")
        member = await members.member(connection, row.member_id or 0)
        call = by_phone(row, booking, member, now, given.why)
        await notifications.add_notifications(connection, [call])
    return True


async def _town(connection: AsyncConnection, areas: Iterable[str], now: float) -> Town:
    row = await towns.the_town(connection)
    usual = Manners(row.timezone if row else TIMEZONE)
    manners = {}
    for area in areas:
        rules = await area_rules(connection, area)
        manners[area] = Manners.of(rules.booking_on(usual.day(now)), usual.timezone)
    return Town(row, manners)


async def _members(
    connection: AsyncConnection, rows: Iterable[NotificationRow]
) -> dict[int, MemberRow]:
    """Return the members whose consent has to be looked at."""
    ids = {row.member_id for row in rows if row.member_id and WAYS[Occasion(row.occasion)].watched}
    found = [await members.member(connection, member_id) for member_id in sorted(ids)]
    return {member.id: member for member in found if member is not None}
