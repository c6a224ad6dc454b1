"""The records of a vehicle's day put together: each driver's turn, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from maas.duty.records import (
    UNMOVED,
    Body,
    BreakBegin,
    BreakEnd,
    CallAfter,
    CallBefore,
    Charge,
    Check,
    In,
    Incident,
    Meter,
    Out,
    read_body,
)
from maas.store.duty import RecordRow

Readiness = Literal["ready", "not_called", "not_fit"]
Found = TypeVar("Found", bound=Body)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that stands, with its fields read; `at` is epoch seconds."""

    row: RecordRow
    body: Body

    @property
    def at(self) -> float:
        """When it was."""
        return self.row.at


@dataclass(frozen=True, slots=True)
class Rest:
    """A break; `until` `None` while it lasts."""

    since: float
    until: float | None
    place: str


KEPT_YEARS: Final = 1
"""How long roll calls and duty records have to be kept (運輸規則 24条, 25条); ours are for good."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One driver's turn with a vehicle: the parts of the duty record, `None` where missing."""

    driver: str
    check: Check | None
    before: CallBefore | None
    before_at: float | None
    out_at: float | None
    out_km: float | None
    in_at: float | None
    in_km: float | None
    after: CallAfter | None
    after_at: float | None
    rests: tuple[Rest, ...]
    incidents: tuple[Incident, ...]

    @property
    def driven_km(self) -> float | None:
        """How far it was by the meter, `None` while one of the readings is missing."""
        if self.out_km is None or self.in_km is None:
            return None
        return round(self.in_km - self.out_km, 1)

    @property
    def rest_s(self) -> int:
        """How long the driver rested in all, breaks that have ended."""
        return round(sum(rest.until - rest.since for rest in self.rests if rest.until is not None))

    @property
    def missing(self) -> tuple[str, ...]:
        """What the record of a turn that is over still lacks."""
        parts = {
            "check": self.check,
            "call_before": self.before,
            "out": self.out_at,
            "in": self.in_at,
            "call_after": self.after,
        }
        lacking = [name for name, part in parts.items() if part is None]
        lacking += ["break_end"] if any(rest.until is None for rest in self.rests) else []
        return tuple(lacking)


def standing(rows: Iterable[RecordRow]) -> list[Entry]:
    """Return the records that no other corrects, in the order of their times."""
    kept = sorted(rows, key=lambda row: (row.at, row.recorded_at, row.id))
    corrected = {row.corrects for row in kept}
    return [Entry(row, read_body(row.kind, row.body)) for row in kept if row.id not in corrected]


def turns(rows: Iterable[RecordRow]) -> list[Turn]:
    """Return the turns of a day in the order they began."""
    entries = standing(rows)
    drivers = dict.fromkeys(entry.row.driver for entry in entries)
    return [_turn(driver, [e for e in entries if e.row.driver == driver]) for driver in drivers]


def _turn(driver: str, entries: Sequence[Entry]) -> Turn:
    check, _ = _last(entries, Check)
    before, before_at = _last(entries, CallBefore)
    after, after_at = _last(entries, CallAfter)
    back, in_at = _last(entries, In)
    out = next((entry for entry in entries if isinstance(entry.body, Out)), None)
    return Turn(
        driver=driver,
        check=check,
        before=before,
        before_at=before_at,
        out_at=out.at if out else None,
        out_km=out.body.meter_km if out and isinstance(out.body, Out) else None,
        in_at=in_at,
        in_km=back.meter_km if back else None,
        after=after,
        after_at=after_at,
        rests=rests(entries),
        incidents=tuple(e.body for e in entries if isinstance(e.body, Incident)),
    )


def _last(entries: Sequence[Entry], kind: type[Found]) -> tuple[Found | None, float | None]:
    for entry in reversed(entries):
        if isinstance(entry.body, kind):
            return entry.body, entry.at
    return None, None


def rests(entries: Iterable[Entry]) -> tuple[Rest, ...]:
    """Return the breaks: each ends with the next end, or with the next beginning."""
    found: list[Rest] = []
    for entry in entries:
        open_ = found[-1] if found and found[-1].until is None else None
        if isinstance(entry.body, BreakBegin | BreakEnd) and open_ is not None:
            found[-1] = Rest(open_.since, entry.at, open_.place)
        if isinstance(entry.body, BreakBegin):
            found.append(Rest(entry.at, None, entry.body.place))
    return tuple(found)


def readiness(rows: Iterable[RecordRow], driver: str | None) -> Readiness:
    """Return whether a driver may depart: called and found fit since the last end of a duty.

    `driver` `None` is whoever drives: then any driver's roll call will do.
    """
    state: Readiness = "not_called"
    for entry in standing(rows):
        if driver is not None and entry.row.driver != driver:
            continue
        if isinstance(entry.body, CallBefore):
            state = "ready" if entry.body.fit else "not_fit"
        elif isinstance(entry.body, CallAfter):
            state = "not_called"
    return state


def last_charge(rows: Iterable[RecordRow]) -> tuple[float, float] | None:
    """Return what was left in the battery by the last reading, percent, and when that was."""
    body, at = _last(standing(rows), Charge)
    return None if body is None or at is None else (body.percent, at)


def order_fault(body: Body, rows: Iterable[RecordRow], last_km: float | None) -> str | None:
    """Return why a record cannot follow those there are, `None` when it can.

    `rows` are those of the driver's day before it, `last_km` the vehicle's last meter reading.
    """
    entries = standing(rows)
    if isinstance(body, Out | In | Meter) and body.meter_km < (last_km or 0.0) - UNMOVED:
        return "meter_back"
    is_out = False
    for entry in entries:
        is_out = isinstance(entry.body, Out) or (is_out and not isinstance(entry.body, In))
    if isinstance(body, Out) and is_out:
        return "out_already"
    if isinstance(body, In) and not is_out:
        return "not_out"
    resting = any(rest.until is None for rest in rests(entries))
    if isinstance(body, BreakBegin) and resting:
        return "resting_already"
    if isinstance(body, BreakEnd) and not resting:
        return "not_resting"
    return None
