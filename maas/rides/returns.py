"""The way back without a time.

When the outward ride is booked nobody knows when the doctor will be done.  A seat is held softly
for when people usually leave that place, and moves on while they stay; one call, or one press of a
button, makes it a ride.  When there is no room then, the earliest there is is promised, and when
there is none at all the return stays on the list, is tried again and again, and somebody rings.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import Offer, Plan
from maas.notify.occasions import Occasion
from maas.notify.wanted import Notices, wanted
from maas.rides import booking, finish
from maas.rides.asking import Ruled
from maas.rides.booking import Caller, Live
from maas.rides.commit import Change, asked
from maas.rides.day import Day
from maas.rides.holds import BY_ITSELF
from maas.rides.keeper import Keeper
from maas.rides.merged import merged
from maas.rides.messages import say
from maas.rides.quote import Wish, party_for
from maas.rides.show import booking_view
from maas.rides.tokens import OfferToken
from maas.rides.views import (
    AskIn,
    Barred,
    BookingView,
    Event,
    KeyConflict,
    NotFound,
    NotNow,
    OpenReturnView,
)
from maas.store import open_returns
from maas.store.bookings import BookingRow
from maas.store.commits import AuditEntry
from maas.store.open_returns import OpenReturnRow
from maas.town.calendars import Refused, clock_words, rules_on
from maas.town.messages import Text

LEARN_DAYS: Final = 180
RETRY_S: Final = 60
WARN_S: Final = 3600
"""So long before the last ride home somebody who has not rung is told that rides end."""

MOVE_ON_S: Final = 1200
"""A seat held for sooner than this, with nobody ready, moves on."""
_NEVER_CAME: Final = frozenset({"cancelled", "no_show", "lapsed"})


@dataclass(frozen=True, slots=True)
class ReturnKept:
    """Writes an open return together with a change."""

    row: OpenReturnRow

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Write it; False when somebody else has changed it."""
        return await open_returns.save(connection, self.row)


@dataclass(frozen=True, slots=True)
class Room:
    """Where a return fits: what would be promised, the plan with it in, and which booking it is."""

    offer: OfferToken
    plan: Plan
    booking_id: str


Told = OpenReturnView | Barred | KeyConflict | NotFound | NotNow


class OpenReturns:
    """The open returns of one area."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self._tried: dict[str, object] = {}
        self._warned: set[str] = set()

    async def on(self, *, ended: bool = False) -> list[OpenReturnView]:
        """Return today's returns that wait, with `ended` all, by when they are expected."""
        day = await self.keeper.day_of(self.keeper.today)
        async with self.keeper.database.reading() as connection:
            rows = await open_returns.open_returns_on(
                connection, self.keeper.area, day.day, ended=ended
            )
        return [self._view(day, row) for row in rows]

    async def open(self, outward_id: str, *, key: str, actor: str) -> Told:
        """Take a return without a time for an outward ride."""
        call, button = asked(actor, key, "open-return", outward_id), secrets.token_urlsafe(12)

        async def make() -> Change | Barred | NotFound | NotNow:
            row = await self.keeper.row_of(outward_id)
            if row is None:
                return NotFound(say("no_booking"))
            if row.state in _NEVER_CAME:
                return NotNow(say("already_over"), row.state)
            async with self.keeper.database.reading() as connection:
                before = await open_returns.of_outward(connection, row.id)
            if before is not None:
                return NotNow(say("return_twice"), before.state)
            live = await self.keeper.live_of(row.service_date, actor)
            return await self.opened(live, row, button)

        return await self.keeper.once(call, OpenReturnView, make)

    async def opened(self, live: Live, outward: BookingRow, button: str) -> Change | Barred:
        """Return what opening a return writes; only inside the `make` of `once`."""
        if self._within_min(live.day.day) == 0:
            rule = "booking.open_return_within_min"
            return Barred(say("open_return_off"), "open_return_off", rule)
        kept = OpenReturnRow(
            id=uuid.uuid4().hex,
            area_id=self.keeper.area,
            service_date=outward.service_date,
            outward_id=outward.id,
            ask=_back(outward),
            member_id=outward.member_id,
            contact_name=outward.contact_name,
            contact_phone=outward.contact_phone,
            state="open",
            expected_s=await self._expected_s(live, outward),
            booking_id=None,
            button_hash=_hashed(button),
            called_s=None,
            opened_at=live.now,
            opened_by=live.actor,
        )
        return await self._softly(live, kept, button)

    async def press(self, return_id: str, *, key: str, actor: str, by_button: bool = False) -> Told:
        """Make a return a ride now; pressed again it says what was promised."""
        call = asked(actor, key, "return-ready", return_id)

        async def make() -> Change | OpenReturnView | Barred | NotFound | NotNow:
            kept = await self._row(return_id)
            if kept is None:
                return NotFound(say("no_return"))
            if kept.state == "closed":
                return NotNow(say("return_over"), kept.state)
            live = await self.keeper.live_of(kept.service_date, actor)
            if kept.state == "promised":
                return self._view(live.day, kept)
            return await self._ready(live, kept, tell=by_button)

        return await self.keeper.once(call, OpenReturnView, make)

    async def press_button(self, button: str) -> Told:
        """Do what the button of a return does, however often it is pressed."""
        async with self.keeper.database.reading() as connection:
            kept = await open_returns.by_button(connection, _hashed(button))
        if kept is None or kept.area_id != self.keeper.area:
            return NotFound(say("no_return"))
        key = f"{kept.id}:{kept.state}:{kept.called_s}"
        return await self.press(kept.id, key=key, actor="button", by_button=True)

    async def close(self, return_id: str, *, key: str, actor: str) -> Told:
        """Withdraw a return; a ride it has become is cancelled like any other."""
        call = asked(actor, key, "close-return", return_id)

        async def make() -> Change | OpenReturnView | NotFound | NotNow:
            kept = await self._row(return_id)
            if kept is None:
                return NotFound(say("no_return"))
            live = await self.keeper.live_of(kept.service_date, actor)
            if kept.state == "closed":
                return self._view(live.day, kept)
            if kept.state == "promised":
                return NotNow(say("return_over"), kept.state)
            held = self._held(live, kept)
            changes = () if held is None else (booking.release(live, held),)
            return self._change(live, replace(kept, state="closed", booking_id=None), changes)

        return await self.keeper.once(call, OpenReturnView, make)

    async def go_on(self) -> int:
        """Close what nobody will use, move seats on, try again what had no room; says how many."""
        today, done = self.keeper.today, 0
        for day in (today - timedelta(days=1), today):
            async with self.keeper.database.reading() as connection:
                rows = await open_returns.open_returns_on(connection, self.keeper.area, day)
            for row in rows:
                done += await self._go_on(row, over=day != today)
        return done

    async def _go_on(self, kept: OpenReturnRow, *, over: bool) -> bool:
        day = await self.keeper.day_of(kept.service_date)
        outward = day.bookings.get(kept.outward_id or "")
        key = f"{kept.id}:{kept.version}"
        if over or outward is None or outward.state in _NEVER_CAME:
            told = await self.close(kept.id, key=f"close {key}", actor=BY_ITSELF)
        elif kept.state == "called":
            if not self._is_worth_trying(day, kept):
                return False
            told = await self._again(kept)
        elif kept.id not in self._warned and self._ends_soon(kept) is not None:
            told = await self._warn(kept)
        elif self._is_in_place(day, kept):
            return False
        else:
            told = await self._move_on(kept, f"on {key}")
        return isinstance(told, OpenReturnView)

    def _is_worth_trying(self, day: Day, kept: OpenReturnRow) -> bool:
        """Whether plans have changed since somebody was tried, or a minute has passed."""
        versions = tuple(sorted((id_, row.version) for id_, row in day.plans.items()))
        now = (versions, int(self.keeper.clock() // RETRY_S))
        if self._tried.get(kept.id) == now:
            return False
        self._tried[kept.id] = now
        return True

    def _is_in_place(self, day: Day, kept: OpenReturnRow) -> bool:
        """Whether a seat is held far enough ahead, or it is too early to look for another."""
        now_s = self.keeper.clock() - self.keeper.here.names.epoch(day.day, 0)
        if now_s >= kept.expected_s - MOVE_ON_S:
            return False
        row = day.bookings.get(kept.booking_id or "")
        if row is None or row.state != "held":
            return True
        stops = day.plan_row(row.vehicle_id).stops
        return any(who == row.id for _, who in stops)  # it may have had to give way

    def _ends_soon(self, kept: OpenReturnRow) -> str | None:
        """Return until when rides home go, `None` while that is more than an hour away."""
        found = rules_on(self.keeper.here.rules, kept.service_date)
        now_s = self.keeper.clock() - self.keeper.here.names.epoch(kept.service_date, 0)
        if isinstance(found, Refused) or now_s < found.hours.closes_s - WARN_S:
            return None
        return found.hours.closes

    async def _warn(self, seen: OpenReturnRow) -> Told:
        """Say that rides home end, once, to somebody who has not rung."""
        self._warned.add(seen.id)

        async def make() -> Change | NotNow:
            kept = await self._row(seen.id)
            if kept is None or kept.state != "open":
                return NotNow(say("return_over"), "" if kept is None else kept.state)
            live = await self.keeper.live_of(kept.service_date, BY_ITSELF)
            return self._change(live, kept, (), tell=True)

        key = f"ends {seen.id}"
        return await self.keeper.once(asked(BY_ITSELF, key, "ends"), OpenReturnView, make)

    async def _move_on(self, seen: OpenReturnRow, key: str) -> Told:
        """Hold the seat for later: whoever it is for is not ready yet."""

        async def make() -> Change | Barred | NotFound | NotNow:
            kept = await self._row(seen.id)
            if kept is None or kept.version != seen.version:
                return NotNow(say("return_over"), "" if kept is None else kept.state)
            live = await self.keeper.live_of(kept.service_date, BY_ITSELF)
            outward = live.day.bookings[kept.outward_id or ""]
            later = replace(kept, expected_s=await self._expected_s(live, outward))
            return await self._softly(live, later)

        return await self.keeper.once(asked(BY_ITSELF, key, "on"), OpenReturnView, make)

    async def _again(self, seen: OpenReturnRow) -> Told:
        """Try to find room for somebody who is ready and could be promised nothing."""

        async def make() -> Change | Barred | NotFound | NotNow:
            kept = await self._row(seen.id)
            if kept is None or kept.state != "called":
                return NotNow(say("return_over"), "" if kept is None else kept.state)
            live = await self.keeper.live_of(kept.service_date, BY_ITSELF)
            made = await self._ready(live, kept, tell=True)
            still = isinstance(made, Change) and not made.plans
            return NotNow(say("return_called", place="", place_en=""), "called") if still else made

        key = f"again {seen.id}:{seen.version}"
        return await self.keeper.once(asked(BY_ITSELF, key, "again"), OpenReturnView, make)

    async def _ready(self, live: Live, kept: OpenReturnRow, *, tell: bool) -> Change | Barred:
        """Return what making a return a ride writes: as soon as there is room, or on the list."""
        held = self._held(live, kept)
        called_s = live.now_s if kept.called_s is None else kept.called_s
        kept = replace(kept, called_s=called_s)
        room = await self._room(live, kept, live.now_s, held)
        if isinstance(room, Refused):
            return Barred(room.text, room.reason, room.rule)
        change = await self._real(live, kept, held, room)
        if change is None:
            called = replace(kept, state="called", booking_id=None)
            changes = () if held is None else (booking.release(live, held),)
            return self._change(live, called, changes, tell=True)
        row = change.bookings[0]
        promised = replace(kept, state="promised", booking_id=row.id)
        late = self._is_late(promised, change.promises[0].pickup_to_s)
        return self._change(live, promised, (change,), tell=tell or late)

    async def _real(
        self, live: Live, kept: OpenReturnRow, held: BookingRow | None, room: Room | None
    ) -> Change | None:
        """Return the ride that a return becomes: as soon as may be, else as it was held."""
        if held is None:
            if room is None:
                return None
            return booking.book(live, room.plan, room.offer, room.booking_id, _caller(kept))
        if room is None:
            told = live.day.promises[held.id]
            latest_s = told.pickup_to_s, told.arrive_by_s
            if self.keeper.not_for_one(live, held.member_id, latest_s) is not None:
                return None  # a held seat is no ride: another may have been booked beside it
            taken = await self.keeper.retaken(live, held)
            if taken is None:
                return None
            return booking.confirm(live, taken, held, booking.caller_of(held))
        return booking.move_held(
            live, room.plan, held, room.offer, state="booked", why="return_ready"
        )

    async def _softly(self, live: Live, kept: OpenReturnRow, button: str | None = None) -> Change:
        """Return what holding a seat for when a return is expected writes, if there is room."""
        held = self._held(live, kept)
        room = await self._room(live, kept, kept.expected_s, held)
        if room is None or isinstance(room, Refused):
            changes = () if held is None else (booking.release(live, held),)
            return self._change(live, replace(kept, booking_id=None), changes, button=button)
        if held is None:
            change = booking.hold(
                live, room.plan, room.offer, room.booking_id, _caller(kept), until=None
            )
        else:
            change = booking.move_held(
                live, room.plan, held, room.offer, state="held", why="expected"
            )
        kept = replace(kept, booking_id=room.booking_id)
        return self._change(live, kept, (change,), button=button)

    async def _room(
        self, live: Live, kept: OpenReturnRow, desired_s: int, held: BookingRow | None
    ) -> Room | Refused | None:
        """Return the earliest ride from `desired_s` on, the rule against it, or `None`."""
        ask = replace(
            msgspec.convert(kept.ask, AskIn),
            day=kept.service_date,
            time=desired_s,
            instead_of=None if held is None else held.id,
        )
        found = rules_on(self.keeper.here.rules, kept.service_date)
        if isinstance(found, Refused):
            return found
        member = live.names.members.get(kept.member_id or 0)
        party = party_for(ask, member, found.tariff, kept.service_date)
        wished = Wish(ask, found, party, desired_s, desired_s)
        offers = await self.keeper.found(live, wished)
        if isinstance(offers, Ruled) and not offers.alternatives:
            return Refused(offers.reason, offers.rule, offers.sentence)
        if not isinstance(offers, list):
            offers = list(offers.alternatives)
        here = [each for each in offers if each.promise.origin == ask.origin]
        if not here:
            return None
        first = min(here, key=lambda each: each.promise.latest_pickup_s)
        id_ = uuid.uuid4().hex if held is None else held.id
        plan = live.plan if held is None else live.without(held.id)
        for promised in self._in_time(kept, first):
            if self.keeper.against(live, wished, promised) is not None:
                continue  # leaving sooner at the latest, it may be at once with another ride
            offer = self.keeper.token(wished, promised)
            taken = await self.keeper.taken(live, plan, offer, id_)
            if taken is not None:
                return Room(offer, taken, id_)
        return None

    def _in_time(self, kept: OpenReturnRow, offer: Offer) -> list[Offer]:
        """Return an offer, before it the same with no later pick-up than the town's rule has it."""
        if kept.called_s is None:
            return [offer]
        rule_s, promise = kept.called_s + self._within_min(kept.service_date) * 60, offer.promise
        if not offer.pickup_s <= rule_s < promise.latest_pickup_s:
            return [offer]
        return [replace(offer, promise=replace(promise, latest_pickup_s=rule_s)), offer]

    async def _expected_s(self, live: Live, outward: BookingRow) -> int:
        """Return when somebody will be ready who rode out, as far as one can know."""
        first = live.day.day - timedelta(days=LEARN_DAYS)
        async with self.keeper.database.reading() as connection:
            stays = await open_returns.stays_s(connection, outward.destination_id, first)
        kind = live.names.places[outward.destination_id].kind
        since_s = outward.dropped_s or outward.arrive_planned_s
        return finish.expected_s(finish.learn(stays, kind), since_s, live.now_s)

    async def _row(self, return_id: str) -> OpenReturnRow | None:
        async with self.keeper.database.reading() as connection:
            row = await open_returns.open_return(connection, return_id)
        return None if row is None or row.area_id != self.keeper.area else row

    def _held(self, live: Live, kept: OpenReturnRow) -> BookingRow | None:
        row = live.day.bookings.get(kept.booking_id or "")
        return None if row is None or row.state != "held" else row

    def _within_min(self, day: date) -> int:
        rule = self.keeper.here.rules.booking_on(day)
        return 0 if rule is None else rule.open_return_within_min

    def _is_late(self, kept: OpenReturnRow, pickup_to_s: int) -> bool:
        called_s = kept.expected_s if kept.called_s is None else kept.called_s
        return pickup_to_s > called_s + self._within_min(kept.service_date) * 60

    def _change(
        self,
        live: Live,
        kept: OpenReturnRow,
        changes: Sequence[Change],
        *,
        tell: bool = False,
        button: str | None = None,
    ) -> Change:
        """Return everything that a return's next state writes, in one commit."""
        after = live.day
        for change in changes:
            after = after.with_rows(change.plans, change.bookings, change.promises)
        view = replace(self._view(after, kept), button=button)
        kind = f"return.{kept.state}"
        event = Event(kind, self.keeper.area, kept.service_date, live.now, text=view.sentence)
        audit = AuditEntry(live.now, live.actor, kind, kept.id, msgspec.json.encode(view).decode())
        all_ = merged(changes, audit, view)
        notices = (self._notice(replace(live, day=after), kept, view),) if tell else ()
        also = (*all_.also, ReturnKept(kept), *notices)
        events = all_.events if kept.state == "open" else (*all_.events, event)
        return replace(all_, events=events, also=also)

    def _notice(self, live: Live, kept: OpenReturnRow, view: OpenReturnView) -> Notices:
        row = live.day.bookings[kept.booking_id or kept.outward_id or ""]
        facts: dict[str, str | int] = {"text": view.sentence.ja, "text_en": view.sentence.en}
        member = live.names.members.get(kept.member_id or 0)
        if kept.state == "open":
            return wanted(
                Occasion.RETURN_ENDS, row, member, now=live.now, facts=facts, once=kept.id
            )
        return wanted(Occasion.OPEN_RETURN_READY, row, member, now=live.now, facts=facts)

    def _view(self, day: Day, kept: OpenReturnRow) -> OpenReturnView:
        names, row = self.keeper.here.names, day.bookings.get(kept.booking_id or "")
        ride = None
        late = False
        if row is not None and kept.state == "promised":
            promise = day.promises[row.id]
            ride = booking_view(names, row, promise)
            late = self._is_late(kept, promise.pickup_to_s)
        return OpenReturnView(
            id=kept.id,
            state=kept.state,  # type: ignore[arg-type]  # the table checks its words
            outward_id=kept.outward_id or "",
            rider=names.rider(kept.member_id),
            origin=names.place(kept.ask["origin"]),
            destination=names.place(kept.ask["destination"]),
            expected=names.epoch(kept.service_date, kept.expected_s),
            seat_held=row is not None and row.state == "held",
            late=late,
            booking=ride,
            sentence=self._sentence(day, kept, ride, late=late),
        )

    def _sentence(
        self, day: Day, kept: OpenReturnRow, ride: BookingView | None, *, late: bool
    ) -> Text:
        place = self.keeper.here.names.places[kept.ask["origin"]]
        words: dict[str, Any] = {"place": place.name, "place_en": place.name_en}
        if ride is not None:
            promise = day.promises[ride.id]
            words |= {
                "pickup_from": clock_words(promise.pickup_from_s),
                "pickup_to": clock_words(promise.pickup_to_s),
            }
            return say("return_late" if late else "return_promised", **words)
        if kept.state == "open":
            if (closes := self._ends_soon(kept)) is not None:
                return say("return_ends", closes=closes)
            words |= {
                "expected": clock_words(kept.expected_s),
                "within": self._within_min(kept.service_date),
            }
            return say("return_open", **words)
        return say("return_called" if kept.state == "called" else "return_closed", **words)


def _caller(kept: OpenReturnRow) -> Caller:
    return Caller(kept.member_id, kept.contact_name, kept.contact_phone)


def _hashed(button: str) -> str:
    return hashlib.sha256(button.encode()).hexdigest()


def _back(outward: BookingRow) -> dict[str, Any]:
    """Return the way back of a ride as an ask, as JSON."""
    ask = AskIn(
        origin=outward.destination_id,
        destination=outward.origin_id,
        riders=outward.riders,
        wheelchairs=outward.wheelchairs,
        rider_id=outward.member_id,
        half_fares=outward.half_fares,
        infants=outward.infants,
        transfer=outward.transfer,
        helpers=outward.helpers,
        channel=outward.channel,
    )
    plain: dict[str, Any] = msgspec.to_builtins(ask)
    return plain
