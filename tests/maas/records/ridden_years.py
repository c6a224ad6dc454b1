"""Years of invented rides, written straight into the tables of a town that has been imported."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.ledger import mark_simulated
from maas.store.rides import RideRow, add_rides
from maas.store.tables import bookings, members, places, promises, refusals, vehicles

HOURS = (8, 8, 9, 9, 9, 10, 10, 11, 13, 13, 14, 15, 16)


async def ride_for_years(
    connection: AsyncConnection, area: str, first: date, last: date, rides_a_day: float
) -> int:
    """Write bookings, promises, rides and refusals of weekdays; return how many rides."""
    chance = random.Random(8)  # noqa: S311 -- invented rides
    homes = (await connection.execute(
        select(members.c.id, members.c.home_place_id).order_by(members.c.id)
    )).all()  # fmt: skip
    kinds = ("hospital", "clinic", "shop", "market", "hall", "hub")
    query = select(places.c.id).where(places.c.kind.in_(kinds)).order_by(places.c.id)
    public = list(await connection.scalars(query))
    taxis = select(vehicles.c.id).where(vehicles.c.kind != "bus").order_by(vehicles.c.id)
    fleet = list(await connection.scalars(taxis))
    known = await connection.scalar(select(func.count()).select_from(bookings))
    made: list[dict[str, Any]] = []
    day, number = first, int(known or 0)
    while day <= last:
        if day.weekday() < 5:
            busy = rides_a_day * (1.2 if day.weekday() in {0, 3} else 0.87)
            for _ in range(int(busy + chance.random())):
                number += 1
                made.append(_trip(chance, area, day, number, homes, public, fleet))
        day += timedelta(days=1)
    await _write(connection, made)
    await mark_simulated(connection, {one["booking"]["service_date"] for one in made}, seed=8)
    return sum(one["booking"]["state"] == "done" for one in made)


def _trip(
    chance: random.Random, area: str, day: date, number: int,
    homes: Sequence[Any], public: Sequence[int], fleet: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    member, home = homes[int(len(homes) * chance.random() ** 2)]
    ends = [home, public[int(len(public) * chance.random() ** 2)]]
    if chance.random() < 0.45:
        ends.reverse()
    pickup_s = chance.choice(HOURS) * 3600 + chance.randrange(0, 3600, 300)
    late_s = round(chance.gauss(-120, 150))
    ride_s = chance.randrange(300, 1800)
    roll = chance.random()
    state = "cancelled" if roll < 0.05 else "no_show" if roll < 0.06 else "done"
    done = state == "done"
    return {
        "booking": {
            "id": f"y{number:06}", "area_id": area, "service_date": day,
            "reference": f"y{number}", "state": state, "member_id": member,
            "contact_name": "", "contact_phone": "", "origin_id": ends[0],
            "destination_id": ends[1], "riders": 2 if chance.random() < 0.1 else 1,
            "wheelchairs": 0, "half_fares": 0, "infants": 0, "transfer": False,
            "vehicle_id": chance.choice(fleet), "promise_no": 1,
            "pickup_planned_s": pickup_s, "arrive_planned_s": pickup_s + ride_s,
            "direct_s": ride_s - 60, "booked_at": 0.0, "booked_by": "operator",
            "arrived_s": pickup_s + 600 + late_s if done else None,
            "aboard_s": pickup_s + 660 + late_s if done else None,
            "dropped_s": pickup_s + 660 + late_s + ride_s if done else None,
            "channel": chance.choice(("phone", "phone", "web")),
        },
        "pickup_s": pickup_s, "ride_s": ride_s, "late_s": late_s,
        "distance_m": chance.randrange(800, 12_000), "shared": chance.random() < 0.3,
        "refused": chance.random() < 0.06,
    }  # fmt: skip


async def _write(connection: AsyncConnection, made: Sequence[dict[str, Any]]) -> None:
    if not made:
        return
    await connection.execute(insert(bookings), [one["booking"] for one in made])
    await connection.execute(insert(promises), [_promise(one) for one in made])
    done = [one for one in made if one["booking"]["state"] == "done"]
    await add_rides(connection, [_ride(one) for one in done])
    refused = [_refusal(one) for one in made if one["refused"]]
    if refused:
        await connection.execute(insert(refusals), refused)


def _promise(one: dict[str, Any]) -> dict[str, Any]:
    booking, pickup_s = one["booking"], one["pickup_s"]
    return {
        "booking_id": booking["id"], "no": 1, "vehicle_id": booking["vehicle_id"],
        "pickup_from_s": pickup_s, "pickup_to_s": pickup_s + 600,
        "arrive_by_s": pickup_s + 900 + one["ride_s"], "request": {}, "told_at": 0.0,
        "told_by": "operator", "why": "booked",
    }  # fmt: skip


def _ride(one: dict[str, Any]) -> RideRow:
    booking, riders = one["booking"], one["booking"]["riders"]
    return RideRow(
        booking_id=booking["id"],
        service_date=booking["service_date"],
        vehicle_id=booking["vehicle_id"],
        picked_up_s=booking["aboard_s"],
        dropped_off_s=booking["dropped_s"],
        distance_m=one["distance_m"],
        shared=one["shared"],
        fare_yen=(300 if one["shared"] else 500) * riders,
        fare_reasons=(),
        fare_inputs={"riders": riders},
        tariff="line-2021",
    )


def _refusal(one: dict[str, Any]) -> dict[str, Any]:
    booking, pickup_s = one["booking"], one["pickup_s"]
    room = pickup_s % 900 != 0
    saves = [{"field": "desired_s", "by": 600 + pickup_s % 3600, "unit": "s"}]
    ask = {
        "origin": booking["origin_id"], "destination": booking["destination_id"],
        "time": pickup_s, "riders": booking["riders"],
        "rider_id": booking["member_id"] % 7 + 1,
    }  # fmt: skip
    return {
        "area_id": booking["area_id"], "at": 0.0, "service_date": booking["service_date"],
        "reason": "busy" if room else "too_late", "binding": None, "ask": ask,
        "alternatives": 0, "relaxations": saves if room and pickup_s % 1200 else [],
        "declined": None, "actor": "operator",
    }  # fmt: skip
