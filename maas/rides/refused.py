"""Refusals and declined offers: what was asked, what stood against it, and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import msgspec

from dispatcher import Reason, Vehicle
from maas.fleet.vehicles import on_shift
from maas.rides.asking import ask_of
from maas.rides.keeper import Keeper
from maas.rides.messages import say
from maas.rides.quote import Wish, party_for
from maas.rides.saved import Lost, first_asks, saved
from maas.rides.tokens import OfferToken
from maas.rides.views import (
    AskIn,
    BadOffer,
    RefusalLogView,
    SavedView,
)
from maas.store import rides
from maas.store.fleet import VehicleRow
from maas.store.rides import RefusalRow
from maas.town.calendars import DayRules, Refused, clock_words, rules_on

FOR_WANT_OF_ROOM: Final = frozenset(
    {
        Reason.FULL, Reason.BUSY, Reason.RIDE_TOO_LONG, Reason.OUT_OF_HOURS, Reason.BATTERY,
        "kept_for_immediate",
    }
)  # fmt: skip
"""Why asks are refused that another vehicle may carry."""
EXTRA: Final = "one-more"


class Refusals:
    """The log of one area's refusals."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper

    async def on(self, day: date) -> list[RefusalLogView]:
        """Return what was refused or declined for a day, oldest first."""
        names = self.keeper.here.names
        return [
            RefusalLogView(
                at=row.at,
                date=row.service_date,
                declined=row.declined is not None,
                reason=row.reason,
                binding=row.binding,
                ask=msgspec.convert(row.ask, AskIn),
                rider=names.rider(row.ask.get("rider_id")),
                alternatives=row.alternatives,
                relaxations=tuple(str(one["field"]) for one in row.relaxations),
                actor=row.actor,
            )
            for row in await self._rows(day)
        ]

    async def decline(
        self, tokens: Sequence[str], *, reason: str, rider_id: int | None, actor: str
    ) -> int | BadOffer:
        """Keep the offers that somebody did not want; returns how many."""
        offers = [self.keeper.unsealed(token) for token in tokens]
        bad = next((each for each in offers if isinstance(each, BadOffer)), None)
        if bad is not None:
            return bad
        known = [each for each in offers if isinstance(each, OfferToken)]
        row = RefusalRow(
            area_id=self.keeper.area,
            at=self.keeper.clock(),
            service_date=known[0].day,
            reason=reason,
            binding=None,
            ask=msgspec.to_builtins(replace(ask_of(known[0]), rider_id=rider_id)),
            alternatives=len(known),
            declined=[_offered(each) for each in known],
            actor=actor,
        )
        async with self.keeper.database.writing() as connection:
            await rides.add_refusal(connection, row)
        return len(known)

    async def saved(
        self, day: date, from_s: int, to_s: int, vehicle_id: str | None
    ) -> SavedView | None:
        """Return how many refused asks one more vehicle like this one would have carried then.

        Without a vehicle it is one like the area's first; `None` for one that is not ours.
        """
        like = next((row for row in self.keeper.here.taxis if vehicle_id in {None, row.id}), None)
        if like is None:
            return None
        lost = await self._lost(day)
        found = saved(lost, _extra(like, from_s, to_s), self.keeper.here.travel)
        text = say(
            "one_more",
            opens=clock_words(from_s),
            closes=clock_words(to_s),
            count=len(found),
            lost=len(lost),
        )
        asks = tuple(each.wished.ask for each in found)
        return SavedView(day, from_s, to_s, like.id, len(found), len(lost), text, asks)

    async def _lost(self, day: date) -> list[Lost]:
        """Return the asks refused for want of room by people who did not get the ride after all."""
        found = rules_on(self.keeper.here.rules, day)
        if isinstance(found, Refused):
            return []
        booked = {
            (row.member_id, row.origin_id, row.destination_id)
            for row in (await self.keeper.day_of(day)).bookings.values()
            if row.member_id is not None and row.state not in {"cancelled", "lapsed"}
        }
        lost = []
        for number, row in enumerate(await self._rows(day)):
            wanted = row.declined is None and row.reason in FOR_WANT_OF_ROOM
            ask = msgspec.convert(row.ask, AskIn)
            if wanted and (ask.rider_id, ask.origin, ask.destination) not in booked:
                lost.append(Lost(number, self._wish(found, ask, row.at)))
        return first_asks(lost)

    def _wish(self, found: DayRules, ask: AskIn, at: float) -> Wish:
        names = self.keeper.here.names
        asked_s = round(at - names.epoch(found.day, 0))
        desired_s = max(asked_s, found.hours.opens_s) if ask.time is None else ask.time
        member = names.members.get(ask.rider_id or 0)
        party = party_for(ask, member, found.tariff, found.day)
        return Wish(replace(ask, instead_of=None), found, party, desired_s, 0)

    async def _rows(self, day: date) -> list[RefusalRow]:
        async with self.keeper.database.reading() as connection:
            rows = await rides.refusals_on(connection, day)
        return [row for row in rows if row.area_id == self.keeper.area]


def _extra(like: VehicleRow, from_s: int, to_s: int) -> Vehicle:
    """Return a vehicle like this one that leaves its depot at one time and is back at another."""
    vehicle = on_shift(like, None, None)
    return replace(vehicle, id=EXTRA, start_s=from_s, end_s=max(from_s, to_s))


def _offered(offer: OfferToken) -> dict[str, object]:
    promise = offer.promise
    return {
        "kind": offer.kind,
        "vehicle": offer.vehicle,
        "pickup_from_s": promise.earliest_pickup_s,
        "pickup_to_s": promise.latest_pickup_s,
        "arrive_by_s": promise.latest_dropoff_s,
    }
