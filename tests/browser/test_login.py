"""The login page in Chromium: passkeys by a virtual authenticator, an organisation by a button."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, Route, expect

from tests.browser.conftest import PATIENCE_MS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture
def desk(browser: Browser, town: str) -> Iterator[Page]:
    """A page at `localhost`: passkeys know names, no addresses made of numbers."""
    context = browser.new_context(
        base_url=town.replace("127.0.0.1", "localhost"), locale="ja-JP", timezone_id="Asia/Tokyo"
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def authenticator(page: Page, *, verifies: bool = True) -> tuple[CDPSession, str]:
    """Give the page's browser an authenticator that needs nobody's finger."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": verifies,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return cdp, made["authenticatorId"]


def sign_in(page: Page, name: str) -> None:
    answer = page.context.request.post(
        "/api/v1/session", data={"name": name, "password": "kibi-demo"}
    )
    assert answer.ok, answer.text()


def sign_in_elsewhere(page: Page, name: str) -> None:
    browser = page.context.browser
    assert browser is not None
    address = "/".join(page.url.split("/")[:3])
    with browser.new_context(base_url=address) as context:
        sign_in(context.new_page(), name)


def refuse_once(page: Page, path: str) -> None:
    """Have the server say once that the last proof of who somebody is was long ago."""
    problem = {"type": "/problems/prove-again", "title": "", "status": 403}
    page.route(path, lambda route: route.fulfill(status=403, json=problem), times=1)


def test_a_passkey_is_made_opens_the_door_and_is_taken_away(desk: Page) -> None:
    cdp, device = authenticator(desk)
    sign_in(desk, "planner")
    desk.goto("/login")
    desk.get_by_role("button", name="パスキーを作る").click()
    desk.get_by_label("このパスキーの名前").fill("受付のPC")
    refuse_once(desk, "**/session/passkeys/options")
    desk.get_by_role("button", name="作る", exact=True).click()
    box = desk.get_by_role("dialog", name="ご本人の確認")
    box.get_by_label("パスワード").fill("kibi-demo")
    box.get_by_role("button", name="確認する", exact=True).click()
    row = desk.get_by_role("listitem").filter(has_text="受付のPC")
    expect(row).to_be_visible()
    (kept,) = cdp.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert (kept["isResidentCredential"], kept["rpId"]) == (True, "localhost")

    desk.get_by_role("button", name="ログアウト").click()
    desk.get_by_role("button", name="パスキーでログイン").click()
    desk.wait_for_url("**/planner")

    desk.goto("/login")
    expect(row).to_contain_text("最後に使った日")
    desk.get_by_role("button", name="パスキー「受付のPC」を消す").click()
    desk.get_by_role("button", name="本当に消す").click()
    expect(row).to_have_count(0)
    desk.get_by_role("button", name="ログアウト").click()
    desk.get_by_role("button", name="パスキーでログイン").click()
    expect(desk.get_by_role("alert")).to_contain_text("このパスキーは使えません")
    expect(desk.get_by_role("button", name="パスキーでログイン")).to_be_enabled()


def test_an_app_of_codes_asks_for_a_fresh_proof_first(desk: Page) -> None:
    sign_in(desk, "planner")
    desk.goto("/login")
    begin = desk.get_by_role("button", name="設定を始める")
    expect(begin).to_be_visible()
    refuse_once(desk, "**/session/second-factor")
    begin.click()
    box = desk.get_by_role("dialog", name="ご本人の確認")
    box.get_by_label("パスワード").fill("kibi-demo")
    box.get_by_role("button", name="確認する", exact=True).click()
    expect(desk.get_by_label("確認コード")).to_be_focused()


def test_a_finger_that_is_not_known_makes_no_passkey(desk: Page) -> None:
    authenticator(desk, verifies=False)
    sign_in(desk, "planner")
    desk.goto("/login")
    desk.get_by_role("button", name="パスキーを作る").click()
    desk.get_by_label("このパスキーの名前").fill("x")
    desk.get_by_role("button", name="作る", exact=True).click()
    expect(desk.get_by_role("alert").filter(has_text="確認できませんでした")).to_be_visible()


def test_where_passkeys_do_not_work_none_are_offered(desk: Page, town: str) -> None:
    desk.goto("/login")
    expect(desk.get_by_role("button", name="パスキーでログイン")).to_be_visible()
    with desk.expect_response("**/api/v1/session/ways"):
        desk.goto(f"{town}/login")
    expect(desk.get_by_role("button", name="ログイン", exact=True)).to_be_visible()
    expect(desk.get_by_role("button", name="パスキーでログイン")).to_have_count(0)


def test_an_organisation_is_a_button_and_what_it_brings_back_is_said(desk: Page, town: str) -> None:
    ways = {"passkeys": False, "organisation": "町のアカウント"}
    desk.route("**/api/v1/session/ways", lambda route: route.fulfill(json=ways))
    wanted = f"{town}/stop/1"
    asked: list[object] = []

    def begin(route: Route) -> None:
        asked.append(route.request.post_data_json)
        route.fulfill(json={"address": wanted})

    desk.route("**/api/v1/session/organisation", begin)
    desk.goto("/login?next=/driver&trouble=organisation-away")
    expect(desk.get_by_role("alert")).to_contain_text("組織のログインにつながりません")
    desk.get_by_role("button", name="町のアカウントでログイン").click()
    desk.wait_for_url(wanted)
    assert asked == [{"next": "/driver"}]

    desk.unroute("**/api/v1/session/organisation")
    sign_in(desk, "driver")
    desk.goto("/login?trouble=organisation-unknown")
    section = desk.get_by_role("region", name="町のアカウント")
    expect(section.get_by_role("alert")).to_contain_text("結びついていません")
    section.get_by_role("button", name="結びつける").click()
    expect(section.get_by_role("alert")).to_contain_text("設定されていません")
    logins = desk.get_by_role("region", name="ログイン中の端末")
    expect(logins.get_by_role("listitem").filter(has_text="この端末")).to_have_count(1)
    sign_in_elsewhere(desk, "driver")
    desk.reload()
    expect(logins.get_by_role("listitem")).to_have_count(2)
    logins.get_by_role("button", name="ほかの端末をすべてログアウトする").click()
    expect(logins.get_by_role("listitem")).to_have_count(1)
    desk.goto("/login?entered=1")
    desk.wait_for_url("**/driver")
