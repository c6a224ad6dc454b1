"""Whatever goes wrong is a problem with a sentence in the caller's language, never a bare 500."""

from __future__ import annotations

import httptools
import httpx
import pytest
from fastapi.routing import iter_route_contexts

from maas.api.permissions import permission_of
from maas.api.service import Service
from maas.auth.roles import GRANTS, Permission
from maas.messages import PROBLEMS, preferred
from maas.serving import server_config
from maas.settings import Settings
from tests.maas.api.conftest import ORIGIN, Running
from tests.maas.api.test_permissions import APP, PATHS

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "slug"),
    [
        ("GET", "/api/v1/nothing", b"", 404, "not-found"),
        ("GET", "/assets/../../etc/passwd", b"", 404, "not-found"),
        ("PUT", "/api/v1/session", b"", 405, "method-not-allowed"),
        ("POST", "/api/v1/session", b"{", 400, "invalid-json"),
        ("POST", "/api/v1/session", b"\xff\xfe{", 400, "bad-request"),
        ("POST", "/api/v1/session", b'{"name":"","password":1}', 422, "invalid"),
        ("POST", "/api/v1/session", b" " * 70_000, 413, "too-large"),
        ("GET", "/api/v1/session", b"", 401, "not-signed-in"),
        ("GET", "/api/v1/stops/nowhere", b"", 404, "not-found"),
    ],
)
async def test_every_error_is_a_problem(
    nobody: httpx.AsyncClient, method: str, path: str, content: bytes, status: int, slug: str
) -> None:
    answer = await nobody.request(method, path, content=content, headers=JSON)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"/problems/{slug}"
    assert answer.json()["status"] == status


async def test_a_body_that_grows_past_the_limit_without_saying_so_is_cut_off(
    nobody: httpx.AsyncClient,
) -> None:
    async def endless() -> object:
        for _ in range(100):
            yield b" " * 1000

    answer = await nobody.post("/api/v1/session", content=endless(), headers=JSON)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


async def test_the_sentence_is_japanese_unless_english_is_preferred(running: Running) -> None:
    async with (
        running.caller() as ja,
        running.caller(**{"accept-language": "en-GB,ja;q=0.5"}) as en,
    ):
        said_ja, said_en = (await ja.get("/x")).json(), (await en.get("/x")).json()
    assert said_ja["detail"] == "お探しのものは見つかりませんでした。"
    assert said_en["detail"] == "There is nothing at this address."
    assert said_ja["type"] == said_en["type"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "ja"),
        ("", "ja"),
        ("*", "ja"),
        ("fr", "ja"),
        ("en", "en"),
        ("ja,en", "ja"),
        ("ja;q=0.3,en-US;q=0.8", "en"),
        ("en;q=0", "ja"),
        ("en;q=nonsense", "ja"),
    ],
)
def test_accept_language_is_read_as_written(header: str | None, language: str) -> None:
    assert preferred(header) == language


def test_every_problem_has_words_in_both_languages() -> None:
    for slug, (status, title, detail) in PROBLEMS.items():
        assert 400 <= status < 600, slug
        assert all((title.ja, title.en, detail.ja, detail.en)), slug
        blanks = [part.count("{") for part in detail]
        assert blanks[0] == blanks[1], slug


async def test_the_type_of_a_problem_leads_to_what_it_means(nobody: httpx.AsyncClient) -> None:
    told = (await nobody.get("/api/v1/session")).json()
    about = (await nobody.get(told["type"])).json()
    assert (about["type"], about["title"]) == (told["type"], told["title"])
    assert (await nobody.get("/problems/unheard-of")).status_code == 404


async def test_a_bug_is_a_problem_too_and_says_nothing_of_the_inside(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_self: Service) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Service, "today", broken)
    async with running.caller() as caller:
        answer = await caller.get("/api/v1/clock")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert "secret" not in answer.text
    assert "secret detail" in caplog.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "http://maas.test.evil.test"},
        {"origin": "http://maas.test:8080"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_another_site_cannot_act_for_somebody_signed_in(
    operator: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    trip = {"origin": 1, "destination": 6}
    answer = await operator.post("/api/v1/quotes", json=trip, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/foreign-origin")
    ours = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
    assert (await operator.post("/api/v1/quotes", json=trip, headers=ours)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/clock", "/healthz", "/nothing"])
async def test_every_answer_carries_the_security_headers(
    running: Running, nobody: httpx.AsyncClient, path: str
) -> None:
    headers = (await nobody.get(path)).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    async with running.caller() as caller:
        sealed = (await caller.get(f"https://maas.test{path}")).headers
    assert sealed["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_personal_data_is_not_kept_by_browsers_or_proxies(
    operator: httpx.AsyncClient,
) -> None:
    assert (await operator.get("/api/v1/riders")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
async def test_a_method_that_nobody_needs_is_refused(
    nobody: httpx.AsyncClient, method: str
) -> None:
    for path in ("/", "/api/v1/clock", "/feeds/gtfs.zip"):
        assert (await nobody.request(method, path)).status_code in {404, 405}


GETS = [
    str(route.path).replace(":path", "").format(**PATHS)
    for route in iter_route_contexts(APP.routes)
    if "GET" in (route.methods or ()) and permission_of(route) in {Permission.PUBLIC, *GRANTS}
    if route.path != "/api/v1/live/events"
]


async def test_every_body_says_what_it_is_and_in_which_letters(running: Running) -> None:
    """And nobody is led away, nor may another site read more than open data."""
    said = set()
    async with running.staff("admin", origin=ORIGIN) as admin:
        for path in GETS:
            answer = await admin.get(path)
            assert not answer.is_redirect, path
            open_to_all = answer.headers.get("access-control-allow-origin")
            assert open_to_all == ("*" if path.startswith("/feeds/") else None), path
            if not answer.content:
                continue
            kind, _, letters = answer.headers["content-type"].partition(";")
            said.add(kind)
            if kind.startswith("text/"):
                assert "charset=utf-8" in letters, path
    assert said >= {"application/json", "text/html", "application/problem+json"}


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: +3\r\n",
        b"Content-Length : 3\r\n",
    ],
)
def test_a_request_that_says_its_length_twice_is_not_taken(lengths: bytes) -> None:
    assert server_config(Settings()).http == "httptools"
    parser = httptools.HttpRequestParser(object())
    with pytest.raises(httptools.HttpParserError):
        parser.feed_data(b"POST / HTTP/1.1\r\nHost: maas.test\r\n" + lengths + b"\r\nabc")


async def test_a_parameter_given_twice_counts_once(operator: httpx.AsyncClient) -> None:
    asked = await operator.get("/api/v1/places?q=x&limit=1&limit=9999999")
    assert asked.status_code == 422  # the last one, which was checked
    asked = await operator.get("/api/v1/places?q=x&limit=9999999&limit=1")
    assert asked.status_code == 200
    in_body = {"origin": 1, "destination": 6}
    both = await operator.post("/api/v1/quotes?origin=2&area=other", json=in_body)
    assert both.status_code == 200  # what belongs into the body is read there alone
