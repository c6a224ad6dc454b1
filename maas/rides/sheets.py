"""Day sheets of an area's vehicles: made from the plan, kept as files for when there is none.

The files lie in `sheets/<day>/<vehicle>.pdf` of the data directory and can be printed without a
server; the last ones stay when nothing new can be made.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from maas.duty.sheet import FREE_LINES, Sheet, SheetStop, draw
from maas.rides.day import Day
from maas.rides.show import party_of
from maas.rides.views import PlanStopView, VehiclePlanView
from maas.store.fleet import VehicleRow
from maas.town.calendars import clock_words, day_words

if TYPE_CHECKING:
    from maas.rides.keeper import Keeper

KEPT_DAYS: Final = 7
"""How long sheets of past days stay: they name riders."""
_DAY: Final = re.compile(r"^\d{4}-\d{2}-\d{2}$")

# What a driver reads on a rider's line; whatever else is known of a rider is not printed.
AIDS: Final = {
    "wheelchair": "車いす", "walker": "歩行器", "cane": "つえ", "stretcher": "ストレッチャー",
    "guide_dog": "盲導犬", "oxygen": "酸素",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Printed:
    """A sheet on disk, and when it was made (epoch seconds)."""

    vehicle_id: str
    day: date
    made_at: float


class Sheets:
    """Makes the day sheets of one area."""

    def __init__(self, keeper: Keeper, phone: str) -> None:
        self._keeper = keeper
        self._phone = phone

    async def of(self, vehicle_id: str, day: date) -> Sheet | None:
        """Return a vehicle's sheet of a day as it is now, `None` for one that takes no bookings."""
        view = await self._keeper.vehicle_view(vehicle_id, day)
        if view is None:
            return None
        held = await self._keeper.day_of(day)
        return self._sheet(self._keeper.here.names.vehicles[vehicle_id], view, held)

    async def all(self, day: date) -> list[Sheet]:
        """Return the sheets of every vehicle that takes bookings."""
        found = [await self.of(row.id, day) for row in self._keeper.here.taxis]
        return [sheet for sheet in found if sheet is not None]

    async def keep(self, folder: Path) -> None:
        """Write the sheets of today and tomorrow into a folder, and remove those long past."""
        today = self._keeper.today
        for day in (today, today + timedelta(days=1)):
            for row in self._keeper.here.taxis:
                sheet = await self.of(row.id, day)
                if sheet is not None:
                    await asyncio.to_thread(_write, file_of(folder, day, row.id), sheet)
        await asyncio.to_thread(_forget, folder, today - timedelta(days=KEPT_DAYS))

    def _sheet(self, vehicle: VehicleRow, view: VehiclePlanView, held: Day) -> Sheet:
        names = self._keeper.here.names
        now = datetime.fromtimestamp(self._keeper.clock(), UTC)
        own = [row for row in held.bookings.values() if row.vehicle_id == vehicle.id]
        done = sum(row.state == "done" for row in own)
        coming = sum(stop.riders for stop in view.stops if stop.kind == "pickup")
        number = f"{held.day:%y%m%d}-{vehicle.row}"
        return Sheet(
            title="運行表",
            day=day_words(held.day).ja,
            made=f"{now.astimezone(ZoneInfo(names.timezone)):%m/%d %H:%M}",
            vehicle=vehicle.name,
            plate=vehicle.plate,
            operator=vehicle.operator,
            driver=view.driver or "",
            phone=self._phone,
            summary=f"これから乗る人 {coming}人  乗車中 {view.on_board}人  済み {done}件",
            stops=[self._stop(stop, held) for stop in view.stops],
            lines=[f"{number}-{n:02d}" for n in range(1, FREE_LINES + 1)],
        )

    def _stop(self, stop: PlanStopView, held: Day) -> SheetStop:
        names, row = self._keeper.here.names, held.bookings[stop.booking_id]
        member = None if row.member_id is None else names.members.get(row.member_id)
        fare = names.fare(
            row.service_date, party_of(row), (row.origin_id, row.destination_id),
            member_id=row.member_id, transfer=row.transfer,
        )  # fmt: skip
        aids = [AIDS[tag] for tag in stop.tags if tag in AIDS]
        remarks = [*aids, stop.notes, f"運賃{fare.yen}円(相乗り{fare.shared_yen}円)"]
        pickup = stop.kind == "pickup"
        return SheetStop(
            planned=self._clock(stop.planned, held.day),
            kind="乗車" if pickup else "降車",
            reference=stop.reference,
            rider="\n".join(filter(None, (stop.rider_name, stop.rider_kana))),
            phone=row.contact_phone or (member.phone if member else ""),
            place="\n".join(filter(None, (stop.place.name, stop.place.address))),
            party=f"{stop.riders}人" + (f"\n車いす{stop.wheelchairs}" if stop.wheelchairs else ""),
            promised=self._promised(stop, held.day),
            remarks="。".join(filter(None, remarks if pickup else (*aids, stop.notes))),
        )

    def _promised(self, stop: PlanStopView, day: date) -> str:
        until = self._clock(stop.window_to, day)
        if stop.window_from is None:
            return f"{until}まで"
        return f"{self._clock(stop.window_from, day)}から{until}"

    def _clock(self, epoch: int, day: date) -> str:
        return clock_words(epoch - self._keeper.here.names.epoch(day, 0))


def folder_in(data_dir: Path) -> Path:
    """Return the folder of the sheets in a data directory."""
    return data_dir / "sheets"


def file_of(folder: Path, day: date, vehicle_id: str) -> Path:
    """Return where a vehicle's sheet of a day is kept; an id that is no file name is made one."""
    return folder / day.isoformat() / f"{re.sub(r'[^A-Za-z0-9_-]', '_', vehicle_id)}.pdf"


def printed(folder: Path, day: date, vehicle_ids: Sequence[str]) -> list[Printed]:
    """Return which of these vehicles have a sheet of a day on disk."""
    files = ((id_, file_of(folder, day, id_)) for id_ in vehicle_ids)
    return [Printed(id_, day, file.stat().st_mtime) for id_, file in files if file.exists()]


def _write(file: Path, sheet: Sheet) -> None:
    """Write a sheet so that there is always a whole one, for nobody else on the machine to read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(draw([sheet]))
    new.replace(file)


def _forget(folder: Path, before: date) -> None:
    for each in folder.iterdir() if folder.exists() else ():
        if _DAY.match(each.name) and each.name < before.isoformat():
            rmtree(each)
