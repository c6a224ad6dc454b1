"""What was booked and driven on paper while there was no service, entered afterwards.

Each line has the number printed on its sheet and is entered once.  A ride that has been driven is
written as it was; one still to come gets a place in the plan for the time that was promised.  What
does not fit with what is known is on a list until somebody takes the line all the same or drops it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import OfferRules, Refusal, take
from maas.duty.messages import tell
from maas.fares.payment import Payment, Tendered, pay
from maas.rides import booking, trip
from maas.rides.booking import Caller, Live
from maas.rides.commit import Change, asked
from maas.rides.day import as_of, plan_of
from maas.rides.paper_lines import (
    Conflict,
    PaperLine,
    PaperResult,
    conflict,
    in_order,
    known,
    line_of,
    plain,
)
from maas.rides.paper_rides import (
    carriers,
    is_over_full,
    offer_of,
    promise_of,
    request_of,
    row_of,
    same_rider,
    shared_since,
    unplaced,
)
from maas.rides.show import booking_view, ride_view
from maas.rides.views import Event, KeyConflict, NotFound, RideView
from maas.store import duty
from maas.store.commits import AuditEntry
from maas.store.duty import PaperRow
from maas.town.messages import say
from maas.town.rules import BookingRule

if TYPE_CHECKING:
    from maas.rides.keeper import Keeper


BEFORE_NOW_S = 60
"""A clock on the wall may be this much fast."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A line as it is kept, an `Also` of the change it makes."""

    row: PaperRow
    anew: bool

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Keep it; False when somebody else settled it meanwhile."""
        if self.anew:
            await duty.add_paper(connection, self.row)
            return True
        state, made = self.row.state, self.row.booking_id
        return await duty.settle_paper(connection, self.row, state=state, booking_id=made)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What taking a line writes (`None`: it cannot be) and what stands against it."""

    change: Change | None
    conflicts: tuple[Conflict, ...]
    ride: RideView | None = None
    reference: str | None = None


class Papers:
    """Enters lines from paper into an area's days."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def preview(self, lines: Sequence[PaperLine], *, actor: str) -> list[PaperResult]:
        """Say what entering lines would do; nothing is kept.

        Those of one day are weighed one after the other, as they would be entered.
        """
        found, days = [], {line.day for line in lines}
        lives = {day: self._live(await self._keeper.day_of(day), actor) for day in sorted(days)}
        for line in in_order(lines):
            live = lives[line.day]
            weighed = await self._weigh(live, line, lines)
            found.append(_result(line, weighed, taken=not weighed.conflicts))
            if weighed.change is not None and not weighed.conflicts:
                lives[line.day] = self._live(weighed.change.after(live.day), actor)
        return found

    async def enter(self, lines: Sequence[PaperLine], *, actor: str) -> list[PaperResult]:
        """Enter lines in the order of their times; each is taken, or kept with its conflicts.

        A number that was entered with other contents is refused, and so is an unknown vehicle's.
        """
        return [await self._enter(line, lines, actor) for line in in_order(lines)]

    async def _enter(self, line: PaperLine, lines: Sequence[PaperLine], actor: str) -> PaperResult:
        call = asked(actor, f"paper:{line.id}", "paper", line)

        async def make() -> Change | PaperResult | KeyConflict:
            before = await self._kept(line.id)
            if before is not None:
                return await self._again(before, line)
            live = await self._keeper.live_of(line.day, actor)
            weighed = await self._weigh(live, line, lines)
            if any(each.code == "unknown_vehicle" for each in weighed.conflicts):
                return PaperResult(line.id, "refused", weighed.conflicts)
            return self._change(live, line, weighed, taken=not weighed.conflicts, row=None)

        answer: PaperResult | KeyConflict = await self._keeper.once(call, PaperResult, make)
        if isinstance(answer, PaperResult):
            return answer
        reused = Conflict("id_reused", line.id, tell("paper.id_reused", id=line.id), hard=True)
        return PaperResult(line.id, "refused", (reused,))

    async def settle(
        self, line_id: str, *, take_it: bool, note: str, key: str, actor: str
    ) -> PaperResult | KeyConflict | NotFound:
        """Take a line that waits in spite of what stands against it, or drop it."""
        call = asked(actor, key, "paper.settle", line_id, take_it, note)

        async def make() -> Change | PaperResult | NotFound:
            before = await self._kept(line_id)
            if before is None:
                return NotFound(say("no_booking"))
            line = line_of(before)
            if before.state != "conflict":
                return known(before, None)
            live = await self._keeper.live_of(line.day, actor)
            weighed = _Weighed(None, ())
            if take_it:
                weighed = await self._weigh(live, line, [line])
                if weighed.change is None:
                    return _result(line, weighed, taken=False)
            settled = replace(before, settled_at=live.now, settled_by=actor, note=note)
            return self._change(live, line, weighed, taken=take_it, row=settled)

        return await self._keeper.once(call, PaperResult, make)

    async def _kept(self, line_id: str) -> PaperRow | None:
        async with self._keeper.database.reading() as connection:
            row = await duty.paper(connection, line_id)
        return row if row is None or row.area_id == self._keeper.area else None

    async def _again(self, before: PaperRow, line: PaperLine) -> PaperResult | KeyConflict:
        if line_of(before) != line:
            return KeyConflict(say("key_reused"))
        row = None if before.booking_id is None else await self._keeper.row_of(before.booking_id)
        return known(before, row)

    def _live(self, day: Any, actor: str) -> Live:  # noqa: ANN401 -- a day of the keeper
        here, now = self._keeper.here, self._keeper.clock()
        moment = self._keeper.moment_of(day)
        plan = plan_of(day, here.taxis)
        plan = plan if moment is None else as_of(plan, moment, here.travel)
        now_s = round(now) - here.names.epoch(day.day, 0)
        return Live(here.names, here.travel, day, plan, now, now_s, actor)

    async def _weigh(self, live: Live, line: PaperLine, lines: Sequence[PaperLine]) -> _Weighed:
        """Return what taking a line would write, and what stands against it."""
        hard = tuple(self._hard(live, line))
        if hard:
            return _Weighed(None, hard)
        soft = tuple(same_rider(live, line))
        if line.is_driven:
            soft = (*soft, *shared_since(live, line, lines))
            return await self._driven(live, line, lines, soft)
        rule = self._keeper.here.rules.booking_on(line.day)
        assert rule is not None  # noqa: S101 -- a day without rules is a hard conflict
        return await self._still_to_come(live, line, rule, soft)

    def _hard(self, live: Live, line: PaperLine) -> Iterable[Conflict]:
        """Yield why a line cannot be what happened, whoever says so."""
        here = self._keeper.here
        if line.origin not in here.anchors.of or line.destination not in here.anchors.of:
            yield conflict("unknown_place", line.id, hard=True)
        if all(row.id != line.vehicle_id for row in here.taxis):
            yield conflict("unknown_vehicle", line.vehicle_id, hard=True)
        if line.rider_id is not None and line.rider_id not in here.names.members:
            yield conflict("unknown_rider", str(line.rider_id), hard=True)
        if here.rules.booking_on(line.day) is None or here.rules.tariff_on(line.day) is None:
            yield conflict("no_rules", line.day.isoformat(), hard=True)
        if line.dropped_s is not None and (line.aboard_s or 0) >= line.dropped_s:
            yield conflict("times_turned", line.id, hard=True)
        if max(line.aboard_s or 0, line.dropped_s or 0) > live.now_s + BEFORE_NOW_S:
            yield conflict("in_future", line.id, hard=True)
        if not line.is_driven and line.told_s < live.now_s:
            yield conflict("not_driven", line.id, hard=True)

    async def _driven(
        self, live: Live, line: PaperLine, lines: Sequence[PaperLine], soft: tuple[Conflict, ...]
    ) -> _Weighed:
        """Return a ride as it was, those on the same sheet being on board as they say."""
        row = row_of(live, line)
        others = [row_of(live, each) for each in lines if each.day == line.day and each.dropped_s]
        full = is_over_full(live, line, [each for each in others if each.id != row.id])
        conflicts = (*soft, *([conflict("over_full", line.vehicle_id)] if full else []))
        promise = promise_of(live, row, request_of(live, line, row, self._rule(line.day)))
        event = Event(
            kind=f"booking.{row.state}",
            area=live.names.area,
            date=line.day,
            at=live.now,
            vehicles=(line.vehicle_id,),
            booking=booking_view(live.names, row, promise),
            text=tell("event.paper", reference=row.reference),
        )
        audit = AuditEntry(live.now, live.actor, "paper.taken", row.id, "{}")
        change = Change(
            (live.day.plan_row(line.vehicle_id),), (event,), audit, added=(row,),
            promises=(promise,),
        )  # fmt: skip
        if row.state == "no_show":
            return _Weighed(change, conflicts, None, row.reference)
        together = replace(live, day=live.day.with_rows((), others))
        ride = trip.ride_of(together, row)
        tariff = live.names.tariff_on(line.day)
        assert tariff is not None  # noqa: S101 -- a day without a tariff is a hard conflict
        async with self._keeper.database.reading() as connection:
            paid = await pay(
                connection, tariff, ride, Tendered(line.cash_yen), now=live.now, actor=live.actor
            )
        assert isinstance(paid, Payment)  # noqa: S101 -- cash is never refused
        change = replace(change, ride=ride, also=(paid,))
        return _Weighed(
            change, conflicts, ride_view(live.names, ride, row.reference), row.reference
        )

    async def _still_to_come(
        self, live: Live, line: PaperLine, rule: BookingRule, soft: tuple[Conflict, ...]
    ) -> _Weighed:
        """Return a place in the plan for the time that was told, or that there is none."""
        row = row_of(live, line)
        request = request_of(live, line, row, rule)
        offer = offer_of(live, line, request, row)
        caller = Caller(line.rider_id, line.name, line.phone, "paper")
        taken = await asyncio.to_thread(
            take, live.plan, request, live.travel, prefer=line.vehicle_id,
            rules=OfferRules(shuffle_s=0),
        )  # fmt: skip
        if isinstance(taken, Refusal):
            return _Weighed(unplaced(live, row, request), (*soft, conflict("cannot_keep", "")))
        if line.vehicle_id not in carriers(taken, row.id):
            soft = (*soft, conflict("another_vehicle", line.vehicle_id))
        change = booking.book(live, taken, offer, row.id, caller)
        return _Weighed(change, soft, None, row.reference)

    def _rule(self, day: date) -> BookingRule:
        rule = self._keeper.here.rules.booking_on(day)
        assert rule is not None  # noqa: S101 -- a day without rules is a hard conflict
        return rule

    def _change(
        self, live: Live, line: PaperLine, weighed: _Weighed, *, taken: bool, row: PaperRow | None
    ) -> Change:
        """Return what entering or settling a line writes: what it makes, and the line itself."""
        state = "taken" if taken else "conflict" if row is None else "dropped"
        kept = row or PaperRow(
            id=line.id, area_id=live.names.area, service_date=line.day,
            vehicle_id=line.vehicle_id, body=plain(line), state=state,
            conflicts=tuple((each.code, each.about) for each in weighed.conflicts),
            booking_id=None, entered_at=live.now, entered_by=live.actor,
        )  # fmt: skip
        made = line.booking_id if taken else None
        kept = replace(kept, state=state, booking_id=made)
        detail = msgspec.json.encode(plain(line), order="deterministic").decode()
        audit = AuditEntry(live.now, live.actor, f"paper.{state}", line.id, detail)
        base = weighed.change if taken and weighed.change is not None else Change((), (), audit)
        return replace(
            base,
            audit=audit,
            also=(*base.also, _Written(kept, anew=row is None)),
            answer=_result(line, weighed, taken=taken, dropped=state == "dropped"),
        )


def _result(
    line: PaperLine, weighed: _Weighed, *, taken: bool, dropped: bool = False
) -> PaperResult:
    if dropped:
        return PaperResult(line.id, "dropped")
    if not taken:
        return PaperResult(line.id, "conflict", weighed.conflicts)
    return PaperResult(
        line.id, "taken", weighed.conflicts, line.booking_id, weighed.reference, weighed.ride
    )
