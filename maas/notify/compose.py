"""A message in words: what was kept with it, put into the sentences of its occasion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from maas.notify.occasions import Occasion
from maas.notify.words import ANSWER, BEFORE, NEXT_BUS, REASON, SIGNED, WORDS, Words
from maas.store.notifications import NotificationRow
from maas.store.towns import TownRow
from maas.town.calendars import clock_words, day_words
from maas.town.messages import Text

SHORT_MAX: Final = {"ja": 70, "en": 160}
"""What one text message carries: UTF-16 units with Japanese letters, else septets."""
NAMES: Final = ("origin", "destination", "vehicle", "name", "bus", "text")
"""What may be cut to make a text message fit."""
NAME_MIN: Final = 4
_JA_DAYS: Final = "月火水木金土日"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `full` as written, `spoken` as read aloud, `short` as one text message.

    `link` is the page of the ride, empty when there is none to give.
    """

    subject: str
    full: str
    spoken: str
    short: str
    signed: str
    link: str = ""


def compose(row: NotificationRow, town: TownRow | None, link: str = "") -> Message:
    """Return a message in its reader's language."""
    words = _words(row)
    written, spoken, brief = (
        _values(row, town, manner) for manner in ("written", "spoken", "brief")
    )
    language = row.language
    return Message(
        subject=words.subject.get(language).format(**written),
        full=_sentence(words.full.get(language).format(**written)),
        spoken=_aloud(_sentence(words.full.get(language).format(**spoken)), language),
        short=fit(words.short.get(language), brief, SHORT_MAX["en" if language == "en" else "ja"]),
        signed=SIGNED.get(language).format(**written),
        link=link,
    )


def _words(row: NotificationRow) -> Words:
    """Return the sentences of a message: its own, if it came with some, or its occasion's."""
    words = WORDS[Occasion(row.occasion)]
    own = Text("{text}", "{text}")
    return replace(words, full=own, short=own) if row.facts.get("text") else words


def fit(template: str, values: Mapping[str, str], most: int) -> str:
    """Return a sentence of at most `most` UTF-16 units, names cut from the longest on.

    >>> fit("{origin}へ", {"origin": "とても長い名前の診療所"}, 8)
    'とても長い名…へ'
    """
    said = dict(values)
    while _length(text := template.format(**said)) > most:
        longest = max(NAMES, key=lambda name: _length(said.get(name, "")))
        name = said.get(longest, "").removesuffix("…")
        if len(name) <= NAME_MIN:
            return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore")
        said[longest] = name[:-1] + "…"
    return text


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _values(row: NotificationRow, town: TownRow | None, manner: str) -> dict[str, str]:
    """Return what the blanks are filled with: as written, as spoken, or as briefly as can be."""
    facts, language = row.facts, row.language
    day = date.fromisoformat(facts["date"])
    values = {
        "day": _day(day, language, manner),
        "reference": _digits(facts["reference"], language, manner),
        "phone": _digits(town.booking_phone if town else "", language, manner),
        "town": _named({"town": town.name, "town_en": town.name_en} if town else {}, "town", row),
        "minutes": str(facts.get("minutes", "")),
        "text": _named(facts, "text", row),
        "bus": _name(facts, "bus", row, manner) or NEXT_BUS.get(language),
    }
    for name in ("origin", "destination", "vehicle"):
        values[name] = _name(facts, name, row, manner)
    kana = facts.get("kana", "") if manner == "spoken" and language != "en" else ""
    values["name"] = kana or facts.get("name", "")
    for blank, fact in _TIMES.items():
        values[blank] = _clock(facts[fact], language, manner) if fact in facts else ""
    reason = _name(facts, "reason", row, manner)
    values["reason"] = REASON.get(language).format(reason=reason) if reason else ""
    by = str(facts.get("answer_by", ""))
    values["answer"] = ANSWER.get(language).format(answer_by=by) if by else ""
    values["before"] = BEFORE.get(language).format(**values) if values["old_start"] else ""
    return values


_TIMES: Final = {
    "start": "from_s",
    "end": "to_s",
    "by": "by_s",
    "at": "at_s",
    "old_start": "old_from_s",
    "old_end": "old_to_s",
}


def _name(facts: Mapping[str, Any], name: str, row: NotificationRow, manner: str) -> str:
    if manner == "spoken" and row.language != "en" and facts.get(f"{name}_kana"):
        return str(facts[f"{name}_kana"])
    return _named(facts, name, row)


def _named(facts: Mapping[str, Any], name: str, row: NotificationRow) -> str:
    said = Text(str(facts.get(name, "")), str(facts.get(f"{name}_en") or facts.get(name, "")))
    return said.get(row.language)


def _day(day: date, language: str, manner: str) -> str:
    if language == "en":
        return day_words(day).en
    weekday = _JA_DAYS[day.weekday()]
    if manner == "spoken":
        return f"{day.month}月{day.day}日、{weekday}曜日"
    return f"{day.month}/{day.day}({weekday})" if manner == "brief" else day_words(day).ja


def _clock(seconds_s: int, language: str, manner: str) -> str:
    """Return a time of day; spoken Japanese says which half of the day it is.

    >>> _clock(47_100, "ja", "spoken"), _clock(47_100, "ja", "written")
    ('午後1時5分', '13:05')
    """
    if manner != "spoken" or language == "en":
        return clock_words(seconds_s)
    hour, minute = seconds_s // 3600 % 24, seconds_s % 3600 // 60
    half = "午前" if hour < 12 else "午後"
    return f"{half}{hour % 12}時{f'{minute}分' if minute else ''}"


def _aloud(text: str, language: str) -> str:
    """Return a text whose every time of day can be read aloud: also one that came in a name.

    >>> _aloud("10:15発 高原線に、9:00までに", "ja")
    '午前10時15分発 高原線に、午前9時までに'
    """

    def said(found: re.Match[str]) -> str:
        return _clock(int(found[1]) * 3600 + int(found[2]) * 60, language, "spoken")

    return re.sub(r"(?<!\d)(\d{1,2}):(\d\d)(?!\d)", said, text)


def _digits(number: str, language: str, manner: str) -> str:
    """Return a number digit by digit where it is spoken: 4821 is no amount."""
    if manner != "spoken":
        return number
    groups = [group for group in number.split("-") if group]
    between = ", " if language == "en" else "、"
    return between.join(
        " ".join(group) if language == "en" else "、".join(group) for group in groups
    )
