"""Fares v2 are read as typed rows, and said again from v1 without a change of price."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings

from gtfs.check import check
from gtfs.fares import with_fares_v2
from gtfs.feed import Feed
from gtfs.tables import FeedError
from tests.gtfs.feeds import bus_feeds
from tests.gtfs.towns import feed_of, town

TODAY = date(2026, 11, 9)
V1 = town()["fare_attributes.txt"]
V2 = {
    "fare_media": "fare_media_id,fare_media_name,fare_media_type\ncash,現金,0\n",
    "rider_categories": "rider_category_id,rider_category_name,is_default_fare_category\n"
    "all,すべて,1\n",
    "fare_products": "fare_product_id,rider_category_id,fare_media_id,amount,currency\n"
    "p,all,cash,200,JPY\n",
    "networks": "network_id,network_name\nn,町営\n",
    "route_networks": "network_id,route_id\nn,r1\n",
    "fare_leg_rules": "leg_group_id,network_id,fare_product_id,rule_priority\ng,n,p,0\n",
    "fare_transfer_rules": "from_leg_group_id,to_leg_group_id,transfer_count,fare_transfer_type\n"
    "g,g,-1,0\n",
    "timeframes": "timeframe_group_id,start_time,end_time,service_id\nday,,,daily\n",
    "areas": "area_id\nz\n",
    "stop_areas": "area_id,stop_id\nz,a\nz,b\n",
}


def test_every_table_is_typed() -> None:
    fares = feed_of(**V2).fares

    assert (fares.products[0].amount, fares.products[0].currency) == (Decimal(200), "JPY")
    assert fares.riders[0].is_default
    assert fares.media[0].type == 0
    assert fares.network_routes == {"n": ("r1",)}
    assert fares.area_stops == {"z": ("a", "b")}
    assert fares.leg_rules[0].priority == 0
    assert fares.transfer_rules[0].transfer_count == -1
    assert (fares.timeframes[0].start_s, fares.timeframes[0].end_s) == (0, 86_400)
    assert check(feed_of(**V2), TODAY) == []


@pytest.mark.parametrize(
    ("stem", "old", "new", "field"),
    [
        ("fare_products", "200,", "free,", "amount"),
        ("fare_products", "200,", "NaN,", "amount"),
        ("fare_media", "現金,0", "現金,5", "fare_media_type"),
        ("rider_categories", "すべて,1", "すべて,yes", "is_default_fare_category"),
        ("fare_transfer_rules", "-1,0", "-1,3", "fare_transfer_type"),
        ("fare_leg_rules", "p,0", ",0", "fare_product_id"),
        ("timeframes", "day,,", "day,noon,", "start_time"),
    ],
)
def test_a_bad_value_is_named_by_file_line_and_field(
    stem: str, old: str, new: str, field: str
) -> None:
    with pytest.raises(FeedError) as caught:
        feed_of(**{**V2, stem: V2[stem].replace(old, new, 1)})

    assert (caught.value.file, caught.value.line, caught.value.field) == (f"{stem}.txt", 2, field)


@pytest.mark.parametrize(
    ("stem", "text", "rule", "line"),
    [
        ("fare_attributes", V1.replace("200", "two"), "fare_without_price", 2),
        ("fare_rules", "fare_id,route_id\nflat,r1\nfar,r1\n", "rule_of_unknown_fare", 3),
        ("fare_rules", "fare_id,route_id\nflat,r9\n", "fare_of_unknown_route", 2),
        ("fare_rules", "fare_id,origin_id\nflat,z9\n", "fare_of_unknown_zone", 2),
        ("fare_leg_rules", V2["fare_leg_rules"].replace(",p,", ",q,"), "leg_of_unknown_product", 2),
        ("fare_products", V2["fare_products"].replace(",all,", ",old,"), "product_for_nobody", 2),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found_by_file_and_line(
    stem: str, text: str, rule: str, line: int
) -> None:
    found = check(feed_of(**{**V2, stem: text}), TODAY)

    assert [(f.rule, f.file, f.line) for f in found] == [(rule, f"{stem}.txt", line)]


@given(bus_feeds())
@settings(max_examples=25, deadline=None)
def test_v2_says_of_every_route_and_pair_of_zones_what_v1_says(feed: Feed) -> None:
    fares = Feed(with_fares_v2(feed.tables)).fares
    price = {product.id: product.amount for product in fares.products}
    v1 = feed.table("fare_rules")
    rows = zip(*map(v1.texts, ("fare_id", "route_id", "origin_id", "destination_id")), strict=True)
    v1_price = dict(
        zip(*map(feed.table("fare_attributes").texts, ("fare_id", "price")), strict=True)
    )

    said = {
        (route, rule.from_area_id, rule.to_area_id, price[rule.fare_product_id])
        for rule in fares.leg_rules
        for route in fares.network_routes[rule.network_id]
    }

    assert said == {(route, a, b, Decimal(v1_price[fare])) for fare, route, a, b in rows}
    for zone, stops in fares.area_stops.items():
        assert {feed.stops[stop].zone_id for stop in stops} == {zone}


def test_what_v2_cannot_say_is_left_to_v1() -> None:
    rules = "fare_id,route_id,contains_id\nflat,r1,z1\n"
    tables = feed_of(fare_rules=rules).tables

    assert with_fares_v2(tables) == dict(tables)
    assert with_fares_v2(feed_of(**V2).tables) == dict(feed_of(**V2).tables)
