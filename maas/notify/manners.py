"""When a town may ring: quiet hours, the evening before, how long before the vehicle comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from gtfs.calendar import day_start_epoch, seconds_of
from maas.notify.occasions import QUIET, WAYS, Channel, Occasion, Urgency
from maas.store.notifications import NotificationRow
from maas.town.rules import BookingRule, seconds


@dataclass(frozen=True, slots=True)
class Manners:
    """A town's manners; the `_s` fields are seconds of the day, `coming_s` before a pick-up."""

    timezone: str
    quiet_from_s: int = 20 * 3600
    quiet_to_s: int = 7 * 3600
    remind_at_s: int = 18 * 3600
    coming_s: int = 600

    @classmethod
    def of(cls, rule: BookingRule | None, timezone: str) -> Manners:
        """Return what the rule of a day says, the usual manners without one."""
        if rule is None:
            return cls(timezone)
        return cls(
            timezone,
            seconds(rule.quiet_from),
            seconds(rule.quiet_to),
            seconds(rule.remind_at),
            rule.coming_min * 60,
        )

    def day(self, now: float) -> date:
        """Return the calendar day it is in the town."""
        return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(self.timezone)).date()

    def is_quiet(self, now: float) -> bool:
        """Say whether people are not to be rung; quiet from and to the same hour is never."""
        now_s = seconds_of(now, self.day(now), self.timezone)
        if self.quiet_from_s <= self.quiet_to_s:
            return self.quiet_from_s <= now_s < self.quiet_to_s
        return now_s >= self.quiet_from_s or now_s < self.quiet_to_s

    def quiet_ends(self, now: float) -> float:
        """Return when the quiet hours that `now` falls into end."""
        day = self.day(now)
        end = day_start_epoch(day, self.timezone) + self.quiet_to_s
        if end > now:
            return float(end)
        return float(day_start_epoch(day + timedelta(days=1), self.timezone) + self.quiet_to_s)

    def speak_at(self, row: NotificationRow, now: float) -> float:
        """Return when a message may be told: now, or when the quiet hours end.

        What happens at this moment is told at once, and so is what must be known before they end.
        """
        way = WAYS[Occasion(row.occasion)]
        if Channel(row.channel) in QUIET or way.urgency is Urgency.NOW or not self.is_quiet(now):
            return now
        end = self.quiet_ends(now)
        return now if way.must and row.due_at < end else end
