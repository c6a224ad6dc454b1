"""Roads: from OpenStreetMap to driving times, paths and a map.

``build.build`` turns a file into a folder once; ``RoadNetwork.load`` and ``Roads`` answer from it.
What only building needs is not imported here: a server starts without it.
"""

from dispatcher.roads.anchor import Anchor, Snap
from dispatcher.roads.bands import BANDS
from dispatcher.roads.consumption import BODIES, VehicleBody, Weather, weather_at
from dispatcher.roads.energy import NEVER_WH, RoadEnergy
from dispatcher.roads.network import RoadNetwork
from dispatcher.roads.path import RoadPath
from dispatcher.roads.travel import UNREACHABLE_S, Roads, RoadTimes

__all__ = [
    "BANDS",
    "BODIES",
    "NEVER_WH",
    "UNREACHABLE_S",
    "Anchor",
    "RoadEnergy",
    "RoadNetwork",
    "RoadPath",
    "RoadTimes",
    "Roads",
    "Snap",
    "VehicleBody",
    "Weather",
    "weather_at",
]
