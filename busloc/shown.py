"""Vehicles on the stream: each on the topics where somebody may look for it.

Map cells, and the topics of single vehicles, are filled when somebody looks at them; the other
topics always hold every vehicle.
"""

from __future__ import annotations

from busloc.cells import topics_at
from busloc.hub import Hub
from busloc.publish import Vehicle, encode, gone


class Shown:
    """What was last published of each vehicle."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._topics: dict[str, tuple[str, ...]] = {}
        self._cells: frozenset[str] = frozenset()
        self.vehicles: dict[str, Vehicle] = {}
        hub.fill("cell", self._fill_cell)
        hub.fill("veh", self._fill_vehicle)

    def tick(self) -> None:
        """Learn which map cells somebody looks at."""
        self._cells = frozenset(self._hub.watched("cell:"))

    def show(self, vehicle: Vehicle) -> None:
        """Publish a vehicle where it belongs, if anything about it is new."""
        self.vehicles[vehicle.id] = vehicle
        self._publish(vehicle.id, encode(vehicle), self._topics_of(vehicle))

    def hide(self, vehicle_id: str) -> None:
        """Take a vehicle off every topic."""
        self.vehicles.pop(vehicle_id, None)
        self._publish(vehicle_id, b"", ())
        del self._topics[vehicle_id]

    def _publish(self, vehicle_id: str, fragment: bytes, topics: tuple[str, ...]) -> None:
        for topic in topics:
            if self._hub.last(topic, vehicle_id) != fragment:
                self._hub.publish(topic, vehicle_id, fragment)
        for topic in self._topics.get(vehicle_id, ()):
            if topic not in topics:
                self._hub.remove(topic, vehicle_id, gone(vehicle_id))
        self._topics[vehicle_id] = topics

    def _topics_of(self, vehicle: Vehicle) -> tuple[str, ...]:
        routes = (f"route:{vehicle.route}",) if vehicle.route else ()
        own = f"veh:{vehicle.id}"
        heard = ("vehicles", *routes, own) if self._hub.heard(own) else ("vehicles", *routes)
        if not self._cells:
            return heard
        here = topics_at(vehicle.lat, vehicle.lon)
        return (*heard, *(topic for topic in here if topic in self._cells))

    def _fill_vehicle(self, topic: str) -> None:
        """Publish one vehicle by itself, for the first who follows it."""
        vehicle = self.vehicles.get(topic.partition(":")[2])
        if vehicle is not None and topic not in self._topics[vehicle.id]:
            self._hub.publish(topic, vehicle.id, encode(vehicle))
            self._topics[vehicle.id] = (*self._topics[vehicle.id], topic)

    def _fill_cell(self, topic: str) -> None:
        """Publish the vehicles in a map cell, for the first who looks at it."""
        self._cells |= {topic}
        inside = {v.id: v for v in self.vehicles.values() if topic in topics_at(v.lat, v.lon)}
        for vehicle_id, vehicle in inside.items():
            self._hub.publish(topic, vehicle_id, encode(vehicle))
            self._topics[vehicle_id] = (*self._topics[vehicle_id], topic)
        for vehicle_id in self._hub.values(topic):
            if vehicle_id not in inside:
                self._hub.remove(topic, vehicle_id, gone(vehicle_id))
