"""A day driven through the real service: each bag is the fares of its rides, whatever happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from random import Random

import pytest

from maas.fares import books
from maas.fares.payment import Tendered
from maas.rides.views import BookingView, JobView, Quote, Step
from maas.store.database import Database
from maas.store.once import By
from tests.maas.line_town import HandClock, Van
from tests.maas.rides.conftest import NewKeeper, ask

DAY = date(2026, 11, 25)
Bring = Callable[[Sequence[Van]], Awaitable[None]]


@pytest.mark.parametrize("seed", range(3))
async def test_each_bag_is_the_fares_of_its_rides(
    seed: int, town: Bring, new_keeper: NewKeeper, clock: HandClock, database: Database
) -> None:
    random = Random(seed)  # noqa: S311 -- a day to play again
    await town((Van("van-1"), Van("van-2")))
    keeper = new_keeper()
    await keeper.refresh()
    made: list[BookingView] = []
    for n in range(9):
        origin, long = random.randrange(1, 9), random.choice([-1, 2, 3, 4])
        hour = f"{random.choice([9, 10])}:{random.choice([30, 40, 50])}"
        found = await keeper.quote(
            ask(origin, origin + long, hour, riders=random.choice([1, 1, 2]))
        )
        if isinstance(found, Quote):
            token = random.choice(found.offers).token
            booking = await keeper.book(token, rider_id=None, key=f"b{n}", actor="yuki")
            if isinstance(booking, BookingView):
                made.append(booking)
    assert len(made) >= 4
    lost = {each.id for each in made if random.random() < 0.25}
    for each in made:
        if each.id in lost and random.random() < 0.5:
            await keeper.cancel(each.id, reason="", key=f"c{each.id}", actor="yuki")

    # What a driver with a purse would have: the purse is kept from the answers alone.
    purse: Counter[str] = Counter()
    fares: Counter[str] = Counter()
    for minute in range(3, 600, 3):
        clock.set(f"{9 + minute // 60}:{minute % 60:02d}")
        jobs = {van: await keeper.job(van) for van in ("van-1", "van-2")}
        if all(job is None or job.next is None for job in jobs.values()):
            break
        for van, job in jobs.items():
            if job is None or job.next is None:
                continue
            stop = job.next
            step: Step = "aboard" if stop.kind == "pickup" else "dropped"
            if step == "aboard" and stop.booking_id in lost:
                step = "no_show"
            give = random.choice([0, 0, 50]) if step == "dropped" else 0
            paid = Tendered(cash_yen=give) if give else None
            answer = await keeper.step(
                van, stop.booking_id, step, at=None, key=f"{minute}{van}", actor=van, paid=paid
            )
            if isinstance(answer, JobView) and answer.ride is not None:
                fares[van] += answer.ride.fare_yen
                purse[van] += give or answer.ride.fare_yen
                if not give and random.random() < 0.3:
                    by = By("yuki", 1.0, f"r{stop.booking_id}")
                    back = await books.refund(database, stop.booking_id, 100, "返金", by)
                    assert back is None
                    fares[van] -= 100
                    purse[van] -= 100

    bags = await books.bags(database, DAY)

    assert sum(bag.due_yen for bag in bags.values()) == sum(fares.values())
    for van, bag in bags.items():
        assert (bag.due_yen, bag.bag_yen) == (fares[van], purse[van])
        assert bag.open_yen == fares[van] - purse[van]
    rode = await keeper.rides()
    assert sum(ride.fare_yen for ride in rode) == sum(bag.fares_yen for bag in bags.values())
    assert len(rode) == len(made) - len(lost) > 0
