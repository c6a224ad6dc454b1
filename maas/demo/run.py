"""``maas demo``: prepare the town, start the service, live a day in it until Ctrl-C."""

import asyncio
import signal
import sys
import time
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from gtfs import Feed
from maas.clock import Clock
from maas.demo.day import demo_clock, play, service_date
from maas.demo.prepare import PASSWORD, Prepared, prepare
from maas.demo.server import ServerError, environment, serving
from maas.demo.terminal import Terminal
from maas.town.files import TownFiles

START_S = 6.0
"""Real seconds a start takes when the roads are built already."""


def run_demo(
    *,
    speed: float,
    port: int,
    seed: int,
    town: Path | None,
    gtfs: Path | None,
    callers: bool,
    host: str = "127.0.0.1",
    data_dir: Path = Path(".demo"),
    earliest: date | None = None,
) -> int:
    """Run the demo until interrupted and return the exit code: 0 when it was ended by hand.

    Its day is the first from ``earliest`` on which the service runs; ``None`` is today.
    """
    signal.signal(signal.SIGTERM, _interrupt)

    def day_in(town: TownFiles) -> date:
        return service_date(town, earliest or datetime.now(ZoneInfo(town.town.timezone)).date())

    try:
        prepared = prepare(data_dir, town=town, gtfs=gtfs, tell=_tell, today=day_in)
        day = day_in(prepared.town)
        clock = demo_clock(prepared.town, day, speed, time.time(), START_S)
        terminal = Terminal(clock, ZoneInfo(prepared.town.town.timezone), _write)
        return _live(prepared, clock, terminal, host, port, seed, callers=callers)
    except KeyboardInterrupt:
        return 0


def _live(
    prepared: Prepared,
    clock: Clock,
    terminal: Terminal,
    host: str,
    port: int,
    seed: int,
    *,
    callers: bool,
) -> int:
    log = prepared.settings.data_dir / "server.log"
    _tell("サービスを起動しています")
    try:
        with serving(environment(prepared.settings, clock), host, port, log) as server:
            _tell(welcome(server.address, prepared.feed))
            playing = play(prepared, server, clock, terminal, seed=seed, callers=callers)
            asyncio.run(_until_ended(playing))
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        _tell(f"終わります（{terminal.total()}）")
    return 0


async def _until_ended(playing: Coroutine[Any, Any, None]) -> None:
    """Play until SIGTERM cancels it, as asyncio itself does for Ctrl-C.

    An exception of a handler would come anywhere, also where a task is half-way to what wakes it:
    that task then never ended.
    """
    task = asyncio.create_task(playing)
    with suppress(NotImplementedError):  # on Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


def welcome(address: str, feed: Feed) -> str:
    """Return what to open and what to try."""
    calls = Counter(call.stop_id for trip in feed.stop_times.values() for call in trip)
    pole = max(calls, key=lambda stop_id: calls[stop_id], default="")
    stop = feed.stops[pole].parent_station or pole if pole else ""
    return f"""
吉備中央町デモ（道路・時刻表・会員はすべて合成） {address}/

  予約受付   {address}/operator         名前 operator    パスワード {PASSWORD}
  運行監視   {address}/monitor          名前 dispatcher  パスワード {PASSWORD}
  運転席     {address}/driver           名前 driver      パスワード {PASSWORD}
  案内表示   {address}/signage/{stop}

  Ctrl-C で終わります。
"""


def _tell(text: str) -> None:
    _write(f"{text}\n")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
