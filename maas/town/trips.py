"""Whether a trip may be made at all: who, from where, to where; before when is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gtfs.calendar import holiday_name
from maas.town.calendars import (
    DAY_S,
    DayRules,
    Party,
    Refused,
    check_day,
    check_party,
    check_time,
    days_words,
    rules_on,
)
from maas.town.rules import WEEKDAYS, AreaRules, Clock, Relation, Zone
from maas.town.sentences import refused
from maas.town.zones import EVERYWHERE, Spot

KIND_WORDS: Mapping[str, tuple[str, str]] = {
    "hall": ("役場", "town hall"),
    "hospital": ("病院", "hospitals"),
    "clinic": ("診療所", "clinics"),
    "shop": ("お店", "shops"),
    "market": ("市場・道の駅", "markets"),
    "school": ("学校", "schools"),
    "hub": ("乗り継ぎ場所", "transfer points"),
    "stop": ("停留所", "stops"),
    "facility": ("指定の施設", "listed facilities"),
    "depot": ("車庫", "depots"),
    "park": ("公園", "parks"),
    "home": ("ご自宅", "homes"),
}
"""What the kinds of places are called."""


@dataclass(frozen=True, slots=True)
class Trip:
    """From where to where, by a member or not, booked how; `arrives`: by the time of arrival."""

    origin: Spot
    destination: Spot
    member: bool = True
    channel: str = "phone"
    arrives: bool = False


def for_trip(rules: AreaRules, found: DayRules, trip: Trip) -> DayRules | Refused:
    """Return the rules of a day as they are for a trip, or the rule it does not keep."""
    wrong = _check_rider(found, trip) or _check_kinds(found, trip)
    if wrong is not None:
        return wrong
    ours = replace(found, channel=trip.channel, arrives=trip.arrives)
    relations = rules.relations_on(found.day)
    if not relations:
        return ours
    zones = rules.zones_on(found.day)
    kept = [w for w in _ways(relations, zones, trip.origin) if w.leads_to(trip.destination)]
    if not kept:
        return _no_way(relations, zones, found, trip)
    today = [way for way in kept if way.runs_on(found)]
    if not today:
        return _not_that_day(kept, trip)
    return replace(ours, runs=_runs(today, found.runs))


def check_ask(
    rules: AreaRules, day: date, trip: Trip, party: Party, *, desired_s: int, now_s: int
) -> Refused | None:
    """Return the first rule that an ask does not keep, `None` when it keeps all of them.

    `desired_s` and `now_s` are seconds of `day`; `now_s` is negative on the days before.
    """
    found = rules_on(rules, day)
    ours = found if isinstance(found, Refused) else for_trip(rules, found, trip)
    if isinstance(ours, Refused):
        return ours
    today = day + timedelta(days=now_s // DAY_S)
    return (
        check_day(ours.booking, day, today)
        or check_party(ours.booking, party)
        or check_time(ours, desired_s, now_s)
    )


def _check_rider(found: DayRules, trip: Trip) -> Refused | None:
    if trip.member or not found.booking.members_only:
        return None
    return refused("members_only", "booking.members_only", found.booking.sentences)


def _check_kinds(found: DayRules, trip: Trip) -> Refused | None:
    """Return why a rider cannot board or get off at a place of this kind."""
    booking = found.booking
    for reason, rule, spot, kinds in (
        ("no_boarding", "booking.board_at", trip.origin, booking.board_at),
        ("no_alighting", "booking.alight_at", trip.destination, booking.alight_at),
    ):
        if kinds and spot.kind not in kinds:
            names = [KIND_WORDS[kind] for kind in kinds]
            values = {
                "place": spot.name,
                "place_en": spot.name_en,
                "kinds": "、".join(ja for ja, _ in names),
                "kinds_en": ", ".join(en for _, en in names),
            }
            return refused(reason, rule, booking.sentences, **values)
    return None


def ways_of(
    relation: Relation, found: DayRules
) -> list[tuple[tuple[str, ...], tuple[str, ...], tuple[Clock, ...]]]:
    """Return a relation's ways on a day: from which zones, to which, and its own departures."""
    if not _runs_on(relation, found):
        return []
    ways = [(relation.origins, relation.destinations, relation.runs)]
    if relation.both_ways:
        ways.append((relation.destinations, relation.origins, relation.runs_back))
    return ways


def _runs_on(relation: Relation, found: DayRules) -> bool:
    days = relation.days
    holiday = "hol" in days and holiday_name(found.day) is not None
    return not days or holiday or WEEKDAYS[found.day.weekday()] in days


@dataclass(frozen=True, slots=True)
class _Way:
    """One direction of a relation, from a place that is at its beginning."""

    relation: Relation
    runs: tuple[Clock, ...]
    to: tuple[Zone | None, ...]
    """The zones it leads to, `None` for everywhere."""

    def leads_to(self, spot: Spot) -> bool:
        return any(zone is None or zone.holds(spot) for zone in self.to)

    def runs_on(self, found: DayRules) -> bool:
        return _runs_on(self.relation, found)


def _ways(relations: Iterable[Relation], zones: Mapping[str, Zone], origin: Spot) -> Iterable[_Way]:
    """Yield the ways that begin at a place."""
    for relation in relations:
        ways = [(relation.origins, relation.destinations, relation.runs)]
        if relation.both_ways:
            ways.append((relation.destinations, relation.origins, relation.runs_back))
        for begins, leads, runs in ways:
            if any(zone is None or zone.holds(origin) for zone in _named(begins, zones)):
                yield _Way(relation, runs, tuple(_named(leads, zones)))


def _named(ids: Iterable[str], zones: Mapping[str, Zone]) -> Iterable[Zone | None]:
    """Yield the zones of these ids that there are, `None` for everywhere."""
    for id_ in ids:
        if id_ == EVERYWHERE:
            yield None
        elif id_ in zones:
            yield zones[id_]


def _runs(ways: Sequence[_Way], of_hours: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """Return the departures of all the ways; none as soon as one runs all the time."""
    each = [way.runs or of_hours for way in ways]
    return tuple(sorted({run for runs in each for run in runs})) if all(each) else ()


def _no_way(
    relations: Sequence[Relation], zones: Mapping[str, Zone], found: DayRules, trip: Trip
) -> Refused:
    """Say that a place is outside, or where one can go from the origin."""
    own = found.booking.sentences
    for spot in (trip.origin, trip.destination):
        if not any(_touches(relation, zones, spot) for relation in relations):
            return refused("outside_area", "zone", own, place=spot.name, place_en=spot.name_en)
    to = [zone for way in _ways(relations, zones, trip.origin) for zone in way.to if zone]
    if not to:
        return refused("not_between", "relation", own, message="not_from", **_ends(trip))
    values = _ends(trip) | {
        "zones": "、".join(dict.fromkeys(zone.name for zone in to)),
        "zones_en": ", ".join(dict.fromkeys(zone.name_en for zone in to)),
    }
    return refused("not_between", "relation", own, **values)


def _touches(relation: Relation, zones: Mapping[str, Zone], spot: Spot) -> bool:
    both = (*relation.origins, *relation.destinations)
    return any(zone is None or zone.holds(spot) for zone in _named(both, zones))


def _not_that_day(ways: Sequence[_Way], trip: Trip) -> Refused:
    words = days_words(day for way in ways for day in way.relation.days)
    values = _ends(trip) | {"days": words.ja, "days_en": words.en}
    return refused("not_that_day", "relation.days", ways[0].relation.sentences, **values)


def _ends(trip: Trip) -> dict[str, str]:
    return {
        "origin": trip.origin.name,
        "origin_en": trip.origin.name_en,
        "destination": trip.destination.name,
        "destination_en": trip.destination.name_en,
    }
