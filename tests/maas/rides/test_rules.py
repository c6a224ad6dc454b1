"""What the town's rules say of a day is what callers are offered, and what they are not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from maas.rides.keeper import Keeper
from maas.rides.views import Quote, RefusalAnswer
from tests.maas.line_town import DAY0, HandClock, Van, of_day
from tests.maas.rides.conftest import NewKeeper, ask

RULES = """
[[hours]]
area = "line"
valid_from = 2026-01-01
days = ["mon", "tue", "wed", "thu", "fri"]
from = "08:00"
to = "17:00"
breaks = ["12:00/13:00"]

[[zone]]
area = "line"
valid_from = 2026-01-01
id = "west"
name = "西"
name_en = "the west"
places = ["p1", "p2", "p3", "p4"]

[[zone]]
area = "line"
valid_from = 2026-01-01
id = "east"
name = "東"
name_en = "the east"
places = ["p8", "p9"]

[[relation]]
area = "line"
valid_from = 2026-01-01
id = "inside"
from = ["west"]
to = ["west"]

[[relation]]
area = "line"
valid_from = 2026-01-01
id = "between"
from = ["west"]
to = ["east"]
runs = ["10:00", "14:00"]
"""


@pytest.fixture
async def strict(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> AsyncIterator[Keeper]:
    """A keeper of the line town with a break, two zones, and two runs between them."""
    await town((Van(),), RULES)
    started = new_keeper()
    await started.start()
    yield started
    await started.stop()


async def refused(keeper: Keeper, *asked: object, **more: object) -> str | None:
    answer = await keeper.quote(ask(*asked, **more))  # type: ignore[arg-type]
    assert isinstance(answer, RefusalAnswer), answer
    return answer.refusal.binding


async def pickups(keeper: Keeper, *asked: object, **more: object) -> list[int]:
    answer = await keeper.quote(ask(*asked, **more))  # type: ignore[arg-type]
    assert isinstance(answer, Quote), answer
    return [offer.pickup_planned - DAY0 for offer in answer.offers]


def in_a_run(second: int) -> bool:
    """Whether a pick-up is within half an hour from ten or from two."""
    return any(0 <= second - of_day(run) < 1800 for run in ("10:00", "14:00"))


async def test_nobody_is_offered_a_pick_up_in_the_break(strict: Keeper) -> None:
    assert await refused(strict, 1, 3, "12:30") == "hours.breaks"

    found = await pickups(strict, 1, 3, "11:59")

    assert found
    assert all(second < of_day("12:00") or second >= of_day("13:00") for second in found)


async def test_who_wants_to_arrive_in_time_is_picked_up_by_a_run(strict: Keeper) -> None:
    found = await pickups(strict, 1, 8, "10:30", anchor="arrive")

    assert found
    assert all(map(in_a_run, found))


async def test_between_the_zones_one_leaves_by_a_run(strict: Keeper) -> None:
    assert await refused(strict, 1, 8, "11:00") == "hours.runs"
    assert all(map(in_a_run, await pickups(strict, 1, 8, "10:00")))
    assert await pickups(strict, 1, 3, "11:00")


async def test_as_soon_as_possible_is_the_next_run(strict: Keeper, clock: HandClock) -> None:
    clock.set("10:40")

    found = await pickups(strict, 1, 8, None)

    assert found[0] >= of_day("14:00")
    assert in_a_run(found[0])


async def test_a_place_in_no_zone_is_not_served(strict: Keeper) -> None:
    assert await refused(strict, 1, 6, "10:00") == "zone"
    assert await refused(strict, 8, 9, "10:00") == "relation"


async def test_the_refusal_of_a_quote_names_the_nearest_place_to_board(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> None:
    await town(rules='board_at = ["stop"]')
    keeper = new_keeper()
    await keeper.start()
    depot_to_stop = await keeper.quote(ask(0, 5))

    assert isinstance(depot_to_stop, RefusalAnswer)
    refusal = depot_to_stop.refusal
    assert (refusal.reason, refusal.binding) == ("no_boarding", "booking.board_at")
    # p1 stands 900 m from the depot p0.
    assert refusal.sentence.ja.endswith(
        "いちばん近くでお乗りになれるのは、約900メートルはなれた場所1です。"
    )
    await keeper.stop()
