"""Until when one may book, by channel and by the hour of the ride."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from maas.town.dated import Minutes
from maas.town.times import Clock, seconds

Channel = Literal["phone", "web", "line", "voice", "counter", "paper", "kiosk"]


class Deadline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Until when to book: `minutes` before, or until `at` on the day `days_before`.

    The days are counted in those the office works on, or in all with `working_days` false; 0 is
    the day of the ride itself.  It holds for some `channels` and rides from `rides_from` to before
    `rides_to`, each all when not given; of several the first that holds counts.
    """

    channels: tuple[Channel, ...] = ()
    rides_from: Clock | None = None
    rides_to: Clock | None = None
    minutes: Minutes | None = None
    days_before: Annotated[int, Meta(ge=0, le=366)] | None = None
    at: Clock | None = None
    working_days: bool = True

    def __post_init__(self) -> None:
        """Raise ``ValueError`` unless it says either minutes, or a day and a time."""
        of_day = (self.days_before is not None, self.at is not None)
        if any(of_day) != all(of_day) or any(of_day) == (self.minutes is not None):
            raise ValueError("either minutes, or days_before and at, are needed")

    def holds_for(self, channel: str, pickup_s: int) -> bool:
        """Whether it is for a ride at this second of its day, booked through this channel."""
        return (
            (not self.channels or channel in self.channels)
            and (self.rides_from is None or seconds(self.rides_from) <= pickup_s)
            and (self.rides_to is None or pickup_s < seconds(self.rides_to))
        )
