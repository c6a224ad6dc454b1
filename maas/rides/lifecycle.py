"""What happens to bookings because time passes, in one process of those that share an area."""

from __future__ import annotations

import time
from typing import Final

from maas.rides.holds import Holds
from maas.rides.keeper import Keeper
from maas.rides.returns import OpenReturns
from maas.rides.standing_bookings import StandingBookings
from maas.rides.waitlist import Waitlist

WEEKLY_S: Final = 60.0
"""Weekly bookings are looked through less often: they are made weeks ahead."""


class Lifecycle:
    """Lets holds lapse, moves open returns on, offers what comes free, books what is due."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.holds = Holds(keeper)
        self.returns = OpenReturns(keeper)
        self.waitlist = Waitlist(keeper)
        self.standing = StandingBookings(keeper)
        self._looked_s = float("-inf")

    async def go_on(self) -> None:
        """Do what is due; another process that leads the area does it instead.

        With a clock that is behind nothing is.
        """
        if not self.keeper.leads or self.keeper.behind_s:
            return
        await self.holds.lapse()
        await self.returns.go_on()
        await self.waitlist.go_on()
        if time.monotonic() - self._looked_s >= WEEKLY_S:
            self._looked_s = time.monotonic()
            await self.standing.go_on()
