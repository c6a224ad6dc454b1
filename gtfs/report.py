"""What an import brought in, and what is odd about it; nothing here stops an import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from gtfs.feed import Feed
from gtfs.japan import TRANSLATED, is_pre_2020
from gtfs.rows import whole
from gtfs.tables import Table


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something a careful reader of the feed would ask about, and the first place it occurs."""

    kind: str
    count: int
    example: str
    text: str
    text_en: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The rows of each table, the files kept as bytes, and the oddities."""

    rows: Mapping[str, int]
    extras: tuple[str, ...]
    oddities: tuple[Oddity, ...]


_WORDS = {
    "unused_shapes": ("どの便も使わない経路形状", "shapes that no trip uses"),
    "unserved_stops": ("どの便も停まらない停留所", "stops where no trip calls"),
    "unsorted_trips": ("行の順序が乱れている便", "trips whose stop_times are out of order"),
    "orphaned_fares": ("どの区間にも使われない運賃", "fares that no fare rule uses"),
    "unmatched_translations": ("対応する語がない翻訳", "translations that match nothing"),
    "old_translations": ("2020年より前の形式の翻訳", "translations in the form before 2020"),
    "unfit_shapes": ("停留所と合わない経路形状の便", "trips whose shape misses their stops"),
    "frequency_trips": ("間隔で運行する便（未対応）", "trips by headway (not expanded)"),
}


def import_report(feed: Feed) -> ImportReport:
    """Return how many rows came in from each table, and the oddities that occur."""
    return ImportReport(
        rows={name: len(table) for name, table in sorted(feed.tables.items())},
        extras=tuple(sorted(feed.extras)),
        oddities=tuple(_oddities(feed)),
    )


def _oddities(feed: Feed) -> Iterator[Oddity]:
    found: dict[str, Iterable[str]] = {
        "unused_shapes": feed.shapes.keys() - {trip.shape_id for trip in feed.trips.values()},
        "unserved_stops": _unserved_stops(feed),
        "unsorted_trips": _unsorted_trips(feed.table("stop_times")),
        "orphaned_fares": _orphaned_fares(feed),
        "unmatched_translations": _unmatched_translations(feed),
        "old_translations": _old_translations(feed.table("translations")),
        "unfit_shapes": (trip_id for trip_id in feed.trips if not feed.follows_shape(trip_id)),
        "frequency_trips": frozenset(feed.table("frequencies").texts("trip_id")),
    }
    for kind, ids in found.items():
        if cases := sorted(ids):
            text, text_en = _WORDS[kind]
            yield Oddity(kind, len(cases), cases[0], text, text_en)


def _unserved_stops(feed: Feed) -> set[str]:
    served = {call.stop_id for calls in feed.stop_times.values() for call in calls}
    return {stop.id for stop in feed.stops.values() if stop.location_type == 0} - served


def _unsorted_trips(table: Table) -> set[str]:
    """Trips that come back after another trip, or whose sequence goes down."""
    calls = zip(table.texts("trip_id"), table.required("stop_sequence", whole), strict=True)
    seen: set[str] = set()
    unsorted: set[str] = set()
    for (last_id, last), (trip_id, sequence) in pairwise([("", 0), *calls]):
        if (trip_id == last_id and sequence <= last) or (trip_id != last_id and trip_id in seen):
            unsorted.add(trip_id)
        seen.add(trip_id)
    return unsorted


def _orphaned_fares(feed: Feed) -> set[str]:
    fares = set(feed.table("fare_attributes").texts("fare_id"))
    used = set(feed.table("fare_rules").texts("fare_id"))
    return fares - used if len(fares) > 1 else set()


def _old_translations(table: Table) -> list[str]:
    return table.texts("trans_id") if is_pre_2020(table) else []


def _unmatched_translations(feed: Feed) -> list[str]:
    table = feed.table("translations")
    if is_pre_2020(table):
        everywhere = {text for name, field in TRANSLATED for text in feed.table(name).texts(field)}
        return [text for text in table.texts("trans_id") if text not in everywhere]
    named = zip(
        table.texts("table_name"),
        table.texts("field_name"),
        table.texts("field_value"),
        strict=True,
    )
    texts: dict[tuple[str, str], frozenset[str]] = {}
    unmatched = []
    for name, field, text in named:
        if (name, field) not in texts:
            texts[name, field] = frozenset(feed.table(name).texts(field))
        if text and text not in texts[name, field]:
            unmatched.append(text)
    return unmatched
