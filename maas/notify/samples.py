"""Every message as it would be sent, about a ride that nobody has booked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from maas.notify.compose import SHORT_MAX, Message, compose
from maas.notify.occasions import Occasion
from maas.store.notifications import NotificationRow
from maas.store.towns import TownRow

_FACTS: Final[dict[str, Any]] = {
    "reference": "4821", "from_s": 34_200, "to_s": 35_100, "by_s": 36_000, "at_s": 34_800,
    "old_from_s": 33_300, "old_to_s": 34_200, "minutes": 10, "answer_by": "9:00",
    "origin": "ご自宅", "origin_kana": "ごじたく", "origin_en": "Home",
    "destination": "見本診療所", "destination_kana": "みほんしんりょうじょ",
    "destination_en": "the sample clinic", "vehicle": "1号車", "vehicle_kana": "いちごうしゃ",
    "vehicle_en": "Car 1", "name": "見本 花子", "kana": "みほん はなこ", "who": "rider",
    "reason": "道路の工事", "reason_en": "road works", "bus": "10:15発 高原線",
    "bus_en": "the 10:15 bus of the Kogen line",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """A message of an occasion; `short_max` is how many letters one text message carries."""

    occasion: Occasion
    message: Message
    short_max: int


def samples(town: TownRow | None, day: date, language: str) -> list[Sample]:
    """Return a message for each occasion, about a ride on `day`."""
    most = SHORT_MAX["en" if language == "en" else "ja"]
    return [
        Sample(occasion, compose(_row(occasion, day, language), town), most)
        for occasion in Occasion
    ]


def _row(occasion: Occasion, day: date, language: str) -> NotificationRow:
    return NotificationRow(
        key="", area_id="", booking_id=None, member_id=None, occasion=occasion.value,
        facts=_FACTS | {"date": day.isoformat()}, language=language, channel="sms", address="",
        due_at=0.0, next_at=0.0, until=None, urgency=1, state="waiting", attempts=0, error=None,
        created_at=0.0,
    )  # fmt: skip
