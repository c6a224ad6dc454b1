"""The vehicles that take bookings, as the dispatcher sees them on one day."""

from __future__ import annotations

from collections.abc import Iterable

from dispatcher import Place, Vehicle
from maas.store.fleet import VehicleRow


def taxis(vehicles: Iterable[VehicleRow]) -> list[VehicleRow]:
    """Return the vehicles that take bookings: with a depot, in service, without a timetable."""
    return [
        row
        for row in vehicles
        if row.block is None and row.depot_place_id is not None and row.in_service
    ]


def on_shift(row: VehicleRow, at_place: int | None, free_s: int | None) -> Vehicle:
    """Return the vehicle for the rest of its shift.

    `at_place` and `free_s` are where and when it finished its last stop; before the first it
    stands at its depot, where it also ends.  Raises `ValueError` for a vehicle without a depot.
    """
    if row.depot_place_id is None:
        raise ValueError(f"{row.id} has no depot")
    start_s = max(row.shift_from_s, free_s or 0)
    return Vehicle(
        id=row.id,
        start=Place(row.depot_place_id if at_place is None else at_place),
        end=Place(row.depot_place_id),
        start_s=start_s,
        end_s=max(row.shift_to_s, start_s),
        seats=row.seats,
        wheelchair_places=row.wheelchair_places,
        seats_lost_per_wheelchair=row.seats_lost_per_wheelchair,
        profile=row.profile,
    )
