"""What is due is sent at least once under one key, waits for the morning, or becomes a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from pydantic import SecretStr

from maas.notify.channels import Later, Letter, Outcome, Refused, Sent
from maas.notify.next_step import LEASE_S, TRIES, TRIES_UNRUNG
from maas.notify.occasions import Channel, Occasion
from maas.notify.post import Post
from maas.notify.wanted import wanted
from maas.people.links import RideLink, read_ride_token
from maas.posting import links
from maas.settings import Settings
from maas.store.bookings import BookingRow, add_booking, add_promise
from maas.store.database import Database
from maas.store.members import Contact, MemberRow, save_members
from maas.store.notifications import NotificationRow, change, notifications_of
from tests.maas.line_town import HandClock
from tests.maas.notify.samples import BOOKING, MEMBER, PROMISE

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class Told:
    """A channel that keeps what it is given; `outcomes` come first, then everything is sent."""

    letters: list[Letter] = field(default_factory=list)
    outcomes: list[Outcome | Exception] = field(default_factory=list)

    async def send(self, letter: Letter) -> Outcome:
        self.letters.append(letter)
        outcome = self.outcomes.pop(0) if self.outcomes else Sent()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@dataclass(slots=True)
class Scene:
    """The line town with one booking, its post, and the hands of its clock."""

    database: Database
    clock: HandClock
    sms: Told = field(default_factory=Told)
    mail: Told = field(default_factory=Told)

    def post(self, *, receipts: bool = False) -> Post:
        senders = {Channel.SMS: self.sms, Channel.EMAIL: self.mail}
        return Post(self.database, senders, self.clock, receipts)

    async def want(
        self,
        occasion: Occasion,
        *,
        member: MemberRow = MEMBER,
        row: BookingRow = BOOKING,
        due_at: float | None = None,
    ) -> None:
        async with self.database.writing() as db:
            await wanted(occasion, row, member, now=self.clock(), due_at=due_at).write(db)

    async def rows(self) -> Sequence[NotificationRow]:
        async with self.database.reading() as db:
            return await notifications_of(db, BOOKING.id)

    async def states(self) -> dict[str, str]:
        return {row.key: row.state for row in await self.rows()}


@pytest.fixture
async def scene(database: Database, town: Callable[[], Awaitable[None]]) -> Scene:
    """Nine in the morning; the ride is at ten."""
    await town()
    async with database.writing() as db:
        await save_members(db, [MEMBER])
        await add_booking(db, BOOKING)
        await add_promise(db, PROMISE)
    return Scene(database, HandClock("09:00"))


async def test_a_message_is_sent_once(scene: Scene) -> None:
    await scene.want(Occasion.BOOKED)

    await scene.post().once()
    await scene.post().once()

    (letter,) = scene.sms.letters
    assert (letter.key, letter.address) == ("booked:b1:1", "0000001001")
    assert "11/25(水) 10:00〜10:15に場所1へお迎え" in letter.message.short
    (row,) = await scene.rows()
    assert (row.state, row.attempts, row.sent_at) == ("sent", 1, scene.clock())


async def test_a_message_carries_the_link_to_its_ride(scene: Scene) -> None:
    daughter = Contact("娘", email="daughter@example.test", watch=True)
    await scene.want(Occasion.BOOKED)
    await scene.want(Occasion.ARRIVED, member=replace(MEMBER, contacts=(daughter,)))
    async with scene.database.writing() as db:
        await save_members(db, [replace(MEMBER, contacts=(daughter,))])
    post = scene.post()
    post.link_to = lambda booking_id, own: f"https://t.test/{booking_id}/{own}"

    await post.all()

    assert [each.message.link for each in scene.sms.letters] == ["https://t.test/b1/True"]
    assert [each.message.link for each in scene.mail.letters] == ["https://t.test/b1/False"]


async def test_a_message_about_nothing_any_more_has_no_link(scene: Scene) -> None:
    await scene.want(Occasion.CANCELLED)
    post = scene.post()
    post.link_to = lambda booking_id, own: f"https://t.test/{booking_id}/{own}"
    await post.all()
    assert [each.message.link for each in scene.sms.letters] == [""]


def test_links_lead_to_the_pages_of_the_address_that_is_set() -> None:
    assert links(Settings()) is None
    settings = Settings(public_url="https://bus.test/", secret=SecretStr("key"))
    link_to = links(settings)
    assert link_to is not None
    of_family = False
    address, _, token = link_to("0f" * 16, of_family).rpartition("/")
    assert address == "https://bus.test/r"
    assert read_ride_token(token, b"key") == RideLink("0f" * 16, own=False)


async def test_one_whose_sender_died_is_sent_again_once_its_lease_is_over(scene: Scene) -> None:
    await scene.want(Occasion.BOOKED)
    (row,) = await scene.rows()
    leased = {"state": "sending", "attempts": 1, "next_at": scene.clock() + LEASE_S}
    async with scene.database.writing() as db:
        assert await change(db, row, **leased)

    scene.clock.set("09:00:59")
    await scene.post().once()
    assert scene.sms.letters == []
    scene.clock.set("09:01:00")
    await scene.post().once()

    assert [each.key for each in scene.sms.letters] == [row.key]
    assert await scene.states() == {row.key: "sent"}


async def test_a_sender_that_wakes_up_late_does_not_undo_what_another_has_done(
    scene: Scene,
) -> None:
    await scene.want(Occasion.BOOKED)
    asleep, awake = asyncio.Event(), asyncio.Event()

    class Slow(Told):
        async def send(self, letter: Letter) -> Outcome:
            asleep.set()
            await awake.wait()
            self.letters.append(letter)
            return Later("slow")

    slow = Post(scene.database, {Channel.SMS: Slow()}, scene.clock)
    sending = asyncio.create_task(slow.once())
    await asleep.wait()
    scene.clock.set("09:02")
    await scene.post().once()
    awake.set()
    await sending

    (row,) = await scene.rows()
    assert (row.state, row.attempts, row.error) == ("sent", 2, None)


async def test_two_posts_send_each_message_once_between_them(scene: Scene) -> None:
    for number in range(8):
        await scene.want(Occasion.VEHICLE_OUT, row=BOOKING)
        scene.clock.set(f"09:00:{number + 1:02d}")

    await asyncio.gather(scene.post().once(), scene.post().once(), scene.post().once())

    keys = [letter.key for letter in scene.sms.letters]
    assert sorted(keys) == sorted(set(keys))
    assert len(keys) == 8


async def test_what_fails_is_tried_again_after_longer_and_longer(scene: Scene) -> None:
    scene.sms.outcomes = [Later("busy"), Later("busy")]
    await scene.want(Occasion.BOOKED)

    for moment, tries in [("09:00", 1), ("09:00:04", 1), ("09:00:05", 2), ("09:00:14", 2)]:
        scene.clock.set(moment)
        await scene.post().once()
        assert len(scene.sms.letters) == tries, moment
    scene.clock.set("09:00:15")
    await scene.post().once()

    assert await scene.states() == {"booked:b1:1": "sent"}


async def test_a_bug_of_ours_is_tried_again_too(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.sms.outcomes = [RuntimeError("boom")]
    await scene.want(Occasion.MOVED)

    await scene.post().once()

    (row,) = await scene.rows()
    assert (row.state, row.error) == ("waiting", "error of ours")
    assert "0000001001" not in caplog.text
    assert "標本" not in caplog.text


async def test_one_that_cannot_be_put_into_words_holds_up_no_other(scene: Scene) -> None:
    await scene.want(Occasion.MOVED)
    (odd,) = await scene.rows()
    async with scene.database.writing() as db:
        await change(db, odd, facts={})
    await scene.want(Occasion.VEHICLE_OUT)

    await scene.post().once()

    found = {row.occasion: (row.state, row.error) for row in await scene.rows()}
    assert found == {"moved": ("waiting", "error of ours"), "vehicle_out": ("sent", None)}


async def test_what_must_be_known_and_is_refused_is_rung(scene: Scene) -> None:
    scene.sms.outcomes = [Refused("gateway: 422")]
    await scene.want(Occasion.MOVED, due_at=scene.clock() + 60)

    await scene.post().once()

    failed, call = await scene.rows()
    assert (failed.key, failed.state, failed.error) == ("moved:b1:1", "failed", "gateway: 422")
    assert (call.key, call.channel, call.state) == ("moved:b1:1:call", "phone", "waiting")
    assert (call.address, call.due_at, call.attempts) == ("0000001001", failed.due_at, 0)
    assert call.error == "gateway: 422"


async def test_after_some_tries_an_operator_rings(scene: Scene) -> None:
    scene.sms.outcomes = [Later("busy")] * 100
    await scene.want(Occasion.MOVED, due_at=scene.clock() + 86_400)

    for _ in range(TRIES + 3):
        scene.clock.epoch += 900
        await scene.post().once()

    assert len(scene.sms.letters) == TRIES
    assert await scene.states() == {"moved:b1:1": "failed", "moved:b1:1:call": "waiting"}


async def test_what_had_to_be_known_by_now_is_rung_rather_than_tried_again(scene: Scene) -> None:
    scene.sms.outcomes = [Later("busy")] * 100
    await scene.want(Occasion.MOVED, due_at=scene.clock() + 7)

    await scene.post().once()
    scene.clock.epoch += 5
    await scene.post().once()
    assert (await scene.states())["moved:b1:1"] == "waiting"
    scene.clock.epoch += 10
    await scene.post().once()

    assert len(scene.sms.letters) == 2
    assert (await scene.states())["moved:b1:1:call"] == "waiting"


async def test_what_nobody_rings_about_is_given_up_in_the_end(scene: Scene) -> None:
    scene.sms.outcomes = [Later("busy")] * 100
    await scene.want(Occasion.CANCELLED)
    (row,) = await scene.rows()
    async with scene.database.writing() as db:
        await change(db, row, occasion="booked", attempts=TRIES_UNRUNG, until=None)

    await scene.post().once()

    assert scene.sms.letters == []
    assert await scene.states() == {row.key: "dropped"}


async def test_a_channel_that_is_not_set_up_is_the_operators_telephone(scene: Scene) -> None:
    line = replace(MEMBER, confirm_by="line", line_id="U1")
    await scene.want(Occasion.BOOKED, member=line)
    await scene.want(Occasion.CONNECTION, member=line)

    await scene.post().once()

    found = {(row.occasion, row.channel): row.state for row in await scene.rows()}
    assert found == {
        ("booked", "line"): "dropped",
        ("connection", "line"): "failed",
        ("connection", "phone"): "waiting",
    }


async def test_what_comes_too_late_is_not_sent(scene: Scene) -> None:
    await scene.want(Occasion.COMING)
    scene.clock.set("10:15:01")

    await scene.post().once()

    assert scene.sms.letters == []
    assert await scene.states() == {"coming:b1:1": "dropped"}


async def test_nobody_is_rung_in_the_night_for_what_can_wait(scene: Scene) -> None:
    scene.clock.set("20:00")
    await scene.want(Occasion.CANCELLED)

    await scene.post().once()
    (row,) = await scene.rows()
    assert (row.state, row.attempts) == ("waiting", 0)
    scene.clock.set("30:59:59")
    await scene.post().once()
    assert scene.sms.letters == []
    scene.clock.set("31:00")
    await scene.post().once()

    assert len(scene.sms.letters) == 1


DAUGHTER = Contact("標本 めぐみ", "娘", "", "daughter@example.test", watch=True)


def with_daughter(**changes: object) -> MemberRow:
    """Return the rider, whose daughter watches over them."""
    return replace(MEMBER, contacts=(replace(DAUGHTER, **changes),))  # type: ignore[arg-type]


async def test_the_family_hears_of_the_departure(scene: Scene) -> None:
    rider = with_daughter()
    async with scene.database.writing() as db:
        await save_members(db, [rider])
    aboard = replace(BOOKING, state="aboard", aboard_s=36_120)
    await scene.want(Occasion.DEPARTED, member=rider, row=aboard)

    await scene.post().once()

    (letter,) = scene.mail.letters
    assert letter.address == "daughter@example.test"
    assert "標本 1さんは、10:02に場所1で車に乗りました" in letter.message.full
    assert scene.sms.letters == []


@pytest.mark.parametrize("taken_back", [{"watch": False}, {"email": "other@example.test"}])
async def test_a_consent_taken_back_stops_what_waits(
    scene: Scene, taken_back: dict[str, object]
) -> None:
    await scene.want(Occasion.DEPARTED, member=with_daughter())
    async with scene.database.writing() as db:
        await save_members(db, [with_daughter(**taken_back)])

    await scene.post().once()

    assert scene.mail.letters == []
    (row,) = await scene.rows()
    assert (row.state, row.error) == ("dropped", "no consent")


async def test_what_no_receipt_has_come_for_in_time_is_rung(scene: Scene) -> None:
    await scene.want(Occasion.MOVED, due_at=scene.clock() + 600)
    await scene.post(receipts=True).once()
    scene.clock.epoch += 599
    await scene.post(receipts=True).once()
    assert await scene.states() == {"moved:b1:1": "sent"}

    scene.clock.epoch += 1
    await scene.post(receipts=False).once()
    assert await scene.states() == {"moved:b1:1": "sent"}
    await scene.post(receipts=True).once()

    assert await scene.states() == {"moved:b1:1": "failed", "moved:b1:1:call": "waiting"}


async def test_the_most_urgent_goes_first(scene: Scene) -> None:
    await scene.want(Occasion.BOOKED)
    await scene.want(Occasion.VEHICLE_OUT)

    async with scene.database.reading() as db:
        from maas.store.notifications import due

        first = await due(db, ["sms"], scene.clock(), 1)

    assert [row.occasion for row in first] == ["vehicle_out"]
