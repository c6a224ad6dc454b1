"""What a variant changes of a town: vehicles and their hours, rules, demand, the timetable.

Rules are changed field by field and read again by the town's own reader, so that a variant cannot
say what the town could not decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from maas.records.whatif_town import Town
from maas.store.fleet import VehicleRow
from maas.town.dated import Dated
from maas.town.rules import (
    AreaRules,
    BookingRule,
    Fault,
    Hours,
    Relation,
    Tariff,
    Zone,
    read_as,
    write,
)
from maas.town.times import Span, Weekday, ends


class VariantError(ValueError):
    """What a variant says cannot be; the message names the field."""


class MoreVehicles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many more vehicles like one there is, perhaps only on some hours."""

    like: str
    count: Annotated[int, Meta(ge=1, le=50)] = 1
    shift: Span | None = None
    seats: Annotated[int, Meta(ge=1, le=60)] | None = None


class Free(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who rides for nothing: on these weekdays, or with one of these tags; neither is everybody."""

    weekdays: tuple[Weekday, ...] = ()
    tags: tuple[str, ...] = ()


class Variant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What would be otherwise; nothing is the town as it is.

    `shifts` are new hours of vehicles by id; `hours`, `booking` and `tariff` fields of those rules,
    as in town.toml; `zones` and `relations` stand in place of all there are.  `demand_percent` is
    how many ask, of 100 in the past; how people answer to another fare nobody knows.  `timetable`
    names a GTFS zip that came with the study.
    """

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    more: tuple[MoreVehicles, ...] = ()
    without: tuple[str, ...] = ()
    shifts: dict[str, Span] = {}
    hours: dict[str, Any] = {}
    booking: dict[str, Any] = {}
    tariff: dict[str, Any] = {}
    zones: tuple[Zone, ...] | None = None
    relations: tuple[Relation, ...] | None = None
    free: Free | None = None
    demand_percent: Annotated[int, Meta(ge=0, le=500)] = 100
    timetable: str = ""


D = TypeVar("D", bound=Dated)


def changed(town: Town, variant: Variant) -> Town:
    """Return the town as a variant has it.  Raises `VariantError` for what cannot be."""
    rules = AreaRules(
        town.rules.area,
        _patched(town.rules.hours, variant.hours, Hours, "hours"),
        _patched(town.rules.bookings, variant.booking, BookingRule, "booking"),
        _patched(town.rules.tariffs, variant.tariff, Tariff, "tariff"),
        town.rules.zones if variant.zones is None else variant.zones,
        town.rules.relations if variant.relations is None else variant.relations,
    )
    return replace(town, rules=rules, taxis=tuple(_fleet(town.taxis, variant)))


def _patched(
    rules: Iterable[D], fields: dict[str, Any], shape: type[D], kind: str
) -> tuple[D, ...]:
    return tuple(_with(rule, fields, shape, kind) for rule in rules)


def _with(rule: D, fields: dict[str, Any], shape: type[D], kind: str) -> D:
    if not fields:
        return rule
    fixed = {"area", "valid_from", "valid_to"} & fields.keys()
    if fixed:
        raise VariantError(f"{kind}.{min(fixed)}: a variant holds on every day of its study")
    read = read_as(shape, write(rule) | fields)
    if isinstance(read, Fault):
        raise VariantError(f"{kind}.{read.field}: {read.message}")
    return read


def _fleet(taxis: Sequence[VehicleRow], variant: Variant) -> list[VehicleRow]:
    known = {row.id: row for row in taxis}
    named = {*variant.without, *variant.shifts, *(each.like for each in variant.more)}
    unknown = sorted(named - known.keys())
    if unknown:
        raise VariantError(f"vehicle {unknown[0]!r}: there is none that takes bookings")
    kept = [_on(row, variant.shifts.get(row.id)) for row in taxis if row.id not in variant.without]
    fleet = [*kept, *(row for each in variant.more for row in _more(known[each.like], each))]
    if not fleet:
        raise VariantError("without: no vehicle would be left")
    return fleet


def _more(like: VehicleRow, more: MoreVehicles) -> Iterable[VehicleRow]:
    for number in range(1, more.count + 1):
        hours = (more.shift or "").replace(":", "").replace("/", "-")
        row = replace(like, id=f"{like.id}+{number}{'@' + hours if hours else ''}")
        yield _on(row if more.seats is None else replace(row, seats=more.seats), more.shift)


def _on(row: VehicleRow, shift: Span | None) -> VehicleRow:
    if shift is None:
        return row
    first_s, last_s = ends(shift)
    if last_s <= first_s:
        raise VariantError(f"shifts.{row.id}: {shift} ends before it begins")
    return replace(row, shift_from_s=first_s, shift_to_s=last_s)
