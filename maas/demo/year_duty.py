"""The duty records of the demo's past: roll calls and meter readings of every vehicle's day."""

from __future__ import annotations

from collections.abc import Iterator

from gtfs.calendar import day_start_epoch
from maas.demo.radio import CALLER
from maas.duty.records import Body, CallAfter, CallBefore, In, Out, kind_of, write_body
from maas.rides.show import Names
from maas.store.duty import RecordRow
from maas.store.entries import VehicleDay

AFTER_S = 600
"""How long before and after a duty the roll call is."""


def records_of(names: Names, day: VehicleDay, metres: dict[str, int]) -> Iterator[RecordRow]:
    """Yield a vehicle's records of a day in their order; its meter in `metres` goes on."""
    row = names.vehicles[day.vehicle_id]
    midnight = day_start_epoch(day.service_date, names.timezone)
    out_s, in_s = midnight + row.shift_from_s, midnight + row.shift_to_s
    before_km = metres[row.id] / 1000
    metres[row.id] += day.distance_m
    after_km = metres[row.id] / 1000
    made: tuple[tuple[float, Body], ...] = (
        (out_s - AFTER_S, _before()),
        (out_s, Out(meter_km=round(before_km, 1))),
        (in_s, In(meter_km=round(after_km, 1))),
        (in_s + AFTER_S, _after()),
    )
    for at, body in made:
        kind = kind_of(body)
        yield RecordRow(
            id=f"past-{day.service_date:%Y%m%d}-{row.id}-{kind}",
            service_date=day.service_date,
            vehicle_id=row.id,
            driver=f"運転 {row.name}",
            kind=kind,
            at=at,
            recorded_at=at,
            actor=row.id if kind in {"out", "in"} else "dispatcher",
            body=write_body(body),
        )


def _before() -> CallBefore:
    return CallBefore(
        caller=CALLER, method="face", detector=True, reading_mg_l=0.0, drunk=False, illness=False,
        fatigue=False, lack_of_sleep=False, check_ok=True, fit=True,
    )  # fmt: skip


def _after() -> CallAfter:
    return CallAfter(
        caller=CALLER, method="face", detector=True, reading_mg_l=0.0, drunk=False,
        vehicle="異常なし", road="異常なし", service="予定どおり",
    )  # fmt: skip
