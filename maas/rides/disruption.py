"""What goes wrong on a day, by one command: the area is replanned, and everybody touched is told.

A preview works out the same and writes nothing.  What is written is one transaction: plans,
bookings, the new promises, the messages about them, and the command itself with its outcome.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import msgspec

from dispatcher import Place, Plan
from dispatcher.broken import Replanned, Told
from dispatcher.events import (
    broken_down,
    driver_off,
    rest_added,
    rest_withdrawn,
    road_closed,
    tried_again,
)
from dispatcher.widen import rescue
from gtfs.calendar import seconds_of
from maas.rides.booking import Live
from maas.rides.closures import Closed, Closures, Opened
from maas.rides.commit import Also, Change, asked
from maas.rides.day import Day, is_out, read_request
from maas.rides.event_words import say
from maas.rides.held import Held
from maas.rides.outages import Reported
from maas.rides.outcome import Kind, Outcome, OvertimeView, RiderChange
from maas.rides.replanned import CALLED, Moves, Replan, Why, moves
from maas.rides.rests import LATER_S, Rested, shown, wherever
from maas.rides.travel import Drives, vehicle_place
from maas.rides.views import Event, KeyConflict, NotFound, NotNow, RestView
from maas.store import outages
from maas.store.closures import ClosureRow
from maas.store.commits import AuditEntry
from maas.store.fleet import VehicleRow
from maas.store.outages import DisruptionRow, OutageRow
from maas.store.places import PlaceRow, save_places
from maas.store.rests import RestRow
from maas.town import messages
from maas.town.messages import Text

SPOT: Final = "spot"
"""The kind of a place where a vehicle broke down; nobody books from there."""


@dataclass(frozen=True, slots=True)
class Upset:
    """What somebody reports.

    `vehicles` go no further (`vehicle_out`), end their shift at `at_s` (`driver_off`) or are
    `back`; `at_s` `None` is now, on another day the whole day.  `where` is (lat, lon) of a
    vehicle.  One vehicle gets a break of `minutes` from `at_s` on (`rest`), or the break `rest` is
    not taken (`rest_off`).  Roads at `points` (none: all) are closed or driven at `factor` of
    their speed until the epoch second `until`; `closure` names the one to open.
    """

    kind: Kind
    day: date | None = None
    vehicles: tuple[str, ...] = ()
    at_s: int | None = None
    where: tuple[float, float] | None = None
    points: tuple[tuple[float, float], ...] = ()
    factor: float | None = None
    until: float | None = None
    closure: str | None = None
    minutes: int | None = None
    rest: str | None = None
    reason: str = ""

    def of(self, day: Day) -> tuple[str, ...]:
        """Return the vehicles it is about."""
        row = None if self.rest is None else day.rests.get(self.rest)
        return self.vehicles if row is None else (row.vehicle_id,)


@dataclass(frozen=True, slots=True)
class _Worked:
    """What an upset leads to before it is written down."""

    live: Live
    before: Plan
    done: Replanned
    outages: tuple[OutageRow, ...] = ()
    also: tuple[Also, ...] = ()
    closure: str | None = None
    rest: RestView | None = None


class Disruption:
    """The commands about what goes wrong in one area."""

    def __init__(self, keeper: Held, closures: Closures) -> None:
        self._keeper = keeper
        self._closures = closures

    async def report(
        self, upset: Upset, *, key: str, actor: str, preview: bool = False
    ) -> Outcome | KeyConflict | NotFound | NotNow:
        """Replan the area for what has happened; with `preview` only say what would come of it."""
        call = asked(actor, key, "disruption", upset)
        name = hashlib.sha256(f"{self._keeper.area}\0{actor}\0{key}".encode()).hexdigest()[:32]

        async def make() -> Change | NotFound | NotNow:
            worked = await self._worked(upset, name, actor)
            if not isinstance(worked, _Worked):
                return worked
            return self._written(upset, name, await self._grounded(worked, name))[0]

        if preview:
            return await self._keeper.looked_at(lambda: self._preview(upset, name, actor))
        answer: Outcome | KeyConflict | NotFound | NotNow
        answer = await self._keeper.once(call, Outcome, make)
        await self._closures.follow()
        return answer

    async def learn(self, kind: Kind, row: ClosureRow, who: str) -> Outcome | None:
        """Replan the area for a closure that was made or ended from another one; once for each."""
        key = f"{kind} {row.id} {self._keeper.area}"
        upset = Upset(
            kind, points=tuple(row.points), factor=row.factor, until=row.until, closure=row.id,
            reason=row.reason,
        )  # fmt: skip
        name = hashlib.sha256(key.encode()).hexdigest()[:32]

        async def make() -> Change:
            live = await self._keeper.live_of(self._keeper.today, who)
            holding = await self._closures.holding()
            worked = await self._under(holding, name, live, row.id)
            return self._written(upset, name, await self._grounded(worked, name))[0]

        call = asked(who, key, "closure-elsewhere", row.id, kind)
        answer = await self._keeper.once(call, Outcome, make)
        return answer if isinstance(answer, Outcome) else None

    async def _preview(self, upset: Upset, name: str, actor: str) -> Outcome | NotFound | NotNow:
        worked = await self._worked(upset, name, actor)
        if not isinstance(worked, _Worked):
            return worked
        places = dict(worked.live.names.places)
        for row in self._keeper.here.taxis:
            places[vehicle_place(row.row)] = self._spot(row, name)
        names = replace(worked.live.names, places=places)
        worked = replace(worked, live=replace(worked.live, names=names))
        return replace(self._written(upset, name, worked)[1], preview=True)

    async def on(self, day: date | None = None) -> list[Outcome]:
        """Return what was reported for a day (`None` today), the newest first."""
        async with self._keeper.database.reading() as connection:
            rows = await outages.disruptions_on(
                connection, self._keeper.area, day or self._keeper.today
            )
        return [msgspec.convert(row.outcome, Outcome) for row in rows]

    # What has happened

    async def _worked(self, upset: Upset, name: str, actor: str) -> _Worked | NotFound | NotNow:
        day = upset.day or self._keeper.today
        if day < self._keeper.today:
            return NotNow(say("day_over"), "over")
        unknown = set(upset.vehicles) - {row.id for row in self._keeper.here.taxis}
        if unknown:
            return NotFound(messages.say("no_such_vehicle"))
        live = await self._keeper.live_of(day, actor)
        match upset.kind:
            case "vehicle_out":
                return await self._out(upset, name, live)
            case "driver_off":
                return await self._off(upset, name, live)
            case "back":
                return await self._back(upset, name, live)
            case "rest":
                return await self._rest(upset, name, live)
            case "rest_off":
                return await self._rest_off(upset, name, live)
            case _:
                return await self._roads(upset, name, live)

    async def _out(self, upset: Upset, name: str, live: Live) -> _Worked | NotNow:
        if any(is_out(live.day, id_) for id_ in upset.vehicles):
            return NotNow(say("already_out"), "out")
        self._seen_at(upset, live.now)
        before = self._keeper.before(live.day, upset.vehicles)
        at_s = self._at_s(upset, live)

        def happen() -> Replanned:
            done = _stands(before, waiting_of(live))
            for id_ in upset.vehicles:
                place = before.routes[id_].vehicle.start
                done = done.then(
                    broken_down(
                        done.plan,
                        id_,
                        place,
                        at_s,
                        live.travel,
                        waiting=done.unplaced,
                        closed=closed_of(live),
                    ),
                )
            return done

        rows = [OutageRow(id_, live.day.day, "out", at_s, name) for id_ in upset.vehicles]
        done = await asyncio.to_thread(happen)
        return _Worked(live, before, done, (*rows, *_overtime(before, done.plan, name, live)))

    async def _off(self, upset: Upset, name: str, live: Live) -> _Worked | NotNow:
        if any(is_out(live.day, id_) for id_ in upset.vehicles):
            return NotNow(say("already_out"), "out")
        before = self._keeper.before(live.day, upset.vehicles)
        at_s = self._at_s(upset, live)

        def happen() -> Replanned:
            done = _stands(before, waiting_of(live))
            for id_ in upset.vehicles:
                done = done.then(
                    driver_off(
                        done.plan,
                        id_,
                        at_s,
                        live.travel,
                        waiting=done.unplaced,
                        closed=(*closed_of(live), *upset.vehicles),
                    ),
                )
            return done

        done = await asyncio.to_thread(happen)
        ends_s = {id_: _ends_s(done.plan, id_, at_s) for id_ in upset.vehicles}
        rows = [OutageRow(id_, live.day.day, "off", end_s, name) for id_, end_s in ends_s.items()]
        more = [
            row for row in _overtime(before, done.plan, name, live) if row.vehicle_id not in ends_s
        ]
        return _Worked(live, before, done, (*rows, *more))

    async def _back(self, upset: Upset, name: str, live: Live) -> _Worked | NotNow:
        kinds = {id_: live.day.outages.get(id_) for id_ in upset.vehicles}
        if any(row is None or row.kind == "back" for row in kinds.values()):
            return NotNow(say("not_out"), "in_service")
        self._seen_at(upset, live.now)
        at_s = self._at_s(upset, live)
        rows = [OutageRow(id_, live.day.day, "back", at_s, name) for id_ in upset.vehicles]
        day = Reported(_row(upset, name, live, {}), tuple(rows)).on(live.day)
        live = replace(live, day=day)
        before = self._keeper.before(day, upset.vehicles)
        done = await asyncio.to_thread(
            tried_again, before, live.travel, waiting=waiting_of(live), closed=closed_of(live)
        )
        return _Worked(live, before, done, (*rows, *_overtime(before, done.plan, name, live)))

    async def _rest(self, upset: Upset, name: str, live: Live) -> _Worked | NotNow:
        vehicle_id, lasts_s = upset.vehicles[0], 60 * (upset.minutes or 0)
        if is_out(live.day, vehicle_id):
            return NotNow(say("already_out"), "out")
        before = self._keeper.before(live.day, upset.vehicles)
        shift, depot = before.routes[vehicle_id].vehicle, live.names.vehicles[vehicle_id]
        at_s = max(self._at_s(upset, live), shift.start_s)
        if at_s + lasts_s > shift.end_s or depot.depot_place_id is None:
            return NotNow(say("rest_too_late"), "shift_over")
        row = RestRow(
            name, vehicle_id, live.day.day, depot.depot_place_id, at_s, at_s + LATER_S, lasts_s
        )
        done = await asyncio.to_thread(
            rest_added, before, vehicle_id, wherever(live, before, row), live.travel,
            waiting=waiting_of(live), closed=closed_of(live),
        )  # fmt: skip
        route = done.plan.routes.get(vehicle_id)
        if route is None or name not in route.tasks:
            return NotNow(say("no_rest_possible"), "cut_off")
        task = route.tasks[name]
        row = replace(row, place_id=task.place, latest_s=task.latest_s)
        more, rest = _overtime(before, done.plan, name, live), shown(live, done.plan, row)
        return _Worked(live, before, done, more, (Rested(row),), rest=rest)

    async def _rest_off(self, upset: Upset, name: str, live: Live) -> _Worked | NotFound:
        row = live.day.rests.get(upset.rest or "")
        before = self._keeper.before(live.day, upset.of(live.day))
        route = None if row is None else before.routes.get(row.vehicle_id)
        if row is None or route is None or row.id not in route.tasks:
            return NotFound(say("no_rest"))
        done = await asyncio.to_thread(
            rest_withdrawn, before, row.id, live.travel,
            waiting=waiting_of(live), closed=closed_of(live),
        )  # fmt: skip
        more, rest = _overtime(before, done.plan, name, live), shown(live, before, row)
        return _Worked(live, before, done, more, rest=rest)

    async def _roads(self, upset: Upset, name: str, live: Live) -> _Worked | NotFound | NotNow:
        holding = await self._closures.holding()
        also: Also
        if upset.kind == "road_open":
            if upset.closure not in {row.id for row in holding}:
                return NotFound(say("no_closure"))
            after = [row for row in holding if row.id != upset.closure]
            also = Opened(upset.closure or "", live.now, live.actor)
        else:
            factor = upset.factor if upset.kind == "road_slow" else None
            row = ClosureRow(
                name, upset.points, factor, upset.until, upset.reason, live.now, live.actor
            )
            after, also = [*holding, row], Closed(row)
        closure = upset.closure if upset.kind == "road_open" else name
        return await self._under(after, name, live, closure, (also,))

    async def _under(
        self,
        closed: Sequence[ClosureRow],
        name: str,
        live: Live,
        closure: str | None,
        also: tuple[Also, ...] = (),
    ) -> _Worked:
        """Replan the area as its roads are while exactly these closures hold."""
        roads = await asyncio.to_thread(self._closures.under, closed)
        anchors = self._keeper.here.anchors
        travel = {profile: Drives(each, anchors) for profile, each in roads.items()}
        live = replace(live, travel=travel)
        vehicles = [row.id for row in self._keeper.here.taxis]
        before = self._keeper.before(live.day, vehicles, travel)
        done = await asyncio.to_thread(
            road_closed, before, travel, waiting=waiting_of(live), closed=closed_of(live)
        )
        more = _overtime(before, done.plan, name, live)
        return _Worked(live, before, done, more, also, closure)

    def _at_s(self, upset: Upset, live: Live) -> int:
        """Return when it happens: now, or when the service day of another date begins."""
        today = live.day.day == self._keeper.today
        if upset.at_s is None:
            return live.now_s if today else 0
        return max(upset.at_s, live.now_s) if today else upset.at_s

    def _seen_at(self, upset: Upset, now: float) -> None:
        if upset.where is not None and (upset.day in {None, self._keeper.today}):
            for id_ in upset.vehicles:
                self._keeper.on_position(id_, *upset.where, now)

    # What is written

    async def _grounded(self, worked: _Worked, name: str) -> _Worked:
        """Make a place of where a vehicle stands whose riders have to change there."""
        done = worked.done
        requests = dict(done.plan.requests)
        unplaced = {one.request.id: one for one in done.unplaced}
        for row in self._keeper.here.taxis:
            here = vehicle_place(row.row)
            stranded = [id_ for id_, one in requests.items() if one.origin == here]
            left = [id_ for id_, one in unplaced.items() if one.request.origin == here]
            if stranded or left:
                spot = Place(await self._kept(self._spot(row, name)))
                for id_ in stranded:
                    requests[id_] = replace(requests[id_], origin=spot)
                for id_ in left:
                    request = replace(unplaced[id_].request, origin=spot)
                    unplaced[id_] = replace(unplaced[id_], request=request)
        plan = Plan(done.plan.version, done.plan.routes, requests)
        live = replace(worked.live, names=self._keeper.here.names)
        done = replace(done, plan=plan, unplaced=tuple(unplaced.values()))
        return replace(worked, live=live, done=done)

    def _spot(self, row: VehicleRow, disruption: str) -> PlaceRow:
        """Return a place of where a vehicle was last seen."""
        seen = self._keeper.position_of(row.id)
        anchor = self._keeper.here.anchors.of.get(vehicle_place(row.row))
        return PlaceRow(
            id=0,
            code=f"{SPOT}:{disruption}:{row.id}",
            name=f"{row.name}の停車場所",
            kana="",
            name_en=f"Where {row.name_en or row.name} stands",
            kind=SPOT,
            address="",
            oaza="",
            lat=seen.lat if seen else 0.0,
            lon=seen.lon if seen else 0.0,
            nicknames=(),
            anchor=str(anchor) if anchor else None,
            network=self._keeper.network,
        )

    async def _kept(self, place: PlaceRow) -> int:
        async with self._keeper.database.writing() as connection:
            ids = await save_places(connection, [place])
        kept = replace(place, id=ids[place.code])
        self._keeper.know(places=[kept])
        return kept.id

    def _written(self, upset: Upset, name: str, worked: _Worked) -> tuple[Change, Outcome]:
        live = worked.live
        why = _why(upset.kind, upset.reason)
        vehicles = upset.of(live.day)
        touched = {*vehicles, *(row.vehicle_id for row in worked.outages)}
        found = moves(Replan(live, worked.before, worked.done, why), touched)
        outcome = self._outcome(upset, name, worked, found)
        row = _row(upset, name, live, msgspec.to_builtins(outcome))
        event = replace(
            _plans_event(live, f"disruption.{upset.kind}", found), text=outcome.sentence
        )
        detail = {"reason": upset.reason, "vehicles": vehicles}
        audit = AuditEntry(live.now, live.actor, event.kind, name, _detail(found, detail))
        change = Change(
            found.plans,
            (event, *found.events),
            audit,
            updated=found.updated,
            promises=found.promises,
            answer=outcome,
            also=(Reported(row, worked.outages), *worked.also, *found.notices),
        )
        return change, outcome

    def _outcome(self, upset: Upset, name: str, worked: _Worked, found: Moves) -> Outcome:
        live = worked.live
        names, day = live.names, live.day.day
        return Outcome(
            id=name,
            kind=upset.kind,
            date=day,
            at=live.now,
            by=live.actor,
            preview=False,
            reason=upset.reason,
            sentence=_sentence(upset, live, found.riders),
            vehicles=tuple(names.vehicle(id_) for id_ in upset.of(live.day)),
            riders=found.riders,
            overtime=tuple(
                OvertimeView(names.vehicle(row.vehicle_id), names.epoch(day, row.at_s))
                for row in worked.outages
                if row.kind == "off" and row.vehicle_id not in upset.vehicles
            ),
            closure=worked.closure,
            rest=worked.rest,
        )


async def retry(keeper: Held) -> bool:
    """Place those whom no vehicle could carry, if by now one can; False when none can."""

    async def make() -> Change | None:
        live = await keeper.live_of(keeper.today, "improver")
        waiting = waiting_of(live)
        if not waiting:
            return None
        before = keeper.before(live.day, ())
        done = await asyncio.to_thread(
            tried_again, before, live.travel, waiting=waiting, closed=closed_of(live)
        )
        if len(done.unplaced) == len(waiting):
            return None
        found = moves(Replan(live, before, done, _why("placed")))
        audit = AuditEntry(
            live.now, live.actor, "booking.placed", str(live.day.day), _detail(found)
        )
        return Change(
            found.plans,
            (*found.events, _plans_event(live, "plan.placed", found)),
            audit,
            updated=found.updated,
            promises=found.promises,
            also=found.notices,
        )

    return await keeper.own(make)


def waiting_of(live: Live) -> tuple[Told, ...]:
    """Return those whom no vehicle carries, with what they were told."""
    return tuple(_told(live, row.id) for row in live.day.unplaced)


def closed_of(live: Live) -> frozenset[str]:
    """Return the vehicles that stop early, and may not be asked to go on after all."""
    return frozenset(
        id_
        for id_, row in live.day.outages.items()
        if row.kind == "off" and row.at_s < live.names.vehicles[id_].shift_to_s
    )


def _told(live: Live, booking_id: str) -> Told:
    row = live.day.bookings[booking_id]
    request = read_request(live.day.promises[booking_id].request)
    if row.boards_at_id is None or request.origin == row.boards_at_id:
        return Told(request)
    at_s = seconds_of(row.unplaced_since or live.now, live.day.day, live.names.timezone)
    return rescue(request, row.aboard_s or 0, Place(row.boards_at_id), at_s)


def _stands(plan: Plan, waiting: Sequence[Told]) -> Replanned:
    return Replanned(plan, unplaced=tuple(waiting))


def _ends_s(plan: Plan, vehicle_id: str, at_s: int) -> int:
    """Return when a shift that should end at `at_s` does, with those on board set down."""
    route = plan.routes[vehicle_id]
    return max(at_s, route.vehicle.end_s) if route.stops else at_s


def _overtime(before: Plan, after: Plan, name: str, live: Live) -> tuple[OutageRow, ...]:
    """Return the shifts that end later than planned, for somebody whom nobody else can carry."""
    return tuple(
        OutageRow(id_, live.day.day, "off", route.vehicle.end_s, name)
        for id_, route in after.routes.items()
        if id_ in before.routes and route.vehicle.end_s > before.routes[id_].vehicle.end_s
    )


def _why(kind: str, reason: str = "") -> Why:
    text = say(f"why.{kind}")
    return Why(kind, Text(reason, reason) if reason else text)


def _row(upset: Upset, name: str, live: Live, outcome: Mapping[str, Any]) -> DisruptionRow:
    return DisruptionRow(
        id=name,
        area_id=live.names.area,
        service_date=live.day.day,
        kind=upset.kind,
        reason=upset.reason,
        at=live.now,
        by=live.actor,
        outcome=dict(outcome),
    )


def _plans_event(live: Live, kind: str, found: Moves) -> Event:
    vehicles = tuple(row.vehicle_id for row in found.plans)
    return Event(kind, live.names.area, live.day.day, live.now, vehicles=vehicles)


def _detail(found: Moves, more: Mapping[str, object] | None = None) -> str:
    what = {one.booking_id: one.what for one in found.riders}
    return msgspec.json.encode({**(more or {}), "riders": what}, order="deterministic").decode()


def _sentence(upset: Upset, live: Live, riders: Iterable[RiderChange]) -> Text:
    changed = list(riders)
    called = [live.names.vehicles[id_] for id_ in upset.of(live.day)]
    counted = {
        "riders": len(changed),
        "calls": sum(one.what in CALLED for one in changed),
        "unplaced": sum(one.what == "unplaced" for one in changed),
    }
    return Text(
        say(
            f"done.{upset.kind}",
            vehicles="、".join(row.name for row in called),
            vehicles_en="",
            reason=f"{upset.reason}。" if upset.reason else "",
            **counted,
        ).ja,
        say(
            f"done.{upset.kind}",
            vehicles="",
            vehicles_en=", ".join(row.name_en for row in called),
            reason=f"{upset.reason}. " if upset.reason else "",
            **counted,
        ).en,
    )
