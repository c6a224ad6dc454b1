"""The files of a feed as they are: text in rows and columns, nothing lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import TypeVar

T = TypeVar("T")
E = TypeVar("E")


class FeedError(Exception):
    """A feed that cannot be read: which file, which line (1 = header), which field, and why.

    ``line`` and ``field`` are ``None`` when the whole file or the whole feed is at fault.
    """

    def __init__(self, file: str, line: int | None, field: str | None, message: str) -> None:
        super().__init__(file, line, field, message)
        self.file, self.line, self.field, self.message = file, line, field, message

    def __str__(self) -> str:
        """Say where and what in one sentence."""
        line = f":{self.line}" if self.line is not None else ""
        field = f" {self.field}" if self.field else ""
        return f"{self.file}{line}{field}: {self.message}"


@dataclass(frozen=True, slots=True)
class Table:
    """One file: its name without ``.txt``, its columns, and its rows of text in file order.

    ``lines`` are the line numbers of the rows in the file, empty when it was made by hand.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    lines: Sequence[int] = field(default=(), compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    def loaded(self) -> Table:
        """Return the table with all its cells in memory, for a table of which all are wanted."""
        return replace(self, rows=list(self.rows))

    def texts(self, column: str) -> list[str]:
        """Return a column's text without the space around it, empty where there is no column."""
        if column not in self.columns:
            return list(repeat("", len(self.rows)))
        at = self.columns.index(column)
        return [row[at].strip() for row in self.rows]

    def parsed(self, column: str, parse: Callable[[str], T], empty: E) -> list[T | E]:
        """Return a column's values, ``empty`` where there is none.

        Raises ``FeedError`` with the line where ``parse`` raises ``ValueError``.
        """
        known: dict[str, T | E] = {"": empty}
        values: list[T | E] = []
        for i, text in enumerate(self.texts(column)):
            if text not in known:
                known[text] = self._parse(i, column, text, parse)
            values.append(known[text])
        return values

    def required(self, column: str, parse: Callable[[str], T]) -> list[T]:
        """Return a column's values.  Raises ``FeedError`` where one is missing or malformed."""
        if column not in self.columns and self.rows:
            raise FeedError(f"{self.name}.txt", 1, column, "the column is missing")
        values: list[T] = []
        for i, value in enumerate(self.parsed(column, parse, None)):
            if value is None:
                raise self.error(i, column, "the value is missing")
            values.append(value)
        return values

    def in_reference_order(self) -> Table:
        """Return the table with its columns in the order of ``COLUMNS``, unknown ones last."""
        known = [name for name in COLUMNS.get(self.name, ()) if name in self.columns]
        columns = (*known, *(name for name in self.columns if name not in known))
        if columns == self.columns:
            return self
        order = [self.columns.index(name) for name in columns]
        rows = [tuple([row[at] for at in order]) for row in self.rows]
        return Table(self.name, columns, rows, self.lines)

    def records(self) -> Iterator[dict[str, str]]:
        """Yield each row as a mapping from column to text."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))

    def line(self, i: int) -> int:
        """Return the line of row ``i`` in the file, or where it would stand."""
        return self.lines[i] if self.lines else i + 2

    def error(self, i: int, column: str, message: str) -> FeedError:
        """Return the error that points at row ``i``."""
        return FeedError(f"{self.name}.txt", self.line(i), column, message)

    def _parse(self, i: int, column: str, text: str, parse: Callable[[str], T]) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise self.error(i, column, str(error)) from error


# The fields of each file in the order of the reference (google/transit, revised 2026-04-27) and,
# for the files and columns of GTFS-JP, of the ministry's v3 and draft v4.
COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "agency": "agency_id agency_name agency_url agency_timezone agency_lang agency_phone"
        " agency_fare_url agency_email cemv_support",
        "agency_jp": "agency_id agency_official_name agency_zip_number agency_address"
        " agency_president_pos agency_president_name",
        "areas": "area_id area_name",
        "attributions": "attribution_id agency_id route_id trip_id organization_name is_producer"
        " is_operator is_authority attribution_url attribution_email attribution_phone",
        "booking_rules": "booking_rule_id booking_type prior_notice_duration_min"
        " prior_notice_duration_max prior_notice_last_day prior_notice_last_time"
        " prior_notice_start_day prior_notice_start_time prior_notice_service_id message"
        " pickup_message drop_off_message phone_number info_url booking_url",
        "calendar": "service_id monday tuesday wednesday thursday friday saturday sunday"
        " start_date end_date",
        "calendar_dates": "service_id date exception_type",
        "fare_attributes": "fare_id price currency_type payment_method transfers agency_id"
        " transfer_duration ic_price",
        "fare_leg_join_rules": "from_network_id to_network_id from_stop_id to_stop_id",
        "fare_leg_rules": "leg_group_id network_id from_area_id to_area_id"
        " from_timeframe_group_id to_timeframe_group_id fare_product_id rule_priority",
        "fare_media": "fare_media_id fare_media_name fare_media_type",
        "fare_products": "fare_product_id fare_product_name rider_category_id fare_media_id"
        " amount currency",
        "fare_rules": "fare_id route_id origin_id destination_id contains_id",
        "fare_transfer_rules": "from_leg_group_id to_leg_group_id transfer_count duration_limit"
        " duration_limit_type fare_transfer_type fare_product_id",
        "feed_info": "feed_publisher_name feed_publisher_url feed_lang default_lang"
        " feed_start_date feed_end_date feed_version feed_contact_email feed_contact_url",
        "frequencies": "trip_id start_time end_time headway_secs exact_times",
        "levels": "level_id level_index level_name",
        "location_group_stops": "location_group_id stop_id",
        "location_groups": "location_group_id location_group_name",
        "networks": "network_id network_name",
        "office_jp": "office_id office_name office_url office_phone",
        "pathways": "pathway_id from_stop_id to_stop_id pathway_mode is_bidirectional length"
        " traversal_time stair_count max_slope min_width signposted_as reversed_signposted_as",
        "pattern_jp": "jp_pattern_id route_update_date origin_stop via_stop destination_stop",
        "rider_categories": "rider_category_id rider_category_name is_default_fare_category"
        " eligibility_url",
        "route_networks": "network_id route_id",
        "routes": "route_id agency_id route_short_name route_long_name route_desc route_type"
        " route_url route_color route_text_color route_sort_order continuous_pickup"
        " continuous_drop_off network_id cemv_support jp_parent_route_id",
        "routes_jp": "route_id route_update_date origin_stop via_stop destination_stop",
        "shapes": "shape_id shape_pt_lat shape_pt_lon shape_pt_sequence shape_dist_traveled",
        "stop_areas": "area_id stop_id",
        "stop_times": "trip_id arrival_time departure_time stop_id location_group_id location_id"
        " stop_sequence stop_headsign start_pickup_drop_off_window end_pickup_drop_off_window"
        " pickup_type drop_off_type continuous_pickup continuous_drop_off shape_dist_traveled"
        " timepoint pickup_booking_rule_id drop_off_booking_rule_id",
        "stops": "stop_id stop_code stop_name tts_stop_name stop_desc stop_lat stop_lon zone_id"
        " stop_url location_type parent_station stop_timezone wheelchair_boarding level_id"
        " platform_code stop_access",
        "timeframes": "timeframe_group_id start_time end_time service_id",
        "transfers": "from_stop_id to_stop_id from_route_id to_route_id from_trip_id to_trip_id"
        " transfer_type min_transfer_time",
        "translations": "table_name field_name language translation record_id record_sub_id"
        " field_value",
        "trips": "route_id service_id trip_id trip_headsign trip_short_name direction_id block_id"
        " shape_id wheelchair_accessible bikes_allowed cars_allowed safe_duration_factor"
        " safe_duration_offset jp_trip_desc jp_trip_desc_symbol jp_pattern_id jp_office_id",
    }.items()
}

REQUIRED_TABLES = ("agency", "stops", "routes", "trips", "stop_times")
