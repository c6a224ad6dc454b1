"""An administrator lets other services be told, of their area, and sends again what was lost."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from maas.app import create_app
from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.settings import Settings
from maas.store import webhooks
from maas.store.webhooks import KEEP_S
from tests.maas.api.conftest import PASSWORD, Prepared, Running
from tests.maas.link.receiver import Receiver, receiving, until

pytestmark = pytest.mark.anyio
KINDS = ["confirmed", "cancelled"]
PATH = "/api/v1/webhooks"
COMMANDS = ("secret", "dead/again", "pause", "resume", "trial")
Key = Callable[[], dict[str, str]]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """The town's data platform, on this machine."""
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
async def desk(
    prepared: Prepared, receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """The tiny town, which may call the platform."""
    folder = tmp_path_factory.mktemp("webhooks") / "data"
    shutil.copytree(prepared.data_dir, folder)
    app = create_app(
        Settings(data_dir=folder, link_hosts="hooks.example", link_inside=receiver.host)
    )
    async with app.router.lifespan_context(app):
        service = app.state.service
        async with service.database.writing() as db:
            await add_staff(db, Person("admin-away", "x", Role.ADMIN, "elsewhere"), PASSWORD)
        yield Running(app, service, prepared.device_token)


@pytest.fixture
async def admin(desk: Running) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator of every area."""
    async with desk.staff("admin") as caller:
        yield caller


async def made(admin: httpx.AsyncClient, url: str, key: dict[str, str]) -> dict[str, Any]:
    answer = await admin.post(PATH, json={"url": url, "kinds": KINDS}, headers=key)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shown(admin: httpx.AsyncClient, webhook_id: str) -> dict[str, Any] | None:
    answer = await admin.get(PATH)
    assert answer.status_code == 200, answer.text
    return next((each for each in answer.json() if each["id"] == webhook_id), None)


async def test_a_booking_is_told_to_a_service_that_an_administrator_named(
    desk: Running, admin: httpx.AsyncClient, receiver: Receiver, key: Key
) -> None:
    hook = await made(admin, receiver.url, key())
    receiver.secret = hook["secret"]
    async with desk.staff("operator") as operator:
        quote = await operator.post("/api/v1/quotes", json={"origin": 1, "destination": 6})
        body = {"offer": quote.json()["offers"][0]["token"], "rider_id": 1}
        booking = (await operator.post("/api/v1/bookings", json=body, headers=key())).json()
    await until(lambda: bool(receiver.events))

    (event,) = receiver.events.values()
    assert event["type"] == "jp.maas.booking.confirmed"
    assert event["data"]["reference"] == booking["reference"]
    assert desk.service.courier is not None
    await desk.service.courier.idle()  # it counts what it has delivered
    metrics = (await admin.get("/metrics")).text
    assert 'maas_webhook_letters_total{outcome="delivered"} 1.0' in metrics
    await admin.delete(f"{PATH}/{hook['id']}", headers=key())


async def test_a_secret_is_shown_once_and_lies_sealed(
    desk: Running, admin: httpx.AsyncClient, key: Key
) -> None:
    command = key()
    hook = await made(admin, "https://hooks.example/a", command)
    assert hook["secret"].startswith("whsec_")
    again = await made(admin, "https://hooks.example/a", command)
    assert again == {"id": hook["id"], "secret": None}
    path = f"{PATH}/{hook['id']}"
    renewed = (await admin.post(f"{path}/secret", headers=(command := key()))).json()
    assert renewed["secret"] not in {None, hook["secret"]}
    assert (await admin.post(f"{path}/secret", headers=command)).json()["secret"] is None

    assert hook["secret"] not in (await admin.get(PATH)).text
    folder = desk.service.settings.data_dir
    lying = b"".join(each.read_bytes() for each in folder.glob("maas.db*"))
    assert hook["id"].encode() in lying
    for secret in (hook["secret"], renewed["secret"]):
        assert secret.encode() not in lying

    ended = await admin.delete(path, headers=key())
    assert ended.status_code == 204
    assert await shown(admin, hook["id"]) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x", "https://other.example/x", "https://127.0.0.1/x",
        "https://169.254.169.254/latest", "https://hooks.example@evil.example/x",
    ],
)  # fmt: skip
async def test_only_hosts_of_the_settings_are_taken(
    admin: httpx.AsyncClient, key: Key, url: str
) -> None:
    answer = await admin.post(PATH, json={"url": url, "kinds": KINDS}, headers=key())

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/host-not-listed")


async def test_what_was_given_up_is_seen_and_sent_again(
    desk: Running, admin: httpx.AsyncClient, receiver: Receiver, key: Key
) -> None:
    hook = await made(admin, receiver.url, key())
    receiver.secret, path, now = hook["secret"], f"{PATH}/{hook['id']}", desk.service.clock()
    body = '{"id":"lost-1","data":{"reference":"1"}}'
    async with desk.service.database.writing() as db:
        old = now - KEEP_S - 1
        await webhooks.change_webhook(db, hook["id"], resume_at=now + 3600, failures=9)
        await webhooks.add_letters(db, "tiny", "confirmed", "lost-1", body, old)
        assert await webhooks.give_up(db, hook["id"], now) == 1
    row = await shown(admin, hook["id"])
    assert row is not None
    assert (row["failing"], row["waiting"], row["dead"]) == (True, 0, 1)
    (letter,) = (await admin.get(f"{path}/dead")).json()
    assert (letter["event_id"], letter["kind"]) == ("lost-1", "confirmed")

    answer = await admin.post(f"{path}/dead/again", headers=key())

    assert answer.json() == {"letters": 1}
    await until(lambda: "lost-1" in receiver.events)
    assert (await admin.get(f"{path}/dead")).json() == []
    await admin.delete(path, headers=key())


async def test_a_paused_service_is_told_later_what_happened_meanwhile(
    desk: Running, admin: httpx.AsyncClient, receiver: Receiver, key: Key
) -> None:
    hook = await made(admin, receiver.url, key())
    receiver.secret, path, now = hook["secret"], f"{PATH}/{hook['id']}", desk.service.clock()
    courier = desk.service.courier
    assert courier is not None
    assert (await admin.post(f"{path}/pause", headers=key())).status_code == 204
    async with desk.service.database.writing() as db:
        body = '{"id":"meanwhile","data":{"reference":"1"}}'
        await webhooks.add_letters(db, "tiny", "confirmed", "meanwhile", body, now)
    await courier.look()
    await courier.idle()
    row = await shown(admin, hook["id"])
    assert row is not None
    assert (row["paused"], row["waiting"]) == (True, 1)
    assert row["waiting_since"] is not None
    assert "meanwhile" not in receiver.events

    assert (await admin.post(f"{path}/resume", headers=key())).status_code == 204

    await until(lambda: "meanwhile" in receiver.events)
    await admin.delete(path, headers=key())


async def test_a_service_is_tried_out_under_one_id_for_one_command(
    admin: httpx.AsyncClient, receiver: Receiver, key: Key
) -> None:
    hook = await made(admin, receiver.url, key())
    receiver.secret, path, command = hook["secret"], f"{PATH}/{hook['id']}/trial", key()
    receiver.answers = [404, 503]
    before = len(receiver.posts)

    came = [(await admin.post(path, headers=command)).json() for _ in range(3)]

    assert came == [
        {"outcome": "refused", "answer": "404"},
        {"outcome": "away", "answer": "503"},
        {"outcome": "delivered", "answer": ""},
    ]
    (event_id,) = set(receiver.posts[before:])
    assert receiver.events[event_id]["type"] == "jp.maas.trial"
    assert receiver.events[event_id]["data"] == {"area": "tiny"}
    row = await shown(admin, hook["id"])
    assert row is not None
    assert (row["failing"], row["waiting"], row["dead"]) == (False, 0, 0)
    await admin.delete(f"{PATH}/{hook['id']}", headers=key())


async def test_an_administrator_of_another_area_neither_sees_nor_touches_it(
    desk: Running, admin: httpx.AsyncClient, key: Key
) -> None:
    hook = await made(admin, "https://hooks.example/a", key())
    path = f"{PATH}/{hook['id']}"
    async with desk.staff("admin-away") as away:
        assert (await away.get(PATH)).json() == []
        assert (await away.get(PATH, params={"area": "tiny"})).status_code == 403
        assert (await away.get(f"{path}/dead")).status_code == 403
        commands = [("POST", f"/{each}") for each in COMMANDS]
        for method, where in [("DELETE", ""), *commands]:
            answer = await away.request(method, path + where, headers=key())
            assert answer.status_code == 403, where
        body = {"url": "https://hooks.example/b", "kinds": KINDS, "area": "tiny"}
        assert (await away.post(PATH, json=body, headers=key())).status_code == 403
    assert await shown(admin, hook["id"]) is not None

    await admin.delete(path, headers=key())
    for method, where in [("GET", "/dead"), ("DELETE", ""), *commands]:
        answer = await admin.request(method, path + where, headers=key())
        assert answer.status_code == 404, where


async def test_what_was_done_is_in_the_audit_without_the_secret(
    admin: httpx.AsyncClient, key: Key
) -> None:
    hook = await made(admin, "https://hooks.example/a", key())
    await admin.post(f"{PATH}/{hook['id']}/secret", headers=key())
    await admin.delete(f"{PATH}/{hook['id']}", headers=key())

    text = (await admin.get("/api/v1/audit")).text

    assert text.count(hook["id"]) >= 3
    for action in ("webhook.made", "webhook.secret", "webhook.ended"):
        assert action in text
    assert hook["secret"] not in text
