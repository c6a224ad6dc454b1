"""A server whose clock is behind a promise already told promises nothing, and says why."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from maas.rides.keeper import Keeper
from maas.rides.views import BookingView, OfferGone, Quote, RefusalAnswer
from tests.maas.line_town import HandClock
from tests.maas.rides.conftest import NewKeeper, ask, booked


@pytest.fixture
async def late(keeper: Keeper, new_keeper: NewKeeper) -> AsyncIterator[Keeper]:
    """Another server of the same town, two hours behind; each has its own clock."""
    await booked(keeper, ask(0, 4), "first")
    await booked(keeper, ask(2, 6), "second")
    other = new_keeper(clock=HandClock("07:00"))
    await other.start()
    yield other
    await other.stop()


async def test_it_offers_nothing_until_its_clock_is_right(late: Keeper) -> None:
    answer = await late.quote(ask(5, 9))
    assert isinstance(answer, RefusalAnswer)
    assert answer.refusal.reason == "clock"
    assert late.behind_s == 7200

    clock = late.clock
    assert isinstance(clock, HandClock)
    clock.set("09:00")
    assert late.behind_s == 0
    assert isinstance(await late.quote(ask(5, 9)), Quote)


async def test_it_takes_no_offer_made_elsewhere(keeper: Keeper, late: Keeper) -> None:
    quote = await keeper.quote(ask(5, 9))
    assert isinstance(quote, Quote)
    token = quote.offers[0].token

    there = await late.book(token, rider_id=None, key="there", actor="op")
    here = await keeper.book(token, rider_id=None, key="here", actor="op")

    assert isinstance(there, OfferGone)
    assert there.alternatives == ()
    assert isinstance(here, BookingView)


async def test_it_moves_nobody(late: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late._improver, "better", not_asked)

    assert not await late.improve_once()


async def not_asked(*_: object) -> None:
    """Search for nothing."""
    raise AssertionError
