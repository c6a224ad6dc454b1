"""The realtime feeds over HTTP: asked for again they cost nothing, and say nothing of riders."""

from __future__ import annotations

import gzip

import httpx
import pytest
from google.transit import gtfs_realtime_pb2 as pb

from tests.maas.api.conftest import Running

pytestmark = pytest.mark.anyio

FEEDS = ("vehicle-positions", "other-vehicle-positions", "trip-updates", "alerts")


@pytest.mark.parametrize("name", FEEDS)
async def test_a_feed_that_is_known_is_not_sent_again(nobody: httpx.AsyncClient, name: str) -> None:
    url = f"/feeds/gtfs-rt/{name}.pb"
    first = await nobody.get(url, headers={"accept-encoding": "identity"})
    tag, made = first.headers["etag"], first.headers["last-modified"]
    by_tag = await nobody.get(url, headers={"if-none-match": tag})
    by_date = await nobody.get(url, headers={"if-modified-since": made})
    older = await nobody.get(url, headers={"if-modified-since": "Thu, 01 Jan 2015 00:00:00 GMT"})
    odd = await nobody.get(url, headers={"if-modified-since": "yesterday"})

    assert first.status_code == 200
    assert first.headers["content-type"] == "application/x-protobuf"
    assert first.headers["access-control-allow-origin"] == "*"
    assert [each.status_code for each in (by_tag, by_date, older, odd)] == [304, 304, 200, 200]
    assert by_tag.content == b""
    assert pb.FeedMessage.FromString(first.content).header.feed_version == "1"


async def test_a_feed_is_packed_once_for_all_who_take_it_so(nobody: httpx.AsyncClient) -> None:
    url = "/feeds/gtfs-rt/vehicle-positions.pb"
    plain = await nobody.get(url, headers={"accept-encoding": "identity"})
    async with nobody.stream("GET", url, headers={"accept-encoding": "gzip"}) as packed:
        body = b"".join([part async for part in packed.aiter_raw()])

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.headers["etag"] != plain.headers["etag"]
    assert gzip.decompress(body) == plain.content
    again = await nobody.get(url, headers={"if-none-match": packed.headers["etag"]})
    assert again.status_code == 304


async def test_a_vehicle_on_demand_is_public_without_a_word_on_riders(
    running: Running, nobody: httpx.AsyncClient
) -> None:
    now = running.service.clock()
    ping = {"vehicle": "van-1", "boot": "b", "seq": 1, "t": now, "lat": 34.86043, "lon": 133.70043}
    async with running.device() as device:
        answer = await device.post("/api/v1/positions", json=[ping])
    assert answer.json()["verdicts"] == ["live"]

    others = await nobody.get("/feeds/gtfs-rt/other-vehicle-positions.pb")
    for_people = (await nobody.get("/feeds/gtfs-rt/vehicle-positions.json")).json()
    on_trips = await nobody.get("/feeds/gtfs-rt/vehicle-positions.pb")

    [van] = pb.FeedMessage.FromString(others.content).entity
    # To about a hundred metres: exactly, it would stand at somebody's door.
    assert (van.id, round(van.vehicle.position.latitude, 5)) == ("van-1", 34.86)
    assert {field.name for field, _ in van.vehicle.ListFields()} == {
        "vehicle",
        "position",
        "timestamp",
    }
    assert [each["id"] for each in for_people["entity"]] == ["van-1"]
    assert not pb.FeedMessage.FromString(on_trips.content).entity
