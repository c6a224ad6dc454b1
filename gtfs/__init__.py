"""Timetables: geography, service days, GTFS-JP in and out."""

from gtfs.feed import Agency, Calendar, CalendarDate, Feed, Route, Stop, StopTime, Trip
from gtfs.geo import Line, distance_m
from gtfs.read import import_report, read_feed
from gtfs.report import ImportReport, Oddity
from gtfs.tables import FeedError, Table
from gtfs.write import write_feed

__all__ = [
    "Agency",
    "Calendar",
    "CalendarDate",
    "Feed",
    "FeedError",
    "ImportReport",
    "Line",
    "Oddity",
    "Route",
    "Stop",
    "StopTime",
    "Table",
    "Trip",
    "distance_m",
    "import_report",
    "read_feed",
    "write_feed",
]
