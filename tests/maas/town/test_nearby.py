"""Who may not board or get off where they asked to hears of the nearest place where one may."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from maas.town.calendars import DayRules, Refused, rules_on
from maas.town.nearby import NEAR_M, helped, nearest
from maas.town.rules import AreaRules, BookingRule, Relation, Zone
from maas.town.trips import Trip, for_trip
from tests.maas.town.test_calendars import BOOKING, HOURS, TARIFF
from tests.maas.town.test_elsewhere import Place
from tests.maas.town.test_trips import relation, zone

WEDNESDAY = date(2026, 11, 25)
LON = 133.0
M_DEG = 1 / 91_288  # a metre of longitude at 35 degrees north


def place(code: str, kind: str, at_m: float, oaza: str = "東") -> Place:
    """Return a place so many metres east of the west end of the road."""
    return Place(code, kind, oaza, 35.0, LON + at_m * M_DEG, f"{code}前", f"the {code}")


HOME, OTHER_HOME = place("home", "home", 0), place("neighbour", "home", 50)
NEAR_STOP, FAR_STOP = place("near", "stop", 640), place("far", "stop", 1400)
SHOP, SHOP_STOP = place("shop", "shop", 9000), place("mall", "stop", 8800)
BORDER = (LON + 1000 * M_DEG, LON + 9900 * M_DEG)
PLACES = (HOME, OTHER_HOME, place("depot", "depot", 30), NEAR_STOP, FAR_STOP, SHOP, SHOP_STOP)


def asked(
    trip: Trip,
    *rules: Zone | Relation,
    booking: BookingRule = BOOKING,
    spots: Iterable[Place] = PLACES,
) -> Refused:
    area = AreaRules(
        "a", (HOURS,), (booking,), (TARIFF,),
        tuple(rule for rule in rules if isinstance(rule, Zone)),
        tuple(rule for rule in rules if isinstance(rule, Relation)),
    )  # fmt: skip
    found = rules_on(area, WEDNESDAY)
    assert isinstance(found, DayRules)
    said = for_trip(area, found, trip)
    assert isinstance(said, Refused)
    near = nearest(area, found, trip, spots)
    if near is not None:
        assert isinstance(for_trip(area, found, near.trip), DayRules)
    return helped(said, area, found, trip, spots)


def from_stops(**more: object) -> BookingRule:
    return msgspec.structs.replace(BOOKING, board_at=("stop",), **more)


def test_who_is_not_fetched_at_the_door_hears_of_the_nearest_stop() -> None:
    said = asked(Trip(HOME, SHOP), booking=from_stops())

    assert said.reason == "no_boarding"
    assert said.text.ja.endswith(
        "いちばん近くでお乗りになれるのは、約600メートルはなれたnear前です。"
    )
    assert said.text.en.endswith(
        "The nearest place to be picked up at is the near, about 600 m away."
    )
    assert "お降り" not in said.text.ja


def test_both_ends_are_named_where_one_rides_from_stop_to_stop() -> None:
    said = asked(Trip(HOME, SHOP), booking=from_stops(alight_at=("stop",)))

    assert "約600メートルはなれたnear前です。" in said.text.ja
    assert said.text.ja.endswith(
        "いちばん近くでお降りになれるのは、そこから約200メートルのmall前です。"
    )


def test_outside_the_area_the_nearest_place_inside_is_named() -> None:
    west, east = BORDER
    inside = zone("east", polygons=[[[34.9, west], [35.1, west], [35.1, east], [34.9, east]]])
    said = asked(Trip(HOME, SHOP), inside, relation("r", "east", "east"))

    assert said.reason == "outside_area"
    assert "約1.4キロはなれたfar前です。" in said.text.ja  # the near stop is outside too


def test_nothing_is_named_that_is_too_far_or_a_neighbours_home() -> None:
    far = place("beyond", "stop", NEAR_M + 100)
    said = asked(Trip(HOME, SHOP), booking=from_stops(), spots=(HOME, OTHER_HOME, far, SHOP))

    assert "いちばん近く" not in said.text.ja


def test_on_a_day_without_service_from_there_the_place_with_service_is_named() -> None:
    home, stop = zone("home", places=["home"]), zone("stop", places=["near"])
    shop = zone("shop", places=["shop"])
    tuesdays, daily = relation("t", "home", "shop", days=["tue"]), relation("d", "stop", "shop")
    said = asked(Trip(HOME, SHOP), home, stop, shop, tuesdays, daily)

    assert said.reason == "not_that_day"
    assert said.text.ja.endswith("約600メートルはなれたnear前です。")


def test_a_refusal_that_no_other_place_helps_stays_as_it_is() -> None:
    booking = from_stops(members_only=True)
    said = asked(Trip(HOME, SHOP, member=False), booking=booking)

    assert said.reason == "members_only"
    assert "いちばん近く" not in said.text.ja


def test_a_neighbours_home_inside_the_area_is_nobodys_stop() -> None:
    inside = zone("inside", places=["neighbour", "depot", "near", "shop"])
    said = asked(Trip(HOME, SHOP), inside, relation("r", "inside", "inside"))

    assert said.reason == "outside_area"
    assert said.text.ja.endswith("約600メートルはなれたnear前です。")
