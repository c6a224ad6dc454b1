"""A town's books kept in the real tables, and beside them in plain sums: the oracle of the reports.

Everything is written on 20 November 2026: September and October are over and may be closed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from maas.fares import books as money
from maas.records import closing
from maas.records.corrections import Correction, correct
from maas.rides.commit import Change, commit
from maas.store import bus_counts, duty, ledger, rides, takings
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.bus_counts import CountRow
from maas.store.closings import month_of
from maas.store.commits import AuditEntry
from maas.store.database import Database, open_database
from maas.store.duty import RecordRow
from maas.store.entries import VehicleDay
from maas.store.once import By
from maas.store.rides import RefusalRow, RideRow
from maas.store.takings import TakingRow
from maas.town.imports import import_town
from tests.maas.line_town import Van, write_town

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC).timestamp()
TODAY = date(2026, 11, 20)
MONTHS = ("2026-09", "2026-10", "2026-11")
VANS = ("van-1", "van-2")
CALL: dict[str, Any] = {
    "caller": "yuki", "method": "face", "detector": True, "drunk": False, "illness": False,
    "fatigue": False, "lack_of_sleep": False, "check_ok": True, "fit": True,
}  # fmt: skip


async def found_town(url: str, folder: Path) -> None:
    """Import the town whose books are kept."""
    database = open_database(url)
    await import_town(database, write_town(folder, vans=tuple(Van(id_) for id_ in VANS)))
    await database.close()


@dataclass
class Books:
    """The database, and what should be in each month by adding up what was done.

    `own` are rides that count in the month they were made in and were not taken back since.
    `registers` are roll calls and riders of buses, which a closing is not about.
    """

    database: Database
    sums: dict[str, Counter[str]] = field(default_factory=lambda: {m: Counter() for m in MONTHS})
    registers: dict[str, Counter[str]] = field(
        default_factory=lambda: {m: Counter() for m in MONTHS}
    )
    closed: dict[str, Counter[str]] = field(default_factory=dict)
    rides: dict[str, dict[str, Any]] = field(default_factory=dict)
    driven: dict[str, dict[str, Any]] = field(default_factory=dict)
    absent: dict[str, BookingRow] = field(default_factory=dict)
    counts: list[CountRow] = field(default_factory=list)
    calls: list[RecordRow] = field(default_factory=list)
    done: int = 0

    def month_for(self, day: date) -> str:
        """Return the month in which something of a day counts now."""
        return "2026-11" if month_of(day) in self.closed else month_of(day)

    def by(self) -> By:
        """Return who does the next thing."""
        self.done += 1
        return By("yuki", NOW + self.done, f"key-{self.done}")

    async def ride(self, day: date, riders: int, yen: int, metres: int, van: int) -> None:
        """Somebody rides, and pays in cash."""
        row = self._booking(day, riders, van, "done")
        await self._ride(row, yen, metres, (row,), ())

    async def rode_after_all(self, index: int, yen: int, metres: int) -> None:
        """Somebody who was not there has ridden, as a late report says."""
        if not self.absent:
            return
        id_ = sorted(self.absent)[index % len(self.absent)]
        row, was = self._now_done(self.absent.pop(id_)), "no_show"
        self.sums[self.month_for(row.service_date)][was] -= 1
        await self._ride(row, yen, metres, (), (row,))

    async def _ride(
        self, row: BookingRow, yen: int, metres: int, added: tuple[BookingRow, ...],
        updated: tuple[BookingRow, ...],
    ) -> None:  # fmt: skip
        by = self.by()
        ride = RideRow(
            row.id, row.service_date, row.vehicle_id, 30_000, 31_000, metres, False, yen, (),  # noqa: FBT003
            {"riders": row.riders, "parts": []}, "line-2021",
        )  # fmt: skip
        audit = AuditEntry(by.now, by.actor, "booking.done", row.id, "{}")
        told = tuple(self._promise(each) for each in added)
        change = Change((), (), audit, added, updated, told, ride)
        assert await commit(self.database, "line", change, None)
        month = self.month_for(row.service_date)
        own = int(month == month_of(row.service_date))
        self.rides[row.id] = {
            "day": row.service_date, "month": month, "riders": row.riders, "yen": yen, "cash": yen,
            "distance_m": metres, "own": own,
        }  # fmt: skip
        self.sums[month].update(rides=1, riders=row.riders, yen=yen, metres=metres, own=own)
        async with self.database.writing() as db:
            paid = TakingRow(row.service_date, row.vehicle_id, row.id, "cash", yen, by.now, "ken")
            await takings.add(db, [paid])
        self.sums[self.month_for(row.service_date)]["cash"] += yen

    async def ended(self, day: date, state: str, van: int) -> None:
        """A booking ends without a ride."""
        row = self._booking(day, 1, van, state)
        by = self.by()
        audit = AuditEntry(by.now, by.actor, f"booking.{state}", row.id, "{}")
        assert await commit(self.database, "line", Change((), (), audit, (row,)), None)
        self.sums[self.month_for(day)][state] += 1
        if state == "no_show":
            self.absent[row.id] = row

    async def refused(self, day: date, *, declined: bool) -> None:
        """Somebody asks for a day and is refused, or declines what is offered; today or later."""
        row = RefusalRow(
            "line", NOW, max(day, TODAY), "full", None, {"time": 36_000}, 1, [],
            [{}] if declined else None,
        )  # fmt: skip
        async with self.database.writing() as db:
            await rides.add_refusal(db, row)
        if row.service_date <= date(2026, 11, 30):
            self.sums["2026-11"]["declined" if declined else "refused"] += 1

    async def drove(self, day: date, van: int, metres: int, loaded_m: int, duty_s: int) -> None:
        """A vehicle's day is written down."""
        id_ = f"{VANS[van]}/{day}"
        if id_ in self.driven:
            return
        month = self.month_for(day)
        dated = day if month == month_of(day) else TODAY
        row = VehicleDay(
            VANS[van], day, "line", dated, metres, min(loaded_m, metres), duty_s, None, "roads", NOW
        )
        async with self.database.writing() as db:
            await ledger.add_vehicle_days(db, [row])
        self.driven[id_] = row._asdict() | {"month": month}
        self.sums[month].update(
            vehicle_m=metres, loaded_m=row.loaded_m, duty_s=duty_s, vehicle_days=1
        )

    async def put_right(self, index: int, name: str, value: int) -> None:
        """Put a field of a ride right."""
        if not self.rides:
            return
        id_ = sorted(self.rides)[index % len(self.rides)]
        row = self.rides[id_]
        made = Correction("ride", id_, {name: value}, "聞き取り")
        assert await correct(self.database, made, self.by()) is None
        month = row["month"] if row["month"] not in self.closed else "2026-11"
        key = "riders" if name == "riders" else "metres"
        self.sums[month][key] += value - row[name]
        row[name] = value

    async def drove_less(self, index: int, metres: int) -> None:
        """Put the kilometres of a vehicle's day right."""
        if not self.driven:
            return
        id_ = sorted(self.driven)[index % len(self.driven)]
        row = self.driven[id_]
        made = Correction("vehicle_day", id_, {"distance_m": metres}, "メーター")
        wrong = await correct(self.database, made, self.by())
        assert wrong == ("bad-correction" if metres < row["loaded_m"] else None)
        if wrong is None:
            month = row["month"] if row["month"] not in self.closed else "2026-11"
            self.sums[month]["vehicle_m"] += metres - row["distance_m"]
            row["distance_m"] = metres

    async def never_was(self, index: int) -> None:
        """A ride is taken back, and its fare with it."""
        if not self.rides:
            return
        id_ = sorted(self.rides)[index % len(self.rides)]
        row = self.rides.pop(id_)
        made = Correction("ride", id_, {"void": True}, "押しまちがい")
        assert await correct(self.database, made, self.by()) is None
        month = row["month"] if row["month"] not in self.closed else "2026-11"
        gone = {"rides": 1, "riders": row["riders"], "yen": row["yen"], "metres": row["distance_m"]}
        gone["own"] = row["own"] if month == row["month"] else 0  # a closed month keeps it
        self.sums[month].subtract(gone)

    async def refund(self, index: int, yen: int) -> None:
        """Give cash back for a ride."""
        if not self.rides:
            return
        id_ = sorted(self.rides)[index % len(self.rides)]
        row = self.rides[id_]
        wrong = await money.refund(self.database, id_, yen, "返金", self.by())
        assert wrong == ("bad-correction" if yen > min(row["yen"], row["cash"]) else None)
        if wrong is None:
            month = self.month_for(row["day"])
            month = month if row["month"] == month_of(row["day"]) else "2026-11"
            self.sums[month].subtract({"yen": yen, "cash": yen})
            row["yen"] -= yen
            row["cash"] -= yen

    async def close(self, month: str) -> None:
        """Close a month; nothing of it may change from now on."""
        wrong = await closing.give_out(self.database, month, "closed", self.by(), TODAY)
        if month in self.closed:
            assert wrong == "month-closed"
        elif month == "2026-11":
            assert wrong == "month-not-over"
        else:
            assert wrong is None
            self.closed[month] = Counter(self.sums[month])

    async def tapped(self, day: date, call: int, boarded: int, alighted: int) -> None:
        """The driver of a bus counts who gets on and off; no closing is about buses."""
        self.done += 1
        row = CountRow(
            f"n{self.done:03d}", day, VANS[0], f"trip-{day.day % 2}", call, "driver", boarded,
            alighted, NOW + self.done, NOW + self.done, VANS[0],
        )  # fmt: skip
        await self._counted(row)
        self.registers[month_of(day)].update(boarded=boarded, alighted=alighted)

    async def tapped_wrongly(self, index: int, boarded: int) -> None:
        """A count of a bus is put right by another row."""
        if not self.counts:
            return
        was = self.counts.pop(index % len(self.counts))
        self.done += 1
        await self._counted(replace(was, id=f"n{self.done:03d}", boarded=boarded, corrects=was.id))
        self.registers[month_of(was.service_date)]["boarded"] += boarded - was.boarded

    async def _counted(self, row: CountRow) -> None:
        async with self.database.writing() as db:
            await bus_counts.add_count(db, row)
        self.counts.append(row)

    async def called(self, day: date, van: int) -> None:
        """A driver's duty begins with a roll call and leaving the garage."""
        for kind, body in (("call_before", CALL), ("out", {"meter_km": 1.0})):
            self.done += 1
            row = RecordRow(
                f"d{self.done:03d}", day, VANS[van], "ken", kind, NOW + self.done, NOW + self.done,
                "yuki", body,
            )  # fmt: skip
            async with self.database.writing() as db:
                await duty.add_record(db, row)
        self.calls.append(replace(row, id=f"d{self.done - 1:03d}", kind="call_before", body=CALL))
        self.registers[month_of(day)]["calls"] += 1

    async def called_wrongly(self, index: int) -> None:
        """A roll call is put right: the first one stays to be read."""
        if not self.calls:
            return
        was = self.calls.pop(index % len(self.calls))
        self.done += 1
        row = replace(was, id=f"d{self.done:03d}", corrects=was.id, body=CALL | {"fatigue": True})
        async with self.database.writing() as db:
            await duty.add_record(db, row)
        self.calls.append(row)
        self.registers[month_of(was.service_date)].update(calls=1, calls_put_right=1)

    def _booking(self, day: date, riders: int, van: int, state: str) -> BookingRow:
        self.done += 1
        row = BookingRow(
            f"b{self.done:03d}", "line", day, f"{self.done:04d}", state, None, "", "", 2, 5,
            riders, 0, 0, 0, False, VANS[van], 1, 30_000, 31_000, 600, NOW, "yuki",  # noqa: FBT003
        )  # fmt: skip
        return self._now_done(row) if state == "done" else row

    def _now_done(self, row: BookingRow) -> BookingRow:
        at = {"arrived_s": 29_900, "aboard_s": 30_000, "dropped_s": 31_000}
        return replace(row, state="done", **at)  # type: ignore[arg-type]

    def _promise(self, row: BookingRow) -> PromiseRow:
        return PromiseRow(
            row.id, 1, row.vehicle_id, 29_700, 30_600, 31_500, {}, NOW, "yuki", "booked"
        )
