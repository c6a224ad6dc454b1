"""Random lives of bookings: whatever people, drivers and time do, the promises of the README hold.

A world of two vans and two members is driven by random actions; after each the database is read
and judged by the plain meaning of its rows, without the code under test.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url, select

from maas.rides.booking import Caller
from maas.rides.day import plan_of
from maas.rides.holds import Holds
from maas.rides.keeper import Keeper
from maas.rides.lifecycle import Lifecycle
from maas.rides.returns import OpenReturns
from maas.rides.together import Together
from maas.rides.views import (
    AskIn,
    BookingView,
    JobView,
    NotFound,
    Quote,
    TogetherView,
    WaitingView,
)
from maas.rides.waitlist import Waitlist
from maas.store import commits
from maas.store.database import Database, open_database
from maas.store.tables import (
    bookings,
    idempotency,
    notifications,
    open_returns,
    outbox,
    promises,
    rides,
    vehicle_plans,
    waitlist,
)
from maas.town.imports import import_town
from tests.maas.line_town import DAY0, HandClock, LineRoads, Van, write_town

ACTIONS = 24
SEATS = {"van-1": 3, "van-2": 2}
# What may follow what, written out by hand.
MAY_FOLLOW = {
    None: {"held", "booked"},
    "held": {"held", "booked", "lapsed"},
    "booked": {"booked", "arrived", "aboard", "cancelled", "no_show"},
    "arrived": {"arrived", "aboard", "cancelled", "no_show"},
    "aboard": {"aboard", "done"},
    "done": {"done"},
    "cancelled": {"cancelled"},
    "no_show": {"no_show"},
    "lapsed": {"lapsed"},
}
STOPS = {
    "booked": {"pickup", "dropoff"},
    "arrived": {"pickup", "dropoff"},
    "aboard": {"dropoff"},
}


@dataclass
class World:
    """Callers, a clinic's button, drivers and time, doing something at random."""

    keeper: Keeper
    database: Database
    clock: HandClock
    choose: random.Random = field(default_factory=random.Random)
    keys: Any = field(default_factory=count)
    acknowledged: dict[str, str] = field(default_factory=dict)
    """Bookings answered with success, by the key they were asked with."""
    ledger: dict[tuple[str, int], tuple[Any, ...]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)

    def key(self) -> str:
        return f"k{next(self.keys)}"

    def ask(self, **more: Any) -> AskIn:  # noqa: ANN401 -- fields of an ask
        origin, destination = self.choose.sample(range(1, 14), 2)
        time_s = int(self.clock() - DAY0) + 600 + self.choose.randrange(0, 4500)
        fields = {
            "origin": origin,
            "destination": destination,
            "time": time_s,
            "riders": self.choose.choice([1, 1, 1, 2]),
            "rider_id": self.choose.choice([None, 1, 2]),
            **more,
        }
        return AskIn(**fields)

    def caller(self, ask: AskIn) -> Caller:
        name = "" if ask.rider_id else "客"
        return Caller(ask.rider_id, name, call_id=self.choose.choice([None, "c1", "c2"]))

    async def some(self, *states: str) -> BookingView | None:
        found = [view for view in await self.keeper.bookings() if view.state in states]
        return self.choose.choice(found) if found else None

    def heard(self, key: str, answer: object) -> None:
        if isinstance(answer, BookingView):
            self.acknowledged[key] = answer.id

    async def book(self) -> None:
        ask = self.ask()
        quote = await self.keeper.quote(ask)
        if isinstance(quote, Quote):
            token, key = self.choose.choice(quote.offers).token, self.key()
            for _ in range(self.choose.choice([1, 2])):
                answer = await self.keeper.book(token, rider_id=ask.rider_id, key=key, actor="yuki")
                self.heard(key, answer)

    async def hold(self) -> None:
        ask = self.ask()
        quote = await self.keeper.quote(ask)
        if isinstance(quote, Quote):
            key, caller = self.key(), self.caller(ask)
            token = quote.offers[0].token
            self.heard(key, await Holds(self.keeper).hold(token, caller, key=key, actor="yuki"))

    async def answer_hold(self) -> None:
        held = await self.some("held", "lapsed", "booked")
        if held is None:
            return
        holds = Holds(self.keeper)
        if self.choose.random() < 0.6:
            await holds.book(held.id, Caller(None, "客"), key=self.key(), actor="yuki")
        else:
            await holds.release(held.id, key=self.key(), actor="yuki")

    async def hang_up(self) -> None:
        await Holds(self.keeper).hang_up(self.choose.choice(["c1", "c2"]))

    async def together(self) -> None:
        there = self.ask()
        later = (there.time or 0) + 3600
        back = self.ask(
            origin=there.destination,
            destination=there.origin,
            time=later,
            riders=there.riders,
            rider_id=there.rider_id,
        )
        wished = [there, back] if self.choose.random() < 0.5 else [there]
        answers = await Together(self.keeper).quote(wished)
        tokens = [each.offers[0].token for each in answers if isinstance(each, Quote)]
        if len(tokens) != len(wished):
            return
        key = self.key()
        answer = await Together(self.keeper).book(
            tokens, self.caller(there), key=key, actor="yuki", open_return=len(wished) == 1
        )
        if isinstance(answer, TogetherView):
            for number, made in enumerate(answer.bookings):
                self.acknowledged[f"{key}/{number}"] = made.id

    async def press(self) -> None:
        returns = OpenReturns(self.keeper)
        waiting = await returns.on()
        if waiting:
            one = self.choose.choice(waiting)
            answer = await returns.press(one.id, key=self.key(), actor="yuki")
            assert not isinstance(answer, NotFound)

    async def wait(self) -> None:
        ask = self.ask()
        await Waitlist(self.keeper).wait(ask, self.caller(ask), key=self.key(), actor="yuki")

    async def answer_wait(self) -> None:
        entries = await Waitlist(self.keeper).on()
        if entries:
            entry, waiting = self.choose.choice(entries), Waitlist(self.keeper)
            do = waiting.take if self.choose.random() < 0.7 else waiting.withdraw
            answer = await do(entry.id, key=self.key(), actor="yuki")
            if entry.state == "waiting" and do == waiting.take:
                assert not isinstance(answer, WaitingView)

    async def change(self) -> None:
        mine = await self.some("booked", "arrived", "aboard", "done", "cancelled")
        if mine is None:
            return
        rider = None if mine.rider is None else mine.rider.id
        quote = await self.keeper.quote(self.ask(rider_id=rider, instead_of=mine.id))
        if isinstance(quote, Quote):
            token = quote.offers[0].token
            answer = await self.keeper.change(mine.id, token, key=self.key(), actor="yuki")
            assert not isinstance(answer, BookingView) or mine.state == "booked"

    async def cancel(self) -> None:
        mine = await self.some(*MAY_FOLLOW)  # type: ignore[arg-type]
        if mine is None:
            return
        answer = await self.keeper.cancel(mine.id, reason="", key=self.key(), actor="yuki")
        if isinstance(answer, BookingView):
            assert mine.state in {"booked", "arrived", "cancelled"}

    async def drive(self) -> None:
        """Do the next stop of a van when it is due."""
        vehicle_id = self.choose.choice(list(SEATS))
        job = await self.keeper.job(vehicle_id)
        if job is None or job.next is None:
            return
        self.clock.epoch = max(self.clock.epoch, job.next.planned)
        steps = ["dropped"]
        if job.next.kind == "pickup":
            steps = ["arrived", "aboard", "aboard", "aboard", "no_show"]
        step: Any = self.choose.choice(steps)
        answer = await self.keeper.step(
            vehicle_id, job.next.booking_id, step, at=None, key=self.key(), actor=vehicle_id
        )
        assert isinstance(answer, JobView) or step == "no_show"

    async def time(self) -> None:
        self.clock.epoch += self.choose.randrange(0, 400)

    def acts(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            *[self.book] * 3, self.hold, self.hold, self.answer_hold, self.answer_hold,
            self.hang_up, self.together, self.together, self.press, self.press, self.wait,
            self.answer_wait, self.change, self.cancel, *[self.drive] * 6, self.time, self.time,
        ]  # fmt: skip


async def problems(world: World) -> list[str]:
    """Read the database and return what is wrong with it."""
    async with world.database.reading() as db:
        rows = {row.id: row for row in await db.execute(select(bookings))}
        told = list(await db.execute(select(promises)))
        plans = list(await db.execute(select(vehicle_plans)))
        returns = list(await db.execute(select(open_returns)))
        entries = list(await db.execute(select(waitlist)))
        ended = {row.booking_id for row in await db.execute(select(rides.c.booking_id))}
        chain = await commits.audit_break(db)
    found = [] if chain is None else [f"I8: the audit chain breaks at {chain}"]
    for key, id_ in world.acknowledged.items():
        if id_ not in rows:
            found.append(f"I1: {key} was told of {id_}, which is not there")
    if len(set(world.acknowledged.values())) != len(world.acknowledged):
        found.append("I1: two keys have one booking")
    found += _plan_problems(rows, plans)
    for day in world.keeper.days:
        if world.keeper.plan_as_written(day) != plan_of(day, world.keeper.here.taxis):
            found.append("what is kept of the plan is not what its rows say")
    for row in told:
        mine = tuple(row)
        if world.ledger.setdefault((row.booking_id, row.no), mine) != mine:
            found.append(f"I4: promise {row.booking_id} {row.no} was rewritten")
    if len(told) != len(world.ledger):
        found.append("I4: a promise is gone")
    numbers = {(row.booking_id, row.no) for row in told}
    for row in rows.values():
        if {no for id_, no in numbers if id_ == row.id} != set(range(1, row.promise_no + 1)):
            found.append(f"I4: the promises of {row.id} are not numbered without a gap")
        before = world.states.get(row.id)
        if row.state not in MAY_FOLLOW[before]:
            found.append(f"{row.id} went from {before} to {row.state}")
        world.states[row.id] = row.state
        if (row.state == "done") != (row.id in ended):
            found.append(f"{row.id} is {row.state}, its ride record says otherwise")
    found += _one_person(rows, {(r.booking_id, r.no): r for r in told})
    for entry in entries:
        if entry.state == "taken" and rows[entry.booking_id].state in {"held", "lapsed"}:
            found.append(f"{entry.id} took a seat that is {rows[entry.booking_id].state}")
    for each in returns:
        if each.state == "promised" and rows[each.booking_id].state in {"held", "lapsed"}:
            found.append(f"return {each.id} was promised and is lost")
    return found


def _plan_problems(rows: dict[str, Any], plans: list[Any]) -> list[str]:
    found = []
    planned = Counter((kind, who) for plan in plans for kind, who in plan.stops)
    held = {row.id for row in rows.values() if row.state == "held"}
    for id_ in held:  # a seat that is only held may have had to give way
        stops = [planned.pop((kind, id_), 0) for kind in ("pickup", "dropoff")]
        if stops not in ([0, 0], [1, 1]):
            found.append(f"I3: {id_} has {stops} stops")
    wanted = Counter((k, r.id) for r in rows.values() for k in STOPS.get(r.state, ()))
    if planned != wanted:
        found.append(f"I3, I5: planned {planned - wanted}, missing {wanted - planned}")
    for plan in plans:
        on_board = [
            r for r in rows.values() if (r.state, r.vehicle_id) == ("aboard", plan.vehicle_id)
        ]
        load, seen = sum(r.riders for r in on_board), {r.id for r in on_board}
        for kind, who in plan.stops:
            load += rows[who].riders if kind == "pickup" else -rows[who].riders
            if kind == "dropoff" and who not in seen:
                found.append(f"I3: {who} is dropped before being picked up")
            seen.add(who)
            if load > SEATS[plan.vehicle_id]:
                found.append(f"I2: {plan.vehicle_id} carries {load}")
    return found


def _one_person(rows: dict[str, Any], told: dict[tuple[str, int], Any]) -> list[str]:
    """Return members who were promised two rides that cannot both be ridden."""
    found = []
    mine = [r for r in rows.values() if r.member_id and r.state in {"booked", "arrived", "aboard"}]
    for one in mine:
        for other in mine:
            if one.id < other.id and one.member_id == other.member_id:
                a, b = told[one.id, one.promise_no], told[other.id, other.promise_no]
                if a.arrive_by_s > b.pickup_to_s and b.arrive_by_s > a.pickup_to_s:
                    found.append(f"member {one.member_id} rides {one.id} and {other.id} at once")
    return found


Act = tuple[int, int]
"""Which of the actions, and the seed of what is done."""


async def lived(url: str, acts: list[Act]) -> int:
    """Let things happen one after another, and judge; returns how many bookings lived."""
    database, clock = open_database(url), HandClock("09:00")
    make = _keepers(database, clock)
    world = World(make(), database, clock)
    await world.keeper.refresh()
    time = Lifecycle(world.keeper)
    try:
        for act, seed in acts:
            world.choose = random.Random(seed)  # noqa: S311
            await world.acts()[act]()
            await time.holds.lapse()
            await time.returns.go_on()
            await time.waitlist.go_on()
            assert await problems(world) == []
            assert await world.keeper.check() == []
        await _at_rest(world, make)
        return len(world.states)
    finally:
        await database.close()


def _keepers(database: Database, clock: HandClock) -> Callable[[], Keeper]:
    def make() -> Keeper:
        return Keeper(
            database,
            area="line",
            roads={"car": LineRoads()},
            network="line-roads",
            clock=clock,
            signing_key=b"test",
            improve_s=0.0,
        )

    return make


async def _at_rest(world: World, make: Callable[[], Keeper]) -> None:
    """The day read anew is the one in memory; each message and each answer is there once."""
    fresh = make()
    await fresh.refresh()
    assert await fresh.bookings() == await world.keeper.bookings()
    assert await fresh.plan_view() == await world.keeper.plan_view()
    async with world.database.reading() as db:
        keys = list((await db.execute(select(notifications.c.key))).scalars())
        waiting = list((await db.execute(select(outbox.c.id))).scalars())
        answers = list((await db.execute(select(idempotency.c.key))).scalars())
    assert len(keys) == len(set(keys))
    assert len(waiting) == len(set(waiting)) >= len(world.states)  # I6: each life said something
    assert len(answers) == len(set(answers))


Fresh = Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def sqlite_town(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """Gives SQLite databases with the town in them."""
    root = tmp_path_factory.mktemp("lives")
    shutil.copy(sqlite_template, root / "town.db")
    asyncio.run(_bring_town(f"sqlite:///{root / 'town.db'}", root))
    numbers = count()

    @contextmanager
    def fresh() -> Iterator[str]:
        file = root / f"{next(numbers)}.db"
        shutil.copy(root / "town.db", file)
        yield f"sqlite:///{file}"
        file.unlink()

    return fresh


@pytest.fixture(scope="module")
def postgresql_town(
    postgres_url: str, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fresh]:
    """Gives PostgreSQL databases with the town in them."""
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE lives TEMPLATE {postgres_template}")
        asyncio.run(_bring_town(_named(postgres_url, "lives"), tmp_path_factory.mktemp("lives")))
        numbers = count()

        @contextmanager
        def fresh() -> Iterator[str]:
            name = f"lives_{next(numbers)}"
            server.execute(f"CREATE DATABASE {name} TEMPLATE lives")
            yield _named(postgres_url, name)
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")

        yield fresh
        server.execute("DROP DATABASE lives WITH (FORCE)")


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def _bring_town(url: str, root: Path) -> None:
    database = open_database(url)
    vans = [Van(id_, seats) for id_, seats in SEATS.items()]
    folder = write_town(root / "town", vans=vans)
    await import_town(database, folder, LineRoads(), "line-roads")
    await database.close()


ACTS = st.lists(
    st.tuples(st.integers(0, ACTIONS - 1), st.integers(0, 2**32)), min_size=10, max_size=40
)


def _lives(fresh: Fresh, examples: int) -> int:
    """Let hypothesis choose what happens, so many times; returns how many bookings lived."""
    total = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(ACTS)
    def one(acts: list[Act]) -> None:
        nonlocal total
        with fresh() as url:
            total += asyncio.run(lived(url, acts))

    one()
    return total


@pytest.mark.parametrize(("town", "examples"), [("sqlite_town", 20), ("postgresql_town", 8)])
def test_random_lives_break_no_rule(
    town: str, examples: int, request: pytest.FixtureRequest
) -> None:
    assert _lives(request.getfixturevalue(town), examples) > examples


LIVES = int(os.environ.get("MAAS_TEST_LIVES", "400"))
"""Bookings lived through on each database; 5000 are asked for now and then, not each time."""


@pytest.mark.heavy
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("town", ["sqlite_town", "postgresql_town"])
def test_thousands_of_random_lives_break_no_rule(town: str, request: pytest.FixtureRequest) -> None:
    fresh, total = request.getfixturevalue(town), 0
    while total < LIVES:
        total += _lives(fresh, 20)
