"""What riders would notice about fares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from gtfs.feed import Feed
from gtfs.finding import ERROR, WARNING, Case, RuleOf


def _fare_without_price(feed: Feed, _today: date) -> Iterator[Case]:
    table = feed.table("fare_attributes")
    for fare, price in zip(table.texts("fare_id"), table.texts("price"), strict=True):
        if not _is_price(price):
            yield Case(fare, "fare_attributes", fare_id=fare)


def _is_price(text: str) -> bool:
    try:
        price = Decimal(text)
    except InvalidOperation:
        return False
    return price.is_finite() and price >= 0


def _rule_of_unknown_fare(feed: Feed, _today: date) -> Iterator[Case]:
    fares = set(feed.table("fare_attributes").texts("fare_id"))
    for fare in dict.fromkeys(feed.table("fare_rules").texts("fare_id")):
        if fare not in fares:
            yield Case(fare, "fare_rules", fare_id=fare)


def _fare_of_unknown_route(feed: Feed, _today: date) -> Iterator[Case]:
    for route in dict.fromkeys(feed.table("fare_rules").texts("route_id")):
        if route and route not in feed.routes:
            yield Case(route, "fare_rules", route_id=route)


def _fare_of_unknown_zone(feed: Feed, _today: date) -> Iterator[Case]:
    zones = {stop.zone_id for stop in feed.stops.values()} | {""}
    for column in ("origin_id", "destination_id", "contains_id"):
        for zone in dict.fromkeys(feed.table("fare_rules").texts(column)):
            if zone not in zones:
                yield Case(zone, "fare_rules", **{column: zone})


def _leg_of_unknown_product(feed: Feed, _today: date) -> Iterator[Case]:
    products = {product.id for product in feed.fares.products}
    for rule in feed.fares.leg_rules:
        if rule.fare_product_id not in products:
            yield Case(rule.fare_product_id, "fare_leg_rules", fare_product_id=rule.fare_product_id)


def _product_for_nobody(feed: Feed, _today: date) -> Iterator[Case]:
    riders = {rider.id for rider in feed.fares.riders} | {""}
    for product in feed.fares.products:
        if product.rider_category_id not in riders:
            yield Case(
                product.rider_category_id,
                "fare_products",
                rider_category_id=product.rider_category_id,
            )


def _no_fares(feed: Feed, _today: date) -> Iterator[Case]:
    if not feed.table("fare_attributes").rows and not feed.table("fare_products").rows:
        yield Case("fare_attributes.txt", "fare_attributes")


_E, _W = ERROR, WARNING
FARE_RULES: Sequence[RuleOf] = tuple(
    RuleOf(*rule)
    for rule in (
        (_E, _fare_without_price, "金額が読めない運賃", "fares without a readable price"),
        (_E, _rule_of_unknown_fare, "登録がない運賃", "rules of unknown fares"),
        (_E, _leg_of_unknown_product, "登録がない運賃商品", "rules of unknown fare products"),
        (_E, _product_for_nobody, "登録がない利用者区分の運賃", "fares of unknown riders"),
        (_W, _fare_of_unknown_route, "登録がない路線の運賃", "fares of unknown routes"),
        (_W, _fare_of_unknown_zone, "登録がない区間の運賃", "fares of unknown zones"),
        (_W, _no_fares, "運賃がありません", "no fares"),
    )
)
