"""What riders of demand service would notice: whom to call, when, and where they are fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from gtfs.feed import Feed
from gtfs.finding import ERROR, WARNING, Case, RuleOf
from gtfs.flex import LOCATIONS, BookingRule
from gtfs.rows import StopTime

_FETCHED = frozenset({1, 2})
_BROUGHT = frozenset({1, 2, 3})


def _on_demand(feed: Feed) -> Iterator[StopTime]:
    return (call for calls in feed.stop_times.values() for call in calls if call.on_demand)


def _at(call: StopTime) -> Case:
    keys = {"trip_id": call.trip_id, "stop_sequence": str(call.stop_sequence)}
    return Case(call.trip_id, "stop_times", **keys)


def _call_nowhere(feed: Feed, _today: date) -> Iterator[Case]:
    for call in _on_demand(feed):
        if sum(map(bool, (call.stop_id, call.location_group_id, call.location_id))) != 1:
            yield _at(call)


def _call_in_unknown_area(feed: Feed, _today: date) -> Iterator[Case]:
    areas = {location.id for location in feed.locations} | {""}
    groups = {group.id for group in feed.location_groups} | {""}
    for call in _on_demand(feed):
        if call.location_id not in areas or call.location_group_id not in groups:
            yield _at(call)


def _no_window(feed: Feed, _today: date) -> Iterator[Case]:
    for call in _on_demand(feed):
        start_s, end_s = call.window_start_s, call.window_end_s
        if start_s is None or end_s is None or end_s <= start_s or call.departure_s is not None:
            yield _at(call)


def _fetched_without_booking(feed: Feed, _today: date) -> Iterator[Case]:
    """With a window nobody boards without having called."""
    for call in _on_demand(feed):
        if call.pickup_type not in _FETCHED or call.drop_off_type not in _BROUGHT:
            yield _at(call)


def _unknown_booking_rule(feed: Feed, _today: date) -> Iterator[Case]:
    for calls in feed.stop_times.values():
        for call in calls:
            for rule in (call.pickup_rule_id, call.drop_off_rule_id):
                if rule and rule not in feed.booking_rules:
                    yield _at(call)


def _no_booking_rule(feed: Feed, _today: date) -> Iterator[Case]:
    for call in _on_demand(feed):
        if call.pickup_type == 2 and not call.pickup_rule_id:
            yield _at(call)


def _booking_rule_unclear(feed: Feed, _today: date) -> Iterator[Case]:
    for rule in feed.booking_rules.values():
        if not _is_clear(rule):
            yield Case(rule.id, "booking_rules", booking_rule_id=rule.id)


def _is_clear(rule: BookingRule) -> bool:
    """Say whether a rule has what its type needs and nothing that its type forbids."""
    in_time = (rule.notice_min, rule.notice_max_min)
    on_day = (rule.last_day, rule.last_time_s)
    start = (rule.start_day, rule.start_time_s)
    if (rule.start_day is None) != (rule.start_time_s is None):
        return False
    if rule.service_id and rule.type != 2:
        return False
    if rule.type == 0:
        return all(value is None for value in (*in_time, *on_day, *start))
    if rule.type == 1:
        both = rule.notice_max_min is not None and rule.start_day is not None
        return rule.notice_min is not None and on_day == (None, None) and not both
    return None not in on_day and in_time == (None, None)


def _booking_service_unknown(feed: Feed, _today: date) -> Iterator[Case]:
    services = {*feed.calendars, *(change.service_id for change in feed.calendar_dates), ""}
    for rule in feed.booking_rules.values():
        if rule.service_id not in services:
            yield Case(rule.id, "booking_rules", booking_rule_id=rule.id)


def _nobody_to_call(feed: Feed, _today: date) -> Iterator[Case]:
    for rule in feed.booking_rules.values():
        if not (rule.phone or rule.booking_url or rule.info_url):
            yield Case(rule.id, "booking_rules", booking_rule_id=rule.id)


def _group_of_unknown_stop(feed: Feed, _today: date) -> Iterator[Case]:
    for group in feed.location_groups:
        for stop_id in group.stop_ids:
            if stop_id not in feed.stops:
                keys = {"location_group_id": group.id, "stop_id": stop_id}
                yield Case(stop_id, "location_group_stops", **keys)


def _group_without_stops(feed: Feed, _today: date) -> Iterator[Case]:
    for group in feed.location_groups:
        if not group.stop_ids:
            yield Case(group.id, "location_groups", location_group_id=group.id)


def _area_misdrawn(feed: Feed, _today: date) -> Iterator[Case]:
    """An outline that crosses itself, or a hole outside it."""
    if not feed.locations:
        return
    from shapely import MultiPolygon, Polygon

    for location in feed.locations:
        parts = [Polygon(rings[0], rings[1:]) for rings in location.polygons]
        if not all(part.is_valid for part in parts) or not MultiPolygon(parts).is_valid:
            yield Case(location.id, LOCATIONS)


def _id_of_two_places(feed: Feed, _today: date) -> Iterator[Case]:
    groups = [group.id for group in feed.location_groups]
    taken = {*feed.stops, *groups}
    for location in feed.locations:
        if location.id in taken:
            yield Case(location.id, LOCATIONS)
        taken.add(location.id)
    for group in groups:
        if group in feed.stops:
            yield Case(group, "location_groups", location_group_id=group)


_E, _W = ERROR, WARNING
DEMAND_RULES: Sequence[RuleOf] = tuple(
    RuleOf(*rule)
    for rule in (
        (
            _E,
            _call_nowhere,
            "どこで乗り降りするかが決まらない予約便",
            "demand calls without one place",
        ),
        (_E, _call_in_unknown_area, "登録がない区域の予約便", "demand calls in unknown areas"),
        (_E, _no_window, "時間帯が正しくない予約便", "demand calls without a proper window"),
        (
            _E,
            _fetched_without_booking,
            "予約なしで乗れると書かれた予約便",
            "demand calls said to need no booking",
        ),
        (_E, _unknown_booking_rule, "登録がない予約方法", "unknown booking rules"),
        (
            _E,
            _booking_rule_unclear,
            "いつまでに予約するかがわからない予約方法",
            "booking rules that do not say by when",
        ),
        (
            _E,
            _booking_service_unknown,
            "営業日がわからない予約方法",
            "booking rules of unknown services",
        ),
        (_E, _group_of_unknown_stop, "登録がない乗降場所", "unknown stops in a group"),
        (_E, _group_without_stops, "乗降場所のない組", "groups without stops"),
        (_E, _area_misdrawn, "線が交わっている区域", "areas whose outline crosses itself"),
        (_E, _id_of_two_places, "同じIDの区域と乗降場所", "areas and stops of the same id"),
        (
            _W,
            _no_booking_rule,
            "予約方法の書かれていない予約便",
            "demand calls without a booking rule",
        ),
        (_W, _nobody_to_call, "連絡先のない予約方法", "booking rules without phone or address"),
    )
)
