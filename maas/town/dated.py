"""What every rule of the town has: whose it is, and from when to when."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Positive = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Minutes = Annotated[int, Meta(ge=0, le=366 * 24 * 60)]
"""At most a year."""
Text1 = Annotated[str, Meta(min_length=1)]


class Dated(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every rule has: whose it is, from when to when, and what of it we only assume.

    `assumption` is true, or the names of the fields the town has not published.
    """

    area: Text1
    valid_from: date
    valid_to: date | None = None
    assumption: bool | list[str] = False

    def holds_on(self, day: date) -> bool:
        """Whether the rule is in force on `day`, both ends included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)
