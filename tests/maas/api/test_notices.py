"""The list of calls to make, what riders were told, receipts by signature, and postcards."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import count
from typing import Any

import httpx
import pytest
from pypdf import PdfReader

from maas.api.keys import FRESH_S, sign
from maas.app import create_app
from maas.notify.occasions import Occasion
from maas.notify.wanted import wanted
from maas.settings import Settings
from maas.store.bookings import BookingRow, booking
from maas.store.commits import audit_break
from maas.store.members import MemberRow, member, save_members
from maas.store.notifications import NotificationRow, change, notification, notifications_of
from tests.maas.api.conftest import Prepared, Running
from tests.maas.api.test_bookings import booking as make_booking

pytestmark = pytest.mark.anyio
SECRET = "a gateway's own secret"
Keys = Callable[[], dict[str, str]]
_rides = count()


@pytest.fixture(scope="module")
async def desk(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """The tiny town at noon with a gateway's secret, and no gateway."""
    folder = tmp_path_factory.mktemp("notices") / "data"
    shutil.copytree(prepared.data_dir, folder)
    noon = 1_796_007_600.0  # Monday 30 November 2026, 12:00 in Japan
    settings = Settings(data_dir=folder, gateway_secret=SECRET, clock_start=noon)  # type: ignore[arg-type]
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield Running(app, app.state.service, prepared.device_token)


@pytest.fixture
async def ride(desk: Running, key: Keys) -> BookingRow:
    """A booking of a member, at an hour of its own."""
    hour, minute = divmod(13 * 60 + 25 * next(_rides), 60)
    async with desk.staff("operator") as operator:
        made = await make_booking(operator, key, time=f"{hour:02d}:{minute:02d}")
    async with desk.service.database.reading() as db:
        row = await booking(db, made["id"])
    assert row is not None
    return row


async def rider(desk: Running, row: BookingRow, **changes: str) -> MemberRow:
    """Return the member who rides, after some changes."""
    async with desk.service.database.writing() as db:
        found = await member(db, row.member_id or 1)
        assert found is not None
        now = replace(found, **changes)  # type: ignore[arg-type]
        await save_members(db, [now])
    return now


async def want(
    desk: Running, row: BookingRow, occasion: Occasion, who: MemberRow, **more: object
) -> NotificationRow:
    """Keep a message as a change would, and return it."""
    now = desk.service.clock()
    async with desk.service.database.writing() as db:
        await wanted(occasion, row, who, now=now, **more).write(db)  # type: ignore[arg-type]
        *_, newest = await notifications_of(db, row.id)
    return newest


async def listed(desk: Running, row: BookingRow, role: str = "operator") -> list[dict[str, Any]]:
    """Return the calls about a booking in the order of the list."""
    async with desk.staff(role) as caller:
        answer = await caller.get("/api/v1/phone-tasks")
        assert answer.status_code == 200, answer.text
        return [each for each in answer.json() if each["booking_id"] == row.id]


async def note(
    desk: Running, task: str, outcome: str, headers: dict[str, str], role: str = "operator"
) -> httpx.Response:
    """Note what came of a call."""
    async with desk.staff(role) as caller:
        url = f"/api/v1/phone-tasks/{task}/outcome"
        return await caller.post(url, json={"outcome": outcome}, headers=headers)


async def test_a_call_stays_on_the_list_until_somebody_was_reached(
    desk: Running, ride: BookingRow, key: Keys
) -> None:
    who = await rider(desk, ride, confirm_by="none")
    row = await want(desk, ride, Occasion.VEHICLE_OUT, who, facts={"reason": "故障"})

    (task,) = await listed(desk, ride)
    assert (task["key"], task["phone"], task["urgency"]) == (row.key, row.address, 1)
    assert (task["name"], task["reference"]) == (who.name, ride.reference)
    assert "故障のため、" in task["say"]

    assert (await note(desk, row.key, "not_reached", key())).status_code == 204
    (again,) = await listed(desk, ride)
    assert again["attempts"] == 1
    assert again["from_at"] > task["from_at"]

    assert (await note(desk, row.key, "reached", key())).status_code == 204
    assert await listed(desk, ride) == []
    assert (await note(desk, row.key, "reached", key())).status_code == 409
    async with desk.service.database.reading() as db:
        kept = await notification(db, row.key)
        assert await audit_break(db) is None
    assert kept is not None
    assert (kept.state, kept.done_by, kept.attempts) == ("acknowledged", "operator", 2)


async def test_a_command_sent_again_is_done_once(
    desk: Running, ride: BookingRow, key: Keys
) -> None:
    row = await want(desk, ride, Occasion.VEHICLE_OUT, await rider(desk, ride, confirm_by="none"))
    once = key()

    assert (await note(desk, row.key, "not_reached", once)).status_code == 204
    assert (await note(desk, row.key, "not_reached", once)).status_code == 204
    other = await note(desk, row.key, "reached", once)

    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")
    (task,) = await listed(desk, ride)
    assert task["attempts"] == 1
    assert (await note(desk, row.key, "reached", key())).status_code == 204


async def test_the_same_command_twenty_times_at_once_is_done_once(
    desk: Running, ride: BookingRow, key: Keys
) -> None:
    row = await want(desk, ride, Occasion.VEHICLE_OUT, await rider(desk, ride, confirm_by="none"))
    once = key()
    async with desk.staff("operator") as operator:
        url, body = f"/api/v1/phone-tasks/{row.key}/outcome", {"outcome": "not_reached"}
        answers = await asyncio.gather(
            *(operator.post(url, json=body, headers=once) for _ in range(20))
        )

    assert {each.status_code for each in answers} == {204}
    (task,) = await listed(desk, ride)
    assert task["attempts"] == 1
    await note(desk, row.key, "reached", key())


async def test_the_most_urgent_call_comes_first_and_later_ones_last(
    desk: Running, ride: BookingRow, key: Keys
) -> None:
    who, now = await rider(desk, ride, confirm_by="none"), desk.service.clock()
    later = await want(desk, ride, Occasion.WAITLIST_OFFER, who, due_at=now + 4 * 3600)
    pressing = await want(desk, ride, Occasion.WAITLIST_OFFER, who, due_at=now + 600)
    out = await want(desk, ride, Occasion.VEHICLE_OUT, who, due_at=now + 60)
    await note(desk, out.key, "not_reached", key())

    found = [each["key"] for each in await listed(desk, ride)]

    assert found == [pressing.key, later.key, out.key]
    for each in found:
        await note(desk, each, "reached", key())


@pytest.mark.parametrize("task", ["none", "a:b:c"])
async def test_a_call_that_is_not_there_cannot_be_noted(
    desk: Running, key: Keys, task: str
) -> None:
    assert (await note(desk, task, "reached", key())).status_code == 404


async def test_a_message_is_no_call(desk: Running, ride: BookingRow, key: Keys) -> None:
    row = await want(desk, ride, Occasion.BOOKED, await rider(desk, ride, confirm_by="sms"))

    assert (await note(desk, row.key, "reached", key())).status_code == 404


async def test_a_channel_that_is_not_set_up_becomes_a_call_with_the_reason(
    desk: Running, ride: BookingRow, key: Keys
) -> None:
    row = await want(desk, ride, Occasion.MOVED, await rider(desk, ride, confirm_by="sms"))
    assert desk.service.post is not None
    await desk.service.post.all()

    (task,) = await listed(desk, ride)
    async with desk.staff("operator") as operator:
        told = (await operator.get(f"/api/v1/bookings/{ride.id}/messages")).json()

    assert task["key"] == f"{row.key}:call"
    states = {each["key"]: (each["state"], each["error"]) for each in told}
    assert states[row.key] == ("failed", "no such channel")
    assert "お迎えの時刻が変わります" in next(e for e in told if e["key"] == row.key)["text"]
    await note(desk, task["key"], "reached", key())


async def test_another_areas_staff_sees_and_notes_nothing(
    desk: Running, ride: BookingRow, key: Keys
) -> None:
    from maas.auth.roles import Role
    from maas.auth.staff import Person, add_staff

    async with desk.service.database.writing() as db:
        away = Person("far", "far", Role.OPERATOR, "elsewhere")
        await add_staff(db, away, "kibi-demo")
    row = await want(desk, ride, Occasion.VEHICLE_OUT, await rider(desk, ride, confirm_by="none"))

    assert await listed(desk, ride, "far") == []
    assert (await note(desk, row.key, "reached", key(), "far")).status_code == 403
    async with desk.staff("far") as caller:
        answer = await caller.get(f"/api/v1/bookings/{ride.id}/messages")
        assert answer.status_code == 403
        assert (await caller.get("/api/v1/phone-tasks?area=tiny")).status_code == 403
    await note(desk, row.key, "reached", key())


async def receipt(
    desk: Running, body: dict[str, str], *, ago_s: float = 0.0, secret: str = SECRET
) -> httpx.Response:
    """Send a receipt as the gateway does."""
    data = json.dumps(body).encode()
    moment = str(int(time.time() - ago_s))
    headers = {
        "content-type": "application/json",
        "x-signature": f"t={moment},v1={sign(data, moment, secret)}",
    }
    async with desk.caller() as gateway:
        return await gateway.post("/api/v1/notifications/receipts", content=data, headers=headers)


async def sent(desk: Running, ride: BookingRow, once: str) -> NotificationRow:
    """Return a message that a gateway has taken."""
    who = await rider(desk, ride, confirm_by="sms")
    row = await want(desk, ride, Occasion.MOVED, who, once=once)
    async with desk.service.database.writing() as db:
        seen = await notification(db, row.key)
        assert seen is not None
        assert await change(db, seen, state="sent", error=None)
        found = await notification(db, row.key)
    assert found is not None
    return found


async def state_of(desk: Running, key: str) -> str | None:
    async with desk.service.database.reading() as db:
        row = await notification(db, key)
    return None if row is None else row.state


async def test_a_receipt_says_that_a_message_arrived(desk: Running, ride: BookingRow) -> None:
    row = await sent(desk, ride, "arrives")
    for _ in range(2):
        answer = await receipt(desk, {"key": row.key, "state": "delivered"})
        assert answer.status_code == 204, answer.text

    assert await state_of(desk, row.key) == "delivered"
    late = await receipt(desk, {"key": row.key, "state": "failed"})
    assert (late.status_code, await state_of(desk, row.key)) == (204, "delivered")


async def test_what_did_not_arrive_is_rung_and_a_late_receipt_spares_the_call(
    desk: Running, ride: BookingRow
) -> None:
    row = await sent(desk, ride, "lost")
    for _ in range(2):
        await receipt(desk, {"key": row.key, "state": "failed"})
    assert await state_of(desk, row.key) == "failed"
    assert [each["why"] for each in await listed(desk, ride)] == ["not delivered"]

    await receipt(desk, {"key": row.key, "state": "delivered"})

    assert await state_of(desk, row.key) == "delivered"
    assert await state_of(desk, f"{row.key}:call") == "dropped"


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "another secret, as long"},
        {"ago_s": FRESH_S + 30},
        {"ago_s": -FRESH_S - 30},
    ],
)
async def test_a_receipt_that_is_not_signed_now_by_the_gateway_is_not_taken(
    desk: Running, ride: BookingRow, forged: dict[str, Any]
) -> None:
    row = await sent(desk, ride, f"forged {forged}")

    answer = await receipt(desk, {"key": row.key, "state": "delivered"}, **forged)

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/bad-key")
    assert await state_of(desk, row.key) == "sent"


async def test_a_signature_is_of_its_body_alone(desk: Running, ride: BookingRow) -> None:
    row = await sent(desk, ride, "swapped")
    moment = str(int(time.time()))
    signature = f"t={moment},v1={sign(b'{}', moment, SECRET)}"
    body = json.dumps({"key": row.key, "state": "failed"})
    for header in (signature, "", "t=,v1=", "nonsense", f"t={moment}"):
        headers = {"x-signature": header, "content-type": "application/json"}
        async with desk.caller() as gateway:
            url = "/api/v1/notifications/receipts"
            answer = await gateway.post(url, content=body, headers=headers)
        assert answer.status_code == 401, header

    assert await state_of(desk, row.key) == "sent"


async def test_without_a_secret_no_receipt_is_taken(running: Running) -> None:
    body = json.dumps({"key": "none", "state": "delivered"}).encode()
    moment = str(int(time.time()))
    headers = {
        "x-signature": f"t={moment},v1={sign(body, moment, '')}",
        "content-type": "application/json",
    }
    async with running.caller() as gateway:
        url = "/api/v1/notifications/receipts"
        answer = await gateway.post(url, content=body, headers=headers)

    assert answer.status_code == 401


async def test_a_receipt_of_nothing_is_not_found(desk: Running) -> None:
    answer = await receipt(desk, {"key": "none", "state": "delivered"})

    assert answer.status_code == 404


async def test_postcards_are_printed_until_they_are_posted(desk: Running, ride: BookingRow) -> None:
    who = await rider(desk, ride, confirm_by="postcard", address="見本町大字見本1-2")
    far = replace(ride, service_date=ride.service_date.replace(year=2030))
    row = await want(desk, far, Occasion.BOOKED, who)
    assert row.channel == "postcard"
    async with desk.staff("operator") as operator:
        pdf = await operator.get("/api/v1/postcards")
        assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages]
        assert len(pages) == 2
        assert "見本町大字見本1-2" in pages[0]
        assert who.name in pages[0]
        assert ride.reference in pages[1]

        body = {"keys": [row.key, "none"]}
        posted = await operator.post("/api/v1/postcards/posted", json=body)
        assert posted.status_code == 204
        empty = await operator.get("/api/v1/postcards")
        assert "ありません" in PdfReader(io.BytesIO(empty.content)).pages[0].extract_text()
    assert await state_of(desk, row.key) == "sent"
