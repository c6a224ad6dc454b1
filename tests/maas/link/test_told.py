"""What happens to a booking is told in the commit that makes it so, with nobody in it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from dispatcher import warm
from maas.link.events import Kind
from maas.rides.facts import facts
from maas.rides.keeper import Keeper
from maas.rides.views import BookingView, Event, Quote, Step
from maas.store import commits, webhooks
from maas.store.bookings import bookings_on
from maas.store.members import save_members
from maas.store.tables import webhook_letters
from tests.maas.line_town import LineRoads, at
from tests.maas.link.conftest import Scene, delivered
from tests.maas.link.receiver import Receiver
from tests.maas.notify.samples import DAY, MEMBER, PROMISE
from tests.maas.rides.conftest import ask, booked

pytestmark = pytest.mark.anyio


@pytest.fixture
async def keeper(scene: Scene, receiver: Receiver) -> AsyncIterator[Keeper]:
    """Keeps the line town, where a service is told of everything."""
    warm()
    async with scene.database.writing() as db:
        await save_members(db, [MEMBER])
    await scene.subscribe(receiver)
    keeper = Keeper(
        scene.database, area="line", roads={"car": LineRoads()}, network="line-roads",
        clock=scene.clock, signing_key=b"test", improve_s=0.0,
    )  # fmt: skip
    await keeper.start()
    yield keeper
    await keeper.stop()


async def told(scene: Scene, receiver: Receiver) -> list[dict[str, Any]]:
    """Deliver, and return everything told so far."""
    await delivered(scene.courier(receiver))
    return list(receiver.events.values())


async def step(keeper: Keeper, booking: BookingView, name: Step, at: float | None = None) -> None:
    await keeper.step("van-1", booking.id, name, at=at, key=f"{booking.id}-{name}", actor="d")


async def test_a_ride_is_told_from_its_booking_to_its_end(
    scene: Scene, keeper: Keeper, receiver: Receiver
) -> None:
    booking = await booked(keeper, ask(3, 8), "a", rider_id=1)
    quote = await keeper.quote(ask(3, 8, "10:30"))
    assert isinstance(quote, Quote)
    later = await keeper.change(booking.id, quote.offers[0].token, key="b", actor="yuki")
    assert isinstance(later, BookingView)
    scene.clock.set("10:31")
    await step(keeper, booking, "arrived")
    await step(keeper, booking, "aboard")
    scene.clock.set("10:40")
    await step(keeper, booking, "dropped", at("10:38"))

    events = await told(scene, receiver)

    assert [each["type"] for each in events] == [
        f"jp.maas.booking.{kind}"
        for kind in ("confirmed", "promise_changed", "boarded", "alighted")
    ]
    first, moved, aboard, done = events
    assert first["specversion"] == "1.0"
    assert first["source"] == "/areas/line"
    assert {each["subject"] for each in events} == {booking.id}
    assert len({each["id"] for each in events}) == 4
    assert first["data"]["reference"] == booking.reference
    assert first["data"]["vehicle"]["id"] == "van-1"
    assert (first["data"]["date"], first["time"]) == ("2026-11-25", "2026-11-25T00:00:00Z")
    assert moved["data"]["pickup_from"] > first["data"]["pickup_from"]
    assert moved["data"]["pickup_from"] == aboard["data"]["pickup_from"]
    assert (aboard["time"], done["time"]) == ("2026-11-25T01:31:00Z", "2026-11-25T01:38:00Z")


async def test_nothing_that_is_told_says_who_rides_or_where(
    scene: Scene, keeper: Keeper, receiver: Receiver
) -> None:
    person = {"rider_id": 1, "contact_name": "電話の人", "contact_phone": "000-000-0009"}
    booking = await booked(keeper, ask(3, 8, riders=2), "a", **person)
    await keeper.cancel(booking.id, reason="入院", key="b", actor="yuki")

    events = await told(scene, receiver)

    assert [each["type"].rpartition(".")[2] for each in events] == ["confirmed", "cancelled"]
    for event in events:
        assert set(event["data"]) == {
            "reference", "date", "area", "vehicle", "pickup_from", "pickup_to", "arrive_by",
        }  # fmt: skip
        text = json.dumps(event, ensure_ascii=False)
        for canary in ("標本", "電話", "0009", "1001", "場所", "Place", "入院", "見本", "yuki"):
            assert canary not in text


async def test_who_does_not_come_is_told(scene: Scene, keeper: Keeper, receiver: Receiver) -> None:
    booking = await booked(keeper, ask(3, 8), "a")
    scene.clock.set("10:20")
    await step(keeper, booking, "arrived")
    scene.clock.set("10:40")
    await step(keeper, booking, "no_show")

    kinds = [each["type"].rpartition(".")[2] for each in await told(scene, receiver)]

    assert kinds == ["confirmed", "no_show"]


async def test_other_times_are_told_once_and_not_of_a_seat_that_is_only_held(
    keeper: Keeper,
) -> None:
    booking = await booked(keeper, ask(3, 8), "a")
    promise = replace(PROMISE, booking_id=booking.id)
    moved = Event("booking.moved", "line", booking.date, 0.0, booking=booking)
    pinned = replace(moved, kind="booking.pinned")
    held = replace(moved, booking=replace(booking, state="held"))

    assert [one.kind for one in facts([moved, pinned], [], [promise])] == [Kind.PROMISE_CHANGED]
    assert list(facts([pinned, replace(moved, booking=None)], [], [])) == []
    assert list(facts([held], [], [promise])) == []


async def test_a_commit_that_fails_tells_nobody(
    scene: Scene, keeper: Keeper, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ConnectionError

    quote = await keeper.quote(ask(3, 8))
    assert isinstance(quote, Quote)
    monkeypatch.setattr(commits, "add_audit", broken)
    with pytest.raises(ConnectionError):
        await keeper.book(quote.offers[0].token, rider_id=None, key="a", actor="yuki")

    assert await told(scene, receiver) == []


async def test_what_was_committed_before_the_kill_is_told_by_the_next_process(
    scene: Scene, keeper: Keeper, receiver: Receiver
) -> None:
    """The letter is a row of the same transaction: nobody has to have seen the commit happen."""
    booking = await booked(keeper, ask(3, 8), "a")
    async with scene.database.reading() as db:
        rows = (await db.execute(select(webhook_letters))).all()
        assert [row.id for row in await bookings_on(db, DAY, area_id="line")] == [booking.id]
    assert [row.kind for row in rows] == [Kind.CONFIRMED]
    await scene.database.engine.dispose()

    (event,) = await told(scene, receiver)
    assert event["id"] == rows[0].event_id


async def test_who_is_told_nothing_any_more_keeps_no_booking_back(
    scene: Scene, keeper: Keeper, receiver: Receiver
) -> None:
    await booked(keeper, ask(3, 8), "a")
    async with scene.database.writing() as db:
        assert await webhooks.end_webhook(db, "h1")
        assert not await webhooks.end_webhook(db, "h1")
    await booked(keeper, ask(3, 8, "14:00"), "b")

    assert await told(scene, receiver) == []
    async with scene.database.reading() as db:
        assert (await db.execute(select(webhook_letters))).all() == []
