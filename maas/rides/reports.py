"""A report as it is kept: with what became of it, what was odd, and what is said of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.duty.messages import tell
from maas.fares.payment import Tendered
from maas.rides.booking import Live
from maas.rides.commit import Change
from maas.rides.merge import (
    LATE_S,
    LOOK,
    Ruling,
    Tap,
    Timed,
    codes_of,
)
from maas.rides.show import Names
from maas.rides.views import (
    Event,
    RideView,
    TapResult,
)
from maas.store import duty
from maas.store.bookings import BookingRow
from maas.store.commits import AuditEntry
from maas.store.duty import ReportRow
from maas.town.messages import Text

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Kept:
    """A report and what became of it, an `Also` of the change it makes."""

    row: ReportRow

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Keep it; raises IntegrityError when the event has been kept by another writer."""
        await duty.add_report(connection, self.row)
        return True


@dataclass(frozen=True, slots=True)
class Reported:
    """One report on its way: which vehicle, when it really was, when it came and through whom."""

    vehicle_id: str
    it: Timed
    received_at: float
    actor: str

    @property
    def tap(self) -> Tap:
        """What the device kept."""
        return self.it.tap

    @property
    def is_late(self) -> bool:
        """Whether it is so old that it is taken by the table of late steps."""
        return self.received_at - self.it.at > LATE_S

    @property
    def paid(self) -> Tendered:
        """What the rider gave; nothing said is the fare in cash."""
        return Tendered(self.tap.cash_yen, self.tap.vouchers) if self.tap.paid else Tendered()


@dataclass(frozen=True, slots=True)
class Made:
    """What a report writes (`None`: nothing new), what it answers, and what is said of it."""

    day: date
    change: Change | None
    result: TapResult
    said: tuple[Text, ...]


def noted(
    report: Reported,
    live: Live,
    row: BookingRow | None,
    found: Ruling,
    codes: tuple[str, ...],
) -> Made:
    """Return what a report writes that changes nothing: it is kept, with what it says."""
    clock = "clock" if report.it.clock_wrong else ""
    kind = f"step.{found.outcome}"
    audit = AuditEntry(live.now, live.actor, kind, report.tap.booking_id, "{}")
    return with_report(
        report, live, row, Change((), (), audit), found, codes_of(found.code, *codes, clock)
    )


def with_report(
    report: Reported,
    live: Live,
    row: BookingRow | None,
    change: Change,
    found: Ruling,
    codes: tuple[str, ...],
    ride: RideView | None = None,
) -> Made:
    """Return a change with its report, with what the office should see and what is answered."""
    tap = report.tap
    said = said_of(live.names, report.vehicle_id, row, codes)
    look = tuple(text for code, text in zip(codes, said, strict=True) if code in LOOK)
    kept = ReportRow(
        vehicle_id=report.vehicle_id,
        event=tap.event,
        service_date=live.day.day,
        booking_id=tap.booking_id,
        step=tap.step,
        said_at=tap.said_at,
        at=report.it.at,
        received_at=report.received_at,
        actor=report.actor,
        outcome=found.outcome,
        codes=codes,
        look=bool(look),
        lat=tap.lat,
        lon=tap.lon,
        boot=tap.boot,
        seq=tap.seq,
        payment=_payment(tap),
    )
    day, area = live.day.day, live.names.area
    events = tuple(Event("step.look", area, day, live.now, text=text) for text in look)
    audit = _audited(change.audit, kept)
    change = replace(
        change,
        events=(*change.events, *events),
        also=(*change.also, Kept(kept)),
        audit=audit,
    )
    result = TapResult(tap.event, found.outcome, codes, said, ride)
    return Made(day, change, result, for_driver(codes, said))


def said_of(
    names: Names, vehicle_id: str, row: BookingRow | None, codes: Sequence[str]
) -> tuple[Text, ...]:
    """Return what is said of what was out of the ordinary, a sentence for each code."""
    own = names.vehicles[vehicle_id]
    vehicle = Text(own.name, own.name_en or own.name)
    reference = "" if row is None else row.reference
    return tuple(tell(f"late.{code}", reference=reference, vehicle=vehicle) for code in codes)


def is_over_full(report: Reported, live: Live, row: BookingRow) -> bool:
    """Whether more are on board than fit, once this booking is."""
    vehicle = live.names.vehicles[report.vehicle_id]
    aboard = [row] + [
        each
        for each in live.day.bookings.values()
        if each.vehicle_id == vehicle.id and each.state == "aboard" and each.id != row.id
    ]
    wheelchairs = sum(each.wheelchairs for each in aboard)
    seated = sum(each.riders - each.wheelchairs for each in aboard)
    seats = vehicle.seats - wheelchairs * vehicle.seats_lost_per_wheelchair
    return seated > seats or wheelchairs > vehicle.wheelchair_places


def for_driver(codes: Sequence[str], said: Sequence[Text]) -> tuple[Text, ...]:
    """Return what to tell the driver, who hears of the roll call with every job anyway."""
    both = zip(codes, said, strict=True)
    return tuple(text for code, text in both if code != "no_roll_call")


def _payment(tap: Tap) -> dict[str, Any] | None:
    if not tap.paid:
        return None
    return {"cash_yen": tap.cash_yen, "vouchers": list(tap.vouchers)}


def _audited(audit: AuditEntry, kept: ReportRow) -> AuditEntry:
    """Return an audit entry that also tells when and where a step was, and what was odd."""
    detail = {"event": kept.event, "vehicle": kept.vehicle_id, "at": kept.at, "codes": kept.codes}
    return replace(audit, detail=msgspec.json.encode(detail, order="deterministic").decode())
