"""What was asked for in a past period: bookings and refusals alike, each trip once.

A booking does not keep the words of the caller.  What it was first promised says them well enough:
who was given a window asked for its beginning, who had to arrive by a time for that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

import msgspec

from gtfs.calendar import day_start_epoch
from maas.rides.views import AskIn
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.links import LinkRow
from maas.store.rides import RefusalRow

_SEATS_ONLY: Final = frozenset({"held", "lapsed"})
"""States of what was never asked for as a ride."""


@dataclass(frozen=True, slots=True)
class BusTie:
    """The bus a ride goes to or comes from: the stop, and when the timetable has it there.

    `runs` is false when there is no such bus any more.
    """

    stop_id: str
    toward: Literal["to_bus", "from_bus"]
    bus_s: int
    margin_s: int = 0
    runs: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """One trip somebody asked for at `called_s` of its service day (negative: on a day before).

    `wanted_s` is `None` for as soon as possible.  `came` is false for who was not there, and who
    `left_s` said so then.
    """

    id: str
    day: date
    called_s: int
    origin: int
    destination: int
    wanted_s: int | None
    anchor: Literal["depart", "arrive"] = "depart"
    riders: int = 1
    wheelchairs: int = 0
    half_fares: int = 0
    infants: int = 0
    transfer: bool = False
    member_id: int | None = None
    channel: str = "phone"
    bus: BusTie | None = None
    came: bool = True
    left_s: int | None = None

    @property
    def ask(self) -> AskIn:
        """The same as the service is asked."""
        return AskIn(
            self.origin, self.destination, self.day, self.wanted_s, self.anchor, self.riders,
            self.wheelchairs, self.member_id, self.half_fares, self.infants, self.transfer,
            channel=self.channel,
        )  # fmt: skip

    @property
    def trip(self) -> tuple[object, ...]:
        """What makes two asks of a day the same trip: who is refused asks again."""
        who = self.member_id if self.member_id is not None else (self.wanted_s, self.id)
        return (self.day, who, self.origin, self.destination)


def asked_of(
    zone: str,
    ledger: Mapping[date, Sequence[tuple[BookingRow, Sequence[PromiseRow]]]],
    refusals: Iterable[RefusalRow],
    links: Mapping[str, LinkRow],
) -> list[Asked]:
    """Return what was asked for, in the order of the calls; each trip once, as booked if it was.

    Who cancelled asked too, but would have left the seat: they are not among them.
    """
    booked = [
        _booked(zone, row, told[0], links.get(row.id))
        for rows in ledger.values()
        for row, told in rows
        if told and row.state not in _SEATS_ONLY and row.state != "cancelled"
    ]
    had = {each.trip for each in booked}
    refused = [_refused(zone, number, row) for number, row in enumerate(_noes(refusals))]
    lost = [each for each in _once(refused) if each.trip not in had]
    return sorted([*booked, *lost], key=lambda each: (each.day, each.called_s, each.id))


def _noes(refusals: Iterable[RefusalRow]) -> Iterator[RefusalRow]:
    """Yield the town's refusals, not the callers'."""
    return (row for row in refusals if row.declined is None)


def _once(asked: Iterable[Asked]) -> list[Asked]:
    first: dict[tuple[object, ...], Asked] = {}
    for each in asked:
        first.setdefault(each.trip, each)
    return list(first.values())


def _booked(zone: str, row: BookingRow, told: PromiseRow, link: LinkRow | None) -> Asked:
    due_from_s = int(told.request.get("earliest_dropoff_s", 0))
    arrives = due_from_s > 0
    return Asked(
        id=row.id,
        day=row.service_date,
        called_s=round(told.told_at) - day_start_epoch(row.service_date, zone),
        origin=row.origin_id,
        destination=row.destination_id,
        wanted_s=told.arrive_by_s if arrives else told.pickup_from_s,
        anchor="arrive" if arrives else "depart",
        riders=row.riders,
        wheelchairs=row.wheelchairs,
        half_fares=row.half_fares,
        infants=row.infants,
        transfer=row.transfer,
        member_id=row.member_id,
        channel=row.channel,
        bus=None if link is None else _tie(link),
        came=row.state != "no_show",
    )


def _tie(link: LinkRow) -> BusTie:
    return BusTie(link.stop_id, link.toward, link.planned_s, link.margin_s)


def _refused(zone: str, number: int, row: RefusalRow) -> Asked:
    ask = msgspec.convert(row.ask, AskIn)
    return Asked(
        id=f"refused-{row.service_date}-{number}",
        day=row.service_date,
        called_s=round(row.at) - day_start_epoch(row.service_date, zone),
        origin=ask.origin,
        destination=ask.destination,
        wanted_s=ask.time,
        anchor=ask.anchor,
        riders=ask.riders,
        wheelchairs=ask.wheelchairs,
        half_fares=ask.half_fares,
        infants=ask.infants,
        transfer=ask.transfer,
        member_id=ask.rider_id,
        channel=ask.channel,
    )


def renamed(asked: Asked, number: int) -> Asked:
    """Return another ask like one there was."""
    return replace(asked, id=f"{asked.id}+{number}")
