"""What other services are told: CloudEvents 1.0 of bookings, with nothing in them of who rides.

A booking is a number here, a day, times and a vehicle; no name, telephone, place or count of
riders.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

TYPE: Final = "jp.maas.booking."
TRIAL: Final = "jp.maas.trial"
CONTENT_TYPE: Final = "application/cloudevents+json"


class Kind(StrEnum):
    """What happened to a booking; `promise_changed`: other times than were told before."""

    CONFIRMED = "confirmed"
    PROMISE_CHANGED = "promise_changed"
    BOARDED = "boarded"
    ALIGHTED = "alighted"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a booking at the epoch second `at`, and what is promised now."""

    kind: Kind
    at: float
    booking_id: str
    reference: str
    area: str
    date: dt.date
    vehicle_id: str
    vehicle: str
    pickup_from: float
    pickup_to: float
    arrive_by: float


def written(fact: Fact, event_id: str) -> str:
    """Return a fact as a CloudEvent in JSON; `event_id` is how a repeat is known."""
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/areas/{fact.area}",
        "type": f"{TYPE}{fact.kind}",
        "subject": fact.booking_id,
        "time": _instant(fact.at),
        "datacontenttype": "application/json",
        "data": {
            "reference": fact.reference,
            "date": fact.date.isoformat(),
            "area": fact.area,
            "vehicle": {"id": fact.vehicle_id, "name": fact.vehicle},
            "pickup_from": _instant(fact.pickup_from),
            "pickup_to": _instant(fact.pickup_to),
            "arrive_by": _instant(fact.arrive_by),
        },
    }
    return msgspec.json.encode(event).decode()


def trial(area: str, at: float, event_id: str) -> str:
    """Return an event of no booking, by which a service is tried out."""
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/areas/{area}",
        "type": TRIAL,
        "time": _instant(at),
        "datacontenttype": "application/json",
        "data": {"area": area},
    }
    return msgspec.json.encode(event).decode()


def _instant(epoch: float) -> str:
    """Return an epoch second as RFC 3339 writes it.

    >>> _instant(1_795_568_400.9)
    '2026-11-25T01:00:00Z'
    """
    return dt.datetime.fromtimestamp(int(epoch), dt.UTC).isoformat().replace("+00:00", "Z")
