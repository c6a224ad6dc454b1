"""The town's rules: read, tried out, carried away as files."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs.calendar import day_start_epoch, seconds_of
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.quotes import RowId, TimeOfDay
from maas.api.requests import In
from maas.api.service import Service
from maas.api.shapes import Instant, Said, Shape
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.store import places, rule_changes, towns
from maas.town import changes
from maas.town.calendars import DayRules, Party, Refused, clock_words, latest_call_s, rules_on
from maas.town.deadlines import Channel
from maas.town.drafts import area_rules_of, read_draft, with_draft
from maas.town.rulebook import Rule, plain, write_rules
from maas.town.rules import AreaRules, Fault, seconds
from maas.town.sheets import write_sheet
from maas.town.trips import Trip, check_ask, for_trip

router = APIRouter(prefix="/rules", tags=["rules"])

Kind = Literal["hours", "booking", "tariff", "zone", "relation", "figure"]
AreaQuery = Annotated[str | None, Query(max_length=64)]
Day = Annotated[dt.date, Field(ge=dt.date(2000, 1, 1), le=dt.date(2100, 12, 31))]
Moment = Annotated[
    AwareDatetime,
    Field(ge=dt.datetime(2000, 1, 1, tzinfo=dt.UTC), le=dt.datetime(2100, 12, 31, tzinfo=dt.UTC)),
]
RuleBody = Annotated[dict[str, Any], Field(description="The fields of the rule as in town.toml.")]


class RulesOut(Shape):
    """The rules of a day; `sentence` says why nothing runs on it."""

    area: str
    date: dt.date
    sentence: Said | None
    hours: list[RuleBody]
    booking: RuleBody | None
    tariff: RuleBody | None
    zones: list[RuleBody]
    relations: list[RuleBody]
    figures: list[RuleBody] = Field(description="What things cost and use, for reports.")


@router.get("", operation_id="readRules", **needs(Permission.READ_RULES, "no-town", "not-found"))
async def read_rules_of_day(
    person: SignedIn,
    service: The,
    write: In,
    area: AreaQuery = None,
    date: Annotated[Day | None, Query()] = None,
) -> RulesOut:
    """Return the rules in force on a service day (today when absent)."""
    day = date or service.today()
    async with service.database.reading() as db:
        where = await area_asked(service, person, area, db)
        rules = area_rules_of(where, await changes.live_rules(db, where))
    found, booking, tariff = rules_on(rules, day), rules.booking_on(day), rules.tariff_on(day)
    return write.one(
        RulesOut,
        {
            "area": where,
            "date": day,
            "sentence": found.text if isinstance(found, Refused) else None,
            "hours": [plain(rule) for rule in rules.hours_on(day)],
            "booking": None if booking is None else plain(booking),
            "tariff": None if tariff is None else plain(tariff),
            "zones": [plain(zone) for zone in rules.zones_on(day).values()],
            "relations": [plain(relation) for relation in rules.relations_on(day)],
            "figures": [plain(figure) for figure in rules.figures_on(day)],
        },
    )


async def area_asked(
    service: Service, person: Person, asked: str | None, db: AsyncConnection
) -> str:
    """Return the area asked for, the person's own, or the first; raises the problem."""
    own = service.area_of(person, asked)
    areas = [row.id for row in await towns.all_areas(db)]
    if not areas:
        raise Problem("no-town")
    if own is not None and own not in areas:
        raise Problem("not-found")
    return own or areas[0]


class RuleVersionOut(Shape):
    """A rule, who decided it and when; `replaced_at` is when another one took its place."""

    kind: str
    valid_from: dt.date
    valid_to: dt.date | None
    rule: RuleBody = Field(validation_alias="body")
    made_at: Instant
    made_by: str
    change_id: int | None
    replaced_at: Instant | None
    replaced_by: str | None


@router.get(
    "/history",
    operation_id="readRuleHistory",
    **needs(Permission.READ_RULES, "no-town", "not-found"),
)
async def read_history(
    person: SignedIn, service: The, write: In, area: AreaQuery = None, kind: Kind | None = None
) -> list[RuleVersionOut]:
    """Return every rule there is or was, the oldest first."""
    async with service.database.reading() as db:
        rows = await towns.rules_ever(db, await area_asked(service, person, area, db))
    return write.many(RuleVersionOut, [row for row in rows if kind in {None, row.kind}])


@router.get(
    "/export",
    operation_id="exportRules",
    response_class=Response,
    **needs(Permission.READ_RULES, "no-town", "not-found"),
)
async def export_rules(
    person: SignedIn,
    service: The,
    area: AreaQuery = None,
    format: Literal["toml", "csv"] = "toml",  # noqa: A002 -- it is what callers write
    kind: Kind = "hours",
) -> Response:
    """Return an area's rules, for whatever days, as TOML, or those of a kind as CSV."""
    async with service.database.reading() as db:
        where = await area_asked(service, person, area, db)
        rules = await changes.live_rules(db, where)
    if format == "toml":
        return Response(write_rules(rules), media_type="application/toml")
    return Response("\ufeff" + write_sheet(kind, rules), media_type="text/csv; charset=utf-8")


# --- trying out -------------------------------------------------------------------------------


class RuleTrialIn(BaseModel):
    """An ask to hold against the rules, of today or of a draft; no vehicle is looked for."""

    area: str | None = Field(None, max_length=64)
    change_id: int | None = Field(None, ge=1, le=2**31 - 1, description="A draft to try.")
    origin: RowId
    destination: RowId
    date: Day
    time: TimeOfDay
    anchor: Literal["depart", "arrive"] = "depart"
    channel: Channel = "phone"
    asked_at: Moment | None = Field(None, description="When it is asked; now when absent.")
    riders: int = Field(1, ge=1, le=20)
    member: bool = True


class RuleTrialOut(Shape):
    """What the rules say; `book_by` is until when such a ride can be booked."""

    allowed: bool
    reason: str | None
    rule: str | None
    sentence: Said | None
    book_by: Instant | None
    runs: list[str]


@router.post(
    "/trial",
    operation_id="tryRules",
    **needs(Permission.READ_RULES, "no-town", "not-found", "rules-wrong", changes=True),
)
async def try_rules(asked: RuleTrialIn, person: SignedIn, service: The, write: In) -> RuleTrialOut:
    """Say whether the rules would allow an ask, and which one would not."""
    async with service.database.reading() as db:
        where = await area_asked(service, person, asked.area, db)
        rules = area_rules_of(where, await _rules_to_try(db, where, asked.change_id))
        ends = [await places.place(db, id_) for id_ in (asked.origin, asked.destination)]
    if ends[0] is None or ends[1] is None:
        raise Problem("not-found")
    trip = Trip(ends[0], ends[1], asked.member, asked.channel, asked.anchor == "arrive")
    found = _try(rules, trip, asked, service)
    ours = _day_of(rules, trip, asked.date)
    desired_s = seconds(asked.time)
    by_s = None if ours is None else latest_call_s(ours, desired_s)
    return write.one(
        RuleTrialOut,
        {
            "allowed": found is None,
            "reason": found and found.reason,
            "rule": found and found.rule,
            "sentence": found and found.text,
            "book_by": None if by_s is None else day_start_epoch(asked.date, write.zone) + by_s,
            "runs": [] if ours is None else [clock_words(seconds(run)) for run in ours.runs],
        },
    )


async def _rules_to_try(db: AsyncConnection, area: str, change_id: int | None) -> tuple[Rule, ...]:
    live = await changes.live_rules(db, area)
    if change_id is None:
        return live
    row = await rule_changes.change(db, change_id)
    if row is None or row.area_id != area:
        raise Problem("not-found")
    draft = read_draft(row.body, area)
    if isinstance(draft, Fault):
        raise Problem("rules-wrong", where=draft.field, what=draft.message)
    return with_draft(live, draft)


def _day_of(rules: AreaRules, trip: Trip, day: dt.date) -> DayRules | None:
    found = rules_on(rules, day)
    ours = found if isinstance(found, Refused) else for_trip(rules, found, trip)
    return None if isinstance(ours, Refused) else ours


def _try(rules: AreaRules, trip: Trip, asked: RuleTrialIn, service: Service) -> Refused | None:
    now = service.clock() if asked.asked_at is None else asked.asked_at.timestamp()
    now_s = seconds_of(now, asked.date, service.timezone)
    party, desired_s = Party(asked.riders), seconds(asked.time)
    return check_ask(rules, asked.date, trip, party, desired_s=desired_s, now_s=now_s)
