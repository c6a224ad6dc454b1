"""Vehicles that run late: another one takes over, or the rider is told before the time passes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import pytest
from sqlalchemy import select

from dispatcher import TravelTimes
from dispatcher.broken import Replanned
from dispatcher.events import improved
from maas.notify.manners import Manners
from maas.notify.occasions import Channel
from maas.notify.tasks import note, tasks
from maas.rides import beside, earlier
from maas.rides.disruption import Upset
from maas.rides.earlier import fetched_earlier
from maas.rides.improver import Improver
from maas.rides.keeper import Keeper
from maas.rides.late import watch
from maas.rides.views import BookingView, JobView
from maas.store import notifications as kept
from maas.store.database import Database
from maas.store.tables import notifications, outbox
from tests.maas import line_town
from tests.maas.line_town import DAY0, LAT, LON, STEP, HandClock, Van, of_day
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_booking import TODAY
from tests.maas.rides.test_disruption import CLOSURES as CLOSURES
from tests.maas.rides.test_disruption import ledger, messages, report
from tests.ports import PATIENCE_S

Start = Callable[..., Awaitable[Keeper]]


@pytest.fixture
def start(town: Callable[..., Awaitable[None]], new_keeper: NewKeeper) -> Start:
    """A keeper of the vans asked for, with more lines of the rule."""

    async def make(*vans: Van, rules: str = "") -> Keeper:
        await town(vans or (Van(),), rules=rules)
        keeper = new_keeper()
        await keeper.refresh()
        return keeper

    return make


def seen(keeper: Keeper, vehicle_id: str, minutes: float) -> None:
    """Hear that a vehicle is so many minutes along the road now."""
    keeper.on_position(vehicle_id, LAT, LON + minutes * STEP, keeper.clock())


async def late_by(keeper: Keeper, clock: HandClock, booking: BookingView, minutes: int) -> None:
    """Let it be three minutes before a pickup ends, with its van so far away that it is late.

    The pickup is at p3; the van is further up the road.
    """
    clock.epoch = booking.pickup_to - 180
    seen(keeper, booking.vehicle.id, 3 + 3 + minutes)


async def kinds(database: Database) -> list[str]:
    async with database.reading() as connection:
        rows = await connection.execute(select(outbox.c.body).order_by(outbox.c.id))
        return [msgspec.json.decode(row[0])["kind"] for row in rows]


async def now_of(keeper: Keeper, booking: BookingView) -> BookingView:
    found = await keeper.booking(booking.id)
    assert isinstance(found, BookingView)
    return found


async def step(keeper: Keeper, booking: BookingView, what: str, key: str) -> None:
    done = await keeper.step(
        booking.vehicle.id, booking.id, what, at=None, key=key, actor=booking.vehicle.id,  # type: ignore[arg-type]
    )  # fmt: skip
    assert isinstance(done, JobView), done


async def test_a_rider_hears_of_a_late_vehicle_before_the_old_time_passes(
    start: Start, clock: HandClock
) -> None:
    keeper = await start()
    booking = await booked(keeper, ask(3, 8), "a")
    await late_by(keeper, clock, booking, 6)

    assert await watch(keeper) == 1

    rows = await ledger(keeper, booking.id)
    assert [why for why, _, _ in rows] == ["booked", "late"]
    ends_s = booking.pickup_to + 360 - DAY0
    assert rows[1][2] == -(-ends_s // 300) * 300  # the next full five minutes
    assert await messages(keeper.database) == [("moved", booking.id, clock())]
    assert clock() < booking.pickup_to
    assert (await now_of(keeper, booking)).pickup_planned == booking.pickup_to + 360
    assert await keeper.check() == []
    assert await watch(keeper) == 0


async def test_an_arrival_told_anew_is_at_a_full_five_minutes_too(
    start: Start, clock: HandClock
) -> None:
    keeper = await start()
    booking = await booked(keeper, ask(3, 8), "a")
    await late_by(keeper, clock, booking, 25)

    assert await watch(keeper) == 1

    now = await now_of(keeper, booking)
    assert now.arrive_by > booking.arrive_by
    assert (now.arrive_by - DAY0) % 300 == 0
    assert await keeper.check() == []


async def test_the_message_says_that_a_vehicle_is_late(start: Start, clock: HandClock) -> None:
    keeper = await start()
    booking = await booked(keeper, ask(3, 8), "a")
    await late_by(keeper, clock, booking, 6)
    await watch(keeper)

    async with keeper.database.reading() as connection:
        [facts] = (await connection.execute(select(notifications.c.facts))).scalars()
    assert facts["reason"] == "前の運行の遅れ"
    assert facts["old_to_s"] == booking.pickup_to - DAY0
    assert facts["to_s"] > facts["old_to_s"]


async def test_four_minutes_late_is_told_to_nobody(start: Start, clock: HandClock) -> None:
    keeper = await start()
    booking = await booked(keeper, ask(3, 8), "a")
    await late_by(keeper, clock, booking, 4)

    assert await watch(keeper) == 0
    assert await messages(keeper.database) == []


@pytest.mark.parametrize(("rules", "told"), [("late_told_min = 0", 0), ("late_told_min = 4", 1)])
async def test_the_town_says_how_late_is_told(
    rules: str, told: int, start: Start, clock: HandClock
) -> None:
    keeper = await start(rules=rules)
    booking = await booked(keeper, ask(3, 8), "a")
    await late_by(keeper, clock, booking, 4)

    assert await watch(keeper) == told


async def test_nobody_is_told_twice_for_less_than_five_minutes_more(
    start: Start, clock: HandClock
) -> None:
    keeper = await start()
    booking = await booked(keeper, ask(3, 8), "a")
    await late_by(keeper, clock, booking, 6)
    await watch(keeper)
    told_s = (await ledger(keeper, booking.id))[-1][2]

    clock.epoch = DAY0 + told_s - 240
    seen(keeper, "van-1", 3 + 4 + 4)  # four minutes after what was told
    assert await watch(keeper) == 0
    seen(keeper, "van-1", 3 + 4 + 5)
    assert await watch(keeper) == 1
    assert [why for why, _, _ in await ledger(keeper, booking.id)] == ["booked", "late", "late"]


async def test_another_van_fetches_whom_a_late_one_cannot(start: Start, clock: HandClock) -> None:
    keeper = await start(Van("van-1"), Van("van-2"))
    booking = await booked(keeper, ask(3, 8), "a")
    other = "van-2" if booking.vehicle.id == "van-1" else "van-1"
    await late_by(keeper, clock, booking, 6)

    assert await watch(keeper) == 1

    now = await now_of(keeper, booking)
    assert now.vehicle.id == other
    assert now.pickup_planned <= booking.pickup_to
    assert [why for why, _, _ in await ledger(keeper, booking.id)] == ["booked"]
    assert await messages(keeper.database) == []
    assert await keeper.check() == []


async def test_of_those_on_one_late_van_only_who_is_late_enough_is_told(
    start: Start, clock: HandClock
) -> None:
    keeper = await start()
    first = await booked(keeper, ask(3, 8), "a")
    later = await booked(keeper, ask(8, 3, "11:30"), "b")
    await late_by(keeper, clock, first, 6)

    await watch(keeper)

    assert {id_ for _, id_, _ in await messages(keeper.database)} == {first.id}
    assert [why for why, _, _ in await ledger(keeper, later.id)] == ["booked"]


async def test_who_waited_for_a_vehicle_is_told_when_a_late_one_takes_them_too(
    start: Start, clock: HandClock
) -> None:
    keeper = await start(Van("van-1", seats=1), Van("van-2", seats=1))
    first = await booked(keeper, ask(3, 4, "09:30"), "first")
    van = first.vehicle.id
    two = {row.id: row for key in ("a", "b") if (row := await booked(keeper, ask(1, 12), key))}
    [other] = {row.vehicle.id for row in two.values()} - {van}
    await report(keeper, Upset("vehicle_out", vehicles=(other,)))
    await report(keeper, Upset("driver_off", vehicles=(van,), at_s=of_day("10:35")), "off")
    [waits] = [row.id for row in (await keeper.day_of(TODAY)).unplaced]
    [gone] = two.keys() - {waits}
    await keeper.cancel(gone, reason="", key="c", actor="yuki")
    await late_by(keeper, clock, first, 6)

    assert await watch(keeper) == 1

    assert not (await keeper.day_of(TODAY)).unplaced
    assert [(await ledger(keeper, id_))[-1][0] for id_ in (first.id, waits)] == ["late", "late"]
    told = {(kind, id_) for kind, id_, _ in await messages(keeper.database)}
    assert {("moved", first.id), ("moved", waits)} <= told
    assert await keeper.check() == []


async def test_who_is_on_board_sees_it_and_is_not_rung(start: Start, clock: HandClock) -> None:
    keeper = await start()
    booking = await booked(keeper, ask(3, 8), "a")
    clock.epoch = booking.pickup_to
    await step(keeper, booking, "arrived", "s1")
    await step(keeper, booking, "aboard", "s2")
    clock.epoch = booking.arrive_by
    seen(keeper, "van-1", 2)

    assert await watch(keeper) == 1

    assert (await now_of(keeper, booking)).arrive_planned == booking.arrive_by + 360
    assert await messages(keeper.database) == []
    assert [why for why, _, _ in await ledger(keeper, booking.id)] == ["booked"]
    assert (await kinds(keeper.database))[-1] == "booking.late"
    assert await watch(keeper) == 0


async def test_of_those_on_board_and_those_who_wait_only_these_are_rung(
    start: Start, clock: HandClock
) -> None:
    keeper = await start()
    first = await booked(keeper, ask(3, 8), "a")
    second = await booked(keeper, ask(8, 3, "10:15"), "b")
    clock.epoch = first.pickup_to
    await step(keeper, first, "arrived", "s1")
    await step(keeper, first, "aboard", "s2")
    clock.epoch = second.pickup_to - 180
    seen(keeper, "van-1", 8 + 3 + 15)

    await watch(keeper)

    assert [id_ for _, id_, _ in await messages(keeper.database)] == [second.id]
    assert [why for why, _, _ in await ledger(keeper, first.id)] == ["booked"]
    assert [why for why, _, _ in await ledger(keeper, second.id)] == ["booked", "late"]


async def test_whoever_the_driver_stands_in_front_of_is_not_rung(
    start: Start, clock: HandClock
) -> None:
    keeper = await start()
    booking = await booked(keeper, ask(3, 8), "a")
    clock.epoch = booking.pickup_to
    await step(keeper, booking, "arrived", "s1")
    clock.epoch = booking.arrive_by + 600

    assert await watch(keeper) == 1
    assert await messages(keeper.database) == []
    assert [why for why, _, _ in await ledger(keeper, booking.id)] == ["booked"]


async def held_up(
    start: Start, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> tuple[Keeper, BookingView]:
    """A van waits for somebody up to a quarter of an hour, a minute's drive from another rider.

    Returns the keeper and the other's ride.
    """
    patient = line_town.RULES.replace("no_show_wait_min = 5", "no_show_wait_min = 15")
    monkeypatch.setattr(line_town, "RULES", patient)
    keeper = await start()
    first = await booked(keeper, ask(3, 9, "09:55"), "a")
    clock.set("09:45")
    other = await booked(keeper, ask(4, 9, "10:00"), "b")
    clock.epoch = other.pickup_to - 600
    await step(keeper, first, "arrived", "s1")
    return keeper, other


async def test_who_may_be_late_hears_it_at_the_last_chance(
    start: Start, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, other = await held_up(start, clock, monkeypatch)
    clock.epoch = other.pickup_to - 75
    before = await watch(keeper)
    clock.epoch = other.pickup_to - 45

    assert (before, await watch(keeper)) == (0, 1)

    rows = await ledger(keeper, other.id)
    assert [why for why, _, _ in rows] == ["booked", "late"]
    told = [what for what, id_, _ in await messages(keeper.database) if id_ == other.id]
    assert told == ["moved"]
    assert await keeper.check() == []
    clock.epoch = other.pickup_to + 300
    assert [id_ for _, id_, _ in await messages(keeper.database)] == [other.id]
    assert await watch(keeper) == 0  # within what was told then


async def test_only_who_leads_looks(
    start: Start, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "WATCH_S", 0.01)
    keeper = await start()
    booking = await booked(keeper, ask(3, 8), "a")
    await late_by(keeper, clock, booking, 6)
    keeper._leads = False
    looking = asyncio.create_task(keeper._watch_late())
    try:
        await asyncio.sleep(0.2)
        assert await messages(keeper.database) == []
        keeper._leads = True
        async with asyncio.timeout(PATIENCE_S):
            while not await messages(keeper.database):  # noqa: ASYNC110 -- it tells nobody
                await asyncio.sleep(0.02)
        clock.epoch += 14
        seen(keeper, "van-1", 12)
        await asyncio.sleep(0.2)
        told = [what for what, _, _ in await messages(keeper.database)]
        assert told == ["moved"]  # and it does not look again before fifteen seconds
    finally:
        looking.cancel()


# Better again


class Here(Improver):
    """Searches at once and in this process; `meanwhile` is what happens while it does."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]] | None = None) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    async def again(
        self, done: Replanned, travel: Mapping[str, TravelTimes], time_limit_s: float
    ) -> Replanned | None:
        found = await asyncio.to_thread(improved, done, travel, time_limit_s=time_limit_s, seed=1)
        if self.meanwhile is not None:
            await self.meanwhile()
        return None if found.plan == done.plan else found


async def moved_by_a_breakdown(start: Start, clock: HandClock) -> tuple[Keeper, BookingView, str]:
    """Two rides at once of two vans at either end; one van is out, and its rider is fetched late.

    Returns the keeper, the ride that was moved and the van that is out.
    """
    keeper = await start(Van("van-1", 1), Van("van-2", 1))
    first = await booked(keeper, ask(1, 12), "a")
    second = await booked(keeper, ask(2, 12), "b")
    assert first.vehicle.id != second.vehicle.id
    clock.set("09:30")
    await report(keeper, Upset("vehicle_out", vehicles=(second.vehicle.id,)))
    rows = {each.id: await ledger(keeper, each.id) for each in (first, second)}
    moved = next(each for each in (first, second) if rows[each.id][-1][0] == "vehicle_out")
    assert rows[moved.id][-1][2] - rows[moved.id][0][2] >= 300
    return keeper, moved, second.vehicle.id


async def test_a_moved_promise_is_made_better_when_a_van_comes_back(
    start: Start, clock: HandClock
) -> None:
    keeper, moved, van = await moved_by_a_breakdown(start, clock)
    assert await fetched_earlier(keeper, Here(), 0.2) is False  # nobody can yet
    await report(keeper, Upset("back", vehicles=(van,)), key="e")

    assert await fetched_earlier(keeper, Here(), 0.2)

    rows = await ledger(keeper, moved.id)
    assert [why for why, _, _ in rows] == ["booked", "vehicle_out", "earlier"]
    assert rows[-1][1:] == rows[0][1:]
    told = [due for what, id_, due in await messages(keeper.database) if id_ == moved.id]
    assert clock() in told
    assert await keeper.check() == []
    assert await fetched_earlier(keeper, Here(), 0.2) is False


async def test_nobody_is_told_of_less_than_five_minutes(
    start: Start, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, moved, van = await moved_by_a_breakdown(start, clock)
    await report(keeper, Upset("back", vehicles=(van,)), key="e")
    rows = await ledger(keeper, moved.id)
    monkeypatch.setattr(earlier, "WORTH_S", rows[-1][2] - rows[0][2] + 3600)

    assert await fetched_earlier(keeper, Here(), 0.2) is False
    assert await ledger(keeper, moved.id) == rows


async def test_what_was_found_is_not_taken_when_a_plan_has_moved_on(
    start: Start, clock: HandClock
) -> None:
    keeper, moved, van = await moved_by_a_breakdown(start, clock)
    await report(keeper, Upset("back", vehicles=(van,)), key="e")

    def another() -> Awaitable[object]:
        return booked(keeper, ask(5, 6, "15:00"), "c")

    assert await fetched_earlier(keeper, Here(another), 0.2) is False
    assert (await ledger(keeper, moved.id))[-1][0] == "vehicle_out"


async def test_nobody_is_told_to_be_out_earlier_than_they_can(
    start: Start, clock: HandClock
) -> None:
    keeper, moved, van = await moved_by_a_breakdown(start, clock)
    await report(keeper, Upset("back", vehicles=(van,)), key="e")
    clock.epoch = moved.pickup_to - 240
    seen(keeper, van, 2)

    await fetched_earlier(keeper, Here(), 0.2)

    rows = await ledger(keeper, moved.id)
    assert all(row[2] - 300 > of_day("00:00") + clock() - DAY0 for row in rows[2:])
    assert rows[-1][2] > moved.pickup_to - DAY0


# Calls stay until somebody was reached


async def test_a_call_about_a_disruption_stays_until_it_is_acknowledged(
    start: Start, clock: HandClock
) -> None:
    keeper = await start()
    booking = await booked(keeper, ask(3, 8), "a", contact_phone="000-000-1003")
    await report(keeper, Upset("vehicle_out", vehicles=("van-1",), reason="パンク"))
    clock.epoch = booking.pickup_to + 3600

    async with keeper.database.writing() as connection:
        rows = await kept.waiting_by(connection, Channel.PHONE)
        [task] = tasks(rows, {"line": Manners("Asia/Tokyo")}, clock())
        assert task.row.booking_id == booking.id
        assert await note(connection, task.row, "not_reached", "yuki", clock())
        [again] = await kept.waiting_by(connection, Channel.PHONE)
        assert await note(connection, again, "reached", "yuki", clock())
        assert await kept.waiting_by(connection, Channel.PHONE) == []


async def test_who_will_be_fetched_late_is_told_as_soon_as_it_is_known(
    start: Start, clock: HandClock
) -> None:
    keeper = await start()
    booking = await booked(keeper, ask(3, 8), "a")
    clock.epoch = booking.pickup_from - 1800
    seen(keeper, "van-1", 60)  # fifty-seven minutes from p3, in half an hour it should be there

    assert await watch(keeper) == 1

    assert await messages(keeper.database) == [("moved", booking.id, clock())]


async def test_who_will_be_three_minutes_late_by_the_same_delay_is_not_told(
    start: Start, clock: HandClock
) -> None:
    keeper = await start()
    first = await booked(keeper, ask(9, 12), "a")
    second = await booked(keeper, ask(11, 12, "10:06"), "b")
    assert second.pickup_to == first.pickup_to + 360
    clock.epoch = first.pickup_to - 180
    seen(keeper, "van-1", 0)  # p9 six minutes late, and p11 three minutes after that

    await watch(keeper)

    assert {id_ for _, id_, _ in await messages(keeper.database)} == {first.id}
    assert [why for why, _, _ in await ledger(keeper, second.id)] == ["booked"]
    assert (await now_of(keeper, second)).pickup_planned == second.pickup_to + 180


async def test_who_will_be_fetched_in_time_after_the_longest_wait_hears_nothing(
    start: Start, clock: HandClock
) -> None:
    keeper = await start()
    first = await booked(keeper, ask(3, 9, "09:55"), "a")
    clock.set("09:45")
    other = await booked(keeper, ask(4, 9, "10:00"), "b")
    clock.epoch = other.pickup_to - 240
    await step(keeper, first, "arrived", "s1")
    clock.epoch = other.pickup_to - 45  # the driver waits three minutes more at the longest

    assert await watch(keeper) == 0

    assert "plan.late" not in await kinds(keeper.database)


async def test_a_van_that_drives_does_not_wait_for_anybody(
    start: Start, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = line_town.RULES.replace("no_show_wait_min = 5", "no_show_wait_min = 15")
    monkeypatch.setattr(line_town, "RULES", patient)
    keeper = await start()
    await booked(keeper, ask(3, 9, "10:05"), "a")
    other = await booked(keeper, ask(4, 9, "10:00"), "b")
    clock.epoch = other.pickup_to - 45
    seen(keeper, "van-1", 2.5)
    job = await keeper.job("van-1")
    assert job is not None
    assert job.next is not None
    assert job.next.booking_id != other.id  # half a minute to p3, and on to p4

    assert await watch(keeper) == 0


async def test_at_the_last_chance_of_one_those_with_more_time_are_not_told(
    start: Start, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = line_town.RULES.replace("no_show_wait_min = 5", "no_show_wait_min = 15")
    monkeypatch.setattr(line_town, "RULES", patient)
    keeper = await start()
    first = await booked(keeper, ask(3, 9, "09:55"), "a")
    clock.set("09:45")
    other = await booked(keeper, ask(4, 9, "10:00"), "b")
    third = await booked(keeper, ask(5, 9, "10:03"), "c")
    clock.epoch = other.pickup_to - 600
    await step(keeper, first, "arrived", "s1")
    clock.epoch = other.pickup_to - 45  # and a quarter of an hour's wait makes both late

    assert await watch(keeper) == 1

    assert [why for why, _, _ in await ledger(keeper, other.id)] == ["booked", "late"]
    assert [why for why, _, _ in await ledger(keeper, third.id)] == ["booked"]
