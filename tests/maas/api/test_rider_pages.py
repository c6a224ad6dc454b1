"""By a link riders see and cancel their own ride and book by themselves; nobody else's, ever."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.resources import files
from typing import Any

import httpx
import pytest

from maas.demo.prepare import RIDER_LINK, SECRET
from maas.people.links import ride_token, rider_token
from maas.rides.rider_view import over_at
from maas.store import bookings, rider_links
from maas.store.members import consents_of
from tests.maas.api.conftest import Running

pytestmark = pytest.mark.anyio
Keys = Callable[[], dict[str, str]]
HANAKO, TARO = 1, 2


@pytest.fixture(autouse=True)
def patient(running: Running) -> None:
    """Nobody has been here before."""
    for throttle in (running.service.link_throttle, running.service.ask_throttle):
        for name in ("127.0.0.1", ""):
            throttle.succeed(name)


async def booked(operator: httpx.AsyncClient, key: Keys, rider: int = HANAKO) -> dict[str, Any]:
    """Have the desk book a ride from the hall to the market tomorrow."""
    tomorrow = (dt.date.fromisoformat((await operator.get("/api/v1/clock")).json()["service_date"])
                + dt.timedelta(days=1)).isoformat()  # fmt: skip
    trip = {"origin": 1, "destination": 6, "date": tomorrow, "time": "10:00", "rider_id": rider}
    offer = (await operator.post("/api/v1/quotes", json=trip)).json()["offers"][0]["token"]
    body = {"offer": offer, "rider_id": rider}
    answer = await operator.post("/api/v1/bookings", json=body, headers=key())
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def path_of(operator: httpx.AsyncClient, booking: dict[str, Any]) -> str:
    """Return the address of a booking's page in the API."""
    path: str = (await operator.get(f"/api/v1/bookings/{booking['id']}/link")).json()["path"]
    return path.replace("/r/", "/api/v1/ride/", 1)


async def link_for(
    operator: httpx.AsyncClient, key: Keys, rider: int = HANAKO, **more: str
) -> dict[str, Any]:
    """Have the desk make a link of a member's own page."""
    answer = await operator.post(f"/api/v1/riders/{rider}/links", json=more, headers=key())
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()[0]
    return made


@asynccontextmanager
async def phone_with(running: Running, *links: dict[str, Any]) -> AsyncIterator[httpx.AsyncClient]:
    """Give a telephone on which these links were opened."""
    async with running.caller() as phone:
        for link in links:
            token = link["path"].partition("#")[2]
            answer = await phone.post("/api/v1/my/links", json={"link": token})
            assert answer.status_code == 204, answer.text
        yield phone


async def test_a_ride_is_seen_by_its_link_and_by_nothing_else(
    running: Running, operator: httpx.AsyncClient, nobody: httpx.AsyncClient, key: Keys
) -> None:
    made = await booked(operator, key)
    path = await path_of(operator, made)

    ride = await nobody.get(path)
    assert ride.status_code == 200, ride.text
    seen = ride.json()
    assert (seen["state"], seen["reference"]) == ("booked", made["reference"])
    assert seen["pickup_from"] == made["pickup_from"]
    assert seen["vehicle"]["plate"].startswith("試験")
    assert seen["may_cancel"] is True
    assert seen["expected"] is None, "nobody knows today when a vehicle comes tomorrow"
    for private in ("試験花子", "しけん", "000-000-0001", "一本道", made["id"]):
        assert private not in ride.text, private

    token = path.rpartition("/")[2]
    forged = [f"{'A' if token[0] != 'A' else 'B'}{token[1:]}", token[:-1], token + "A", made["id"]]
    forged.append(base64.urlsafe_b64encode(bytes(28)).decode().rstrip("="))
    answers = [await nobody.get(f"/api/v1/ride/{each}") for each in forged]
    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1
    other_key = ride_token(made["id"], b"another town's key")
    assert (await nobody.get(f"/api/v1/ride/{other_key}")).text == answers[0].text


async def test_a_rider_cancels_by_the_link_once(
    operator: httpx.AsyncClient, nobody: httpx.AsyncClient, key: Keys
) -> None:
    made, header = await booked(operator, key), key()
    path = await path_of(operator, made)

    answers = [await nobody.post(f"{path}/cancel", headers=header) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert [each.json()["state"] for each in answers] == ["cancelled", "cancelled"]
    assert answers[0].json()["may_cancel"] is False
    desk = (await operator.get(f"/api/v1/bookings/{made['id']}")).json()
    assert desk["state"] == "cancelled"
    assert (await nobody.post(f"{path}/cancel")).json()["type"] == "/problems/key-missing"


async def test_who_it_was_shown_to_looks_and_does_not_touch(
    operator: httpx.AsyncClient, nobody: httpx.AsyncClient, key: Keys
) -> None:
    made = await booked(operator, key)
    own = (await nobody.get(await path_of(operator, made))).json()
    shown = f"/api/v1/ride/{own['show']}"

    seen = (await nobody.get(shown)).json()
    assert seen["reference"] == made["reference"]
    assert (seen["may_cancel"], seen["show"], seen["position"]) == (False, None, None)
    refused = await nobody.post(f"{shown}/cancel", headers=key())
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
    desk = (await operator.get(f"/api/v1/bookings/{made['id']}")).json()
    assert desk["state"] == "booked"


async def test_the_family_is_not_told_where_home_is(
    operator: httpx.AsyncClient, nobody: httpx.AsyncClient, key: Keys
) -> None:
    home = (await operator.get(f"/api/v1/riders/{HANAKO}")).json()["home_place"]["id"]
    trip = {"origin": home, "destination": 6, "time": None, "rider_id": HANAKO}
    offer = (await operator.post("/api/v1/quotes", json=trip)).json()["offers"][0]["token"]
    body = {"offer": offer, "rider_id": HANAKO}
    made = (await operator.post("/api/v1/bookings", json=body, headers=key())).json()

    own = (await nobody.get(await path_of(operator, made))).json()
    shown = (await nobody.get(f"/api/v1/ride/{own['show']}")).json()
    assert own["origin"]["home"]
    assert own["origin"]["at"] is not None
    assert shown["origin"] == own["origin"] | {"at": None}
    assert shown["destination"]["at"] is not None


async def test_a_link_is_over_the_day_after_the_ride(
    running: Running, operator: httpx.AsyncClient, nobody: httpx.AsyncClient, key: Keys
) -> None:
    made = await booked(operator, key)
    async with running.service.database.reading() as db:
        row = await bookings.booking(db, made["id"])
    assert row is not None
    last_s = over_at(row, "Asia/Tokyo") - 1
    last = dt.datetime.fromtimestamp(last_s, dt.timezone(dt.timedelta(hours=9)))
    assert last.date() == row.service_date + dt.timedelta(days=1)

    old = replace(row, id="0e" * 16, reference="0000", service_date=dt.date(2026, 1, 5))
    async with running.service.database.writing() as db:
        promise = (await bookings.promises_of(db, row.id))[0]
        await bookings.add_booking(db, replace(old, state="done"))
        await bookings.add_promise(db, replace(promise, booking_id=old.id))
    token = ride_token(old.id, running.service.settings.signing_key())
    answer = await nobody.get(f"/api/v1/ride/{token}")
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/link-over")
    assert "電話" in answer.json()["detail"]


async def test_guessing_has_to_wait_and_good_links_do_not(
    running: Running, operator: httpx.AsyncClient, nobody: httpx.AsyncClient, key: Keys
) -> None:
    path = await path_of(operator, await booked(operator, key))
    for _ in range(20):
        assert (await nobody.get("/api/v1/ride/guess")).status_code == 404
    refused = await nobody.get("/api/v1/ride/guess")
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/slow-down")
    assert 0 < int(refused.headers["retry-after"]) <= 300
    assert (await nobody.post("/api/v1/my/links", json={"link": "guess"})).status_code == 429
    assert (await nobody.get(path)).status_code == 200


async def test_a_member_books_by_their_own_link(
    running: Running, operator: httpx.AsyncClient, key: Keys
) -> None:
    link = await link_for(operator, key)
    async with phone_with(running, link) as phone:
        page = (await phone.get("/api/v1/my")).json()
        (me,) = page["riders"]
        assert (me["id"], me["name"], me["wheelchair"]) == (HANAKO, "試験花子", False)
        assert [each["name"] for each in me["places"][:2]] == ["賀陽病院", "商店"]
        day = page["days"][1]
        assert (day["opens"], day["closes"], day["closed"]) == ("0:00", "24:00", None)

        trip = {"rider_id": me["id"], "origin": me["home"]["id"], "destination": 2}
        asked = await phone.post(
            "/api/v1/my/quotes", json=trip | {"date": day["date"], "time": "14:00"}
        )
        assert asked.status_code == 200, asked.text
        offer = asked.json()["offers"][0]
        assert asked.json()["advice"] == []
        body, header = {"rider_id": me["id"], "offer": offer["token"]}, key()
        answers = [await phone.post("/api/v1/my/bookings", json=body, headers=header) for _ in "12"]
        assert [each.status_code for each in answers] == [201, 201], answers[0].text
        made = answers[0].json()
        assert made == answers[1].json()

        ride = (await phone.get(f"/api/v1/ride/{made['token']}")).json()
        assert ride["reference"] == made["reference"]
        (again,) = (await phone.get("/api/v1/my")).json()["riders"]
        assert made in again["rides"]
    on_desk = (await operator.get("/api/v1/bookings", params={"date": day["date"]})).json()
    (booking,) = [each for each in on_desk if each["reference"] == made["reference"]]
    assert (booking["rider"]["id"], booking["channel"]) == (HANAKO, "web")


async def test_nobody_books_or_sees_for_somebody_else(
    running: Running, operator: httpx.AsyncClient, nobody: httpx.AsyncClient, key: Keys
) -> None:
    made = await booked(operator, key, TARO)
    taros_home = (await operator.get(f"/api/v1/riders/{TARO}")).json()["home_place"]["id"]
    day = made["pickup_from"][:10]
    async with phone_with(running, await link_for(operator, key)) as phone:
        page = await phone.get("/api/v1/my")
        for private in ("試験太郎", made["reference"], f'"id":{taros_home},'):
            assert private not in page.text, private
        trip = {"rider_id": HANAKO, "origin": 1, "destination": 2, "date": day, "time": "15:00"}
        for wrong in ({"rider_id": TARO}, {"origin": taros_home}, {"destination": taros_home}):
            asked = await phone.post("/api/v1/my/quotes", json=trip | wrong)
            assert asked.status_code == 404, wrong
        offer = (await phone.post("/api/v1/my/quotes", json=trip)).json()["offers"][0]["token"]
        body = {"rider_id": TARO, "offer": offer}
        assert (
            await phone.post("/api/v1/my/bookings", json=body, headers=key())
        ).status_code == 404
        assert (
            await phone.delete(f"/api/v1/bookings/{made['id']}", headers=key())
        ).status_code == 401
        assert (await phone.get(f"/api/v1/bookings/{made['id']}/link")).status_code == 401
    nothing = await nobody.get("/api/v1/my")
    assert (nothing.status_code, nothing.json()) == (200, None)
    guessed = await nobody.get("/api/v1/my", headers={"cookie": "rider=guess"})
    assert (guessed.status_code, guessed.json()["type"]) == (401, "/problems/no-rider-link")
    body = {"rider_id": HANAKO, "offer": offer}
    assert (await nobody.post("/api/v1/my/bookings", json=body, headers=key())).status_code == 401


async def test_family_books_with_consent_and_no_longer_when_it_is_taken_back(
    running: Running, operator: httpx.AsyncClient, key: Keys
) -> None:
    without = await operator.post(
        f"/api/v1/riders/{TARO}/links", json={"holder": "娘 試験花子"}, headers=key()
    )
    assert (without.status_code, without.json()["type"]) == (422, "/problems/bad-form")
    mine = await link_for(operator, key)
    his = await link_for(operator, key, TARO, holder="娘 試験花子", consent="窓口で本人に確認")

    async with phone_with(running, mine, his) as phone:
        riders = (await phone.get("/api/v1/my")).json()["riders"]
        assert {each["id"] for each in riders} == {HANAKO, TARO}
        gone = await operator.delete(f"/api/v1/riders/{TARO}/links/{his['id']}", headers=key())
        assert gone.json()[0]["path"] is None
        riders = (await phone.get("/api/v1/my")).json()["riders"]
        assert [each["id"] for each in riders] == [HANAKO]
        forgotten = await phone.delete("/api/v1/my/links")
        assert forgotten.status_code == 204
        assert (await phone.get("/api/v1/my")).json() is None
    async with running.service.database.reading() as db:
        said = [row for row in await consents_of(db, TARO) if row.purpose == "book"]
    assert [(row.recipient, row.given) for row in said] == [
        ("娘 試験花子", True),
        ("娘 試験花子", False),
    ]


async def test_an_old_link_opens_nothing_and_none_is_kept_in_the_database(
    running: Running, operator: httpx.AsyncClient, nobody: httpx.AsyncClient, key: Keys
) -> None:
    link = await link_for(operator, key)
    token = link["path"].partition("#")[2]
    async with running.service.database.reading() as db:
        row = await rider_links.link(db, link["id"])
        assert row is not None
        assert await rider_links.good(db, [row.id], row.expires_at) == {}
        assert await rider_links.good(db, [row.id], row.expires_at - 1) == {row.id: row}
    assert token not in str(row)
    assert token not in (await operator.get("/api/v1/riders/1/consents")).text
    answer = await nobody.post("/api/v1/my/links", json={"link": row.id})
    assert answer.status_code == 404


async def test_one_link_does_not_ask_without_end(
    running: Running, operator: httpx.AsyncClient, key: Keys
) -> None:
    link = await link_for(operator, key)
    async with phone_with(running, link) as phone:
        for _ in range(60):
            running.service.ask_throttle.fail(f"link {link['id']}", running.service.real_now())
        trip = {"rider_id": HANAKO, "origin": 1, "destination": 2, "date": "2026-11-30"}
        answer = await phone.post("/api/v1/my/quotes", json=trip)
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/slow-down")


def test_the_link_on_the_front_page_of_the_demo_is_the_one_it_makes() -> None:
    page = files("signage").joinpath("web", "src", "home", "DemoStart.svelte").read_text("utf-8")
    assert f'"{rider_token(RIDER_LINK, SECRET.encode())}"' in page
