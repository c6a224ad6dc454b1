"""The single writer of an area: every quote, booking, change and step goes through it.

A change is worked out on the plan in memory and written; when another writer was first it is worked
out again on what is there now, so that a lost race is never an error to the caller.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

import msgspec
from dispatcher import Offer, OfferRules, Plan, Refusal, take
from dispatcher.roads import RoadTimes
from maas.fares.payment import Tendered
from maas.fares.vouchers import VoucherRefused
from maas.rides import booking
from maas.rides.beside import Beside
from maas.rides.booking import Caller, Live
from maas.rides.commit import Change, asked
from maas.rides.explained import explained, pinned
from maas.rides.merge import Tap
from maas.rides.outbox import Deliver
from maas.rides.quote import Now, Wish, relaxations, seek, why, wish, with_card
from maas.rides.show import (
    booking_view,
    offer_view,
)
from maas.rides.tokens import OfferToken, seal, unseal
from maas.rides.trips import Trips
from maas.rides.views import (
    AskIn,
    BadOffer,
    BookingView,
    ExplanationView,
    JobView,
    KeyConflict,
    NoRollCall,
    NotFound,
    NotNow,
    OfferGone,
    OfferView,
    Quote,
    RefusalAnswer,
    RefusalView,
    Step,
)
from maas.store import bookings as booking_rows
from maas.store import rides
from maas.store.database import Database
from maas.store.rides import RefusalRow
from maas.town.calendars import Party, Refused
from maas.town.messages import say

OFFER_LASTS_S: Final = 600


class Keeper(Beside):
    """Keeps the plans of one area.

    `roads` has the driving times of every vehicle profile and `network` the id of the network
    they are on (`None`: the roads know); `clock` is the service clock in epoch seconds; `deliver`
    gets every committed event at least once.  `improve_s` is how long a search for a better plan
    may take, 0 never.
    """

    def __init__(
        self,
        database: Database,
        *,
        area: str,
        roads: Mapping[str, RoadTimes],
        clock: Callable[[], float],
        signing_key: bytes,
        network: str | None = None,
        deliver: Deliver | None = None,
        improve_s: float = 1.0,
    ) -> None:
        super().__init__(
            database,
            area=area,
            roads=roads,
            network=network,
            clock=clock,
            deliver=deliver,
            improve_s=improve_s,
        )
        self._signing_key = signing_key

    async def quote(self, ask: AskIn) -> Quote | RefusalAnswer:
        """Say when a vehicle could come, promising nothing; a refusal is logged."""
        await self._know([ask.origin, ask.destination], ask.rider_id)
        day = ask.day or self.today
        wished = self._wish(ask, day)
        if isinstance(wished, Refused):
            refusal = RefusalView(wished.reason, wished.rule, wished.text)
            return await self._refuse(ask, day, refusal)
        live = self._live(await self._day(day))
        found = await self._offers(live, wished)
        if isinstance(found, RefusalView):
            return await self._refuse(ask, day, found)
        return Quote(found)

    def _wish(self, ask: AskIn, day: date) -> Wish | Refused:
        names = self.here.names
        rider = None if ask.rider_id is None else names.members.get(ask.rider_id)
        now = Now(self.today, self._now_s(day))
        return wish(ask, day, now, self.here.rules, names.places, self.here.anchors.of, rider)

    async def _offers(self, live: Live, wished: Wish) -> tuple[OfferView, ...] | RefusalView:
        plan = live.plan
        leaving = live.day.bookings.get(wished.ask.instead_of or "")
        if leaving is not None and leaving.state == "booked":
            plan = plan.without(leaving.id)
        found = seek(wished, plan, live.travel)
        if isinstance(found, Refusal):
            found = await self._shuffler.offers(found, wished, plan, live.travel)
        offers = found.alternatives if isinstance(found, Refusal) else found
        views = tuple(
            offer_view(
                live.names,
                wished.day,
                offer,
                seal(self._token(wished, offer), self._signing_key),
                wished.party,
                transfer=wished.ask.transfer,
                rider_id=wished.ask.rider_id,
            )
            for offer in offers
        )
        if isinstance(found, Refusal):
            said, eased = why(found), relaxations(found)
            return RefusalView(found.reason.value, found.binding, said, views, eased)
        return views

    def _token(self, wished: Wish, offer: Offer) -> OfferToken:
        return OfferToken(
            area=self.area,
            day=wished.day,
            expires=int(time.time()) + OFFER_LASTS_S,
            kind=offer.kind.value,
            vehicle=offer.vehicle_id,
            promise=offer.promise,
            direct_s=offer.direct_s,
            riders=wished.party.riders,
            wheelchairs=wished.party.wheelchairs,
            half_fares=wished.party.half_fares,
            infants=wished.party.infants,
            transfer=wished.ask.transfer,
            instead_of=wished.ask.instead_of,
        )

    async def _refuse(self, ask: AskIn, day: date, refusal: RefusalView) -> RefusalAnswer:
        row = RefusalRow(
            area_id=self.area,
            at=self.clock(),
            service_date=day,
            reason=refusal.reason,
            binding=refusal.binding,
            ask=msgspec.to_builtins(ask),
            alternatives=len(refusal.alternatives),
        )
        async with self.database.writing() as connection:
            await rides.add_refusal(connection, row)
        return RefusalAnswer(refusal)

    async def book(
        self,
        token: str,
        *,
        rider_id: int | None,
        key: str,
        actor: str,
        contact_name: str = "",
        contact_phone: str = "",
    ) -> BookingView | OfferGone | BadOffer | KeyConflict | NotFound:
        """Take an offer: when this returns a booking it is on disk, once for its key."""
        await self._know((), rider_id)
        call = asked(actor, key, "book", token, rider_id, contact_name, contact_phone)
        caller = Caller(rider_id, contact_name, contact_phone)
        booking_id = uuid.uuid4().hex

        async def make() -> Change | OfferGone | BadOffer | NotFound:
            offer = self._open(token)
            if isinstance(offer, BadOffer):
                return offer
            if rider_id is not None and rider_id not in self.here.names.members:
                return NotFound(say("unknown_rider"))
            live = await self.live_of(offer.day, actor)
            offer = self._with_card(offer, rider_id)
            taken = await self._taken(live, live.plan, offer, booking_id)
            if taken is None:
                return await self._gone(live, offer)
            return booking.book(live, taken, offer, booking_id, caller)

        return await self.once(call, BookingView, make)

    async def change(
        self, booking_id: str, token: str, *, key: str, actor: str
    ) -> BookingView | OfferGone | BadOffer | KeyConflict | NotFound | NotNow:
        """Give a booking another offer; the old promise stays until the new one is on disk."""
        call = asked(actor, key, "change", booking_id, token)

        async def make() -> Change | OfferGone | BadOffer | NotFound | NotNow:
            offer = self._open(token)
            if isinstance(offer, BadOffer):
                return offer
            row = await self.row_of(booking_id)
            if row is None:
                return NotFound(say("no_booking"))
            if row.state != "booked":
                over = row.state not in booking_rows.OPEN
                return NotNow(say("already_over" if over else "already_there"), row.state)
            live = await self.live_of(offer.day, actor)
            others = None
            if row.service_date != offer.day:
                others = await self.live_of(row.service_date, actor)
            offer = self._with_card(offer, row.member_id)
            left = (others or live).plan.without(row.id)
            taken = await self._taken(live, left if others is None else live.plan, offer, row.id)
            if taken is None:
                return await self._gone(live, offer)
            return booking.change(live, taken, others, row, offer)

        return await self.once(call, BookingView, make)

    async def _taken(
        self, live: Live, plan: Plan, offer: OfferToken, booking_id: str
    ) -> Plan | None:
        """Return a plan with an offer in it, others moved if need be; `None` when it is gone."""
        promise = replace(offer.promise, id=booking_id)
        taken = take(
            plan, promise, live.travel, prefer=offer.vehicle, rules=OfferRules(shuffle_s=0)
        )
        if isinstance(taken, Refusal):
            return await self._shuffler.take(promise, plan, live.travel)
        return taken

    async def cancel(
        self, booking_id: str, *, reason: str, key: str, actor: str
    ) -> BookingView | KeyConflict | NotFound | NotNow:
        """Release a booking nobody has boarded for; cancelling again changes nothing."""
        call = asked(actor, key, "cancel", booking_id, reason)

        async def make() -> Change | BookingView | NotFound | NotNow:
            row = await self.row_of(booking_id)
            if row is None:
                return NotFound(say("no_booking"))
            live = await self.live_of(row.service_date, actor)
            if row.state == "cancelled":
                return booking_view(live.names, row, live.day.promises[row.id])
            return booking.cancel(live, row, reason)

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

    def _open(self, token: str) -> OfferToken | BadOffer:
        offer = unseal(token, self._signing_key)
        if offer is None or offer.area != self.area:
            return BadOffer(say("bad_offer"))
        return BadOffer(say("old_offer")) if offer.expires < time.time() else offer

    def _with_card(self, offer: OfferToken, member_id: int | None) -> OfferToken:
        tariff = self.here.rules.tariff_on(offer.day)
        member = None if member_id is None else self.here.names.members.get(member_id)
        if tariff is None:
            return offer
        party = Party(offer.riders, offer.wheelchairs, offer.half_fares, offer.infants)
        party = with_card(party, member, tariff)
        return msgspec.structs.replace(offer, half_fares=party.half_fares)

    async def _gone(self, live: Live, offer: OfferToken) -> OfferGone:
        """Say that an offer is gone, with what could be offered instead."""
        rule = self.here.rules.booking_on(offer.day)
        soonest_s = live.now_s + (rule.deadline_min * 60 if rule else 0)
        ask = AskIn(
            origin=offer.promise.origin,
            destination=offer.promise.destination,
            day=offer.day,
            time=max(offer.promise.earliest_pickup_s, soonest_s),
            riders=offer.riders,
            wheelchairs=offer.wheelchairs,
            half_fares=offer.half_fares,
            infants=offer.infants,
            transfer=offer.transfer,
            instead_of=offer.instead_of,
        )
        wished = self._wish(ask, offer.day)
        if isinstance(wished, Refused):
            return OfferGone(say("offer_gone"))
        found = await self._offers(live, wished)
        return OfferGone(
            say("offer_gone"), found.alternatives if isinstance(found, RefusalView) else found
        )
