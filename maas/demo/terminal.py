"""One line an event, in Japanese, with the time of the demo's day."""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

KINDS = {
    "call": "電話",
    "booked": "予約",
    "refused": "お断り",
    "cancelled": "取消",
    "arrived": "到着",
    "aboard": "乗車",
    "dropped": "降車",
    "no_show": "不在",
    "late": "遅れ",
    "trouble": "異常",
}


@dataclass(slots=True)
class Terminal:
    """Writes the day's lines and counts them by kind; ``clock`` is the service clock.

    ``verdicts`` counts what the service said of the positions it was sent.
    """

    clock: Callable[[], float]
    zone: ZoneInfo
    write: Callable[[str], object] = sys.stdout.write
    counts: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)

    def say(self, kind: str, text: str) -> None:
        """Write one event; ``kind`` is a key of ``KINDS``."""
        self.counts[kind] += 1
        self.write(f"{self.hour(self.clock())}  {KINDS[kind]}  {text}\n")

    def note(self, text: str) -> None:
        """Write a line that is no event."""
        self.write(f"{text}\n")

    def hour(self, epoch: float) -> str:
        """Return an instant as the town's hour and minute."""
        return datetime.fromtimestamp(epoch, UTC).astimezone(self.zone).strftime("%H:%M")

    def total(self) -> str:
        """Return the day's count of each kind, and of the positions, in one line."""
        events = [f"{KINDS[kind]} {n}" for kind, n in self.counts.items()]
        positions = [f"位置 {verdict} {n}" for verdict, n in self.verdicts.items()]
        return "・".join(events + positions)
