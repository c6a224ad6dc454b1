"""Buses and their stops: one live map for the town's timetable, one for each imported beside it.

The town's vehicles run the first timetable.  The others are shown as planned on the signs of
their own stops; a stop that two timetables know belongs to the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from typing import Final, cast
from zoneinfo import ZoneInfo

from busloc import Departure, Hub, LiveMap, Region, Timetable
from busloc.drives import RecordJudged, RecordVisits
from busloc.live import Record
from busloc.model import Model
from gtfs import Feed, Stop
from gtfs.japan import stop_kana
from maas.directory import Directory
from maas.notices import Noticeboard
from maas.realtime import Realtime
from maas.town.search import Found, Index

STOP: Final = "stop:"
MARGIN_DEG: Final = 0.2


class HubShare:
    """The hub as one live map sees it: without the boards of the stops of others."""

    def __init__(self, hub: Hub, owns: Callable[[str], bool]) -> None:
        self._hub = hub
        self._owns = owns
        self.fills: dict[str, Callable[[str], None]] = {}

    def __getattr__(self, name: str) -> object:
        """Give everything else of the hub as it is."""
        return getattr(self._hub, name)

    def watched(self, prefix: str = "") -> list[str]:
        """See ``Hub.watched``."""
        return [
            topic
            for topic in self._hub.watched(prefix)
            if not topic.startswith(STOP) or self._owns(topic.removeprefix(STOP))
        ]

    def fill(self, kind: str, publish_all: Callable[[str], None]) -> None:
        """See ``Hub.fill``; the share keeps it and is asked by stop, or for its own vehicles."""
        self.fills[kind] = publish_all


class Buses:
    """All timetables of a server with what is known of their vehicles."""

    def __init__(
        self,
        hub: Hub,
        feeds: Mapping[str, Feed],
        *,
        region: Region,
        zone: ZoneInfo,
        directory: Directory,
        record: Record = lambda _pings, _now: None,
        record_visits: RecordVisits = lambda _vehicle, _visits: None,
        record_judged: RecordJudged = lambda _judged: None,
        model: Model | None = None,
    ) -> None:
        self.feeds = feeds
        self._owner = _owners(feeds)
        self._shares = {name: HubShare(hub, self._owned_by(name)) for name in list(feeds) or [""]}
        names = {vehicle.id: vehicle.name for vehicle in directory.vehicles}
        duties = {vehicle.id: vehicle.block for vehicle in directory.vehicles if vehicle.block}
        buses = {vehicle.id for vehicle in directory.vehicles if vehicle.kind == "bus"}
        at_doors = {vehicle.id for vehicle in directory.vehicles if not vehicle.block} - buses
        depots = {
            vehicle.id: (place.lat, place.lon)
            for vehicle in directory.vehicles
            if (place := directory.place_by_id.get(vehicle.depot_place_id or 0)) is not None
        }
        self._maps: dict[str, LiveMap] = {}
        for name, share in self._shares.items():
            own = not self._maps
            feed = feeds.get(name)
            self._maps[name] = LiveMap(
                cast(Hub, share),
                region=region,
                tz=zone if own or feed is None else ZoneInfo(feed.timezone),
                feed=feed,
                duties=duties if own else {},
                names=names if own else {},
                record=record,
                record_visits=record_visits,
                record_judged=record_judged,
                model=model if own else None,
                unassigned=buses if own else (),
                depots=depots if own else {},
                at_doors=at_doors if own else (),
            )
        self.notices = Noticeboard(hub, self.live)
        hub.fill("stop", self._fill_board)
        for kind in ("cell", "veh"):
            hub.fill(kind, next(iter(self._shares.values())).fills[kind])

    def take_timetable(self, feed: Feed) -> None:
        """Put another timetable in the place of the town's own."""
        name = next(iter(self._shares))
        self.feeds = {name: feed, **{other: f for other, f in self.feeds.items() if other != name}}
        self._owner = _owners(self.feeds)
        self.live.take_timetable(feed)
        self.notices.take_timetable()
        self.__dict__.pop("stop_index", None)
        if self.realtime is not None and self.timetable is not None:
            self.realtime.take_timetable(self.timetable)

    @property
    def live(self) -> LiveMap:
        """The live map of the town's own vehicles."""
        return next(iter(self._maps.values()))

    @property
    def feed(self) -> Feed | None:
        """The town's own timetable, None when there is none."""
        return next(iter(self.feeds.values()), None)

    @property
    def timetable(self) -> Timetable | None:
        """The town's own timetable as courses, None when there is none."""
        return self.live.timetable

    @cached_property
    def realtime(self) -> Realtime | None:
        """The town's own GTFS Realtime, None without a timetable."""
        return None if self.timetable is None else Realtime(self.live, self.timetable)

    @cached_property
    def stop_index(self) -> Index[tuple[Feed, Stop]]:
        """Stations, and stops that belong to none, by name, reading and English name."""
        stops = [
            (feed, stop)
            for feed in self.feeds.values()
            for stop in feed.stops.values()
            if stop.location_type == 1 or (stop.location_type == 0 and not stop.parent_station)
        ]
        return Index(stops, lambda stop: Found(stop_names(*stop)))

    def stop(self, stop_id: str) -> tuple[Feed, Stop] | None:
        """Return a stop and the timetable it is in, None for an unknown one."""
        name = self._owner.get(stop_id)
        return None if name is None else (self.feeds[name], self.feeds[name].stops[stop_id])

    def departures(self, stop_id: str, now: float, limit: int) -> list[Departure]:
        """Return the next departures of a stop, none for an unknown one."""
        name = self._owner.get(stop_id)
        return [] if name is None else self._maps[name].departures(stop_id, now, limit)

    def departures_on(self, stop_id: str, day: date) -> list[Departure]:
        """Return a stop's departures of a service day by the timetable, none for an unknown one."""
        name = self._owner.get(stop_id)
        return [] if name is None else self._maps[name].departures_on(stop_id, day)

    def tick(self, now: float) -> None:
        """Let time pass on every map."""
        for live in self._maps.values():
            live.tick(now)
        if self.realtime is not None:
            self.realtime.refresh(now)

    def _owned_by(self, name: str) -> Callable[[str], bool]:
        first = next(iter(self.feeds), name)
        return lambda stop_id: self._owner.get(stop_id, first) == name

    def _fill_board(self, topic: str) -> None:
        name = self._owner.get(topic.removeprefix(STOP))
        if name is not None:
            self._shares[name].fills["stop"](topic)


def stop_names(feed: Feed, stop: Stop) -> tuple[str, str, str]:
    """Return a stop's name, its reading and its English name, empty where nobody gave one."""
    name_en = feed.translate("stops", "stop_name", stop.name, "en")
    return stop.name, stop_kana(feed, stop.id) or "", name_en or ""


def _owners(feeds: Mapping[str, Feed]) -> dict[str, str]:
    owners: dict[str, str] = {}
    for name, feed in feeds.items():
        for stop_id in feed.stops:
            owners.setdefault(stop_id, name)
    return owners


def region_around(feeds: Mapping[str, Feed]) -> Region:
    """Return a region that holds every stop, for a server without a town; without feeds the world.

    >>> region_around({})
    (-90.0, -180.0, 90.0, 180.0)
    """
    stops = [stop for feed in feeds.values() for stop in feed.stops.values()]
    lats = [stop.lat for stop in stops if stop.lat is not None]
    lons = [stop.lon for stop in stops if stop.lon is not None]
    if not lats or not lons:
        return -90.0, -180.0, 90.0, 180.0
    return (
        min(lats) - MARGIN_DEG,
        min(lons) - MARGIN_DEG,
        max(lats) + MARGIN_DEG,
        max(lons) + MARGIN_DEG,
    )
