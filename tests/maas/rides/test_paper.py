"""What was booked and driven on paper is entered once, and what does not fit waits for somebody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from maas.rides.keeper import Keeper
from maas.rides.paper import Papers
from maas.rides.paper_lines import HARD, PaperLine, PaperResult
from maas.rides.views import BookingView, JobView, KeyConflict, NotFound
from maas.store import bookings, commits, duty, rides, takings
from maas.store.database import Database
from tests.maas.line_town import HandClock, of_day
from tests.maas.rides.conftest import ask, booked
from tests.maas.rides.test_booking import TODAY

LINE = PaperLine(
    "261125-1-01", TODAY, "van-1", 4, 9, of_day("10:00"), name="佐藤", phone="000-000-0009"
)


def driven(line: PaperLine, aboard: str, dropped: str, **more: Any) -> PaperLine:  # noqa: ANN401
    return replace(line, aboard_s=of_day(aboard), dropped_s=of_day(dropped), **more)


@pytest.fixture
def papers(keeper: Keeper) -> Papers:
    return Papers(keeper)


async def entered(papers: Papers, *lines: PaperLine) -> list[PaperResult]:
    return await papers.enter(lines, actor="yuki")


async def settled(papers: Papers, id_: str, *, take_it: bool, key: str = "s") -> object:
    return await papers.settle(id_, take_it=take_it, note="紙の通り", key=key, actor="yuki")


def codes(result: PaperResult) -> list[str]:
    return [each.code for each in result.conflicts]


async def test_a_ride_driven_on_paper_becomes_a_ride_with_its_fare(
    keeper: Keeper, papers: Papers, clock: HandClock, database: Database
) -> None:
    clock.set("12:00")

    [result] = await entered(papers, driven(LINE, "10:02", "10:08"))

    assert (result.outcome, codes(result)) == ("taken", [])
    assert result.ride is not None
    assert (result.ride.fare_yen, result.ride.shared) == (500, False)
    found = await keeper.booking(LINE.booking_id)
    assert isinstance(found, BookingView)
    assert (found.state, found.contact_name, found.channel) == ("done", "佐藤", "paper")
    async with database.reading() as connection:
        money = await takings.of_booking(connection, LINE.booking_id)
        told = await bookings.promises_of(connection, LINE.booking_id)
        assert await commits.audit_break(connection) is None
    assert [(row.what, row.yen) for row in money] == [("cash", 500)]
    assert [(row.pickup_from_s, row.why) for row in told] == [(of_day("10:00"), "paper")]
    assert await keeper.check() == []


async def test_two_on_one_sheet_who_rode_together_pay_the_shared_fare(
    papers: Papers, clock: HandClock
) -> None:
    """In whichever order the lines lie."""
    clock.set("12:00")
    other = replace(LINE, id="261125-1-02", origin=6, name="鈴木", phone="000-000-0008")

    results = await entered(papers, driven(other, "10:05", "10:09"), driven(LINE, "10:02", "10:08"))

    assert [each.ride.fare_yen for each in results if each.ride] == [300, 300]
    assert [each.outcome for each in results] == ["taken", "taken"]


async def test_the_same_line_is_entered_once_and_another_under_its_number_not_at_all(
    papers: Papers, clock: HandClock, database: Database
) -> None:
    clock.set("12:00")
    line = driven(LINE, "10:02", "10:08")

    [first] = await entered(papers, line)
    [again] = await entered(papers, line)
    [by_another] = await papers.enter([line], actor="ken")
    [other] = await entered(papers, replace(line, riders=2))
    [other_by_another] = await papers.enter([replace(line, riders=2)], actor="ken")

    assert again == first
    assert (by_another.outcome, by_another.reference) == ("taken", first.reference)
    assert (other.outcome, codes(other)) == ("refused", ["id_reused"])
    assert other_by_another == other
    async with database.reading() as connection:
        assert len(await rides.rides_on(connection, TODAY)) == 1


async def test_a_ride_still_to_come_gets_its_place_in_the_plan(
    keeper: Keeper, papers: Papers
) -> None:
    [result] = await entered(papers, LINE)

    job = await keeper.job("van-1")
    assert (result.outcome, result.ride) == ("taken", None)
    assert job is not None
    assert job.next is not None
    assert (job.next.booking_id, job.next.rider_name) == (LINE.booking_id, "佐藤")
    assert await keeper.check() == []


async def test_somebody_who_did_not_come_is_a_no_show_without_a_ride(
    keeper: Keeper, papers: Papers, clock: HandClock
) -> None:
    clock.set("12:00")

    [result] = await entered(papers, replace(LINE, no_show=True))

    found = await keeper.booking(LINE.booking_id)
    assert isinstance(found, BookingView)
    assert (result.outcome, found.state, await keeper.rides()) == ("taken", "no_show", [])


async def test_the_same_person_at_the_same_time_waits_for_somebody_to_decide(
    keeper: Keeper, papers: Papers, clock: HandClock, database: Database
) -> None:
    mine = await booked(keeper, ask(3, 8), "a", rider_id=2)
    clock.set("12:00")
    line = driven(LINE, "10:02", "10:08", rider_id=2)

    [result] = await entered(papers, line)
    waiting = await settled(papers, "no such", take_it=True)
    taken = await settled(papers, line.id, take_it=True)
    again = await settled(papers, line.id, take_it=True)
    late = await settled(papers, line.id, take_it=False, key="t")

    assert (result.outcome, codes(result)) == ("conflict", ["same_rider"])
    assert mine.reference in result.conflicts[0].sentence.ja
    assert result.booking_id is None
    assert isinstance(waiting, NotFound)
    assert isinstance(taken, PaperResult)
    assert (taken.outcome, taken.booking_id) == ("taken", line.booking_id)
    assert again == taken
    assert isinstance(late, PaperResult)
    assert late.outcome == "taken"
    async with database.reading() as connection:
        [row] = await duty.papers(connection, "line", TODAY)
        left = await duty.papers(connection, "line")
    assert (row.state, row.settled_by, row.note) == ("taken", "yuki", "紙の通り")
    assert left == []


async def test_a_line_can_be_dropped(
    keeper: Keeper, papers: Papers, clock: HandClock, database: Database
) -> None:
    await booked(keeper, ask(3, 8), "a", contact_name="佐藤", contact_phone=LINE.phone)
    clock.set("12:00")
    [waits] = await entered(papers, driven(LINE, "10:02", "10:08"))

    dropped = await settled(papers, LINE.id, take_it=False)

    assert codes(waits) == ["same_rider"]
    assert isinstance(dropped, PaperResult)
    assert dropped.outcome == "dropped"
    assert isinstance(await keeper.booking(LINE.booking_id), NotFound)
    async with database.reading() as connection:
        assert await duty.papers(connection, "line") == []


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("unknown_place", {"origin": 99}),
        ("unknown_vehicle", {"vehicle_id": "van-9"}),
        ("unknown_rider", {"rider_id": 99}),
        ("no_rules", {"day": TODAY.replace(year=2020)}),
        ("times_turned", {"aboard_s": of_day("10:10"), "dropped_s": of_day("10:05")}),
        ("in_future", {"aboard_s": of_day("10:10"), "dropped_s": of_day("12:30")}),
        ("not_driven", {"aboard_s": None, "dropped_s": None}),
    ],
)
async def test_what_cannot_have_been_is_never_taken(
    papers: Papers, clock: HandClock, code: str, changed: dict[str, Any]
) -> None:
    clock.set("12:00")
    line = replace(driven(LINE, "10:02", "10:08"), **changed)

    [result] = await papers.preview([line], actor="yuki")
    [kept] = await entered(papers, line)
    forced = await settled(papers, line.id, take_it=True)

    assert (result.outcome, codes(result)) == ("conflict", [code])
    assert result.conflicts[0].hard is (code in HARD) is True
    assert codes(kept) == [code]
    if code == "unknown_vehicle":  # there is nothing to keep it by
        assert (kept.outcome, isinstance(forced, NotFound)) == ("refused", True)
    else:
        assert isinstance(forced, PaperResult)
        assert (kept.outcome, forced.outcome) == ("conflict", "conflict")


async def test_more_than_fit_in_the_vehicle_are_seen(
    keeper: Keeper, papers: Papers, clock: HandClock
) -> None:
    """Four seats; three of a booking ride from 10:01, and two of a line from 10:05."""
    mine = await booked(keeper, ask(3, 8, riders=3), "a")
    clock.set("10:01")
    await keeper.step("van-1", mine.id, "aboard", at=None, key="b", actor="device:van-1")
    clock.set("10:08")
    await keeper.step("van-1", mine.id, "dropped", at=None, key="c", actor="device:van-1")
    clock.set("12:00")

    [over] = await papers.preview([driven(LINE, "10:05", "10:12", riders=2)], actor="yuki")
    [fits] = await papers.preview([driven(LINE, "10:08", "10:12", riders=4)], actor="yuki")

    assert "over_full" in codes(over)
    assert codes(fits) == []


async def test_a_ride_alone_that_turns_out_to_be_shared_is_seen(
    keeper: Keeper, papers: Papers, clock: HandClock
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:01")
    await keeper.step("van-1", mine.id, "aboard", at=None, key="b", actor="device:van-1")
    clock.set("10:08")
    await keeper.step("van-1", mine.id, "dropped", at=None, key="c", actor="device:van-1")
    clock.set("12:00")

    [result] = await entered(papers, driven(LINE, "10:05", "10:12"))
    taken = await settled(papers, LINE.id, take_it=True)
    [third] = await papers.preview(
        [driven(replace(LINE, id="261125-1-03", phone=""), "10:06", "10:07")], actor="yuki"
    )

    assert codes(result) == ["shared_since"]
    assert isinstance(taken, PaperResult)
    assert taken.ride is not None
    assert taken.ride.fare_yen == 300
    assert codes(third) == []


async def test_a_promise_nobody_can_keep_waits_and_is_looked_after_when_taken(
    keeper: Keeper, papers: Papers, clock: HandClock
) -> None:
    """One van of four seats; two fours were promised the same twelve minutes' drive at ten."""
    await booked(keeper, ask(0, 12, riders=4), "a")
    far = replace(LINE, origin=1, destination=13, riders=4)

    [result] = await entered(papers, far)
    taken = await settled(papers, far.id, take_it=True)

    assert codes(result) == ["cannot_keep"]
    assert isinstance(taken, PaperResult)
    assert taken.outcome == "taken"
    found = await keeper.day_of(TODAY)
    assert found.bookings[far.booking_id].unplaced_since is not None
    assert await keeper.check() == []

    clock.set("10:05")  # a driver fetches them all the same
    job = await keeper.step("van-1", far.booking_id, "aboard", at=None, key="f", actor="van-1")
    assert isinstance(job, JobView)
    assert [stop.booking_id for stop in job.on_board] == [far.booking_id]
    row = (await keeper.day_of(TODAY)).bookings[far.booking_id]
    assert (row.state, row.unplaced_since) == ("aboard", None)


async def test_a_preview_keeps_nothing_and_weighs_the_lines_one_after_the_other(
    keeper: Keeper, papers: Papers, database: Database
) -> None:
    """Each has a place alone; both at once have not."""
    near = replace(LINE, origin=1, destination=13, riders=4)
    far = replace(near, id="x", phone="")

    results = await papers.preview([near, far], actor="yuki")
    [alone] = await papers.preview([far], actor="yuki")

    assert [each.outcome for each in results] == ["taken", "conflict"]
    assert alone.outcome == "taken"
    assert await keeper.bookings() == []
    async with database.reading() as connection:
        assert await duty.papers(connection, "line", TODAY) == []


async def test_a_key_for_settling_is_good_for_one_line(
    keeper: Keeper, papers: Papers, clock: HandClock
) -> None:
    clock.set("12:00")
    await entered(papers, LINE)

    first = await settled(papers, LINE.id, take_it=False)
    other = await settled(papers, "261125-1-09", take_it=False)

    assert isinstance(first, PaperResult)
    assert isinstance(other, KeyConflict)
