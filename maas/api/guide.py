"""What somebody should know before the first ride: hours, fares, and where the buses go."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gtfs import Feed
from maas.api.identity import The
from maas.api.my import MyDayOut, service_days
from maas.api.permissions import needs
from maas.api.requests import In
from maas.api.shapes import Rendering
from maas.api.stops import StopOut, stop_out
from maas.auth.roles import Permission
from maas.town.tariffs import HALF, Discount, FareLine, Tariff

router = APIRouter(tags=["stops"])

WEEK: Final = 7
USUAL: Final = ("ふつうの運賃", "Usual fare")
"""A fare line that nobody has named."""
FREE: Final = 100
"""Per cent off."""


class GuideFareOut(BaseModel):
    """What one person pays; `to_yen` is more than `from_yen` when it depends on the way."""

    name: str
    from_yen: int
    to_yen: int


class GuideOut(BaseModel):
    """How rides on demand work in this town; empty while there are none."""

    phone: str
    notice: str
    days: list[MyDayOut] = Field(description="The coming week.")
    deadline_min: int | None = Field(description="So long before the ride one books at the latest.")
    horizon_days: int | None
    fares: list[GuideFareOut]
    discounts: list[str]


class BusLineOut(BaseModel):
    """A bus line one way, with its stops in order."""

    name: str
    name_en: str
    color: str
    headsign: str
    headsign_en: str
    stops: list[StopOut]


@router.get("/guide", operation_id="readGuide", **needs(Permission.PUBLIC))
async def read_guide(service: The, write: In) -> GuideOut:
    """Return when and for how much one is carried, in words for everybody."""
    town = service.town
    guide = GuideOut(
        phone=town.booking_phone if town else "",
        notice=(town.notice_en if write.language == "en" else town.notice) if town else "",
        days=[], deadline_min=None, horizon_days=None, fares=[], discounts=[],
    )  # fmt: skip
    if not service.keepers:
        return guide
    keeper = service.keeper(None)
    rules, today = keeper.here.rules, keeper.today
    booking, tariff = rules.booking_on(today), rules.tariff_on(today)
    return guide.model_copy(
        update={
            "days": service_days(keeper, write, WEEK),
            "deadline_min": booking.deadline_min if booking else None,
            "horizon_days": booking.horizon_days if booking else None,
            "fares": [_fare(line, write) for line in _usual_first(tariff)] if tariff else [],
            "discounts": _discounts(tariff, write) if tariff else [],
        }
    )


def _usual_first(tariff: Tariff) -> list[FareLine]:
    """Return the fares as one is told them: the rules ask for the exceptions first."""
    return sorted(tariff.fares, key=lambda line: line.name != "")


def _fare(line: FareLine, write: Rendering) -> GuideFareOut:
    prices = [line.yen, *(b.yen for b in line.bands), *line.zone_yen, *(p.yen for p in line.pairs)]
    yen = [price for price in prices if price is not None]
    ja, en = (line.name, line.name_en) if line.name else USUAL
    name = (en or ja) if write.language == "en" else ja
    return GuideFareOut(name=name, from_yen=min(yen), to_yen=max(yen))


def _discounts(tariff: Tariff, write: Rendering) -> list[str]:
    """Return who pays less; that others may have half fares too tells a stranger nothing."""
    return [_discount(each, write) for each in tariff.discounts if each.id != HALF]


def _discount(each: Discount, write: Rendering) -> str:
    if write.language == "en":
        return f"free ({each.name_en})" if each.percent == FREE else each.name_en
    return f"無料({each.name})" if each.percent == FREE else each.name


@router.get("/lines", operation_id="listLines", **needs(Permission.PUBLIC))
async def list_lines(service: The) -> list[BusLineOut]:
    """Return the bus lines each way, by their longest trip; none without a timetable."""
    feed = service.buses.feed
    if feed is None:
        return []
    longest: dict[tuple[str, str], str] = {}
    for trip in feed.trips.values():
        way = (trip.route_id, trip.headsign)
        if _calls(feed, trip.id) > _calls(feed, longest.get(way, "")):
            longest[way] = trip.id
    return [
        BusLineOut(
            **_way(feed, route_id, headsign),
            stops=[
                stop_out(feed, feed.stops[call.stop_id])
                for call in feed.stop_times[trip_id]
                if call.stop_id in feed.stops
            ],
        )
        for (route_id, headsign), trip_id in longest.items()
    ]


def _calls(feed: Feed, trip_id: str) -> int:
    return len(feed.stop_times.get(trip_id, ()))


def _way(feed: Feed, route_id: str, headsign: str) -> dict[str, str]:
    route = feed.routes.get(route_id)
    return {
        "name": route.name if route else route_id,
        "name_en": feed.route_name(route_id, "en") or "",
        "color": route.color if route else "",
        "headsign": headsign,
        "headsign_en": feed.translate("trips", "trip_headsign", headsign, "en")
        or feed.translate("stop_times", "stop_headsign", headsign, "en")
        or "",
    }
