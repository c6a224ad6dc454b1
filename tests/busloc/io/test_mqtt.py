"""Pings through a real Mosquitto."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiomqtt
import pytest

from busloc.io.ingest import Items
from busloc.io.mqtt import MqttListener
from busloc.ping import Malformed, Ping
from tests.busloc.io.servers import settle
from tests.ports import free_port

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")

pytestmark = pytest.mark.skipif(
    MOSQUITTO is None, reason="no mosquitto (Debian: apt-get install mosquitto): MQTT not tested"
)

FIX = {"vehicle": "bus", "boot": "b", "seq": 1, "t": 1_764_000_000.0, "lat": 34.8, "lon": 133.7}


@contextmanager
def broker(folder: Path, port: int, *devices: str) -> Iterator[None]:
    """Run a broker where a device may write to its own topic alone."""
    passwords, acl, config = folder / "passwords", folder / "acl", folder / "mosquitto.conf"
    passwords.touch(mode=0o600)
    for name in ("server", "bus.1", *devices):
        subprocess.run(["mosquitto_passwd", "-b", passwords, name, "secret"], check=True)
    acl.write_text("pattern write positions/%u\nuser server\ntopic read positions/+\n")
    acl.chmod(0o600)
    config.write_text(
        f"user root\nlistener {port} 127.0.0.1\nallow_anonymous false\npersistence false\n"
        f"password_file {passwords}\nacl_file {acl}\n"
    )
    assert MOSQUITTO is not None
    with subprocess.Popen([MOSQUITTO, "-c", str(config)], stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[tuple[MqttListener, list[tuple[str, Items]]]]:
    """Give a listener and what it hears."""
    heard: list[tuple[str, Items]] = []
    url = f"mqtt://server:secret@127.0.0.1:{port}"
    listener = MqttListener(url, lambda device, items: heard.append((device, items)), retry_s=0.02)
    task = asyncio.create_task(listener.run())
    try:
        yield listener, heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def publish(port: int, *messages: tuple[str, str]) -> None:
    """Publish as the device ``bus.1``."""
    async with aiomqtt.Client("127.0.0.1", port, username="bus.1", password="secret") as client:
        for topic, payload in messages:
            await client.publish(topic, payload, qos=1)


async def test_arrays_and_single_pings_are_heard_and_nonsense_is_counted(tmp_path: Path) -> None:
    port = free_port()
    with broker(tmp_path, port):
        async with listening(port) as (listener, heard):
            await settle(lambda: listener.connected)
            array = json.dumps([FIX, FIX | {"seq": 2}, {"vehicle": "bus"}])
            mine = "positions/bus.1"
            await publish(
                port, (mine, array), (mine, "nonsense"), (mine, ""), (mine, json.dumps(FIX))
            )
            await settle(lambda: len(heard) == 2)

    (device, items), (_, single) = heard
    assert device == "bus.1"
    assert [type(item) for item in items] == [Ping, Ping, Malformed]
    assert [item.seq for item in single if isinstance(item, Ping)] == [1]
    assert listener.unreadable == 2


async def test_nobody_writes_to_the_topic_of_another_device(tmp_path: Path) -> None:
    port = free_port()
    with broker(tmp_path, port):
        async with listening(port) as (listener, heard):
            await settle(lambda: listener.connected)
            body = json.dumps([FIX])
            await publish(port, ("positions/van.1", body), ("positions/bus.1", body))
            await settle(lambda: bool(heard))

    assert [device for device, _ in heard] == ["bus.1"]


async def test_a_broker_that_comes_back_is_listened_to_again(tmp_path: Path) -> None:
    port = free_port()
    async with listening(port) as (listener, heard):
        for times in (1, 2):
            with broker(tmp_path, port):
                await settle(lambda: listener.connected)
                await publish(port, ("positions/bus.1", json.dumps([FIX])))
                await settle(lambda times=times: len(heard) == times)  # type: ignore[misc]
            await settle(lambda: not listener.connected)
