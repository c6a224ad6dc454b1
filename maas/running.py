"""One running server: what is opened, in which order, and what goes on beside the requests."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from busloc import Hub
from busloc.io.history import Fix, History
from busloc.io.stream import Admission, Limits
from busloc.io.stream import running as ticking
from busloc.live import CATCH_UP_S
from busloc.ping import Corrected
from dispatcher import kernels, warm
from dispatcher.events import warm_events
from dispatcher.roads import RoadNetwork, Roads
from maas.api.live import Publisher
from maas.api.meters import PartMeters
from maas.api.service import DEFAULT_TIMEZONE, Service
from maas.arrivals import Arrivals
from maas.auth.devices import Roster
from maas.bus_times import TownBuses
from maas.buses import Buses, region_around
from maas.clock import clock_from, local
from maas.directory import read_directory
from maas.duty.day import last_charge
from maas.joined import Joined
from maas.linking import linking
from maas.parts import Part
from maas.people.desk import sweep
from maas.people.retention import forget_numbers
from maas.posting import Reminders, posting
from maas.predictions import load_model
from maas.records.driven import write_driven
from maas.rides.closures import Closures
from maas.rides.connections import Connections
from maas.rides.elsewhere import Elsewhere
from maas.rides.keeper import Keeper
from maas.rides.lifecycle import Lifecycle
from maas.rides.sheets import Sheets, folder_in
from maas.rides.show import Reading
from maas.rotation import seal_rest
from maas.settings import Settings
from maas.store import duty, places, towns
from maas.store.database import Database, open_database, upgrade
from maas.store.frozen import end_frozen, process_name
from maas.store.positions import PositionRow, add_positions
from maas.store.sealed import Keys
from maas.timetables import load_feeds
from maas.town.imports import anchor_places

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
PLAN_S: Final = 2.0
NIGHT_S: Final = 60.0
NIGHT_HOUR: Final = 3
NOTICES_S: Final = 2.0
EDITION_S: Final = 30.0
ARRIVALS_S: Final = 10.0
ROSTER_S: Final = 2.0
SWEEP_S: Final = 30.0
FORGET_S: Final = 3600.0
LIFE_S: Final = 5.0
CLOSURES_S: Final = 2.0
CONNECTIONS_S: Final = 10.0
BATTERIES_S: Final = 10.0
SHEETS_LOOK_S: Final = 5.0
SHEETS_S: Final = 1800.0
POST_S: Final = 0.5
LINK_S: Final = 1.0
REMIND_S: Final = 15.0
FROZEN_LOOK_S: Final = 1.0
SILENT_S: Final = 5.0
"""A transaction that says nothing for so long is of a process that hangs."""


@asynccontextmanager
async def running(
    settings: Settings, registry: CollectorRegistry, part: Part
) -> AsyncIterator[Service]:
    """Open what a part needs in order, give the service, and close everything in reverse."""
    async with AsyncExitStack() as parts:
        if not kernels.is_compiled():
            kernels.answer_plainly()
            parts.callback(kernels.answer_compiled)
        name = process_name()
        database = await _open(settings, name)
        parts.push_async_callback(database.close)
        if database.is_shared:
            await parts.enter_async_context(ending_frozen(settings, name))
        roads: Mapping[str, Roads] = {}
        if part is not Part.HUB:
            roads = await asyncio.to_thread(load_roads, settings.roads_dir)
            await _join_places(database, roads)
        history = History(_writer(database))
        service = await _service(settings, part, registry, database, roads, history)
        parts.push_async_callback(service.studies.close)
        await service.take_edition()
        registry.register(PartMeters(service, history))
        await parts.enter_async_context(ticking(service.hub))
        if settings.mqtt_url and part.answers:
            from busloc.io.mqtt import MqttListener  # few have a broker

            service.mqtt = MqttListener(settings.mqtt_url, service.accept_named)
            await parts.enter_async_context(_going(service.mqtt.run()))
        if service.joined is not None:
            await parts.enter_async_context(service.joined.running(partial(service.accept, None)))
        if part.leads:
            post = await parts.enter_async_context(posting(settings, database, service.clock))
            service.post = post
            service.courier = await parts.enter_async_context(
                linking(settings, database, service.clock, service.led)
            )
        await parts.enter_async_context(_beside(service, history))
        for keeper in await _keepers(service):
            parts.push_async_callback(keeper.stop)
        if part.leads:
            await Publisher(service).all()
        yield service


async def _open(settings: Settings, name: str) -> Database:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if await upgrade(settings.database):
        await seal_rest(settings)
    return open_database(
        settings.database,
        keys=Keys(settings.sealing_keys),
        name=name,
        patience_s=settings.database_patience_s,
    )


@asynccontextmanager
async def ending_frozen(settings: Settings, name: str) -> AsyncIterator[None]:
    """End what other processes left open when they hang, by a connection that waits for nobody."""
    watch = open_database(
        settings.database,
        pool_size=1,
        name=name,
        patience_s=settings.database_patience_s,
    )

    async def look() -> None:
        async with watch.reading() as db:
            if ended := await end_frozen(db, SILENT_S):
                log.warning("%d transactions of a process that hangs were ended", ended)

    try:
        async with _going(_every(FROZEN_LOOK_S, look)):
            yield
    finally:
        await watch.close()


def load_roads(folder: Path | None) -> dict[str, Roads]:
    """Return the roads for every vehicle profile, none without a network."""
    if folder is None:
        return {}
    network = RoadNetwork.load(folder)
    return {profile: Roads(network, profile) for profile in network.profiles}


async def _join_places(database: Database, roads: Mapping[str, Roads]) -> None:
    """Join places to the roads that were imported before, or for another network."""
    if not roads:
        return
    car = roads["car"]
    async with database.reading() as db:
        stale = [row for row in await places.all_places(db) if row.network != car.network.id]
    if stale:
        async with database.writing() as db:
            lost = await anchor_places(db, car, car.network.id)
        for name in lost:
            log.warning("no road near %s", name)


def _writer(database: Database) -> Callable[[Sequence[Fix]], Awaitable[None]]:
    async def write(fixes: Sequence[Fix]) -> None:
        async with database.writing() as db:
            await add_positions(db, [_position(fix) for fix in fixes])

    return write


def _position(fix: Fix) -> PositionRow:
    ping = fix.ping
    added_s = ping.added_s if isinstance(ping, Corrected) else 0.0
    # In order, not by name: by name it takes three times as long, and a burst has thousands.
    return PositionRow(
        ping.vehicle, ping.vehicle, ping.boot, ping.seq, ping.t, fix.received,
        ping.lat, ping.lon, ping.speed, ping.bearing, ping.trip, added_s,
    )  # fmt: skip


async def _service(
    settings: Settings,
    part: Part,
    registry: CollectorRegistry,
    database: Database,
    roads: Mapping[str, Roads],
    history: History,
) -> Service:
    clock = clock_from(settings)
    hub = Hub(now=clock, monotonic=time.monotonic)
    feeds = await asyncio.to_thread(load_feeds, settings.feeds_dir)
    directory = await read_directory(database)
    async with database.reading() as db:
        town = await towns.the_town(db)
    region = town.region if town else region_around(feeds)
    first = next(iter(feeds.values()), None)
    timezone = town.timezone if town else first.timezone if first else DEFAULT_TIMEZONE
    joined, arrivals = None, Arrivals()
    if settings.redis_url:
        joined = Joined(settings.redis_url, hub, f"maas:{town.id if town else ''}")
        arrivals.ours = partial(_heard_here, joined)
    buses = Buses(
        hub if joined is None else joined.hub,
        feeds,
        region=region,
        zone=ZoneInfo(timezone),
        directory=directory,
        record=history.add if joined is None else joined.recording(history.add),
        record_visits=arrivals.take_visits,
        record_judged=arrivals.take_judged,
        model=await asyncio.to_thread(load_model, settings.data_dir),
    )
    async with database.reading() as db:
        await buses.notices.load(db, clock())
    return Service(
        settings=settings,
        clock=clock,
        database=database,
        registry=registry,
        hub=hub,
        buses=buses,
        region=region,
        timezone=timezone,
        closures=Closures(database, roads, clock),
        history=history,
        part=part,
        town=town,
        directory=directory,
        roads=roads,
        roster=Roster(settings.signing_key()),
        joined=joined,
        arrivals=arrivals,
        listeners=Admission(Limits(settings.listeners, settings.listeners_per_address)),
        kernels="absent" if part is Part.HUB else "compiling",
    )


def _heard_here(joined: Joined) -> bool:
    return not joined.relay.receiving


async def _keepers(service: Service) -> list[Keeper]:
    """Start a keeper for each area; without roads there are none and only the buses run.

    The API has keepers too: it books by itself, and leaves what is due to those that dispatch.
    """
    if not service.roads or service.town is None:
        return []
    async with service.database.reading() as db:
        areas = await towns.all_areas(db)
    await service.refresh_rules()  # those the keepers read next
    key, publisher = service.settings.signing_key(), Publisher(service)
    service.keepers = {
        area.id: Keeper(
            service.database,
            area=area.id,
            roads=service.roads,
            network=service.network_id,
            clock=service.clock,
            signing_key=key,
            deliver=publisher,
            told=publisher.told,
            may_lead=service.part.leads,
            ray=service.settings.ray,
        )
        for area in areas
    }
    await service.closures.follow()
    for keeper in service.keepers.values():
        await keeper.start()
    return list(service.keepers.values())


@asynccontextmanager
async def _beside(service: Service, history: History) -> AsyncIterator[None]:
    """Run what goes on beside the requests; at the end write the history that waits."""
    loops = [*_in_every_part(service)]
    if service.part is not Part.HUB:
        loops += _of_rides(service)
    if service.part.answers:
        loops += _of_devices(service)
    if service.part.leads:
        loops += _by_itself(service)
    writing = asyncio.create_task(history.run())
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        history.close()
        await asyncio.gather(writing, *tasks, return_exceptions=True)


Loops = Iterator[Coroutine[Any, Any, None]]


def _in_every_part(service: Service) -> Loops:
    yield _every(TICK_S, lambda: _tick(service))
    yield _every(CATCH_UP_S, lambda: _catch_up(service))
    yield _every(PLAN_S, lambda: Publisher(service).refresh())
    yield _every(NOTICES_S, lambda: _look_again(service))
    yield _every(EDITION_S, service.take_edition)


def _of_rides(service: Service) -> Loops:
    yield _every(CLOSURES_S, _following_closures(service))
    yield _every(ROSTER_S, service.refresh_people)
    yield _every(ROSTER_S, service.refresh_rules)
    yield _every(BATTERIES_S, lambda: _read_batteries(service))
    yield _warm(service)


def _of_devices(service: Service) -> Loops:
    yield _every(ROSTER_S, service.read_roster)
    yield _every(ARRIVALS_S, lambda: service.arrivals.write(service.database, service.today()))


def _by_itself(service: Service) -> Loops:
    reminders = Reminders(
        service.database, service.clock, service.timezone, lambda: service.keepers
    )
    yield _every(CONNECTIONS_S, lambda: _follow_buses(service))
    yield _every(SWEEP_S, lambda: _swept(service))
    yield _every(FORGET_S, lambda: _forgot(service))
    yield _every(LIFE_S, _living(service))
    yield _every(NIGHT_S, _nightly(service))
    yield _every(SHEETS_LOOK_S, _half_hourly(service))
    yield _every(REMIND_S, reminders)
    if service.post is not None:
        yield _every(POST_S, service.post.all)
    if service.courier is not None:
        yield _every(LINK_S, service.courier.look)


async def _every(period_s: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do some work again and again; what goes wrong once is logged and tried again."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("work beside the requests failed")
        await asyncio.sleep(period_s)


def _living(service: Service) -> Callable[[], Awaitable[None]]:
    """Return what does to the bookings of every area what time does to them."""
    lives: dict[str, Lifecycle] = {}

    async def go_on() -> None:
        for area, keeper in service.keepers.items():
            await lives.setdefault(area, Lifecycle(keeper)).go_on()

    return go_on


def _following_closures(service: Service) -> Callable[[], Awaitable[None]]:
    """Return what puts closures on the roads, and replans the areas they were not made in."""
    areas: dict[str, Elsewhere] = {}

    async def go_on() -> None:
        await service.closures.follow()
        for area, keeper in service.keepers.items():
            if keeper.leads:
                await areas.setdefault(area, Elsewhere(keeper, service.closures)).go_on()

    return go_on


async def _follow_buses(service: Service) -> None:
    """Do what late buses ask of rides that meet them, in the areas this process keeps."""
    for keeper in service.keepers.values():
        if keeper.leads:
            await Connections(keeper, TownBuses(service.buses)).follow()


async def _read_batteries(service: Service) -> None:
    """Learn what drivers have read of batteries, here or elsewhere, also before this start."""
    electric = {
        row.id: keeper
        for keeper in service.keepers.values()
        for row in keeper.here.taxis
        if row.battery_wh is not None
    }
    if not electric:
        return
    async with service.database.reading() as db:
        records = await duty.records_on(db, service.today())
    for vehicle_id, keeper in electric.items():
        read = last_charge(row for row in records if row.vehicle_id == vehicle_id)
        if read is not None:
            keeper.on_battery(vehicle_id, Reading(*read))


async def _tick(service: Service) -> None:
    service.buses.tick(service.clock())


async def _catch_up(service: Service) -> None:
    service.buses.live.catch_up(service.clock())


async def _swept(service: Service) -> None:
    """Give bookings made for a card that had just been merged to the card that stays."""
    await sweep(service.database, service.clock())


async def _forgot(service: Service) -> None:
    """Forget telephone numbers and addresses whose term is over."""
    await forget_numbers(service.database, service.clock(), service.timezone)


async def _look_again(service: Service) -> None:
    """Learn what riders are told, here or elsewhere, and what of it has begun or is over."""
    async with service.database.reading() as db:
        await service.buses.notices.load(db, service.clock())


@asynccontextmanager
async def _going(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something go on as long as the block lasts."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _half_hourly(service: Service) -> Callable[[], Awaitable[None]]:
    """Return what prints the day sheets into the data directory every half hour of the service."""
    folder, made_at = folder_in(service.settings.data_dir), float("-inf")

    async def look() -> None:
        nonlocal made_at
        now = service.clock()
        if service.town is None or not service.keepers or now - made_at < SHEETS_S:
            return
        made_at = now
        for keeper in service.keepers.values():
            await Sheets(keeper, service.town.booking_phone).keep(folder)

    return look


def _nightly(service: Service) -> Callable[[], Awaitable[None]]:
    """Return what rolls the history once a night, in another process with memory of its own."""
    rolled = service.today()

    async def look() -> None:
        nonlocal rolled
        now = local(service.clock(), service.timezone)
        if now.date() > rolled and now.hour >= NIGHT_HOUR:
            rolled = now.date()
            settings = service.settings.environment()
            settings["MAAS_CLOCK_ANCHOR"] = str(service.clock.anchor_epoch)
            code = await another_process("-m", "maas", "history", "roll", settings=settings)
            if code:
                log.error("the history was not rolled: exit code %d", code)
            await _write_driven(service)

    return look


async def _write_driven(service: Service) -> None:
    """Write what each vehicle drove in the days before, as the ledger wants it."""
    keepers = list(service.keepers.values())
    if not keepers:
        return
    travel = keepers[0].here.travel

    def length_m(profile: str, places: Sequence[int]) -> int:
        return travel[profile].length_m(places)

    await write_driven(service.database, length_m, today=service.today(), now=service.clock())


async def _warm(service: Service) -> None:
    """Compile the kernels in another process and load them; plain Python answers meanwhile."""
    if not kernels.is_compiled() and not kernels.is_cached():
        await _compile("import dispatcher; dispatcher.warm()")
    kernels.answer_compiled()
    await asyncio.to_thread(warm)
    service.kernels = "ok"
    if service.roads:
        if not kernels.is_cached("late_kernel.least_late"):
            await _compile("from dispatcher.events import warm_events; warm_events()")
        await asyncio.to_thread(warm_events)


async def _compile(what: str) -> None:
    """Fill the cache of compiled code, so that this process has only to load it."""
    await another_process("-c", what)


async def another_process(*arguments: str, settings: Mapping[str, str] | None = None) -> int:
    """Run Python beside the server and return its exit code; it ends when the server does."""
    environment = os.environ | dict(settings or {})
    other = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        return await other.wait()
    finally:
        if other.returncode is None:
            other.kill()
            await other.wait()
