"""Timetables: geography, service days, GTFS-JP in and out."""

from gtfs.feed import Feed, FeedError
from gtfs.read import read_feed

__all__ = ["Feed", "FeedError", "read_feed"]
