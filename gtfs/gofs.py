"""Demand service as GOFS-lite 1.0, the JSON of on-demand services, from a feed's GTFS-Flex.

One document a file, in the order of the specification (github.com/GOFS-lite/GOFS-lite).  What it
asks a running dispatcher (`wait_time`, `realtime_booking`) is not part of a feed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gtfs.calendar import format_date, format_time
from gtfs.feed import Feed, Route, Stop, StopTime, Trip
from gtfs.flex import BookingRule

VERSION: Final = "1.0"
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ON_REQUEST: Final = (2, 3)
BRAND_COLOURS: Final = ("FFFFFF", "000000")
"""What GTFS says of a route without colours."""

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class VehicleType:
    """A kind of vehicle: how many riders it carries, and whether a wheelchair can board."""

    id: str
    capacity: int
    wheelchairs: bool


def documents(
    feed: Feed, vehicles: Sequence[VehicleType], *, base_url: str, languages: Sequence[str]
) -> dict[str, Data]:
    """Return the `data` of every file by its path below `base_url`, empty without demand service.

    `languages` are those of the feed's translations and its own, the first the one to prefer;
    there is a folder for each.
    """
    service = _Service(feed)
    if not service.trips:
        return {}
    found: dict[str, Data] = {
        f"{language}/{name}": data
        for language in languages
        for name, data in service.files(language, vehicles)
    }
    feeds: Data = {
        language: {
            "feeds": [
                {"name": path.split("/")[1].removesuffix(".json"), "url": f"{base_url}/{path}"}
                for path in found
                if path.startswith(f"{language}/")
            ]
        }
        for language in languages
    }
    versions: Data = {"versions": [{"version": VERSION, "url": f"{base_url}/gofs.json"}]}
    return {"gofs.json": feeds, "gofs_versions.json": versions} | found


def envelope(data: Data, *, last_updated: int, ttl_s: int) -> Data:
    """Return a whole file; `last_updated` is when what it says last changed (epoch seconds)."""
    return {"last_updated": last_updated, "ttl": ttl_s, "version": VERSION, "data": data}


class _Service:
    """The demand service of a feed."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.trips = [
            trip for trip in feed.trips.values()
            if any(call.on_demand for call in feed.stop_times.get(trip.id, ()))
        ]  # fmt: skip
        self._routes = [route for route in feed.routes.values() if self._of(route)]

    def files(self, language: str, vehicles: Sequence[VehicleType]) -> Iterator[tuple[str, Data]]:
        """Yield each file of a language with its data."""
        yield "system_information.json", self._system(language)
        yield (
            "service_brands.json",
            {"service_brands": [self._brand(r, language) for r in self._routes]},
        )
        yield "vehicle_types.json", {"vehicle_types": [_vehicle(each) for each in vehicles]}
        yield "zones.json", {"zones": self._zones(language)}
        yield "operating_rules.json", {"operating_rules": list(self._rules(vehicles))}
        yield "calendars.json", {"calendars": list(self._calendars())}
        fares = [fare for route in self._routes if (fare := self._fare(route))]
        if fares:
            yield "fares.json", {"fares": fares}
        yield "booking_rules.json", {"booking_rules": list(self._booking())}

    def _of(self, route: Route) -> list[Trip]:
        return [trip for trip in self.trips if trip.route_id == route.id]

    def _words(self, table: str, field: str, text: str, language: str, record_id: str = "") -> str:
        found = self._feed.translate(table, field, text, language, record_id=record_id)
        return found or text

    def _system(self, language: str) -> Data:
        agency_ids = [route.agency_id for route in self._routes]
        agencies = [agency for agency in self._feed.agencies if agency.id in agency_ids]
        agency = (agencies or self._feed.agencies)[0]
        name = self._words("agency", "agency_name", agency.name, language, agency.id)
        told = {"url": agency.url, "phone_number": agency.phone}
        return {
            "language": language,
            "timezone": agency.timezone,
            "name": name,
            "operator": name,
            **{key: text for key, text in told.items() if text},
        }

    def _brand(self, route: Route, language: str) -> Data:
        field = "route_short_name" if route.short_name else "route_long_name"
        return {
            "brand_id": route.id,
            "brand_name": self._words("routes", field, route.name, language, route.id),
            "brand_color": route.color or BRAND_COLOURS[0],
            "brand_text_color": route.text_color or BRAND_COLOURS[1],
        }

    def _zones(self, language: str) -> Data:
        feed = self._feed
        features = [
            _feature(location.id, self._zone_name(location.name, language), "MultiPolygon",
                     [[_ring(ring) for ring in polygon] for polygon in location.polygons])
            for location in feed.locations
        ]  # fmt: skip
        for group in feed.location_groups:
            places = [feed.stops[stop].place for stop in group.stop_ids if stop in feed.stops]
            points = [[place[1], place[0]] for place in places if place is not None]
            features.append(_feature(group.id, group.name, "MultiPoint", points))
        for stop in self._stops():
            lat, lon = stop.place or (0.0, 0.0)
            name = self._words("stops", "stop_name", stop.name, language, stop.id)
            features.append(_feature(stop.id, name, "Point", [lon, lat]))
        return {"type": "FeatureCollection", "features": features}

    def _stops(self) -> list[Stop]:
        """Return the stops that are served on demand one by one."""
        calls = (call for trip in self.trips for call in self._feed.stop_times[trip.id])
        ids = dict.fromkeys(call.stop_id for call in calls if call.on_demand and call.stop_id)
        return [self._feed.stops[id_] for id_ in ids if id_ in self._feed.stops]

    def _zone_name(self, name: str, language: str) -> str:
        """Return an area's name: translations know no areas, but routes that are called alike."""
        return self._words("routes", "route_long_name", name, language)

    def _rules(self, vehicles: Sequence[VehicleType]) -> Iterator[Data]:
        for route in self._routes:
            fare = self._fare(route)
            for trip in self._of(route):
                for start, end in _pairs(self._feed.stop_times[trip.id]):
                    yield {
                        "from_zone_id": _zone(start),
                        "to_zone_id": _zone(end),
                        **_window(start, end),
                        "calendars": self._calendar_ids(trip.service_id),
                        "brand_id": route.id,
                        "vehicle_type_id": [vehicle.id for vehicle in vehicles],
                        **({"fare_id": fare["fare_id"]} if fare else {}),
                    }

    def _calendars(self) -> Iterator[Data]:
        for service_id in dict.fromkeys(trip.service_id for trip in self.trips):
            week = self._feed.calendars.get(service_id)
            if week is not None:
                yield {
                    "calendar_id": service_id,
                    "days": [day for day, runs in zip(DAYS, week.weekdays, strict=True) if runs],
                    "start_date": format_date(week.start),
                    "end_date": format_date(week.end),
                    "excepted_dates": self._dates(service_id, added=False),
                }
            for day in self._dates(service_id, added=True):
                yield {"calendar_id": f"{service_id}+{day}", "start_date": day, "end_date": day}

    def _calendar_ids(self, service_id: str) -> list[str]:
        """Return a service's own calendar and one for each day added to it: GOFS adds no days."""
        own = [service_id] if service_id in self._feed.calendars else []
        return own + [f"{service_id}+{day}" for day in self._dates(service_id, added=True)]

    def _dates(self, service_id: str, *, added: bool) -> list[str]:
        return [
            format_date(change.day) for change in self._feed.calendar_dates
            if change.service_id == service_id and change.added == added
        ]  # fmt: skip

    def _fare(self, route: Route) -> Data | None:
        """Return what one ride of a route costs anybody, `None` when the feed does not say."""
        fares = {row["fare_id"]: row for row in self._feed.table("fare_attributes").records()}
        for rule in self._feed.table("fare_rules").records():
            row = fares.get(rule.get("fare_id", ""))
            if row is not None and rule.get("route_id") == route.id:
                amount = float(row["price"])
                return {
                    "fare_id": row["fare_id"],
                    "currency": row["currency_type"],
                    "rider": [{"amount": int(amount) if amount.is_integer() else amount}],
                }
        return None

    def _booking(self) -> Iterator[Data]:
        pairs = [
            pair for trip in self.trips for pair in _pairs(self._feed.stop_times[trip.id])
        ]  # fmt: skip
        for rule in self._feed.booking_rules.values():
            bound = [(s, e) for s, e in pairs if rule.id in (s.pickup_rule_id, e.drop_off_rule_id)]
            if bound:
                yield {
                    "from_zone_ids": list(dict.fromkeys(_zone(start) for start, _ in bound)),
                    "to_zone_ids": list(dict.fromkeys(_zone(end) for _, end in bound)),
                    **self._notice(rule),
                }

    def _notice(self, rule: BookingRule) -> Data:
        told = {
            "booking_type": rule.type,
            "prior_notice_duration_min": rule.notice_min,
            "prior_notice_duration_max": rule.notice_max_min,
            "prior_notice_last_day": rule.last_day,
            "prior_notice_last_time": _clock(rule.last_time_s),
            "prior_notice_start_day": rule.start_day,
            "prior_notice_start_time": _clock(rule.start_time_s),
            "prior_notice_calendar_id": rule.service_id or None,
            "message": rule.message or None,
            "phone_number": rule.phone or None,
            "info_url": rule.info_url or None,
            "booking_url": rule.booking_url or None,
        }
        return {key: value for key, value in told.items() if value is not None}


def _pairs(calls: Sequence[StopTime]) -> Iterator[tuple[StopTime, StopTime]]:
    """Yield where one may be fetched and then be brought, within one trip."""
    for i, start in enumerate(calls):
        if start.on_demand and start.pickup_type in ON_REQUEST:
            for end in calls[i + 1 :]:
                if end.on_demand and end.drop_off_type in ON_REQUEST:
                    yield start, end


def _zone(call: StopTime) -> str:
    return call.location_id or call.location_group_id or call.stop_id


def _window(start: StopTime, end: StopTime) -> Mapping[str, str]:
    times = {
        "start_pickup_window": _clock(start.window_start_s),
        "end_pickup_window": _clock(start.window_end_s),
        "end_dropoff_window": _clock(end.window_end_s),
    }
    return {key: text for key, text in times.items() if text is not None}


def _clock(time_s: int | None) -> str | None:
    return None if time_s is None else format_time(time_s)


def _feature(zone_id: str, name: str, kind: str, coordinates: object) -> Data:
    geometry = {"type": kind, "coordinates": coordinates}
    properties = {"name": name}
    return {"zone_id": zone_id, "type": "Feature", "properties": properties, "geometry": geometry}


def _ring(ring: Sequence[tuple[float, float]]) -> list[list[float]]:
    return [[lon, lat] for lat, lon in ring]


def _vehicle(vehicle: VehicleType) -> Data:
    boarding = "boarding_accessible" if vehicle.wheelchairs else "boarding_inaccessible"
    return {
        "vehicle_type_id": vehicle.id,
        # A number in the reference, a text in its published schema; the schema decides.
        "max_capacity": str(vehicle.capacity),
        "wheelchair_boarding": boarding,
    }
