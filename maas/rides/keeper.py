"""The single writer of an area: holds the live plan, and every change goes through it.

A change is worked out on the plan in memory, written in one transaction that fails when a vehicle's
plan has moved (then the day is read anew and the change worked out again), and only then is the
plan in memory replaced.  Whatever raises on the way leaves the day in doubt, and a day in doubt is
read from the database before it is used again: SQL is the only truth.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from dispatcher import Offer, Plan, Refusal
from dispatcher.check import check
from dispatcher.roads import RoadTimes
from gtfs.calendar import seconds_of
from maas.rides import booking, trip
from maas.rides.booking import Caller, Live
from maas.rides.commit import Asked, Change, asked, commit, load_day
from maas.rides.day import Day, Moment, as_of, plan_of, planned_bookings, stops_of
from maas.rides.improver import Improver, differing, is_better, with_stops_of
from maas.rides.outbox import Deliver, hand_on
from maas.rides.quote import Now, Wish, seek, why, wish, with_card
from maas.rides.show import (
    Seen,
    booking_view,
    next_place,
    offer_view,
    ride_view,
    vehicle_view,
)
from maas.rides.standing import Standing, load_standing, network_of
from maas.rides.tokens import OfferToken, seal, unseal
from maas.rides.travel import vehicle_place
from maas.rides.views import (
    AskIn,
    BadOffer,
    BookingView,
    Event,
    JobView,
    KeyConflict,
    NotFound,
    NotNow,
    OfferGone,
    OfferView,
    PlanView,
    PositionView,
    Quote,
    RefusalAnswer,
    RefusalView,
    RideView,
    Step,
    VehiclePlanView,
)
from maas.store import bookings as booking_rows
from maas.store import commits, fleet, plans, rides
from maas.store.bookings import BookingRow
from maas.store.commits import AuditEntry
from maas.store.database import Database
from maas.store.fleet import VehicleRow
from maas.store.rides import RefusalRow
from maas.town.calendars import Party, Refused
from maas.town.messages import say

log = logging.getLogger(__name__)

RACES: Final = 30
"""How often a change is worked out again before we give up: never, with one keeper an area."""
OFFER_LASTS_S: Final = 600
LEASE_S: Final = 3.0
WATCH_S: Final = 1.0

T = TypeVar("T")
A = TypeVar("A", BookingView, JobView)


class Keeper:
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
        network: str | None = None,
        clock: Callable[[], float],
        signing_key: bytes,
        deliver: Deliver | None = None,
        improve_s: float = 1.0,
    ) -> None:
        self._database = database
        self._area = area
        self._roads = roads
        self._network = network_of(roads) if network is None else network
        self._clock = clock
        self._signing_key = signing_key
        self._deliver = deliver
        self._improve_s = improve_s
        self._holder = uuid.uuid4().hex
        self._held = False
        self._standing: Standing | None = None
        self._days: dict[date, Day] = {}
        self._doubtful: set[date] = set()
        self._writing = asyncio.Lock()
        self._news = asyncio.Event()
        self._seen: dict[str, Seen] = {}
        self._improver = Improver()
        self._searched: Mapping[str, int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    # --- life ---------------------------------------------------------------------------------

    async def start(self) -> None:
        """Rebuild the plan from the database and begin the work beside it.

        Raises `ValueError` when no town is imported or a vehicle's profile has no roads.
        """
        await self.refresh()
        async with self._database.writing() as connection:
            until = time.time() + LEASE_S
            await commits.take_lease(connection, self._area, self._holder, until)
        self._held = True
        await self._day(self.today)
        work = [self._watch(), self._publish(), self._improve()]
        self._tasks = [asyncio.create_task(each) for each in work]

    async def stop(self) -> None:
        """End the work beside the plan; nothing is lost by not calling it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._improver.close()

    async def refresh(self) -> None:
        """Read places, members, vehicles and rules anew, after an import or a registration."""
        self._standing = await load_standing(self._database, self._area, self._roads, self._network)
        for vehicle_id, seen in self._seen.items():
            if seen.position is not None:
                self._anchor(vehicle_id, seen.position.lat, seen.position.lon)

    @property
    def today(self) -> date:
        """The service day it is now."""
        zone = ZoneInfo(self._here.names.timezone)
        return datetime.fromtimestamp(self._clock(), UTC).astimezone(zone).date()

    @property
    def _here(self) -> Standing:
        if self._standing is None:
            raise RuntimeError("the keeper has not been started")
        return self._standing

    # --- what a decision is made on -------------------------------------------------------------

    async def _day(self, day: date) -> Day:
        """Return a day that is not in doubt, reading it when it is or is not known yet."""
        if day in self._days and day not in self._doubtful:
            return self._days[day]
        async with self._writing:
            return await self._day_while_writing(day)

    async def _day_while_writing(self, day: date) -> Day:
        if day not in self._days or day in self._doubtful:
            self._days[day] = await load_day(self._database, self._area, day)
            self._doubtful.discard(day)
        return self._days[day]

    def _moment(self, day: Day) -> Moment | None:
        """Return the moment it is, `None` on another day than today."""
        if day.day != self.today:
            return None
        rule = self._here.rules.booking_on(day.day)
        places = {
            row.id: vehicle_place(row.row) for row in self._here.taxis if self._is_newer(row, day)
        }
        waiting = frozenset(id_ for id_, row in day.bookings.items() if row.state == "arrived")
        return Moment(self._now_s(day.day), places, waiting, rule.divert_until_s if rule else 0)

    def _is_newer(self, vehicle: VehicleRow, day: Day) -> bool:
        """Whether a vehicle's last fix is newer than the last stop it finished."""
        seen = self._seen.get(vehicle.id)
        if seen is None or seen.position is None:
            return False
        free_s = day.plan_row(vehicle.id).free_s
        return free_s is None or seen.position.ts >= self._here.names.epoch(day.day, free_s)

    def _now_s(self, day: date) -> int:
        return seconds_of(self._clock(), day, self._here.names.timezone)

    def _plan(self, day: Day) -> Plan:
        plan, moment = plan_of(day, self._here.taxis), self._moment(day)
        return plan if moment is None else as_of(plan, moment, self._here.travel)

    def _live(self, day: Day, actor: str = "") -> Live:
        here, now = self._here, self._clock()
        now_s = self._now_s(day.day)
        return Live(here.names, here.travel, day, self._plan(day), now, now_s, actor)

    # --- quotes -------------------------------------------------------------------------------

    async def quote(self, ask: AskIn) -> Quote | RefusalAnswer:
        """Say when a vehicle could come, promising nothing; a refusal is logged."""
        await self._know([ask.origin, ask.destination], ask.rider_id)
        day = ask.day or self.today
        wished = self._wish(ask, day)
        if isinstance(wished, Refused):
            refusal = RefusalView(wished.reason, wished.rule, wished.text)
            return await self._refuse(ask, day, refusal)
        live = self._live(await self._day(day))
        found = self._offers(live, wished)
        if isinstance(found, RefusalView):
            return await self._refuse(ask, day, found)
        return Quote(found)

    def _wish(self, ask: AskIn, day: date) -> Wish | Refused:
        names = self._here.names
        rider = None if ask.rider_id is None else names.members.get(ask.rider_id)
        now = Now(self.today, self._now_s(day))
        return wish(ask, day, now, self._here.rules, names.places, self._here.anchors.of, rider)

    def _offers(self, live: Live, wished: Wish) -> tuple[OfferView, ...] | RefusalView:
        plan = live.plan
        leaving = live.day.bookings.get(wished.ask.instead_of or "")
        if leaving is not None and leaving.state == "booked":
            plan = plan.without(leaving.id)
        found = seek(wished, plan, live.travel)
        offers = found.alternatives if isinstance(found, Refusal) else found
        views = tuple(
            offer_view(
                live.names,
                wished.day,
                offer,
                seal(self._token(wished, offer), self._signing_key),
                wished.party,
                transfer=wished.ask.transfer,
            )
            for offer in offers
        )
        if isinstance(found, Refusal):
            return RefusalView(found.reason.value, found.binding, why(found), views)
        return views

    def _token(self, wished: Wish, offer: Offer) -> OfferToken:
        return OfferToken(
            area=self._area,
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
            area_id=self._area,
            at=self._clock(),
            service_date=day,
            reason=refusal.reason,
            binding=refusal.binding,
            ask=msgspec.to_builtins(ask),
            alternatives=len(refusal.alternatives),
        )
        async with self._database.writing() as connection:
            await rides.add_refusal(connection, row)
        return RefusalAnswer(refusal)

    async def _know(self, place_ids: Sequence[int], member_id: int | None) -> None:
        """Read the names anew when one is asked for that was registered since."""
        names = self._here.names
        unknown = any(place_id not in names.places for place_id in place_ids)
        if unknown or (member_id is not None and member_id not in names.members):
            await self.refresh()

    # --- changes ------------------------------------------------------------------------------

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
            if rider_id is not None and rider_id not in self._here.names.members:
                return NotFound(say("unknown_rider"))
            live = self._live(await self._day_while_writing(offer.day), actor)
            made = booking.book(live, self._with_card(offer, rider_id), booking_id, caller)
            return self._gone(live, offer) if isinstance(made, Refusal) else made

        return await self._once(call, BookingView, make)

    async def change(
        self, booking_id: str, token: str, *, key: str, actor: str
    ) -> BookingView | OfferGone | BadOffer | KeyConflict | NotFound | NotNow:
        """Give a booking another offer; the old promise stays until the new one is on disk."""
        call = asked(actor, key, "change", booking_id, token)

        async def make() -> Change | OfferGone | BadOffer | NotFound | NotNow:
            offer = self._open(token)
            if isinstance(offer, BadOffer):
                return offer
            row = await self._booking(booking_id)
            if row is None:
                return NotFound(say("no_booking"))
            if row.state != "booked":
                over = row.state not in booking_rows.OPEN
                return NotNow(say("already_over" if over else "already_there"), row.state)
            live = self._live(await self._day_while_writing(offer.day), actor)
            others = None
            if row.service_date != offer.day:
                others = self._live(await self._day_while_writing(row.service_date), actor)
            offer = self._with_card(offer, row.member_id)
            made = booking.change(live, others, row, offer)
            return self._gone(live, offer) if isinstance(made, Refusal) else made

        return await self._once(call, BookingView, make)

    async def cancel(
        self, booking_id: str, *, reason: str, key: str, actor: str
    ) -> BookingView | KeyConflict | NotFound | NotNow:
        """Release a booking nobody has boarded for; cancelling again changes nothing."""
        call = asked(actor, key, "cancel", booking_id, reason)

        async def make() -> Change | BookingView | NotFound | NotNow:
            row = await self._booking(booking_id)
            if row is None:
                return NotFound(say("no_booking"))
            live = self._live(await self._day_while_writing(row.service_date), actor)
            if row.state == "cancelled":
                return booking_view(live.names, row, live.day.promises[row.id])
            return booking.cancel(live, row, reason)

        return await self._once(call, BookingView, make)

    async def step(
        self,
        vehicle_id: str,
        booking_id: str,
        step: Step,
        *,
        at: float | None,
        key: str,
        actor: str,
    ) -> JobView | KeyConflict | NotFound | NotNow:
        """Take what a driver reports; `at` is the epoch second it happened, `None` now.

        Reporting again what is known already changes nothing and answers the present job.
        """
        call = asked(actor, key, "step", vehicle_id, booking_id, step, at)

        async def make() -> Change | JobView | NotFound | NotNow:
            row = await self._booking(booking_id)
            if row is None or row.vehicle_id != vehicle_id:
                return NotFound(say("no_booking" if row is None else "not_in_plan"))
            live = self._live(await self._day_while_writing(row.service_date), actor)
            if trip.reported_before(row, step):
                ride = await self._ride(row.id) if step == "dropped" else None
                return await self._job(live.day, vehicle_id, ride)
            at_s = live.now_s
            if at is not None:
                at_s = min(at_s, seconds_of(at, row.service_date, live.names.timezone))
            rule = self._here.rules.booking_on(row.service_date)
            wait_s = rule.no_show_wait_min * 60 if rule else 0
            wrong = trip.allowed(live, row, step, at_s, wait_s)
            if wrong is not None:
                return wrong
            moment = self._moment(live.day) or Moment(at_s, {}, frozenset(), 0)
            made = trip.report(live, self._here.taxis, moment, row, step, at_s)
            done = None if made.ride is None else ride_view(live.names, made.ride, row.reference)
            job = await self._job(made.after(live.day), vehicle_id, done)
            return replace(made, answer=job)

        return await self._once(call, JobView, make)

    async def _once(
        self,
        call: Asked,
        kind: type[A],
        make: Callable[[], Awaitable[Change | T]],
    ) -> A | T | KeyConflict:
        """Make and write a change once for its key; whatever is not a change is not remembered."""
        async with self._writing:
            for _ in range(RACES):
                async with self._database.reading() as connection:
                    given = await commits.answer(connection, call.actor, call.key)
                if given is not None:
                    if given.parameters != call.parameters:
                        return KeyConflict(say("key_reused"))
                    return msgspec.json.decode(given.body, type=kind)
                made = await make()
                if not isinstance(made, Change):
                    return made
                if await self._write(made, call):
                    # What is kept is what is answered, now and whenever the key comes again.
                    return msgspec.json.decode(msgspec.json.encode(made.answer), type=kind)
        raise TimeoutError(f"lost {RACES} races for one change")

    async def _write(self, change: Change, call: Asked | None) -> bool:
        """Write a change and follow it in memory; False when somebody else was first."""
        days = {row.service_date for row in change.plans}
        try:
            kept = await commit(self._database, self._area, change, call)
        except BaseException:
            self._doubtful |= days
            raise
        if not kept:
            self._doubtful |= days
            return False
        for day in days & self._days.keys():
            self._days[day] = change.after(self._days[day])
        self._news.set()
        return True

    def _open(self, token: str) -> OfferToken | BadOffer:
        offer = unseal(token, self._signing_key)
        if offer is None or offer.area != self._area:
            return BadOffer(say("bad_offer"))
        return BadOffer(say("old_offer")) if offer.expires < time.time() else offer

    def _with_card(self, offer: OfferToken, member_id: int | None) -> OfferToken:
        tariff = self._here.rules.tariff_on(offer.day)
        member = None if member_id is None else self._here.names.members.get(member_id)
        if tariff is None:
            return offer
        party = Party(offer.riders, offer.wheelchairs, offer.half_fares, offer.infants)
        party = with_card(party, member, tariff)
        return msgspec.structs.replace(offer, half_fares=party.half_fares)

    def _gone(self, live: Live, offer: OfferToken) -> OfferGone:
        """Say that an offer is gone, with what could be offered instead."""
        rule = self._here.rules.booking_on(offer.day)
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
        found = self._offers(live, wished)
        return OfferGone(
            say("offer_gone"), found.alternatives if isinstance(found, RefusalView) else found
        )

    async def _booking(self, booking_id: str) -> BookingRow | None:
        """Return a booking as it is now; only while writing."""
        for day in list(self._days):
            row = (await self._day_while_writing(day)).bookings.get(booking_id)
            if row is not None:
                return row
        async with self._database.reading() as connection:
            found = await booking_rows.booking(connection, booking_id)
        if found is None or found.area_id != self._area:
            return None
        return (await self._day_while_writing(found.service_date)).bookings.get(booking_id)

    # --- what the screens see -----------------------------------------------------------------

    async def bookings(
        self, day: date | None = None, state: str | None = None
    ) -> list[BookingView]:
        """Return the bookings of a day (`None` today) by pick-up, in one state or all."""
        held = await self._day(day or self.today)
        rows = [row for row in held.bookings.values() if state is None or row.state == state]
        rows.sort(key=lambda row: (row.pickup_planned_s, row.id))
        return [booking_view(self._here.names, row, held.promises[row.id]) for row in rows]

    async def booking(self, booking_id: str) -> BookingView | NotFound:
        """Return one booking."""
        async with self._writing:
            row = await self._booking(booking_id)
            if row is None:
                return NotFound(say("no_booking"))
            promise = self._days[row.service_date].promises[row.id]
        return booking_view(self._here.names, row, promise)

    async def rides(self, day: date | None = None) -> list[RideView]:
        """Return the rides that ended on a day (`None` today), in the order they did."""
        held = await self._day(day or self.today)
        async with self._database.reading() as connection:
            rows = await rides.rides_on(connection, held.day)
        known = [row for row in rows if row.booking_id in held.bookings]
        names, references = self._here.names, held.bookings
        return [ride_view(names, row, references[row.booking_id].reference) for row in known]

    async def _ride(self, booking_id: str) -> RideView | None:
        row = await self._booking(booking_id)
        async with self._database.reading() as connection:
            ride = await rides.ride(connection, booking_id)
        if row is None or ride is None:
            return None
        return ride_view(self._here.names, ride, row.reference)

    async def plan_view(self, day: date | None = None) -> PlanView:
        """Return the plan of a day (`None` today) as the monitor shows it."""
        held = await self._day(day or self.today)
        plan, drivers = self._plan(held), await self._drivers()
        views = [self._vehicle(held, plan, row, drivers) for row in self._here.taxis]
        return PlanView(self._area, held.day, self._clock(), tuple(views))

    async def vehicle_view(
        self, vehicle_id: str, day: date | None = None
    ) -> VehiclePlanView | None:
        """Return one vehicle's plan, `None` for a vehicle that takes no bookings here."""
        held = await self._day(day or self.today)
        row = next((row for row in self._here.taxis if row.id == vehicle_id), None)
        if row is None:
            return None
        return self._vehicle(held, self._plan(held), row, await self._drivers())

    async def job(self, vehicle_id: str) -> JobView | None:
        """Return what the driver does next, `None` for a vehicle that takes no bookings here."""
        if all(row.id != vehicle_id for row in self._here.taxis):
            return None
        return await self._job(await self._day(self.today), vehicle_id)

    async def _job(self, day: Day, vehicle_id: str, ride: RideView | None = None) -> JobView:
        row = next(row for row in self._here.taxis if row.id == vehicle_id)
        view = self._vehicle(day, self._plan(day), row, await self._drivers())
        on_board = tuple(s for s in view.stops if day.bookings[s.booking_id].state == "aboard")
        coming = view.stops[0] if view.stops else None
        return JobView(view, coming, view.stops[1:], on_board, view.driver, ride)

    async def _drivers(self) -> dict[str, str | None]:
        async with self._database.reading() as connection:
            rows = await fleet.all_vehicles(connection, self._area)
        return {row.id: row.driver for row in rows}

    def _vehicle(
        self, day: Day, plan: Plan, row: VehicleRow, drivers: Mapping[str, str | None]
    ) -> VehiclePlanView:
        here, route = self._here, plan.routes[row.id]
        seen = self._seen.get(row.id, Seen())
        ahead = next_place(route, plan)
        if ahead is not None:
            way = here.travel[row.profile].path(route.vehicle.start, ahead)
            seen = replace(seen, path=() if way is None else tuple(way.lonlats))
        vehicle = replace(row, driver=drivers.get(row.id))
        return vehicle_view(here.names, vehicle, day, plan, here.travel, seen)

    def on_position(
        self,
        vehicle_id: str,
        lat: float,
        lon: float,
        now: float,
        *,
        bearing: float | None = None,
        battery_percent: float | None = None,
    ) -> None:
        """Take where a vehicle is; `now` is the epoch second of the fix, older ones are ignored."""
        before = self._seen.get(vehicle_id, Seen())
        if before.position is not None and before.position.ts > now:
            return
        if battery_percent is None:
            battery_percent = before.battery_percent
        self._seen[vehicle_id] = Seen(PositionView(lat, lon, bearing, now), battery_percent)
        self._anchor(vehicle_id, lat, lon)

    def _anchor(self, vehicle_id: str, lat: float, lon: float) -> None:
        row = self._here.names.vehicles.get(vehicle_id)
        if row is not None and row.profile in self._roads:
            anchor = self._roads[row.profile].snap(lat, lon).anchor
            self._here.anchors.put(vehicle_place(row.row), anchor)

    async def check(self) -> list[str]:
        """Return what the independent verifier finds wrong with the live plans; empty is well."""
        found = []
        for day in sorted(self._days):
            held = await self._day(day)
            faults = check(self._plan(held), self._here.travel)
            found += [f"{day}: {fault}" for fault in faults]
        return found

    # --- the work beside ----------------------------------------------------------------------

    async def _watch(self) -> None:
        """Keep the lease, and notice what another process wrote."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await self._look()
            except Exception:
                log.exception("cannot look after the area %s", self._area)

    async def _look(self) -> None:
        now = time.time()
        async with self._database.writing() as connection:
            self._held = await commits.renew_lease(
                connection, self._area, self._holder, now, now + LEASE_S
            )
        async with self._writing:
            for day in list(self._days):
                if day < self.today - timedelta(days=1):
                    del self._days[day]
                    continue
                async with self._database.reading() as connection:
                    versions = await plans.versions_on(connection, self._area, day)
                held = {id_: row.version for id_, row in self._days[day].plans.items()}
                if versions != held:
                    self._doubtful.add(day)

    async def _publish(self) -> None:
        """Hand committed events on as they come, and those left by a process that died."""
        while True:
            self._news.clear()
            try:
                if self._held and self._deliver is not None:
                    while await hand_on(self._database, self._area, self._deliver):
                        pass
            except Exception:
                log.exception("cannot hand on the events of %s", self._area)
            with contextlib.suppress(TimeoutError):
                # wait_for would lose a cancellation that comes together with the news.
                async with asyncio.timeout(WATCH_S):
                    await self._news.wait()

    async def _improve(self) -> None:
        """Search for a better plan whenever the plan has changed."""
        while self._improve_s > 0:
            await asyncio.sleep(WATCH_S)
            try:
                if self._held:
                    await self.improve_once()
            except Exception:
                log.exception("cannot improve the plan of %s", self._area)

    async def improve_once(self) -> bool:
        """Look for a better plan for today and take it if it still is one; True when taken."""
        day = await self._day(self.today)
        versions = {id_: row.version for id_, row in day.plans.items()}
        if versions == self._searched:
            return False
        self._searched = versions
        plan = self._plan(day)
        if len(plan.requests) < 2:
            return False
        better = await self._improver.better(plan, self._here.travel, self._improve_s)
        return better is not None and await self.accept(day, plan, better)

    async def accept(self, seen: Day, plan: Plan, better: Plan) -> bool:
        """Take a better plan made from `plan` of `seen`; False when it is too late or not better.

        Nothing is taken when a vehicle it touches has moved on, a locked stop or a rider on board
        would be moved, or any promise could no longer be kept.
        """
        async with self._writing:
            day = await self._day_while_writing(seen.day)
            moved = differing(plan, better)
            if any(day.plan_row(id_) != seen.plan_row(id_) for id_ in moved):
                return False
            now = self._plan(day)
            taken = with_stops_of(now, better, moved)
            if taken is None or not is_better(now, taken, self._here.travel):
                return False
            return await self._write(self._improvement(day, taken, moved), None)

    def _improvement(self, day: Day, plan: Plan, moved: Sequence[str]) -> Change:
        now = self._clock()
        rows = tuple(
            replace(day.plan_row(id_), stops=stops_of(plan.routes[id_])) for id_ in sorted(moved)
        )
        event = Event("plan.improved", self._area, day.day, now, vehicles=tuple(sorted(moved)))
        detail = msgspec.json.encode({row.vehicle_id: row.stops for row in rows}).decode()
        return Change(
            plans=rows,
            event=event,
            audit=AuditEntry(now, "improver", "plan.improved", str(day.day), detail),
            updated=tuple(planned_bookings(day, plan, moved, self._here.travel)),
        )
