"""``maas replay``: a recorded day of vehicle positions through the real ingest of a real service.

Recording -> its timetable -> a service of its own whose clock shows the recorded day -> one device
a vehicle -> WS /ws/vehicle in time order.  Needs no roads.
"""

import asyncio
import secrets
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

from gtfs import Feed, FeedError, write_feed
from maas.clock import Clock
from maas.demo.server import ServerError, environment, serving
from maas.replay.place import WATCHER, fill, write_place
from maas.replay.player import Player, tell, vehicle_socket
from maas.replay.recording import read_recording
from maas.replay.schedule import timetable
from maas.settings import Settings
from maas.timetables import TOWN, keep_feed

__all__ = ["replay"]

LEAD_S = 12.0
"""Real seconds before the clock shows the first position, while the service starts."""


def replay(
    avl: Path,
    *,
    gtfs: Path | None = None,
    speed: float = 60.0,
    port: int = 8000,
    data_dir: Path = Path(".replay"),
    host: str = "127.0.0.1",
) -> int:
    """Play a recording until its end, or until interrupted, and return the exit code."""
    try:
        fixes = read_recording(avl)
        feed = timetable(avl, gtfs, fixes)
    except (FeedError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    settings = Settings(data_dir=data_dir / "service")
    town = data_dir / "town"
    shutil.rmtree(settings.data_dir, ignore_errors=True)
    settings.data_dir.mkdir(parents=True)
    vehicles = sorted({fix.vehicle for fix in fixes})
    write_place(town, feed, vehicles, avl.name)
    write_feed(feed, town / "gtfs.zip")
    keep_feed(town / "gtfs.zip", settings.feeds_dir, TOWN)
    password = secrets.token_urlsafe(9)
    tokens = asyncio.run(fill(settings, town, vehicles, password))
    clock = Clock(fixes[0].t, time.time() + LEAD_S, speed)
    try:
        with serving(
            environment(settings, clock), host, port, settings.data_dir / "server.log"
        ) as server:
            tell(f"{avl.name}: {len(fixes)} positions, {len(vehicles)} vehicles, {feed}\n")
            tell(f"{server.address}/monitor   name {WATCHER}   password {password}\n")
            tell(f"{server.address}/signage/{_busiest(feed)}\n")
            connect = vehicle_socket(server.address)
            player = Player(fixes, tokens, clock, ZoneInfo(feed.timezone), connect)
            asyncio.run(player.play(server.check))
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        tell("\n")
    return 0


def _busiest(feed: Feed) -> str:
    calls = Counter(call.stop_id for trip in feed.stop_times.values() for call in trip)
    return max(calls, key=lambda stop: calls[stop], default="")
