"""Roads: from OpenStreetMap to driving times, paths and a map.

``build`` turns a file into a folder once; ``RoadNetwork.load`` and ``Roads`` answer from it.
"""

from dispatcher.roads.anchor import Anchor, Snap
from dispatcher.roads.bands import BANDS
from dispatcher.roads.build import BuildReport, build
from dispatcher.roads.islands import Island
from dispatcher.roads.network import RoadNetwork
from dispatcher.roads.osm import RoadFileError
from dispatcher.roads.path import RoadPath
from dispatcher.roads.travel import UNREACHABLE_S, Roads, RoadTimes

__all__ = [
    "BANDS",
    "UNREACHABLE_S",
    "Anchor",
    "BuildReport",
    "Island",
    "RoadFileError",
    "RoadNetwork",
    "RoadPath",
    "RoadTimes",
    "Roads",
    "Snap",
    "build",
]
