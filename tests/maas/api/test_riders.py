"""Members over HTTP: found, registered, changed, merged, imported, and seen by few."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from maas.directory import Directory
from maas.people import desk
from maas.people.forms import Form
from maas.store import bookings
from maas.store.once import By, Done
from tests.maas.api.conftest import Running

Keys = Callable[[], dict[str, str]]
RIDERS = "/api/v1/riders"


async def add(operator: httpx.AsyncClient, key: Keys, **said: object) -> dict[str, object]:
    """Register somebody and return the card."""
    answer = await operator.post(RIDERS, json=said, headers=key())
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def numbers(operator: httpx.AsyncClient, q: str) -> list[str]:
    found = (await operator.get(RIDERS, params={"q": q})).json()
    return [rider["number"] for rider in found]


async def test_somebody_is_registered_with_a_name_and_a_telephone(
    operator: httpx.AsyncClient, key: Keys
) -> None:
    card = await add(
        operator, key, name="仮登録　一", kana="ｶﾘﾄｳﾛｸ ﾊｼﾞﾒ", phone="０００ー０００－７７７１"
    )
    assert (card["provisional"], card["home_place"]) == (True, None)
    assert (card["kana"], card["phone"]) == ("かりとうろく はじめ", "000-000-7771")
    for q in ("karito", "ｶﾘﾄｳ", "７７７１", "7771", str(card["number"])):
        assert card["number"] in await numbers(operator, q), q


async def test_both_members_on_one_telephone_are_shown(
    operator: httpx.AsyncClient, key: Keys
) -> None:
    phone = "000-000-6601"
    one = await add(operator, key, name="夫婦 一郎", kana="ふうふ いちろう", phone=phone)
    two = await add(operator, key, name="夫婦 花", kana="ふうふ はな", phone=phone)
    assert set(await numbers(operator, "6601")) == {one["number"], two["number"]}


async def test_somebody_known_is_asked_about_once(operator: httpx.AsyncClient, key: Keys) -> None:
    said = {"name": "二重 登", "kana": "にじゅう のぼる", "phone": "000-000-5501"}
    first = await add(operator, key, **said)
    again = await operator.post(RIDERS, json=said, headers=key())
    assert (again.status_code, again.json()["type"]) == (409, "/problems/rider-known")
    assert [rider["id"] for rider in again.json()["riders"]] == [first["id"]]
    assert (await add(operator, key, **said, known=True))["id"] != first["id"]


async def test_a_form_with_faults_tells_each_field(operator: httpx.AsyncClient, key: Keys) -> None:
    said = {"name": "　", "kana": "abc", "phone": "56-1234", "favourites": []}
    answer = await operator.post(RIDERS, json=said, headers=key())
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-form")
    assert [each["field"] for each in answer.json()["errors"]] == ["name", "kana", "phone"]
    assert "市外局番" in answer.json()["detail"]
    for wrong in ({"place_id": 999}, {"favourites": [999]}, {"lat": 34.8}, {"lat": 1, "lon": 1}):
        body = {"name": "誤り", **wrong}
        answer = await operator.post(RIDERS, json=body, headers=key())
        assert answer.json()["type"] == "/problems/bad-form", wrong


async def test_a_card_is_changed_where_something_is_said(
    operator: httpx.AsyncClient, key: Keys
) -> None:
    card = await add(operator, key, name="変更 前", kana="へんこう まえ", phone="000-000-4401")
    path = f"{RIDERS}/{card['id']}"
    said = {
        "kana": "へんこう あと", "phones": [{"number": "０００-０００-４４０２", "label": "携帯"}],
        "aids": ["walker"], "confirm_by": "sms", "household": "0001", "favourites": [2, 3],
        "pickup_points": [4], "place_id": 3, "birth_year": 1940,
        "eligibility": [{"kind": "aicard", "until": "2020-01-01"}, {"kind": "handbook"}],
    }  # fmt: skip
    new = (await operator.patch(path, json=said, headers=key())).json()
    assert (new["name"], new["phone"]) == (card["name"], card["phone"])
    assert [each["valid"] for each in new["eligibility"]] == [False, True]
    assert (new["phones"], new["aids"]) == (
        [{"number": "000-000-4402", "label": "携帯"}],
        ["walker"],
    )
    assert [each["place"]["id"] for each in new["favourites"]] == [2, 3]
    assert [place["id"] for place in new["pickup_points"]] == [4]
    assert new["home_place"]["kind"] == "home"
    assert card["number"] in await numbers(operator, "4402")
    wife = await add(operator, key, name="変更 妻", household="0001")
    shown = (await operator.get(path)).json()
    assert [each["id"] for each in shown["housemates"]] == [wife["id"]]
    new["housemates"] = shown["housemates"]
    assert card["number"] in await numbers(operator, "henkou a")
    assert (await operator.get(path)).json() == new

    watch = {"contacts": [{"name": "娘", "phone": "000-000-4403", "watch": True}]}
    assert (await operator.patch(path, json=watch, headers=key())).status_code == 422
    agreed = await operator.patch(path, json=watch | {"consent": "電話"}, headers=key())
    assert agreed.json()["contacts"][0]["watch"] is True
    said_so = (await operator.get(f"{path}/consents")).json()
    assert [(each["given"], each["how"]) for each in said_so] == [(True, "電話")]


async def test_notes_tell_who_wrote_them(
    running: Running, operator: httpx.AsyncClient, key: Keys
) -> None:
    path = f"{RIDERS}/2/notes"
    once = key()
    for _ in range(2):
        answer = await operator.post(path, json={"text": "耳が遠い"}, headers=once)
        assert answer.status_code == 201
    async with running.staff("dispatcher") as dispatcher:
        await dispatcher.post(path, json={"text": "門の前"}, headers=key())
    notes = (await operator.get(path)).json()
    assert [(note["author"], note["text"]) for note in notes] == [
        ("dispatcher", "門の前"), ("operator", "耳が遠い")
    ]  # fmt: skip


async def test_a_double_becomes_one_and_its_booking_follows(
    running: Running, operator: httpx.AsyncClient, key: Keys
) -> None:
    kept = await add(
        operator, key, name="重複 太郎", kana="ちょうふく たろう", phone="000-000-3301"
    )
    gone = await add(
        operator, key, name="重複太郎", kana="チョウフクタロウ", phone="000-000-3301", known=True,
        place_id=3,
    )  # fmt: skip
    pairs = (await operator.get(f"{RIDERS}/doubles")).json()
    assert [kept["id"], gone["id"]] in [[p["one"]["id"], p["other"]["id"]] for p in pairs]
    ask = {
        "origin": 1,
        "destination": 2,
        "time": "23:50",
        "anchor": "depart",
        "rider_id": gone["id"],
    }
    tomorrow = str(running.service.today() + dt.timedelta(1))
    quoted = (
        await operator.post("/api/v1/quotes", json=ask | {"date": tomorrow, "time": "10:00"})
    ).json()
    body = {"offer": quoted["offers"][0]["token"], "rider_id": gone["id"]}
    booked = await operator.post("/api/v1/bookings", json=body, headers=key())
    assert booked.status_code == 201, booked.text

    path, into = f"{RIDERS}/{gone['id']}/merge", {"into": kept["id"]}
    refused = await operator.post(path, json=into, headers=key())
    assert refused.status_code == 403
    async with running.staff("dispatcher") as dispatcher:
        card = await dispatcher.post(path, json=into, headers=key())
        again = await dispatcher.post(path, json=into, headers=key())
        ring = await dispatcher.post(
            f"{RIDERS}/{kept['id']}/merge", json={"into": gone["id"]}, headers=key()
        )
    assert card.status_code == again.status_code == 200, card.text
    assert (card.json()["id"], card.json()["provisional"]) == (kept["id"], False)
    assert card.json()["next_booking"]["id"] == booked.json()["id"]
    assert ring.json()["type"] == "/problems/bad-merge"
    assert (await operator.get(f"{RIDERS}/{gone['id']}")).json()["id"] == kept["id"]
    assert await numbers(operator, str(gone["number"])) == [kept["number"]]

    path = f"/api/v1/bookings/{booked.json()['id']}"
    assert (await operator.get(path)).json()["rider"]["name"] == "重複 太郎"
    off = await operator.request("DELETE", path, json={"reason": "x"}, headers=key())
    assert off.json()["state"] == "cancelled"
    async with running.service.database.reading() as db:
        row = await bookings.booking(db, booked.json()["id"])
    assert row is not None
    assert (row.state, row.member_id) == ("cancelled", kept["id"])


async def test_habits_are_learnt_from_rides(running: Running, operator: httpx.AsyncClient) -> None:
    async with running.service.database.writing() as db:
        for week in (1, 2, 3):
            day = running.service.today() - dt.timedelta(weeks=week)
            row = bookings.BookingRow(
                id=f"habit{week}", area_id="tiny", service_date=day, reference=f"h{week}",
                state="done", member_id=3, contact_name="", contact_phone="", origin_id=1,
                destination_id=2, riders=1, wheelchairs=0, half_fares=0, infants=0, transfer=False,
                vehicle_id="van-1", promise_no=1, pickup_planned_s=9 * 3600,
                arrive_planned_s=9 * 3600 + 300,
                direct_s=0, booked_at=0.0, booked_by="x",
            )  # fmt: skip
            await bookings.add_booking(db, row)
    found = (await operator.get(f"{RIDERS}/3/habits")).json()
    (trip,) = found["trips"]
    day = running.service.today() - dt.timedelta(weeks=1)
    assert (trip["origin"]["id"], trip["destination"]["id"], trip["count"]) == (1, 2, 3)
    assert (trip["time"], trip["weekday"], trip["last"]) == (
        "09:00", day.strftime("%a").lower(), str(day)
    )  # fmt: skip
    assert [(each["place"]["id"], each["count"]) for each in found["places"]] == [(2, 3)]


PAPERS = """氏名,ふりがな,電話,生年月日,資格,乗降場所,好きな色
紙 一,カミ ハジメ,000-000-2201,昭和15年,aicard:2099-03-31,P1,赤
紙 二,かみ つぎ,56-1234,1940,,,
紙 三,かみ みつ,000-000-2203,1950,,P9,
"""


async def test_good_lines_of_a_table_are_taken_and_bad_ones_handed_back(
    running: Running, operator: httpx.AsyncClient, key: Keys
) -> None:
    path, data = f"{RIDERS}/import", PAPERS.encode("cp932")
    assert (await operator.post(path, content=data, headers=key())).status_code == 403
    async with running.staff("admin") as admin:
        shown = (await admin.post(f"{path}?preview=true", content=data, headers=key())).json()
        assert (shown["preview"], len(shown["added"])) == (True, 1)
        assert await numbers(operator, "かみ は") == []
        taken = (await admin.post(path, content=data, headers=key())).json()
        assert taken["added"] == shown["added"] == await numbers(operator, "2201")
        faults = [(bad["line"], [f["field"] for f in bad["faults"]]) for bad in taken["bad"]]
        assert faults == [(3, ["phone"]), (4, ["place"])]
        assert taken["unused"] == ["好きな色"]
        assert "直すところ" in taken["mend"]

        mended = taken["mend"].replace("56-1234", "000-000-2202").replace("P9", "P2")
        again = (await admin.post(path, content=mended.encode(), headers=key())).json()
        assert (len(again["added"]), again["bad"], again["mend"]) == (2, [], "")
        whole = (await admin.post(path, content=data, headers=key())).json()
        assert (whole["added"], whole["known"]) == ([], taken["added"])
    (card,) = (await operator.get(RIDERS, params={"q": "2201"})).json()
    assert (card["birth_year"], card["eligibility"][0]["valid"]) == (1940, True)
    assert card["home_place"] is not None


async def test_a_table_may_be_longer_than_other_bodies_but_not_endless(
    running: Running, key: Keys
) -> None:
    path = f"{RIDERS}/import?preview=true"
    async with running.staff("admin") as admin:
        for lines, status in ((20_000, 200), (1_000_000, 413)):
            data = PAPERS + ",,,,,,\n" * lines
            answer = await admin.post(path, content=data.encode(), headers=key())
            assert answer.status_code == status


async def test_a_member_registered_by_another_process_is_found_here(
    running: Running, operator: httpx.AsyncClient
) -> None:
    form, town = Form(name="別プロセス", kana="べつ", phone="000-000-1199"), running.service.town
    assert town is not None
    made = await desk.register(
        running.service.database, form, By("x", 0.0, "elsewhere"), desk.Ground(town.region)
    )
    assert isinstance(made, Done)
    assert (await operator.get(f"{RIDERS}/{made.answer}")).json()["name"] == "別プロセス"
    assert (await operator.get(f"{RIDERS}/9999")).status_code == 404


async def test_an_older_look_at_members_replaces_no_newer_one(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = running.service.directory

    async def late(*_: object) -> Directory:
        return replace(now, seq=now.seq - 1)

    monkeypatch.setattr("maas.api.service.follow", late)
    await running.service.refresh_people()
    assert running.service.directory is now


async def test_homes_are_places_for_the_desk_alone(
    running: Running, nobody: httpx.AsyncClient, operator: httpx.AsyncClient
) -> None:
    params = {"q": "ごじたく"}
    assert len((await operator.get("/api/v1/places", params=params)).json()) > 0
    assert (await nobody.get("/api/v1/places", params=params)).json() == []
    async with running.staff("planner") as planner, running.staff("driver") as driver:
        for other in (planner, driver):
            assert (await other.get("/api/v1/places", params=params)).json() == []
            assert (await other.get(RIDERS)).status_code == 403
