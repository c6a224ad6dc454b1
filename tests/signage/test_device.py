"""What somebody should look after on a sign, and what not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signage.device import (
    BEAT_S,
    CLOCK_S,
    FROZEN_S,
    HEAVY_MB,
    RENEWED_S,
    SILENT_S,
    Alarm,
    Heartbeat,
    alarms,
)

WELL = Heartbeat("live", age_s=3, picture="a", version="v2", memory_mb=20, clock_ahead_s=0.4)
NOW = 100_000.0


def wrong(
    last: Heartbeat | None = WELL,
    *,
    heard_s_ago: float = 10,
    same_s: float = BEAT_S,
    started_s_ago: float = 86_400,
    version: str = "v2",
) -> list[Alarm]:
    heard_at = NOW - heard_s_ago
    return alarms(
        last,
        heard_at=heard_at,
        picture_since=heard_at - same_s,
        started_at=NOW - started_s_ago,
        version=version,
        now=NOW,
    )


def test_nothing_is_wrong_with_a_sign_that_is_well() -> None:
    assert wrong() == []


def test_two_heartbeats_may_get_lost_but_not_three() -> None:
    assert wrong(heard_s_ago=SILENT_S) == []
    assert wrong(heard_s_ago=SILENT_S + 1) == [Alarm.SILENT]
    assert wrong(None) == [Alarm.SILENT]


def test_a_picture_that_stays_the_same_is_frozen_for_its_clock_would_change_it() -> None:
    assert wrong(same_s=FROZEN_S - 1) == []
    assert wrong(same_s=FROZEN_S) == [Alarm.FROZEN]


@pytest.mark.parametrize(
    ("last", "alarm"),
    [
        (replace(WELL, age_s=301), Alarm.NO_DATA),
        (replace(WELL, memory_mb=HEAVY_MB + 1), Alarm.HEAVY),
        (replace(WELL, clock_ahead_s=-CLOCK_S), Alarm.CLOCK),
        (replace(WELL, version="v1"), Alarm.OLD_VERSION),
    ],
)
def test_each_thing_that_is_wrong_is_named(last: Heartbeat, alarm: Alarm) -> None:
    assert wrong(last) == [alarm]


def test_at_the_limit_nothing_is_wrong_and_a_browser_need_not_tell_its_memory() -> None:
    last = replace(WELL, age_s=300, memory_mb=HEAVY_MB, clock_ahead_s=CLOCK_S - 1)
    assert wrong(last) == []
    assert wrong(replace(WELL, memory_mb=None)) == []


def test_a_sign_has_ten_minutes_to_load_a_new_version() -> None:
    old = replace(WELL, version="v1")
    assert wrong(old, started_s_ago=RENEWED_S) == []
    assert wrong(old, started_s_ago=RENEWED_S + 1) == [Alarm.OLD_VERSION]
    assert wrong(old, version="") == [], "no pages are built"
