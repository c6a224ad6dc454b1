"""Weekly bookings are made ahead, each day once, on both databases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from maas.rides.keeper import Keeper
from maas.rides.returns import OpenReturns
from maas.rides.standing_bookings import StandingBookings
from maas.rides.views import AskIn, Barred, BookingView, NotFound, StandingView
from maas.rides.waitlist import Waitlist
from maas.rides.weekly import days, rests
from maas.store.standing import StandingRow
from tests.maas.line_town import HandClock, Van, of_day
from tests.maas.rides.conftest import NewKeeper, booked

# Wednesday 25 November 2026; Monday 23 was a holiday.
MONDAYS = [date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 14), date(2026, 12, 21)]


def trip(rider_id: int | None = 1, **more: object) -> AskIn:
    return AskIn(4, 9, time=of_day("10:00"), rider_id=rider_id, **more)  # type: ignore[arg-type]


async def stands(keeper: Keeper, key: str = "stand", **more: object) -> StandingView:
    options: dict[str, object] = {
        "weekdays": [0],
        "span": (date(2026, 11, 25), None),
        "holidays": False,
        "open_return": False,
        **more,
    }
    view = await StandingBookings(keeper).add(trip(), key=key, actor="yuki", **options)  # type: ignore[arg-type]
    assert isinstance(view, StandingView), view
    return view


async def states(keeper: Keeper, days_: list[date]) -> list[list[str]]:
    return [[b.state for b in await keeper.bookings(day)] for day in days_]


async def test_every_monday_of_four_weeks_is_booked_once(
    keeper: Keeper, new_keeper: NewKeeper
) -> None:
    await stands(keeper)

    assert await StandingBookings(keeper).go_on() == 4
    assert await StandingBookings(keeper).go_on() == 0
    fresh = new_keeper()
    await fresh.refresh()
    assert await StandingBookings(fresh).go_on() == 0

    assert await states(fresh, MONDAYS) == [["booked"]] * 4
    (view,) = await StandingBookings(fresh).on()
    assert [(day.date, day.outcome) for day in view.days] == [(day, "booked") for day in MONDAYS]
    booking = (await fresh.bookings(MONDAYS[3]))[0]  # beyond the horizon of fourteen days
    assert (booking.channel, booking.rider and booking.rider.id) == ("standing", 1)


async def test_a_new_week_is_booked_as_time_goes_on(keeper: Keeper, clock: HandClock) -> None:
    await stands(keeper)
    await StandingBookings(keeper).go_on()
    clock.epoch += 3 * 86_400

    assert await StandingBookings(keeper).go_on() == 0
    clock.epoch += 2 * 86_400
    assert await StandingBookings(keeper).go_on() == 1  # 28 December, in the closed season

    (view,) = await StandingBookings(keeper).on()
    assert [day.outcome for day in view.days][-1] == "skipped"
    assert "12月27日から1月4日まで" in view.days[-1].sentence.ja


async def test_a_cancelled_day_stays_cancelled(keeper: Keeper) -> None:
    await stands(keeper)
    await StandingBookings(keeper).go_on()
    mine = (await keeper.bookings(MONDAYS[1]))[0]
    await keeper.cancel(mine.id, reason="", key="c", actor="yuki")

    assert await StandingBookings(keeper).go_on() == 0
    assert await states(keeper, MONDAYS) == [["booked"], ["cancelled"], ["booked"], ["booked"]]


async def test_a_full_day_is_an_exception_that_waits_and_is_seen(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> None:
    await town([Van(seats=1)])
    keeper = new_keeper()
    await keeper.refresh()
    for n in range(2):  # back and forth in a quarter of an hour there is no third time
        await booked(keeper, AskIn(4, 9, day=MONDAYS[0], time=of_day("10:00")), f"busy {n}")
    await stands(keeper)
    standing = StandingBookings(keeper)

    await standing.go_on()

    (missing,) = await standing.exceptions()
    assert (missing.date, missing.outcome, missing.booking_id) == (MONDAYS[0], "refused", None)
    assert missing.sentence.ja
    waiting = await Waitlist(keeper).on()
    assert [(w.date, w.rider and w.rider.id) for w in waiting] == [(MONDAYS[0], 1)]
    assert await standing.see(missing.standing_id, missing.date, "yuki")
    assert not await standing.see(missing.standing_id, date(2026, 11, 29), "yuki")
    assert await standing.exceptions() == []


async def test_a_pause_cancels_its_days_and_its_end_books_them_again(keeper: Keeper) -> None:
    view = await stands(keeper)
    standing = StandingBookings(keeper)
    await standing.go_on()

    await standing.pause(view.id, MONDAYS[1], MONDAYS[2], key="p", actor="yuki")
    assert await standing.go_on() == 2
    assert await standing.go_on() == 0
    assert await states(keeper, MONDAYS) == [["booked"], ["cancelled"], ["cancelled"], ["booked"]]

    await standing.pause(view.id, None, None, key="q", actor="yuki")
    assert await standing.go_on() == 2
    paused = await keeper.bookings(MONDAYS[1])
    assert sorted(b.state for b in paused) == ["booked", "cancelled"]


async def test_what_has_ended_is_cancelled_after_its_last_day(keeper: Keeper) -> None:
    view = await stands(keeper)
    standing = StandingBookings(keeper)
    await standing.go_on()

    ended = await standing.end(view.id, MONDAYS[1], key="e", actor="yuki")
    await standing.go_on()

    assert isinstance(ended, StandingView)
    assert await states(keeper, MONDAYS) == [["booked"], ["booked"], ["cancelled"], ["cancelled"]]
    unknown = await standing.end("nothing", MONDAYS[1], key="f", actor="yuki")
    assert isinstance(unknown, NotFound)


async def test_an_open_return_comes_with_each_day(keeper: Keeper, clock: HandClock) -> None:
    await stands(keeper, open_return=True)
    await StandingBookings(keeper).go_on()

    assert await states(keeper, MONDAYS) == [["booked", "held"]] * 4
    clock.epoch += 5 * 86_400
    (waiting,) = await OpenReturns(keeper).on()
    assert waiting.rider is not None


async def test_a_public_holiday_is_skipped_and_said(keeper: Keeper, clock: HandClock) -> None:
    clock.epoch -= 9 * 86_400  # Monday 16 November
    await stands(keeper, span=(date(2026, 11, 17), date(2026, 11, 30)))
    await StandingBookings(keeper).go_on()

    (view,) = await StandingBookings(keeper).on()
    assert [(day.date.day, day.outcome) for day in view.days] == [(23, "skipped"), (30, "booked")]
    assert "勤労感謝の日" in view.days[0].sentence.ja


async def test_weekly_bookings_are_for_members_where_the_town_has_them(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> None:
    await town([Van()], rules="standing_weeks = 0")
    keeper = new_keeper()
    await keeper.refresh()
    add = StandingBookings(keeper).add

    none = await add(
        trip(), [0], (date(2026, 11, 25), None), holidays=False, open_return=False, key="a",
        actor="yuki",
    )  # fmt: skip

    assert isinstance(none, Barred)
    assert none.rule == "booking.standing_weeks"


async def test_a_weekly_booking_needs_a_member(keeper: Keeper) -> None:
    answer = await StandingBookings(keeper).add(
        trip(77), [0], (date(2026, 11, 25), None), holidays=False, open_return=False, key="a",
        actor="yuki",
    )  # fmt: skip

    assert isinstance(answer, NotFound)


@pytest.mark.parametrize(
    ("paused", "resting"),
    [
        ((None, None), []),
        ((date(2026, 12, 7), None), [1, 2, 3]),
        ((date(2026, 12, 1), date(2026, 12, 7)), [1]),
    ],
)
def test_a_pause_lasts_from_its_first_to_its_last_day(
    paused: tuple[date | None, date | None], resting: list[int]
) -> None:
    row = StandingRow(
        "s", "line", 1, {}, [0], bool(0), MONDAYS[0], MONDAYS[3], paused[0], paused[1], 0.0, "yuki"
    )

    assert list(days(row, date(2026, 11, 25), 4)) == MONDAYS[:4]
    assert list(days(row, date(2026, 11, 25), 2)) == MONDAYS[:2]
    assert list(days(row, date(2026, 12, 8), 4)) == MONDAYS[2:]
    assert [n for n, day in enumerate(MONDAYS) if rests(row, day)] == resting


async def test_no_ride_of_the_same_person_at_once_is_made(keeper: Keeper) -> None:
    other = await booked(
        keeper, AskIn(5, 10, day=MONDAYS[0], time=of_day("10:05"), rider_id=1), "a", rider_id=1
    )
    await stands(keeper)
    await StandingBookings(keeper).go_on()

    assert await keeper.bookings(MONDAYS[0]) == [other]
    (missing,) = await StandingBookings(keeper).exceptions()
    assert missing.reason == "overlap"
    assert isinstance(other, BookingView)
