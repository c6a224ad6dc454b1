"""Planners change the rules over the API; the desk reads them, tries asks, and quotes by them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.store.once import By
from maas.store.places import place_ids
from maas.store.tables import areas
from maas.town.changes import Seen, put_in_force
from tests.maas.api.conftest import PASSWORD, Running

API = "/api/v1/rules"
JSON = "application/json"
_numbers, _days = count(), count(2)


def key() -> dict[str, str]:
    return {"Idempotency-Key": f"rules-{next(_numbers)}"}


@pytest.fixture
async def planner(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A planner, signed in."""
    async with running.staff("planner") as caller:
        yield caller


@pytest.fixture
def day(running: Running) -> str:
    """A day a week from now, another one for each test."""
    return (running.service.today() + timedelta(days=next(_days))).isoformat()


def short_hours(day: str, **more: object) -> dict[str, Any]:
    """Return a draft: on that one day only an hour of service."""
    rule = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "holidays": True}
    hours = rule | {"from": "09:00", "to": "10:00"} | more
    return {
        "name": "短い日",
        "valid_from": day,
        "valid_to": day,
        "rules": [{"kind": "hours", "rule": hours}],
    }


async def drafted(planner: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await planner.post(f"{API}/changes", json=body, headers=key())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def force(planner: httpx.AsyncClient, change: dict[str, Any], count: int) -> httpx.Response:
    body = {"version": change["version"], "count": count}
    return await planner.post(f"{API}/changes/{change['id']}/force", json=body, headers=key())


async def test_the_desk_reads_the_rules_of_a_day_in_the_towns_words(
    operator: httpx.AsyncClient,
) -> None:
    found = (await operator.get(API, params={"date": "2026-11-25"})).json()

    assert found["sentence"] is None
    assert [(each["from"], each["to"]) for each in found["hours"]] == [("00:00", "24:00")]
    assert found["booking"]["window_min"] == 10
    assert found["tariff"]["id"] == "tiny-2020"
    assert (found["zones"], found["relations"]) == ([], [])
    before = (await operator.get(API, params={"date": "2019-12-31"})).json()
    assert before["sentence"] == "12月31日(火)の運行はまだ決まっていません。"
    assert before["booking"] is None


async def test_rules_put_in_force_are_those_callers_are_answered_by(
    planner: httpx.AsyncClient, operator: httpx.AsyncClient, day: str
) -> None:
    places = {each["name"]: each["id"] for each in (await operator.get("/api/v1/places")).json()}
    first, second = list(places.values())[:2]
    ask = {"origin": first, "destination": second, "date": day, "time": "12:00"}
    assert (await operator.post("/api/v1/quotes", json=ask)).json()["refusal"] is None
    change = await drafted(planner, short_hours(day))

    answer = await force(planner, change, 0)

    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "in_force"
    refusal = (await operator.post("/api/v1/quotes", json=ask)).json()["refusal"]
    assert (refusal["reason"], refusal["binding"]) == ("outside_hours", "hours")
    assert refusal["sentence"].startswith("運行時間は9:00から10:00までです。")
    history = (await operator.get(f"{API}/history", params={"kind": "hours"})).json()
    assert history[-1]["made_by"] == "planner"
    assert history[-1]["change_id"] == change["id"]
    assert history[-1]["valid_to"] == day


async def test_a_trip_out_of_the_zones_is_refused(
    running: Running, planner: httpx.AsyncClient, operator: httpx.AsyncClient, day: str
) -> None:
    async with running.service.database.reading() as db:
        ids = await place_ids(db)
    first, second, third = (ids[code] for code in ("P1", "P2", "P3"))
    zone = {"id": "hub", "name": "中心部", "name_en": "the centre"}
    body = {
        "name": "区域",
        "valid_from": day,
        "valid_to": day,
        "rules": [
            {"kind": "zone", "rule": zone | {"places": ["P1", "P2"]}},
            {"kind": "relation", "rule": {"id": "r", "from": ["hub"], "to": ["hub"]}},
        ],
    }
    assert (await force(planner, await drafted(planner, body), 0)).status_code == 200

    ask = {"origin": first, "date": day, "time": "12:00"}
    inside = await operator.post("/api/v1/quotes", json=ask | {"destination": second})
    outside = await operator.post("/api/v1/quotes", json=ask | {"destination": third})

    assert inside.json()["refusal"] is None
    refusal = outside.json()["refusal"]
    assert (refusal["reason"], refusal["binding"]) == ("outside_area", "zone")
    assert refusal["sentence"].startswith("商店は運行区域の外です。")


async def test_rules_changed_by_another_process_are_followed(
    running: Running, planner: httpx.AsyncClient, day: str
) -> None:
    change = await drafted(planner, short_hours(day))
    service = running.service
    (keeper,) = service.keepers.values()
    by = By("elsewhere", service.clock(), "elsewhere")
    seen = Seen(change["id"], 1)
    done = await put_in_force(service.database, seen, 0, service.today(), by)
    assert done == change["id"]
    when = date.fromisoformat(day)
    assert [each.opens for each in keeper.here.rules.hours_on(when)] == ["00:00"]

    await service.refresh_rules()

    assert [each.opens for each in keeper.here.rules.hours_on(when)] == ["09:00"]


async def test_a_preview_counts_the_bookings_and_the_count_must_be_named(
    planner: httpx.AsyncClient, operator: httpx.AsyncClient, day: str
) -> None:
    first, second = [each["id"] for each in (await operator.get("/api/v1/places")).json()[:2]]
    ask = {"origin": first, "destination": second, "date": day, "time": "12:00"}
    offer = (await operator.post("/api/v1/quotes", json=ask)).json()["offers"][0]
    contact = {"name": "見本", "phone": "000-000-0001"}
    taken = {"offer": offer["token"], "rider_id": None, "contact": contact}
    booked = await operator.post("/api/v1/bookings", json=taken, headers=key())
    assert booked.status_code == 201, booked.text
    change = await drafted(planner, short_hours(day))

    found = (await operator.get(f"{API}/changes/{change['id']}/preview")).json()

    assert (found["count"], found["fault"]) == (1, None)
    (only,) = found["no_longer_allowed"]
    assert only["booking_id"] == booked.json()["id"]
    assert (only["date"], only["rule"]) == (day, "hours")
    assert only["sentence"] == "運行時間は9:00から10:00までです。"
    (difference,) = found["differences"]
    assert {each["field"] for each in difference["fields"]} == {"from", "to"}
    unseen = await force(planner, change, 0)
    assert (unseen.status_code, unseen.json()["type"]) == (409, "/problems/rules-unseen")
    assert unseen.json()["count"] == 1
    assert (await force(planner, change, 1)).status_code == 200
    kept = (await operator.get(f"/api/v1/bookings/{booked.json()['id']}")).json()
    assert kept["state"] == "booked"  # a promise is a promise


async def test_an_ask_is_tried_on_the_rules_and_on_a_draft(
    planner: httpx.AsyncClient, operator: httpx.AsyncClient, day: str
) -> None:
    first, second = [each["id"] for each in (await operator.get("/api/v1/places")).json()[:2]]
    ask: dict[str, Any] = {"origin": first, "destination": second, "date": day, "time": "09:30"}
    deadline = [{"channels": ["phone"], "days_before": 1, "at": "17:00", "working_days": False}]
    body = short_hours(day)
    rules = (await operator.get(API, params={"date": day})).json()
    booking = {k: v for k, v in rules["booking"].items() if not k.startswith("valid")}
    body["rules"].append({"kind": "booking", "rule": booking | {"deadlines": deadline}})
    change = await drafted(planner, body)
    tried = ask | {"change_id": change["id"], "asked_at": f"{day}T08:00:00+09:00"}

    now = (await operator.post(f"{API}/trial", json=ask)).json()
    by_phone = (await operator.post(f"{API}/trial", json=tried)).json()
    by_web = (await operator.post(f"{API}/trial", json=tried | {"channel": "web"})).json()
    later = (await operator.post(f"{API}/trial", json=tried | {"time": "10:01"})).json()

    assert (now["allowed"], now["reason"], now["sentence"]) == (True, None, None)
    assert (by_phone["allowed"], by_phone["rule"]) == (False, "booking.deadlines")
    assert by_phone["sentence"].endswith("の17:00までです。")
    assert by_phone["book_by"].endswith("T17:00:00+09:00")
    assert by_phone["book_by"] < f"{day}T00:00:00+09:00"
    assert by_web["allowed"] is True
    assert by_web["book_by"] == f"{day}T09:30:00+09:00"
    assert later["rule"] == "hours"


async def test_a_time_far_from_now_or_without_a_zone_is_not_tried(
    operator: httpx.AsyncClient, day: str
) -> None:
    ask = {"origin": 1, "destination": 2, "date": day, "time": "09:30"}
    for odd in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", f"{day}T08:00:00"):
        answer = await operator.post(f"{API}/trial", json=ask | {"asked_at": odd})
        assert answer.status_code == 422, odd


async def test_what_is_exported_can_be_brought_back_and_changes_nothing(
    planner: httpx.AsyncClient, operator: httpx.AsyncClient
) -> None:
    toml = await operator.get(f"{API}/export")
    assert toml.headers["content-type"] == "application/toml"
    sheet = await operator.get(f"{API}/export", params={"format": "csv", "kind": "booking"})
    assert sheet.content.startswith(b"\xef\xbb\xbfarea,")
    for body in (
        {"name": "x", "text": toml.text},
        {"name": "x", "format": "csv", "kind": "booking", "text": sheet.text},
    ):
        answer = await planner.post(f"{API}/changes/import", json=body, headers=key())
        assert answer.status_code == 201, answer.text
        assert answer.json()["body"] == {"rules": [], "withdrawn": []}


async def test_an_import_drafts_what_is_new_in_it(
    planner: httpx.AsyncClient, operator: httpx.AsyncClient, day: str
) -> None:
    toml = (await operator.get(f"{API}/export")).text
    new = (
        f'\n[[zone]]\narea = "tiny"\nvalid_from = {day}\nid = "east"\nname = "東"\n'
        'name_en = "the east"\nplaces = ["P5", "P6"]\n'
    )
    body = {"name": "区域", "text": toml + new}

    change = (await planner.post(f"{API}/changes/import", json=body, headers=key())).json()

    assert [each["kind"] for each in change["body"]["rules"]] == ["zone"]
    assert (await force(planner, change, 0)).status_code == 200
    found = (await operator.get(API, params={"date": day})).json()
    assert [each["id"] for each in found["zones"]] == ["east"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"text": '[[hours]]\narea = "tiny"\nvalid_from = 2027-04-01\n'}, "rules.toml:1"),
        ({"text": "[[hours]\n"}, "rules.toml:1"),
        ({"text": '[[hours]]\narea = "other"\n'}, "hours."),
        ({"format": "csv", "text": "area,days\ntiny,mon\n"}, "hours.csv:2"),
        ({"text": "# \u0000"}, "cannot be kept"),
    ],
)
async def test_a_wrong_file_is_refused_by_line(
    planner: httpx.AsyncClient, body: dict[str, Any], says: str
) -> None:
    answer = await planner.post(f"{API}/changes/import", json={"name": "x"} | body, headers=key())

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/rules-wrong")
    assert says in answer.json()["detail"]


async def test_a_wrong_field_is_named(planner: httpx.AsyncClient, day: str) -> None:
    for more, says in (
        ({"from": "9:00"}, "rules.0.hours.from"),
        ({"to": "08:00"}, "not open"),
        ({"opens": "09:00"}, "rules.0.hours.opens"),
        ({"run_min": 10**400}, "rules.0.hours.run_min"),
        ({"area": "\ud800"}, "cannot be kept"),
    ):
        body = short_hours(day, **more)
        sent: dict[str, Any] = {
            "content": json.dumps(body),
            "headers": key() | {"content-type": JSON},
        }
        answer = await planner.post(f"{API}/changes", **sent)
        assert answer.status_code == 422
        assert says in answer.json()["detail"]


async def test_a_draft_of_another_area_is_not_taken(planner: httpx.AsyncClient, day: str) -> None:
    change = await drafted(planner, short_hours(day, area="elsewhere"))

    answer = await force(planner, change, 0)

    assert answer.status_code == 422
    assert "elsewhere" in answer.json()["detail"]


async def test_the_past_is_not_rewritten(planner: httpx.AsyncClient) -> None:
    change = await drafted(planner, short_hours("2026-01-05"))
    found = (await planner.get(f"{API}/changes/{change['id']}/preview")).json()
    assert "not rewritten" in found["fault"]

    assert (await force(planner, change, 0)).status_code == 422


async def test_a_repeated_command_is_answered_as_the_first_time(
    planner: httpx.AsyncClient, day: str
) -> None:
    same, body = key(), short_hours(day)
    both = [await planner.post(f"{API}/changes", json=body, headers=same) for _ in range(2)]
    assert both[0].json() == both[1].json()
    change, again = both[0].json(), key()

    forced = [
        await planner.post(
            f"{API}/changes/{change['id']}/force", json={"version": 1, "count": 0}, headers=again
        )
        for _ in range(2)
    ]

    assert [each.status_code for each in forced] == [200, 200]
    assert forced[0].json() == forced[1].json()
    other = await planner.post(f"{API}/changes", json=body | {"name": "y"}, headers=same)
    assert other.json()["type"] == "/problems/key-reused"


async def test_a_draft_is_redrafted_or_given_up_as_it_was_seen(
    planner: httpx.AsyncClient, day: str
) -> None:
    change = await drafted(planner, short_hours(day))
    where, old = f"{API}/changes/{change['id']}", {"version": 1}

    body = short_hours(day, to="11:00")
    new = await planner.put(where, params=old, json=body, headers=key())
    assert (new.status_code, new.json()["version"]) == (200, 2)
    late = await planner.put(where, params=old, json=body, headers=key())
    assert late.json()["type"] == "/problems/rules-moved"
    assert (await planner.delete(where, params=old, headers=key())).status_code == 409
    gone = await planner.delete(where, params={"version": 2}, headers=key())
    assert gone.json()["state"] == "discarded"
    assert (await force(planner, gone.json(), 0)).status_code == 409
    assert change["id"] in [each["id"] for each in (await planner.get(f"{API}/changes")).json()]


async def test_the_desk_may_not_change_rules(operator: httpx.AsyncClient, day: str) -> None:
    answer = await operator.post(f"{API}/changes", json=short_hours(day), headers=key())

    assert answer.status_code == 403


async def test_each_area_has_its_own_rules_and_staff(
    running: Running, planner: httpx.AsyncClient, operator: httpx.AsyncClient, day: str
) -> None:
    async with running.service.database.writing() as db:
        await db.execute(insert(areas).values(id="west", town_id="tiny", name="西", name_en="west"))
        for name, area in (("theirs", "west"), ("lost", "nowhere")):
            await add_staff(db, Person(name, name, Role.PLANNER, area), PASSWORD)
    ours = await drafted(planner, short_hours(day))
    async with running.caller() as theirs, running.caller() as lost:
        for caller, name in ((theirs, "theirs"), (lost, "lost")):
            body = {"name": name, "password": PASSWORD}
            assert (await caller.post("/api/v1/session", json=body)).status_code == 200
        west = await drafted(theirs, short_hours(day))
        assert west["area"] == "west"
        assert (await theirs.get(f"{API}/changes/{ours['id']}")).status_code == 404
        assert (await force(theirs, ours, 0)).status_code == 404
        assert (await theirs.get(API, params={"area": "tiny"})).status_code == 403
        assert [each["area"] for each in (await theirs.get(f"{API}/changes")).json()] == ["west"]
        assert (await lost.get(API)).status_code == 404
    ask = {"origin": 1, "destination": 2, "date": day, "time": "09:30", "change_id": west["id"]}
    assert (await operator.post(f"{API}/trial", json=ask)).status_code == 404
    tried = await operator.post(f"{API}/trial", json=ask | {"area": "west"})
    assert tried.json()["reason"] == "no_rules"  # nobody has said how one books there


async def test_a_place_says_at_which_door_and_by_what_picture(operator: httpx.AsyncClient) -> None:
    rows = {each["kind"]: each["id"] for each in (await operator.get("/api/v1/places")).json()}
    clinic, shop = rows["clinic"], rows["shop"]
    at = "/api/v1/places/{}/pickup-points"
    main = {"point": "entrance", "entrance": "正面玄関", "photo": "clinic-1.jpg", "step_free": True}
    back = {"point": "entrance", "part_of": clinic, "entrance": "裏口"}

    first = await operator.put(at.format(clinic), json=main, headers=key())
    second = await operator.put(at.format(shop), json=back, headers=key())

    assert (first.status_code, second.status_code) == (200, 200)
    found = (await operator.get(at.format(clinic))).json()
    assert [(each["place_id"], each["entrance"]) for each in found] == sorted(
        [(clinic, "正面玄関"), (shop, "裏口")]
    )
    for place, part_of in ((clinic, clinic), (clinic, shop), (clinic, 9999), (9999, None)):
        wrong = back | {"part_of": part_of}
        answer = await operator.put(at.format(place), json=wrong, headers=key())
        assert answer.status_code == 404, (place, part_of)
    assert (await operator.delete(at.format(shop), headers=key())).status_code == 204
    assert (await operator.delete(at.format(shop), headers=key())).status_code == 404
    assert len((await operator.get(at.format(clinic))).json()) == 1
