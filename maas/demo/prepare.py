"""What the demo needs before it starts: roads, the town's files, a fresh database, devices.

The roads are built once and kept by the hash of what they are built from; everything else is made
anew at each start, by the same imports a real town uses.
"""

import asyncio
import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from dispatcher.roads import RoadNetwork, Roads, build
from maas.auth.devices import enrol_device
from maas.demo.network import draw_network, write_osm
from maas.demo.terrain import write_tiles
from maas.demo.town import write_town
from maas.settings import Settings
from maas.store import fleet
from maas.store.database import open_database, upgrade
from maas.town.imports import import_town
