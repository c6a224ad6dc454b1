"""Fares v2 in a feed: areas, networks, times, riders, media, products, and the rules between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from gtfs.calendar import parse_time
from gtfs.rows import whole
from gtfs.tables import COLUMNS, Table


@dataclass(frozen=True, slots=True)
class RiderCategory:
    """Who pays this fare; one category is everybody else's (``is_default``)."""

    id: str
    name: str
    is_default: bool
    eligibility_url: str


@dataclass(frozen=True, slots=True)
class FareMedium:
    """How it is paid.  ``type``: 0 cash, 1 paper ticket, 2 card, 3 bank card, 4 app."""

    id: str
    name: str
    type: int


@dataclass(frozen=True, slots=True)
class FareProduct:
    """What is bought, for whom and on what, and its price in units of ``currency``."""

    id: str
    name: str
    rider_category_id: str
    fare_media_id: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class FareLegRule:
    """What a leg costs; an empty field does not matter or is everything not listed elsewhere."""

    leg_group_id: str
    network_id: str
    from_area_id: str
    to_area_id: str
    from_timeframe_group_id: str
    to_timeframe_group_id: str
    fare_product_id: str
    priority: int | None


@dataclass(frozen=True, slots=True)
class FareTransferRule:
    """What changing costs.  ``transfer_type``: 0 first leg + this, 1 both + this, 2 this alone."""

    from_leg_group_id: str
    to_leg_group_id: str
    transfer_count: int | None
    duration_limit_s: int | None
    duration_limit_type: int | None
    transfer_type: int
    fare_product_id: str


@dataclass(frozen=True, slots=True)
class Timeframe:
    """A part of the day, in service-day seconds; the end is not in it."""

    group_id: str
    start_s: int
    end_s: int
    service_id: str


@dataclass(frozen=True, slots=True)
class FaresV2:
    """Every table of Fares v2, typed; empty where the feed has none."""

    riders: tuple[RiderCategory, ...]
    media: tuple[FareMedium, ...]
    products: tuple[FareProduct, ...]
    leg_rules: tuple[FareLegRule, ...]
    transfer_rules: tuple[FareTransferRule, ...]
    timeframes: tuple[Timeframe, ...]
    area_stops: Mapping[str, tuple[str, ...]]
    network_routes: Mapping[str, tuple[str, ...]]


def fares_v2(table: Callable[[str], Table]) -> FaresV2:
    """Return the Fares v2 tables of a feed, each asked for by its name.  Raises ``FeedError``."""
    networks = _members(table("networks"), table("route_networks"), "network_id", "route_id")
    by_route = zip(table("routes").texts("route_id"), table("routes").texts("network_id"))  # noqa: B905 -- the same table
    for route_id, network_id in by_route:
        if network_id:
            networks.setdefault(network_id, []).append(route_id)
    areas = _members(table("areas"), table("stop_areas"), "area_id", "stop_id")
    return FaresV2(
        riders=tuple(_riders(table("rider_categories"))),
        media=tuple(_media(table("fare_media"))),
        products=tuple(_products(table("fare_products"))),
        leg_rules=tuple(_leg_rules(table("fare_leg_rules"))),
        transfer_rules=tuple(_transfer_rules(table("fare_transfer_rules"))),
        timeframes=tuple(_timeframes(table("timeframes"))),
        area_stops={area: tuple(stops) for area, stops in areas.items()},
        network_routes={network: tuple(routes) for network, routes in networks.items()},
    )


def _members(owners: Table, pairs: Table, owner: str, member: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {id_: [] for id_ in owners.required(owner, str)}
    both = zip(pairs.required(owner, str), pairs.required(member, str), strict=True)
    for id_, of in both:
        found.setdefault(id_, []).append(of)
    return found


def _riders(table: Table) -> list[RiderCategory]:
    cells = zip(
        table.required("rider_category_id", str),
        table.texts("rider_category_name"),
        table.parsed("is_default_fare_category", _is_one, empty=False),
        table.texts("eligibility_url"),
        strict=True,
    )
    return [RiderCategory(*row) for row in cells]


def _media(table: Table) -> list[FareMedium]:
    cells = zip(
        table.required("fare_media_id", str),
        table.texts("fare_media_name"),
        table.required("fare_media_type", _one_of(5)),
        strict=True,
    )
    return [FareMedium(*row) for row in cells]


def _products(table: Table) -> list[FareProduct]:
    cells = zip(
        table.required("fare_product_id", str),
        table.texts("fare_product_name"),
        table.texts("rider_category_id"),
        table.texts("fare_media_id"),
        table.required("amount", _amount),
        table.required("currency", str),
        strict=True,
    )
    return [FareProduct(*row) for row in cells]


def _leg_rules(table: Table) -> list[FareLegRule]:
    texts = [table.texts(column) for column in COLUMNS["fare_leg_rules"][:6]]
    cells = zip(
        *texts,
        table.required("fare_product_id", str),
        table.parsed("rule_priority", whole, None),
        strict=True,
    )
    return [FareLegRule(*row) for row in cells]


def _transfer_rules(table: Table) -> list[FareTransferRule]:
    cells = zip(
        table.texts("from_leg_group_id"),
        table.texts("to_leg_group_id"),
        table.parsed("transfer_count", _count, None),
        table.parsed("duration_limit", whole, None),
        table.parsed("duration_limit_type", _one_of(4), None),
        table.required("fare_transfer_type", _one_of(3)),
        table.texts("fare_product_id"),
        strict=True,
    )
    return [FareTransferRule(*row) for row in cells]


def _timeframes(table: Table) -> list[Timeframe]:
    cells = zip(
        table.required("timeframe_group_id", str),
        table.parsed("start_time", parse_time, 0),
        table.parsed("end_time", parse_time, 24 * 3600),
        table.required("service_id", str),
        strict=True,
    )
    return [Timeframe(*row) for row in cells]


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ValueError(f"{text!r} is not an amount of money")
    return amount


def _count(text: str) -> int:
    return -1 if text == "-1" else whole(text)


def _one_of(count: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = whole(text)
        if number >= count:
            raise ValueError(f"{text!r} is not between 0 and {count - 1}")
        return number

    return parse


def _is_one(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"


# From v1 to v2


def with_fares_v2(tables: Mapping[str, Table]) -> dict[str, Table]:
    """Return the tables with Fares v2 that say the same as fare_attributes and fare_rules.

    Routes become networks and zones areas.  Unchanged where there is no v1, already a v2, or a
    rule about zones passed through (``contains_id``), which v2 cannot say.
    """
    fares, rules = tables.get("fare_attributes"), tables.get("fare_rules")
    if (
        fares is None
        or rules is None
        or "fare_products" in tables
        or any(rules.texts("contains_id"))
    ):
        return dict(tables)
    return {**tables, **_as_v2(tables, fares, rules)}


def _as_v2(tables: Mapping[str, Table], fares: Table, rules: Table) -> dict[str, Table]:
    triples = [
        tuple(cells)
        for cells in zip(*(rules.texts(c) for c in COLUMNS["fare_rules"][:4]), strict=True)
    ]
    networks = _networks(triples)
    zones = sorted({zone for _, _, *ends in triples for zone in ends} - {""})
    stops = tables["stops"]
    in_zone = zip(stops.texts("zone_id"), stops.texts("stop_id"), strict=True)
    made: dict[str, list[Any]] = {
        "rider_categories": [("all", "すべての方", "1", "")],
        "fare_media": [("cash", "現金", "0")],
        "fare_products": [
            (fare, "", "all", "cash", price, currency)
            for fare, price, currency in zip(
                *(fares.texts(c) for c in ("fare_id", "price", "currency_type")), strict=True
            )
        ],
        "networks": [(network, "") for network in sorted(set(networks.values()))],
        "route_networks": sorted((network, route) for route, network in networks.items()),
        "areas": [(zone, "") for zone in zones],
        "stop_areas": [(zone, stop) for zone, stop in in_zone if zone in zones],
        "fare_leg_rules": sorted(
            {
                (group, group, origin, destination, "", "", fare, "0")
                for fare, route, origin, destination in triples
                for group in [networks.get(route, "")]
            }
        ),
    }
    return {name: Table(name, COLUMNS[name], rows) for name, rows in made.items() if rows}


def _networks(triples: list[tuple[str, ...]]) -> dict[str, str]:
    """Return the network of each route: routes with the same rules share one."""
    by_route: dict[str, set[tuple[str, ...]]] = {}
    for fare, route, *ends in triples:
        if route:
            by_route.setdefault(route, set()).add((fare, *ends))
    names: dict[frozenset[tuple[str, ...]], str] = {}
    for route, said in sorted(by_route.items()):
        names.setdefault(frozenset(said), f"net-{route}")
    return {route: names[frozenset(said)] for route, said in by_route.items()}
