"""A message is kept once with its change, for the right people, and gives way to a newer one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from maas.notify.audience import CARD_AHEAD_S, Reach, audience
from maas.notify.manners import Manners
from maas.notify.occasions import WAYS, Channel, Occasion
from maas.notify.tasks import tasks
from maas.notify.wanted import by_phone, wanted
from maas.store.bookings import add_booking, add_promise
from maas.store.database import Database
from maas.store.members import Contact, MemberRow
from maas.store.notifications import NotificationRow, notifications_of
from tests.maas.line_town import at
from tests.maas.notify.samples import BOOKING, MEMBER, PROMISE

pytestmark = pytest.mark.anyio
DAUGHTER = Contact("標本 めぐみ", "娘", "000-000-2001", "daughter@example.test", watch=True)
NOW = float(at("09:00"))


@pytest.fixture
async def kept(
    database: Database, town: Callable[[], Awaitable[None]]
) -> Callable[..., Awaitable[list[NotificationRow]]]:
    """Writes messages about one booking of the line town and returns all there are."""
    await town()
    async with database.writing() as db:
        await add_booking(db, BOOKING)
        await add_promise(db, PROMISE)

    async def keep(*occasions: Occasion, **more: object) -> list[NotificationRow]:
        member = more.pop("member", MEMBER)
        now = more.pop("now", NOW)
        async with database.writing() as db:
            for each in occasions:
                assert await wanted(each, BOOKING, member, now=now, **more).write(db)  # type: ignore[arg-type]
        async with database.reading() as db:
            return await notifications_of(db, BOOKING.id)

    return keep


async def test_what_is_kept_tells_of_the_promise_as_it_was_given(
    kept: Callable[..., Awaitable[list[NotificationRow]]],
) -> None:
    (row,) = await kept(Occasion.BOOKED, facts={"reason": "雪"})

    assert (row.channel, row.address, row.state) == ("sms", "0000001001", "waiting")
    assert row.facts["reference"] == BOOKING.reference
    assert (row.facts["from_s"], row.facts["to_s"]) == (36_000, 36_900)
    assert (row.facts["origin"], row.facts["origin_kana"]) == ("場所1", "ばしょ1")
    assert (row.facts["destination_en"], row.facts["reason"]) == ("Place 5", "雪")
    assert (row.due_at, row.until) == (NOW + 3600, at("10:15"))


async def test_a_repeat_is_the_same_message(
    kept: Callable[..., Awaitable[list[NotificationRow]]],
) -> None:
    first = await kept(Occasion.BOOKED)

    assert await kept(Occasion.BOOKED, now=NOW + 60) == first


@pytest.mark.parametrize("occasion", [Occasion.MOVED, Occasion.CHANGED, Occasion.CANCELLED])
async def test_what_replaces_others_does_not_replace_itself(
    kept: Callable[..., Awaitable[list[NotificationRow]]], occasion: Occasion
) -> None:
    first = await kept(occasion)

    assert await kept(occasion, now=NOW + 60) == first


async def test_what_may_happen_again_is_told_again(
    kept: Callable[..., Awaitable[list[NotificationRow]]],
) -> None:
    await kept(Occasion.VEHICLE_OUT)

    assert len(await kept(Occasion.VEHICLE_OUT, now=NOW + 60)) == 2
    assert len(await kept(Occasion.BOOKED, once="another")) == 3


async def test_a_moved_promise_replaces_what_waits_and_is_due_no_later(
    kept: Callable[..., Awaitable[list[NotificationRow]]],
) -> None:
    early = NOW + 300
    await kept(Occasion.BOOKED, due_at=early)

    rows = {row.occasion: row for row in await kept(Occasion.MOVED, due_at=NOW + 1800)}

    assert (rows["booked"].state, rows["booked"].error) == ("dropped", "replaced")
    assert (rows["moved"].state, rows["moved"].due_at) == ("waiting", early)


async def test_who_is_on_board_need_not_be_rung_about_the_pick_up(
    kept: Callable[..., Awaitable[list[NotificationRow]]],
) -> None:
    silent = replace(MEMBER, confirm_by="none")
    await kept(Occasion.MOVED, Occasion.VEHICLE_OUT, Occasion.CONNECTION, member=silent)

    rows = {row.occasion: row.state for row in await kept(Occasion.DEPARTED, member=silent)}

    assert rows == {"moved": "dropped", "vehicle_out": "dropped", "connection": "waiting"}


async def test_an_offer_stands_until_it_has_to_be_answered(
    kept: Callable[..., Awaitable[list[NotificationRow]]],
) -> None:
    (offer,) = await kept(Occasion.WAITLIST_OFFER, due_at=NOW + 900)
    call = by_phone(offer, BOOKING, MEMBER, NOW, "busy")

    assert offer.until == call.until == NOW + 900
    manners = {"line": Manners("Asia/Tokyo")}
    assert [each.row for each in tasks([call], manners, NOW + 900)] == [call]
    assert tasks([call], manners, NOW + 901) == []
    rows = {row.occasion: row.state for row in await kept(Occasion.BOOKED)}
    assert rows == {"waitlist_offer": "dropped", "booked": "waiting"}


async def test_what_is_sent_already_is_not_replaced(
    database: Database, kept: Callable[..., Awaitable[list[NotificationRow]]]
) -> None:
    from maas.store.notifications import change

    (row,) = await kept(Occasion.BOOKED)
    async with database.writing() as db:
        assert await change(db, row, state="sent")

    rows = {row.occasion: row.state for row in await kept(Occasion.CANCELLED)}

    assert rows == {"booked": "sent", "cancelled": "waiting"}


def reach(
    occasion: Occasion, member: MemberRow | None, ahead_s: float = 3600.0
) -> tuple[Reach, ...]:
    """Return who would be told."""
    return audience(occasion, BOOKING, member, ahead_s)


@pytest.mark.parametrize("occasion", [each for each in Occasion if not WAYS[each].watched])
def test_who_wants_nothing_hears_only_what_must_be_heard(occasion: Occasion) -> None:
    silent = replace(MEMBER, confirm_by="none")
    by_phone = (Reach(Channel.PHONE, "0000001001"),)

    assert reach(occasion, silent) == (by_phone if WAYS[occasion].must else ())


def test_a_caller_without_membership_is_rung_at_the_number_left() -> None:
    stranger = replace(BOOKING, member_id=None, contact_phone="０００-０００-９９９９")

    assert audience(Occasion.MOVED, stranger, None, 3600.0) == (Reach(Channel.PHONE, "0000009999"),)


@pytest.mark.parametrize(
    ("confirm_by", "wanted_reach"),
    [
        ("voice", Reach(Channel.VOICE, "0000001001")),
        ("email", Reach(Channel.EMAIL, "osamu@example.test")),
        ("line", Reach(Channel.LINE, "U1")),
        ("phone", Reach(Channel.PHONE, "0000001001")),
    ],
)
def test_each_is_told_as_they_wish(confirm_by: str, wanted_reach: Reach) -> None:
    member = replace(MEMBER, confirm_by=confirm_by, email="osamu@example.test", line_id="U1")

    assert reach(Occasion.REMINDER, member) == (wanted_reach,)


def test_an_address_that_is_not_known_leaves_the_telephone() -> None:
    member = replace(MEMBER, confirm_by="email", email="")

    assert reach(Occasion.MOVED, member) == (Reach(Channel.PHONE, "0000001001"),)
    assert reach(Occasion.BOOKED, member) == ()


def test_a_postcard_is_for_what_has_time() -> None:
    member = replace(MEMBER, confirm_by="postcard", address="見本町1")
    card = (Reach(Channel.POSTCARD, "見本町1"),)

    assert reach(Occasion.BOOKED, member, CARD_AHEAD_S) == card
    assert reach(Occasion.BOOKED, member, CARD_AHEAD_S - 1) == ()
    assert reach(Occasion.MOVED, member, CARD_AHEAD_S) == (Reach(Channel.PHONE, "0000001001"),)
    assert reach(Occasion.REMINDER, member, CARD_AHEAD_S) == ()


def test_who_wants_to_be_rung_is_not_rung_for_what_they_just_arranged() -> None:
    member = replace(MEMBER, confirm_by="phone")

    assert reach(Occasion.BOOKED, member) == reach(Occasion.COMING, member) == ()


@pytest.mark.parametrize("occasion", [Occasion.DEPARTED, Occasion.ARRIVED])
def test_only_family_the_rider_agreed_to_watches(occasion: Occasion) -> None:
    other = replace(DAUGHTER, name="標本 つとむ", watch=False)
    by_text = replace(DAUGHTER, name="標本 きよ", email="")
    member = replace(MEMBER, contacts=(DAUGHTER, other, by_text))

    assert reach(occasion, member) == (
        Reach(Channel.EMAIL, "daughter@example.test", "family:標本 めぐみ"),
        Reach(Channel.SMS, "0000002001", "family:標本 きよ"),
    )
    assert reach(occasion, None) == ()


def test_every_occasion_has_its_way() -> None:
    assert set(WAYS) == set(Occasion)
