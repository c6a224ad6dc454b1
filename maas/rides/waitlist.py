"""The waitlist: whoever has waited longest is offered the seat that comes free.

The seat is held for them and they are told; who does not answer in time gives it to the next.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.notify.occasions import Occasion
from maas.notify.wanted import wanted
from maas.rides import booking
from maas.rides.booking import Caller, Live
from maas.rides.commit import Also, Change, asked
from maas.rides.day import Day
from maas.rides.holds import BY_ITSELF, Holds
from maas.rides.keeper import Keeper
from maas.rides.merged import merged
from maas.rides.messages import say
from maas.rides.show import booking_view
from maas.rides.views import (
    AskIn,
    Barred,
    Event,
    KeyConflict,
    NotFound,
    NotNow,
    OfferGone,
    WaitingView,
)
from maas.store import waitlist
from maas.store.bookings import BookingRow
from maas.store.commits import AuditEntry
from maas.store.waitlist import WaitingRow
from maas.town.calendars import Refused, clock_words
from maas.town.messages import Text

ANSWER_S: Final = 1800
"""How long a seat is kept for somebody who waited."""
SOON_S: Final = 600
"""And until how long before the ride."""
LEAST_S: Final = 300
"""But for so long at least."""


@dataclass(frozen=True, slots=True)
class EntryKept:
    """Writes an entry of the waitlist together with a change."""

    row: WaitingRow

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Write it; False when somebody else has changed it."""
        return await waitlist.save(connection, self.row)


Waited = WaitingView | OfferGone | Barred | KeyConflict | NotFound | NotNow


class Waitlist:
    """Who waits for a seat in one area."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self._tried: dict[date, Mapping[str, int]] = {}

    async def on(self, *, ended: bool = False) -> list[WaitingView]:
        """Return who waits, from today on, longest first; with `ended` also what became of it."""
        rows = await self._rows(ended=ended)
        return [self._view(await self.keeper.day_of(row.service_date), row) for row in rows]

    async def wait(self, ask: AskIn, caller: Caller, *, key: str, actor: str) -> Waited:
        """Take somebody in who could not be promised what they asked for."""
        call = asked(actor, key, "wait", msgspec.to_builtins(ask), caller.name, caller.phone)
        day = ask.day or self.keeper.today

        async def make() -> Change | Barred:
            wished = self.keeper.wish_of(ask, day)
            if isinstance(wished, Refused):
                return Barred(wished.text, wished.reason, wished.rule)
            if not wished.rules.booking.waitlist:
                return Barred(say("waitlist_off"), "waitlist_off", "booking.waitlist")
            live = await self.keeper.live_of(day, actor)
            entry = WaitingRow(
                id=uuid.uuid4().hex,
                area_id=self.keeper.area,
                service_date=day,
                ask=msgspec.to_builtins(replace(ask, day=day, time=wished.desired_s)),
                member_id=ask.rider_id,
                contact_name=caller.name,
                contact_phone=caller.phone,
                state="waiting",
                made_at=live.now,
                made_by=actor,
            )
            return self._change(live, entry, ())

        return await self.keeper.once(call, WaitingView, make)

    async def take(self, entry_id: str, *, key: str, actor: str) -> Waited:
        """Book the seat that was offered."""
        return await self._answer(entry_id, key, actor, "taken")

    async def withdraw(self, entry_id: str, *, key: str, actor: str) -> Waited:
        """Wait no longer; a seat offered goes to the next."""
        return await self._answer(entry_id, key, actor, "withdrawn")

    async def _answer(self, entry_id: str, key: str, actor: str, state: str) -> Waited:
        call = asked(actor, key, f"wait-{state}", entry_id)

        async def make() -> Change | WaitingView | OfferGone | Barred | NotFound | NotNow:
            entry = await self._row(entry_id)
            if entry is None:
                return NotFound(say("no_waiting"))
            live = await self.keeper.live_of(entry.service_date, actor)
            if entry.state == state:
                return self._view(live.day, entry)
            if entry.state not in {"waiting", "offered"}:
                return NotNow(self._sentence(live.day, entry), entry.state)
            held = live.day.bookings.get(entry.booking_id or "")
            if state == "taken":
                return await self._taken(live, entry, held)
            return self._given_up(live, entry, held, state)

        return await self.keeper.once(call, WaitingView, make)

    async def _taken(
        self, live: Live, entry: WaitingRow, held: BookingRow | None
    ) -> Change | OfferGone | Barred | NotFound | NotNow:
        if held is None:
            return NotNow(say("not_offered"), entry.state)
        caller = Caller(entry.member_id, entry.contact_name, entry.contact_phone)
        made = await Holds(self.keeper).booked(held, caller, live.actor)
        if not isinstance(made, Change):
            return made
        return self._change(live, replace(entry, state="taken", answer_by=None), (made,))

    def _given_up(
        self, live: Live, entry: WaitingRow, held: BookingRow | None, state: str
    ) -> Change:
        """Return what it writes when somebody does not want the seat, or waits no longer."""
        open_ = held is not None and held.state == "held"
        changes = (booking.release(live, held),) if held is not None and open_ else ()
        return self._change(live, replace(entry, state=state, answer_by=None), changes)

    async def go_on(self) -> int:
        """Let offers lapse and offer what has come free; returns how many entries moved."""
        done = 0
        for entry in await self._rows():
            if entry.state == "offered":
                done += await self._lapse(entry)
        for day, entries in _by_day(await self._rows()).items():
            done += await self._fill(day, entries)
        return done

    async def _lapse(self, entry: WaitingRow) -> bool:
        if entry.answer_by is None or self.keeper.clock() < entry.answer_by:
            return False
        key = f"lapse {entry.id}:{entry.version}"
        return isinstance(await self._answer(entry.id, key, BY_ITSELF, "lapsed"), WaitingView)

    async def _fill(self, day: date, entries: Sequence[WaitingRow]) -> int:
        """Offer seats on a day whose plans have changed since it was last tried."""
        versions = {id_: row.version for id_, row in (await self.keeper.day_of(day)).plans.items()}
        if self._tried.get(day) == versions:
            return 0
        done = 0
        for entry in entries:
            if entry.state == "waiting":
                done += isinstance(await self._offer(entry), WaitingView)
        after = (await self.keeper.day_of(day)).plans
        self._tried[day] = {id_: row.version for id_, row in after.items()}
        return done

    async def _offer(self, seen: WaitingRow) -> Waited:
        """Hold a seat for somebody who waits, if there is one, and tell them."""
        call = asked(BY_ITSELF, f"offer {seen.id}:{seen.version}", "offer", seen.id)

        async def make() -> Change | NotFound | NotNow:
            entry = await self._row(seen.id)
            if entry is None or entry.state != "waiting":
                return NotFound(say("no_waiting"))
            live = await self.keeper.live_of(entry.service_date, BY_ITSELF)
            wished = self.keeper.wish_of(msgspec.convert(entry.ask, AskIn), entry.service_date)
            if isinstance(wished, Refused):
                return NotNow(wished.text, entry.state)
            found = await self.keeper.found(live, wished)
            if not isinstance(found, list):
                return NotNow(say("waiting"), entry.state)
            offer, hold_id = self.keeper.token(wished, found[0]), uuid.uuid4().hex
            taken = await self.keeper.taken(live, live.plan, offer, hold_id)
            if taken is None:
                return NotNow(say("waiting"), entry.state)
            pickup = live.names.epoch(entry.service_date, offer.promise.earliest_pickup_s)
            until = min(live.now + ANSWER_S, max(live.now + LEAST_S, pickup - SOON_S))
            caller = Caller(entry.member_id, entry.contact_name, entry.contact_phone)
            change = booking.hold(live, taken, offer, hold_id, caller, until=until)
            offered = replace(entry, state="offered", booking_id=hold_id, answer_by=until)
            return self._offered(live, offered, change)

        return await self.keeper.once(call, WaitingView, make)

    def _offered(self, live: Live, entry: WaitingRow, change: Change) -> Change:
        row = change.added[0]
        told = change.promises[0]
        member = live.names.members.get(entry.member_id or 0)
        facts: dict[str, str | int] = {"answer_by": self._by(entry)}
        notice = wanted(
            Occasion.WAITLIST_OFFER, row, member, now=live.now, due_at=entry.answer_by, facts=facts
        )
        day = live.day.with_rows(change.plans, [row], [told])
        return self._change(replace(live, day=day), entry, (change,), notice)

    async def _rows(self, *, ended: bool = False) -> list[WaitingRow]:
        async with self.keeper.database.reading() as connection:
            return await waitlist.waiting_from(
                connection, self.keeper.area, self.keeper.today, ended=ended
            )

    async def _row(self, entry_id: str) -> WaitingRow | None:
        async with self.keeper.database.reading() as connection:
            row = await waitlist.entry(connection, entry_id)
        return None if row is None or row.area_id != self.keeper.area else row

    def _change(
        self, live: Live, entry: WaitingRow, changes: Sequence[Change], *notices: Also
    ) -> Change:
        """Return everything that an entry's next state writes, in one commit."""
        after = live.day
        for change in changes:
            after = after.with_rows(change.plans, change.bookings, change.promises)
        view = self._view(after, entry)
        kind = f"waitlist.{entry.state}"
        event = Event(kind, self.keeper.area, entry.service_date, live.now, text=view.sentence)
        body = msgspec.json.encode(view, order="deterministic").decode()
        audit = AuditEntry(live.now, live.actor, kind, entry.id, body)
        all_ = merged(changes, audit, view)
        also = (*all_.also, EntryKept(entry), *notices)
        return replace(all_, events=(*all_.events, event), also=also)

    def _view(self, day: Day, entry: WaitingRow) -> WaitingView:
        names = self.keeper.here.names
        row = day.bookings.get(entry.booking_id or "")
        seat = None
        if row is not None and entry.state in {"offered", "taken"}:
            seat = booking_view(names, row, day.promises[row.id])
        return WaitingView(
            id=entry.id,
            state=entry.state,  # type: ignore[arg-type]  # the table checks its words
            date=entry.service_date,
            wished=names.epoch(entry.service_date, entry.ask["time"]),
            rider=names.rider(entry.member_id),
            contact_name=entry.contact_name,
            contact_phone=entry.contact_phone,
            origin=names.place(entry.ask["origin"]),
            destination=names.place(entry.ask["destination"]),
            riders=entry.ask["riders"],
            answer_by=entry.answer_by,
            booking=seat,
            sentence=self._sentence(day, entry),
        )

    def _by(self, entry: WaitingRow) -> str:
        midnight = self.keeper.here.names.epoch(entry.service_date, 0)
        return clock_words(round((entry.answer_by or midnight) - midnight) % 86_400)

    def _sentence(self, day: Day, entry: WaitingRow) -> Text:
        told = day.promises.get(entry.booking_id or "")
        if entry.state != "offered" or told is None:
            return say("waiting" if entry.state == "waiting" else f"waiting_{entry.state}")
        words: dict[str, Any] = {
            "pickup_from": clock_words(told.pickup_from_s),
            "pickup_to": clock_words(told.pickup_to_s),
            "answer_by": self._by(entry),
        }
        return say("waiting_offered", **words)


def _by_day(entries: Sequence[WaitingRow]) -> dict[date, list[WaitingRow]]:
    found: dict[date, list[WaitingRow]] = {}
    for entry in entries:
        found.setdefault(entry.service_date, []).append(entry)
    return found
