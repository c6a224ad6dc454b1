"""What riding took in and cost, by the same rules as the report of the balance."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.records import ledger
from maas.records.closing import Entries
from maas.records.costs import cost_of
from maas.records.facts import Facts
from maas.records.monthly import fares_yen
from maas.records.spans import Span
from maas.store import fleet
from maas.store.closings import month_of
from maas.store.entries import Ride
from maas.town.imports import area_rules


class Money(NamedTuple):
    """Fares as income, and what the service cost, in yen."""

    fares_yen: int
    cost_yen: int

    @property
    def recovery_share(self) -> float | None:
        """Income as percent of the cost, `None` without a cost."""
        return 100 * self.fares_yen / self.cost_yen if self.cost_yen else None

    def burden_each(self, riders: int) -> float | None:
        """Return the public money per rider in yen, `None` without riders."""
        return (self.cost_yen - self.fares_yen) / riders if riders else None


async def read_money(
    connection: AsyncConnection,
    area: str,
    first: date,
    last: date,
    rides: list[Ride],
    *,
    today: date,
) -> Money | None:
    """Return the money of some days, `None` when the town has given no cost at all."""
    span = Span(first, last, "")
    figures = (await area_rules(connection, area)).figures
    if not figures:
        return None
    facts = Facts(
        span=span,
        town="",
        state="",
        made="",
        entries=Entries(
            rides=rides,
            outcomes=(),
            refusals=(),
            vehicle_days=await ledger.vehicle_days_between(connection, first, last, area),
            takings=await ledger.takings_between(connection, first, last),
        ),
        places={},
        vehicles={row.id: row for row in await fleet.all_vehicles(connection)},
        figures=figures,
        simulated=0,
        first_ridden={},
        months=tuple(month for month in span.months if month <= month_of(today)),
        accidents={},
    )
    cost, _ = cost_of(facts)
    return None if cost is None else Money(fares_yen(facts), cost)
