"""A sign as a device: paired by a code, watched by the office, running for a day."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import APIRequestContext, Page, WebSocketRoute, expect

from tests.browser.conftest import NewPage
from tests.browser.signs import LONG_MS, STOP, TV, Row, asked, needed_px, readable
from tests.browser.waiting import LONG_S, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("browser"),
]

SIZE = "parseFloat(getComputedStyle(document.querySelector('.sign')).fontSize)"


def test_a_new_sign_is_paired_by_its_code_and_then_says_how_it_is(new_page: NewPage) -> None:
    sign = new_page("/signage/-", size=TV)
    code = sign.get_by_test_id("code").inner_text(timeout=LONG_MS)
    assert readable(sign) == []
    office = new_page("/login", name="admin").context.request
    where = {"name": "役場の入口", "stop": STOP, "panel_inches": 43, "distance_m": 10}
    made = office.post("/api/v1/signs", data={"code": code, **where})
    assert made.ok, made.text()
    name = made.json()["id"]

    expect(sign.locator("li").first).to_be_visible(timeout=LONG_MS)
    base = sign.evaluate(SIZE)
    assert base >= needed_px(43, 10)
    known = wait_for(office, name, lambda one: one["state"] == "live")
    assert (known["alarms"], known["heard_at"] is None) == ([], False)
    assert re.fullmatch(r"[0-9a-f]{8}", known["picture"])

    # The office moves it to a larger panel: it hears so at once, without a new start.
    sign.evaluate("window.before = true")
    office.put(f"/api/v1/signs/{name}", data={**where, "panel_inches": 55, "distance_m": 5})
    until(sign, f"{SIZE} < {base}")
    assert sign.evaluate("window.before") is True
    # Told to start anew it does, once.
    office.post(f"/api/v1/signs/{name}/reload")
    until(sign, "window.before === undefined")
    sign.evaluate("window.before = true")
    expect(sign.locator("li").first).to_be_visible(timeout=LONG_MS)
    # Removed, it shows a code again.
    office.delete(f"/api/v1/signs/{name}")
    expect(sign.get_by_test_id("code")).to_be_visible(timeout=2 * LONG_MS)
    assert sign.evaluate("window.before") is True


def wait_for(office: APIRequestContext, name: str, holds: Callable[[Row], bool]) -> Row:
    give_up = time.monotonic() + LONG_S
    while time.monotonic() < give_up:
        found = [one for one in office.get("/api/v1/signs").json() if one["id"] == name]
        if found and holds(found[0]):
            return dict(found[0])
    pytest.fail(f"{name} did not say how it is: {found}")


def test_six_thousand_updates_do_not_grow_the_heap(new_page: NewPage) -> None:
    page = new_page("/login", size=TV)
    links: list[WebSocketRoute] = []
    page.route_web_socket("**/ws/live", lambda link: links.append(link))
    page.goto(f"/signage/{STOP}")
    expect(page.locator("li").first).to_be_visible(timeout=LONG_MS)
    rows = asked(page, f"/stops/{STOP}/departures?limit=8")["departures"]
    send(links[-1], rows, range(1), kind="snap")
    send(links[-1], rows, range(1, 301))
    before = heap_of(page)
    send(links[-1], rows, range(301, 6301))
    last = rows[0]["scheduled"] + 6300 % 600
    until(
        page,
        f"JSON.parse(localStorage.getItem('board:{STOP}'))"
        f".board.departures.some(one => one.expected === {last})",
    )
    after = heap_of(page)
    assert after[0] < 1.2 * before[0], (before, after)
    assert after[1] <= 1.2 * before[1], (before, after)


def send(link: WebSocketRoute, rows: list[Row], seqs: range, kind: str = "delta") -> None:
    """Send updates of a stop's departures, each of them a little later than before."""
    for seq in seqs:
        late = {"state": "running", "delay_s": seq % 600}
        changed = [{**row, **late, "expected": row["scheduled"] + seq % 600} for row in rows]
        frame = {"t": f"stop:{STOP}", "e": "epoch", "s": seq, "k": kind, "u": changed}
        link.send(json.dumps(frame))


def heap_of(page: Page) -> tuple[float, float]:
    """Return the bytes of the heap and the nodes of the document, after collecting garbage."""
    page.evaluate("new Promise(done => setTimeout(done, 300))")
    tools = page.context.new_cdp_session(page)
    for _ in range(2):
        tools.send("HeapProfiler.collectGarbage")
    used: dict[str, float] = tools.send("Runtime.getHeapUsage")
    counted: dict[str, float] = tools.send("Memory.getDOMCounters")
    tools.detach()
    return used["usedSize"], counted["nodes"]
