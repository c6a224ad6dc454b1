"""An administrator names another service, tries it, pauses it, and sends again what was lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import CALM_SPEED, NewPage, demo_town
from tests.browser.keyboard import push, tick, write
from tests.maas.link.receiver import Receiver, receiving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]


@dataclass(frozen=True, slots=True)
class Linked:
    """A demo town that may call a service on this machine, and its database."""

    address: str
    receiver: Receiver
    database: Path


@pytest.fixture(scope="module")
def linked(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Linked]:
    """The town and the service."""
    del browser  # without one there is no need for a town
    folder = tmp_path_factory.mktemp("linked")
    with (
        receiving() as receiver,
        demo_town(folder, CALM_SPEED, MAAS_LINK_INSIDE=receiver.host) as address,
    ):
        yield Linked(address, receiver, folder / "data" / "service" / "maas.db")


@pytest.fixture(scope="module")
def town(linked: Linked) -> str:
    """Its address, which pages are opened at."""
    return linked.address


def keep(linked: Linked, event_id: str, state: str) -> None:
    """Keep a letter for the one service, made when that was."""
    body = f'{{"id":"{event_id}","data":{{"reference":"1"}}}}'
    with closing(sqlite3.connect(linked.database, timeout=60)) as db, db:
        db.execute(
            "INSERT INTO webhook_letters (webhook_id, event_id, kind, body, made_at, next_at,"
            " until, attempts, state, error) SELECT id, ?, 'confirmed', ?, made_at, made_at,"
            " made_at + 86400, 288, ?, '503' FROM webhooks",
            (event_id, body, state),
        )


def button(page: Page, name: str) -> None:
    push(page, page.get_by_role("button", name=name, exact=True))


def test_another_service_is_named_tried_paused_and_told_what_it_had_lost(
    new_page: NewPage, linked: Linked
) -> None:
    receiver = linked.receiver
    page = new_page("/admin#services", name="admin")
    write(page, page.get_by_label("送り先のアドレス"), "https://elsewhere.example/hook")
    tick(page, page.get_by_label("予約を受けた"))
    button(page, "相手を加える")
    expect(page.get_by_role("alert")).to_contain_text("MAAS_LINK_HOSTS")
    write(page, page.get_by_label("送り先のアドレス"), receiver.url)
    button(page, "相手を加える")
    secret = page.locator(".secret")
    expect(secret).to_contain_text("whsec_")
    receiver.secret = secret.inner_text()
    assert violations(page) == []
    button(page, "控えました")
    expect(page.get_by_text("届いています。")).to_be_visible()
    assert receiver.secret not in page.content()

    button(page, "ためしに送る")
    expect(page.get_by_text("相手が受け取りました。")).to_be_visible()
    assert [each["type"] for each in receiver.events.values()] == ["jp.maas.trial"]
    receiver.answers = [404]
    button(page, "ためしに送る")
    expect(page.get_by_text("相手が断りました（返事は404）。")).to_be_visible()

    button(page, "止める")
    expect(page.get_by_text("止めています。")).to_be_visible()
    keep(linked, "lost", "dead")
    keep(linked, "meanwhile", "waiting")
    page.reload()
    expect(page.get_by_text("止めています。1件が待っています。")).to_be_visible()
    button(page, "届かなかった知らせを見る")
    expect(page.get_by_role("row").filter(has_text="lost")).to_contain_text("返事は503")
    assert violations(page) == []
    button(page, "ぜんぶ、もう一度送る")
    expect(page.get_by_text("1件を、もう一度送り始めました。")).to_be_visible()
    button(page, "また始める")
    expect(page.get_by_text("届いています。")).to_be_visible()
    assert receiver.events.keys() >= {"lost", "meanwhile"}

    button(page, "やめる")
    push(page, page.get_by_role("dialog").get_by_role("button", name="やめる"))
    expect(page.get_by_text("知らせる相手は、まだありません。")).to_be_visible()
