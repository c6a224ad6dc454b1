"""A device that reports through a broker, until it is revoked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import aiomqtt
import pytest

from maas.app import create_app
from maas.settings import Settings
from tests.busloc.io.servers import settle
from tests.busloc.io.test_mqtt import MOSQUITTO, broker
from tests.maas.api.conftest import Prepared, Running
from tests.maas.api.test_live import ping
from tests.ports import free_port

pytestmark = pytest.mark.skipif(
    MOSQUITTO is None, reason="no mosquitto (Debian: apt-get install mosquitto): MQTT not tested"
)


async def publish(port: int, device: str, *items: dict[str, object]) -> None:
    """Publish positions as a device."""
    async with aiomqtt.Client("127.0.0.1", port, username=device, password="secret") as client:
        await client.publish(f"positions/{device}", json.dumps(items), qos=1)


async def test_a_device_reports_by_mqtt_its_own_vehicle_until_it_is_revoked(
    prepared: Prepared, tmp_path: Path
) -> None:
    folder, port = tmp_path / "data", free_port()
    shutil.copytree(prepared.data_dir, folder)
    app = create_app(
        Settings(data_dir=folder, mqtt_url=f"mqtt://server:secret@127.0.0.1:{port}/positions")
    )
    async with app.router.lifespan_context(app):
        service = app.state.service
        running = Running(app, service, prepared.device_token)
        assert (await service.parts())["mqtt"] == "away"
        await service.read_roster()
        device = service.roster.by_token(prepared.device_token, service.real_now())
        counts, now = service.buses.live.gate.counts, service.clock()
        with broker(tmp_path, port, device.id):
            await settle(lambda: service.mqtt.connected)
            await publish(port, device.id, ping(1, now), ping(2, now, vehicle="van-2"))
            await settle(lambda: counts["live"] == 1)
            assert counts["forbidden"] == 1
            async with running.staff("admin") as admin:
                assert (await admin.get("/readyz")).json()["parts"]["mqtt"] == "ok"
                await admin.delete(f"/api/v1/devices/{device.id}")
            await publish(port, device.id, ping(3, now + 1))
            await settle(lambda: counts["forbidden"] == 2)
    assert counts["live"] == 1
