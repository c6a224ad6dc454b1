"""What kinds of things are called in reports."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

WEEKDAYS: Final = ("月", "火", "水", "木", "金", "土", "日")

CHANNELS: Final = MappingProxyType(
    {
        "phone": "電話", "web": "ウェブ", "line": "LINE", "voice": "自動音声", "counter": "窓口",
        "paper": "紙(停止時)", "kiosk": "店頭の端末", "driver": "車内",
    }
)  # fmt: skip

PURPOSES: Final = MappingProxyType(
    {
        "medical": "通院", "shopping": "買い物", "hall": "役場・手続き", "school": "通学",
        "transfer": "乗り継ぎ", "facility": "施設の利用", "other": "訪問・その他",
    }
)  # fmt: skip

PURPOSE_OF: Final = MappingProxyType(
    {
        "hospital": "medical", "clinic": "medical", "shop": "shopping", "market": "shopping",
        "hall": "hall", "school": "school", "hub": "transfer", "stop": "transfer",
        "facility": "facility", "park": "facility",
    }
)  # fmt: skip
"""What people ride to a kind of place for; homes and depots say nothing."""

REASONS: Final = MappingProxyType(
    {
        "closed_day": "運休の曜日", "closed_holiday": "祝日で運休", "closed_season": "運休の期間",
        "closed_date": "運休日", "outside_hours": "運行時間の外", "in_a_break": "休憩の時間",
        "no_run": "便がない時刻", "in_the_past": "過ぎた時刻", "too_late": "予約の締切を過ぎた",
        "too_late_day": "予約の締切を過ぎた(前日)", "too_far_ahead": "先すぎる日",
        "party_too_large": "人数が多い", "over_quota": "1日の回数を超える",
        "members_only": "会員でない", "no_boarding": "乗れない場所",
        "no_alighting": "降りられない場所", "outside_area": "区域の外",
        "not_between": "行き来のない区間", "unreachable": "道がつながらない",
        "out_of_hours": "車両の時間の外", "full": "席がない",
        "ride_too_long": "乗車が長くなりすぎる", "busy": "ほかの約束で間に合わない",
        "gone": "空きがなくなった", "not_allowed": "乗れる車両がない",
        "overlap": "ほかの予約と重なる", "battery": "電池が足りない", "break": "運転者の休憩",
        "kept_for_immediate": "当日用に残した席", "declined": "希望に合わず辞退",
        "clock": "サーバーの時計の遅れ",
    }
)  # fmt: skip

KINDS: Final = MappingProxyType(
    {"van": "ワゴン", "wheelchair_van": "車いす対応車", "micro_ev": "超小型EV", "bus": "バス"}
)

AGES: Final = ((15, "15歳未満"), (65, "15〜64歳"), (75, "65〜74歳"), (85, "75〜84歳"))
OLDEST: Final = "85歳以上"
UNKNOWN: Final = "不明"


def age_words(birth_year: int | None, year: int) -> str:
    """Return the age group that somebody born in a year reaches in another.

    >>> age_words(1940, 2026), age_words(1962, 2026), age_words(None, 2026)
    ('85歳以上', '15〜64歳', '不明')
    """
    if birth_year is None:
        return UNKNOWN
    age = year - birth_year
    return next((words for below, words in AGES if age < below), OLDEST)
