"""Somebody responsible sets a rule aside for one trip; what is no rule of the town stays."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date

import pytest
import sqlalchemy as sa

from maas.rides.keeper import Keeper
from maas.rides.views import BookingView, Quote, RefusalAnswer
from maas.rides.waivers import Waived, Waivers
from maas.store import tables
from tests.maas.line_town import DAY0, HandClock, Van, of_day
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_rules import RULES


@pytest.fixture
async def strict(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> AsyncIterator[Keeper]:
    """The line town with its one van of four seats, a break, zones, and runs between them."""
    await town((Van(),), RULES)
    started = new_keeper()
    await started.start()
    yield started
    await started.stop()


async def waived(keeper: Keeper, *asked: object, **more: object) -> Waived:
    wanted = ask(*asked, **more)  # type: ignore[arg-type]
    return await Waivers(keeper).quote(wanted, by="chief", why="退院")


async def audit(keeper: Keeper, action: str) -> list[tuple[str, dict[str, object]]]:
    rows = sa.select(tables.audit.c.actor, tables.audit.c.detail).where(
        tables.audit.c.action == action
    )
    async with keeper.database.reading() as connection:
        return [(row.actor, json.loads(row.detail)) for row in await connection.execute(rows)]


async def test_a_ride_after_the_deadline_is_offered_booked_and_in_the_audit(
    strict: Keeper, clock: HandClock
) -> None:
    clock.set("09:55")
    plain = await strict.quote(ask(1, 3, "10:00"))
    assert isinstance(plain, RefusalAnswer)
    assert plain.refusal.reason == "too_late"

    found = await waived(strict, 1, 3, "10:00")

    assert found.rules == (plain.refusal.sentence,)
    assert isinstance(found.answer, Quote)
    offer = found.answer.offers[0]
    assert offer.pickup_from >= DAY0 + of_day("10:00")
    made = await strict.book(offer.token, rider_id=None, key="k", actor="yuki")
    assert isinstance(made, BookingView)
    ((by, decided),) = await audit(strict, "rules.waived")
    assert (by, decided["why"], decided["rules"]) == ("chief", "退院", ["booking.deadline_min"])
    ((actor, detail),) = await audit(strict, "booking.booked")
    assert actor == "yuki"
    assert detail["waiver"] == {"by": "chief", "why": "退院", "rules": ["booking.deadline_min"]}


@pytest.mark.parametrize(
    ("trip", "time", "rules"),
    [
        ((1, 3), "12:30", 1),  # a break
        ((1, 3), "17:20", 1),  # after hours, the van still drives
        ((1, 6), "10:00", 1),  # a place in no zone
        ((1, 8), "11:00", 1),  # between the zones, at no run
        ((1, 6), "12:30", 2),  # both
    ],
)
async def test_rules_of_time_and_place_can_be_set_aside(
    strict: Keeper, trip: tuple[int, int], time: str, rules: int
) -> None:
    found = await waived(strict, *trip, time)

    assert isinstance(found.answer, Quote)
    assert len(found.rules) == rules


async def test_a_ride_beyond_the_horizon_can_be_offered(strict: Keeper) -> None:
    found = await waived(strict, 1, 3, "10:00", day=date(2026, 12, 16))

    assert isinstance(found.answer, Quote)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"time": "08:30"}, "in_the_past"),
        ({"time": "18:20"}, "out_of_hours"),  # the shift is over
        ({"riders": 7}, "party_too_large"),
        ({"riders": 5}, "party_too_large"),  # the van has four seats
        ({"wheelchairs": 1}, "party_too_large"),  # and no place for a wheelchair
    ],
)
async def test_what_is_no_rule_of_the_town_is_refused_as_ever(
    strict: Keeper, more: dict[str, object], reason: str
) -> None:
    found = await waived(strict, 1, 3, **{"time": "10:00", **more})

    assert isinstance(found.answer, RefusalAnswer)
    assert found.answer.refusal.reason == reason
    assert await audit(strict, "rules.waived") == []


async def test_nobody_rides_on_a_closed_day_or_twice_at_once(strict: Keeper) -> None:
    closed = await waived(strict, 1, 3, "10:00", day=date(2026, 11, 28))
    assert isinstance(closed.answer, RefusalAnswer)
    assert closed.answer.refusal.reason == "closed_day"

    await booked(strict, ask(1, 3, "10:00", rider_id=1), "first", rider_id=1)
    twice = await waived(strict, 1, 6, "10:00", rider_id=1)
    assert isinstance(twice.answer, RefusalAnswer)
    assert twice.answer.refusal.reason == "overlap"


async def test_a_trip_no_rule_stands_against_is_no_decision(strict: Keeper) -> None:
    found = await waived(strict, 1, 3, "10:00")

    assert isinstance(found.answer, Quote)
    assert found.rules == ()
    assert await audit(strict, "rules.waived") == []
