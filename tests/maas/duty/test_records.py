"""No record is unlawful, and a doubt is never passed over in silence."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from maas.duty.messages import MESSAGES, tell
from maas.duty.records import (
    Body,
    BreakBegin,
    BreakEnd,
    CallAfter,
    CallBefore,
    Check,
    CheckItem,
    In,
    Incident,
    Meter,
    Out,
    form_fault,
    kind_of,
    read_body,
    write_body,
)
from maas.town.messages import Text

BEFORE = CallBefore(
    caller="管理 花子", method="face", detector=True, reading_mg_l=0.0, drunk=False,
    illness=False, fatigue=False, lack_of_sleep=False, check_ok=True, fit=True,
)  # fmt: skip
AFTER = CallAfter(
    caller="管理 花子", method="face", detector=True, reading_mg_l=0.0, drunk=False,
    vehicle="良", road="良", service="良",
)  # fmt: skip
CHECK = Check((CheckItem("ブレーキ", ok=True), CheckItem("灯火", ok=False, note="左前が切れ")))
EVERY: tuple[Body, ...] = (
    BEFORE, AFTER, CHECK, Out(10.0), In(20.0), Meter(15.5), BreakBegin("車庫"), BreakEnd(),
    Incident("accident", "物損"),
)  # fmt: skip


@pytest.mark.parametrize("body", EVERY, ids=kind_of)
def test_a_record_is_read_as_it_was_written_and_is_in_order(body: Body) -> None:
    assert read_body(kind_of(body), write_body(body)) == body
    assert form_fault(body, "運転 太郎") is None


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"caller": "運転 太郎"}, "called_oneself"),
        ({"caller": " 運転 太郎 "}, "called_oneself"),
        ({"method": "telephone"}, "how_missing"),
        ({"method": "remote", "how": "  "}, "how_missing"),
        ({"method": "remote", "how": "IT点呼"}, None),
        ({"reading_mg_l": None}, "reading_missing"),
        ({"reading_mg_l": None, "detector": False}, None),
        ({"reading_mg_l": 0.01}, "alcohol"),
        ({"drunk": True}, "alcohol"),
        ({"drunk": True, "instructions": "気をつけて"}, "alcohol"),
        ({"drunk": True, "fit": False}, None),
        ({"illness": True}, "instructions_missing"),
        ({"fatigue": True}, "instructions_missing"),
        ({"lack_of_sleep": True}, "instructions_missing"),
        ({"check_ok": False}, "instructions_missing"),
        ({"check_ok": False, "instructions": "2号車で"}, None),
        ({"fatigue": True, "instructions": "昼に30分休む"}, None),
        ({"fatigue": True, "fit": False}, None),
    ],
)
def test_a_roll_call_before_departure(changed: dict[str, Any], fault: str | None) -> None:
    assert form_fault(msgspec.structs.replace(BEFORE, **changed), "運転 太郎") == fault
    assert fault is None or fault in MESSAGES


def test_a_roll_call_at_the_end_may_find_alcohol_and_must_say_how() -> None:
    drunk = msgspec.structs.replace(AFTER, drunk=True, reading_mg_l=0.2)
    by_phone = msgspec.structs.replace(AFTER, method="telephone")

    assert form_fault(drunk, "A") is None
    assert form_fault(by_phone, "A") == "how_missing"


def test_a_check_names_what_was_wrong() -> None:
    assert form_fault(Check(()), "A") == "check_empty"
    assert form_fault(Check((CheckItem("タイヤ", ok=False),)), "A") == "fault_unnamed"
    assert not CHECK.ok


def test_a_name_in_both_languages_is_said_in_each() -> None:
    said = tell("late.no_roll_call", vehicle=Text("加茂川1号車", "Kamogawa 1"), reference="")

    assert said.ja.startswith("加茂川1号車は、")
    assert said.en.startswith("Kamogawa 1 departed")
