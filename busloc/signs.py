"""Departure boards on the stream: those somebody watches, made anew when a bus or time moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from busloc.course import Course, Timetable
from busloc.hub import Hub
from busloc.publish import Departure, encode, gone

BOARD_S = 10.0
"""A watched board is made anew this often even when no bus moved."""
BOARDS_MIN = 50
"""So many old boards are made anew in one tick; where there are more they take turns."""


class Signs:
    """The watched boards; ``departures`` says what a stop's board holds at an instant."""

    def __init__(self, hub: Hub, departures: Callable[[str, float], Sequence[Departure]]) -> None:
        self._hub = hub
        self._departures = departures
        self._stale: set[str] = set()
        self._made_at_s: dict[str, float] = {}
        hub.fill("stop", lambda topic: self._refresh(topic, hub.now()))

    def mark(self, timetable: Timetable, course: Course, along_m: float) -> None:
        """Have the boards from a place along a trip on made anew at the next tick."""
        if not self._made_at_s:
            return
        for call in course.calls[course.next_call(along_m) :]:
            station = timetable.feed.stops[call.stop_id].parent_station
            self._stale.add(f"stop:{call.stop_id}")
            self._stale.add(f"stop:{station}")

    def tick(self, now: float) -> None:
        """Make anew what buses changed, and in turn what time did."""
        watched = self._hub.watched("stop:")
        self._made_at_s = {t: self._made_at_s.get(t, float("-inf")) for t in watched}
        old = [t for t, at_s in self._made_at_s.items() if not 0 <= now - at_s < BOARD_S]
        old.sort(key=self._made_at_s.__getitem__)
        share = max(BOARDS_MIN, round(1.5 * len(watched) / BOARD_S))
        due = self._stale.intersection(watched).union(old[:share])
        self._stale.clear()
        for topic in due:
            self._refresh(topic, now)

    def _refresh(self, topic: str, now: float) -> None:
        self._made_at_s[topic] = now
        departures = self._departures(topic.partition(":")[2], now)
        rows = {departure.id: encode(departure) for departure in departures}
        for key, fragment in rows.items():
            if self._hub.last(topic, key) != fragment:
                self._hub.publish(topic, key, fragment)
        for key in self._hub.values(topic):
            if key not in rows:
                self._hub.remove(topic, key, gone(key))
