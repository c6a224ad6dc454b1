"""Changes to a timetable, one after another, all or none.

Each edit is a whole thing as people think of it: a stop with its reading, a trip with its calls,
a calendar with its exceptions.  Columns and files that an edit does not speak of stay as they
are; the feed that comes out is read like any other, so that no edit can make one that cannot be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import singledispatchmethod
from typing import Final

from gtfs.calendar import format_date, format_time
from gtfs.feed import Feed
from gtfs.japan import KANA, upgraded_translations
from gtfs.offers import Words
from gtfs.tables import FeedError, Table

WEEKDAYS: Final = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip

_COLOUR: Final = re.compile(r"[0-9A-Fa-f]{6}")

Record = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PutStop:
    """A stop as it shall be; ``station`` is the stop it is a platform of."""

    id: str
    name: Words
    lat: float
    lon: float
    platform: str = ""
    station: str = ""
    is_station: bool = False


@dataclass(frozen=True, slots=True)
class PutRoute:
    """A route as it shall be; colours are six hex digits or empty."""

    id: str
    agency_id: str
    short_name: str
    long_name: Words
    color: str = ""
    text_color: str = ""


@dataclass(frozen=True, slots=True)
class PutCalendar:
    """The days of a service: weekdays (Monday first) between two days, days more, days less."""

    id: str
    weekdays: tuple[bool, ...]
    start: date
    end: date
    added: tuple[date, ...] = ()
    removed: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One stop of a trip; times are service-day seconds, ``None`` between time points."""

    stop_id: str
    arrival_s: int | None
    departure_s: int | None
    boards: bool = True
    alights: bool = True
    timepoint: bool = True


@dataclass(frozen=True, slots=True)
class PutTrip:
    """A trip as it shall be, with all its calls in order."""

    id: str
    route_id: str
    service_id: str
    headsign: Words
    calls: tuple[Call, ...]
    direction_id: int | None = None
    block_id: str = ""
    shape_id: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """Take something out: ``kind`` is stop, route, calendar or trip."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class PutInfo:
    """From when to when the feed holds, and its version."""

    start: date
    end: date
    version: str


Edit = PutStop | PutRoute | PutCalendar | PutTrip | Drop | PutInfo


class EditError(ValueError):
    """An edit that cannot be made: which one (from 0), which field, and why."""

    def __init__(self, number: int, field: str, message: str) -> None:
        super().__init__(number, field, message)
        self.number, self.field, self.message = number, field, message

    def __str__(self) -> str:
        """Say which and what in one sentence."""
        return f"edit {self.number + 1} {self.field}: {self.message}"


def edited(feed: Feed, edits: Sequence[Edit]) -> Feed:
    """Return the feed with every edit made.  Raises ``EditError`` for the first that cannot be."""
    draft = _Draft(feed)
    for number, edit in enumerate(edits):
        try:
            draft.make(edit)
        except _WrongError as wrong:
            raise EditError(number, wrong.field, wrong.message) from None
    try:
        return draft.feed()
    except FeedError as error:
        raise EditError(len(edits) - 1, error.field or error.file, error.message) from error


class _WrongError(Exception):
    """What is wrong with the edit being made."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)
        self.field, self.message = field, message


class _Draft:
    """The tables of a feed while edits are made."""

    def __init__(self, feed: Feed) -> None:
        self._extras = feed.extras
        self._tables = {name: _Rows(table) for name, table in feed.tables.items()}
        if "translations" in feed.tables:
            self._tables["translations"] = _Rows(upgraded_translations(feed))

    def feed(self) -> Feed:
        tables = {name: rows.table(name) for name, rows in self._tables.items()}
        return Feed({name: t for name, t in tables.items() if t.columns}, self._extras)

    @singledispatchmethod
    def make(self, edit: Edit) -> None:
        raise TypeError(f"{edit!r} is no edit")

    @make.register
    def _(self, edit: PutStop) -> None:
        _given(id=edit.id, name=edit.name.ja)
        if edit.station and edit.station not in self._ids("stops", "stop_id"):
            raise _WrongError("station", f"there is no stop {edit.station!r}")
        self._of("stops").put(
            {"stop_id": edit.id},
            {
                "stop_name": edit.name.ja,
                "stop_lat": _degrees("lat", edit.lat, 90),
                "stop_lon": _degrees("lon", edit.lon, 180),
                "location_type": str(int(edit.is_station)),
                "parent_station": edit.station,
                "platform_code": edit.platform,
            },
        )
        self._translate("stops", "stop_name", edit.id, edit.name)

    @make.register
    def _(self, edit: PutRoute) -> None:
        _given(id=edit.id, name=edit.short_name or edit.long_name.ja)
        if edit.agency_id not in self._ids("agency", "agency_id"):
            raise _WrongError("agency_id", f"there is no agency {edit.agency_id!r}")
        self._of("routes").put(
            {"route_id": edit.id},
            {
                "agency_id": edit.agency_id,
                "route_short_name": edit.short_name,
                "route_long_name": edit.long_name.ja,
                "route_type": "3",
                "route_color": _colour("color", edit.color),
                "route_text_color": _colour("text_color", edit.text_color),
            },
        )
        self._translate("routes", "route_long_name", edit.id, edit.long_name)

    @make.register
    def _(self, edit: PutCalendar) -> None:
        _given(id=edit.id)
        if len(edit.weekdays) != len(WEEKDAYS):
            raise _WrongError("weekdays", "a week has seven days")
        if edit.start > edit.end:
            raise _WrongError("end", "the last day lies before the first")
        if both := set(edit.added) & set(edit.removed):
            raise _WrongError("removed", f"{min(both)} is both added and removed")
        runs = dict(zip(WEEKDAYS, ("01"[day] for day in edit.weekdays), strict=True))
        span = {"start_date": format_date(edit.start), "end_date": format_date(edit.end)}
        self._of("calendar").put({"service_id": edit.id}, runs | span)
        dates = self._of("calendar_dates")
        dates.drop("service_id", edit.id)
        for days, kind in ((edit.added, "1"), (edit.removed, "2")):
            for day in sorted(set(days)):
                row = {"service_id": edit.id, "date": format_date(day), "exception_type": kind}
                dates.add(row)

    @make.register
    def _(self, edit: PutTrip) -> None:
        _given(id=edit.id)
        self._known("route_id", edit.route_id, "routes")
        services = self._ids("calendar", "service_id") | self._ids("calendar_dates", "service_id")
        if edit.service_id not in services:
            raise _WrongError("service_id", f"there is no calendar {edit.service_id!r}")
        if edit.shape_id:
            self._known("shape_id", edit.shape_id, "shapes")
        direction = "" if edit.direction_id is None else str(edit.direction_id)
        self._of("trips").put(
            {"trip_id": edit.id},
            {
                "route_id": edit.route_id,
                "service_id": edit.service_id,
                "trip_headsign": edit.headsign.ja,
                "direction_id": direction,
                "block_id": edit.block_id,
                "shape_id": edit.shape_id,
            },
        )
        self._translate("trips", "trip_headsign", edit.id, edit.headsign)
        self._put_calls(edit)

    def _put_calls(self, edit: PutTrip) -> None:
        _in_order(edit.calls)
        stops, times = self._ids("stops", "stop_id"), self._of("stop_times")
        times.drop("trip_id", edit.id)
        for number, call in enumerate(edit.calls, 1):
            if call.stop_id not in stops:
                raise _WrongError(
                    f"calls.{number - 1}.stop_id", f"there is no stop {call.stop_id!r}"
                )
            times.add(
                {
                    "trip_id": edit.id,
                    "stop_sequence": str(number),
                    "stop_id": call.stop_id,
                    "arrival_time": _clock(call.arrival_s),
                    "departure_time": _clock(call.departure_s),
                    "pickup_type": str(int(not call.boards)),
                    "drop_off_type": str(int(not call.alights)),
                    "timepoint": str(int(call.timepoint)),
                }
            )

    @make.register
    def _(self, edit: Drop) -> None:
        if edit.kind not in _DROPS:
            raise _WrongError("kind", f"{edit.kind!r} cannot be taken out")
        table, column, users, own = _DROPS[edit.kind]
        if edit.id not in self._ids(table, column):
            raise _WrongError("id", f"there is no {edit.kind} {edit.id!r}")
        for user, field in users:
            if edit.id in self._ids(user, field):
                raise _WrongError("id", f"{edit.id!r} is still used in {user}.txt")
        self._of(table).drop(column, edit.id)
        for name, field in own:
            self._of(name).drop(field, edit.id)
        words = self._of("translations")
        words.keep(lambda row: (row.get("table_name"), row.get("record_id")) != (table, edit.id))

    @make.register
    def _(self, edit: PutInfo) -> None:
        if edit.start > edit.end:
            raise _WrongError("end", "the last day lies before the first")
        info = self._of("feed_info")
        if not info.rows:
            raise _WrongError("version", "feed_info.txt names no publisher")
        info.rows[0] |= {
            "feed_start_date": format_date(edit.start),
            "feed_end_date": format_date(edit.end),
            "feed_version": edit.version,
        }

    def _translate(self, table: str, field: str, record_id: str, words: Words) -> None:
        """Give a record its translations; what it had before in these languages goes."""
        rows = self._of("translations")
        for language, text in ((KANA, words.kana), ("en", words.en)):
            key = {
                "table_name": table, "field_name": field, "language": language,
                "record_id": record_id,
            }  # fmt: skip
            rows.keep(lambda row, key=key: any(row.get(c) != text for c, text in key.items()))  # type: ignore[misc]
            if text:
                rows.add(key | {"translation": text})

    def _of(self, name: str) -> _Rows:
        return self._tables.setdefault(name, _Rows(Table(name, (), ())))

    def _ids(self, table: str, column: str) -> set[str]:
        return {row.get(column, "") for row in self._of(table).rows}

    def _known(self, field: str, id_: str, table: str) -> None:
        if id_ not in self._ids(table, field):
            raise _WrongError(field, f"there is no {field.removesuffix('_id')} {id_!r}")


# What is dropped: its table and key, what must not use it any more, and what goes with it.
_DROPS: Final = {
    "stop": (
        "stops", "stop_id",
        (("stop_times", "stop_id"), ("stops", "parent_station"),
         ("location_group_stops", "stop_id")),
        (("transfers", "from_stop_id"), ("transfers", "to_stop_id"), ("stop_areas", "stop_id")),
    ),
    "route": (
        "routes", "route_id", (("trips", "route_id"),),
        (("routes_jp", "route_id"), ("fare_rules", "route_id"), ("route_networks", "route_id"),
         ("attributions", "route_id")),
    ),
    "calendar": (
        "calendar", "service_id", (("trips", "service_id"), ("timeframes", "service_id")),
        (("calendar_dates", "service_id"),),
    ),
    "trip": (
        "trips", "trip_id", (),
        (("stop_times", "trip_id"), ("frequencies", "trip_id"), ("attributions", "trip_id")),
    ),
}  # fmt: skip


class _Rows:
    """A table whose rows can be changed."""

    def __init__(self, table: Table) -> None:
        self._columns = list(table.columns)
        self.rows: list[dict[str, str]] = [dict(row) for row in table.records()]

    def put(self, key: Record, values: Record) -> None:
        """Change the row of a key, or add one."""
        for row in self.rows:
            if all(row.get(column) == text for column, text in key.items()):
                row |= values
                self._grow(values)
                return
        self.add({**key, **values})

    def add(self, row: Record) -> None:
        self.rows.append(dict(row))
        self._grow(row)

    def drop(self, column: str, text: str) -> None:
        self.keep(lambda row: row.get(column) != text)

    def keep(self, wanted: Callable[[Record], bool]) -> None:
        self.rows = [row for row in self.rows if wanted(row)]

    def table(self, name: str) -> Table:
        rows = [tuple(row.get(column, "") for column in self._columns) for row in self.rows]
        return Table(name, tuple(self._columns), rows)

    def _grow(self, row: Record) -> None:
        for column, text in row.items():
            if not text.isprintable():
                raise _WrongError(column, "it has signs that cannot be printed")
        self._columns += [column for column in row if column not in self._columns]


def _given(**texts: str) -> None:
    for field, text in texts.items():
        if not text.strip():
            raise _WrongError(field, "it is empty")
        if text != text.strip():
            raise _WrongError(field, "it has spaces around it")


def _degrees(field: str, value: float, most: float) -> str:
    if not -most <= value <= most:
        raise _WrongError(field, f"{value} is no place on earth")
    return f"{value:.6f}"


def _colour(field: str, text: str) -> str:
    if text and not _COLOUR.fullmatch(text):
        raise _WrongError(field, f"{text!r} is no colour of six hex digits")
    return text


def _clock(time_s: int | None) -> str:
    return "" if time_s is None else format_time(time_s)


def _in_order(calls: Sequence[Call]) -> None:
    """Raise when a trip goes nowhere, or backwards in time."""
    if len(calls) < 2:
        raise _WrongError("calls", "a trip has at least two stops")
    before_s, before = -1, 0
    for i, call in enumerate(calls):
        field = f"calls.{i}"
        if (call.arrival_s is None) != (call.departure_s is None):
            raise _WrongError(field, "a stop has both times or none")
        if call.arrival_s is None or call.departure_s is None:
            if i in (0, len(calls) - 1) or call.timepoint:
                raise _WrongError(field, "the first, the last and each time point have times")
            continue
        if call.arrival_s < max(before_s, 0):
            raise _WrongError(field, f"it is reached before stop {before + 1} is left")
        if call.departure_s < call.arrival_s:
            raise _WrongError(field, "it is left before it is reached")
        before_s, before = call.departure_s, i
