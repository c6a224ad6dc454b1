"""Rides to a bus, or from one: the pickup follows a late bus, and a bus waits for a late ride.

A ride from a bus keeps its promise while the bus comes within the window of the pickup; when it
does not, the promise moves with the bus and the rider is told.  A ride to a bus that will be late
has the bus asked to wait, on the monitor and on the sign of its stop, for as long as a driver can
make up; after that the next bus is proposed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final, Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import Plan, Request, Route, StopKind
from dispatcher.broken import Replanned
from dispatcher.events import rider_late
from gtfs.geo import distance_m
from maas.notify.occasions import Occasion
from maas.notify.wanted import wanted
from maas.rides.booking import Live
from maas.rides.commit import Also, Change, asked
from maas.rides.day import Day, times
from maas.rides.disruption import waiting_of
from maas.rides.event_words import say
from maas.rides.held import Held
from maas.rides.ledger import RIDERS_WISH
from maas.rides.replanned import Moves, Replan, Why, moves
from maas.rides.show import booking_view
from maas.rides.views import BookingView, Event, KeyConflict, NotFound, NotNow
from maas.store import links
from maas.store.alerts import AlertRow, add_alert
from maas.store.bookings import BookingRow
from maas.store.commits import AuditEntry
from maas.store.links import LinkRow, Toward
from maas.store.places import PlaceRow
from maas.town import messages
from maas.town.calendars import clock_words
from maas.town.messages import Text

MARGIN_S: Final = 120
"""What a change takes besides the walk."""
WALK_MPS: Final = 0.8
WALK_MOST_M: Final = 800.0
"""So far an old person walks between a door and a stop."""
WAIT_S: Final = 300
"""So long a bus is asked to wait: what its driver can make up on the way."""
NEWS_S: Final = 60
"""A bus that is late by less than this more, or less, is no news."""
_RIDES: Final = frozenset({"booked", "arrived", "aboard"})
_ROOM_S: Final = 600
"""How long the sign tells of a bus that waits, at most."""


@dataclass(frozen=True, slots=True)
class Bus:
    """A bus at a stop on a service day: `at_s` by the timetable; `name` is what people call it."""

    trip_id: str
    stop_id: str
    at_s: int
    name: Text
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Sighted:
    """What is known of a bus today: when it will be at the stop (`None`: nothing), or `off`."""

    at_s: int | None = None
    off: bool = False


class BusTimes(Protocol):
    """The town's buses."""

    def bus(self, trip_id: str, stop_id: str, day: date, toward: Toward) -> Bus | None:
        """Return a bus by the timetable, `None` when it does not call there that day."""
        ...

    def sighted(self, bus: Bus, day: date, toward: Toward, now: float) -> Sighted:
        """Return what is known of a bus at the epoch second `now`."""
        ...

    def after(self, bus: Bus, day: date, toward: Toward, at_s: int) -> Bus | None:
        """Return the next bus of the same line and way at the stop from `at_s` on."""
        ...


@dataclass(frozen=True, slots=True)
class Tied:
    """A link as part of a change and of a day in memory."""

    row: LinkRow

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Write it; False when it has moved."""
        return await links.put_link(connection, self.row)

    def on(self, day: Day, /) -> Day:
        """Return a day that knows the link as it is on disk."""
        written = replace(self.row, version=self.row.version + 1)
        others = {id_: row for id_, row in day.links.items() if id_ != written.booking_id}
        known = written.booking_id in day.bookings and written.state != "undone"
        return replace(day, links={**others, written.booking_id: written} if known else others)


@dataclass(frozen=True, slots=True)
class Waits:
    """A line on the sign of a stop: the bus waits."""

    row: AlertRow

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Keep it; always True."""
        await add_alert(connection, self.row)
        return True


class Connections:
    """The rides of one area that meet a bus."""

    def __init__(self, keeper: Held, buses: BusTimes) -> None:
        self._keeper = keeper
        self._buses = buses

    async def tie(
        self, booking_id: str, trip_id: str, stop_id: str, toward: Toward, *, key: str, actor: str
    ) -> BookingView | KeyConflict | NotFound | NotNow:
        """Tie a booking to a bus; it has to fit what the rider was promised."""
        call = asked(actor, key, "tie", booking_id, trip_id, stop_id, toward)

        async def make() -> Change | NotFound | NotNow:
            row = await self._keeper.row_of(booking_id)
            if row is None:
                return NotFound(messages.say("no_booking"))
            if row.state != "booked":
                return NotNow(messages.say("already_over"), row.state)
            bus = self._buses.bus(trip_id, stop_id, row.service_date, toward)
            if bus is None:
                return NotFound(say("no_bus"))
            live = await self._keeper.live_of(row.service_date, actor)
            margin_s = _margin_s(_meets(live, row, toward), bus)
            if margin_s is None:
                return NotNow(say("bus_too_far"), row.state)
            link = LinkRow(
                row.id, row.service_date, trip_id, stop_id, toward, bus.at_s, bus.at_s, margin_s,
                live.now, actor, version=await self._version(row.id),
            )  # fmt: skip
            if not _fits(live, link):
                return NotNow(_misses(link), row.state)
            return await self._tied(live, replace(row, transfer=True), link)

        answer: BookingView | KeyConflict | NotFound | NotNow
        answer = await self._keeper.once(call, BookingView, make)
        return answer

    async def untie(
        self, booking_id: str, *, key: str, actor: str
    ) -> BookingView | KeyConflict | NotFound | NotNow:
        """Let a booking go without its bus again."""
        call = asked(actor, key, "untie", booking_id)

        async def make() -> Change | NotFound | NotNow:
            found = await self._linked(booking_id, actor)
            if isinstance(found, NotFound):
                return found
            live, row, link = found
            if row.state != "booked":
                return NotNow(messages.say("already_over"), row.state)
            undone = replace(link, state="undone", at=live.now, by=actor)
            return await self._tied(live, replace(row, transfer=False), undone)

        answer: BookingView | KeyConflict | NotFound | NotNow
        answer = await self._keeper.once(call, BookingView, make)
        return answer

    async def take_next(
        self, booking_id: str, *, key: str, actor: str
    ) -> BookingView | KeyConflict | NotFound | NotNow:
        """Tie a ride that misses its bus to the next one, which was proposed and is accepted."""
        call = asked(actor, key, "next-bus", booking_id)

        async def make() -> Change | NotFound | NotNow:
            found = await self._linked(booking_id, actor)
            if isinstance(found, NotFound):
                return found
            live, row, link = found
            if row.state not in _RIDES:
                return NotNow(messages.say("already_over"), row.state)
            if link.state != "missed":
                return NotNow(say("not_missed"), link.state)
            now = self._next(live, link)
            if now is None:
                return NotFound(say("no_more_bus"))
            if now.toward == "to_bus" and _there_s(live, row, now) > now.bus_s:
                return NotNow(_misses(now), link.state)
            return await self._tied(live, row, now)

        answer: BookingView | KeyConflict | NotFound | NotNow
        answer = await self._keeper.once(call, BookingView, make)
        return answer

    async def _linked(
        self, booking_id: str, actor: str
    ) -> tuple[Live, BookingRow, LinkRow] | NotFound:
        """Return the day of a booking, the booking and its link to a bus."""
        row = await self._keeper.row_of(booking_id)
        if row is None:
            return NotFound(messages.say("no_booking"))
        live = await self._keeper.live_of(row.service_date, actor)
        link = live.day.links.get(booking_id)
        return NotFound(say("no_link")) if link is None else (live, row, link)

    def _next(self, live: Live, link: LinkRow) -> LinkRow | None:
        """Return a link to the bus that was proposed, `None` when there is none that runs."""
        trip_id, stop_id, day, toward = (
            link.next_trip_id or "", link.stop_id, link.service_date, link.toward,
        )  # fmt: skip
        bus = self._buses.bus(trip_id, stop_id, day, toward)
        seen = Sighted() if bus is None else self._buses.sighted(bus, day, toward, live.now)
        if bus is None or seen.off:
            return None
        return replace(
            link, trip_id=bus.trip_id, planned_s=bus.at_s, bus_s=max(bus.at_s, seen.at_s or 0),
            state="linked", next_trip_id=None, at=live.now, by=live.actor,
        )  # fmt: skip

    async def on(self, day: date | None = None) -> list[LinkRow]:
        """Return the links of a day (`None` today) in the order of their buses."""
        held = await self._keeper.day_of(day or self._keeper.today)
        return sorted(held.links.values(), key=lambda row: (row.bus_s, row.booking_id))

    async def follow(self) -> int:
        """Look where today's buses are, and do what follows; returns how many links changed."""
        day = await self._keeper.day_of(self._keeper.today)
        if not any(day.bookings[id_].state in _RIDES for id_ in day.links.keys() & day.bookings):
            return 0
        changed = 0
        for booking_id in await self._keeper.looked_at(self._with_news):
            changed += await self._keeper.own(partial(self._news_of, booking_id))
        return changed

    async def _with_news(self) -> list[str]:
        """Return the bookings whose link has news, all by one plan: making one takes longest."""
        live = await self._keeper.live_of(self._keeper.today, "buses")
        ids = sorted(live.day.links)
        return [id_ for id_ in ids if await self._news(live, id_) is not None]

    async def _version(self, booking_id: str) -> int:
        async with self._keeper.database.reading() as connection:
            known = await links.link_of(connection, booking_id)
        return 0 if known is None else known.version

    # What is new of a bus

    async def _news_of(self, booking_id: str) -> Change | None:
        return await self._news(await self._keeper.live_of(self._keeper.today, "buses"), booking_id)

    async def _news(self, live: Live, booking_id: str) -> Change | None:
        link, row = live.day.links.get(booking_id), live.day.bookings.get(booking_id)
        if link is None or row is None or row.state not in _RIDES:
            return None
        if live.day.promises[row.id].why in RIDERS_WISH and not _fits(live, link):
            return await self._tied(live, row, replace(link, state="undone"))  # it was changed
        bus = self._buses.bus(link.trip_id, link.stop_id, link.service_date, link.toward)
        if bus is None or link.state == "missed":
            return None
        seen = self._buses.sighted(bus, link.service_date, link.toward, live.now)
        if seen.off:
            return await self._missed(live, row, link, bus, link.planned_s + 1, "why.bus_off")
        bus_s = max(link.planned_s, seen.at_s or 0)
        if link.toward == "from_bus":
            is_news = abs(bus_s - link.bus_s) >= NEWS_S and row.state != "aboard"
            return await self._tied(live, row, replace(link, bus_s=bus_s)) if is_news else None
        return await self._to_bus(live, row, replace(link, bus_s=bus_s), link, bus)

    async def _to_bus(
        self, live: Live, row: BookingRow, now: LinkRow, was: LinkRow, bus: Bus
    ) -> Change | None:
        there_s = _there_s(live, row, now)
        late_s = there_s - now.bus_s
        if late_s > WAIT_S:
            return await self._missed(live, row, now, bus, there_s, "why.ride_late")
        now = replace(now, state="linked" if late_s <= 0 else "waiting")
        if now.state == was.state and abs(now.bus_s - was.bus_s) < NEWS_S:
            return None
        if now.state == "linked":
            return await self._tied(live, row, now)
        minutes = -(-late_s // 60)
        text = say("event.wait", bus=bus.name.ja, bus_en=bus.name.en, minutes=minutes)
        return await self._tied(live, row, now, text, (Waits(_alert(live, now, minutes)),))

    async def _missed(
        self, live: Live, row: BookingRow, link: LinkRow, bus: Bus, at_s: int, why: str
    ) -> Change:
        """Propose the next bus that can be reached; the operator rings who cannot be told else."""
        following = self._buses.after(bus, link.service_date, link.toward, at_s)
        name = say("no_more_bus") if following is None else following.name
        now = replace(
            link, state="missed", next_trip_id=None if following is None else following.trip_id
        )
        member = live.names.members.get(row.member_id) if row.member_id is not None else None
        reason = say(why)
        facts = {
            "reason": reason.ja, "reason_en": reason.en, "bus": name.ja, "bus_en": name.en,
        }  # fmt: skip
        due_at = max(live.now, live.names.epoch(row.service_date, link.bus_s) - WAIT_S)
        notice = wanted(Occasion.CONNECTION, row, member, now=live.now, due_at=due_at, facts=facts)
        text = say(
            "event.missed", reference=row.reference, bus=bus.name.ja, bus_en=bus.name.en,
            next=name.ja, next_en=name.en,
        )  # fmt: skip
        return await self._tied(live, row, now, text, (notice,))

    # What is written

    async def _tied(
        self,
        live: Live,
        row: BookingRow,
        link: LinkRow,
        text: Text | None = None,
        also: Sequence[Also] = (),
    ) -> Change:
        """Return what a link writes, with whatever its bus moves."""
        live = replace(live, day=live.day.with_rows((), [row]))
        found = await self._replanned(live, row, link)
        day = Tied(link).on(live.day).with_rows(found.plans, found.updated, found.promises)
        now = day.bookings[row.id]
        view = booking_view(live.names, now, day.promises[row.id])
        event = Event(
            kind=f"connection.{link.state}",
            area=live.names.area,
            date=row.service_date,
            at=live.now,
            vehicles=tuple(plan.vehicle_id for plan in found.plans),
            booking=view,
            text=text,
        )
        detail = msgspec.json.encode(link, order="deterministic").decode()
        updated = {row.id: now} | {each.id: each for each in found.updated}
        return Change(
            found.plans,
            (event, *found.events),
            AuditEntry(live.now, live.actor, event.kind, row.id, detail),
            updated=tuple(updated[id_] for id_ in sorted(updated)),
            promises=found.promises,
            answer=view,
            also=(Tied(link), *found.notices, *also),
        )

    async def _replanned(self, live: Live, row: BookingRow, link: LinkRow) -> Moves:
        """Return what has to move for a bus that somebody comes from; nothing for one ahead."""
        waits = link.toward == "from_bus" and link.state == "linked" and row.state != "aboard"
        day = live.day if waits else Tied(link).on(live.day)  # what is loosened waits no longer
        before = self._keeper.before(day, ())
        done = Replanned(before)
        request = before.requests.get(row.id)
        ready_s = link.bus_s + link.margin_s
        if waits and request is not None and ready_s > request.earliest_pickup_s:
            later = _later(request, ready_s)
            moved = before.with_route(_route(before, row.id), later)
            if later.latest_pickup_s == request.latest_pickup_s:
                before = moved  # within what the rider was told
            waiting = waiting_of(live)
            done = await asyncio.to_thread(
                rider_late, moved, row.id, ready_s, live.travel, waiting=waiting
            )
        why = Why("bus_late", say("why.bus_late"))
        return moves(Replan(live, before, done, why), {row.vehicle_id})


def _later(request: Request, ready_s: int) -> Request:
    """Return a promise of which nobody can get in before `ready_s`, as wide as it was if it moves.

    While there is time left in its window, the window stays.
    """
    if ready_s <= min(request.latest_pickup_s, request.latest_dropoff_s - request.boarding_s):
        return replace(request, earliest_pickup_s=ready_s)
    by_s = ready_s - request.earliest_pickup_s
    return replace(
        request,
        earliest_pickup_s=ready_s,
        latest_pickup_s=request.latest_pickup_s + by_s,
        latest_dropoff_s=request.latest_dropoff_s + by_s,
    )


def _route(plan: Plan, booking_id: str) -> Route:
    route = plan.route_of(booking_id)
    if route is None:
        raise ValueError(f"{booking_id} is in the plan and on no route")
    return route


def _meets(live: Live, row: BookingRow, toward: Toward) -> PlaceRow:
    """Return where a ride and a bus meet."""
    return live.names.places[row.destination_id if toward == "to_bus" else row.pickup_id]


def _margin_s(place: PlaceRow, bus: Bus) -> int | None:
    """Return what the change takes, `None` when it is too far to walk."""
    apart_m = distance_m(place.lat, place.lon, bus.lat, bus.lon)
    return None if apart_m > WALK_MOST_M else MARGIN_S + round(apart_m / WALK_MPS)


def _fits(live: Live, link: LinkRow) -> bool:
    """Whether a booking's promise meets its bus by the timetable."""
    promise = live.day.promises[link.booking_id]
    if link.toward == "to_bus":
        return promise.arrive_by_s <= link.planned_s - link.margin_s
    return link.planned_s + link.margin_s <= promise.pickup_to_s


def _misses(link: LinkRow) -> Text:
    if link.toward == "to_bus":
        return say("misses_to_bus", by=clock_words(link.planned_s - link.margin_s))
    return say("misses_from_bus", at=clock_words(link.planned_s + link.margin_s))


def _there_s(live: Live, row: BookingRow, link: LinkRow) -> int:
    """Return when a rider is at the stop as things are."""
    return _arrives_s(live, row) + link.margin_s - MARGIN_S


def _arrives_s(live: Live, row: BookingRow) -> int:
    """Return when a rider will be set down as things are; never, for whom nobody carries."""
    route = live.plan.route_of(row.id)
    if route is None:
        return 2 * 86_400
    begin_s = times(route, live.plan, live.travel).begin_s
    return next(
        at_s
        for stop, at_s in zip(route.stops, begin_s, strict=True)
        if stop.request_id == row.id and stop.kind is StopKind.DROPOFF
    )


def _alert(live: Live, link: LinkRow, minutes: int) -> AlertRow:
    header, text = say("sign.wait"), say("sign.wait_text", minutes=minutes)
    leaves_at = live.names.epoch(link.service_date, link.bus_s)
    return AlertRow(
        id=f"wait-{link.booking_id}-{link.version}",
        header=header.ja,
        header_en=header.en,
        text=text.ja,
        text_en=text.en,
        spoken="",
        cause="OTHER_CAUSE",
        effect="MODIFIED_SERVICE",
        severity="INFO",
        routes=[],
        stops=[link.stop_id],
        url="",
        starts_at=live.now,
        ends_at=max(live.now, leaves_at) + _ROOM_S,
        made_at=live.now,
        made_by=live.actor,
    )
