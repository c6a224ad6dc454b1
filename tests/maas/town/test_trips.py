"""From where to where people are carried, and what is said to those who are not."""

from __future__ import annotations

from datetime import date
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maas.town.calendars import DayRules, Refused, rules_on
from maas.town.rules import AreaRules, BookingRule, Relation, Zone
from maas.town.trips import KIND_WORDS, Trip, for_trip
from maas.town.zones import PlaceKind
from tests.maas.town.test_calendars import BOOKING, HOURS, TARIFF
from tests.maas.town.test_elsewhere import Place

START = date(2020, 1, 1)
WEDNESDAY = date(2026, 11, 25)
DAILY = msgspec.structs.replace(HOURS, holidays=True)
HOME = Place("home", "home", "東", name="ご自宅", name_en="Home")
CLINIC = Place("clinic", "clinic", "中", name="医院", name_en="Clinic")
SHOP = Place("shop", "shop", "西", name="店", name_en="Shop")


def zone(id_: str, **where: object) -> Zone:
    values = {"area": "a", "valid_from": START, "id": id_, "name": f"{id_}地区"}
    return msgspec.convert(values | {"name_en": f"the {id_}"} | where, Zone, strict=False)


def relation(id_: str, origins: str, destinations: str, **more: object) -> Relation:
    values = {"area": "a", "valid_from": START, "id": id_}
    ends = {"from": origins.split(), "to": destinations.split()}
    return msgspec.convert(values | ends | more, Relation, strict=False)


EAST, CENTRE = zone("east", oaza=["東"]), zone("centre", oaza=["中"])


def asked(
    trip: Trip, *rules: Zone | Relation, day: date = WEDNESDAY, booking: BookingRule = BOOKING
) -> DayRules | Refused:
    area = AreaRules(
        "a", (DAILY,), (booking,), (TARIFF,),
        tuple(rule for rule in rules if isinstance(rule, Zone)),
        tuple(rule for rule in rules if isinstance(rule, Relation)),
    )  # fmt: skip
    found = rules_on(area, day)
    assert isinstance(found, DayRules)
    return for_trip(area, found, trip)


def refused(found: DayRules | Refused) -> Refused:
    assert isinstance(found, Refused)
    return found


def test_without_relations_everywhere_is_allowed() -> None:
    assert isinstance(asked(Trip(HOME, SHOP), EAST), DayRules)


def test_a_relation_leads_both_ways_or_one() -> None:
    both, one = relation("r", "east", "centre"), relation("r", "east", "centre", both_ways=False)

    assert isinstance(asked(Trip(HOME, CLINIC), EAST, CENTRE, both), DayRules)
    assert isinstance(asked(Trip(CLINIC, HOME), EAST, CENTRE, both), DayRules)
    assert isinstance(asked(Trip(HOME, CLINIC), EAST, CENTRE, one), DayRules)
    said = refused(asked(Trip(CLINIC, HOME), EAST, CENTRE, one))
    assert (said.reason, said.rule) == ("not_between", "relation")
    assert said.text.ja == "医院からの運行はありません。"


def test_who_cannot_go_there_is_told_where_one_can_go() -> None:
    inside = relation("r", "east", "east centre")
    said = refused(asked(Trip(HOME, SHOP), EAST, CENTRE, zone("west", oaza=["西"]), inside,
                         relation("w", "west", "centre")))  # fmt: skip

    assert (said.reason, said.rule) == ("not_between", "relation")
    expected = "ご自宅から店へは運行していません。ご自宅から行けるのはeast地区、centre地区です。"
    assert said.text.ja == expected


@pytest.mark.parametrize("trip", [Trip(HOME, SHOP), Trip(SHOP, HOME)])
def test_a_place_in_no_zone_is_outside(trip: Trip) -> None:
    said = refused(asked(trip, EAST, relation("r", "east", "east")))

    assert (said.reason, said.text.ja) == ("outside_area", "店は運行区域の外です。")


def test_a_zone_and_a_relation_hold_on_their_days() -> None:
    grown = zone("east", valid_from="2026-01-01", oaza=["東", "西"])
    ended = relation("r", "east", "east", stopped=True, valid_from="2027-01-01")
    rules = (EAST, grown, relation("r", "east", "east"), ended)

    assert isinstance(asked(Trip(HOME, SHOP), *rules), DayRules)
    assert isinstance(asked(Trip(HOME, SHOP), *rules, day=date(2025, 11, 26)), Refused)
    assert isinstance(asked(Trip(HOME, CLINIC), *rules), Refused)
    assert isinstance(asked(Trip(HOME, CLINIC), *rules, day=date(2027, 2, 3)), DayRules)


def test_a_relation_runs_on_its_weekdays_and_on_holidays_if_it_says_so() -> None:
    rules = EAST, CENTRE, relation("r", "east", "centre", days=["tue", "hol"])
    said = refused(asked(Trip(HOME, CLINIC), *rules))

    assert (said.reason, said.rule) == ("not_that_day", "relation.days")
    assert said.text.ja == "ご自宅から医院への運行は火祝です。"
    assert isinstance(asked(Trip(HOME, CLINIC), *rules, day=date(2026, 11, 24)), DayRules)
    assert isinstance(asked(Trip(HOME, CLINIC), *rules, day=date(2026, 11, 23)), DayRules)


def test_a_relation_has_departures_of_its_own() -> None:
    own = relation("r", "east", "centre", runs=["09:00"], runs_back=["15:00"])
    there, back = (
        asked(trip, EAST, CENTRE, own) for trip in (Trip(HOME, CLINIC), Trip(CLINIC, HOME))
    )

    assert isinstance(there, DayRules)
    assert isinstance(back, DayRules)
    assert (there.runs, back.runs) == (("09:00",), ("15:00",))


def test_of_two_relations_the_runs_add_up_and_one_without_runs_is_free() -> None:
    early, late = (relation(id_, "east", "centre", runs=[at]) for id_, at in
                   (("a", "09:00"), ("b", "08:00")))  # fmt: skip
    free = relation("c", "*", "centre")

    both = asked(Trip(HOME, CLINIC), EAST, CENTRE, early, late)
    all_three = asked(Trip(HOME, CLINIC), EAST, CENTRE, early, late, free)

    assert isinstance(both, DayRules)
    assert isinstance(all_three, DayRules)
    assert (both.runs, all_three.runs) == (("08:00", "09:00"), ())


def test_riders_board_and_get_off_where_the_town_says() -> None:
    stops = msgspec.structs.replace(BOOKING, board_at=("stop", "clinic"), alight_at=("clinic",))

    said = refused(asked(Trip(HOME, CLINIC), booking=stops))
    assert (said.rule, said.text.ja) == (
        "booking.board_at",
        "ご自宅からはお乗りになれません。お乗りになれるのは停留所、診療所です。",
    )
    assert refused(asked(Trip(CLINIC, HOME), booking=stops)).rule == "booking.alight_at"


def test_every_kind_of_place_has_a_name_to_be_read() -> None:
    assert set(KIND_WORDS) == set(get_args(PlaceKind))


def test_members_only_means_that_others_are_refused() -> None:
    rule = msgspec.structs.replace(BOOKING, members_only=True)

    assert isinstance(asked(Trip(HOME, SHOP, member=True), booking=rule), DayRules)
    assert refused(asked(Trip(HOME, SHOP, member=False), booking=rule)).reason == "members_only"


def test_the_channel_and_the_anchor_come_along() -> None:
    found = asked(Trip(HOME, SHOP, channel="web", arrives=True))

    assert isinstance(found, DayRules)
    assert (found.channel, found.arrives) == ("web", True)


SQUARE = ((34.0, 133.0), (34.0, 133.2), (34.2, 133.2), (34.2, 133.0))


@pytest.mark.parametrize(
    ("where", "kind", "inside"),
    [
        ({"polygons": [SQUARE]}, "home", True),
        ({"polygons": [SQUARE], "kinds": ["clinic"]}, "home", False),
        ({"polygons": [SQUARE], "kinds": ["clinic"]}, "clinic", True),
        ({"oaza": ["東"], "kinds": ["clinic"]}, "clinic", True),
        ({"oaza": ["西"], "kinds": ["clinic"]}, "clinic", False),
        ({"oaza": ["西"], "polygons": [SQUARE]}, "home", True),
        ({"kinds": ["clinic"]}, "clinic", True),
        ({"kinds": ["clinic"]}, "home", False),
        ({"places": ["x"], "kinds": ["clinic"]}, "home", True),
        ({"places": ["y"]}, "home", False),
    ],
)
def test_a_zone_is_drawn_and_listed(where: dict[str, object], kind: str, inside: bool) -> None:  # noqa: FBT001
    spot = Place("x", kind, "東", lat=34.1, lon=133.1)

    assert zone("z", **where).holds(spot) is inside


@given(st.integers(-2, 12), st.integers(-2, 12))
@settings(max_examples=60, deadline=None)
def test_an_l_shaped_zone_holds_what_its_two_boxes_hold(row: int, column: int) -> None:
    """Tenths of a degree; the L is the box 0..10 without the box above 4, right of 6."""
    corners = [(0, 0), (0, 10), (4, 10), (4, 6), (10, 6), (10, 0)]
    shape = zone("l", polygons=[[(34 + lat / 10, 133 + lon / 10) for lat, lon in corners]])
    spot = Place("x", "home", "", lat=34 + row / 10, lon=133 + column / 10)
    low, tall = 0 <= row <= 4 and 0 <= column <= 10, 0 <= row <= 10 and 0 <= column <= 6

    assert shape.holds(spot) is (low or tall)


spots = st.builds(
    Place,
    code=st.just("x"),
    kind=st.sampled_from(["home", "clinic"]),
    oaza=st.sampled_from("東西中"),
)
numbers = st.integers(0, 2)
zones = st.lists(
    st.builds(
        lambda n, oaza: zone(f"z{n}", oaza=list(oaza)),
        numbers,
        st.sets(st.sampled_from("東西"), min_size=1),
    ),
    max_size=3,
    unique_by=lambda each: each.id,
)
names = st.lists(st.sampled_from(["z0", "z1", "z2", "*"]), min_size=1, max_size=2).map(" ".join)
relations = st.lists(
    st.builds(
        lambda n, a, b, both: relation(f"r{n}", a, b, both_ways=both),
        numbers,
        names,
        names,
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda each: each.id,
)


@given(spots, spots, zones, relations)
@settings(max_examples=150, deadline=None)
def test_a_trip_is_allowed_when_some_relation_names_both_its_ends(
    origin: Place, destination: Place, there: list[Zone], between: list[Relation]
) -> None:
    listed = {each.id: set(each.oaza) for each in there} | {"*": set("東西中")}

    def leads(begins: tuple[str, ...], ends: tuple[str, ...]) -> bool:
        return any(origin.oaza in listed.get(a, ()) for a in begins) and any(
            destination.oaza in listed.get(b, ()) for b in ends
        )

    allowed = not between or any(
        leads(each.origins, each.destinations)
        or (each.both_ways and leads(each.destinations, each.origins))
        for each in between
    )

    found = asked(Trip(origin, destination), *there, *between)

    assert isinstance(found, DayRules) is allowed
    if not allowed:
        assert refused(found).reason in {"not_between", "outside_area"}
