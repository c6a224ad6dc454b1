"""Weekly bookings: made some weeks ahead, day by day, each day once.

A day that cannot be booked is an exception that somebody sees, and waits for a seat meanwhile.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs.calendar import holiday_name
from maas.rides import booking, weekly
from maas.rides.asking import no_of
from maas.rides.booking import Caller, Live
from maas.rides.commit import Also, Change, asked
from maas.rides.holds import BY_ITSELF
from maas.rides.keeper import Keeper
from maas.rides.merged import merged, onward
from maas.rides.messages import say
from maas.rides.returns import OpenReturns
from maas.rides.views import (
    AskIn,
    Barred,
    Event,
    KeyConflict,
    NotFound,
    NotNow,
    StandingDayView,
    StandingView,
)
from maas.rides.waitlist import EntryKept
from maas.store import standing
from maas.store.commits import AuditEntry
from maas.store.standing import StandingDayRow, StandingRow
from maas.store.waitlist import WaitingRow
from maas.town.calendars import Refused, day_words
from maas.town.messages import Text


@dataclass(frozen=True, slots=True)
class StandingKept:
    """Writes a weekly booking together with a change."""

    row: StandingRow

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Write it; False when somebody else has changed it."""
        return await standing.save(connection, self.row)


@dataclass(frozen=True, slots=True)
class DayKept:
    """Writes what became of a day, once: a second writer loses the race."""

    row: StandingDayRow

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Write it."""
        await standing.add_day(connection, self.row)
        return True


@dataclass(frozen=True, slots=True)
class DayForgotten:
    """Takes back what became of a day, so that it can be booked again."""

    standing_id: str
    day: date

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Take it back."""
        await standing.forget_day(connection, self.standing_id, self.day)
        return True


Stood = StandingView | Barred | KeyConflict | NotFound | NotNow


class StandingBookings:
    """The weekly bookings of one area."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper

    async def on(self, *, member_id: int | None = None) -> list[StandingView]:
        """Return those that go on, oldest first, each with its days to come."""
        async with self.keeper.database.reading() as connection:
            rows = await standing.standing_from(
                connection, self.keeper.area, self.keeper.today, member_id=member_id
            )
            days = await standing.days_from(connection, [row.id for row in rows], self.keeper.today)
        return [self._view(row, [d for d in days if d.standing_id == row.id]) for row in rows]

    async def exceptions(self) -> list[StandingDayView]:
        """Return the days to come that could not be booked and nobody has dealt with."""
        found = [day for view in await self.on() for day in view.days]
        return [day for day in found if day.outcome == "refused" and day.seen_by is None]

    async def see(self, standing_id: str, day: date, actor: str) -> bool:
        """Note that somebody has dealt with a day; False when there is none."""
        async with self.keeper.database.writing() as connection:
            return await standing.see_day(connection, standing_id, day, actor)

    async def add(
        self,
        ask: AskIn,
        weekdays: list[int],
        span: tuple[date, date | None],
        *,
        holidays: bool,
        open_return: bool,
        key: str,
        actor: str,
    ) -> Stood:
        """Book a trip on some weekdays from a day on; `go_on` books the days."""
        plain = msgspec.to_builtins(ask)
        call = asked(actor, key, "stand", plain, weekdays, span, holidays, open_return)

        async def make() -> Change | Barred | NotFound:
            rule = self.keeper.here.rules.booking_on(span[0])
            if rule is None or rule.standing_weeks == 0:
                return Barred(say("standing_off"), "standing_off", "booking.standing_weeks")
            if ask.rider_id not in self.keeper.here.names.members:
                return NotFound(say("unknown_rider"))
            if not {ask.origin, ask.destination} <= self.keeper.here.names.places.keys():
                return NotFound(say("unknown_place"))
            row = StandingRow(
                id=uuid.uuid4().hex,
                area_id=self.keeper.area,
                member_id=ask.rider_id or 0,
                ask={**plain, "day": None, "open_return": open_return},
                weekdays=sorted(set(weekdays)),
                holidays=holidays,
                valid_from=span[0],
                valid_to=span[1],
                paused_from=None,
                paused_to=None,
                made_at=self.keeper.clock(),
                made_by=actor,
            )
            return self._kept(row, "standing.made", actor)

        return await self.keeper.once(call, StandingView, make)

    async def pause(
        self, standing_id: str, first: date | None, last: date | None, *, key: str, actor: str
    ) -> Stood:
        """Rest from one day to another (`None` until further notice); without a first go on."""
        return await self._alter(
            standing_id, {"paused_from": first, "paused_to": last}, "standing.paused", key, actor
        )

    async def end(self, standing_id: str, last: date, *, key: str, actor: str) -> Stood:
        """End after a day; what is booked later is cancelled by `go_on`."""
        return await self._alter(standing_id, {"valid_to": last}, "standing.ended", key, actor)

    async def _alter(
        self, standing_id: str, fields: dict[str, date | None], kind: str, key: str, actor: str
    ) -> Stood:
        call = asked(actor, key, kind, standing_id, fields)

        async def make() -> Change | NotFound | NotNow:
            async with self.keeper.database.reading() as connection:
                row = await standing.standing(connection, standing_id)
            if row is None or row.area_id != self.keeper.area:
                return NotFound(say("no_standing"))
            if row.valid_to is not None and row.valid_to < self.keeper.today:
                return NotNow(say("standing_ended"), "ended")
            values: dict[str, Any] = dict(fields)
            return self._kept(replace(row, **values), kind, actor)

        return await self.keeper.once(call, StandingView, make)

    def _kept(self, row: StandingRow, kind: str, actor: str) -> Change:
        view, now = self._view(row, []), self.keeper.clock()
        body = msgspec.json.encode(view, order="deterministic").decode()
        audit = AuditEntry(now, actor, kind, row.id, body)
        return replace(merged((), audit, view), also=(StandingKept(row),))

    async def go_on(self) -> int:
        """Book the days that are due, cancel what is no longer wanted; returns how many days."""
        today, done = self.keeper.today, 0
        async with self.keeper.database.reading() as connection:
            rows = await standing.standing_from(connection, self.keeper.area, today)
            ended = [row.id for row in rows]
            days = await standing.days_from(connection, ended, today)
        for row in rows:
            mine = {day.service_date: day for day in days if day.standing_id == row.id}
            for day in mine.values():
                if not weekly.is_due(row, day.service_date):
                    done += await self._undo(row, day)
            for each in weekly.days(row, today, self._weeks(today)):
                if each not in mine and weekly.is_due(row, each):
                    done += await self._day(row, each)
        return done

    def _weeks(self, day: date) -> int:
        rule = self.keeper.here.rules.booking_on(day)
        return 0 if rule is None else rule.standing_weeks

    async def _day(self, row: StandingRow, day: date) -> bool:
        call = asked(BY_ITSELF, f"{row.id} {day} v{row.version}", "stand", str(day))

        async def make() -> Change | NotNow:
            async with self.keeper.database.reading() as connection:
                known = await standing.days_from(connection, [row.id], day)
            if any(each.service_date == day for each in known):
                return NotNow(say("standing_done"), "done")
            live = await self.keeper.live_of(day, BY_ITSELF)
            return await self._made(live, row)

        return isinstance(await self.keeper.once(call, StandingDayView, make), StandingDayView)

    async def _made(self, live: Live, row: StandingRow) -> Change:
        """Return what booking one day writes, or why it is not booked."""
        day = live.day.day
        ask = replace(msgspec.convert(row.ask, AskIn), day=day)
        holiday = holiday_name(day)
        if holiday is not None and not row.holidays:
            words = day_words(day)
            text = say("standing_holiday", day=words.ja, day_en=words.en, holiday=holiday)
            return self._outcome(live, row, "skipped", "standing_holiday", text)
        wished = self.keeper.wish_of(ask, day, ahead_days=7 * self._weeks(self.keeper.today))
        if isinstance(wished, Refused):
            closed = wished.reason.startswith("closed")
            outcome = "skipped" if closed else "refused"
            return self._outcome(live, row, outcome, wished.reason, wished.text)
        found = await self.keeper.found(live, wished)
        if isinstance(found, list):
            offer, booking_id = self.keeper.token(wished, found[0]), uuid.uuid4().hex
            offer = msgspec.structs.replace(offer, channel="standing")
            offer = self.keeper.with_card(offer, row.member_id)
            taken = await self.keeper.taken(live, live.plan, offer, booking_id)
            if taken is not None:
                caller = Caller(row.member_id)
                change = booking.book(live, taken, offer, booking_id, caller)
                return await self._booked(live, row, onward(live, change, taken), change)
        reason, text = ("gone", say("offer_gone")) if isinstance(found, list) else no_of(found)
        waiting = self._waits(live, row, ask)
        return self._outcome(live, row, "refused", reason, text, also=(waiting,))

    async def _booked(self, live: Live, row: StandingRow, then: Live, change: Change) -> Change:
        """Return the commit of a day that is booked, with its return when it has one."""
        changes = [change]
        made = change.added[0]
        if row.ask.get("open_return"):
            opened = await OpenReturns(self.keeper).opened(then, made, secrets.token_urlsafe(12))
            if isinstance(opened, Change):
                changes.append(opened)
        return self._outcome(
            live, row, "booked", "", Text("", ""), changes=changes, booking_id=made.id
        )

    def _waits(self, live: Live, row: StandingRow, ask: AskIn) -> EntryKept:
        plain = msgspec.to_builtins(ask)
        entry = WaitingRow(
            id=uuid.uuid4().hex,
            area_id=row.area_id,
            service_date=live.day.day,
            ask=plain,
            member_id=row.member_id,
            contact_name="",
            contact_phone="",
            state="waiting",
            made_at=live.now,
            made_by=BY_ITSELF,
        )
        return EntryKept(entry)

    def _outcome(
        self, live: Live, row: StandingRow, outcome: str, reason: str, text: Text,
        *, changes: list[Change] | None = None, booking_id: str | None = None,
        also: tuple[Also, ...] = (),
    ) -> Change:  # fmt: skip
        """Return the commit of what has become of a day."""
        kept = StandingDayRow(
            standing_id=row.id,
            service_date=live.day.day,
            outcome=outcome,
            booking_id=booking_id,
            reason=reason,
            sentence=text.ja,
            sentence_en=text.en,
            at=live.now,
        )
        view = _day_view(kept)
        body = msgspec.json.encode(view, order="deterministic").decode()
        audit = AuditEntry(live.now, live.actor, f"standing.{outcome}", row.id, body)
        all_ = merged(changes or (), audit, view)
        event = Event(f"standing.{outcome}", row.area_id, kept.service_date, live.now, text=text)
        events = (*all_.events, event) if outcome == "refused" else all_.events
        return replace(all_, events=events, also=(*all_.also, DayKept(kept), *also))

    async def _undo(self, row: StandingRow, day: StandingDayRow) -> bool:
        """Cancel a day that is no longer wanted, and forget it."""
        call = asked(BY_ITSELF, f"undo {row.id} {day.service_date} v{row.version}", "undo")

        async def make() -> Change:
            live = await self.keeper.live_of(day.service_date, BY_ITSELF)
            booked = live.day.bookings.get(day.booking_id or "")
            gone = None if booked is None else booking.cancel(live, booked, "standing")
            changes = (gone,) if isinstance(gone, Change) else ()
            view = replace(_day_view(day), outcome="skipped")
            audit = AuditEntry(live.now, BY_ITSELF, "standing.undone", row.id, "{}")
            all_ = merged(changes, audit, view)
            forgotten = DayForgotten(row.id, day.service_date)
            return replace(all_, also=(*all_.also, forgotten))

        return isinstance(await self.keeper.once(call, StandingDayView, make), StandingDayView)

    def _view(self, row: StandingRow, days: list[StandingDayRow]) -> StandingView:
        names = self.keeper.here.names
        return StandingView(
            id=row.id,
            rider=names.rider(row.member_id),
            origin=names.place(row.ask["origin"]),
            destination=names.place(row.ask["destination"]),
            time=row.ask["time"],
            anchor=row.ask["anchor"],
            riders=row.ask["riders"],
            wheelchairs=row.ask["wheelchairs"],
            weekdays=tuple(row.weekdays),
            holidays=row.holidays,
            open_return=bool(row.ask.get("open_return")),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            paused_from=row.paused_from,
            paused_to=row.paused_to,
            days=tuple(_day_view(day) for day in days),
        )


def _day_view(row: StandingDayRow) -> StandingDayView:
    return StandingDayView(
        standing_id=row.standing_id,
        date=row.service_date,
        outcome=row.outcome,  # type: ignore[arg-type]  # the table checks its words
        booking_id=row.booking_id,
        reason=row.reason,
        sentence=Text(row.sentence, row.sentence_en),
        seen_by=row.seen_by,
    )
