"""When somebody is told something, and what sets one occasion apart from another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Occasion(StrEnum):
    """What has happened, or is about to."""

    BOOKED = "booked"
    CHANGED = "changed"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    COMING = "coming"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    WAITLIST_OFFER = "waitlist_offer"
    OPEN_RETURN_READY = "open_return_ready"
    RETURN_ENDS = "return_ends"
    VEHICLE_OUT = "vehicle_out"
    CONNECTION = "connection"


class Channel(StrEnum):
    """By which way; the words of `MemberRow.confirm_by`.  `PHONE` is a call an operator makes."""

    NONE = "none"
    PHONE = "phone"
    VOICE = "voice"
    SMS = "sms"
    EMAIL = "email"
    LINE = "line"
    PUSH = "push"
    POSTCARD = "postcard"


BY_HAND: Final = frozenset({Channel.PHONE, Channel.POSTCARD})
"""Somebody at the desk does these: they wait on a list until that is noted."""
QUIET: Final = frozenset({Channel.EMAIL, Channel.POSTCARD})
"""These ring nowhere, and may come at any hour."""


class Urgency(IntEnum):
    """How soon somebody must know; the smaller the sooner."""

    NOW = 1
    SOON = 2
    TODAY = 3
    WHENEVER = 4


@dataclass(frozen=True, slots=True)
class Way:
    """How an occasion is told.

    `within_s` is how soon the rider has to know when nobody says when.  `must`: those who want to
    hear nothing are rung too; `rung`: an operator rings when the channel fails.  `repeats`: it may
    come again for one promise.  `replaces`: what waits to be told of the booking is no longer
    true.  `watched`: it is for the family that watches over the rider, not for the rider.
    `lasts_s`: it is of no use so long after it was wanted, or once the rider should have been
    picked up; `None`: it has to be told, however late.  `stands`: it is of no use once it is due.
    """

    urgency: Urgency
    within_s: int
    lasts_s: int | None = None
    must: bool = False
    rung: bool = False
    repeats: bool = False
    replaces: bool = False
    watched: bool = False
    stands: bool = False


_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_MUST: Final = {"must": True, "rung": True}
WAYS: Final = MappingProxyType(
    {
        Occasion.BOOKED: Way(Urgency.WHENEVER, _HOUR, lasts_s=_DAY, replaces=True),
        Occasion.CHANGED: Way(Urgency.TODAY, _HOUR, rung=True, replaces=True),
        Occasion.MOVED: Way(Urgency.SOON, _HOUR, replaces=True, **_MUST),
        Occasion.CANCELLED: Way(Urgency.TODAY, _HOUR, rung=True, replaces=True),
        Occasion.REMINDER: Way(Urgency.WHENEVER, 3 * _HOUR, lasts_s=_DAY, rung=True),
        Occasion.COMING: Way(Urgency.NOW, 5 * _MINUTE, lasts_s=_HOUR),
        Occasion.DEPARTED: Way(
            Urgency.NOW, 10 * _MINUTE, lasts_s=_HOUR, watched=True, replaces=True
        ),
        Occasion.ARRIVED: Way(Urgency.NOW, 10 * _MINUTE, lasts_s=_HOUR, watched=True),
        Occasion.WAITLIST_OFFER: Way(Urgency.SOON, _HOUR, repeats=True, stands=True, **_MUST),
        Occasion.OPEN_RETURN_READY: Way(Urgency.NOW, 10 * _MINUTE, repeats=True, **_MUST),
        Occasion.RETURN_ENDS: Way(Urgency.NOW, 10 * _MINUTE, lasts_s=_HOUR, **_MUST),
        Occasion.VEHICLE_OUT: Way(Urgency.NOW, 10 * _MINUTE, repeats=True, **_MUST),
        Occasion.CONNECTION: Way(Urgency.SOON, 10 * _MINUTE, repeats=True, **_MUST),
    }
)
