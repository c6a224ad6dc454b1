"""The bodies of ridership: only counts, `null` where few people are behind one."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, Field

from maas.api.shapes import Said, Shape

Few = int | None


class FigureOut(Shape):
    """What a figure means; `better` is the way that is good, null when neither is."""

    key: str = Field(examples=["kept_share"])
    name: Said
    unit: Said
    meaning: Said
    source: Said
    better: str | None


class TotalsOut(Shape):
    """What a period adds up to; `rides` are parties, `riders` people, `members` different ones."""

    rides: int
    riders: int
    members: int
    shared: int
    fare_yen: int
    distance_m: int
    kept: int
    late: int
    not_carried: int
    no_show: int
    cancelled: int
    lost: int
    refused: int
    declined: int


class PointOut(BaseModel):
    """One month or day, and the riders of the same a year before; null: few people."""

    first: dt.date
    totals: TotalsOut | None
    before_riders: Few
    provisional: bool = Field(description="Its month is not closed: figures may still change.")


class CellOut(BaseModel):
    """Riders who boarded in an hour of a weekday; Monday is 0."""

    weekday: int
    hour: int
    riders: Few


class UseOut(BaseModel):
    """The part of an hour of the day in which a vehicle had somebody aboard."""

    vehicle: str
    hour: int
    share: float
    days: int


class EndOut(Shape):
    """Where journeys begin and end: a public place, or a hamlet for the homes in it."""

    key: str = Field(examples=["h:田土", "p:12"])
    name: str
    name_en: str
    kind: str
    lat: float
    lon: float


class StopUseOut(Shape):
    """Who boarded and left at an end."""

    key: str
    boarded: Few
    left: Few


class FlowOut(Shape):
    """Riders from one end to another."""

    origin: str
    destination: str
    riders: Few


class GroupOut(Shape):
    """What the people of one hamlet or age got; `active` members rode, `members` are registered."""

    key: str
    members: Few
    active: Few
    riders: Few
    rides: Few
    late: Few
    lost: Few


class ShareOut(BaseModel):
    """A count by name."""

    key: str
    count: Few


class ReasonOut(BaseModel):
    """How often a reason was given, by us or (`declined`) by the caller."""

    reason: str
    declined: bool
    count: Few


class BinOut(BaseModel):
    """Rides of more than `over_min` and up to `to_min` minutes; null is without end."""

    over_min: int | None
    to_min: int | None
    rides: Few


class VehicleNameOut(Shape):
    """A vehicle's names."""

    id: str
    name: str
    name_en: str


class MoneyOut(Shape):
    """Cost recovery in percent, and public money per rider in yen; null without riders."""

    recovery_share: float | None
    burden_each: float | None


class RidershipOut(BaseModel):
    """Everything the ridership pages draw, for one choice of trips.

    `last` is where the period ends or today; `before` is the same period a year earlier, null when
    nothing is known of it.  `few`: the choice is of fewer than five people, and nothing is shown.
    """

    area: str
    first: dt.date
    last: dt.date
    before_first: dt.date
    before_last: dt.date
    few: bool
    simulated: bool
    now: TotalsOut | None
    before: TotalsOut | None
    money: MoneyOut | None = Field(description="Null while no cost is known, or some are chosen.")
    money_before: MoneyOut | None
    recorded_from: dt.date | None = Field(description="Nothing is known of any day before it.")
    by_day: bool
    closed_months: list[str] = Field(description="Those whose figures do not change any more.")
    trend: list[PointOut]
    heat: list[CellOut]
    days_of: list[int] = Field(min_length=7, max_length=7, description="Days by weekday.")
    use: list[UseOut]
    stops: list[StopUseOut]
    flows: list[FlowOut]
    more_flows: int
    hamlets: list[GroupOut]
    ages: list[GroupOut]
    purposes: list[ShareOut]
    channels: list[ShareOut]
    lateness: list[BinOut]
    waits: list[BinOut]
    durations: list[BinOut]
    reasons: list[ReasonOut]
    saves: list[ShareOut]
    lost_from: list[ShareOut]
    missing: list[dt.date]
    ends: list[EndOut]
    vehicles: list[VehicleNameOut]
    hamlet_names: list[str]
