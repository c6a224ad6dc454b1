"""One day of the demo town: which day it is, and everything that moves on it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import httpx

from gtfs.calendar import day_start_epoch
from maas.clock import Clock
from maas.demo.buses import Bus, runs_of
from maas.demo.callers import Callers, calls_of_day
from maas.demo.prepare import PASSWORD, Prepared
from maas.demo.radio import Device, Fix, Operator
from maas.demo.server import Server
from maas.demo.terminal import Terminal
from maas.demo.vehicles import FindWay, Taxi, Way
from maas.town.calendars import DayRules, rules_on
from maas.town.files import TownFiles, VehicleLine
from maas.town.rules import AreaRules, BookingRule, Hours, Tariff

OPENS_S = 8 * 3600 + 30 * 60
"""The demo's day begins when the office has been open for half an hour."""
WATCH_S = 1.0


def service_date(town: TownFiles, today: date) -> date:
    """Return the first day from ``today`` on which the town's service runs.

    Raises ``ValueError`` when there is none within a month.
    """
    area = town.areas[0].id
    held = [rule for _, rule in town.rules if rule.area == area]
    rules = AreaRules(
        area,
        tuple(rule for rule in held if isinstance(rule, Hours)),
        tuple(rule for rule in held if isinstance(rule, BookingRule)),
        tuple(rule for rule in held if isinstance(rule, Tariff)),
    )
    for n in range(31):
        day = today + timedelta(days=n)
        if isinstance(rules_on(rules, day), DayRules):
            return day
    raise ValueError("no service day within a month: look at [[hours]] in town.toml")


def demo_clock(town: TownFiles, day: date, speed: float, real_now: float, lead_s: float) -> Clock:
    """Return the clock that shows half past eight of ``day`` in ``lead_s`` real seconds."""
    zone = ZoneInfo(town.town.timezone)
    opens = day_start_epoch(day, zone) + OPENS_S
    return Clock(float(opens), real_now + lead_s, speed)


async def play(
    prepared: Prepared,
    server: Server,
    clock: Clock,
    terminal: Terminal,
    *,
    seed: int,
    callers: bool,
) -> None:
    """Let vehicles drive and people call until cancelled.

    Raises ``ServerError`` when the service ends by itself.
    """
    limits = httpx.Limits(max_connections=40, max_keepalive_connections=40)
    async with (
        httpx.AsyncClient(base_url=server.address, limits=limits, timeout=20.0) as fleet,
        httpx.AsyncClient(base_url=server.address, timeout=20.0) as desk,
    ):
        absent: set[str] = set()
        lives = [v.run() for v in _vehicles(prepared, fleet, clock, terminal, absent)]
        if callers:
            lives.append(_calls(prepared, desk, clock, terminal, absent, seed).run())
        await _together([*lives, _watched(server)])


async def _together(lives: Sequence[Coroutine[None, None, None]]) -> None:
    """Run everything until cancelled; the first error ends the rest and is raised as it is."""
    tasks = [asyncio.ensure_future(life) for life in lives]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watched(server: Server) -> None:
    while True:
        server.check()
        await asyncio.sleep(WATCH_S)


def _calls(
    prepared: Prepared,
    desk: httpx.AsyncClient,
    clock: Clock,
    terminal: Terminal,
    absent: set[str],
    seed: int,
) -> Callers:
    zone = ZoneInfo(prepared.town.town.timezone)
    midnight = day_start_epoch(datetime.fromtimestamp(clock(), UTC).astimezone(zone).date(), zone)
    return Callers(
        calls=calls_of_day(seed, OPENS_S),
        midnight=midnight,
        operator=Operator(desk),
        password=PASSWORD,
        clock=clock,
        until=waiting(clock),
        terminal=terminal,
        zone=zone,
        absent=absent,
    )


def waiting(clock: Clock) -> Callable[[float], Awaitable[None]]:
    """Return how to wait for an instant of the service clock."""

    async def until(epoch: float) -> None:
        await asyncio.sleep(max(0.0, (epoch - clock()) / clock.speed))

    return until


def _vehicles(
    prepared: Prepared,
    client: httpx.AsyncClient,
    clock: Clock,
    terminal: Terminal,
    absent: set[str],
) -> list[Taxi | Bus]:
    made: list[Taxi | Bus] = []
    day = datetime.fromtimestamp(clock(), UTC).astimezone(terminal.zone).date()
    for number, line in enumerate(prepared.town.vehicles):
        device = Device(line.id, prepared.tokens[line.id], client, terminal.verdicts)
        if line.block is not None:
            runs = runs_of(prepared.feed, line.block, day, prepared.feed.timezone)
            made.append(Bus(line.name, number, runs, device, clock, terminal))
        else:
            depot = _depot(prepared.town, line)
            way = finder(prepared, line.profile)
            begins = time.fromisoformat(line.shift_from)
            made.append(
                Taxi(line.name, number, depot, device, way, clock, terminal, absent, begins)
            )
    return made


def _depot(town: TownFiles, line: VehicleLine) -> tuple[float, float]:
    place = next(p for p in town.places if p.id == line.depot_place)
    return place.lat, place.lon


def finder(prepared: Prepared, profile: str) -> FindWay:
    """Return how a vehicle of a profile finds its way."""
    roads = prepared.roads[profile]

    def find(here: Fix, there: tuple[float, float]) -> Way | None:
        return roads.path(roads.snap(here.lat, here.lon).anchor, roads.snap(*there).anchor)

    return find
