"""Every chart of the ridership pages as the body that is answered."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from maas.api import ridership_shapes as out
from maas.api.ridership_shapes import Few, RidershipOut
from maas.records import ridership_charts as charts
from maas.records.ridership import FEW, Chosen, No, Trip, age_band, people, shown
from maas.records.ridership_rows import Period, Read, Town, ends
from maas.rides.keeper import Keeper
from maas.town.calendars import Refused, rules_on

MOST_FLOWS: Final = 100


def year_before(day: dt.date) -> dt.date:
    """Return the same day a year earlier; of 29 February the 28th."""
    leap = day.month == 2 and day.day == 29
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def analysis(keeper: Keeper, chosen: Chosen, read: Read, read_before: Read) -> RidershipOut:
    """Return everything there is to draw of a period for one choice, and of the year before."""
    town, whole = read.town, read.period
    now, before = whole.of(chosen), read_before.period.of(chosen)
    guarded = chosen.is_personal
    few = guarded and now.is_of_few
    if few:
        now = Period(now.first, now.last, [], [], [], [])
    since = read.recorded_from
    known = since is not None and since <= before.first and not (guarded and before.is_of_few)
    found = _Drawn(town, now, guarded)
    drives = {row.ride.vehicle_id for row in whole.trips} | {row.id for row in keeper.here.taxis}
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
        money=_money(read) if chosen.is_all else None,
        money_before=_money(read_before) if known and chosen.is_all else None,
        recorded_from=since,
        by_day=charts.is_by_day(now.first, now.last),
        closed_months=[],
        trend=found.trend(before, since),
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
        hamlet_names=sorted({each.oaza for each in town.people.values()} - {""}),
    )


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Each chart of a period; with `guarded` no count under five is shown."""

    town: Town
    period: Period
    guarded: bool

    def kept_back(self, count: int) -> Few:
        return None if self.guarded and 0 < count < FEW else count

    def trend(self, before: Period, since: dt.date | None) -> list[out.PointOut]:
        now = self.period
        points = charts.trend(now.first, now.last, now.trips, now.gone, now.nos, now.lost)
        riders = _riders_before(before, points, since)
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
        lost_from = self._lost_from()
        keys = {one.key for one in stops} | {f"h:{share.key}" for share in lost_from}
        keys |= {f"h:{each.oaza}" for each in self.town.people.values()}
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

    def _lost_from(self) -> list[out.ShareOut]:
        theirs: dict[str, list[No]] = {}
        for row in self.period.lost:
            theirs.setdefault(self.town.grounds[row.origin].oaza, []).append(row)
        keys = sorted(theirs, key=lambda key: (-len(theirs[key]), key))
        may = shown([len(theirs[key]) for key in keys], [people(theirs[key]) for key in keys])
        return [
            out.ShareOut(key=key, count=len(theirs[key]) if fine else None)
            for key, fine in zip(keys, may, strict=True)
        ]

    def people(self) -> dict[str, Any]:
        everybody, day = self.town.people.values(), self.period.last
        by_hamlet = Counter(each.oaza for each in everybody)
        by_age = Counter(age_band(each.birth_year, day) for each in everybody)
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
            "purposes": self._shares(charts.shares(trips, lambda row: row.purpose)),
            "channels": self._shares(charts.shares(trips, lambda row: row.ride.channel)),
            "lateness": self._bins(charts.LATE_BINS_MIN, charts.lateness(trips)),
            "waits": self._bins(charts.WAIT_BINS_MIN, charts.waits(trips)),
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


def _money(read: Read) -> out.MoneyOut | None:
    if read.money is None:
        return None
    burden = read.money.burden_each(read.period.totals.riders)
    return out.MoneyOut(recovery_share=read.money.recovery_share, burden_each=burden)


def _riders_before(
    before: Period, points: Sequence[charts.Point], since: dt.date | None
) -> dict[dt.date, int]:
    """Return the riders of the same month or day a year before, by what it is compared with.

    Of what began before anything was recorded nothing is known.
    """
    if since is None:
        return {}
    found = charts.trend(before.first, before.last, before.trips, [], [], [])
    riders = {point.first: point.totals.riders for point in found}
    return {
        each.first: riders.get(year_before(each.first), 0)
        for each in points
        if year_before(each.first) >= since
    }


def _days_of(trips: Iterable[Trip]) -> list[int]:
    """Return on how many days anybody rode, by weekday from Monday."""
    days = Counter(day.weekday() for day in {row.ride.service_date for row in trips})
    return [days[weekday] for weekday in range(7)]


def _missing(keeper: Keeper, whole: Period) -> list[dt.date]:
    """Return the days on which the service ran by its rules and nothing at all is recorded."""
    known = {row.ride.service_date for row in whole.trips} | {row.day for row in whole.nos}
    days = (whole.first + dt.timedelta(days=n) for n in range((whole.last - whole.first).days))
    runs = (day for day in days if day not in known)
    return [day for day in runs if not isinstance(rules_on(keeper.here.rules, day), Refused)]
