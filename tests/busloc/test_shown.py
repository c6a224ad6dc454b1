"""Who looks for a vehicle finds it, by route, by map cell or by its name, wherever it goes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.cells import topics_at
from busloc.frame import ws_payload
from busloc.hub import Hub
from busloc.publish import Vehicle
from busloc.shown import Shown

PLACES = [(34.80, 133.60), (34.801, 133.601), (34.90, 133.90)]
VEHICLES = ("a", "b")
TOPICS = (
    *(f"veh:{name}" for name in VEHICLES), "vehicles", "route:1", "route:2",
    *(topic for place in PLACES for topic in topics_at(*place)),
)  # fmt: skip


class Map:
    """A client that keeps what is on one topic."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, Any]] = {}

    def write(self, frame: bytes) -> int:
        """Apply a frame."""
        told = json.loads(ws_payload(frame))
        if told["k"] == "snap":
            self.seen.clear()
        for item in told["u"]:
            if item.get("gone"):
                self.seen.pop(item["id"], None)
            else:
                self.seen[item["id"]] = item
        return 0

    def buffered(self) -> int:
        """Nothing waits."""
        return 0

    def close(self, code: int, reason: str = "") -> None:
        """Nobody is closed."""
        raise AssertionError((code, reason))


def at(name: str, place: int, route: str, t: int) -> Vehicle:
    lat, lon = PLACES[place]
    return Vehicle(name, lat, lon, None, None, ts=t, state="on_trip", route=route)


def belongs(vehicle: Vehicle, topic: str) -> bool:
    """Say, without the code under test, whether a vehicle is to be found on a topic."""
    kind, _, what = topic.partition(":")
    return {
        "vehicles": True,
        "veh": what == vehicle.id,
        "route": what == vehicle.route,
        "cell": topic in topics_at(vehicle.lat, vehicle.lon),
    }[kind]


steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("show"),
            st.sampled_from(VEHICLES),
            st.integers(0, 2),
            st.sampled_from(["", "1", "2"]),
        ),
        st.tuples(st.just("hide"), st.sampled_from(VEHICLES)),
        st.tuples(st.just("look"), st.sampled_from(TOPICS)),
        st.tuples(st.just("away"), st.sampled_from(TOPICS)),
    ),
    max_size=25,
)


@given(steps)
@settings(max_examples=300, deadline=None)
def test_every_topic_shows_just_the_vehicles_that_belong_to_it(
    script: list[tuple[Any, ...]],
) -> None:
    clock = [0.0]
    hub = Hub(now=lambda: clock[0], monotonic=lambda: clock[0])
    shown, truth = Shown(hub), dict[str, Vehicle]()
    maps: dict[str, tuple[Map, Any]] = {}
    for step, *rest in script:
        clock[0] += 1
        if step == "show":
            truth[rest[0]] = at(rest[0], rest[1], rest[2], round(clock[0]))
            shown.show(truth[rest[0]])
        elif step == "hide" and rest[0] in truth:
            del truth[rest[0]]
            shown.hide(rest[0])
        elif step == "look" and rest[0] not in maps:
            seen = Map()
            maps[rest[0]] = seen, hub.join(seen)
            hub.subscribe(maps[rest[0]][1], rest[0])
        elif step == "away" and rest[0] in maps:
            hub.leave(maps.pop(rest[0])[1])
        shown.tick()
        hub.flush()

        for topic, (seen, _) in maps.items():
            wanted = {v.id: v.ts for v in truth.values() if belongs(v, topic)}
            assert {name: item["ts"] for name, item in seen.seen.items()} == wanted
