"""Two hundred equal submissions are one booking, and byte for byte one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import func, select

from maas.store.tables import bookings
from tests.maas.api.conftest import Running

Keys = Callable[[], dict[str, str]]


async def test_two_hundred_equal_submissions_are_one_booking(running: Running, key: Keys) -> None:
    async with running.staff("operator") as caller:
        trip = {"origin": 1, "destination": 6}
        quote = (await caller.post("/api/v1/quotes", json=trip)).json()
        body, headers = {"offer": quote["offers"][0]["token"], "rider_id": 1}, key()
        async with running.service.database.reading() as db:
            before = await db.scalar(select(func.count()).select_from(bookings))

        answers = await asyncio.gather(
            *(caller.post("/api/v1/bookings", json=body, headers=headers) for _ in range(200))
        )

        async with running.service.database.reading() as db:
            after = await db.scalar(select(func.count()).select_from(bookings))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (after or 0) - (before or 0) == 1
