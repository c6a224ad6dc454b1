"""From a booking at the desk to the message at the gateway, and what settings may lead where."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from maas.app import create_app
from maas.notify.gateways import new_client
from maas.notify.occasions import Channel
from maas.posting import Reminders, push_hosts, senders
from maas.settings import Settings
from maas.store.database import open_database
from maas.store.members import save_members
from tests.maas.api.conftest import Prepared, Running
from tests.maas.api.test_bookings import booking
from tests.maas.notify.fake_gateway import fake_gateway

pytestmark = pytest.mark.anyio
NOON = 1_796_007_600.0  # Monday 30 November 2026, 12:00 in Japan


async def test_who_books_hears_of_it_and_of_the_vehicle_coming(
    prepared: Prepared,
    tmp_path: Path,
    key: Callable[[], dict[str, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    shutil.copytree(prepared.data_dir, tmp_path / "data")
    with fake_gateway() as gateway:
        settings = Settings(data_dir=tmp_path / "data", sms_url=gateway.url, clock_start=NOON)
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            running = Running(app, app.state.service, prepared.device_token)
            service = running.service
            rider = replace(service.directory.member_by_id[1], confirm_by="sms")
            async with service.database.writing() as db:
                await save_members(db, [rider])
            for keeper in service.keepers.values():
                await keeper.refresh()
            async with running.staff("operator") as operator:
                made = await booking(operator, key)
                look = Reminders(
                    service.database, service.clock, service.timezone, lambda: service.keepers
                )
                await look()
                await look()
                assert service.post is not None
                await service.post.all()
                metrics = (await operator.get("/metrics")).text

    sent = {post["key"]: post for post in gateway.posts}
    assert set(sent) == {f"booked:{made['id']}:1", f"coming:{made['id']}:1"}
    assert len(gateway.posts) == len(sent)
    assert {post["to"] for post in gateway.posts} == {"0000000001"}
    assert made["reference"] in sent[f"booked:{made['id']}:1"]["text"]
    assert gateway.url not in caplog.text
    assert "0000000001" not in caplog.text
    assert 'maas_messages_total{channel="sms",outcome="sent"} 2.0' in metrics


async def test_only_the_channels_of_the_settings_are_there(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'none.db'}")
    everything = Settings(
        data_dir=tmp_path, smtp_url=SecretStr("smtp://h"), mail_from="a@b.test",
        sms_url="https://g.test/sms", voice_url="http://127.0.0.1:1/voice",
        line_token=SecretStr("t"), push_hosts=" push.test, ,.wide.test", push_contact="mailto:a@b",
    )  # fmt: skip
    async with new_client() as client:
        assert senders(Settings(data_dir=tmp_path), database, client) == {}
        found = senders(everything, database, client)

    assert set(found) == {
        Channel.EMAIL, Channel.SMS, Channel.VOICE, Channel.LINE, Channel.PUSH,
    }  # fmt: skip
    assert push_hosts(everything) == {"push.test", ".wide.test"}
    await database.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"sms_url": "http://10.0.0.1/x"},
        {"voice_url": "http://gateway.test/x"},
        {"sms_url": "file:///etc/passwd"},
        {"sms_url": "https://name:word@gateway.test/"},
        {"sms_url": "gateway.test"},
        {"line_url": "http://gateway.test"},
        {"smtp_url": "http://h", "mail_from": "a@b.test"},
        {"smtp_url": "smtp://h"},
        {"push_hosts": "push.test"},
        {"pbx_key": "too short"},
        {"gateway_secret": "too short"},
    ],
)
def test_settings_that_would_lead_astray_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Settings(**wrong)  # type: ignore[arg-type]


def test_another_process_gets_the_same_secrets() -> None:
    settings = Settings(pbx_key=SecretStr("k" * 16), line_token=SecretStr("t"))

    environment = settings.environment()
    assert (environment["MAAS_PBX_KEY"], environment["MAAS_LINE_TOKEN"]) == ("k" * 16, "t")
