"""What is to be done with a message that is due: a decision of the message, the hour, the rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from maas.notify.audience import Reach, family_reach
from maas.notify.manners import Manners
from maas.notify.occasions import WAYS, Channel, Occasion
from maas.store.members import MemberRow
from maas.store.notifications import NotificationRow

LEASE_S: Final = 60.0
"""A message that is being sent is left to its sender so long; then the sender has died."""
FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 900.0
TRIES: Final = 6
TRIES_UNRUNG: Final = 30


@dataclass(frozen=True, slots=True)
class Send:
    """Send it now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before `until`."""

    until: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not send it; `rung`: an operator rings instead.  `why` names no person."""

    why: str
    rung: bool


Next = Send | Wait | GiveUp


def next_step(
    row: NotificationRow,
    now: float,
    manners: Manners,
    channels: Collection[Channel],
    member: MemberRow | None,
) -> Next:
    """Return what to do with a message that is due; `channels` are those that are set up."""
    way = WAYS[Occasion(row.occasion)]
    if row.until is not None and now > row.until:
        return GiveUp("too late", rung=False)
    if way.watched and not may_watch(row, member):
        return GiveUp("no consent", rung=False)
    if row.channel not in channels:
        return GiveUp("no such channel", rung=way.rung)
    if row.attempts >= (TRIES if way.rung else TRIES_UNRUNG):
        return GiveUp(row.error or "never answered", rung=way.rung)
    if way.rung and row.attempts and now >= row.due_at:
        return GiveUp(row.error or "never answered", rung=True)
    speak_at = manners.speak_at(row, now)
    return Wait(speak_at) if speak_at > now else Send()


def may_watch(row: NotificationRow, member: MemberRow | None) -> bool:
    """Say whether the rider still agrees that this address hears of departures and arrivals."""
    if member is None:
        return False
    reaches = {
        Reach(*family_reach(each), f"family:{each.name}") for each in member.contacts if each.watch
    }
    return Reach(Channel(row.channel), row.address, str(row.facts.get("who"))) in reaches


def wait_s(attempts: int) -> float:
    """Return how long to wait after so many attempts.

    >>> [wait_s(attempts) for attempts in (1, 2, 3, 9)]
    [5.0, 10.0, 20.0, 900.0]
    """
    return min(FIRST_WAIT_S * 2.0 ** (attempts - 1), LONGEST_WAIT_S)
