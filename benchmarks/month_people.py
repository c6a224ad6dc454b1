"""The people of the simulated month, and when they telephone; see ``benchmarks.month``."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from heapq import heappop, heappush
from itertools import count

from sqlalchemy import select

from benchmarks.month_world import ZONE, LateBuses, World
from gtfs.calendar import day_start_epoch
from maas.notify.occasions import Occasion
from maas.rides.connections import Bus, Connections
from maas.rides.returns import OpenReturns
from maas.rides.views import (
    AskIn,
    BookingView,
    OfferView,
    OpenReturnView,
    Quote,
    RefusalAnswer,
)
from maas.store.links import Toward
from maas.store.members import MemberRow
from maas.store.tables import notifications
from maas.town.calendars import DayRules, rules_on

OPENS_S = 8 * 3600
CALLS_A_DAY = 36
"""Outward rides asked for on a day, half of which have a way back."""
LINKS_A_DAY = 8
"""Rides to a bus or from one that are asked for on a day, as far as it is day."""
ALIGHT_S = 60
HEED_S = 40 * 60
"""How long before rides home end those who were told so, twenty minutes before, are ready."""
Do = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class People:
    """Everybody who telephones, and when; `due` is a heap of what will happen."""

    world: World
    choose: random.Random
    riders: Sequence[MemberRow]
    absent: set[str]
    absent_share: float
    buses: LateBuses
    stop_places: dict[str, int]
    ready_s: dict[str, int]
    """When those who come by bus are at the stop."""
    due: list[tuple[float, int, Do]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=count)

    def at(self, epoch: float, do: Do) -> None:
        """Have something happen at an instant."""
        heappush(self.due, (epoch, next(self.order), do))

    async def until(self, epoch: float) -> None:
        """Let everything happen that is due, each at its time."""
        while self.due and self.due[0][0] <= epoch:
            at, _, do = heappop(self.due)
            self.world.pass_to(at)
            await do()
        self.world.pass_to(epoch)

    def plan_day(self, day: date) -> None:
        """Decide who will ride on a day, and when each of them calls."""
        midnight = day_start_epoch(day, ZONE)
        for rider in self.choose.sample(self.riders, CALLS_A_DAY):
            wished_s = 300 * self.choose.randrange(8 * 12 + 6, 15 * 12)
            early = self.choose.random() < 0.4
            called = midnight + (
                wished_s - 86_400 if early else wished_s - 60 * self.choose.randrange(120)
            )
            self.at(max(called, midnight - 86_400 + OPENS_S), self._outward(rider, day, wished_s))
        for rider in self.choose.sample(self.riders, LINKS_A_DAY):
            trip_id, stop_id, at_s = self.buses.any_call(self.choose, day)
            if 9 * 3600 <= at_s <= 16 * 3600:
                toward: Toward = self.choose.choice(("to_bus", "from_bus"))
                called = midnight + at_s - 60 * self.choose.randrange(70, 150)
                self.at(called, self._with_bus(rider, day, trip_id, stop_id, toward))

    def _outward(self, rider: MemberRow, day: date, wished_s: int) -> Do:
        async def call() -> None:
            to = self.choose.choice(rider.favourites)
            assert rider.home_place_id is not None  # noqa: S101 -- chosen so
            arrive = self.choose.random() < 0.35
            ask = AskIn(
                rider.home_place_id, to, day, wished_s, "arrive" if arrive else "depart",
                rider_id=rider.id, wheelchairs=int("wheelchair" in rider.tags),
            )  # fmt: skip
            booked = await self._asked(ask, rider)
            if booked is not None:
                self._fate(booked, rider, day)

        return call

    def _with_bus(
        self, rider: MemberRow, day: date, trip_id: str, stop_id: str, toward: Toward
    ) -> Do:
        async def call() -> None:
            bus = self.buses.bus(trip_id, stop_id, day, toward)
            place = self.stop_places.get(stop_id)
            if bus is None or place is None or rider.home_place_id is None:
                return
            ends = (
                (rider.home_place_id, place) if toward == "to_bus" else (place, rider.home_place_id)
            )
            leeway_s = -300 if toward == "to_bus" else 180
            ask = AskIn(
                *ends, day, bus.at_s + leeway_s, "arrive" if toward == "to_bus" else "depart",
                rider_id=rider.id, wheelchairs=int("wheelchair" in rider.tags),
            )  # fmt: skip
            booked = await self._asked(ask, rider)
            if booked is not None:
                await self._tie(booked, bus, day, toward)

        return call

    async def _tie(self, booked: BookingView, bus: Bus, day: date, toward: Toward) -> None:
        made = await Connections(self.world.keeper, self.buses).tie(
            booked.id, bus.trip_id, bus.stop_id, toward, key=self.world.key(), actor="operator"
        )
        tied = isinstance(made, BookingView)
        self.world.count(toward if tied else f"not tied: {type(made).__name__}")
        if tied and toward == "from_bus":
            self.ready_s[booked.id] = bus.at_s + self.buses.late_s(bus.trip_id, day) + ALIGHT_S

    def _fate(self, booked: BookingView, rider: MemberRow, day: date) -> None:
        midnight, chance = day_start_epoch(day, ZONE), self.choose.random()
        if chance < 0.06:
            due = booked.pickup_from
            self.at(self.world.now + 0.6 * max(0.0, due - self.world.now), self._cancel(booked))
        elif chance < 0.06 + self.absent_share:
            self.absent.add(booked.id)
        elif chance < 0.55:
            self.at(self.world.now, self._open_return(booked))
        elif chance < 0.8:
            stay_s = 60 * self.choose.randrange(40, 150)
            back = AskIn(
                booked.destination.id, booked.origin.id, day, booked.arrive_by - midnight + stay_s,
                rider_id=rider.id, wheelchairs=booked.wheelchairs,
            )  # fmt: skip
            self.at(self.world.now, self._back(back, rider))

    async def _asked(self, ask: AskIn, rider: MemberRow) -> BookingView | None:
        """Ask, and take the first offer, or the first of those named with a refusal."""
        world = self.world
        answer = await world.keeper.quote(ask)
        offers: Sequence[OfferView]
        if isinstance(answer, RefusalAnswer):
            world.count(f"refused: {answer.refusal.reason}")
            offers = answer.refusal.alternatives
        else:
            assert isinstance(answer, Quote)  # noqa: S101 -- the other answer there is
            offers = answer.offers
        if not offers:
            return None
        made = await world.keeper.book(
            offers[0].token, rider_id=rider.id, key=world.key(), actor="operator"
        )
        world.count("booked" if isinstance(made, BookingView) else f"not: {type(made).__name__}")
        return made if isinstance(made, BookingView) else None

    def _back(self, ask: AskIn, rider: MemberRow) -> Do:
        async def call() -> None:
            await self._asked(ask, rider)

        return call

    def _cancel(self, booked: BookingView) -> Do:
        async def call() -> None:
            made = await self.world.keeper.cancel(
                booked.id, reason="体調", key=self.world.key(), actor="operator"
            )
            self.world.count("cancelled" if isinstance(made, BookingView) else "not cancelled")

        return call

    def _open_return(self, booked: BookingView) -> Do:
        async def call() -> None:
            returns = OpenReturns(self.world.keeper)
            made = await returns.open(booked.id, key=self.world.key(), actor="operator")
            if isinstance(made, OpenReturnView):
                self.world.count("open returns")
                stay_s = 60 * self.choose.randrange(30, 140)
                press = self._press(made.id, booked.id)
                self.at(booked.arrive_by + stay_s, press)
                self.at(self._rides_end(booked) - HEED_S, self._heed(made.id, press))
            else:
                self.world.count(f"no open return: {made}")

        return call

    def _rides_end(self, booked: BookingView) -> float:
        """Return when the last rides home go on the day of a booking."""
        found = rules_on(self.world.keeper.here.rules, booked.date)
        if not isinstance(found, DayRules):
            raise TypeError(f"a booking for a day without rides: {found}")
        return day_start_epoch(booked.date, ZONE) + found.hours.closes_s

    def _heed(self, return_id: str, press: Do) -> Do:
        async def call() -> None:
            """Be ready earlier than one wished to, if somebody has said that rides home end."""
            message = notifications.c.key.endswith(return_id, autoescape=True)
            query = select(notifications.c.key).where(
                message, notifications.c.occasion == Occasion.RETURN_ENDS
            )
            async with self.world.database.reading() as connection:
                warned = await connection.scalar(query)
            if warned is not None and return_id not in self.world.pressed:
                self.world.count("pressed when told that rides end")
                await press()

        return call

    def _press(self, return_id: str, outward_id: str) -> Do:
        async def call() -> None:
            if return_id in self.world.pressed:
                return
            outward = await self.world.keeper.booking(outward_id)
            if not isinstance(outward, BookingView) or outward.state != "done":
                self.world.count("never went out")
                return
            told = await OpenReturns(self.world.keeper).press(
                return_id, key=self.world.key(), actor="operator"
            )
            if isinstance(told, OpenReturnView):
                self.world.pressed[return_id] = self.world.now
            self.world.count(f"pressed: {getattr(told, 'state', told)}")

        return call
