"""Staff signed in by an organisation that runs beside, and every way in which that is refused."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from pydantic import SecretStr
from sqlalchemy import select

from maas.api.service import Service
from maas.app import create_app
from maas.auth.attempts import ATTEMPT_S
from maas.auth.organisation import LEEWAY_S, Provider
from maas.auth.sessions import RECENT_S
from maas.settings import Settings
from maas.store.tables import attempts, audit, identities, sessions, staff
from tests.maas.api.conftest import PASSWORD, Prepared, Running
from tests.maas.api.provider import CLIENT, SECRET, Organisation, organisation

SITE = "https://desk.example"
SESSION, DOOR = "/api/v1/session", "/api/v1/session/organisation"
Said = dict[str, str]


@dataclass
class Desk:
    """A service, the organisation beside it, and a clock for both that stands still."""

    app: FastAPI
    service: Service
    organisation: Organisation
    now: list[float] = field(default_factory=lambda: [1_800_000_000.0])

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=SITE)


@pytest.fixture(scope="module")
async def house(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("desk") / "data"
    shutil.copytree(prepared.data_dir, folder)
    now = [1_800_000_000.0]
    async with organisation(lambda: now[0]) as beside:
        settings = Settings(
            data_dir=folder,
            staff_url=SITE,
            oidc_issuer=beside.issuer,
            oidc_client=CLIENT,
            oidc_secret=SecretStr(SECRET),
            oidc_name="町のアカウント",
            oidc_claim="upn",
            oidc_domain="town.example",
        )
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            app.state.service.real_now = lambda: now[0]
            yield Desk(app, app.state.service, beside, now)


@pytest.fixture
async def desk(house: Desk) -> Desk:
    """The service with nobody tied to the organisation, which does everything right."""
    async with house.service.database.writing() as db:
        for table in (identities, attempts, sessions):
            await db.execute(table.delete())
        await db.execute(staff.update().values(disabled=False))
    house.service.host_throttle.succeed("127.0.0.1")
    house.service.begun_throttle.succeed("127.0.0.1")
    beside = house.organisation
    beside.about, beside.claims, beside.sign, beside.down = {}, {}, None, False
    beside.claims = {"upn": "driver@town.example"}
    return house


async def away(caller: httpx.AsyncClient, **wanted: str) -> str:
    answer = await caller.post(DOOR, json=wanted)
    assert answer.is_success, answer.text
    return str(answer.json()["address"])


async def back(caller: httpx.AsyncClient, brought: Said) -> Said:
    """Return what the login page is told when a browser comes back."""
    answer = await caller.get(f"{DOOR}/back", params=brought)
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    assert (parts.netloc, parts.path) == ("", "/login")
    return dict(parse_qsl(parts.query))


async def enter(desk: Desk, caller: httpx.AsyncClient) -> Said:
    return await back(caller, desk.organisation.consent(await away(caller)))


async def who(caller: httpx.AsyncClient) -> str | None:
    return str((await caller.get(SESSION)).json().get("name"))


REFUSED = {"trouble": "organisation-refused"}
UNKNOWN = {"trouble": "organisation-unknown"}
OVER = {"trouble": "attempt-over"}
AWAY = {"trouble": "organisation-away"}


async def test_the_organisation_signs_somebody_in(desk: Desk) -> None:
    async with desk.browser() as caller:
        assert (await caller.get(f"{SESSION}/ways")).json()["organisation"] == "町のアカウント"
        address = await away(caller, next="/driver")
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["redirect_uri"] == f"{SITE}{DOOR}/back"
        assert len(asked["state"]) >= 43
        said = await back(caller, desk.organisation.consent(address))
        assert said == {"entered": "1", "next": "/driver"}
        assert await who(caller) == "driver"
    async with desk.service.database.reading() as db:
        assert set(await db.scalars(select(sessions.c.way))) == {"organisation"}
        kept = json.dumps([list(row) for row in await db.execute(select(identities))])
        actions = list(await db.scalars(select(audit.c.action)))
    assert actions[-1] == "staff.tied"
    assert "S-1" not in kept


async def test_its_tokens_are_neither_told_to_the_browser_nor_kept(desk: Desk) -> None:
    heard = []

    async def note(answer: httpx.Response) -> None:
        heard.append(f"{answer.headers} {(await answer.aread()).decode()}".encode())

    desk.organisation.given.clear()
    async with desk.browser() as caller:
        caller.event_hooks["response"].append(note)
        assert (await enter(desk, caller))["entered"]
        assert await who(caller) == "driver"
    kept = [
        path.read_bytes() for path in desk.service.settings.data_dir.rglob("*") if path.is_file()
    ]

    assert len(desk.organisation.given) == 2
    assert any(b"driver" in each for each in heard)
    assert any(b"staff.tied" in each for each in kept)
    for token in desk.organisation.given:
        assert not any(token.encode() in each for each in (*heard, *kept))


async def test_what_the_organisation_calls_somebody_counts_once_they_are_tied(desk: Desk) -> None:
    beside = desk.organisation
    async with desk.browser() as caller:
        assert (await enter(desk, caller))["entered"]
        beside.claims = {"upn": "admin@town.example"}  # renamed: still the same person
        assert (await enter(desk, caller))["entered"]
        assert await who(caller) == "driver"
    async with desk.browser() as caller:
        beside.claims = {"sub": "S-2", "upn": "driver@town.example"}  # the name, given to another
        assert await enter(desk, caller) == UNKNOWN
        assert (await caller.get(SESSION)).status_code == 401


@pytest.mark.parametrize(
    "upn", ["nobody@town.example", "driver@evil.example", "driver", "", None, ["driver"], 7]
)
async def test_nobody_unknown_gets_an_account(desk: Desk, upn: object) -> None:
    desk.organisation.claims = {"upn": upn}
    async with desk.browser() as caller:
        assert await enter(desk, caller) == UNKNOWN
        assert (await caller.get(SESSION)).status_code == 401


def test_an_address_counts_once_it_is_verified() -> None:
    by_mail = Provider("i", "c", "", claim="email", domain="t.example")
    assert by_mail.account({"email": "hana@t.example", "email_verified": True}) == "hana"
    assert by_mail.account({"email": "hana@t.example", "email_verified": "true"}) is None
    assert by_mail.account({"email": "hana@t.example"}) is None
    assert Provider("i", "c", "").account({"sub": "driver", "None": "driver"}) is None


async def test_a_closed_account_is_not_signed_in(desk: Desk) -> None:
    async with desk.browser() as caller:
        assert (await enter(desk, caller))["entered"]
    async with desk.service.database.writing() as db:
        await db.execute(staff.update().where(staff.c.name == "driver").values(disabled=True))
    async with desk.browser() as caller:
        assert await enter(desk, caller) == UNKNOWN


def _none(claims: dict[str, Any]) -> str:
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none"}, claims)
    )
    return f"{head}.{body}."


def _shared(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET.ljust(32, ".")))


def _other_key(claims: dict[str, Any]) -> str:
    other = ECKey.generate_key("P-256", {"kid": "one"})
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, other)


@pytest.mark.parametrize(
    "sign", [_none, _shared, _other_key, lambda _: "", lambda _: "a.b.c", lambda _: "é" * 9]
)
async def test_a_token_that_is_not_signed_by_its_keys_is_refused(
    desk: Desk, sign: Callable[[dict[str, Any]], str]
) -> None:
    desk.organisation.sign = sign
    async with desk.browser() as caller:
        assert await enter(desk, caller) == REFUSED


NOW = 1_800_000_000


@pytest.mark.parametrize(
    "false",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": -LEEWAY_S},
        {"exp": None},
        {"iat": 3600},
        {"iat": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
    ],
)
async def test_a_token_that_is_not_for_us_now_is_refused(desk: Desk, false: dict[str, Any]) -> None:
    clock = {"exp", "iat"}
    desk.organisation.claims |= {
        name: value + int(desk.now[0]) if name in clock and value is not None else value
        for name, value in false.items()
    }
    async with desk.browser() as caller:
        assert await enter(desk, caller) == REFUSED
    async with desk.service.database.reading() as db:
        assert (await db.execute(select(identities))).first() is None


async def test_a_strength_that_is_asked_for_is_demanded(desk: Desk) -> None:
    asked_for, service = desk.service.settings, desk.service
    service.settings = asked_for.model_copy(update={"oidc_acr": "loa3"})
    try:
        async with desk.browser() as caller:
            assert "acr_values=loa3" in await away(caller)
            assert await enter(desk, caller) == REFUSED
            desk.organisation.claims |= {"acr": "loa1"}
            assert await enter(desk, caller) == REFUSED
            desk.organisation.claims |= {"acr": "loa3"}
            assert (await enter(desk, caller))["entered"]
    finally:
        service.settings = asked_for


async def test_one_of_several_it_is_for_is_named(desk: Desk) -> None:
    desk.organisation.claims |= {"aud": [CLIENT, "another"], "azp": CLIENT}
    async with desk.browser() as caller:
        assert (await enter(desk, caller))["entered"]


async def test_what_comes_back_is_good_once_and_for_its_browser(desk: Desk) -> None:
    beside = desk.organisation
    async with desk.browser() as one, desk.browser() as other:
        brought = beside.consent(await away(one))
        await away(other)
        assert await back(other, brought) == OVER  # the state of another browser
        async with desk.browser() as nobody:
            assert await back(nobody, brought) == OVER
        assert (await back(one, brought))["entered"]
        assert await back(one, brought) == OVER
        spent = beside.consent(await away(other))["state"]
        assert await back(other, {"state": spent, "code": brought["code"]}) == REFUSED  # replayed
        late = beside.consent(await away(other))
        desk.now[0] += ATTEMPT_S
        assert await back(other, late) == OVER
        assert await back(other, {}) == OVER
        assert await back(other, {"state": "made up", "code": "x"}) == OVER


async def test_a_code_of_another_sign_in_is_refused(desk: Desk) -> None:
    # Put into somebody's browser, it would sign them in as whoever it was given to.
    beside = desk.organisation
    async with desk.browser() as one, desk.browser() as other:
        stolen = beside.consent(await away(one))
        begun = beside.consent(await away(other))
        assert await back(other, {"state": begun["state"], "code": stolen["code"]}) == REFUSED


async def test_a_refusal_of_the_organisation_is_one(desk: Desk) -> None:
    async with desk.browser() as caller:
        state = desk.organisation.consent(await away(caller))["state"]
        assert await back(caller, {"state": state, "error": "access_denied"}) == REFUSED
        brought = desk.organisation.consent(await away(caller))
        assert await back(caller, brought | {"iss": "https://evil.example"}) == REFUSED
        brought = desk.organisation.consent(await away(caller))
        assert (await back(caller, brought | {"iss": desk.organisation.issuer}))["entered"]


@pytest.mark.parametrize(
    "about",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"authorization_endpoint": None},
    ],
)
async def test_who_describes_itself_as_another_is_not_asked(
    desk: Desk, about: dict[str, Any]
) -> None:
    desk.organisation.about = about
    async with desk.browser() as caller:
        assert (await caller.post(DOOR, json={})).status_code == 503


async def test_while_it_is_away_passwords_work(desk: Desk) -> None:
    async with desk.browser() as caller:
        brought = desk.organisation.consent(await away(caller))
        desk.organisation.down = True
        answer = await caller.post(DOOR, json={}, headers={"accept-language": "ja"})
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/organisation-away")
        assert "名前とパスワード" in answer.json()["detail"]
        assert await back(caller, brought) == AWAY
        right = {"name": "driver", "password": PASSWORD}
        assert (await caller.post(SESSION, json=right)).is_success


async def test_somebody_ties_their_own_account_and_unties_it(desk: Desk) -> None:
    beside = desk.organisation
    beside.claims = {}
    async with desk.browser() as caller:
        right = {"name": "planner", "password": PASSWORD}
        assert (await caller.post(SESSION, json=right)).is_success
        assert (await caller.get(DOOR)).json() == {"tied": False}
        brought = beside.consent((await caller.post(f"{DOOR}/tie")).json()["address"])
        async with desk.browser() as other:
            assert await back(other, brought) == OVER
        assert await back(caller, brought) == {}
        assert (await caller.get(DOOR)).json() == {"tied": True}
        async with desk.browser() as other:
            assert (await enter(desk, other))["entered"]
            assert await who(other) == "planner"
            right = {"name": "driver", "password": PASSWORD}  # whom it calls by the same name
            assert (await other.post(SESSION, json=right)).is_success
            brought = beside.consent((await other.post(f"{DOOR}/tie")).json()["address"])
            assert await back(other, brought) == UNKNOWN
            brought = beside.consent((await other.post(f"{DOOR}/tie")).json()["address"])
            await other.delete(SESSION)
            assert await back(other, brought) == OVER
        desk.now[0] += RECENT_S
        for method, path in (("POST", f"{DOOR}/tie"), ("DELETE", DOOR)):
            assert (await caller.request(method, path)).json()["type"] == "/problems/prove-again"
        proof = {"password": PASSWORD}
        assert (await caller.post(f"{SESSION}/proof", json=proof)).status_code == 204
        assert (await caller.delete(DOOR)).status_code == 204
        assert (await caller.delete(DOOR)).status_code == 404
    async with desk.browser() as caller:
        assert await enter(desk, caller) == UNKNOWN


async def test_a_page_of_ours_alone_may_be_next(desk: Desk) -> None:
    async with desk.browser() as caller:
        for wrong in ("https://evil.example", "//evil.example", "/a/../b", "javascript:x"):
            assert (await caller.post(DOOR, json={"next": wrong})).status_code == 422


async def test_without_settings_there_is_no_organisation(running: Running) -> None:
    async with running.caller() as caller:
        assert (await caller.get(f"{SESSION}/ways")).json()["organisation"] is None
        assert (await caller.post(DOOR, json={})).status_code == 409
        assert (await caller.get(f"{DOOR}/back")).status_code == 409
