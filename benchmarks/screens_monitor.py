"""Does the dispatcher's monitor answer at once with 30 vehicles and 500 bookings on it?

    python -m benchmarks.screens_monitor --address http://127.0.0.1:8000 [--rounds 12] [--json FILE]

The real page in Chromium without a graphics card, against a running demo (`maas demo`) for the
session, the map and its tiles; the day itself, 30 vehicles with 500 rides, is told by this program
in the server's place, and every vehicle moves each second while keys are pressed.  What an
interaction takes is Chromium's own event timing: from the key to the frame that shows its effect,
in steps of 8 ms; what is under 16 ms is not reported by it and counted as 16.

`--disable-gpu` is what Chromium does by itself on a computer without a usable graphics card: it
puts the page together in plain memory and draws only WebGL with SwiftShader.  Forcing SwiftShader
on the whole page (`--use-angle=swiftshader`), as earlier runs did, is a state no such computer is
in: every frame of an empty page of this size then takes 0.2 s.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute, sync_playwright

from benchmarks.screens import browser, row

Row = dict[str, Any]
JAPAN = timezone(timedelta(hours=9))
VEHICLES, BOOKINGS = 30, 500
SOFTWARE = ["--no-sandbox", "--disable-gpu"]
LEAST_MS = 16
BETWEEN_KEYS_MS = 200
FRAMES_BEFORE, FRAMES = 60, 600
KEYS = [*"123456789", "Escape", "F1", "Escape", "b", "Escape", "x", "Escape", "n", "Escape"]
ARROWS = ["ArrowRight", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"]
WATCH = f"""
() => {{
  window.took = new Map();
  new PerformanceObserver(list => {{
    for (const one of list.getEntries()) {{
      if (!one.interactionId) continue;
      const known = window.took.get(one.interactionId)?.[1] ?? 0;
      window.took.set(one.interactionId, [one.name, Math.max(known, one.duration)]);
    }}
  }}).observe({{ type: "event", durationThreshold: {LEAST_MS}, buffered: true }});
}}
"""


def main() -> None:
    """Press the keys, and print what each took and how the heap grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    with crowded_monitor(arguments.address) as (page, day):
        rows = [row("interaction", pressed(page, day, arguments.rounds)), heap_row(page, day)]
    for one in rows:
        sys.stdout.write(json.dumps(one, ensure_ascii=False) + "\n")
    if arguments.json:
        about = {"vehicles": VEHICLES, "bookings": BOOKINGS}
        text = json.dumps({"rows": rows, "about": about}, ensure_ascii=False)
        Path(arguments.json).write_text(text + "\n", encoding="utf-8")


@contextmanager
def crowded_monitor(address: str) -> Iterator[tuple[Page, Day]]:
    """Give the dispatcher's page with the crowded day on it."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=SOFTWARE)
        context = chromium.new_context(
            base_url=address,
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            viewport={"width": 1920, "height": 1080},
        )
        context.set_default_timeout(180_000)
        signed_in = {"name": "dispatcher", "password": "kibi-demo"}
        context.request.post("/api/v1/session", data=signed_in)
        day = Day(context.request.get)
        page = context.new_page()
        day.tell(page)
        page.goto("/monitor")
        page.locator(".row[data-vehicle]").nth(VEHICLES - 1).wait_for()
        page.locator(".map[aria-busy=false]").wait_for()
        yield page, day
        chromium.close()


class Day:
    """Thirty vehicles and five hundred rides, made of a place and a vehicle of the town's own."""

    def __init__(self, get: Any) -> None:  # noqa: ANN401 -- the request context's method
        plan = get("/api/v1/plan").json()
        self.area: str = plan["area"]
        self._date: str = plan["date"]
        self._now: float = get("/api/v1/clock").json()["now"]
        self._places: list[Row] = get("/api/v1/places?q=&limit=50").json()
        self._links: list[WebSocketRoute] = []
        self._seq: dict[str, int] = {}
        self._moved_at = 0.0
        own = plan["vehicles"][0]
        self.vehicles = [self._vehicle(own, number) for number in range(VEHICLES)]
        self.bookings = [self._booking(number) for number in range(BOOKINGS)]

    def tell(self, page: Page) -> None:
        """Answer in the server's place what the page asks about the day."""
        plan = {"area": self.area, "date": self._date, "now": self._now, "vehicles": self.vehicles}
        names = [{**one, "battery": None} for one in self.vehicles]
        for path, body in (("plan", plan), ("bookings", self.bookings), ("vehicles", names)):
            page.route(f"**/api/v1/{path}", partial(_answer, body))
            page.route(f"**/api/v1/{path}?*", partial(_answer, body))
        page.route_web_socket("**/ws/live", self._open)

    def keep_up(self) -> None:
        """Let a second pass if one has passed outside."""
        if time.monotonic() - self._moved_at >= 1:
            self.move()

    def move(self) -> None:
        """Let a second pass: every vehicle is a little further, one plan has changed."""
        self._moved_at = time.monotonic()
        self._now += 1
        second = self._seq.get("vehicles", 0)
        self._send("vehicles", "delta", [self._live(n, second) for n in range(VEHICLES)])
        self._send(f"plan:{self.area}", "delta", [self.vehicles[second % VEHICLES]])

    def _open(self, link: WebSocketRoute) -> None:
        self._links.append(link)
        link.on_message(lambda _: None)
        for topic in ("vehicles", f"plan:{self.area}", f"bookings:{self.area}", "calls"):
            self._seq[topic] = 0
            self._send(topic, "snap", [])

    def _send(self, topic: str, kind: str, changed: list[Row]) -> None:
        self._seq[topic] = self._seq.get(topic, 0) + 1
        frame = {"t": topic, "e": "bench", "s": self._seq[topic], "k": kind, "u": changed}
        self._links[-1].send(json.dumps(frame | {"n": self._now}))

    def _live(self, number: int, second: int) -> Row:
        place = self._places[number % len(self._places)]
        turn = (second + number * 12) / 57
        return {
            "id": f"car-{number}",
            "lat": place["lat"] + 0.01 * math.sin(turn),
            "lon": place["lon"] + 0.01 * math.cos(turn),
            "bearing": math.degrees(turn) % 360,
            "ts": self._now,
            "state": "running",
        }

    def _vehicle(self, own: Row, number: int) -> Row:
        rides = range(number, BOOKINGS, VEHICLES)
        stops = [stop for index, ride in enumerate(rides) for stop in self._stops(index, ride)]
        return own | {
            "id": f"car-{number}",
            "name": f"{number + 1}号車",
            "name_en": f"Car {number + 1}",
            "stops": stops,
            "path": [],
        }

    def _stops(self, index: int, ride: int) -> Iterator[Row]:
        """Yield a ride's two stops; its vehicle has one each 15 min, from an hour ago."""
        begins = self._now - 3600 + 900 * index
        for kind, later in (("pickup", 0), ("dropoff", 660)):
            planned = begins + later
            yield {
                "seq": 2 * index + (kind == "dropoff"),
                "kind": kind,
                "booking_id": f"b{ride}",
                "reference": f"{1000 + ride}",
                "rider_name": f"試験 {ride}",
                "rider_kana": "しけん",
                "notes": "",
                "tags": [],
                "riders": 1,
                "wheelchairs": 0,
                "place": self._places[(ride + later) % len(self._places)],
                "planned": _iso(planned),
                "window_from": _iso(planned - 300) if kind == "pickup" else None,
                "window_to": _iso(planned + 600),
                "slack_s": -60 if ride % 50 == 0 else 400,
                "state": "done" if planned < self._now else "planned",
                "load_after": 1,
                "fare_yen": 500,
                "phone": "000-000-0001",
            }

    def _booking(self, number: int) -> Row:
        begins = self._now - 3600 + 900 * (number // VEHICLES)
        car = self.vehicles[number % VEHICLES]
        pickup = {"pickup_from": _iso(begins - 300), "pickup_to": _iso(begins + 600)}
        return pickup | {
            "id": f"b{number}",
            "reference": f"{1000 + number}",
            "state": "done" if begins + 660 < self._now else "booked",
            "area": self.area,
            "date": self._date,
            "rider": None,
            "contact_name": f"試験 {number}",
            "contact_phone": "000-000-0001",
            "origin": self._places[number % len(self._places)],
            "destination": self._places[(number + 660) % len(self._places)],
            "riders": 1,
            "wheelchairs": 0,
            "pickup_planned": _iso(begins),
            "arrive_by": _iso(begins + 1260),
            "arrive_planned": _iso(begins + 660),
            "vehicle": {key: car[key] for key in ("id", "name", "name_en")},
            "pinned": False,
            "helpers": 0,
            "channel": "phone",
            "group_id": None,
            "held_until": None,
        }


def _answer(body: object, route: Route) -> None:
    route.fulfill(json=body)


def _iso(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, JAPAN).isoformat(timespec="seconds")


def pressed(page: Page, day: Day, rounds: int) -> list[float]:
    """Press every key so often while the vehicles move; return the milliseconds of each press."""
    page.evaluate(WATCH)
    count = 0
    for _ in range(rounds):
        for key in KEYS:
            count += _press(page, day, key)
        page.locator(".ride").first.focus()
        for key in ARROWS:
            count += _press(page, day, key)
        page.keyboard.press("Escape")
        count += 1
    page.wait_for_timeout(1000)  # the observer is told a moment later
    took = [one[1] for one in page.evaluate("[...window.took.values()]")]
    return took + [float(LEAST_MS)] * (count - len(took))


def _press(page: Page, day: Day, key: str) -> int:
    day.keep_up()
    page.keyboard.press(key)
    page.wait_for_timeout(BETWEEN_KEYS_MS)
    return 1


def heap_row(page: Page, day: Day) -> Row:
    """Return how the heap grew over ten minutes of positions."""
    _pass(page, day, FRAMES_BEFORE)
    before = _heap(page)
    _pass(page, day, FRAMES)
    after = _heap(page)
    growth = round(100 * (after / before - 1), 1)
    return {"what": "heap", "updates": FRAMES, "mb": round(after / 2**20, 2), "growth_%": growth}


def _pass(page: Page, day: Day, seconds: int) -> None:
    for _ in range(seconds):
        day.move()
        page.wait_for_timeout(20)


def _heap(page: Page) -> float:
    page.wait_for_timeout(1500)
    tools = page.context.new_cdp_session(page)
    for _ in range(2):
        tools.send("HeapProfiler.collectGarbage")
    used: float = tools.send("Runtime.getHeapUsage")["usedSize"]
    tools.detach()
    return used


if __name__ == "__main__":
    main()
