"""Operators and riders by script: they book, change, cancel, hold, and ask again when unsure."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from maas.people import desk
from maas.people.desk import Ground
from maas.people.forms import Form
from maas.rides.booking import Caller
from maas.rides.holds import Holds
from maas.rides.views import AskIn, BookingView, Quote
from maas.store.once import By
from tests.sim.town import FAMILY, MEMBERS, PLACES, REGION, WATCHED

if TYPE_CHECKING:
    from tests.sim.day import Town

PAUSE_S = 1.5


class Operator:
    """One person at a telephone; what they do follows from the seed."""

    def __init__(self, town: Town, name: str) -> None:
        self.town = town
        self.name = name
        self.rng = random.Random(f"{name}:{town.seed}")  # noqa: S311
        self.keys = 0
        self.is_over = False

    async def work(self) -> None:
        """Do something now and then while the day is open."""
        await asyncio.sleep(1.5)
        while self.town.is_open:
            await asyncio.sleep(self.rng.expovariate(1 / PAUSE_S))
            await self.rng.choice(self._acts())()
        self.is_over = True

    def _acts(self) -> list[Any]:
        return [
            *[self.book] * 6,
            self.cancel,
            self.cancel,
            self.change,
            self.hold,
            self.touch_both,
            self.consent,
        ]

    def key(self) -> str:
        """Return a new Idempotency-Key."""
        self.keys += 1
        return f"{self.name}-{self.keys}"

    async def ask(self, what: Any) -> Any:  # noqa: ANN401 -- what an endpoint answers
        """Ask until there is an answer."""
        return await self.town.surely(self.name, what, self.rng)

    def wish(self, **more: Any) -> AskIn:  # noqa: ANN401 -- fields of an ask
        """Return a ride somebody might want."""
        rng = self.rng
        origin, destination = rng.sample(range(1, PLACES + 1), 2)
        fields: dict[str, Any] = {
            "origin": origin,
            "destination": destination,
            "time": self.town.now_s + 660 + rng.randrange(1000),
            "riders": rng.choice([1, 1, 1, 2]),
            "wheelchairs": rng.choice([0, 0, 0, 0, 1]),
            "rider_id": rng.choice([None, None, *MEMBERS]),
        }
        return AskIn(**(fields | more))

    async def book(self, **more: Any) -> None:  # noqa: ANN401 -- fields of an ask
        """Book a ride, once, however often it has to be said."""
        wish, key = self.wish(**more), self.key()
        quote = await self.ask(lambda s: s.keeper.quote(wish))
        if not isinstance(quote, Quote):
            self.town.note("refused", quote.refusal.reason)
            return
        token = self.rng.choice(quote.offers).token

        def take(server: Any) -> Any:  # noqa: ANN401
            return server.keeper.book(
                token, rider_id=wish.rider_id, key=key, actor=self.name,
                contact_name=key, contact_phone="000-000-0001",
            )  # fmt: skip

        self._told(key, await self.ask(take))

    def _told(self, key: str, answer: object) -> None:
        self.town.note("answer", key, type(answer).__name__)
        if isinstance(answer, BookingView):
            self.town.checker.acknowledged(key, answer.id)

    async def hold(self) -> None:
        """Hold a seat, then take it, give it up, or forget it."""
        wish, key, rng = self.wish(), self.key(), self.rng
        quote = await self.ask(lambda s: s.keeper.quote(wish))
        if not isinstance(quote, Quote):
            return
        token, caller = quote.offers[0].token, Caller(None, key, "000-000-0002", call_id=key)
        held = await self.ask(
            lambda s: Holds(s.keeper).hold(token, caller, key=key, actor=self.name)
        )
        self._told(key, held)
        if not isinstance(held, BookingView):
            return
        await asyncio.sleep(rng.random() * 4.0)
        then = self.key()
        if rng.random() < 0.6:
            await self.ask(
                lambda s: Holds(s.keeper).book(held.id, caller, key=then, actor=self.name)
            )
        elif rng.random() < 0.5:
            await self.ask(lambda s: Holds(s.keeper).release(held.id, key=then, actor=self.name))

    async def some(self) -> BookingView | None:
        """Return a booking of today, whatever its state."""
        found = await self.ask(lambda s: s.keeper.bookings())
        return self.rng.choice(found) if found else None

    async def cancel(self) -> None:
        """Cancel a booking, which may be too late."""
        mine, key = await self.some(), self.key()
        if mine is not None:
            await self._cancel(mine, key)

    async def _cancel(self, mine: BookingView, key: str) -> None:
        answer = await self.ask(
            lambda s: s.keeper.cancel(mine.id, reason="", key=key, actor=self.name)
        )
        self.town.note("cancelled", mine.id, type(answer).__name__)

    async def change(self) -> None:
        """Give a booking another time."""
        mine = await self.some()
        if mine is not None:
            await self._change(mine)

    async def _change(self, mine: BookingView, **more: Any) -> None:  # noqa: ANN401
        key, rider = self.key(), None if mine.rider is None else mine.rider.id
        wish = self.wish(
            origin=mine.origin.id, destination=mine.destination.id, riders=mine.riders,
            wheelchairs=mine.wheelchairs, rider_id=rider, instead_of=mine.id, **more,
        )  # fmt: skip
        quote = await self.ask(lambda s: s.keeper.quote(wish))
        if isinstance(quote, Quote):
            token = quote.offers[0].token
            answer = await self.ask(
                lambda s: s.keeper.change(mine.id, token, key=key, actor=self.name)
            )
            self.town.note("changed", mine.id, type(answer).__name__)

    async def consent(self) -> None:
        """A member lets the family hear of rides, or no longer does."""
        rng, key = self.rng, self.key()
        form = Form(contacts=(replace(FAMILY, watch=rng.random() < 0.5),))

        def tell(server: Any) -> Any:  # noqa: ANN401
            by, ground = By(self.name, self.town.now(), key), Ground(REGION)
            database = server.service.database
            return desk.change(database, WATCHED, form, by, ground, how="電話で確認")

        self.town.note("consent", key, form.contacts, type(await self.ask(tell)).__name__)

    async def touch_both(self) -> None:
        """Two people do something about one booking at the same moment."""
        mine = await self.some()
        if mine is None or mine.state not in {"booked", "held"}:
            return
        key = self.key()
        self.town.begin(self._change(mine))
        await asyncio.sleep(self.rng.random() * 0.6)
        await self._cancel(mine, key)
