"""The town's demand service as open data: its own rules, said in GTFS-Flex beside the bus.

Whether the service runs on a day is asked of the same rules that answer a caller.  What the town
has not written down is not made up: an area without a drawn border is the hull of its public
places and says so, and the reading of an area's name is unknown, so that several are numbered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from typing import Final

from shapely import MultiPoint, Polygon
from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs import Feed, Stop
from gtfs.calendar import parse_date
from gtfs.demand import (
    Area,
    Ground,
    Notice,
    Offer,
    Operator,
    Point,
    Price,
    SafeDuration,
    Span,
    Way,
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
from maas.town.rules import AreaRules, Clock, Hours, Tariff, Zone, ends, seconds
from maas.town.trips import ways_of
from maas.town.zones import EVERYWHERE

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
        _area(area, rules, number if numbered else None, facts, feed, days, operator, public, url)
        for number, (area, rules) in enumerate(facts.areas, 1)
    ]


def _area(
    area: AreaRow, rules: AreaRules, number: int | None, facts: DemandFacts, feed: Feed,
    days: Sequence[date], operator: str, public: Sequence[PlaceRow], url: str,
) -> Area:  # fmt: skip
    grounds = _grounds(rules, days, public, feed)
    return Area(
        id=area.id,
        name=_route_name(number),
        operator_id=operator,
        days=dict(_offers(rules, days, facts.town.booking_phone, grounds)),
        grounds=grounds,
        outline=_outline(rules, days, public),
        derived=not _drawn(rules, days),
        points=_points([row for row in public if _is_served(row, rules, days)], feed),
        safe=_safe(facts.durations.get(area.id, ()), rules, days),
        desc=_desc(area, rules, days),
        phone=facts.town.booking_phone,
        info_url=url,
        vehicle_operators=facts.operators.get(area.id, ()),
    )


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


def _offers(
    rules: AreaRules, days: Sequence[date], phone: str, grounds: Mapping[str, Ground]
) -> Iterable[tuple[date, Offer]]:
    whole = bool(_drawn(rules, days))
    for day in days:
        found = rules_on(rules, day)
        ways = (
            None if not isinstance(found, DayRules) else _ways(rules, found, grounds, whole=whole)
        )
        if isinstance(found, DayRules) and ways is not None:
            yield (
                day,
                Offer(
                    found.hours.opens_s,
                    found.hours.closes_s,
                    _notice(found, phone),
                    _prices(found.tariff),
                    ways,
                ),
            )


def _ways(
    rules: AreaRules, found: DayRules, grounds: Mapping[str, Ground], *, whole: bool
) -> tuple[Way, ...] | None:
    """Return from where to where people ride on a day and when, none for anywhere all the time.

    `None` when nobody rides anywhere that could be said.  `whole`: what the relations allow is the
    border that is drawn anyway.
    """
    hours, relations = found.hours, rules.relations_on(found.day)
    if whole or not relations:
        return (Way("", "", _spans(hours, hours.runs)),) if hours.breaks or hours.runs else ()
    zones = rules.zones_on(found.day)
    ways: list[Way] = []
    for relation in relations:
        for origins, destinations, runs in ways_of(relation, found):
            spans = _spans(hours, runs or hours.runs)
            pairs = product(_known(origins, zones, grounds), _known(destinations, zones, grounds))
            ways += [Way(start, end, spans) for start, end in pairs if spans]
    return tuple(dict.fromkeys(ways)) or None


def _known(
    ids: Iterable[str], zones: Mapping[str, Zone], grounds: Mapping[str, Ground]
) -> list[str]:
    """Return the grounds of zones, empty ids for everywhere; those without a place are left out."""
    everywhere = [""] if EVERYWHERE in ids else []
    known = [_ground_id(zones[id_]) for id_ in ids if id_ in zones]
    return everywhere + [id_ for id_ in known if id_ in grounds]


def _spans(hours: Hours, runs: Sequence[Clock]) -> tuple[Span, ...]:
    """Return when riders are picked up, and by when they are brought: around the breaks."""
    lasts_s = 60 * hours.run_min
    first = [(seconds(run), seconds(run) + lasts_s) for run in sorted(runs)]
    open_s = first or [(hours.opens_s, hours.closes_s)]
    for span in hours.breaks:
        open_s = [each for one in open_s for each in _around(one, ends(span))]
    rests_s = [ends(span)[0] for span in hours.breaks if hours.break_rides == "none"]
    return tuple(
        Span(from_s, to_s, min([max(hours.closes_s, to_s), *(s for s in rests_s if s >= to_s)]))
        for from_s, to_s in open_s
    )


def _around(open_s: tuple[int, int], rest_s: tuple[int, int]) -> list[tuple[int, int]]:
    """Return what a break leaves of a span of time."""
    left = (open_s[0], min(open_s[1], rest_s[0])), (max(open_s[0], rest_s[1]), open_s[1])
    return [(from_s, to_s) for from_s, to_s in left if from_s < to_s]


def _grounds(
    rules: AreaRules, days: Sequence[date], public: Sequence[PlaceRow], feed: Feed
) -> dict[str, Ground]:
    """Return the zones that the relations of these days name, as far as the feed can say them."""
    named = {
        _ground_id(zone): zone
        for day in days
        for relation in rules.relations_on(day)
        for id_, zone in rules.zones_on(day).items()
        if id_ in relation.zones
    }
    stops_only = bool(_kinds(rules, days))
    found = {id_: _ground(zone, rules, days, public, feed) for id_, zone in named.items()}
    if stops_only:
        found = {id_: replace(ground, outlines=()) for id_, ground in found.items()}
    return {id_: ground for id_, ground in found.items() if ground.outlines or ground.points}


def _ground(
    zone: Zone, rules: AreaRules, days: Sequence[date], public: Sequence[PlaceRow], feed: Feed
) -> Ground:
    """Return a zone as it is drawn; one that is listed is the hull of its public places."""
    held = [row for row in public if zone.holds(row)]
    served = _points([row for row in held if _is_served(row, rules, days)], feed)
    if zone.kinds:
        return Ground(zone.name, (), served)
    hull = _hull([row for row in held if row.oaza in zone.oaza]) if zone.oaza else []
    rings = [*zone.polygons, hull] if hull else zone.polygons
    return Ground(zone.name, rings, served, derived=bool(hull))


def _ground_id(zone: Zone) -> str:
    return f"{zone.id}-{zone.valid_from:%Y%m%d}"


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
