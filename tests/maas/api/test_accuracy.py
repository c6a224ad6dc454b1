"""Our accuracy in public, counted from what was told and when the bus came."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from maas.store.arrivals import JudgedRow, add_judged
from tests.maas.api.conftest import Running

pytestmark = pytest.mark.anyio


def row(running: Running, late_s: int, *, days_ago: int = 0, stop: str = "P2") -> JudgedRow:
    """A bus told for 600, to be met at 560, that left so much later; told 2 minutes before."""
    day = running.service.today() - timedelta(days=days_ago)
    return JudgedRow(day, "r1", stop, "e06", 480, 600, 570, 660, 560, 600 + late_s)


async def test_before_any_bus_has_run_the_page_says_so(nobody: httpx.AsyncClient) -> None:
    japanese = await nobody.get("/accuracy?days=2")
    english = await nobody.get("/accuracy?days=2&lang=en")
    report = (await nobody.get("/api/v1/accuracy?days=2")).json()

    assert "まだ記録がありません。" in japanese.text
    assert "There are no records yet." in english.text
    assert report["all"]["n"] == 0
    assert report["all"]["mae_s"] is None
    assert report["by_stop"] == {}


async def test_what_was_told_is_compared_with_what_came(
    running: Running, nobody: httpx.AsyncClient
) -> None:
    untold = JudgedRow(
        running.service.today(), "r1", "P4", "e06", None, None, None, None, None, 900
    )
    rows = [row(running, 20), row(running, -20), row(running, 130), row(running, 500, days_ago=9)]
    async with running.service.database.writing() as db:
        await add_judged(db, [*rows, row(running, 20, stop="P3"), untold])

    whole = (await nobody.get("/api/v1/accuracy")).json()
    stop = (await nobody.get("/api/v1/accuracy?stop=P3")).json()
    page = (await nobody.get("/accuracy")).text
    one = (await nobody.get("/accuracy?stop=P2&lang=en")).text

    assert whole["all"]["n"] == 4
    assert whole["all"]["mae_s"] == pytest.approx((20 + 20 + 130 + 20) / 4)
    assert whole["all"]["bias_s"] == pytest.approx((20 - 20 + 130 + 20) / 4)
    assert whole["all"]["coverage80_percent"] == pytest.approx(75)
    assert whole["all"]["untold"] == 1
    # To be there at 560: 60, 20 and 60 s of waiting, up to 90 s is good; 170 s are more than 150.
    assert whole["all"]["transit"] == [100, 0, None, None]
    # Told 2 minutes ahead, off by 20, -20, 130 and 20 s, and up to a minute is good.
    assert whole["all"]["mbta"][:2] == [75, None]
    assert (stop["all"]["n"], list(stop["by_stop"])) == (1, ["P3"])
    assert "東西線" in page
    assert "賀陽病院" in page
    assert "75.0%" in page
    assert "Kayo clinic" in one or "賀陽病院" in one
    assert "まだ記録がありません。" not in page


async def test_other_days_than_those_kept_are_refused(nobody: httpx.AsyncClient) -> None:
    assert (await nobody.get("/api/v1/accuracy?days=61")).status_code == 422
    assert (await nobody.get("/accuracy?days=0")).status_code == 422
