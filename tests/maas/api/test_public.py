"""What needs no login: stops, signs, the map, open data, tiles, pages and health."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import httpx
import msgspec
import pytest
from google.transit import gtfs_realtime_pb2

from busloc import Malformed, Ping, read_pings
from gtfs import read_feed
from maas.api import epaper, pages
from maas.app import create_app
from maas.settings import Settings
from tests.maas.api.conftest import ORIGIN, Prepared, Running, running_on
from tests.maas.api.test_live import ping
from tests.maas.tiny_town import STEP_DEG, place_at


async def test_a_stop_shows_its_next_departures_in_order(nobody: httpx.AsyncClient) -> None:
    body = (await nobody.get("/api/v1/stops/P2/departures", params={"limit": 3})).json()
    assert body["stop"]["name"] == "賀陽病院"
    times = [row["scheduled"] for row in body["departures"]]
    assert len(times) == 3
    assert times == sorted(times)
    (notice,) = body["notices"]
    assert (notice["text"], notice["text_en"]) == ("試験用の町です", "A town for tests")
    assert body["phone"] == "000-000-0000"


async def test_a_stranger_reads_who_rides_free_and_who_for_half(nobody: httpx.AsyncClient) -> None:
    reductions = [
        (await nobody.get("/api/v1/guide", headers={"accept-language": language})).json()[
            "discounts"
        ]
        for language in ("ja", "en")
    ]
    assert reductions == [
        ["無料(未就学児)", "半額(障害者手帳)"],
        ["free (small child)", "half fare (disability handbook)"],
    ]


@pytest.mark.parametrize(("q", "found"), [("病院", ["P2"]), ("", 6), ("どこにもない", [])])
async def test_stops_are_found_by_name(
    nobody: httpx.AsyncClient, q: str, found: list[str] | int
) -> None:
    stops = [stop["id"] for stop in (await nobody.get("/api/v1/stops", params={"q": q})).json()]
    assert (len(stops) if isinstance(found, int) else stops) == found


async def test_homes_are_found_by_the_desk_only(
    nobody: httpx.AsyncClient, operator: httpx.AsyncClient
) -> None:
    path = "/api/v1/places?limit=200"
    public = {place["kind"] for place in (await nobody.get(path)).json()}
    desk = {place["kind"] for place in (await operator.get(path)).json()}
    assert "home" in desk
    assert public == desk - {"home"}


async def test_what_is_large_and_public_is_compressed_and_what_is_personal_is_not(
    nobody: httpx.AsyncClient, operator: httpx.AsyncClient
) -> None:
    assert (await nobody.get("/api/v1/map")).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await nobody.get("/tiles/roads.pmtiles")).headers
    assert "content-encoding" not in (await operator.get("/api/v1/riders")).headers


@pytest.mark.parametrize("q", ["かよう", "kayo", "賀陽", "ｶﾖｳ"])
async def test_a_place_is_found_however_it_is_written(nobody: httpx.AsyncClient, q: str) -> None:
    places = (await nobody.get("/api/v1/places", params={"q": q, "limit": 1})).json()
    assert [place["name"] for place in places] == ["賀陽病院"]


async def test_the_map_has_a_frame_tiles_lines_and_stops(nobody: httpx.AsyncClient) -> None:
    body = (await nobody.get("/api/v1/map")).json()
    west, south, east, north = body["bounds"]
    assert west < 133.69 < east
    assert south <= 34.86 <= north
    assert body["town"] == {"name": "小さな町", "name_en": "Tiny Town", "phone": "000-000-0000"}
    assert body["tiles"] == "/tiles/roads.pmtiles"
    assert {line["geometry"]["type"] for line in body["lines"]["features"]} == {"LineString"}
    assert len(body["stops"]["features"]) == 6


async def test_tiles_are_read_in_ranges(nobody: httpx.AsyncClient) -> None:
    path = "/tiles/roads.pmtiles"
    head = await nobody.get(path, headers={"range": "bytes=0-6"})
    assert (head.status_code, head.content) == (206, b"PMTiles")
    whole = await nobody.head(path)
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    assert head.headers["content-range"].endswith(f"/{whole.headers['content-length']}")


async def test_the_timetable_is_open_data_with_an_etag(
    nobody: httpx.AsyncClient, tmp_path: Path
) -> None:
    first = await nobody.get("/feeds/gtfs-jp.zip")
    assert first.headers["access-control-allow-origin"] == "*"
    (tmp_path / "feed.zip").write_bytes(first.content)
    feed = read_feed(tmp_path / "feed.zip")
    on_demand = {id_ for id_ in feed.trips if feed.stop_times[id_][0].on_demand}
    assert (len(feed.trips.keys() - on_demand), len(on_demand)) == (34, 1)
    assert "trips.txt" in zipfile.ZipFile(io.BytesIO(first.content)).namelist()
    known = {"if-none-match": first.headers["etag"]}
    again = await nobody.get("/feeds/gtfs-jp.zip", headers=known)
    assert (again.status_code, again.content) == (304, b"")


async def test_a_bus_that_reports_is_in_gtfs_realtime(
    running: Running, nobody: httpx.AsyncClient
) -> None:
    now = running.service.clock()
    # On its trip whatever the time: the driver is logged on to the first one of the day.
    moving = ping(1, now, vehicle="bus-1", lon=133.69 + STEP_DEG / 2, trip="e06")
    moved = running.service.accept(frozenset({"bus-1"}), _read([moving]))
    assert [str(verdict) for verdict in moved] == ["live"]
    answer = await nobody.get("/feeds/gtfs-rt/vehicle-positions.pb")
    message = gtfs_realtime_pb2.FeedMessage.FromString(answer.content)
    assert {entity.vehicle.vehicle.id for entity in message.entity} <= {"bus-1"}
    for name in ("vehicle-positions", "trip-updates"):
        body = (await nobody.get(f"/feeds/gtfs-rt/{name}.json")).json()
        assert body["header"]["gtfsRealtimeVersion"] == "2.0"


def _read(items: list[dict[str, object]]) -> list[Ping | Malformed]:
    read = read_pings(msgspec.json.encode(items))
    assert isinstance(read, list)
    return read


async def test_the_plain_sign_works_without_script(nobody: httpx.AsyncClient) -> None:
    page = await nobody.get("/signage/P2/plain")
    assert page.headers["content-type"].startswith("text/html")
    assert "賀陽病院" in page.text
    assert "<script" not in page.text
    assert "<style" not in page.text
    assert (await nobody.get("/assets/plain.css")).headers["content-type"].startswith("text/css")
    assert (await nobody.get("/signage/nowhere/plain")).status_code == 404
    assert 'lang="en"' in (await nobody.get("/signage/P2/plain?lang=en")).text


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Screens as a build leaves them."""
    for name in ("index", "sign", "stop", "login", "operator", "monitor", "driver", "admin"):
        (tmp_path / f"{name}.html").write_text(f"<p>{name}</p>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.js").write_text("1")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    monkeypatch.setattr(pages, "DISTS", (tmp_path,))
    return tmp_path


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "index"),
        ("/signage/P2", "sign"),
        ("/stop/2_01", "stop"),
        ("/login", "login"),
        ("/operator", "operator"),
        ("/monitor", "monitor"),
        ("/driver", "driver"),
        ("/admin", "admin"),
    ],
)
async def test_each_screen_has_an_address_one_can_read_aloud(
    nobody: httpx.AsyncClient, built: Path, path: str, name: str
) -> None:
    answer = await nobody.get(path)
    assert (answer.status_code, answer.text) == (200, f"<p>{name}</p>")
    assert answer.headers["cache-control"] == "no-cache"


async def test_assets_are_kept_and_nothing_else_is_reachable(
    nobody: httpx.AsyncClient, built: Path
) -> None:
    asset = await nobody.get("/assets/a.js")
    assert "immutable" in asset.headers["cache-control"]
    assert (await nobody.get("/favicon.svg")).status_code == 200
    (built.parent / "secret").write_text("x")
    for path in ("/assets/%2e%2e/%2e%2e/secret", "/assets/%2e%2e/index.html", "/sign.html"):
        assert (await nobody.get(path)).status_code == 404, path


async def test_screens_that_are_not_built_say_how_to_build_them(
    nobody: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "DISTS", (tmp_path,))
    answer = await nobody.get("/operator")
    assert answer.status_code == 503
    assert "scripts/screens.py" in answer.text


async def test_ready_says_part_by_part(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.get("/readyz")
    assert answer.status_code == 200
    assert set(answer.json()["parts"].values()) == {"ok", "absent"}
    assert answer.json()["parts"]["redis"] == "absent"


async def test_metrics_count_requests_by_route_and_never_by_path(
    nobody: httpx.AsyncClient,
) -> None:
    await nobody.get("/api/v1/stops/P2")
    text = (await nobody.get("/metrics")).text
    assert 'route="/stops/{stop_id}"' in text
    assert "maas_stream_clients 0.0" in text
    assert 'maas_positions_total{verdict="live"} 1.0' in text
    assert "P2" not in text


async def test_before_it_is_open_the_service_says_that_it_starts(prepared: Prepared) -> None:
    transport = httpx.ASGITransport(create_app(Settings(data_dir=prepared.data_dir)))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as early:
        assert (await early.get("/healthz")).status_code == 200
        assert (await early.get("/readyz")).status_code == 503
        assert (await early.get("/api/v1/clock")).json()["type"] == "/problems/starting"


async def test_without_roads_the_buses_run_and_quotes_say_why_not(
    prepared: Prepared, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(prepared.data_dir, bare, ignore=shutil.ignore_patterns("roads"))
    start = Prepared(bare, prepared.device_token)
    async with running_on(start, tmp_path / "run") as running, running.staff("operator") as caller:
        parts = (await caller.get("/readyz")).json()
        assert parts["parts"]["roads"] == parts["parts"]["plan"] == "absent"
        assert parts["status"] == "ready"
        assert (await caller.get("/api/v1/stops/P2/departures")).json()["departures"]
        answer = await caller.post("/api/v1/quotes", json={"origin": 1, "destination": 2})
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/no-roads")


async def test_a_server_without_a_town_shows_the_timetables_it_has(
    prepared: Prepared, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    shutil.copytree(prepared.data_dir / "feeds", empty / "feeds")
    start = Prepared(empty, "")
    async with running_on(start, tmp_path / "run") as running, running.caller() as caller:
        assert (await caller.get("/readyz")).json()["parts"]["town"] == "absent"
        assert (await caller.get("/api/v1/stops/P2/departures")).json()["departures"]
        assert (await caller.get("/api/v1/map")).json()["tiles"] is None


async def test_a_way_is_drawn_between_points_beside_roads_only(operator: httpx.AsyncClient) -> None:
    (near, far_along) = (f"{lat},{lon}" for lat, lon in (place_at(0), place_at(3)))
    path = "/api/v1/roads/route"

    drawn = await operator.get(path, params={"from": near, "to": far_along})
    off_road = await operator.get(path, params={"from": near, "to": "35.5,134.5"})

    assert drawn.json()["length_m"] > 0
    assert off_road.status_code == 404
    assert off_road.json()["type"].endswith("/no-way")


async def test_the_sign_as_a_picture_and_the_code_that_opens_its_stop(
    nobody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await nobody.get("/signage/P2/qr.svg")
    assert code.headers["content-type"].startswith("image/svg+xml")
    assert "<script" not in code.text
    for path in ("qr.svg", "epaper.png"):
        assert (await nobody.get(f"/signage/nowhere/{path}")).status_code == 404
    if epaper.font_file() is not None:
        drawn = await nobody.get("/signage/P2/epaper.png")
        assert drawn.content.startswith(b"\x89PNG")
    monkeypatch.setattr(epaper, "font_file", lambda: None)
    without = await nobody.get("/signage/P2/epaper.png")
    assert (without.status_code, without.headers["location"]) == (303, "/signage/P2/plain")
