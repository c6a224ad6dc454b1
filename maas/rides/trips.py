"""What vehicles report, at once or hours later: one way in, once for each event of a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from gtfs.calendar import seconds_of
from maas.duty.day import readiness
from maas.duty.messages import tell
from maas.fares.payment import Payment, Tendered, pay
from maas.fares.vouchers import VoucherRefused
from maas.rides import trip
from maas.rides.booking import Live
from maas.rides.commit import Change, asked
from maas.rides.day import Day, Moment, is_out, is_unplaced
from maas.rides.merge import (
    Ruling,
    Tap,
    codes_of,
    in_device_order,
    ruling,
    timed,
    without_payment,
)
from maas.rides.reports import Made, Reported, for_driver, is_over_full, noted, said_of, with_report
from maas.rides.show import ride_view
from maas.rides.views import (
    JobView,
    KeyConflict,
    NoRollCall,
    NotFound,
    NotNow,
    TapResult,
    WaitView,
)
from maas.store import duty
from maas.store.bookings import BookingRow
from maas.store.duty import ReportRow
from maas.store.rides import RideRow
from maas.town.messages import Text, say

if TYPE_CHECKING:
    from maas.rides.keeper import Keeper

No = KeyConflict | NotFound | NotNow | VoucherRefused | NoRollCall

_DEPARTS: Final = frozenset({"arrived", "aboard"})
"""Steps that a vehicle cannot report without having departed."""
_DAY_S: Final = 36 * 3600
"""A step is on its booking's service day before this second of it."""


class Trips:
    """The steps of an area's vehicles, written by its keeper."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def job(self, vehicle_id: str) -> JobView | None:
        """Return what the driver does next, `None` for a vehicle that takes no bookings here."""
        job = await self._keeper.job(vehicle_id)
        if job is None:
            return None
        day = await self._keeper.day_of(self._keeper.today)
        return await self._complete(job, day)

    async def step(self, vehicle_id: str, tap: Tap, *, key: str, actor: str) -> JobView | No:
        """Take one step and answer the job after it, once for its key.

        A voucher that is refused leaves the rider on board.  Reporting again what is known already
        changes nothing and answers the present job.
        """
        received_at = self._keeper.clock()
        [it] = timed([tap], received_at, None)
        report = Reported(vehicle_id, it, received_at, actor)
        call = asked(actor, key, "step", vehicle_id, tap)

        async def make() -> Change | JobView | No:
            found = await self._made(report)
            if not isinstance(found, Made):
                return found
            change, result = found.change, found.result
            day = (await self._keeper.live_of(found.day)).day
            if change is not None:
                day = change.after(day)
            job = await self._keeper.job_on(day, vehicle_id, result.ride)
            job = await self._complete(job, day, found.said)
            return job if change is None else replace(change, answer=job)

        return await self._keeper.once(call, JobView, make)

    async def merge(
        self, vehicle_id: str, taps: Sequence[Tap], *, sent_at: float | None, actor: str
    ) -> tuple[TapResult, ...]:
        """Take what a device kept while it had no signal, in its order, each event once.

        `sent_at` is the device's clock at sending.  Every tap gets a result, and those after one
        that cannot be taken are taken all the same.
        """
        received_at = self._keeper.clock()
        results = []
        for it in timed(in_device_order(taps), received_at, sent_at):
            report = Reported(vehicle_id, it, received_at, actor)
            results.append(await self._merged(report))
        return tuple(results)

    async def _merged(self, report: Reported) -> TapResult:
        tap = report.tap
        what = (tap.booking_id, tap.step, tap.said_at)
        call = asked(report.actor, f"event:{report.vehicle_id}:{tap.event}", "tap", *what)

        async def make() -> Change | TapResult | No:
            found = await self._made(report)
            if not isinstance(found, Made):
                return found
            if found.change is None:
                return found.result
            return replace(found.change, answer=found.result)

        answer: TapResult | No = await self._keeper.once(call, TapResult, make)
        if isinstance(answer, TapResult):
            return answer
        said = tell("late.event_reused") if isinstance(answer, KeyConflict) else answer.sentence
        return TapResult(tap.event, "refused", (), (said,))

    async def _made(self, report: Reported) -> Made | No:
        """Return what a report writes and answers; `change` is `None` when it was kept before."""
        tap = report.tap
        async with self._keeper.database.reading() as connection:
            before = await duty.report(connection, report.vehicle_id, tap.event)
        row = await self._keeper.row_of(tap.booking_id)
        if before is not None:
            return await self._again(report, before, row)
        if row is None:
            return await self._unknown(report)
        live = await self._keeper.live_of(row.service_date, report.actor)
        if report.is_late:
            return await self._late(report, live, row)
        return await self._at_once(report, live, row)

    async def _again(
        self, report: Reported, before: ReportRow, row: BookingRow | None
    ) -> Made | No:
        tap = report.tap
        if (before.booking_id, before.step) != (tap.booking_id, tap.step):
            return KeyConflict(say("key_reused"))
        ended = row is not None and tap.step == "dropped"
        ride = await self._keeper.ride_of(tap.booking_id) if ended else None
        said = said_of(self._keeper.here.names, report.vehicle_id, row, before.codes)
        result = TapResult(tap.event, before.outcome, before.codes, said, ride)  # type: ignore[arg-type]  # the table checks its words
        return Made(before.service_date, None, result, for_driver(before.codes, said))

    async def _unknown(self, report: Reported) -> Made | NotFound:
        if not report.is_late:
            return NotFound(say("no_booking"))
        live = await self._keeper.live_of(self._keeper.today, report.actor)
        return noted(report, live, None, Ruling("asked", "unknown_booking"), ())

    async def _at_once(self, report: Reported, live: Live, row: BookingRow) -> Made | No:
        """Take a step that the driver made now; whatever cannot be is refused."""
        tap = report.tap
        if not _is_its(report, row):
            return NotFound(say("not_in_plan"))
        if trip.reported_before(row, tap.step):
            ride = await self._keeper.ride_of(row.id) if tap.step == "dropped" else None
            return Made(row.service_date, None, TapResult(tap.event, "known", ride=ride), ())
        at_s = min(self._second_of(report, live, row), live.now_s)
        wrong = trip.allowed(live, row, tap.step, at_s, self._wait_s(row.service_date))
        if wrong is not None:
            return wrong
        ready = await self._readiness(report.vehicle_id, row.service_date)
        must = self._roll_call(row.service_date) == "required" and tap.step in _DEPARTS
        if must and ready != "ready":
            return NoRollCall(tell(ready))
        change = trip.report(
            live, self._keeper.here.taxis, self._moment(live, at_s), row, tap.step, at_s
        )
        return await self._settled(report, live, row, change, "")

    async def _late(self, report: Reported, live: Live, row: BookingRow) -> Made | No:
        """Take a step by the table of late ones, which refuses nothing."""
        tap = report.tap
        found = ruling(tap.step, row.state, here=_is_its(report, row))
        if found.outcome != "taken":
            return noted(report, live, row, found, ())
        at_s = min(self._second_of(report, live, row), live.now_s)
        moment, code = self._moment(live, at_s), found.code
        taxis = self._keeper.here.taxis
        if code:
            change = trip.rode(live, taxis, moment, row, report.vehicle_id, tap.step, at_s)
        else:
            wait_s = self._wait_s(row.service_date)
            early = trip.allowed(live, row, tap.step, at_s, wait_s) is not None
            code = "left_early" if early else ""
            change = trip.report(live, taxis, moment, row, tap.step, at_s)
        return await self._settled(report, live, row, change, code)

    async def _settled(
        self, report: Reported, live: Live, row: BookingRow, change: Change, code: str
    ) -> Made | VoucherRefused:
        """Return a change with what was paid, what was out of the ordinary, and the report."""
        tap, refused = report.tap, None
        if change.ride is not None:
            payment = await self._paid(live, change.ride, report.paid)
            if isinstance(payment, VoucherRefused):
                if not report.is_late:
                    return payment
                refused = "voucher_refused"
                cash = Tendered(without_payment(tap).cash_yen)
                payment = await self._paid(live, change.ride, cash)
            assert isinstance(payment, Payment)  # noqa: S101 -- cash is never refused
            change = replace(change, also=(*change.also, payment))
        full = "over_full" if tap.step == "aboard" and is_over_full(report, live, row) else ""
        out = (
            "out_of_service" if tap.step == "aboard" and is_out(live.day, report.vehicle_id) else ""
        )
        called = await self._without_call(report, row)
        codes = codes_of(code, refused, full, out, called, "clock" if report.it.clock_wrong else "")
        ended = change.ride
        ride = None if ended is None else ride_view(live.names, ended, row.reference)
        return with_report(report, live, row, change, Ruling("taken"), codes, ride)

    async def _complete(
        self,
        job: JobView,
        day: Day,
        said: Sequence[Text] = (),
    ) -> JobView:
        """Return a job with who is waited for, and what the driver should be told."""
        vehicle_id = job.vehicle.id
        warnings = list(said)
        if self._roll_call(day.day) != "off" and job.next is not None:
            ready = await self._readiness(vehicle_id, day.day)
            warnings += [] if ready == "ready" else [tell(ready)]
        return replace(job, waits=self._waits(day, vehicle_id), warnings=tuple(warnings))

    def _waits(self, day: Day, vehicle_id: str) -> tuple[WaitView, ...]:
        names, wait_s = self._keeper.here.names, self._wait_s(day.day)
        return tuple(
            WaitView(
                row.id,
                names.epoch(day.day, row.arrived_s or 0),
                names.epoch(day.day, trip.waits_until_s(day.promises[row.id], row, wait_s)),
            )
            for row in sorted(day.bookings.values(), key=lambda row: (row.arrived_s or 0, row.id))
            if row.vehicle_id == vehicle_id and row.state == "arrived"
        )

    async def _readiness(self, vehicle_id: str, day: date) -> str:
        async with self._keeper.database.reading() as connection:
            rows = await duty.records_on(connection, day, vehicle_id)
        drivers = await self._keeper.drivers()
        return readiness(rows, drivers.get(vehicle_id))

    async def _without_call(self, report: Reported, row: BookingRow) -> str:
        """Return the code that a vehicle departed without a roll call, once a duty."""
        if report.tap.step not in _DEPARTS or self._roll_call(row.service_date) == "off":
            return ""
        if await self._readiness(report.vehicle_id, row.service_date) == "ready":
            return ""
        async with self._keeper.database.reading() as connection:
            before = await duty.reports_on(connection, row.service_date, report.vehicle_id)
        return "" if any("no_roll_call" in each.codes for each in before) else "no_roll_call"

    def _roll_call(self, day: date) -> str:
        rule = self._keeper.here.rules.booking_on(day)
        return "off" if rule is None else rule.roll_call

    def _wait_s(self, day: date) -> int:
        rule = self._keeper.here.rules.booking_on(day)
        return rule.no_show_wait_min * 60 if rule else 0

    def _second_of(self, report: Reported, live: Live, row: BookingRow) -> int:
        """Return the second of the booking's day a step was at; that planned when it cannot be."""
        at_s = seconds_of(report.it.at, row.service_date, live.names.timezone)
        if 0 <= at_s < _DAY_S:
            return at_s
        return row.arrive_planned_s if report.tap.step == "dropped" else row.pickup_planned_s

    def _moment(self, live: Live, at_s: int) -> Moment:
        return self._keeper.moment_of(live.day) or Moment(at_s, {}, frozenset(), 0)

    async def _paid(
        self, live: Live, ride: RideRow, tendered: Tendered
    ) -> Payment | VoucherRefused:
        tariff = live.names.tariff_on(ride.service_date)
        if tariff is None:
            raise ValueError(f"no tariff on {ride.service_date}, yet {ride.booking_id} rode")
        async with self._keeper.database.reading() as connection:
            return await pay(connection, tariff, ride, tendered, now=live.now, actor=live.actor)


def _is_its(report: Reported, row: BookingRow) -> bool:
    """Whether a booking is of the vehicle that reports.

    One that no vehicle can carry any more keeps the name of the last, and who sits in it rides; but
    nobody is to be waited for where it says to have arrived.
    """
    gone = report.tap.step == "arrived" and is_unplaced(row)
    return row.vehicle_id == report.vehicle_id and not gone
