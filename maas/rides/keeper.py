"""The single writer of an area: every quote, booking, change and step goes through it.

A change is worked out on the plan in memory and written; when another writer was first it is worked
out again on what is there now, so that a lost race is never an error to the caller.
"""

from __future__ import annotations

import asyncio
import uuid

from maas.fares.payment import Tendered
from maas.fares.vouchers import VoucherRefused
from maas.rides import booking, states
from maas.rides.asking import Asking, latest
from maas.rides.booking import Caller
from maas.rides.commit import Change, asked
from maas.rides.explained import explained, pinned
from maas.rides.merge import Tap
from maas.rides.messages import say
from maas.rides.show import booking_view
from maas.rides.states import Already, NotSo
from maas.rides.trips import Trips
from maas.rides.views import (
    BadOffer,
    Barred,
    BookingView,
    ExplanationView,
    JobView,
    KeyConflict,
    NoRollCall,
    NotFound,
    NotNow,
    OfferGone,
    Step,
)


class Keeper(Asking):
    """Keeps the plans of one area: books, changes, cancels, pins, and takes what drivers report."""

    async def book(
        self,
        token: str,
        *,
        rider_id: int | None,
        key: str,
        actor: str,
        contact_name: str = "",
        contact_phone: str = "",
    ) -> BookingView | OfferGone | BadOffer | Barred | KeyConflict | NotFound:
        """Take an offer: when this returns a booking it is on disk, once for its key."""
        call = asked(actor, key, "book", token, rider_id, contact_name, contact_phone)
        caller = Caller(rider_id, contact_name, contact_phone)
        booking_id = uuid.uuid4().hex

        async def make() -> Change | OfferGone | BadOffer | Barred | NotFound:
            return await self.booked(token, booking_id, caller, actor)

        await self._know((), rider_id)
        return await self.once(call, BookingView, make)

    async def booked(
        self, token: str, booking_id: str, caller: Caller, actor: str
    ) -> Change | OfferGone | BadOffer | Barred | NotFound:
        """Return what taking an offer writes; only inside the `make` of `once`."""
        offer = self.unsealed(token)
        if isinstance(offer, BadOffer):
            return offer
        if self.is_unknown(caller):
            return NotFound(say("unknown_rider"))
        live = await self.live_of(offer.day, actor)
        barred = self.not_for_one(live, caller.member_id, latest(offer.promise))
        if barred is not None:
            return barred
        offer = self.with_card(offer, caller.member_id)
        taken = await self.taken(live, live.plan, offer, booking_id)
        if taken is None:
            return await self.gone(live, offer, caller.member_id)
        return booking.book(live, taken, offer, booking_id, caller)

    def is_unknown(self, caller: Caller) -> bool:
        """Whether a booking would be for a member who is none."""
        return caller.member_id is not None and caller.member_id not in self.here.names.members

    async def change(
        self, booking_id: str, token: str, *, key: str, actor: str
    ) -> BookingView | OfferGone | BadOffer | Barred | KeyConflict | NotFound | NotNow:
        """Give a booking another offer; the old promise stays until the new one is on disk."""
        call = asked(actor, key, "change", booking_id, token)

        async def make() -> Change | OfferGone | BadOffer | Barred | NotFound | NotNow:
            offer = self.unsealed(token)
            if isinstance(offer, BadOffer):
                return offer
            row = await self.row_of(booking_id)
            if row is None:
                return NotFound(say("no_booking"))
            then = states.after(row.state, "change")
            if isinstance(then, NotSo):
                return NotNow(then.sentence, row.state)
            if (waits := booking.waits_on_the_way(row)) is not None:
                return waits
            live = await self.live_of(offer.day, actor)
            barred = self.not_for_one(live, row.member_id, latest(offer.promise), (row.id,))
            if barred is not None:
                return barred
            others = None
            if row.service_date != offer.day:
                others = await self.live_of(row.service_date, actor)
            offer = self.with_card(offer, row.member_id)
            left = live.plan if others is not None else live.without(row.id)
            taken = await self.taken(live, left, offer, row.id)
            if taken is None:
                return await self.gone(live, offer, row.member_id)
            return booking.change(live, taken, others, row, offer)

        return await self.once(call, BookingView, make)

    async def cancel(
        self,
        booking_id: str,
        *,
        reason: str,
        key: str,
        actor: str,
        brought_otherwise: bool = False,
    ) -> BookingView | KeyConflict | NotFound | NotNow:
        """Release a booking nobody has boarded for; cancelling again changes nothing.

        `brought_otherwise`: somebody is sure that a rider who waits beside a vehicle that broke
        down gets on without us.
        """
        sure = ("brought_otherwise",) if brought_otherwise else ()
        call = asked(actor, key, "cancel", booking_id, reason, *sure)

        async def make() -> Change | BookingView | NotFound | NotNow:
            row = await self.row_of(booking_id)
            if row is None:
                return NotFound(say("no_booking"))
            live = await self.live_of(row.service_date, actor)
            if isinstance(states.after(row.state, "cancel"), Already):
                return booking_view(live.names, row, live.day.promises[row.id])
            return booking.cancel(live, row, reason, brought_otherwise=brought_otherwise)

        return await self.once(call, BookingView, make)

    async def explain(
        self, booking_id: str, vehicle_id: str | None = None
    ) -> ExplanationView | NotFound | NotNow:
        """Say why a booking rides in its vehicle, or why not in another one."""
        async with self._writing:
            row = await self.row_of(booking_id)
            if row is None:
                return NotFound(say("no_booking"))
            live = self._live(await self._day_while_writing(row.service_date))
        if vehicle_id is not None and vehicle_id not in live.plan.routes:
            return NotFound(say("not_in_plan"))
        return await asyncio.to_thread(explained, live, row, vehicle_id)

    async def pin(
        self, booking_id: str, vehicle_id: str | None, *, key: str, actor: str
    ) -> BookingView | KeyConflict | NotFound | NotNow:
        """Give a booking a vehicle for good, whatever would be cheaper; `None` gives it up again.

        Nothing changes when the vehicle cannot keep the promise; the answer says why.
        """
        call = asked(actor, key, "pin", booking_id, vehicle_id)

        async def make() -> Change | NotFound | NotNow:
            row = await self.row_of(booking_id)
            if row is None:
                return NotFound(say("no_booking"))
            live = await self.live_of(row.service_date, actor)
            if vehicle_id is not None and vehicle_id not in live.plan.routes:
                return NotFound(say("not_in_plan"))
            return pinned(live, row, vehicle_id)

        return await self.once(call, BookingView, make)

    async def step(
        self,
        vehicle_id: str,
        booking_id: str,
        step: Step,
        *,
        at: float | None,
        key: str,
        actor: str,
        paid: Tendered | None = None,
    ) -> JobView | KeyConflict | NotFound | NotNow | VoucherRefused | NoRollCall:
        """Take what a driver reports; `at` is the epoch second it happened, `None` now.

        `paid` is what the rider gave at the drop-off, `None` the fare in cash; a voucher that is
        refused leaves the rider on board.  Reporting again what is known already changes nothing
        and answers the present job.
        """
        given = paid or Tendered()
        tap = Tap(
            f"key:{actor}:{key}", booking_id, step, at, cash_yen=given.cash_yen,
            vouchers=given.vouchers, paid=paid is not None,
        )  # fmt: skip
        return await Trips(self).step(vehicle_id, tap, key=key, actor=actor)
