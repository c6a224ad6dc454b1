"""Records of a day put together: turns, breaks, readiness, and what may follow what."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from maas.duty.day import Rest, order_fault, readiness, standing, turns
from maas.duty.records import (
    Body,
    BreakBegin,
    BreakEnd,
    In,
    Incident,
    Meter,
    Out,
    kind_of,
    write_body,
)
from maas.store.duty import RecordRow
from tests.maas.duty.test_records import AFTER, BEFORE, CHECK

DAY = date(2026, 11, 25)


def row(
    at: float, body: Body, driver: str = "ken", *, id_: str = "", corrects: str | None = None
) -> RecordRow:
    return RecordRow(
        id_ or f"{at}", DAY, "van-1", driver, kind_of(body), at, at, driver, write_body(body),
        corrects=corrects,
    )  # fmt: skip


WHOLE = [
    row(1, CHECK), row(2, BEFORE), row(3, Out(100.0)), row(4, BreakBegin("車庫")),
    row(10, BreakEnd()), row(12, Incident("delay", "落石")), row(20, In(145.5)), row(21, AFTER),
]  # fmt: skip


def test_a_whole_turn_lacks_nothing() -> None:
    [turn] = turns(WHOLE)

    assert turn.missing == ()
    assert (turn.driven_km, turn.rest_s, len(turn.incidents)) == (45.5, 6, 1)
    assert (turn.before_at, turn.out_at, turn.in_at, turn.after_at) == (2, 3, 20, 21)


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [(0, "check"), (1, "call_before"), (2, "out"), (4, "break_end"), (6, "in"), (7, "call_after")],
)
def test_what_is_left_out_is_missing(left_out: int, missing: str) -> None:
    [turn] = turns(WHOLE[:left_out] + WHOLE[left_out + 1 :])

    assert turn.missing == (missing,)


def test_two_drivers_have_a_turn_each() -> None:
    found = turns([*WHOLE, row(30, BEFORE, "yuki"), row(31, Out(145.5), "yuki")])

    assert [turn.driver for turn in found] == ["ken", "yuki"]
    assert found[1].missing == ("check", "in", "call_after")
    assert found[0].missing == ()


def test_a_corrected_record_no_longer_stands() -> None:
    better = row(20, In(144.5), corrects="20", id_="20b")
    [turn] = turns([*WHOLE, better])

    assert turn.driven_km == 44.5
    assert [entry.row.id for entry in standing([*WHOLE, better])].count("20") == 0


def test_a_break_that_was_never_ended_ends_with_the_next() -> None:
    [turn] = turns([row(1, BreakBegin("A")), row(5, BreakBegin("B")), row(9, BreakEnd())])

    assert turn.rests == (Rest(1, 5, "A"), Rest(5, 9, "B"))


UNFIT = msgspec.structs.replace(BEFORE, fit=False)


def test_whoever_was_called_and_found_fit_is_ready_until_the_end_of_the_duty() -> None:
    assert readiness([], "ken") == "not_called"
    assert readiness([row(1, BEFORE)], "ken") == "ready"
    assert readiness([row(1, UNFIT)], "ken") == "not_fit"
    assert readiness([row(1, UNFIT), row(2, BEFORE)], "ken") == "ready"
    assert readiness([row(1, BEFORE), row(2, UNFIT)], "ken") == "not_fit"
    assert readiness([row(1, BEFORE), row(2, AFTER)], "ken") == "not_called"
    assert readiness([row(1, BEFORE)], "yuki") == "not_called"
    assert readiness([row(1, BEFORE)], None) == "ready"
    assert readiness([row(1, UNFIT), row(1, BEFORE, corrects="1", id_="2")], "ken") == "ready"


@pytest.mark.parametrize(
    ("body", "before", "last_km", "fault"),
    [
        (Out(100.0), [], None, None),
        (Out(99.0), [], 100.0, "meter_back"),
        (Out(100.0), [], 100.0, None),
        (Out(120.0), [row(1, Out(100.0))], 100.0, "out_already"),
        (Out(150.0), [row(1, Out(100.0)), row(2, In(150.0))], 150.0, None),
        (In(150.0), [], None, "not_out"),
        (In(150.0), [row(1, Out(100.0))], 100.0, None),
        (In(99.0), [row(1, Out(100.0))], 100.0, "meter_back"),
        (In(150.0), [row(1, Out(100.0)), row(2, In(140.0))], 140.0, "not_out"),
        (Meter(99.0), [row(1, Out(100.0))], 100.0, "meter_back"),
        (BreakEnd(), [], None, "not_resting"),
        (BreakBegin(), [], None, None),
        (BreakBegin(), [row(1, BreakBegin())], None, "resting_already"),
        (BreakEnd(), [row(1, BreakBegin())], None, None),
        (BreakEnd(), [row(1, BreakBegin()), row(2, BreakEnd())], None, "not_resting"),
    ],
)
def test_records_follow_each_other_as_a_day_does(
    body: Body, before: list[RecordRow], last_km: float | None, fault: str | None
) -> None:
    assert order_fault(body, before, last_km) == fault
