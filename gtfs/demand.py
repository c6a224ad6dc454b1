"""Demand service written into a feed: GTFS-Flex and fares from plain facts of an area.

Every day is said by its own offer; days alike become one service, so that whatever rules the
town has (holidays, closed seasons, new hours from a day on) the feed says the same as they do.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from gtfs.calendar import format_date, format_time
from gtfs.feed import Feed
from gtfs.flex import LOCATIONS
from gtfs.japan import KANA, upgraded_translations
from gtfs.offers import (
    Area,
    Ground,
    Notice,
    Offer,
    Operator,
    Place,
    Point,
    Price,
    SafeDuration,
    Span,
    Way,
    Words,
    safe_duration,
)
from gtfs.tables import COLUMNS, Table

__all__ = [
    "Area",
    "Ground",
    "Notice",
    "Offer",
    "Operator",
    "Point",
    "Price",
    "SafeDuration",
    "Span",
    "Way",
    "Words",
    "empty_feed",
    "safe_duration",
    "with_demand",
]

Record = Mapping[str, str]
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DERIVED = "乗降場所を囲む範囲です（正式な境界の図ではありません）"


def with_demand(feed: Feed, areas: Sequence[Area], operators: Sequence[Operator] = ()) -> Feed:
    """Return the feed with demand service in it; ``operators`` are those it lacks.

    Ids of what is added begin with a mark that nothing in the feed begins with.
    """
    draft = _Draft(feed)
    for operator in operators:
        draft.add_operator(operator)
    for area in areas:
        if area.days and (area.outline or area.points):
            draft.add_area(area)
    return draft.feed()


def empty_feed(publisher: Operator, days: Sequence[date], version: str) -> Feed:
    """Return a feed without service, published by an operator, to add demand service to."""
    info = {
        "feed_publisher_name": publisher.name.ja,
        "feed_publisher_url": publisher.url,
        "feed_lang": "ja",
        "feed_start_date": format_date(min(days)),
        "feed_end_date": format_date(max(days)),
        "feed_version": version,
        "feed_contact_url": publisher.url,
    }
    names = ("agency", "stops", "routes", "trips", "calendar")
    tables = {name: Table(name, COLUMNS[name][:1], []) for name in names}
    tables["stop_times"] = Table("stop_times", COLUMNS["stop_times"][:4], [])
    tables["feed_info"] = Table("feed_info", tuple(info), [tuple(info.values())])
    return Feed(tables)


@dataclass(frozen=True, slots=True)
class _Ends:
    """What may stand at the ends of a ride: pairs for all of an area, and by ground of it."""

    all: Sequence[tuple[Record, Record]]
    grounds: dict[str, list[Record]] = field(default_factory=dict)

    def between(self, way: Way) -> Iterator[tuple[Record, Record]]:
        """Yield from where to where one rides on a way."""
        if not way.start and not way.end:
            yield from self.all
            return
        starts = self.grounds[way.start] if way.start else self._everywhere(0)
        ends = self.grounds[way.end] if way.end else self._everywhere(1)
        yield from ((start, end) for start in starts for end in ends)

    def _everywhere(self, end: int) -> list[Record]:
        found: list[Record] = []
        for pair in self.all:
            if pair[end] not in found:
                found.append(pair[end])
        return found


class _Draft:
    """A feed and the rows to add to it."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._added: dict[str, list[Record]] = defaultdict(list)
        self._features: list[dict[str, Any]] = []
        self._mark = _mark(feed)

    def feed(self) -> Feed:
        """Return the feed with what was added."""
        tables = dict(self._feed.tables)
        if "translations" in self._added:
            tables["translations"] = upgraded_translations(self._feed)
        for name, records in self._added.items():
            tables[name] = _with(tables.get(name, Table(name, (), ())), records)
        extras = dict(self._feed.extras)
        if self._features:
            extras[LOCATIONS] = _with_features(extras.get(LOCATIONS), self._features)
        return Feed(tables, extras)

    def add_operator(self, operator: Operator) -> None:
        self._added["agency"].append(
            {
                "agency_id": operator.id,
                "agency_name": operator.name.ja,
                "agency_url": operator.url,
                "agency_timezone": operator.timezone,
                "agency_lang": "ja",
                "agency_phone": operator.phone,
            }
        )
        if operator.official_name:
            self._added["agency_jp"].append(
                {"agency_id": operator.id, "agency_official_name": operator.official_name}
            )
        self._translate("agency", "agency_name", operator.name, operator.id)

    def add_area(self, area: Area) -> None:
        route = f"{self._mark}{_ascii(area.id)}"
        self._add_route(area, route)
        named = [way for offer in area.days.values() for way in offer.rides]
        everywhere = any(not (way.start and way.end) for way in named)
        known = _Ends(self._add_ends(area, route) if everywhere else [])
        for number, (offer, days) in enumerate(_alike(area.days).items(), 1):
            service = f"{route}-{number}"
            for id_ in sorted({id_ for way in offer.rides for id_ in (way.start, way.end)}):
                if id_ and id_ not in known.grounds:
                    known.grounds[id_] = self._add_ground(area.grounds[id_], f"{route}-{id_}")
            self._add_service(service, days)
            self._add_trips(area, (route, service), offer, known)
        self._add_fares(area, route)

    def _add_route(self, area: Area, route: str) -> None:
        self._added["routes"].append(
            {
                "route_id": route,
                "agency_id": area.operator_id,
                "route_short_name": "",
                "route_long_name": area.name.ja,
                "route_desc": area.desc,
                "route_type": "3",
            }
        )
        self._translate("routes", "route_long_name", area.name, route)
        for number, name in enumerate(dict.fromkeys(area.vehicle_operators), 1):
            self._added["attributions"].append(
                {
                    "attribution_id": f"{route}-op{number}",
                    "route_id": route,
                    "organization_name": name,
                    "is_operator": "1",
                }
            )

    def _add_ground(self, ground: Ground, id_: str) -> list[Record]:
        """Add a part of an area; return the records that stand for it at the end of a ride."""
        ends: list[Record] = []
        for number, ring in enumerate(ground.outlines, 1):
            location = f"{_ascii(id_)}-zone{number}"
            self._features.append(_feature(ground.name, ring, location, derived=ground.derived))
            ends.append({"location_id": location})
        if ground.points:
            ends.append(self._add_group(_ascii(id_), ground.name, ground.points))
        return ends

    def _add_group(self, id_: str, name: str, points: Sequence[Point]) -> Record:
        group = {"location_group_id": id_}
        self._added["location_groups"].append({**group, "location_group_name": f"{name}の乗降場所"})
        stop_ids = (stop_id for point in points for stop_id in self._stops_of(point))
        for stop_id in dict.fromkeys(stop_ids):
            self._added["location_group_stops"].append({**group, "stop_id": stop_id})
        return group

    def _add_ends(self, area: Area, route: str) -> list[tuple[Record, Record]]:
        """Add the outline and the group of points; return the pairs one may ride between."""
        zone = {"location_id": f"{route}-zone"}
        if area.outline:
            location = zone["location_id"]
            self._features.append(
                _feature(area.name.ja, area.outline, location, derived=area.derived)
            )
        if not area.points:
            return [(zone, zone)]
        group = self._add_group(f"{route}-group", area.name.ja, area.points)
        return [(zone, zone), (zone, group), (group, zone)] if area.outline else [(group, group)]

    def _stops_of(self, point: Point) -> tuple[str, ...]:
        if point.stop_ids:
            return point.stop_ids
        stop_id = f"{self._mark}stop-{_ascii(point.id)}"
        known = {record["stop_id"] for record in self._added["stops"]}
        if stop_id not in known:
            self._added["stops"].append(
                {
                    "stop_id": stop_id,
                    "stop_name": point.name.ja,
                    "stop_lat": f"{point.place[0]:.6f}",
                    "stop_lon": f"{point.place[1]:.6f}",
                    "location_type": "0",
                }
            )
            self._translate("stops", "stop_name", point.name, stop_id)
        return (stop_id,)

    def _add_service(self, service: str, days: Sequence[date]) -> None:
        week = _usual_weekdays(days)
        self._added["calendar"].append(
            {
                "service_id": service,
                **{name: str(int(runs)) for name, runs in zip(_WEEKDAYS, week, strict=True)},
                "start_date": format_date(days[0]),
                "end_date": format_date(days[-1]),
            }
        )
        for day, kind in _exceptions(days, week):
            self._added["calendar_dates"].append(
                {"service_id": service, "date": format_date(day), "exception_type": kind}
            )

    def _add_trips(
        self,
        area: Area,
        of: tuple[str, str],
        offer: Offer,
        known: _Ends,
    ) -> None:
        route, service = of
        rule = self._booking_rule(area, service, offer.notice)
        safe = area.safe
        rides = (
            (start, end, span)
            for way in offer.rides
            for start, end in known.between(way)
            for span in way.spans
        )
        for number, (start, end, span) in enumerate(rides, 1):
            trip = f"{service}-{number}"
            self._added["trips"].append(
                {
                    "route_id": route,
                    "service_id": service,
                    "trip_id": trip,
                    "safe_duration_factor": f"{safe.factor:g}" if safe else "",
                    "safe_duration_offset": str(safe.offset_s) if safe else "",
                }
            )
            fetched = {"pickup_type": "2", "drop_off_type": "1", "pickup_booking_rule_id": rule}
            brought = {"pickup_type": "1", "drop_off_type": "2", "drop_off_booking_rule_id": rule}
            calls = ((start, fetched, span.closes_s), (end, brought, span.brought_by_s))
            for sequence, (where, how, until_s) in enumerate(calls, 1):
                self._added["stop_times"].append(
                    {
                        "trip_id": trip,
                        "stop_sequence": str(sequence),
                        **where,
                        "start_pickup_drop_off_window": format_time(span.opens_s),
                        "end_pickup_drop_off_window": format_time(until_s),
                        **how,
                    }
                )

    def _booking_rule(self, area: Area, service: str, notice: Notice) -> str:
        id_ = f"{service}-book"
        self._added["booking_rules"].append(
            {
                "booking_rule_id": id_,
                **_notice_fields(notice, service),
                "message": notice.message,
                "phone_number": area.phone,
                "info_url": area.info_url,
                "booking_url": area.booking_url,
            }
        )
        return id_

    def _add_fares(self, area: Area, route: str) -> None:
        prices = area.days[min(area.days)].prices
        ordinary = next((price for price in prices if price.category is None), None)
        if ordinary is None:
            return
        self._added["fare_attributes"].append(
            {
                "fare_id": f"{route}-fare",
                "price": str(ordinary.yen),
                "currency_type": "JPY",
                "payment_method": "0",
                "transfers": "0",
                "agency_id": area.operator_id,
            }
        )
        self._added["fare_rules"].append({"fare_id": f"{route}-fare", "route_id": route})
        self._add_fares_v2(route, prices)

    def _add_fares_v2(self, route: str, prices: Sequence[Price]) -> None:
        everybody, cash = self._everybody(), self._cash()
        self._added["networks"].append({"network_id": route})
        self._added["route_networks"].append({"network_id": route, "route_id": route})
        for price in prices:
            rider = everybody
            if price.category is not None:
                rider = f"{self._mark}{_ascii(price.category.en or price.category.ja).lower()}"
                self._once("rider_categories", _category(rider, price.category.ja, default=False))
            self._added["fare_products"].append(
                {
                    "fare_product_id": f"{route}-fare",
                    "rider_category_id": rider,
                    "fare_media_id": cash,
                    "amount": str(price.yen),
                    "currency": "JPY",
                }
            )
        self._added["fare_leg_rules"].append(
            {
                "leg_group_id": route,
                "network_id": route,
                "fare_product_id": f"{route}-fare",
                "rule_priority": "1",
            }
        )

    def _everybody(self) -> str:
        """Return the category of riders without another, added where the feed has none."""
        known = next((rider.id for rider in self._feed.fares.riders if rider.is_default), None)
        rider = known or f"{self._mark}all"
        if known is None:
            self._once("rider_categories", _category(rider, "すべての方", default=True))
        return rider

    def _cash(self) -> str:
        known = next((medium.id for medium in self._feed.fares.media if medium.type == 0), None)
        medium = known or f"{self._mark}cash"
        if known is None:
            name = {"fare_media_name": "現金", "fare_media_type": "0"}
            self._once("fare_media", {"fare_media_id": medium, **name})
        return medium

    def _once(self, name: str, record: Record) -> None:
        if record not in self._added[name]:
            self._added[name].append(record)

    def _translate(self, table: str, column: str, words: Words, record_id: str) -> None:
        for language, text in ((KANA, words.kana), ("en", words.en)):
            if text and words.ja:
                self._added["translations"].append(
                    {
                        "table_name": table,
                        "field_name": column,
                        "language": language,
                        "translation": text,
                        "record_id": record_id,
                    }
                )


def _mark(feed: Feed) -> str:
    """Return a prefix that no id of the feed has."""
    tables = ("agency", "stops", "routes", "trips", "calendar", "calendar_dates", "networks")
    more = ("rider_categories", "fare_media", "fare_attributes", "attributions", "location_groups")
    columns = {"trips": "trip_id", "calendar": "service_id"}
    ids = {
        id_
        for name in (*tables, *more)
        for id_ in feed.table(name).texts(columns.get(name, COLUMNS[name][0]))
    } | {location.id for location in feed.locations}
    marks = ("drt-", *(f"drt{number}-" for number in range(2, len(ids) + 3)))
    return next(mark for mark in marks if not any(id_.startswith(mark) for id_ in ids))


def _ascii(text: str) -> str:
    """Return a text as an id: the validators want no other letters."""
    return quote(text, safe="").replace("%", "_")


def _alike(days: Mapping[date, Offer]) -> dict[Offer, list[date]]:
    """Return the days of each kind of offer in order, whatever it costs."""
    groups: dict[Offer, list[date]] = {}
    for day in sorted(days):
        groups.setdefault(replace(days[day], prices=()), []).append(day)
    return groups


def _usual_weekdays(days: Sequence[date]) -> tuple[bool, ...]:
    """Return on which weekdays (Monday first) more of the days run than not, at least on one."""
    span = (days[-1] - days[0]).days + 1
    all_days = Counter((days[0] + timedelta(n)).weekday() for n in range(span))
    running = Counter(day.weekday() for day in days)
    share = {weekday: running[weekday] / all_days[weekday] for weekday in running}
    most = min(0.5, max(share.values()) - 1e-9)
    return tuple(share.get(weekday, 0) > most for weekday in range(7))


def _exceptions(days: Sequence[date], week: Sequence[bool]) -> Iterator[tuple[date, str]]:
    running = frozenset(days)
    for n in range((days[-1] - days[0]).days + 1):
        day = days[0] + timedelta(n)
        if (day in running) != week[day.weekday()]:
            yield day, "1" if day in running else "2"


def _notice_fields(notice: Notice, service: str) -> Record:
    fields = {"booking_type": "0"}
    if notice.last_day is not None:
        fields = {
            "booking_type": "2",
            "prior_notice_last_day": str(notice.last_day),
            "prior_notice_last_time": format_time(notice.last_time_s),
            "prior_notice_service_id": service if notice.working_days else "",
        }
    elif notice.minutes:
        fields = {"booking_type": "1", "prior_notice_duration_min": str(notice.minutes)}
    else:
        return fields
    if notice.start_day is not None:
        fields["prior_notice_start_day"] = str(notice.start_day)
        fields["prior_notice_start_time"] = format_time(0)
    return fields


def _category(id_: str, name: str, *, default: bool) -> Record:
    return {
        "rider_category_id": id_,
        "rider_category_name": name,
        "is_default_fare_category": str(int(default)),
    }


def _feature(
    name: str, outline: Sequence[Place], location_id: str, *, derived: bool
) -> dict[str, Any]:
    """Return an outline as GeoJSON: longitude first, anticlockwise, closed."""
    ring = [[round(lon, 6), round(lat, 6)] for lat, lon in outline]
    if _turn(ring) < 0:
        ring.reverse()
    properties = {"stop_name": name} | ({"stop_desc": _DERIVED} if derived else {})
    return {
        "type": "Feature",
        "id": location_id,
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }


def _turn(ring: Sequence[Sequence[float]]) -> float:
    """Return twice the signed area of a ring, positive when it turns to the left."""
    following = [*ring[1:], ring[0]]
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, following, strict=True))


def _with_features(data: bytes | None, features: Sequence[dict[str, Any]]) -> bytes:
    known = json.loads(data.decode("utf-8-sig"))["features"] if data else []
    document = {"type": "FeatureCollection", "features": [*known, *features]}
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _with(table: Table, records: Sequence[Record]) -> Table:
    """Return a table with more rows, and the columns they need."""
    new = {column for record in records for column in record} - set(table.columns)
    columns = (*table.columns, *(c for c in COLUMNS[table.name] if c in new))
    gap = ("",) * (len(columns) - len(table.columns))
    added = [tuple(record.get(column, "") for column in columns) for record in records]
    return Table(table.name, columns, [*(row + gap for row in table.rows), *added])
