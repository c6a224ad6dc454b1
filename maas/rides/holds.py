"""A seat held while the caller talks.

It takes room like a booking, so nobody else is offered it; it ends by being booked, when the caller
hangs up, or by itself.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Final

from maas.rides import booking, states
from maas.rides.asking import offer_of
from maas.rides.booking import Caller
from maas.rides.commit import Change, asked
from maas.rides.day import read_request
from maas.rides.keeper import Keeper
from maas.rides.messages import say
from maas.rides.show import booking_view
from maas.rides.states import Already, NotSo
from maas.rides.views import (
    BadOffer,
    Barred,
    BookingView,
    KeyConflict,
    NotFound,
    NotNow,
    OfferGone,
)
from maas.store.bookings import BookingRow

HOLD_S: Final = 180
LONGEST_S: Final = 900
BY_ITSELF: Final = "keeper"
"""The actor of what happens because time passes."""


Held = BookingView | OfferGone | BadOffer | KeyConflict | NotFound


class Holds:
    """The seats held in one area."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper

    async def hold(
        self, token: str, caller: Caller, *, key: str, actor: str, for_s: int = HOLD_S
    ) -> Held:
        """Hold an offer for some seconds; a seat held for the same telephone call is given up."""
        call = asked(actor, key, "hold", token, caller.member_id, caller.call_id, for_s)
        hold_id = uuid.uuid4().hex

        async def make() -> Change | OfferGone | BadOffer | NotFound:
            offer = self.keeper.unsealed(token)
            if isinstance(offer, BadOffer):
                return offer
            if self.keeper.is_unknown(caller):
                return NotFound(say("unknown_rider"))
            live = await self.keeper.live_of(offer.day, actor)
            offer = self.keeper.with_card(offer, caller.member_id)
            taken = await self.keeper.taken(live, live.plan, offer, hold_id)
            if taken is None:
                return await self.keeper.gone(live, offer, caller.member_id)
            until = live.now + min(for_s, LONGEST_S)
            return booking.hold(live, taken, offer, hold_id, caller, until=until)

        held: Held = await self.keeper.once(call, BookingView, make)
        if isinstance(held, BookingView) and caller.call_id is not None:
            await self.hang_up(caller.call_id, but=held.id)
        return held

    async def book(
        self, hold_id: str, caller: Caller, *, key: str, actor: str
    ) -> BookingView | OfferGone | Barred | KeyConflict | NotFound | NotNow:
        """Book a held seat, at the times it was held for; a member known before stays known."""
        call = asked(actor, key, "book-held", hold_id, caller.member_id, caller.name, caller.phone)

        async def make() -> Change | OfferGone | Barred | NotFound | NotNow:
            row = await self.keeper.row_of(hold_id)
            if row is None:
                return NotFound(say("no_hold"))
            return await self.booked(row, caller, actor)

        return await self.keeper.once(call, BookingView, make)

    async def booked(
        self, row: BookingRow, caller: Caller, actor: str
    ) -> Change | OfferGone | Barred | NotFound | NotNow:
        """Return what booking a held seat writes; only inside the `make` of `once`."""
        then = states.after(row.state, "book")
        if isinstance(then, NotSo):
            return NotNow(then.sentence, row.state)
        if isinstance(then, Already):
            return NotNow(say("not_held"), row.state)
        if self.keeper.is_unknown(caller):
            return NotFound(say("unknown_rider"))
        live = await self.keeper.live_of(row.service_date, actor)
        who = caller if caller.member_id or caller.name else booking.caller_of(row)
        told = live.day.promises[row.id]
        latest_s = told.pickup_to_s, told.arrive_by_s
        barred = self.keeper.not_for_one(live, who.member_id, latest_s)
        if barred is not None:
            return barred
        if row.held_until is not None and row.held_until <= live.now:
            return NotNow(say("hold_over"), "lapsed")
        taken = await self.keeper.retaken(live, row)
        if taken is None:
            offer = offer_of(row, read_request(told.request))
            return await self.keeper.gone(live, offer, who.member_id)
        return booking.confirm(live, taken, row, replace(who, channel=row.channel))

    async def release(
        self, hold_id: str, *, key: str, actor: str
    ) -> BookingView | KeyConflict | NotFound | NotNow:
        """Give a held seat up; one that has lapsed stays so."""
        call = asked(actor, key, "release", hold_id)

        async def make() -> Change | BookingView | NotFound | NotNow:
            row = await self.keeper.row_of(hold_id)
            if row is None:
                return NotFound(say("no_hold"))
            live = await self.keeper.live_of(row.service_date, actor)
            then = states.after(row.state, "release")
            if isinstance(then, NotSo):
                return NotNow(then.sentence, row.state)
            if isinstance(then, Already):
                return booking_view(live.names, row, live.day.promises[row.id])
            return booking.release(live, row)

        return await self.keeper.once(call, BookingView, make)

    async def hang_up(self, call_id: str, *, but: str | None = None) -> int:
        """Give up every seat held for a telephone call that has ended; returns how many."""
        held = [row for row in self._held() if row.call_id == call_id and row.id != but]
        return await self._release(held, f"call {call_id}")

    async def lapse(self) -> int:
        """Give up the seats whose time is over; returns how many."""
        now = self.keeper.clock()
        over = [row for row in self._held() if row.held_until is not None and row.held_until <= now]
        return await self._release(over, "over")

    def _held(self) -> list[BookingRow]:
        return [
            row for day in self.keeper.days for row in day.bookings.values() if row.state == "held"
        ]

    async def _release(self, rows: list[BookingRow], why: str) -> int:
        for row in rows:
            await self.release(row.id, key=f"{why}: {row.id}", actor=BY_ITSELF)
        return len(rows)
