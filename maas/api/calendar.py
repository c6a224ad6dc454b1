"""The service calendar: which days rides are given and buses run, and why not on the others."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from gtfs.calendar import holiday_name
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.rules import AreaQuery, area_asked
from maas.api.shapes import Said, Shape
from maas.auth.roles import Permission
from maas.town import changes
from maas.town.calendars import DayRules, Refused, rules_on
from maas.town.drafts import area_rules_of

router = APIRouter(prefix="/calendar", tags=["rules"])

DAYS_MAX: Final = 92
Day = Annotated[dt.date, Query(ge=dt.date(2000, 1, 1), le=dt.date(2100, 12, 31))]


class ServiceDayOut(Shape):
    """A day: from when to when rides are given, or the sentence why none are; and bus trips.

    `buses` is null without a timetable.
    """

    date: dt.date
    weekday: int
    holiday: str | None
    opens: str | None
    closes: str | None
    breaks: list[str]
    runs: list[str]
    sentence: Said | None
    buses: int | None


@router.get("", operation_id="readCalendar", **needs(Permission.READ_RULES, "no-town", "not-found"))
async def read_calendar(
    person: SignedIn,
    service: The,
    write: In,
    first: Annotated[Day, Query(alias="from")],
    last: Annotated[Day, Query(alias="to")],
    area: AreaQuery = None,
) -> list[ServiceDayOut]:
    """Return each day between two, both included, at most three months."""
    if not 0 <= (last - first).days < DAYS_MAX:
        raise Problem("not-found")
    async with service.database.reading() as db:
        where = await area_asked(service, person, area, db)
        rules = area_rules_of(where, await changes.live_rules(db, where))
    feed = service.buses.feed
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    shown = [_shown(day, rules_on(rules, day)) for day in days]
    for day in shown:
        day["buses"] = None if feed is None else len(feed.trips_on(day["date"]))
    return write.many(ServiceDayOut, shown)


def _shown(day: dt.date, found: DayRules | Refused) -> dict[str, Any]:
    values: dict[str, Any] = {
        "date": day,
        "weekday": day.weekday(),
        "holiday": holiday_name(day),
        "opens": None,
        "closes": None,
        "breaks": [],
        "runs": [],
        "sentence": None,
    }
    if isinstance(found, Refused):
        return values | {"sentence": found.text}
    return values | {
        "opens": found.hours.opens,
        "closes": found.hours.closes,
        "breaks": list(found.hours.breaks),
        "runs": list(found.runs),
    }
