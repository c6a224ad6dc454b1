"""From a question to offers and back: quotes, the tokens of offers, and what has become of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final

import msgspec
from sqlalchemy.exc import OperationalError

from dispatcher import Fleet, Offer, OfferRules, Plan, Refusal, Request, take
from dispatcher.rebase import Room
from dispatcher.roads import RoadTimes
from maas.rides import kept, limits
from maas.rides.beside import Beside
from maas.rides.booking import Live
from maas.rides.day import Day, read_request
from maas.rides.held import Travel
from maas.rides.messages import say
from maas.rides.outbox import Deliver, Told, at_once
from maas.rides.quote import Now, Wish, relaxations, seek, seek_gap, why, wish, with_card
from maas.rides.show import offer_view
from maas.rides.tokens import OfferToken, seal, unseal
from maas.rides.views import (
    AskIn,
    BadOffer,
    Barred,
    OfferGone,
    OfferView,
    Quote,
    RefusalAnswer,
    RefusalView,
)
from maas.store import one_person, rides
from maas.store.bookings import BookingRow
from maas.store.database import Database
from maas.store.rides import RefusalRow
from maas.town.calendars import Party, Refused
from maas.town.messages import Text
from maas.town.rules import AreaRules

log = logging.getLogger(__name__)

OFFER_LASTS_S: Final = 600

ROOMS: Final = 1_000
"""For so many offers it is kept how others make room for them."""

SOON_S: Final = 3600
"""For a ride within so long it matters where the vehicles are now."""

SEARCHES: Final = 3
"""How often room is searched for when others take what was found meanwhile."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """A rule of the town stands against what was asked for; `alternatives` keep it."""

    reason: str
    rule: str
    sentence: Text
    alternatives: tuple[Offer, ...] = ()


class Asking(Beside):
    """Says what could be promised, and looks again before it is.

    `roads` has the driving times of every vehicle profile and `network` the id of the network
    they are on (`None`: the roads know); `clock` is the service clock in epoch seconds; `deliver`
    gets every committed event at least once, until `told` has returned after it.  `improve_s` is
    how long a search for a better plan may take, 0 never.  Without `may_lead` it does what it is
    asked to, and nothing by itself; `ray` is the address of a Ray cluster that looks for better
    plans.
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
        told: Told = at_once,
        improve_s: float = 1.0,
        may_lead: bool = True,
        ray: str | None = None,
    ) -> None:
        super().__init__(
            database,
            area=area,
            roads=roads,
            network=network,
            clock=clock,
            deliver=deliver,
            told=told,
            improve_s=improve_s,
            may_lead=may_lead,
            ray=ray,
        )
        self._signing_key = signing_key
        self._rooms: dict[tuple[date, Request], Room] = {}

    @property
    def leads(self) -> bool:
        """Whether this process does what is due in the area."""
        return self._leads

    @property
    def days(self) -> tuple[Day, ...]:
        """The days known now, as they were last read."""
        return tuple(self._days.values())

    async def rows_of_group(self, group_id: str) -> list[BookingRow]:
        """Return what was booked together, as it is now; only inside the `make` of `once`."""
        async with self.database.reading() as connection:
            ids = await one_person.group(connection, self.area, group_id)
        rows = [await self.row_of(id_) for id_ in ids]
        return [row for row in rows if row is not None]

    async def seen_live(self, day: date) -> Live:
        """Return what can be said about a day now, changing nothing."""
        return self._live(await self._day(day))

    async def quote(
        self, ask: AskIn, *, beside: Mapping[date, Live] | None = None
    ) -> Quote | RefusalAnswer:
        """Say when a vehicle could come, promising nothing; a refusal is logged.

        `beside` are days with more taken than is booked, the rides asked for together with this.
        """
        await self._know([ask.origin, ask.destination], ask.rider_id)
        day = ask.day or self.today
        wished = self.wish_of(ask, day)
        if isinstance(wished, Refused):
            return await self._refuse(ask, day, _refused(wished))
        live = (beside or {}).get(day) or await self.seen_live(day)
        found = await self.offers(live, wished)
        if isinstance(found, RefusalView):
            return await self._refuse(ask, day, found)
        return Quote(found, await self._advice(wished))

    def wish_of(
        self,
        ask: AskIn,
        day: date,
        *,
        ahead_days: int | None = None,
        rules: AreaRules | None = None,
    ) -> Wish | Refused:
        """Return the ask with the rules of its day, or the rule it does not keep.

        `ahead_days` is how far ahead it may be instead of the town's horizon; `rules` are others
        than the town's.
        """
        here = self.here
        rider = None if ask.rider_id is None else here.names.members.get(ask.rider_id)
        now = Now(self.today, self._now_s(day))
        places, reachable = here.names.places, here.anchors.of
        town = rules or here.rules
        return wish(ask, day, now, town, places, reachable, rider, ahead_days=ahead_days)

    async def offers(
        self, live: Live, wished: Wish, *, at_once: bool = False
    ) -> tuple[OfferView, ...] | RefusalView:
        """Return what could be promised on a day, sealed, or why nothing; see `found`."""
        found = await self.found(live, wished, at_once=at_once)
        if isinstance(found, list):
            return self._views(live, wished, found)
        others = self._views(live, wished, found.alternatives)
        if isinstance(found, Ruled):
            return RefusalView(found.reason, found.rule, found.sentence, others)
        said, eased = why(found), relaxations(found)
        return RefusalView(found.reason.value, found.binding, said, others, eased)

    def _views(self, live: Live, wished: Wish, offers: Iterable[Offer]) -> tuple[OfferView, ...]:
        return tuple(
            offer_view(
                live.names,
                wished.day,
                offer,
                seal(self.token(wished, offer), self._signing_key),
                wished.party,
                transfer=wished.ask.transfer,
                rider_id=wished.ask.rider_id,
            )
            for offer in offers
        )

    async def found(
        self, live: Live, wished: Wish, *, at_once: bool = False
    ) -> list[Offer] | Refusal | Ruled:
        """Return the offers for a wish, best first, or the limit or rule that stands against it.

        With `at_once` nobody is moved for it as long as there is something else to offer.
        """
        if self.behind_s:
            return Ruled("clock", "clock", say("clock_behind"))
        leaving = live.day.bookings.get(wished.ask.instead_of or "")
        plan = live.plan
        if leaving is not None and leaving.state in {"booked", "held"}:
            plan = live.without(leaving.id)
        part = self._open_part(live, plan, wished.desired_s)
        seen = self._in_sight(live, part, wished.desired_s)
        found = await self._sought(live, wished, seen, at_once=at_once)
        if isinstance(found, Refusal) and seen is not part:
            found = await self._sought(live, wished, part, at_once=at_once)
        if isinstance(found, Refusal):
            others = tuple(
                each for each in found.alternatives if self.against(live, wished, each) is None
            )
            return self._kept(wished, plan, part, live, others) or replace(
                found, alternatives=others
            )
        may = [each for each in found if self.against(live, wished, each) is None]
        wrong = self.against(live, wished, found[0])
        return may if wrong is None else Ruled(wrong.reason, wrong.rule, wrong.text, tuple(may))

    async def _sought(
        self, live: Live, wished: Wish, plan: Plan, *, at_once: bool
    ) -> list[Offer] | Refusal:
        """Return the offers in a gap of a plan, or what another process finds, room made or not."""
        fleet = self._ready(live, plan)
        gap = seek_gap(wished, plan, live.travel, fleet)
        if gap is not None:
            return gap
        if at_once:
            found = seek(wished, plan, live.travel, fleet=fleet)
            if isinstance(found, list) or found.alternatives:
                return found
        search = partial(self._shuffler.offers, wished, plan, live.travel)
        made = await self.elsewhere(("offers", wished.ask, frozenset(plan.routes)), search)
        self._keep_rooms(wished.day, made if isinstance(made, list) else ())
        return seek(wished, plan, live.travel, fleet=fleet) if made is None else made

    def _keep_rooms(self, day: date, offers: Iterable[Offer]) -> None:
        """Keep how others make room for offers, the newest: who takes one need not wait for it."""
        for offer in offers:
            if offer.room is not None:
                self._rooms[day, replace(offer.promise, id="")] = offer.room
        while len(self._rooms) > ROOMS:
            del self._rooms[next(iter(self._rooms))]

    def _ready(self, live: Live, plan: Plan) -> Fleet:
        """Return a plan made ready for quotes, or the part of it that may be used."""
        return self.fleet_of(live) if plan is live.plan else Fleet(plan, live.travel)

    def against(self, live: Live, wished: Wish, offer: Offer) -> Refused | None:
        """Return why a member may not have an offer beside what they have booked."""
        rule, but = wished.rules.booking, (wished.ask.instead_of or "",)
        member_id = wished.ask.rider_id
        return limits.check_person(rule, live.day, member_id, latest(offer.promise), but)

    def _open_part(self, live: Live, plan: Plan, desired_s: int) -> Plan:
        """Return the part of a plan that a ride at `desired_s` may have now."""
        rule = self.here.rules.booking_on(live.day.day)
        if rule is None or not kept.is_ahead(rule, desired_s, live.now_s):
            return plan
        return kept.without(plan, kept.closed_to(plan, live.travel, rule, desired_s))

    def _in_sight(self, live: Live, plan: Plan, desired_s: int) -> Plan:
        """Return the part of a plan whose vehicles are known to be there for a ride soon.

        A promise on one of which nobody knows where it is is made only when no other can.
        """
        if live.day.day != self.today or desired_s > live.now_s + SOON_S:
            return plan
        seen = kept.without(plan, self.out_of_sight() & plan.routes.keys())
        return seen if seen.routes else plan

    def _kept(
        self, wished: Wish, plan: Plan, part: Plan, live: Live, others: tuple[Offer, ...]
    ) -> Ruled | None:
        """Return the rule of kept vehicles when it is what stands against a wish."""
        if part is plan or isinstance(seek(wished, plan, live.travel), Refusal):
            return None
        minutes = wished.rules.booking.immediate_until_min
        text = say("kept_for_immediate", minutes=minutes)
        return Ruled("kept_for_immediate", "booking.immediate_percent", text, others)

    def token(self, wished: Wish, offer: Offer) -> OfferToken:
        """Return what a booking of an offer will promise."""
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
            helpers=wished.ask.helpers,
            channel=wished.ask.channel,
            instead_of=wished.ask.instead_of,
            waiver=wished.waiver,
        )

    async def taken(
        self, live: Live, plan: Plan, offer: OfferToken, booking_id: str
    ) -> Plan | None:
        """Return a plan with an offer in it, others moved if need be; `None` when it is gone."""
        if self.behind_s:
            return None
        promise = replace(offer.promise, id=booking_id)
        part = self._open_part(live, plan, promise.earliest_pickup_s)
        taken: Plan | Refusal | None = take(
            part,
            promise,
            live.travel,
            prefer=offer.vehicle,
            fleet=self._ready(live, part),
            room=self._rooms.get((offer.day, replace(promise, id=""))),
            rules=OfferRules(shuffle_s=0),
        )
        if isinstance(taken, Refusal):
            taken = await self._with_room(promise, part, live.travel)
        return None if taken is None else kept.joined(plan, taken)

    async def retaken(self, live: Live, row: BookingRow) -> Plan | None:
        """Return the plan with a held seat in it again; `None` when it had to give way."""
        promise = read_request(live.day.promises[row.id].request)
        plan = live.without(row.id)
        taken: Plan | Refusal | None = take(
            plan, promise, live.travel, prefer=row.vehicle_id, rules=OfferRules(shuffle_s=0)
        )
        if isinstance(taken, Refusal):
            taken = await self._with_room(promise, plan, live.travel)
        return taken

    async def _with_room(self, promise: Request, plan: Plan, travel: Travel) -> Plan | None:
        """Return the plan with a promise in it for which others are moved, `None` when none can."""
        search, asked = partial(self._shuffler.take, promise, plan, travel), replace(promise, id="")
        for number in range(SEARCHES):
            room = await self.elsewhere(("take", asked, number), search)
            if room is None:
                return None
            if (taken := room.made_in(plan, promise, travel)) is not None:
                return taken
        return None

    def not_for_one(
        self,
        live: Live,
        member_id: int | None,
        latest_s: tuple[int, int],
        but: Collection[str] = (),
    ) -> Barred | None:
        """Return why a member may not ride then beside what they have booked."""
        rule = self.here.rules.booking_on(live.day.day)
        if rule is None:
            return None
        no = limits.check_person(rule, live.day, member_id, latest_s, but)
        return None if no is None else Barred(no.text, no.reason, no.rule)

    def unsealed(self, token: str) -> OfferToken | BadOffer:
        """Return what a token says, or why it cannot be taken."""
        offer = unseal(token, self._signing_key)
        if offer is None or offer.area != self.area:
            return BadOffer(say("bad_offer"))
        return BadOffer(say("old_offer")) if offer.expires < time.time() else offer

    def with_card(self, offer: OfferToken, member_id: int | None) -> OfferToken:
        """Return an offer with the member's own half fare in it."""
        tariff = self.here.rules.tariff_on(offer.day)
        member = None if member_id is None else self.here.names.members.get(member_id)
        if tariff is None:
            return offer
        party = Party(offer.riders, offer.wheelchairs, offer.half_fares, offer.infants)
        party = with_card(party, member, tariff, offer.day)
        return msgspec.structs.replace(offer, half_fares=party.half_fares)

    async def gone(self, live: Live, offer: OfferToken, member_id: int | None) -> OfferGone:
        """Say that an offer is gone, with what could be offered instead."""
        ask = replace(ask_of(offer), rider_id=member_id)
        wished = self.wish_of(ask, offer.day)
        if isinstance(wished, Refused):  # its time may have passed meanwhile
            wished = self.wish_of(replace(ask, time=None), offer.day)
        if isinstance(wished, Refused):
            return OfferGone(say("offer_gone"))
        found = await self.offers(live, wished, at_once=True)
        return OfferGone(
            say("offer_gone"), found.alternatives if isinstance(found, RefusalView) else found
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
            relaxations=[msgspec.to_builtins(one) for one in refusal.relaxations],
        )
        try:
            async with self.database.writing() as connection:
                await rides.add_refusal(connection, row)
        except OperationalError:  # the disk is full: who asks is told all the same
            log.exception("a refusal could not be kept")
        return RefusalAnswer(refusal)

    async def _advice(self, wished: Wish) -> tuple[Text, ...]:
        """Return what the operator should know of who asks: how often nobody was there."""
        rule, member_id = wished.rules.booking, wished.ask.rider_id
        if not rule.no_show_limit or member_id is None:
            return ()
        first = limits.since(self.today)
        async with self.database.reading() as connection:
            count = len(await one_person.no_shows_of(connection, member_id, first))
        if count < rule.no_show_limit:
            return ()
        return (say("no_shows", days=limits.NO_SHOW_DAYS, count=count),)


def latest(promise: Request) -> tuple[int, int]:
    """Return by when a ride leaves and by when it has arrived."""
    return promise.latest_pickup_s, promise.latest_dropoff_s


def ask_of(offer: OfferToken) -> AskIn:
    """Return what somebody must have asked for who was offered this."""
    return AskIn(
        origin=offer.promise.origin,
        destination=offer.promise.destination,
        day=offer.day,
        time=offer.promise.earliest_pickup_s,
        riders=offer.riders,
        wheelchairs=offer.wheelchairs,
        half_fares=offer.half_fares,
        infants=offer.infants,
        transfer=offer.transfer,
        helpers=offer.helpers,
        channel=offer.channel,
        instead_of=offer.instead_of,
    )


def no_of(found: Refusal | Ruled) -> tuple[str, Text]:
    """Return the name of what stands against a wish, and its sentence."""
    if isinstance(found, Ruled):
        return found.reason, found.sentence
    return found.reason.value, why(found)


def offer_of(row: BookingRow, promise: Request) -> OfferToken:
    """Return the offer that a seat is held by."""
    return OfferToken(
        area=row.area_id,
        day=row.service_date,
        expires=0,
        kind="asked",
        vehicle=row.vehicle_id,
        promise=promise,
        direct_s=row.direct_s,
        riders=row.riders,
        wheelchairs=row.wheelchairs,
        half_fares=row.half_fares,
        infants=row.infants,
        transfer=row.transfer,
        helpers=row.helpers,
        channel=row.channel,
    )


def _refused(refused: Refused) -> RefusalView:
    return RefusalView(refused.reason, refused.rule, refused.text)
