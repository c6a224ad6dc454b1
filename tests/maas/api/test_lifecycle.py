"""Holds, rides booked together, open returns, the waitlist, weekly rides and refusals over HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest

from maas.store.members import MemberRow
from tests.maas.api.conftest import Prepared, Running, running_on

Keys = Callable[[], dict[str, str]]
TODAY = dt.datetime.now(ZoneInfo("Asia/Tokyo")).date()
TOMORROW = (TODAY + dt.timedelta(days=1)).isoformat()
TRIP = {"origin": 1, "destination": 6, "date": TOMORROW, "time": "14:00"}
BACK = {"origin": 6, "destination": 1, "date": TOMORROW, "time": "16:00"}


@pytest.fixture(scope="module")
async def running(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """The service at noon, whatever the hour is: there is time to ride, and to come back."""
    noon = dt.datetime.fromisoformat(f"{TODAY}T12:00:00+09:00").timestamp()
    async with running_on(prepared, tmp_path_factory.mktemp("noon") / "data", noon) as found:
        yield found


@pytest.fixture
async def desk(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with running.staff("operator") as caller:
        yield caller


async def post(
    caller: httpx.AsyncClient, path: str, body: object, key: Keys | None = None, status: int = 201
) -> Any:  # noqa: ANN401 -- a body of any shape
    headers = {} if key is None else key()
    answer = await caller.post(f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def token(caller: httpx.AsyncClient, **more: object) -> str:
    quote = await post(caller, "/quotes", TRIP | more, status=200)
    return str(quote["offers"][0]["token"])


async def test_a_seat_is_held_then_booked_or_given_up(desk: httpx.AsyncClient, key: Keys) -> None:
    held = await post(desk, "/holds", {"offer": await token(desk), "call_id": "c1"}, key)
    assert (held["state"], held["held_until"] is None) == ("held", False)
    booked = await post(desk, f"/holds/{held['id']}/booking", {"rider_id": 1}, key)
    assert (booked["id"], booked["state"], booked["rider"]["id"]) == (held["id"], "booked", 1)

    other = await post(desk, "/holds", {"offer": await token(desk), "seconds": 60}, key)
    gone = await desk.request("DELETE", f"/api/v1/holds/{other['id']}", headers=key())
    assert gone.json()["state"] == "lapsed"
    listed = (await desk.get(f"/api/v1/bookings?date={TOMORROW}")).json()
    assert other["id"] not in {each["id"] for each in listed}
    late = await desk.post(
        f"/api/v1/holds/{other['id']}/booking", json={"rider_id": 1}, headers=key()
    )
    assert (late.status_code, late.json()["type"]) == (409, "/problems/not-now")


async def test_outward_and_return_are_one_call_and_cancelled_as_one(
    desk: httpx.AsyncClient, key: Keys
) -> None:
    quotes = await post(desk, "/quotes/together", {"trips": [TRIP, BACK]}, status=200)
    offers = [quote["offers"][0]["token"] for quote in quotes]
    made = await post(desk, "/bookings/together", {"offers": offers, "rider_id": 1}, key)

    assert [each["group_id"] for each in made["bookings"]] == [made["group_id"]] * 2
    path = f"/api/v1/bookings/together/{made['group_id']}"
    gone = await desk.request("DELETE", path, json={"reason": "体調不良"}, headers=key())
    assert [each["state"] for each in gone.json()["bookings"]] == ["cancelled", "cancelled"]


async def test_a_group_is_split(desk: httpx.AsyncClient) -> None:
    group = TRIP | {"riders": 9}
    whole = await post(desk, "/quotes", group, status=200)
    assert whole["refusal"]["reason"] == "party_too_large"
    quotes = await post(desk, "/quotes/together", {"trips": [group], "split": True}, status=200)
    assert len(quotes) > 1


async def test_a_button_at_the_clinic_makes_the_return_a_ride(
    running: Running, desk: httpx.AsyncClient, key: Keys
) -> None:
    made = await post(
        desk,
        "/bookings/together",
        {"offers": [await token(desk, date=None, time=None)], "rider_id": 1, "open_return": True},
        key,
    )
    back = made["open_return"]
    assert (back["state"], back["seat_held"]) == ("open", True)
    waiting = (await desk.get("/api/v1/returns")).json()
    assert back["id"] in {each["id"] for each in waiting}
    assert all(each["button"] is None for each in waiting)

    async with running.caller() as anybody:
        wrong = await anybody.post("/api/v1/returns/press", json={"button": "x" * 16})
        assert wrong.status_code == 404
        pressed = await post(anybody, "/returns/press", {"button": back["button"]}, status=200)
    assert set(pressed) == {"state", "sentence"}
    assert pressed["state"] == "promised"
    again = await post(desk, f"/returns/{back['id']}/ready", None, key, status=200)
    assert again["booking"]["state"] == "booked"
    closed = await desk.request("DELETE", f"/api/v1/returns/{back['id']}", headers=key())
    assert closed.status_code == 409


async def test_somebody_waits_and_waits_no_longer(desk: httpx.AsyncClient, key: Keys) -> None:
    entry = await post(desk, "/waitlist", TRIP | {"contact": {"name": "客"}}, key)
    assert (entry["state"], entry["contact_name"]) == ("waiting", "客")
    early = await desk.post(f"/api/v1/waitlist/{entry['id']}/booking", headers=key())
    assert early.status_code == 409
    gone = await desk.request("DELETE", f"/api/v1/waitlist/{entry['id']}", headers=key())
    assert gone.json()["state"] == "withdrawn"


async def test_a_weekly_ride_is_made_paused_and_ended(
    running: Running, desk: httpx.AsyncClient, key: Keys
) -> None:
    first = running.service.today() + dt.timedelta(days=200)
    body = {
        **TRIP, "rider_id": 1, "weekdays": [0, 3], "valid_from": str(first), "open_return": True,
    }  # fmt: skip
    made = await post(desk, "/standing", body, key)
    assert (made["weekdays"], made["time"], made["open_return"]) == ([0, 3], 14 * 3600, True)
    path = f"/api/v1/standing/{made['id']}"
    paused = await desk.put(f"{path}/pause", json={"first": str(first)}, headers=key())
    assert paused.json()["paused_from"] == str(first)
    ended = await desk.put(f"{path}/end", json={"last": str(first)}, headers=key())
    assert ended.json()["valid_to"] == str(first)
    assert (await desk.get("/api/v1/standing?rider_id=1")).json()[-1]["id"] == made["id"]
    assert (await desk.get("/api/v1/standing/exceptions")).json() == []
    seen = await desk.post(f"{path}/days/{first}/seen")
    assert seen.status_code == 404


async def test_declined_offers_and_what_one_more_vehicle_would_save(
    desk: httpx.AsyncClient, key: Keys
) -> None:
    offers = [await token(desk, date=None, time=None)]
    note = {"offers": offers, "rider_id": 1, "reason": "遅すぎる"}
    assert await post(desk, "/refusals/declined", note) == {"declined": 1}
    bad = await desk.post("/api/v1/refusals/declined", json={"offers": ["x.y"]})
    assert bad.status_code == 422
    listed = (await desk.get("/api/v1/refusals")).json()
    assert [(row["declined"], row["reason"]) for row in listed if row["declined"]] == [
        (True, "遅すぎる")
    ]
    saved = (await desk.get("/api/v1/refusals/saved?from=09:00&to=11:00")).json()
    assert (saved["from_s"], saved["saved"] <= saved["lost"]) == (9 * 3600, True)
    assert "もう1台" in saved["sentence"]
    none = await desk.get("/api/v1/refusals/saved?from=09:00&to=11:00&like=nothing")
    assert none.status_code == 404


async def test_a_card_that_was_merged_stands_for_the_other(
    running: Running, desk: httpx.AsyncClient, key: Keys
) -> None:
    cards = cast("dict[int, MemberRow]", running.service.directory.member_by_id)
    cards[99] = cards[1]  # as after a merge of 99 into 1
    try:
        quote = await post(desk, "/quotes", TRIP | {"rider_id": 99}, status=200)
        offer = quote["offers"][0]["token"]
        booked = await post(desk, "/bookings", {"offer": offer, "rider_id": 99}, key)
        held = await post(desk, "/holds", {"offer": offer, "rider_id": 99}, key)
        waiting = await post(desk, "/waitlist", TRIP | {"rider_id": 99}, key)
    finally:
        del cards[99]
    assert [each["rider"]["id"] for each in (booked, held, waiting)] == [1, 1, 1]
