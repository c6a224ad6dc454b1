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


class Urgency(IntEnum):
    """How soon somebody must know; the smaller the sooner."""

    NOW = 1
    SOON = 2
    TODAY = 3
    WHENEVER = 4


@dataclass(frozen=True, slots=True)
class Way:
    """How an occasion is told.

    `must`: an operator rings when nothing else has reached the rider.  `within_s` is how soon the
    rider has to know when nobody says when.  `repeats`: it may come again for one promise.
    `replaces`: what waits to be told of the booking is no longer true.  `watched`: it is for the
    family that watches over the rider, not for the rider.  `while_waiting`: it is of no use once
    the rider has been picked up.
    """

    urgency: Urgency
    must: bool
    within_s: int
    repeats: bool = False
    replaces: bool = False
    watched: bool = False
    while_waiting: bool = True


HOUR_S: Final = 3600
WAYS: Final = MappingProxyType(
    {
        Occasion.BOOKED: Way(Urgency.WHENEVER, must=False, within_s=HOUR_S),
        Occasion.CHANGED: Way(Urgency.TODAY, must=False, within_s=HOUR_S, replaces=True),
        Occasion.MOVED: Way(Urgency.SOON, must=True, within_s=HOUR_S, replaces=True),
        Occasion.CANCELLED: Way(
            Urgency.TODAY, must=False, within_s=HOUR_S, replaces=True, while_waiting=False
        ),
        Occasion.REMINDER: Way(Urgency.WHENEVER, must=False, within_s=3 * HOUR_S),
        Occasion.COMING: Way(Urgency.NOW, must=False, within_s=300),
        Occasion.DEPARTED: Way(
            Urgency.TODAY, must=False, within_s=600, watched=True, while_waiting=False
        ),
        Occasion.ARRIVED: Way(
            Urgency.TODAY, must=False, within_s=600, watched=True, while_waiting=False
        ),
        Occasion.WAITLIST_OFFER: Way(
            Urgency.SOON, must=True, within_s=HOUR_S, repeats=True, while_waiting=False
        ),
        Occasion.OPEN_RETURN_READY: Way(Urgency.NOW, must=True, within_s=600, repeats=True),
        Occasion.VEHICLE_OUT: Way(Urgency.NOW, must=True, within_s=600, repeats=True),
        Occasion.CONNECTION: Way(
            Urgency.SOON, must=True, within_s=600, repeats=True, while_waiting=False
        ),
    }
)
