"""Nobody is refused while others can make room within their promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from dispatcher import Plan
from dispatcher.broken import Replanned
from dispatcher.rebase import Room, Swap
from maas.rides.asking import SEARCHES
from maas.rides.improver import ANSWERS_S, Improver
from maas.rides.keeper import Keeper
from maas.rides.shuffler import Shuffler
from maas.rides.views import BookingView, OfferGone, Quote, RefusalAnswer
from tests.maas.line_town import Van
from tests.maas.rides.conftest import NewKeeper, ask, booked


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give searches the time that they need on a machine that is busy with others."""
    for name in ("PATIENCE_S", "WAITS_S", "ANSWERS_S"):
        monkeypatch.setattr(f"maas.rides.shuffler.{name}", 60.0)


@pytest.fixture
async def narrow(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> AsyncIterator[Keeper]:
    """A keeper of two cars of one seat; the first, which also takes a wheelchair, is taken."""
    await town([Van("van-1", seats=1, wheelchair_places=1), Van("van-2", seats=1)])
    keeper = new_keeper()
    await keeper.start()
    first = await booked(keeper, ask(1, 12), "a")
    assert first.vehicle.id == "van-1"
    yield keeper
    await keeper.stop()


async def with_search(keeper: Keeper) -> Keeper:
    """Let it look for room for those who ask, in a process that has compiled the search."""
    assert await keeper._shuffler._asking[0].compiled()
    return keeper


async def with_searches(keeper: Keeper) -> Keeper:
    """Let it look for room for those who book as well."""
    assert await keeper._shuffler.compiled()
    return keeper


WHEELED = ask(1, 12, wheelchairs=1)


async def test_somebody_moves_to_another_car_before_a_wheelchair_is_refused(
    narrow: Keeper,
) -> None:
    refused = await narrow.quote(WHEELED)
    keeper = await with_search(narrow)

    quote = await keeper.quote(WHEELED)
    assert isinstance(quote, Quote)
    booking = await keeper.book(quote.offers[0].token, rider_id=None, key="b", actor="yuki")

    assert isinstance(refused, RefusalAnswer)
    assert isinstance(booking, BookingView)
    vehicles = {row.wheelchairs: row.vehicle.id for row in await keeper.bookings()}
    assert vehicles == {0: "van-2", 1: "van-1"}
    assert await keeper.check() == []


async def test_room_that_was_offered_is_gone_when_nobody_can_move_any_more(
    narrow: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = await with_search(narrow)
    quote = await keeper.quote(WHEELED)
    assert isinstance(quote, Quote)
    await booked(keeper, ask(2, 12), "c")
    monkeypatch.setattr(keeper._shuffler, "offers", None)  # others there are without a search

    answer = await keeper.book(quote.offers[0].token, rider_id=None, key="b", actor="yuki")

    assert isinstance(answer, OfferGone)
    assert answer.alternatives
    assert len(await keeper.bookings()) == 2


async def test_who_takes_an_offer_does_not_wait_for_the_room_to_be_found_again(
    narrow: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = await with_search(narrow)
    quote = await keeper.quote(WHEELED)
    assert isinstance(quote, Quote)
    monkeypatch.setattr(keeper._shuffler, "take", None)

    answer = await keeper.book(quote.offers[0].token, rider_id=None, key="b", actor="yuki")

    assert isinstance(answer, BookingView)
    assert await keeper.check() == []


async def test_only_the_newest_rooms_are_kept(
    narrow: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maas.rides.asking.ROOMS", 1)
    keeper = await with_search(narrow)
    await keeper.quote(WHEELED)
    first = list(keeper._rooms)
    await keeper.quote(ask(1, 11, wheelchairs=1))

    assert len(keeper._rooms) == 1
    assert list(keeper._rooms) != first


async def test_others_book_while_room_is_searched_for_and_it_is_searched_for_again(
    narrow: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = await with_searches(narrow)
    quote = await keeper.quote(WHEELED)
    assert isinstance(quote, Quote)
    keeper._rooms.clear()
    search, searches = keeper._shuffler.take, 0

    async def meanwhile(*asked: Any) -> Room | None:  # noqa: ANN401 -- as it is called
        nonlocal searches
        searches += 1
        room = await search(*asked)
        if searches == 1:
            await booked(keeper, ask(3, 1, time="11:00"), "meanwhile")
        return room

    monkeypatch.setattr(keeper._shuffler, "take", meanwhile)
    answer = await keeper.book(quote.offers[0].token, rider_id=None, key="b", actor="yuki")

    assert isinstance(answer, BookingView)
    assert searches == 2
    assert len(await keeper.bookings()) == 3
    assert await keeper.check() == []


async def test_room_is_not_searched_for_for_ever(
    narrow: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = await with_searches(narrow)
    quote = await keeper.quote(WHEELED)
    assert isinstance(quote, Quote)
    keeper._rooms.clear()
    searches = 0

    async def of_yesterday(*asked: Any) -> Room | None:  # noqa: ANN401 -- as it is called
        nonlocal searches
        searches += 1
        return Room(asked[0].id, {"van-1": Swap((), (), begins=True, ends=True)})

    monkeypatch.setattr(keeper._shuffler, "take", of_yesterday)
    answer = await keeper.book(quote.offers[0].token, rider_id=None, key="b", actor="yuki")

    assert isinstance(answer, OfferGone)
    assert searches == SEARCHES


async def test_a_caller_who_finds_the_search_busy_is_refused_soon_and_the_search_goes_on(
    narrow: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maas.rides.shuffler.PATIENCE_S", 0.01)
    keeper = await with_search(narrow)
    async with keeper._shuffler._asking[0]._one_at_a_time:  # somebody else's search
        refused = await keeper.quote(WHEELED)
    quote = await keeper.quote(WHEELED)

    assert isinstance(refused, RefusalAnswer)
    assert refused.refusal.relaxations
    assert isinstance(quote, Quote)


async def test_who_books_does_not_wait_for_those_who_ask(narrow: Keeper) -> None:
    keeper = await with_searches(narrow)
    quote = await keeper.quote(WHEELED)
    assert isinstance(quote, Quote)
    keeper._rooms.clear()
    first, second = keeper._shuffler._asking
    async with first._one_at_a_time, second._one_at_a_time:  # others ask
        answer = await keeper.book(quote.offers[0].token, rider_id=None, key="b", actor="yuki")

    assert isinstance(answer, BookingView)


async def test_who_asks_while_another_is_searched_for_has_the_second_process(
    narrow: Keeper,
) -> None:
    keeper = await with_searches(narrow)
    async with keeper._shuffler._asking[0]._one_at_a_time:
        assert isinstance(await keeper.quote(WHEELED), Quote)


async def test_who_books_while_another_is_searched_for_has_a_process_of_those_who_ask(
    narrow: Keeper,
) -> None:
    keeper = await with_searches(narrow)
    quote = await keeper.quote(WHEELED)
    assert isinstance(quote, Quote)
    keeper._rooms.clear()
    async with keeper._shuffler._booking._one_at_a_time:
        answer = await keeper.book(quote.offers[0].token, rider_id=None, key="b", actor="yuki")

    assert isinstance(answer, BookingView)


async def test_a_refusal_says_what_would_have_worked(narrow: Keeper) -> None:
    answer = await narrow.quote(WHEELED)

    assert isinstance(answer, RefusalAnswer)
    relaxed = answer.refusal.relaxations
    assert [one.field for one in relaxed][:1] == ["desired_s"]
    assert all(one.sentence.ja.endswith("お迎えできます。") for one in relaxed)


async def test_nobody_waits_for_a_search_that_hangs_and_the_next_finds_it_busy(
    narrow: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def hang(*_: object, **__: object) -> None:
        nonlocal asked
        asked += 1
        await asyncio.get_running_loop().create_future()

    for name in ("PATIENCE_S", "WAITS_S"):
        monkeypatch.setattr(f"maas.rides.shuffler.{name}", 0.01)
    search, _ = narrow._shuffler._asking
    search._ready = True  # without a process: this is about one that says nothing
    monkeypatch.setattr(search._worker, "run", hang)

    async with asyncio.timeout(60):
        answers = [await narrow.quote(WHEELED), await narrow.quote(WHEELED)]

    assert all(isinstance(answer, RefusalAnswer) for answer in answers)
    assert asked == 1
    assert search._running is not None
    search._running.cancel()


async def test_a_search_for_a_better_plan_that_hangs_is_ended(
    narrow: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await booked(narrow, ask(2, 12), "b")
    limits = []

    async def note(*_: object, within_s: float | None = None) -> None:
        limits.append(within_s)

    monkeypatch.setattr(narrow._improver._worker, "run", note)
    await narrow.improve_once()

    assert limits
    assert all(limit is not None for limit in limits)


async def test_a_search_that_fails_leaves_the_refusal_as_it_was(
    narrow: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise MemoryError

    search, _ = narrow._shuffler._asking
    search._ready = True  # without a process: this is about what one raises
    monkeypatch.setattr(search._worker, "run", fail)

    answer = await narrow.quote(WHEELED)

    assert isinstance(answer, RefusalAnswer)
    assert not search.is_ready
    assert search.is_idle


async def test_a_search_that_hangs_is_ended_and_nobody_waits_for_another_until_it_is_ready(
    narrow: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = []

    async def hung(*_: object, within_s: float | None = None) -> None:
        limits.append(within_s)

    search, _ = narrow._shuffler._asking
    search._ready = True  # without a process: this is about one that says nothing
    monkeypatch.setattr(search._worker, "run", hung)

    answers = [await narrow.quote(WHEELED), await narrow.quote(WHEELED)]

    assert all(isinstance(answer, RefusalAnswer) for answer in answers)
    assert limits == [60.0]  # its limit as these tests have it, and asked once
    assert not search.is_ready


async def test_who_books_waits_for_no_process_that_is_not_ready_to_search(narrow: Keeper) -> None:
    nothing: Any = None
    assert await narrow._shuffler.take(nothing, nothing, nothing) is None


async def test_processes_that_died_are_followed_by_others(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, enough = 0, asyncio.Event()

    async def dies(_: object) -> bool:
        nonlocal begun
        begun += 1
        if begun == 3:
            enough.set()
        return False

    monkeypatch.setattr("maas.rides.beside.WATCH_S", 0.01)
    for kind in (Improver, Shuffler):
        monkeypatch.setattr(kind, "compiled", dies)
    await town()
    keeper = new_keeper(improve_s=1.0)
    await keeper.start()
    try:
        async with asyncio.timeout(60):
            await enough.wait()
    finally:
        await keeper.stop()


async def test_a_search_for_a_plan_that_breaks_less_is_ended_when_it_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = []

    async def note(*_: object, within_s: float | None = None) -> None:
        limits.append(within_s)

    improver = Improver()
    monkeypatch.setattr(improver._worker, "run", note)
    await improver.again(Replanned(Plan(0, {}, {})), {}, 1.0)

    assert limits == [1.0 + ANSWERS_S]
