"""What signs say, in plain Japanese and in English; sentences stay under 40 characters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["ja", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """Words of the timetable or the town; ``en`` and ``kana`` are empty where nobody gave them."""

    ja: str
    en: str = ""
    kana: str = ""

    def said(self, language: Language) -> str:
        """Return the words in a language, in Japanese where there is no other."""
        return (self.en if language == "en" else self.ja) or self.ja


@dataclass(frozen=True, slots=True)
class Words:
    """One language's catalogue; ``{…}`` marks what is filled in."""

    title: str
    line: str
    destination: str
    platform: str
    wait: str
    minutes: str
    soon: str
    planned: str
    around: str
    cancelled: str
    cancelled_at: str
    late: str
    early: str
    unconfirmed: str
    not_running: str
    diverted: str
    be_there: str
    none: str
    live: str
    stale: str
    timetable: str
    as_of: str
    clock: str
    notices: str
    call: str
    other_language: str
    pause: str
    resume: str


JA = Words(
    title="{stop} のりばの案内",
    line="系統",
    destination="行き先",
    platform="のりば",
    wait="発車まで",
    minutes="あと{n}分",
    soon="まもなく",
    planned="予定 {time}",
    around="{time}ごろ",
    cancelled="運休",
    cancelled_at="{time}発",
    late="遅れ{n}分",
    early="{n}分早い",
    unconfirmed="確認中",
    not_running="バスが出ていません",
    diverted="まわり道をしています",
    be_there="{time}までに、のりばへ。",
    none="24時間以内のバスはありません。",
    live="いまの情報",
    stale="{n}分前の情報",
    timetable="位置がわかりません。予定の時刻です。",
    as_of="{time}の情報",
    clock="現在 {time}",
    notices="お知らせ",
    call="予約とお問い合わせ",
    other_language="English",
    pause="自動更新を止める",
    resume="自動更新を始める",
)

EN = Words(
    title="Departures from {stop}",
    line="Line",
    destination="To",
    platform="Stand",
    wait="Leaves",
    minutes="in {n} min",
    soon="arriving",
    planned="planned {time}",
    around="about {time}",
    cancelled="cancelled",
    cancelled_at="the {time}",
    late="{n} min late",
    early="{n} min early",
    unconfirmed="not confirmed",
    not_running="no bus has left",
    diverted="on a detour",
    be_there="Be at the stop by {time}.",
    none="No bus in the next 24 hours.",
    live="Live",
    stale="As of {n} min ago",
    timetable="No positions. Planned times only.",
    as_of="As of {time}",
    clock="Now {time}",
    notices="Notices",
    call="Bookings and questions",
    other_language="日本語",
    pause="Stop refreshing",
    resume="Refresh by itself",
)

CATALOGUES: dict[Language, Words] = {"ja": JA, "en": EN}
