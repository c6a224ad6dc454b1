"""The town's demand service as open data: its own rules, said in GTFS-Flex beside the bus.

Whether the service runs on a day is asked of the same rules that answer a caller.  What the town
has not written down is not made up: an area without a drawn border is the hull of its public
places and says so, and the reading of an area's name is unknown, so that several are numbered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from shapely import MultiPoint, Polygon
from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs import Feed, Stop
from gtfs.calendar import parse_date
from gtfs.demand import (
    Area,
    Notice,
    Offer,
    Operator,
    Point,
    Price,
    SafeDuration,
    Words,
    empty_feed,
    safe_duration,
    with_demand,
)
from gtfs.fares import with_fares_v2
from gtfs.geo import distance_m
from maas.fares.price import ADULT, Journey, fare
from maas.store import fleet, places, rides, towns
from maas.store.places import PlaceRow
from maas.store.towns import AreaRow, TownRow
from maas.town.calendars import DayRules, deadline_of, latest_call_s, rules_on
from maas.town.imports import area_rules
from maas.town.rules import AreaRules, Tariff, seconds

AHEAD_DAYS: Final = 395
SAME_STOP_M: Final = 100.0
NOT_PUBLIC: Final = frozenset({"home", "depot", "spot"})
"""A spot is where a vehicle once broke down."""

HALF_FARES: Final[Mapping[str, Words]] = {
    "child": Words("小学生以下", "しょうがくせいいか", "child"),
    "disability_card": Words(
        "障害者手帳をお持ちの方", "しょうがいしゃてちょうをおもちのかた", "disability_card"
    ),
    "aicard": Words("おかやま愛カードをお持ちの方", "おかやまあいかーどをおもちのかた", "aicard"),
}


@dataclass(frozen=True, slots=True)
class DemandFacts:
    """What the database knows of the service: its rules and places, and who drives."""

    town: TownRow
    areas: Sequence[tuple[AreaRow, AreaRules]]
    places: Sequence[PlaceRow]
    operators: Mapping[str, Sequence[str]]
    durations: Mapping[str, Sequence[tuple[int, int]]]


async def demand_facts(connection: AsyncConnection) -> DemandFacts | None:
    """Return what the feed says of the service, ``None`` before a town is imported."""
    town = await towns.the_town(connection)
    if town is None:
        return None
    areas = await towns.all_areas(connection)
    vehicles = [row for row in await fleet.all_vehicles(connection) if not row.block]
    return DemandFacts(
        town=town,
        areas=[(area, await area_rules(connection, area.id)) for area in areas],
        places=await places.all_places(connection),
        operators={
            area.id: [row.operator for row in vehicles if row.area_id == area.id and row.operator]
            for area in areas
        },
        durations={area.id: await rides.durations(connection, area.id) for area in areas},
    )


def open_feed(
    bus: Feed | None, facts: DemandFacts | None, today: date, *, url: str = ""
) -> Feed | None:
    """Return the bus timetable with the town's demand service in it, ``None`` without either.

    The service is said from the start of the month for 13 months, as far as the timetable goes;
    ``url`` is where it is published, needed (else ``ValueError``) when there is no timetable.
    """
    if facts is None:
        return bus
    days = _days(bus, today)
    known = bus.agencies if bus is not None else ()
    if bus is not None and known:
        feed, operator, new = Feed(with_fares_v2(bus.tables), bus.extras), known[0].id, []
    elif url:
        own = _own_operator(facts.town, url)
        feed, operator, new = empty_feed(own, days, f"{days[0]:%Y%m%d}"), own.id, [own]
    else:
        raise ValueError("without a timetable the feed needs the address where it is published")
    return with_demand(feed, demand_areas(facts, feed, days, operator, url), new)


def demand_areas(
    facts: DemandFacts, feed: Feed, days: Sequence[date], operator: str, url: str = ""
) -> list[Area]:
    """Return every area of the town with its offer on each of the days."""
    public = [row for row in facts.places if _is_public(row)]
    numbered = len(facts.areas) > 1
    return [
        Area(
            id=area.id,
            name=_route_name(number if numbered else None),
            operator_id=operator,
            days=dict(_offers(rules, days, facts.town.booking_phone)),
            outline=_outline(rules, days, public),
            derived=not _drawn(rules, days),
            points=_points([row for row in public if _is_served(row, rules, days)], feed),
            safe=_safe(facts.durations.get(area.id, ()), rules, days),
            desc=_desc(area, rules, days),
            phone=facts.town.booking_phone,
            info_url=url,
            vehicle_operators=facts.operators.get(area.id, ()),
        )
        for number, (area, rules) in enumerate(facts.areas, 1)
    ]


def _days(bus: Feed | None, today: date) -> list[date]:
    first = today.replace(day=1)
    last = first + timedelta(days=AHEAD_DAYS)
    if bus is not None:
        info = bus.table("feed_info")
        starts = info.parsed("feed_start_date", parse_date, None)[:1]
        ends = info.parsed("feed_end_date", parse_date, None)[:1]
        first = max([first, *filter(None, starts)])
        last = min([last, *filter(None, ends)])
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _offers(rules: AreaRules, days: Iterable[date], phone: str) -> Iterable[tuple[date, Offer]]:
    for day in days:
        found = rules_on(rules, day)
        if isinstance(found, DayRules):
            yield (
                day,
                Offer(
                    found.hours.opens_s,
                    found.hours.closes_s,
                    _notice(found, phone),
                    _prices(found.tariff),
                ),
            )


def _notice(found: DayRules, phone: str) -> Notice:
    """Return how far ahead one rings up for a ride in the morning; of the hour it says nothing."""
    call = f"お電話（{phone}）" if phone else "お電話"
    deadline, ahead = deadline_of(found, found.hours.opens_s), found.booking.horizon_days
    if deadline is not None and deadline.days_before:
        until = (
            f"{deadline.days_before}{'営業日' if deadline.working_days else '日'}前の{deadline.at}"
        )
        return Notice(
            last_day=deadline.days_before,
            last_time_s=seconds(deadline.at or ""),
            working_days=deadline.working_days,
            start_day=ahead,
            message=f"乗車の{until}までに、{call}でご予約ください。",
        )
    minutes = (found.hours.opens_s - latest_call_s(found, found.hours.opens_s)) // 60
    if minutes <= 0:
        return Notice(message=f"{call}でご予約ください。")
    message = f"乗車の{minutes}分前までに、{call}でご予約ください。"
    return Notice(minutes=minutes, start_day=ahead, message=message)


def _prices(tariff: Tariff) -> tuple[Price, ...]:
    tags = [word for each in tariff.discounts for word in each.any_of if word in HALF_FARES]
    reduced = [(fare(tariff, [frozenset({tag})], Journey()).yen, HALF_FARES[tag]) for tag in tags]
    return Price(fare(tariff, [ADULT], Journey()).yen), *(Price(*each) for each in reduced)


def _safe(
    durations: Sequence[tuple[int, int]], rules: AreaRules, days: Sequence[date]
) -> SafeDuration | None:
    """Return what measured rides took, or what the rule allows while there are too few."""
    rule = next(filter(None, map(rules.booking_on, days)), None)
    measured = safe_duration(durations)
    if measured is not None or rule is None:
        return measured
    return SafeDuration(rule.ride_max_factor, rule.ride_max_extra_min * 60)


def _desc(area: AreaRow, rules: AreaRules, days: Sequence[date]) -> str:
    tariff = next(filter(None, map(rules.tariff_on, days)), None)
    if tariff is None:
        return area.name
    alone, shared, transfer = (
        f"{fare(tariff, [ADULT], each).yen}円{'' if tariff.is_same_everywhere else 'まで'}"
        for each in (Journey(), Journey(shared=True), Journey(transfer="linked"))
    )
    return (
        f"{area.name}。予約した人だけを乗せて走る乗合です。運賃は1人{alone}、"
        f"相乗りなら{shared}、路線バスとの乗り継ぎは{transfer}です。"
    )


def _route_name(number: int | None) -> Words:
    mark = "" if number is None else str(number)
    return Words(f"予約タクシー{mark}", f"よやくたくしー{mark}", f"Demand taxi {mark}".strip())


def _own_operator(town: TownRow, url: str) -> Operator:
    name = Words(town.name, "", town.name_en)
    return Operator(town.id, name, url, town.timezone, town.booking_phone)


def _is_public(row: PlaceRow) -> bool:
    unreachable = row.network is not None and row.anchor is None
    return row.kind not in NOT_PUBLIC and not unreachable


def _outline(
    rules: AreaRules, days: Sequence[date], public: Sequence[PlaceRow]
) -> Sequence[tuple[float, float]]:
    """Return the ring (lat, lon) riders are carried in from door to door, empty when at stops."""
    return () if _kinds(rules, days) else _drawn(rules, days) or _hull(public)


def _drawn(rules: AreaRules, days: Sequence[date]) -> Sequence[tuple[float, float]]:
    """Return the border the town has drawn, empty when it is not a single ring for everybody."""
    zones = rules.zones_on(days[0])
    named = {id_ for relation in rules.relations_on(days[0]) for id_ in relation.zones}
    used = [zones[id_] for id_ in sorted(named) if id_ in zones]
    rings = [ring for zone in used for ring in zone.polygons]
    listed = any(zone.kinds or zone.oaza or zone.places for zone in used)
    return rings[0] if len(used) == len(rings) == 1 and not listed else ()


def _kinds(rules: AreaRules, days: Sequence[date]) -> frozenset[str]:
    """Return the kinds of places at which riders both board and get off, none when at any."""
    rule = next(filter(None, map(rules.booking_on, days)), None)
    if rule is None or not (rule.board_at and rule.alight_at):
        return frozenset()
    return frozenset(rule.board_at).intersection(rule.alight_at)


def _is_served(row: PlaceRow, rules: AreaRules, days: Sequence[date]) -> bool:
    kinds = _kinds(rules, days)
    return not kinds or row.kind in kinds


def _hull(rows: Sequence[PlaceRow]) -> list[tuple[float, float]]:
    """Return the ring (lat, lon) round places, empty when they lie on one line."""
    hull = MultiPoint([(row.lon, row.lat) for row in rows]).convex_hull
    if not isinstance(hull, Polygon):
        return []
    return [(lat, lon) for lon, lat in list(hull.exterior.coords)[:-1]]


def _points(rows: Sequence[PlaceRow], feed: Feed) -> list[Point]:
    platforms = [stop for stop in feed.stops.values() if stop.location_type == 0 and stop.place]
    return [
        Point(
            row.code,
            Words(row.name, row.kana, "" if row.name_en == row.name else row.name_en),
            (row.lat, row.lon),
            _same_stops(row, platforms),
        )
        for row in rows
    ]


def _same_stops(row: PlaceRow, platforms: Sequence[Stop]) -> tuple[str, ...]:
    """Return the stops of the timetable that a place of the kind ``stop`` is."""
    if row.kind != "stop":
        return ()
    near = [
        (off_m, stop)
        for stop in platforms
        if stop.place and (off_m := distance_m(row.lat, row.lon, *stop.place)) <= SAME_STOP_M
    ]
    if not near:
        return ()
    nearest = min(near, key=lambda found: (found[0], found[1].id))[1]
    station = nearest.parent_station
    return tuple(s.id for s in platforms if station and s.parent_station == station) or (
        nearest.id,
    )
