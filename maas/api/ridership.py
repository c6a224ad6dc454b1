"""Ridership for planners and the council: counts of a period beside the year before."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from gtfs.calendar import seconds_of
from maas.api import ridership_shapes as out
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.ridership_shapes import Few, FigureOut, RidershipOut
from maas.auth.roles import Permission
from maas.records import ridership_charts as charts
from maas.records.ridership import FEW, Chosen, No, Trip, ended, lost, people, shown, totals
from maas.records.ridership_rows import (
    Ends,
    Town,
    ends,
    read_nos,
    read_town,
    read_trips,
    registered,
)
from maas.records.ridership_words import FIGURES
from maas.rides.keeper import Keeper
from maas.rides.refused import FOR_WANT_OF_ROOM
from maas.town.calendars import Refused, rules_on

router = APIRouter(prefix="/ridership", tags=["ridership"])

MOST_DAYS: Final = 732
MOST_FLOWS: Final = 100
_NO_KEEPER = ("not-found", "no-roads", "no-town")
Day = Annotated[dt.date | None, Query()]
Age = Literal["0-17", "18-64", "65-74", "75-84", "85+", "unknown"]
Purpose = Literal["medical", "shopping", "public", "transit", "home", "other"]
Named = Annotated[str, Query(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True)
class Period:
    """Some service days of an area: what ended in them, what was refused, what was lost."""

    first: dt.date
    last: dt.date
    trips: list[Trip]
    nos: list[No]
    lost: list[No]

    def of(self, chosen: Chosen) -> Period:
        """Return the part of it that is looked at."""
        parts = chosen.trips(self.trips), chosen.nos(self.nos), chosen.nos(self.lost)
        return Period(self.first, self.last, *parts)

    @property
    def totals(self) -> Any:  # noqa: ANN401 -- from_attributes
        """What it adds up to."""
        return totals(self.trips, self.nos, self.lost)

    @property
    def is_of_few(self) -> bool:
        """Whether somebody is in it, but too few people to be shown."""
        return 0 < people([*self.trips, *self.nos]) < FEW


@router.get("/figures", operation_id="listFigures", **needs(Permission.PLAN))
async def list_figures(write: In) -> list[FigureOut]:
    """Say what each figure of ridership means, in which unit, from which records."""
    return [
        FigureOut(
            key=key,
            better=figure.better,
            **{name: getattr(figure, name).get(write.language)
               for name in ("name", "unit", "meaning", "source")},
        )
        for key, figure in FIGURES.items()
    ]  # fmt: skip


@router.get("", operation_id="readRidership", **needs(Permission.PLAN, *_NO_KEEPER))
async def read_ridership(
    person: SignedIn,
    service: The,
    since: Annotated[
        Day, Query(alias="from", description="A year before `to` when absent.")
    ] = None,
    to: Annotated[Day, Query(description="Today when absent; never after today.")] = None,
    area: Annotated[str | None, Query(max_length=64)] = None,
    hour_from: Annotated[int, Query(ge=0, le=29)] = 0,
    hour_to: Annotated[int, Query(ge=0, le=29, description="The last hour that counts.")] = 29,
    weekday: Annotated[list[Annotated[int, Query(ge=0, le=6)]], Query(max_length=7)] = [],  # noqa: B006
    age: Annotated[list[Age], Query(max_length=6)] = [],  # noqa: B006
    purpose: Annotated[list[Purpose], Query(max_length=6)] = [],  # noqa: B006
    hamlet: Annotated[list[Named], Query(max_length=20)] = [],  # noqa: B006
    vehicle: Annotated[list[Named], Query(max_length=20)] = [],  # noqa: B006
) -> RidershipOut:
    """Count the riders of a period, whole or by what is chosen, and of the year before."""
    keeper = service.keeper(area, person)
    today = keeper.today
    last = min(to or today, today)
    first = since or _year_before(last) + dt.timedelta(days=1)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise Problem("not-found")
    chosen = Chosen(
        hours=(hour_from, hour_to),
        weekdays=frozenset(weekday),
        ages=frozenset(age),
        purposes=frozenset(purpose),
        hamlets=frozenset(hamlet),
        vehicles=frozenset(vehicle),
    )
    async with service.database.reading() as db:
        town = await read_town(db)
        spans = [(first, last), (_year_before(first), _year_before(last))]
        periods = [await _read(db, keeper, town, *span) for span in spans]
    now, before = periods
    return await asyncio.to_thread(_analysis, keeper, town, chosen, now, before)


async def _read(db: Any, keeper: Keeper, town: Town, first: dt.date, last: dt.date) -> Period:  # noqa: ANN401
    zone = keeper.here.names.timezone
    now_s = seconds_of(keeper.clock(), keeper.today, zone)
    trips = ended(await read_trips(db, town, keeper.area, first, last), keeper.today, int(now_s))
    nos = await read_nos(db, town, keeper.area, first, last, ZoneInfo(str(zone)))
    return Period(first, last, trips, nos, lost(nos, trips, FOR_WANT_OF_ROOM))


def _year_before(day: dt.date) -> dt.date:
    leap = day.month == 2 and day.day == 29
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def _analysis(
    keeper: Keeper, town: Town, chosen: Chosen, whole: Period, whole_before: Period
) -> RidershipOut:
    now, before = whole.of(chosen), whole_before.of(chosen)
    guarded = chosen.is_personal
    few = guarded and now.is_of_few
    if few:
        now = Period(now.first, now.last, [], [], [])
    known = bool(before.trips or before.nos) and not (guarded and before.is_of_few)
    found = _Drawn(town, now, guarded)
    drives = {row.vehicle for row in whole.trips} | {row.id for row in keeper.here.taxis}
    return RidershipOut(
        area=keeper.area,
        first=now.first,
        last=now.last,
        before_first=before.first,
        before_last=before.last,
        few=few,
        simulated=False,
        now=None if few else out.TotalsOut.model_validate(now.totals),
        before=out.TotalsOut.model_validate(before.totals) if known else None,
        by_day=charts.is_by_day(now.first, now.last),
        trend=found.trend(before if known else None),
        heat=found.heat(),
        days_of=_days_of(whole.trips),
        use=found.use(),
        **found.places(),
        **found.people(),
        **found.counts(),
        missing=_missing(keeper, whole),
        vehicles=[
            out.VehicleNameOut.model_validate(keeper.here.names.vehicle(each))
            for each in sorted(drives)
        ],
        hamlet_names=sorted({each.hamlet for each in town.members.values()} - {""}),
    )


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Each chart of a period; with `guarded` no count under five is shown."""

    town: Town
    period: Period
    guarded: bool

    def kept_back(self, count: int) -> Few:
        return None if self.guarded and 0 < count < FEW else count

    def trend(self, before: Period | None) -> list[out.PointOut]:
        now = self.period
        points = charts.trend(now.first, now.last, now.trips, now.nos, now.lost)
        riders = _riders_before(before, points) if before else {}
        return [
            out.PointOut(
                first=first,
                totals=None
                if self.guarded and 0 < people_in.members < FEW
                else out.TotalsOut.model_validate(people_in),
                before_riders=self.kept_back(riders[first]) if first in riders else None,
                provisional=False,
            )
            for first, people_in in points
        ]

    def heat(self) -> list[out.CellOut]:
        return [
            out.CellOut(weekday=weekday, hour=hour, riders=self.kept_back(riders))
            for weekday, hour, riders in charts.heat(self.period.trips)
        ]

    def use(self) -> list[out.UseOut]:
        if self.guarded:
            return []
        return [
            out.UseOut(vehicle=use.vehicle, hour=use.hour, share=use.share, days=use.days)
            for use in charts.vehicle_use(self.period.trips)
        ]

    def places(self) -> dict[str, Any]:
        found = ends(self.town.grounds.values())
        stops = charts.stops(self.period.trips, found.key_of)
        flows = charts.flows(self.period.trips, found.key_of)
        lost_from = self._lost_from(found)
        keys = {one.key for one in stops} | {f"h:{share.key}" for share in lost_from}
        keys |= {f"h:{each.hamlet}" for each in self.town.members.values()}
        return {
            "stops": [out.StopUseOut.model_validate(one) for one in stops],
            "flows": [out.FlowOut.model_validate(one) for one in flows[:MOST_FLOWS]],
            "more_flows": max(0, len(flows) - MOST_FLOWS),
            "lost_from": lost_from,
            "ends": [
                out.EndOut.model_validate(found.by_key[key])
                for key in sorted(keys)
                if key in found.by_key
            ],
        }

    def _lost_from(self, found: Ends) -> list[out.ShareOut]:
        theirs: dict[str, list[No]] = {}
        for row in self.period.lost:
            theirs.setdefault(found.hamlet_of[row.origin], []).append(row)
        keys = sorted(theirs, key=lambda key: (-len(theirs[key]), key))
        may = shown([len(theirs[key]) for key in keys], [people(theirs[key]) for key in keys])
        return [
            out.ShareOut(key=key, count=len(theirs[key]) if fine else None)
            for key, fine in zip(keys, may, strict=True)
        ]

    def people(self) -> dict[str, Any]:
        by_hamlet, by_age = registered(self.town.members.values(), self.period.last)
        trips, lost = self.period.trips, self.period.lost
        groups = {
            "hamlets": charts.groups(trips, lost, lambda row: row.hamlet, by_hamlet),
            "ages": charts.groups(trips, lost, lambda row: row.age, by_age),
        }
        return {
            name: [out.GroupOut.model_validate(one) for one in found]
            for name, found in groups.items()
        }

    def counts(self) -> dict[str, Any]:
        trips, nos, lost = self.period.trips, self.period.nos, self.period.lost
        return {
            "purposes": self._shares(charts.shares(trips, lambda row: row.purpose).most_common()),
            "channels": self._shares(charts.shares(trips, lambda row: row.channel).most_common()),
            "lateness": self._bins(charts.LATE_BINS_MIN, charts.lateness(trips)),
            "durations": self._bins(charts.RIDE_BINS_MIN, charts.durations(trips)),
            "reasons": [
                out.ReasonOut(reason=reason, declined=declined, count=self.kept_back(count))
                for reason, declined, count in charts.reasons(nos)
            ],
            "saves": self._shares(charts.saved_by(lost)),
        }

    def _shares(self, counts: Iterable[tuple[str, int]]) -> list[out.ShareOut]:
        return [out.ShareOut(key=key, count=self.kept_back(count)) for key, count in counts]

    def _bins(self, edges: Sequence[int], counts: Sequence[int]) -> list[out.BinOut]:
        begins, finishes = [None, *edges], [*edges, None]
        return [
            out.BinOut(over_min=begin, to_min=end, rides=self.kept_back(count))
            for begin, end, count in zip(begins, finishes, counts, strict=True)
        ]


def _riders_before(before: Period, points: Sequence[charts.Point]) -> dict[dt.date, int]:
    """Return the riders of the same month or day a year before, by what it is compared with."""
    found = charts.trend(before.first, before.last, before.trips, [], [])
    riders = {point.first: point.totals.riders for point in found}
    return {each.first: riders.get(_year_before(each.first), 0) for each in points}


def _days_of(trips: Iterable[Trip]) -> list[int]:
    """Return on how many days anybody rode, by weekday from Monday."""
    days = Counter(day.weekday() for day in {row.day for row in trips if row.state == "done"})
    return [days[weekday] for weekday in range(7)]


def _missing(keeper: Keeper, whole: Period) -> list[dt.date]:
    """Return the days on which the service ran by its rules and nothing at all is recorded."""
    known = {row.day for row in whole.trips} | {row.day for row in whole.nos}
    days = (whole.first + dt.timedelta(days=n) for n in range((whole.last - whole.first).days))
    runs = (day for day in days if day not in known)
    return [day for day in runs if not isinstance(rules_on(keeper.here.rules, day), Refused)]
