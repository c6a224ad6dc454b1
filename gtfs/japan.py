"""What GTFS-JP adds: kana readings, both forms of translations, export by the ministry's versions.

v3 is what operators publish today; v4 is the draft of 2025-10-01.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum

from gtfs.directions import directions
from gtfs.feed import Feed
from gtfs.rows import whole
from gtfs.tables import COLUMNS, Table

KANA = "ja-Hrkt"

# The fields whose text riders read, which is where a pre-2020 translation may apply.
TRANSLATED = (
    ("agency", "agency_name"),
    ("stops", "stop_name"),
    ("stops", "stop_desc"),
    ("stops", "platform_code"),
    ("routes", "route_short_name"),
    ("routes", "route_long_name"),
    ("routes", "route_desc"),
    ("trips", "trip_headsign"),
    ("trips", "trip_short_name"),
    ("stop_times", "stop_headsign"),
)

_OWNERS = {"trips": "trip_id"}
_SEQUENCES = {"stop_times": "stop_sequence", "shapes": "shape_pt_sequence"}


class Profile(StrEnum):
    """A version of GTFS-JP to export."""

    JP3 = "jp3"
    JP4 = "jp4"


def stop_kana(feed: Feed, stop_id: str) -> str | None:
    """Return how a stop's name is read, or ``None`` when the feed does not say."""
    return feed.translate("stops", "stop_name", feed.stops[stop_id].name, KANA, record_id=stop_id)


def headsign_kana(feed: Feed, headsign: str) -> str | None:
    """Return how a destination is read, or ``None`` when the feed does not say."""
    return headsign_in(feed, headsign, KANA)


def headsign_in(feed: Feed, headsign: str, language: str) -> str | None:
    """Return a destination in another language, or ``None`` when the feed does not say.

    A destination that is also the name of a stop has the stop's translation; of several joined
    by ``・`` each has its own.
    """
    whole_name = _destination_in(feed, headsign, language)
    if whole_name is not None:
        return whole_name
    parts = [_destination_in(feed, part, language) for part in headsign.split("・")]
    known = [part for part in parts if part is not None]
    return "・".join(known) if len(known) == len(parts) else None


def _destination_in(feed: Feed, name: str, language: str) -> str | None:
    fields = (("trips", "trip_headsign"), ("stop_times", "stop_headsign"), ("stops", "stop_name"))
    found = (feed.translate(table, field, name, language) for table, field in fields)
    return next((text for text in found if text), None)


def is_pre_2020(translations: Table) -> bool:
    """Say whether translations are in the old form: trans_id, lang, translation."""
    return "trans_id" in translations.columns


def upgraded_translations(feed: Feed) -> Table:
    """Return the translations in today's form: one row for each field the old text occurs in.

    Old rows whose text occurs nowhere are left out.  Translations of today stay as they are.
    """
    table = feed.table("translations")
    if not is_pre_2020(table):
        return table
    texts = {
        (name, field): frozenset(feed.table(name).texts(field)) - {""} for name, field in TRANSLATED
    }
    rows = [
        (name, field, language, translation, "", "", text)
        for text, language, translation in zip(
            table.texts("trans_id"), table.texts("lang"), table.texts("translation"), strict=True
        )
        for (name, field), found in texts.items()
        if text in found
    ]
    return Table("translations", COLUMNS["translations"], rows)


def profile_tables(feed: Feed, profile: Profile) -> dict[str, Table]:
    """Return the tables as a version of GTFS-JP wants them, every one sorted.

    Both have translations in today's form and the agency of every fare.  v3 says where a route
    leads in routes_jp; v4 in pattern_jp, with location_type, timepoint and direction_id on every
    row, and may have a fare for IC cards.
    """
    tables = dict(feed.tables)
    if "translations" in tables:
        tables["translations"] = upgraded_translations(feed)
    if "fare_attributes" in tables and len(feed.agencies) == 1:
        agency_id = feed.agencies[0].id
        tables["fare_attributes"] = _filled(
            tables["fare_attributes"], "agency_id", lambda _: agency_id
        )
    if profile is Profile.JP3:
        _as_v3(tables)
    else:
        _as_v4(tables, directions(feed))
    return {name: _sorted(table) for name, table in tables.items()}


def _as_v3(tables: dict[str, Table]) -> None:
    if "fare_attributes" in tables:
        tables["fare_attributes"] = _without(tables["fare_attributes"], "ic_price")
    patterns = tables.pop("pattern_jp", None)
    if patterns is None or "routes_jp" in tables:
        return
    trips = tables["trips"]
    pattern_of = dict(zip(trips.texts("route_id"), trips.texts("jp_pattern_id"), strict=True))
    by_id = dict(zip(patterns.texts("jp_pattern_id"), patterns.records(), strict=True))
    columns = COLUMNS["routes_jp"]
    rows = [
        (route_id, *(by_id[pattern_id].get(column, "") for column in columns[1:]))
        for route_id, pattern_id in pattern_of.items()
        if pattern_id in by_id
    ]
    tables["routes_jp"] = Table("routes_jp", columns, rows)


def _as_v4(tables: dict[str, Table], ways: Mapping[str, str]) -> None:
    if ways:
        way = "direction_id"
        tables["trips"] = _filled(tables["trips"], way, lambda trip: ways.get(trip["trip_id"], ""))
    tables["stops"] = _filled(tables["stops"], "location_type", lambda _: "0")
    tables["stop_times"] = _filled(tables["stop_times"], "timepoint", _timepoint)
    routes = tables.pop("routes_jp", None)
    if routes is None or "pattern_jp" in tables:
        return
    known = frozenset(routes.texts("route_id"))
    columns = tuple("jp_pattern_id" if name == "route_id" else name for name in routes.columns)
    tables["pattern_jp"] = replace(routes, name="pattern_jp", columns=columns)
    tables["trips"] = _filled(
        tables["trips"],
        "jp_pattern_id",
        lambda trip: trip["route_id"] if trip["route_id"] in known else "",
    )


def _timepoint(call: Mapping[str, str]) -> str:
    return "1" if call.get("arrival_time") and call.get("departure_time") else "0"


def _filled(table: Table, column: str, value: Callable[[Mapping[str, str]], str]) -> Table:
    """Return the table with a column's gaps filled from the rest of the row."""
    if column not in table.columns:
        rows = [
            (*row, value(record)) for row, record in zip(table.rows, table.records(), strict=True)
        ]
        return Table(table.name, (*table.columns, column), rows)
    at = table.columns.index(column)
    filled = [
        row if row[at] else (*row[:at], value(record), *row[at + 1 :])
        for row, record in zip(table.rows, table.records(), strict=True)
    ]
    return Table(table.name, table.columns, filled)


def _without(table: Table, column: str) -> Table:
    if column not in table.columns:
        return table
    at = table.columns.index(column)
    columns, *rows = ((*row[:at], *row[at + 1 :]) for row in (table.columns, *table.rows))
    return Table(table.name, columns, rows)


def _sorted(table: Table) -> Table:
    """Return the table by what its rows belong to, then by sequence, then by all they say."""
    table = table.in_reference_order()
    owner = _OWNERS.get(table.name, COLUMNS.get(table.name, ("",))[0])
    owners = table.texts(owner)
    sequences = table.parsed(_SEQUENCES.get(table.name, ""), whole, 0)
    ordered = sorted(zip(owners, sequences, table.rows, strict=True))
    return Table(table.name, table.columns, [row for _, _, row in ordered])
