"""The vehicles the dispatcher may use, and where they are."""

from __future__ import annotations

import pytest

from maas.fleet.vehicles import on_shift, taxis
from maas.store.fleet import VehicleRow


def row(block: str | None = None, depot: int | None = 7) -> VehicleRow:
    return VehicleRow(
        row=1, id="van-1", area_id="line", name="1号", name_en="1", operator="", kind="van",
        profile="car", seats=4, wheelchair_places=1, seats_lost_per_wheelchair=2, battery_wh=None,
        depot_place_id=depot, plate="", shift_from_s=27_000, shift_to_s=64_800, block=block,
        driver=None,
    )  # fmt: skip


def test_buses_and_vehicles_without_a_depot_take_no_bookings() -> None:
    assert taxis([row(), row(block="b1"), row(depot=None)]) == [row()]
    with pytest.raises(ValueError, match="no depot"):
        on_shift(row(depot=None), None, None)


def test_a_vehicle_starts_at_its_depot_and_goes_on_from_its_last_stop() -> None:
    fresh, busy, over = (on_shift(row(), *at) for at in ((None, None), (3, 36_000), (3, 70_000)))

    assert (fresh.start, fresh.end, fresh.start_s, fresh.end_s) == (7, 7, 27_000, 64_800)
    assert (busy.start, busy.end, busy.start_s, busy.end_s) == (3, 7, 36_000, 64_800)
    assert (over.start_s, over.end_s) == (70_000, 70_000)
