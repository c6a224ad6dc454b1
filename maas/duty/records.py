"""What is recorded of a duty, with the fields the law asks for, and what cannot be recorded.

旅客自動車運送事業運輸規則 24条 (roll calls before and after, kept a year), 25条 (the duty record).
A record is never changed; one that `corrects` it takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

Kind = Literal[
    "check", "call_before", "out", "meter", "charge", "break_begin", "break_end", "incident", "in",
    "call_after",
]  # fmt: skip
Method = Literal["face", "remote", "telephone"]


class CheckItem(msgspec.Struct, frozen=True):
    """One thing looked at before the day's first drive (日常点検)."""

    item: str
    ok: bool
    note: str = ""


class Check(msgspec.Struct, frozen=True, tag_field="kind", tag="check"):
    """The daily check of the vehicle."""

    items: tuple[CheckItem, ...]
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong."""
        return all(each.ok for each in self.items)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What both roll calls record: who called, how, and what the alcohol detector showed.

    `how` says in what way, when it was not face to face; `reading_mg_l` is milligrams in a litre
    of breath; `drunk` is what the caller found, by detector, voice or smell.
    """

    caller: str
    method: Method
    how: str = ""
    detector: bool
    reading_mg_l: float | None = None
    drunk: bool
    instructions: str = ""

    @property
    def alcohol(self) -> bool:
        """Whether there was any sign of alcohol."""
        return self.drunk or (self.reading_mg_l or 0.0) > 0.0


class CallBefore(Call, frozen=True, kw_only=True, tag_field="kind", tag="call_before"):
    """The roll call before departure; `fit` is the caller's word that the driver may drive."""

    illness: bool
    fatigue: bool
    lack_of_sleep: bool
    health: str = ""
    check_ok: bool
    fit: bool


class CallAfter(Call, frozen=True, kw_only=True, tag_field="kind", tag="call_after"):
    """The roll call at the end: how vehicle, road and service were, and what the relief is told."""

    vehicle: str
    road: str
    service: str
    relief: str = ""


class Out(msgspec.Struct, frozen=True, tag_field="kind", tag="out"):
    """Leaving the garage; what the meter shows, in kilometres."""

    meter_km: float


class In(msgspec.Struct, frozen=True, tag_field="kind", tag="in"):
    """Back in the garage."""

    meter_km: float


class Meter(msgspec.Struct, frozen=True, tag_field="kind", tag="meter"):
    """A reading on the way, such as at a change of drivers."""

    meter_km: float


class Charge(msgspec.Struct, frozen=True, tag_field="kind", tag="charge"):
    """What is left in the battery, percent, as the driver reads it."""

    percent: float


class BreakBegin(msgspec.Struct, frozen=True, tag_field="kind", tag="break_begin"):
    """The driver rests."""

    place: str = ""


class BreakEnd(msgspec.Struct, frozen=True, tag_field="kind", tag="break_end"):
    """The driver goes on."""


class Incident(msgspec.Struct, frozen=True, tag_field="kind", tag="incident"):
    """An accident, a marked delay or anything else out of the ordinary, and its cause."""

    what: Literal["accident", "delay", "other"]
    summary: str
    cause: str = ""


Body = Check | CallBefore | CallAfter | Out | In | Meter | Charge | BreakBegin | BreakEnd | Incident

UNMOVED: Final = 0.05
"""Kilometres by which two readings of a meter may differ and be the same."""


def read_body(kind: str, plain: Mapping[str, Any]) -> Body:
    """Return a record's fields as they were kept."""
    found: Body = msgspec.convert({**plain, "kind": kind}, Body)
    return found


def write_body(body: Body) -> dict[str, Any]:
    """Return a record's fields as JSON values, its kind apart."""
    plain: dict[str, Any] = msgspec.to_builtins(body)
    del plain["kind"]
    return plain


def kind_of(body: Body) -> Kind:
    """Return what kind of record it is."""
    kind: Kind = body.__struct_config__.tag  # type: ignore[assignment]
    return kind


def form_fault(body: Body, driver: str) -> str | None:
    """Return why a record cannot be true or lawful whenever it was made, `None` when it can."""
    if isinstance(body, Call):
        return _call_fault(body, driver)
    if isinstance(body, Check) and not body.items:
        return "check_empty"
    if isinstance(body, Check) and any(not each.ok and not each.note for each in body.items):
        return "fault_unnamed"
    return None


def _call_fault(call: Call, driver: str) -> str | None:
    if call.caller.strip() == driver.strip():
        return "called_oneself"
    if call.method != "face" and not call.how.strip():
        return "how_missing"
    if call.detector and call.reading_mg_l is None:
        return "reading_missing"
    if isinstance(call, CallBefore) and call.fit:
        return _fit_fault(call)
    return None


def _fit_fault(call: CallBefore) -> str | None:
    """Return why a driver cannot be called fit: alcohol never, anything else not without a word."""
    if call.alcohol:
        return "alcohol"
    unwell = call.illness or call.fatigue or call.lack_of_sleep
    if (unwell or not call.check_ok) and not call.instructions.strip():
        return "instructions_missing"
    return None
