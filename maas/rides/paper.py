"""What was booked and driven on paper while there was no service, entered afterwards.

Each line has the number printed on its sheet and is entered once.  A ride that has been driven is
written as it was; one still to come gets a place in the plan for the time that was promised.  What
does not fit with what is known is on a list until somebody takes the line all the same or drops it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import OfferRules, Place, Plan, Refusal, Request, take
from maas.duty.messages import tell
from maas.fares.payment import Payment, Tendered, pay
from maas.fares.shared import Interval, was_shared
from maas.rides import booking, trip
from maas.rides.booking import Caller, Live
from maas.rides.commit import Change, asked, reference_for
from maas.rides.day import as_of, plan_of, write_request
from maas.rides.fares import shared_by
from maas.rides.show import booking_view, ride_view
from maas.rides.tokens import OfferToken
from maas.rides.views import Event, KeyConflict, NotFound, RideView
from maas.store import duty
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.commits import AuditEntry
from maas.store.duty import PaperRow
from maas.store.fleet import VehicleRow
from maas.town.calendars import clock_words
from maas.town.messages import Text, say
from maas.town.rules import BookingRule

if TYPE_CHECKING:
    from maas.rides.keeper import Keeper

BEFORE_NOW_S = 60
"""A clock on the wall may be this much fast."""


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One line of a sheet; seconds are of its day.

    `told_s` is the time promised, `by_s` when they have to be there, `None` when nobody said.
    `aboard_s` and `dropped_s` are there when it has been driven, `no_show` when nobody came.
    `cash_yen` `None` is the fare.
    """

    id: str
    day: date
    vehicle_id: str
    origin: int
    destination: int
    told_s: int
    rider_id: int | None = None
    name: str = ""
    phone: str = ""
    by_s: int | None = None
    riders: int = 1
    wheelchairs: int = 0
    half_fares: int = 0
    infants: int = 0
    transfer: bool = False
    aboard_s: int | None = None
    dropped_s: int | None = None
    no_show: bool = False
    cash_yen: int | None = None

    @property
    def is_driven(self) -> bool:
        """Whether it is over."""
        return self.dropped_s is not None or self.no_show

    @property
    def booking_id(self) -> str:
        """The id of the booking it becomes: the same however often it is entered."""
        return hashlib.sha256(f"paper\0{self.id}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Conflict:
    """What stands against a line; one that is `hard` cannot be taken all the same."""

    code: str
    about: str
    sentence: Text
    hard: bool = False


@dataclass(frozen=True, slots=True)
class PaperResult:
    """What became of a line, or would become of it."""

    id: str
    outcome: Literal["taken", "conflict", "dropped", "refused"]
    conflicts: tuple[Conflict, ...] = ()
    booking_id: str | None = None
    reference: str | None = None
    ride: RideView | None = None


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
        for line in _in_order(lines):
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
        return [await self._enter(line, lines, actor) for line in _in_order(lines)]

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
            line = _line(before)
            if before.state != "conflict":
                return _known(before, None)
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
        if _line(before) != line:
            return KeyConflict(say("key_reused"))
        row = None if before.booking_id is None else await self._keeper.row_of(before.booking_id)
        return _known(before, row)

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
        soft = tuple(_soft(live, line))
        if line.is_driven:
            soft = (*soft, *_shared_since(live, line, lines))
            return await self._driven(live, line, lines, soft)
        rule = self._keeper.here.rules.booking_on(line.day)
        assert rule is not None  # noqa: S101 -- a day without rules is a hard conflict
        return await self._still_to_come(live, line, rule, soft)

    def _hard(self, live: Live, line: PaperLine) -> Iterable[Conflict]:
        """Yield why a line cannot be what happened, whoever says so."""
        here = self._keeper.here
        if line.origin not in here.anchors.of or line.destination not in here.anchors.of:
            yield _conflict("unknown_place", line.id, hard=True)
        if all(row.id != line.vehicle_id for row in here.taxis):
            yield _conflict("unknown_vehicle", line.vehicle_id, hard=True)
        if line.rider_id is not None and line.rider_id not in here.names.members:
            yield _conflict("unknown_rider", str(line.rider_id), hard=True)
        if here.rules.booking_on(line.day) is None or here.rules.tariff_on(line.day) is None:
            yield _conflict("no_rules", line.day.isoformat(), hard=True)
        if line.dropped_s is not None and (line.aboard_s or 0) >= line.dropped_s:
            yield _conflict("times_turned", line.id, hard=True)
        if max(line.aboard_s or 0, line.dropped_s or 0) > live.now_s + BEFORE_NOW_S:
            yield _conflict("in_future", line.id, hard=True)
        if not line.is_driven and line.told_s < live.now_s:
            yield _conflict("not_driven", line.id, hard=True)

    async def _driven(
        self, live: Live, line: PaperLine, lines: Sequence[PaperLine], soft: tuple[Conflict, ...]
    ) -> _Weighed:
        """Return a ride as it was, those on the same sheet being on board as they say."""
        row = _row(live, line)
        others = [_row(live, each) for each in lines if each.day == line.day and each.dropped_s]
        full = _is_over_full(live, line, [each for each in others if each.id != row.id])
        conflicts = (*soft, *([_conflict("over_full", line.vehicle_id)] if full else []))
        promise = _promise(live, row, _request(live, line, row, self._rule(line.day)))
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
        row = _row(live, line)
        request = _request(live, line, row, rule)
        offer = _offer(live, line, request, row)
        caller = Caller(line.rider_id, line.name, line.phone, "paper")
        taken = await asyncio.to_thread(
            take, live.plan, request, live.travel, prefer=line.vehicle_id,
            rules=OfferRules(shuffle_s=0),
        )  # fmt: skip
        if isinstance(taken, Refusal):
            return _Weighed(_unplaced(live, row, request), (*soft, _conflict("cannot_keep", "")))
        if line.vehicle_id not in _carriers(taken, row.id):
            soft = (*soft, _conflict("another_vehicle", line.vehicle_id))
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
            vehicle_id=line.vehicle_id, body=_plain(line), state=state,
            conflicts=tuple((each.code, each.about) for each in weighed.conflicts),
            booking_id=None, entered_at=live.now, entered_by=live.actor,
        )  # fmt: skip
        made = line.booking_id if taken else None
        kept = replace(kept, state=state, booking_id=made)
        detail = msgspec.json.encode(_plain(line), order="deterministic").decode()
        audit = AuditEntry(live.now, live.actor, f"paper.{state}", line.id, detail)
        base = weighed.change if taken and weighed.change is not None else Change((), (), audit)
        return replace(
            base,
            audit=audit,
            also=(*base.also, _Written(kept, anew=row is None)),
            answer=_result(line, weighed, taken=taken, dropped=state == "dropped"),
        )


def _in_order(lines: Iterable[PaperLine]) -> list[PaperLine]:
    return sorted(lines, key=lambda line: (line.day, line.aboard_s or line.told_s, line.id))


def _conflict(code: str, about: str, *, hard: bool = False, **values: object) -> Conflict:
    return Conflict(code, about, tell(f"paper.{code}", about=about, **values), hard)


def _soft(live: Live, line: PaperLine) -> Iterable[Conflict]:
    """Yield the bookings that the same person has at the same time: maybe the same ride twice."""
    until_s = line.dropped_s or line.by_s or line.told_s + 1800
    since_s = line.aboard_s or line.told_s
    for row in live.day.bookings.values():
        same = line.rider_id is not None and row.member_id == line.rider_id
        same = same or bool(line.phone and row.contact_phone == line.phone)
        over = row.state in {"cancelled", "lapsed"} or row.id == line.booking_id
        if same and not over and _begins_s(row) < until_s and _ends_s(row) > since_s:
            at = clock_words(_begins_s(row))
            yield _conflict("same_rider", row.id, reference=row.reference, at=at)


def _shared_since(live: Live, line: PaperLine, lines: Sequence[PaperLine]) -> Iterable[Conflict]:
    """Yield the rides whose fare was taken for a ride alone, and which this line rode along on."""
    if line.aboard_s is None or line.dropped_s is None:
        return
    entered = {each.booking_id for each in lines}
    mine, rows = Interval(line.aboard_s, line.dropped_s), list(live.day.bookings.values())
    for row in rows:
        if row.state != "done" or row.vehicle_id != line.vehicle_id or row.id in entered:
            continue
        theirs = Interval(row.aboard_s or 0, row.dropped_s)
        if was_shared(theirs, [mine]) and not shared_by(row, rows, row.dropped_s):
            yield _conflict("shared_since", row.id, reference=row.reference)


def _begins_s(row: BookingRow) -> int:
    return row.aboard_s or row.pickup_planned_s


def _ends_s(row: BookingRow) -> int:
    return row.dropped_s or row.arrive_planned_s


def _is_over_full(live: Live, line: PaperLine, others: Sequence[BookingRow]) -> bool:
    """Whether more than fit sat in the vehicle at some moment of a ride, those on paper too."""
    if line.aboard_s is None or line.dropped_s is None:
        return False
    vehicle = live.names.vehicles[line.vehicle_id]
    known = {row.id: row for row in (*live.day.bookings.values(), *others)}
    aboard = [
        row
        for row in known.values()
        if row.vehicle_id == vehicle.id and row.aboard_s is not None and row.id != line.booking_id
    ]
    moments = [line.aboard_s, *(row.aboard_s or 0 for row in aboard)]
    return any(
        _load(vehicle, line, [row for row in aboard if _is_aboard(row, at_s)])
        for at_s in moments
        if line.aboard_s <= at_s < line.dropped_s
    )


def _is_aboard(row: BookingRow, at_s: int) -> bool:
    return (row.aboard_s or 0) <= at_s < (row.dropped_s or at_s + 1)


def _load(vehicle: VehicleRow, line: PaperLine, rows: Sequence[BookingRow]) -> bool:
    wheelchairs = line.wheelchairs + sum(row.wheelchairs for row in rows)
    seated = line.riders - line.wheelchairs + sum(row.riders - row.wheelchairs for row in rows)
    seats = vehicle.seats - wheelchairs * vehicle.seats_lost_per_wheelchair
    return seated > seats or wheelchairs > vehicle.wheelchair_places


def _row(live: Live, line: PaperLine) -> BookingRow:
    """Return the booking a line becomes."""
    state = "no_show" if line.no_show else "booked" if line.dropped_s is None else "done"
    direct_s = _direct_s(live, line)
    taken = [row.reference for row in live.day.bookings.values()]
    return BookingRow(
        id=line.booking_id,
        area_id=live.names.area,
        service_date=line.day,
        reference=reference_for(line.booking_id, taken),
        state=state,
        member_id=line.rider_id,
        contact_name=line.name,
        contact_phone=line.phone,
        origin_id=line.origin,
        destination_id=line.destination,
        riders=line.riders,
        wheelchairs=line.wheelchairs,
        half_fares=line.half_fares,
        infants=line.infants,
        transfer=line.transfer,
        vehicle_id=line.vehicle_id,
        promise_no=1,
        pickup_planned_s=line.told_s,
        arrive_planned_s=line.by_s or line.told_s + direct_s,
        direct_s=direct_s,
        booked_at=live.now,
        booked_by=live.actor,
        arrived_s=line.aboard_s,
        aboard_s=line.aboard_s if line.dropped_s is not None else None,
        dropped_s=line.dropped_s,
        channel="paper",
    )


def _direct_s(live: Live, line: PaperLine) -> int:
    profile = live.names.vehicles[line.vehicle_id].profile
    table = live.travel[profile].table([Place(line.origin)], [Place(line.destination)])
    return int(table[0, 0])


def _request(live: Live, line: PaperLine, row: BookingRow, rule: BookingRule) -> Request:
    """Return the promise that was given on paper: the window from the time told."""
    direct_s = _direct_s(live, line)
    boarding_s = rule.wheelchair_boarding_s if line.wheelchairs else rule.boarding_s
    ride_s = round(direct_s * rule.ride_max_factor) + rule.ride_max_extra_min * 60
    latest_s = line.told_s + rule.window_min * 60
    by_s = latest_s + boarding_s + ride_s
    if line.by_s is not None:
        by_s = max(line.by_s, line.told_s + boarding_s + direct_s)
    return Request(
        id=row.id,
        origin=Place(line.origin),
        destination=Place(line.destination),
        earliest_pickup_s=line.told_s,
        latest_pickup_s=latest_s,
        earliest_dropoff_s=line.told_s,
        latest_dropoff_s=by_s,
        ride_max_s=max(ride_s, direct_s),
        seats=line.riders - line.wheelchairs,
        wheelchairs=line.wheelchairs,
        boarding_s=boarding_s,
        alighting_s=rule.alighting_s,
    )


def _offer(live: Live, line: PaperLine, request: Request, row: BookingRow) -> OfferToken:
    return OfferToken(
        area=live.names.area,
        day=line.day,
        expires=0,
        kind="asked",
        vehicle=line.vehicle_id,
        promise=request,
        direct_s=row.direct_s,
        riders=line.riders,
        wheelchairs=line.wheelchairs,
        half_fares=line.half_fares,
        infants=line.infants,
        transfer=line.transfer,
        channel="paper",
    )


def _promise(live: Live, row: BookingRow, request: Request) -> PromiseRow:
    return PromiseRow(
        booking_id=row.id,
        no=1,
        vehicle_id=row.vehicle_id,
        pickup_from_s=request.earliest_pickup_s,
        pickup_to_s=request.latest_pickup_s,
        arrive_by_s=request.latest_dropoff_s,
        request=write_request(request),
        told_at=live.now,
        told_by=live.actor,
        why="paper",
    )


def _unplaced(live: Live, row: BookingRow, request: Request) -> Change:
    """Return a booking that no vehicle can carry now: it is kept, and looked for room later."""
    waiting = replace(row, unplaced_since=live.now)
    promise = _promise(live, waiting, request)
    event = Event(
        kind="booking.booked",
        area=live.names.area,
        date=row.service_date,
        at=live.now,
        vehicles=(row.vehicle_id,),
        booking=booking_view(live.names, waiting, promise),
        text=tell("event.paper", reference=row.reference),
    )
    audit = AuditEntry(live.now, live.actor, "paper.taken", row.id, "{}")
    plan = live.day.plan_row(row.vehicle_id)
    return Change((plan,), (event,), audit, added=(waiting,), promises=(promise,))


def _carriers(plan: Plan, booking_id: str) -> set[str]:
    return {id_ for id_, route in plan.routes.items() if booking_id in route.request_ids}


def _plain(line: PaperLine) -> dict[str, Any]:
    return asdict(line) | {"day": line.day.isoformat()}


def _line(row: PaperRow) -> PaperLine:
    return PaperLine(**{**row.body, "day": date.fromisoformat(row.body["day"])})


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


def _known(row: PaperRow, made: BookingRow | None) -> PaperResult:
    """Return what became of a line that was entered before."""
    conflicts = tuple(conflict_of(code, about) for code, about in row.conflicts)
    reference = None if made is None else made.reference
    return PaperResult(row.id, row.state, conflicts, row.booking_id, reference)  # type: ignore[arg-type]  # the table checks its words


def conflict_of(code: str, about: str, known: Mapping[str, str] | None = None) -> Conflict:
    """Return a conflict as it was kept; `known` has the reference numbers of bookings."""
    reference = (known or {}).get(about, about)
    text = tell(f"paper.{code}", about=about, reference=reference, at="同じころ")
    return Conflict(code, about, text, code in HARD)


HARD = frozenset(
    {
        "in_future", "no_rules", "not_driven", "times_turned", "unknown_place", "unknown_rider",
        "unknown_vehicle",
    }
)  # fmt: skip
