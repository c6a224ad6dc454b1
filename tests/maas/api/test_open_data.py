"""Open data beside GTFS: GOFS, TIDES, and the page that explains the addresses."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from html.parser import HTMLParser

import httpx

from maas.store.arrivals import VisitRow, add_visits
from tests.maas.api.conftest import Running


class Links(HTMLParser):
    """Collects where a page leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


async def test_every_address_on_the_page_answers(nobody: httpx.AsyncClient) -> None:
    page = await nobody.get("/feeds/")
    assert "小さな町" in page.text
    links = [link for link in Links(page.text).found if link.startswith("/feeds/")]
    assert len(links) == 9
    # The next timetable is there once it is decided.
    expected = {link: 404 if "next" in link else 200 for link in links}
    assert {link: (await nobody.get(link)).status_code for link in links} == expected


async def test_the_page_is_there_in_english(nobody: httpx.AsyncClient) -> None:
    for answer in (
        await nobody.get("/feeds/", params={"lang": "en"}),
        await nobody.get("/feeds/", headers={"accept-language": "en"}),
    ):
        assert '<html lang="en">' in answer.text
        assert "Tiny Town" in answer.text


async def test_other_sites_may_read_the_data(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.get("/feeds/gofs/gofs.json", headers={"origin": "https://other.invalid"})
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_gofs_leads_from_its_index_to_every_file(nobody: httpx.AsyncClient) -> None:
    index = (await nobody.get("/feeds/gofs/gofs.json")).json()
    assert index["version"] == "1.0"
    urls = [feed["url"] for feeds in index["data"].values() for feed in feeds["feeds"]]
    assert len(urls) == 16
    for url in urls:
        answer = await nobody.get(url)
        assert answer.status_code == 200, url
        assert answer.json()["ttl"] == 3600
    kinds = (await nobody.get("/feeds/gofs/ja/vehicle_types.json")).json()["data"]["vehicle_types"]
    assert kinds
    assert (await nobody.get("/feeds/gofs/ja/nothing.json")).status_code == 404
    assert (await nobody.get("/feeds/gofs/fr/zones.json")).status_code == 422


async def test_gofs_is_not_sent_again_to_who_has_it(nobody: httpx.AsyncClient) -> None:
    first = await nobody.get("/feeds/gofs/ja/zones.json")
    known = {"if-none-match": first.headers["etag"]}
    assert (await nobody.get("/feeds/gofs/ja/zones.json", headers=known)).status_code == 304


async def test_a_day_that_is_over_is_a_package_and_today_is_not(
    running: Running, nobody: httpx.AsyncClient
) -> None:
    today = running.service.today()
    yesterday = today - timedelta(days=1)
    assert "まだ記録がありません" in (await nobody.get("/feeds/tides/")).text
    rows = [
        VisitRow(day, "e08", index, "bus-1", 28_800.0 + index, 28_900.0 + index, passed=False)
        for day in (yesterday, today)
        for index in range(3)
    ]
    async with running.service.database.writing() as db:
        await add_visits(db, rows)
    assert f"{yesterday.isoformat()}.zip" in (await nobody.get("/feeds/tides/")).text
    answer = await nobody.get(f"/feeds/tides/{yesterday.isoformat()}.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert json.loads(archive.read("datapackage.json"))["agency"] == "試験バス"
        lines = archive.read("stop_visits.csv").decode().splitlines()
    assert sum(",Scheduled" in line for line in lines) == 3
    assert (await nobody.get(f"/feeds/tides/{today.isoformat()}.zip")).status_code == 404
    assert (await nobody.get("/feeds/tides/2000-01-01.zip")).status_code == 404
    assert (await nobody.get("/feeds/tides/yesterday.zip")).status_code == 422
