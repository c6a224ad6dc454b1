"""The same service on PostgreSQL: one booking from the question to the ride record."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from maas.app import create_app
from maas.settings import Settings
from tests.maas.api.conftest import Prepared, Running, fill
from tests.maas.api.test_bookings import booking
from tests.maas.tiny_town import write_tiny_town


@pytest.mark.heavy
async def test_a_booking_goes_its_way_on_postgresql_too(
    prepared: Prepared,
    fresh_postgres_url: str,
    tmp_path: Path,
    key: Callable[[], dict[str, str]],
) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=fresh_postgres_url)
    shutil.copytree(prepared.data_dir / "roads", settings.data_dir / "roads")
    token = await fill(settings, write_tiny_town(tmp_path / "town"))
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        running = Running(app, app.state.service, token)
        async with running.staff("operator") as operator, running.device() as device:
            made = await booking(operator, key)
            assert made["vehicle"]["id"] == "van-1"
            for step in ("arrived", "aboard", "dropped"):
                body = {"booking_id": made["id"], "step": step}
                answer = await device.post("/api/v1/vehicles/van-1/steps", json=body, headers=key())
                assert answer.status_code == 200, answer.text
            rides = (await operator.get("/api/v1/rides")).json()
            assert [ride["booking_id"] for ride in rides] == [made["id"]]
            parts = (await operator.get("/readyz")).json()["parts"]
            assert {part for part, state in parts.items() if state != "ok"} == {"redis", "mqtt"}
