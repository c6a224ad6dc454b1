"""Rides asked for and booked together: outward and return, or a group too large for one vehicle.

All of them are booked in one commit, or none.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

import msgspec

from maas.rides import booking
from maas.rides.asking import latest
from maas.rides.booking import Caller, Live
from maas.rides.commit import Change, asked
from maas.rides.keeper import Keeper
from maas.rides.merged import merged, onward
from maas.rides.messages import say
from maas.rides.returns import OpenReturns
from maas.rides.show import booking_view
from maas.rides.tokens import OfferToken
from maas.rides.views import (
    AskIn,
    BadOffer,
    Barred,
    BookingView,
    KeyConflict,
    NotFound,
    NotNow,
    OfferGone,
    OpenReturnView,
    Quote,
    RefusalAnswer,
    TogetherView,
)
from maas.store.commits import AuditEntry

No = OfferGone | BadOffer | Barred | NotFound | NotNow


@dataclass
class _Steps:
    """Changes worked out one after another, each on what the ones before it left."""

    keeper: Keeper
    read: Callable[[date], Awaitable[Live]]
    lives: dict[date, Live] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    async def on(self, day: date) -> Live:
        """Return a day with what has been taken so far."""
        if day not in self.lives:
            self.lives[day] = await self.read(day)
        return self.lives[day]

    async def take(
        self, offer: OfferToken, caller: Caller, group_id: str
    ) -> BookingView | OfferGone | Barred:
        """Take an offer beside those taken before."""
        live = await self.on(offer.day)
        barred = self.keeper.not_for_one(live, caller.member_id, latest(offer.promise))
        if barred is not None:
            return barred
        offer = self.keeper.with_card(offer, caller.member_id)
        booking_id = uuid.uuid4().hex
        taken = await self.keeper.taken(live, live.plan, offer, booking_id)
        if taken is None:
            gone = await self.keeper.gone(live, offer, caller.member_id)
            return replace(gone, sentence=say("group_gone"))
        change = booking.book(live, taken, offer, booking_id, caller, group_id=group_id)
        self.changes.append(change)
        self.lives[offer.day] = onward(live, change, taken)
        view = change.answer
        assert isinstance(view, BookingView)  # noqa: S101 -- what booking answers
        return view


class Together:
    """What is asked for or booked at once in one area."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper

    async def quote(self, asks: Sequence[AskIn]) -> list[Quote | RefusalAnswer]:
        """Answer each ask as if the first offers for those before it had been taken."""
        answers = []
        steps = _Steps(self.keeper, self.keeper.seen_live)
        for ask in asks:
            answer = await self.keeper.quote(ask, beside=steps.lives)
            answers.append(answer)
            if isinstance(answer, Quote):
                token = self.keeper.unsealed(answer.offers[0].token)
                if isinstance(token, OfferToken):
                    await steps.take(token, Caller(ask.rider_id), "")
        return answers

    async def book(
        self,
        tokens: Sequence[str],
        caller: Caller,
        *,
        key: str,
        actor: str,
        open_return: bool = False,
    ) -> TogetherView | No | KeyConflict:
        """Take all offers or none, and a return without a time for the first ride if wished.

        Offers for the same trip are one group: the member rides by the first of them.
        """
        who = (caller.member_id, caller.name, caller.phone, caller.call_id)
        call = asked(actor, key, "book-together", list(tokens), *who, open_return)
        group_id, button = uuid.uuid4().hex, secrets.token_urlsafe(12)

        async def make() -> Change | No:
            offers = [self.keeper.unsealed(token) for token in tokens]
            bad = next((each for each in offers if isinstance(each, BadOffer)), None)
            if bad is not None:
                return bad
            if self.keeper.is_unknown(caller):
                return NotFound(say("unknown_rider"))
            steps = _Steps(self.keeper, partial(self.keeper.live_of, actor=actor))
            known = [each for each in offers if isinstance(each, OfferToken)]
            return await self._all(steps, known, caller, group_id, button if open_return else "")

        return await self.keeper.once(call, TogetherView, make)

    async def _all(
        self, steps: _Steps, offers: Sequence[OfferToken], caller: Caller, group_id: str,
        button: str,
    ) -> Change | OfferGone | Barred:  # fmt: skip
        views = []
        for number, offer in enumerate(offers):
            own = all(not _is_same_trip(offer, before) for before in offers[:number])
            view = await steps.take(offer, caller if own else self._others(caller), group_id)
            if not isinstance(view, BookingView):
                return view
            views.append(view)
        together = TogetherView(group_id, tuple(views))
        if button:
            opened = await self._open(steps, offers[0].day, views[0].id, button)
            if isinstance(opened, Barred):
                return opened
            together = replace(together, open_return=opened)
        live = await steps.on(offers[0].day)
        detail = {"bookings": [view.id for view in views], "channel": views[0].channel}
        body = msgspec.json.encode(detail, order="deterministic").decode()
        audit = AuditEntry(live.now, live.actor, "booking.together", group_id, body)
        return merged(steps.changes, audit, together)

    async def _open(
        self, steps: _Steps, day: date, outward_id: str, button: str
    ) -> OpenReturnView | Barred:
        live = await steps.on(day)
        change = await OpenReturns(self.keeper).opened(live, live.day.bookings[outward_id], button)
        if isinstance(change, Barred):
            return change
        steps.changes.append(change)
        view = change.answer
        assert isinstance(view, OpenReturnView)  # noqa: S101 -- what opening answers
        return view

    def _others(self, caller: Caller) -> Caller:
        """Return whom the rest of a group is booked for: nobody known, reached by its member."""
        member = self.keeper.here.names.members.get(caller.member_id or 0)
        if member is None:
            return caller
        name, phone = caller.name or member.name, caller.phone or member.phone
        return replace(caller, member_id=None, name=name, phone=phone)

    async def cancel(
        self, group_id: str, *, reason: str, key: str, actor: str
    ) -> TogetherView | NotFound | NotNow | KeyConflict:
        """Cancel what is not over of a group; somebody on board stands against it."""
        call = asked(actor, key, "cancel-together", group_id, reason)

        async def make() -> Change | TogetherView | NotFound | NotNow:
            rows = await self.keeper.rows_of_group(group_id)
            if not rows:
                return NotFound(say("no_group"))
            steps = _Steps(self.keeper, partial(self.keeper.live_of, actor=actor))
            for row in rows:
                if row.state in {"cancelled", "no_show", "done"}:
                    continue
                live = await steps.on(row.service_date)
                gone = booking.cancel(live, live.day.bookings[row.id], reason)
                if isinstance(gone, NotNow):
                    return gone
                steps.changes.append(gone)
                steps.lives[row.service_date] = onward(live, gone, live.without(row.id))
            return await self._cancelled(steps, group_id)

        return await self.keeper.once(call, TogetherView, make)

    async def _cancelled(self, steps: _Steps, group_id: str) -> Change | TogetherView:
        views = []
        for row in await self.keeper.rows_of_group(group_id):
            live = await steps.on(row.service_date)
            now = live.day.bookings[row.id]
            views.append(booking_view(live.names, now, live.day.promises[row.id]))
        together = TogetherView(group_id, tuple(views))
        if not steps.changes:
            return together
        live = next(iter(steps.lives.values()))
        audit = AuditEntry(live.now, live.actor, "booking.cancelled", group_id, "{}")
        return merged(steps.changes, audit, together)


def parts(ask: AskIn, largest: int) -> list[AskIn]:
    """Return a group's ask as asks of at most `largest` people, as equal as can be.

    >>> [part.riders for part in parts(AskIn(1, 2, riders=10), 4)]
    [4, 3, 3]
    """
    count = -(-ask.riders // largest)
    shares = [_shares(part, count) for part in _people(ask)]
    return [
        replace(
            ask,
            rider_id=ask.rider_id if number == 0 else None,
            riders=riders,
            wheelchairs=wheelchairs,
            half_fares=half_fares,
            infants=infants,
            helpers=helpers,
        )
        for number, (riders, wheelchairs, half_fares, infants, helpers) in enumerate(
            zip(*shares, strict=True)
        )
    ]


def _people(ask: AskIn) -> tuple[int, ...]:
    return ask.riders, ask.wheelchairs, ask.half_fares, ask.infants, ask.helpers


def _shares(whole: int, count: int) -> list[int]:
    least, more = divmod(whole, count)
    return [least + 1] * more + [least] * (count - more)


def _is_same_trip(one: OfferToken, other: OfferToken) -> bool:
    """Whether two offers take people along the same way on the same day, at once."""
    a, b = one.promise, other.promise
    same_way = (one.day, a.origin, a.destination) == (other.day, b.origin, b.destination)
    at_once = a.earliest_pickup_s < b.latest_dropoff_s and b.earliest_pickup_s < a.latest_dropoff_s
    return same_way and at_once
