"""Where the vehicles are, when they come, and the live stream that says so."""

from busloc.board import Boards
from busloc.coming import Coming, Sightings
from busloc.course import Course, Run, Timetable
from busloc.ghost import RiderState
from busloc.hub import Hub
from busloc.live import LiveMap
from busloc.ping import Gate, Malformed, Ping, Region, Unreadable, Verdict, read_pings
from busloc.publish import Departure, NextStop, Vehicle
from busloc.track import Track, TrackState

__all__ = [
    "Boards",
    "Coming",
    "Course",
    "Departure",
    "Gate",
    "Hub",
    "LiveMap",
    "Malformed",
    "NextStop",
    "Ping",
    "Region",
    "RiderState",
    "Run",
    "Sightings",
    "Timetable",
    "Track",
    "TrackState",
    "Unreadable",
    "Vehicle",
    "Verdict",
    "read_pings",
]
