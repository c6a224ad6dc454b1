"""What a dispatcher tells riders is on the signs, on the stream and in the feeds, until it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from google.transit import gtfs_realtime_pb2 as pb

from maas.notices import TOPIC
from tests.maas.api.conftest import Running

pytestmark = pytest.mark.anyio

SNOW = {
    "header": "雪のため遅れています。",
    "header_en": "Delays because of snow.",
    "spoken": "ゆきの、ため、おくれています。",
    "cause": "weather",
    "effect": "delays",
    "severity": "warning",
    "routes": ["r1"],
}


@pytest.fixture
async def dispatcher(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with running.staff("dispatcher") as caller:
        yield caller


async def alerts_feed(caller: httpx.AsyncClient) -> dict[str, Any]:
    message = pb.FeedMessage()
    message.ParseFromString((await caller.get("/feeds/gtfs-rt/alerts.pb")).content)
    return {entity.id: entity.alert for entity in message.entity}


async def notices(caller: httpx.AsyncClient, stop: str) -> list[str]:
    answer = await caller.get(f"/api/v1/stops/{stop}/departures")
    return [notice["text"] for notice in answer.json()["notices"]]


async def test_an_alert_is_told_everywhere_until_it_ends(
    running: Running, dispatcher: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    made = await dispatcher.post("/api/v1/alerts", json=SNOW)
    assert made.status_code == 201, made.text
    alert_id = made.json()["id"]

    assert [a["id"] for a in (await nobody.get("/api/v1/alerts")).json()] == [alert_id]
    assert await notices(nobody, "P2") == [SNOW["header"], "試験用の町です"]
    page = (await nobody.get("/signage/P2/plain?lang=en")).text
    assert "Delays because of snow." in page
    told = msgspec.json.decode(running.service.hub.last(TOPIC, alert_id) or b"")
    assert (told["header"], told["spoken"]) == (SNOW["header"], SNOW["spoken"])
    alert = (await alerts_feed(nobody))[alert_id]
    assert [(t.language, t.text) for t in alert.header_text.translation] == [
        ("ja", SNOW["header"]),
        ("en", SNOW["header_en"]),
    ]
    assert alert.tts_description_text.translation[0].text == SNOW["spoken"]
    assert [each.route_id for each in alert.informed_entity] == ["r1"]
    assert (alert.cause, alert.effect) == (pb.Alert.WEATHER, pb.Alert.SIGNIFICANT_DELAYS)

    assert (await dispatcher.delete(f"/api/v1/alerts/{alert_id}")).status_code == 204
    assert (await dispatcher.delete(f"/api/v1/alerts/{alert_id}")).status_code == 404
    assert (await nobody.get("/api/v1/alerts")).json() == []
    assert await notices(nobody, "P2") == ["試験用の町です"]
    assert running.service.hub.last(TOPIC, alert_id) is None
    assert alert_id not in await alerts_feed(nobody)


async def test_an_alert_of_one_stop_is_on_its_sign_only(
    dispatcher: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    body = {"header": "この停留所は移動しました。", "stops": ["P3"], "effect": "stop_moved"}
    alert_id = (await dispatcher.post("/api/v1/alerts", json=body)).json()["id"]

    shown = {stop: body["header"] in await notices(nobody, stop) for stop in ("P2", "P3")}
    concerned = [each.stop_id for each in (await alerts_feed(nobody))[alert_id].informed_entity]

    assert shown == {"P2": False, "P3": True}
    assert concerned == ["P3"]
    await dispatcher.delete(f"/api/v1/alerts/{alert_id}")


async def test_an_alert_yet_to_begin_is_in_the_feed_and_not_on_signs(
    dispatcher: httpx.AsyncClient, nobody: httpx.AsyncClient, running: Running
) -> None:
    begins = running.service.clock() + 3600
    body = {"header": "明日は祭りです。", "starts_at": "2100-01-01T00:00:00+09:00"}
    far = (await dispatcher.post("/api/v1/alerts", json=body)).json()
    body["starts_at"] = far["starts_at"].replace("2100", "2000")
    over = (await dispatcher.post("/api/v1/alerts", json=body | {"minutes": 10})).json()
    soon = msgspec.to_builtins(body) | {"starts_at": iso(begins), "minutes": 60}
    near = (await dispatcher.post("/api/v1/alerts", json=soon)).json()

    listed = [each["id"] for each in (await nobody.get("/api/v1/alerts")).json()]
    in_feed = await alerts_feed(nobody)

    assert listed == [far["id"], near["id"]]
    assert over["id"] not in listed
    assert set(in_feed) == {near["id"]}
    period = in_feed[near["id"]].impact_period[0]
    assert (period.start, period.end) == (int(begins), int(begins) + 3600)
    assert in_feed[near["id"]].informed_entity[0].agency_id == "a1"
    assert body["header"] not in await notices(nobody, "P2")
    for each in (far, near):
        await dispatcher.delete(f"/api/v1/alerts/{each['id']}")


def iso(epoch: float) -> str:
    import datetime as dt

    return dt.datetime.fromtimestamp(int(epoch), dt.UTC).isoformat()


async def test_an_alert_about_what_is_not_there_is_refused(dispatcher: httpx.AsyncClient) -> None:
    for body in ({"routes": ["none"]}, {"stops": ["none"]}):
        answer = await dispatcher.post("/api/v1/alerts", json={"header": "知らせ"} | body)
        assert answer.status_code == 404


async def test_a_duty_called_off_is_cancelled_on_signs_and_in_the_feeds(
    running: Running, dispatcher: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    day = running.service.today().isoformat()
    body = {"what": "duty", "id": "b1", "date": day}
    rows = (await dispatcher.post("/api/v1/cancellations", json=body)).json()
    trips = {row["trip"] for row in rows}
    departures = (await nobody.get("/api/v1/stops/P2/departures?limit=50")).json()["departures"]
    of_today = [d for d in departures if d["id"].startswith(day.replace("-", ""))]
    message = pb.FeedMessage()
    message.ParseFromString((await nobody.get("/feeds/gtfs-rt/trip-updates.pb")).content)
    cancelled = {
        e.trip_update.trip.trip_id
        for e in message.entity
        if e.trip_update.trip.schedule_relationship == pb.TripDescriptor.CANCELED
    }
    effects = {a.effect for a in (await alerts_feed(nobody)).values()}

    assert len(trips) == 34
    assert {d["state"] for d in of_today} <= {"cancelled"}
    assert cancelled <= trips
    assert bool(cancelled) == bool(effects)
    assert effects <= {pb.Alert.NO_SERVICE}
    listed = (await nobody.get("/api/v1/cancellations")).json()
    assert {row["trip"] for row in listed} == trips
    for trip in trips:
        assert (await dispatcher.delete(f"/api/v1/cancellations/{trip}/{day}")).status_code == 204
    assert (await nobody.get("/api/v1/cancellations")).json() == []
    assert running.service.buses.live.cancelled == set()


@pytest.mark.parametrize("what", ["trip", "duty"])
async def test_what_does_not_run_cannot_be_called_off(
    dispatcher: httpx.AsyncClient, what: str
) -> None:
    body = {"what": what, "id": "none", "date": "2026-11-25"}

    assert (await dispatcher.post("/api/v1/cancellations", json=body)).status_code == 404
    answer = await dispatcher.delete("/api/v1/cancellations/none/2026-11-25")
    assert answer.status_code == 404
