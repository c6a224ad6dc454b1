"""`WS /ws/live`: who may hear which topic, and what the rides publish on the staff's topics."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import HTTPConnection
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send

from busloc.io.stream import LiveEndpoint, sent
from maas.api.identity import cookie_name, identify, keep_alive
from maas.api.permissions import declare
from maas.api.service import Service, service_of
from maas.api.shapes import BookingOut, Rendering, VehiclePlanOut
from maas.auth.roles import Permission, allowed
from maas.auth.staff import Person
from maas.rides.views import Event, VehiclePlanView

PUBLIC: Final = frozenset({"route", "stop", "veh", "vehicles", "cell", "alerts", "sign"})
STAFF: Final = {
    "plan": Permission.READ_PLAN,
    "bookings": Permission.READ_BOOKINGS,
    "calls": Permission.READ_BOOKINGS,
}
ERRANDS: Final = "errands"
"""The way of each vehicle to its next stop, for the other processes alone."""
RECHECK_S: Final = 30.0

_Errand = tuple[list[tuple[float, float]], list[float]]


def may_hear(person: Person | None, topic: str) -> bool:
    """Say whether somebody may hear a topic; what is in neither table nobody may."""
    kind, _, area = topic.partition(":")
    if kind in PUBLIC:
        return True
    if person is None or kind not in STAFF or not allowed(person.role, STAFF[kind]):
        return False
    return person.area is None or person.area == area


class LiveSocket:
    """The ASGI application of `/ws/live`; it ends when the session that opened it does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        connection = HTTPConnection(scope)
        service, person = service_of(connection), await identify(connection)
        endpoint = LiveEndpoint(service.hub, lambda _: hearing(person), admission=service.listeners)
        until = None if person is None else lambda: signed_out(connection, service)
        await endpoint.serve(dict(scope), receive, send, until)


def hearing(person: Person | None) -> Callable[[str], bool]:
    """Return what says which topics somebody may hear."""
    return anybody_may_hear if person is None else partial(may_hear, person)


def anybody_may_hear(topic: str) -> bool:
    """Say whether a topic is public."""
    return may_hear(None, topic)


async def signed_out(connection: HTTPConnection, service: Service) -> None:
    """Wait until a session ends; until then whoever listens counts as use of it.

    The monitor hangs on a wall: nobody touches it for hours, and it must not go dark.
    """
    token = connection.cookies[cookie_name(connection)]
    while await keep_alive(service, token):  # noqa: ASYNC110 -- the row in SQL tells nobody
        await asyncio.sleep(RECHECK_S)


def live_route() -> WebSocketRoute:
    """Return the route; the topics check who may hear them."""
    return WebSocketRoute("/ws/live", declare(LiveSocket(), Permission.PUBLIC), name="live")


class Publisher:
    """Tells the staff's topics what the rides have committed, and where the plan stands."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._write = Rendering(ZoneInfo(service.timezone))

    async def __call__(self, event: Event) -> None:
        """Publish one event; doing it twice changes nothing for a listener."""
        if event.booking is not None:
            body = self._write.one(BookingOut, event.booking)
            self._publish(f"bookings:{event.area}", body.id, body.model_dump_json().encode())
        if event.date == self._service.keeper(event.area).today:  # its topic is of today's plan
            for vehicle_id in event.vehicles:
                await self.vehicle(event.area, vehicle_id)
        if event.text is not None:
            self._publish("calls", str(event.id), _call(event))

    async def told(self) -> None:
        """Wait until what was published so far is with all servers, or with the listeners here.

        Until then it is in this process's memory alone.
        """
        await sent(self._service.hub)
        if self._service.joined is not None:
            await self._service.joined.bus.taken()

    async def all(self) -> None:
        """Publish every vehicle's plan, for listeners who join before anything happens."""
        for area in self._service.keepers:
            await self._publish_plan(area)

    async def refresh(self) -> None:
        """Publish what has moved in the plans that somebody watches, and learn what others did.

        Several processes cannot know who watches with another: there whoever leads an area tells.
        """
        joined = self._service.joined
        together = joined is not None and joined.bus.connected
        for area, keeper in self._service.keepers.items():
            if keeper.leads if together else self._service.hub.heard(f"plan:{area}"):
                await self._publish_plan(area)
        self._take_errands()

    def _take_errands(self) -> None:
        """Learn which way the vehicles of areas that are kept elsewhere are sent."""
        service = self._service
        led = service.led()
        for vehicle_id, fragment in service.hub.values(ERRANDS).items():
            if service.directory.ride_areas.get(vehicle_id) not in led:
                points, due = msgspec.json.decode(fragment, type=_Errand)
                service.buses.live.errands.give(vehicle_id, points, due)

    async def _publish_plan(self, area: str) -> None:
        plan = await self._service.keeper(area).plan_view()
        for vehicle in plan.vehicles:
            self._publish_view(area, vehicle)

    async def vehicle(self, area: str, vehicle_id: str) -> None:
        """Publish one vehicle's plan."""
        view = await self._service.keeper(area).vehicle_view(vehicle_id)
        if view is not None:
            self._publish_view(area, view)

    def _publish_view(self, area: str, view: VehiclePlanView) -> None:
        points = [(lat, lon) for lon, lat in view.path]
        self._service.buses.live.errands.give(view.id, points, view.due)
        if self._service.joined is not None:
            self._publish(ERRANDS, view.id, msgspec.json.encode((points, view.due)))
        body = self._write.one(VehiclePlanOut, view)
        self._publish(f"plan:{area}", body.id, body.model_dump_json().encode())

    def _publish(self, topic: str, key: str, fragment: bytes) -> None:
        if self._service.hub.last(topic, key) != fragment:
            self._service.hub.publish(topic, key, fragment)


def _call(event: Event) -> bytes:
    text = event.text
    words: dict[str, Any] = {
        "id": event.id,
        "ts": event.at,
        "text": text.ja if text else "",
        "text_en": text.en if text else "",
        "kind": event.kind,
    }
    return json.dumps(words, ensure_ascii=False).encode()
