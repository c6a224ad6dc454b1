"""One morning booked at one process, and at two that take turns, one of which dies half-way.

The same rides are asked for in the same order, each when all know of the one before, which takes up
to a second.  Whoever answers works out the plan from what is on record, so the plans come out the
same, stop by stop.
"""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import select

from maas.store.database import open_database
from maas.store.tables import promises, vehicle_plans
from tests.chaos.faults import today_of, until
from tests.chaos.kill import Load, Server, prepare
from tests.maas.tiny_town import PLACES

RIDES = 24


async def morning(folder: Path, redis: str, *, processes: int, seed: int) -> tuple[str, int]:
    """Book a morning; returns the hash of its plans and promises, and how many rides they have."""
    url = f"sqlite+aiosqlite:///{folder / 'maas.db'}"
    env = await prepare(folder, url) | {"MAAS_REDIS_URL": redis}
    servers = []
    try:
        for _ in range(processes):
            servers.append(Server(env, Path(tempfile.mkdtemp(dir=folder))))
            servers[-1].start()
        for server in servers:
            await server.ready()
        load = Load(servers[0], today_of(env) + timedelta(days=1))
        await load.sign_in()
        booked = await _booked(load, servers, seed)
    finally:
        for server in servers:
            server.kill()
    return await _hash(url, booked), len(booked)


async def _booked(load: Load, servers: list[Server], seed: int) -> dict[str, int]:
    """Return the number of each ride that was booked, by the id of its booking."""
    choose, booked = random.Random(seed), dict[str, int]()  # noqa: S311
    async with httpx.AsyncClient(timeout=60, cookies=load.cookies) as client:
        for number in range(RIDES):
            if number == RIDES // 2 and len(servers) > 1:
                servers[-1].kill()
                servers = servers[:-1]
            load.server = servers[number % len(servers)]
            origin, destination = choose.sample(range(1, len(PLACES) + 1), 2)
            minute = 8 * 60 + choose.randrange(4 * 60)
            ask = {"origin": origin, "destination": destination, "date": load.today.isoformat(),
                   "time": f"{minute // 60:02d}:{minute % 60:02d}"}  # fmt: skip
            offers = (await load.call(client, "/quotes", ask)).json().get("offers", [])
            if offers:
                body = {"offer": offers[0]["token"], "rider_id": None}
                made = await load.call(client, "/bookings", body, f"ride-{number}")
                made.raise_for_status()
                booked[made.json()["id"]] = number
                await _known(client, servers, made.json()["id"])
    return booked


async def _known(client: httpx.AsyncClient, servers: list[Server], booking: str) -> None:
    """Wait until every process knows of a booking."""

    async def known() -> bool:
        urls = [f"{server.address}/api/v1/bookings/{booking}" for server in servers]
        return all([(await client.get(url)).is_success for url in urls])

    await until(known, "a process does not hear of a booking")


async def _hash(url: str, number: Mapping[str, int]) -> str:
    """Return a hash of who is fetched and brought by which vehicle, in which order, when."""
    database = open_database(url)
    try:
        async with database.reading() as db:
            plans = (await db.execute(select(vehicle_plans))).mappings().all()
            told = (await db.execute(select(promises))).mappings().all()
    finally:
        await database.close()
    stops = {
        f"{plan['vehicle_id']} {plan['service_date']}": [
            (kind, number[who]) for kind, who in plan["stops"]
        ]
        for plan in plans
    }
    times = ("pickup_from_s", "pickup_to_s", "arrive_by_s")
    windows = sorted((number[row["booking_id"]], *(row[name] for name in times)) for row in told)
    return hashlib.sha256(json.dumps([stops, windows], sort_keys=True).encode()).hexdigest()
