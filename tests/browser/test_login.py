"""The login page in Chromium: passkeys by a virtual authenticator, an organisation by a button."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, Route, expect

from tests.browser.axe import everywhere, violations
from tests.browser.conftest import PATIENCE_MS
from tests.browser.keyboard import push, write

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]

EVERYBODYS = "kibi-demo"
OPENED_BY = "71 04 55 92 18 36"
CHOSEN = "seven owls in the attic"


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


def sign_in(page: Page, name: str, password: str = EVERYBODYS) -> None:
    answer = page.context.request.post("/api/v1/session", data={"name": name, "password": password})
    assert answer.ok, answer.text()


def hire(page: Page, name: str) -> None:
    """Open an account that no other test signs in with, and sign in with it."""
    sign_in(page, "admin")
    account = {"name": name, "password": OPENED_BY, "display_name": name, "role": "planner"}
    opened = page.context.request.post(
        "/api/v1/staff", data=account, headers={"Idempotency-Key": f"hire-{name}"}
    )
    assert opened.ok, opened.text()
    sign_in(page, name, OPENED_BY)


def sign_in_elsewhere(page: Page, name: str, password: str = EVERYBODYS) -> None:
    browser = page.context.browser
    assert browser is not None
    address = "/".join(page.url.split("/")[:3])
    with browser.new_context(base_url=address) as context:
        sign_in(context.new_page(), name, password)


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


def test_a_password_is_changed_by_the_one_before_without_a_mouse(desk: Page) -> None:
    hire(desk, "futatsugi")
    desk.goto("/login")
    sign_in_elsewhere(desk, "futatsugi", OPENED_BY)
    desk.reload()
    part = desk.get_by_role("region", name="パスワード", exact=True)
    before, fresh = part.get_by_label("今のパスワード"), part.get_by_label("新しいパスワード（")
    again = part.get_by_label("新しいパスワードをもう一度")
    devices = desk.get_by_role("region", name="ログイン中の端末").get_by_role("listitem")
    expect(devices).to_have_count(2)
    push(desk, part.get_by_role("button", name="パスワードを変える"))
    expect(before).to_be_focused()

    for old, new, repeated, said in (
        (OPENED_BY, "short", "short", "短すぎます"),
        (OPENED_BY, CHOSEN, f"{CHOSEN}.", "2回で違います"),
        ("not mine at all", CHOSEN, CHOSEN, "今のパスワードが違います"),
        (OPENED_BY, "password2026", "password2026", "よく使われる言葉"),
    ):
        write(desk, before, old)
        write(desk, fresh, new)
        write(desk, again, repeated)
        desk.keyboard.press("Enter")
        expect(part.get_by_role("alert")).to_contain_text(said)
    assert everywhere(desk) == []

    write(desk, fresh, CHOSEN)
    write(desk, again, CHOSEN)
    desk.keyboard.press("Enter")
    expect(part.get_by_role("status")).to_contain_text("パスワードを変えました。")
    expect(devices).to_have_count(1)
    sign_in_elsewhere(desk, "futatsugi", CHOSEN)


def test_who_guesses_the_password_before_is_told_to_wait_and_a_code_is_asked_for(
    desk: Page,
) -> None:
    hire(desk, "mitsugi")
    desk.goto("/login")
    part = desk.get_by_role("region", name="パスワード", exact=True)
    part.get_by_role("button", name="パスワードを変える").click()
    part.get_by_label("今のパスワード").fill("not mine at all")
    part.get_by_label("新しいパスワード（").fill(CHOSEN)
    part.get_by_label("新しいパスワードをもう一度").fill(CHOSEN)
    code = {"type": "/problems/code-needed", "title": "", "detail": "コードを", "status": 401}
    desk.route("**/session/password", lambda route: route.fulfill(status=401, json=code), times=1)
    change = part.get_by_role("button", name="変える", exact=True)
    change.click()
    expect(part.get_by_label("確認コード")).to_be_focused()
    part.get_by_label("確認コード").fill("000000")
    for said in [*["今のパスワードが違います"] * 5, "お待ちください"]:
        with desk.expect_response("**/session/password"):
            change.click()
        expect(part.get_by_role("alert")).to_contain_text(said)


def test_lost_passkeys_are_taken_away_by_the_administrator(desk: Page) -> None:
    cdp, device = authenticator(desk)
    hire(desk, "yotsugi")
    desk.goto("/login")
    desk.get_by_role("button", name="パスキーを作る").click()
    desk.get_by_label("このパスキーの名前").fill("なくす端末")
    desk.get_by_role("button", name="作る", exact=True).click()
    expect(desk.get_by_role("listitem").filter(has_text="なくす端末")).to_be_visible()

    sign_in(desk, "admin")
    desk.goto("/admin#staff/yotsugi")
    access = desk.get_by_role("region", name="アカウントの安全")
    for said in ("消しました。", "使っていません。"):
        push(desk, access.get_by_role("button", name="パスキーをすべて消す"))
        box = desk.get_by_role("dialog")
        expect(box).to_contain_text("yotsugi さんのパスキーをすべて消しますか。")
        assert violations(desk) == []
        push(desk, box.get_by_role("button", name="パスキーをすべて消す"))
        expect(access.get_by_role("status")).to_contain_text(said)
    (_kept,) = cdp.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    desk.goto("/login")
    desk.get_by_role("button", name="ログアウト").click()
    desk.get_by_role("button", name="パスキーでログイン").click()
    expect(desk.get_by_role("alert")).to_contain_text("このパスキーは使えません")


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
