"""A rider's browser is notified by a link from the desk, and only through services we may call."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from maas.api.push import LINK_S, push_link, read_push_link
from maas.app import create_app
from maas.notify.push import decoded, encoded, new_key, public_bytes, read_key
from maas.settings import Settings
from maas.store.subscriptions import subscriptions_of
from tests.maas.api.conftest import Prepared, Running
from tests.maas.api.test_rider_pages import HANAKO, booked, path_of

pytestmark = pytest.mark.anyio
ENDPOINT = "https://push.example/browser-1"


@pytest.fixture(scope="module")
async def desk(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """The tiny town, which may call one push service."""
    folder = tmp_path_factory.mktemp("push") / "data"
    shutil.copytree(prepared.data_dir, folder)
    settings = Settings(
        data_dir=folder, push_hosts="push.example", push_contact="mailto:desk@kibi.test"
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield Running(app, app.state.service, prepared.device_token)


async def link_of(desk: Running, rider_id: int = 1) -> str:
    async with desk.staff("operator") as operator:
        answer = await operator.get(f"/api/v1/push/links/{rider_id}")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["link"])


async def add(desk: Running, link: str, endpoint: str = ENDPOINT) -> httpx.Response:
    """Ask for notifications as the rider's page does."""
    keys = {
        "p256dh": encoded(public_bytes(read_key(new_key()))),
        "auth": encoded(b"sixteen bytes ok"),
    }
    async with desk.caller() as browser:
        body = {"link": link, "endpoint": endpoint} | keys
        return await browser.post("/api/v1/push/browsers", json=body)


async def browsers(desk: Running) -> list[str]:
    async with desk.service.database.reading() as db:
        return [each.endpoint for each in await subscriptions_of(db, 1)]


async def test_a_browser_is_added_and_dropped_by_the_link(desk: Running) -> None:
    link = await link_of(desk)
    assert (await add(desk, link)).status_code == 204
    assert (await add(desk, link)).status_code == 204
    assert await browsers(desk) == [ENDPOINT]

    async with desk.caller() as browser:
        body = {"link": link, "endpoint": ENDPOINT}
        gone = [await browser.post("/api/v1/push/browsers/gone", json=body) for _ in range(2)]
    assert [each.status_code for each in gone] == [204, 404]
    assert await browsers(desk) == []


async def test_our_key_is_public_and_stays(desk: Running) -> None:
    async with desk.caller() as browser:
        keys = {(await browser.get("/api/v1/push/key")).json()["key"] for _ in range(2)}

    (key,) = keys
    assert len(decoded(key)) == 65
    kept = desk.service.settings.data_dir / "push-key"
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "endpoint",
    ["https://127.0.0.1/x", "http://push.example/x", "https://evil.test/x", "https://10.0.0.1/x"],
)
async def test_no_browser_may_name_any_address(desk: Running, endpoint: str) -> None:
    answer = await add(desk, await link_of(desk), endpoint)

    assert answer.status_code == 403
    assert await browsers(desk) == []


async def test_a_link_cannot_be_made_up(desk: Running) -> None:
    link = await link_of(desk)
    other = link.replace("1~", "2~", 1)
    for forged in (other, link[:-1], "1~9999999999~x", "~", "x"):
        answer = await add(desk, forged)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/bad-key"), forged


def test_a_link_is_good_for_a_week() -> None:
    link = push_link(7, 100.0, b"key")

    assert read_push_link(link, 100.0 + LINK_S - 1, b"key") == 7
    assert read_push_link(link, 100.0 + LINK_S, b"key") is None
    assert read_push_link(link, 100.0, b"another key") is None


async def test_a_rider_who_is_not_there_gets_no_link(desk: Running) -> None:
    async with desk.staff("operator") as operator:
        assert (await operator.get("/api/v1/push/links/999")).status_code == 404


async def test_without_push_services_there_is_no_key(running: Running) -> None:
    async with running.caller() as browser:
        assert (await browser.get("/api/v1/push/key")).status_code == 404
    link = await link_of(running)
    assert (await add(running, link)).status_code == 404


async def test_the_page_of_a_ride_lets_who_wants_it_be_notified(
    desk: Running, key: Callable[[], dict[str, str]]
) -> None:
    async with desk.staff("operator") as operator, desk.caller() as phone:
        path = await path_of(operator, await booked(operator, key))
        assert (await phone.get(path)).json()["push"] is None, "the member is told by telephone"
        wish = {"confirm_by": "push", "consent": "oral"}
        url = f"/api/v1/riders/{HANAKO}"
        assert (await operator.patch(url, json=wish, headers=key())).status_code == 200
        own = (await phone.get(path)).json()
        shown = (await phone.get(f"/api/v1/ride/{own['show']}")).json()
    now, secret = desk.service.real_now(), desk.service.settings.signing_key()
    assert read_push_link(own["push"], now, secret) == HANAKO
    assert shown["push"] is None
