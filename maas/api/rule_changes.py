"""Changes of the town's rules: drafted or imported, seen, put in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.rules import AreaQuery, Day, Kind, RuleBody, area_asked
from maas.api.service import Service
from maas.api.shapes import Instant, Rendering, Said, Shape
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.store import rule_changes
from maas.store.once import By
from maas.store.rule_changes import ChangeRow
from maas.town import changes
from maas.town.calendars import clock_words
from maas.town.changes import Preview, Seen, Unseen
from maas.town.drafts import Draft, read_draft
from maas.town.rulebook import Rule, TownError, read_rules
from maas.town.rules import Fault
from maas.town.sheets import read_sheet

router = APIRouter(prefix="/rules/changes", tags=["rules"])

ChangeId = Annotated[int, Path(ge=1, le=2**31 - 1)]


class RuleIn(BaseModel):
    """A rule; its area and, with a change that has them, its days may be left out."""

    kind: Kind
    rule: RuleBody


class WithdrawnIn(BaseModel):
    """A rule that is taken away before it holds; `id` is that of a zone or relation."""

    kind: Kind
    id: str = Field("", max_length=64)
    valid_from: Day


class RuleChangeIn(BaseModel):
    """A draft: rules to put in force from a day (to another), and those to take away."""

    name: str = Field(min_length=1, max_length=100, examples=["4月から土曜も運行"])
    valid_from: Day | None = Field(None, description="For rules that do not say it themselves.")
    valid_to: Day | None = None
    rules: list[RuleIn] = Field(default=[], max_length=500)
    withdrawn: list[WithdrawnIn] = Field(default=[], max_length=500)

    def draft(self, area: str) -> Draft:
        """Return the draft, or raise the problem of the first field that is wrong."""
        given = {"valid_from": self.valid_from, "valid_to": self.valid_to}
        days = {name: day.isoformat() for name, day in given.items() if day is not None}
        body = {
            "rules": [{"kind": r.kind, "rule": {**days, **r.rule}} for r in self.rules],
            "withdrawn": [each.model_dump(mode="json") for each in self.withdrawn],
        }
        return _draft(_readable(body), area)


def _readable(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body whose texts any database keeps, or raise the problem."""
    if not _is_text(body):
        raise Problem("rules-wrong", where="rules", what="a character that cannot be kept")
    return body


def _is_text(value: object) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any(0xD800 <= ord(c) <= 0xDFFF for c in value)
    if isinstance(value, Mapping):
        return all(_is_text(each) for pair in value.items() for each in pair)
    return all(map(_is_text, value)) if isinstance(value, list) else True


def _draft(body: dict[str, Any], area: str) -> Draft:
    read = read_draft(body, area)
    if isinstance(read, Fault):
        raise Problem("rules-wrong", where=read.field, what=read.message)
    return read


class RuleChangeOut(Shape):
    """A change as it is now."""

    id: int
    area: str = Field(validation_alias="area_id")
    name: str
    state: Literal["draft", "in_force", "discarded"]
    version: int
    made_at: Instant
    made_by: str
    forced_at: Instant | None
    forced_by: str | None
    body: dict[str, Any] = Field(description="Its rules, and those it takes away.")


_CHANGE = ("not-found", "rules-wrong", "rules-moved", "key-missing", "key-reused")


@router.get("", operation_id="listRuleChanges", **needs(Permission.READ_RULES, "no-town"))
async def list_changes(
    person: SignedIn, service: The, write: In, area: AreaQuery = None
) -> list[RuleChangeOut]:
    """Return the changes of an area, or of all one may see, the newest first."""
    async with service.database.reading() as db:
        return write.many(
            RuleChangeOut, await rule_changes.changes(db, service.area_of(person, area))
        )


@router.post(
    "",
    operation_id="draftRules",
    status_code=201,
    **needs(Permission.EDIT_RULES, "no-town", *_CHANGE, changes=True),
)
async def draft_rules(
    asked: RuleChangeIn, key: Key, person: SignedIn, service: The, write: In, area: AreaQuery = None
) -> RuleChangeOut:
    """Draft a change; nothing follows from it yet."""
    async with service.database.reading() as db:
        where = await area_asked(service, person, area, db)
    by = By(person.name, service.clock(), key)
    _readable({"name": asked.name})
    done = await changes.propose(service.database, where, asked.name, asked.draft(where), by)
    return await _answer(service, write, done)


class RuleTextIn(BaseModel):
    """Rules as a file: TOML, or CSV of one kind."""

    name: str = Field(min_length=1, max_length=100)
    format: Literal["toml", "csv"] = "toml"
    kind: Kind = "hours"
    text: str = Field(max_length=60_000)


@router.post(
    "/import",
    operation_id="importRules",
    status_code=201,
    **needs(Permission.EDIT_RULES, "no-town", *_CHANGE, changes=True),
)
async def import_rules(
    asked: RuleTextIn, key: Key, person: SignedIn, service: The, write: In, area: AreaQuery = None
) -> RuleChangeOut:
    """Draft a change from a file; rules that hold already as they are, are left out."""
    async with service.database.reading() as db:
        where = await area_asked(service, person, area, db)
    _readable({"name": asked.name, "text": asked.text})
    by = By(person.name, service.clock(), key)
    draft = Draft(_rules_from(asked, where))
    done = await changes.propose(service.database, where, asked.name, draft, by)
    return await _answer(service, write, done)


def _rules_from(asked: RuleTextIn, area: str) -> tuple[Rule, ...]:
    try:
        if asked.format == "toml":
            return read_rules(asked.text, {area})
        return read_sheet(asked.kind, asked.text, f"{asked.kind}.csv", {area})
    except TownError as error:
        where = error.file if error.line is None else f"{error.file}:{error.line}"
        field = f"{where}: {error.field}" if error.field else where
        raise Problem("rules-wrong", where=field, what=error.reason) from error


async def _answer(service: Service, write: Rendering, done: int | str) -> RuleChangeOut:
    if isinstance(done, str):
        raise Problem(done)
    async with service.database.reading() as db:
        return write.one(RuleChangeOut, await rule_changes.change(db, done))


async def _change(service: Service, person: Person, change_id: int) -> ChangeRow:
    async with service.database.reading() as db:
        row = await rule_changes.change(db, change_id)
    if row is None or person.area not in {None, row.area_id}:
        raise Problem("not-found")
    return row


@router.get(
    "/{change_id}",
    operation_id="readRuleChange",
    **needs(Permission.READ_RULES, "not-found"),
)
async def read_change(
    change_id: ChangeId, person: SignedIn, service: The, write: In
) -> RuleChangeOut:
    """Return one change."""
    return write.one(RuleChangeOut, await _change(service, person, change_id))


VersionQuery = Annotated[int, Query(ge=1, le=2**31 - 1, description="The version that was seen.")]


@router.put(
    "/{change_id}",
    operation_id="redraftRules",
    **needs(Permission.EDIT_RULES, *_CHANGE, changes=True),
)
async def redraft_rules(
    change_id: ChangeId, version: VersionQuery, asked: RuleChangeIn, key: Key, person: SignedIn,
    service: The, write: In,
) -> RuleChangeOut:  # fmt: skip
    """Put other rules into a draft."""
    row = await _change(service, person, change_id)
    by = By(person.name, service.clock(), key)
    _readable({"name": asked.name})
    draft = asked.draft(row.area_id)
    done = await changes.redraft(service.database, Seen(change_id, version), asked.name, draft, by)
    return await _answer(service, write, done)


@router.delete(
    "/{change_id}",
    operation_id="discardRules",
    **needs(Permission.EDIT_RULES, *_CHANGE),
)
async def discard_rules(
    change_id: ChangeId, version: VersionQuery, key: Key, person: SignedIn, service: The, write: In
) -> RuleChangeOut:
    """Give a draft up; it is remembered as discarded."""
    await _change(service, person, change_id)
    by = By(person.name, service.clock(), key)
    return await _answer(
        service, write, await changes.discard(service.database, Seen(change_id, version), by)
    )


class RuleFieldOut(Shape):
    """A field before and after; null is its default."""

    field: str
    before: Any
    after: Any


class RuleDifferenceOut(Shape):
    """What the rules of a kind become from a day on."""

    kind: str
    id: str
    valid_from: dt.date
    before: list[RuleBody]
    after: list[RuleBody]
    fields: list[RuleFieldOut]


class AffectedOut(Shape):
    """A booking that the new rules would refuse; it is carried all the same."""

    booking_id: str
    reference: str
    date: dt.date
    pickup: str
    origin: str
    destination: str
    rider_id: int | None
    reason: str
    rule: str
    sentence: Said


class RulePreviewOut(Shape):
    """What a change would do if it were put in force now; `fault` is why it cannot be."""

    change: RuleChangeOut
    differences: list[RuleDifferenceOut]
    no_longer_allowed: list[AffectedOut]
    count: int = Field(description="How many; to be named when it is put in force.")
    fault: str | None


@router.get(
    "/{change_id}/preview",
    operation_id="previewRules",
    **needs(Permission.READ_RULES, "not-found"),
)
async def preview_rules(
    change_id: ChangeId, person: SignedIn, service: The, write: In
) -> RulePreviewOut:
    """Return what a change would do to the rules and to the bookings there are."""
    row = await _change(service, person, change_id)
    async with service.database.reading() as db:
        found = await changes.preview(db, row, service.today())
    return write.one(
        RulePreviewOut,
        {
            "change": row,
            "differences": found.differences,
            "no_longer_allowed": _affected(found),
            "count": len(found.affected),
            "fault": found.fault and f"{found.fault.field}: {found.fault.message}",
        },
    )


def _affected(found: Preview) -> list[dict[str, object]]:
    return [
        {
            "booking_id": each.booking.id,
            "reference": each.booking.reference,
            "date": each.booking.service_date,
            "pickup": clock_words(each.booking.pickup_planned_s),
            "origin": found.places[each.booking.origin_id].name,
            "destination": found.places[each.booking.destination_id].name,
            "rider_id": each.booking.member_id,
            "reason": each.refused.reason,
            "rule": each.refused.rule,
            "sentence": each.refused.text,
        }
        for each in found.affected
    ]


class PutInForceIn(BaseModel):
    """The version of the draft that was seen, and how many bookings it no longer allows."""

    version: int = Field(ge=1, le=2**31 - 1)
    count: int = Field(ge=0, le=2**31 - 1)


@router.post(
    "/{change_id}/force",
    operation_id="putRulesInForce",
    **needs(Permission.EDIT_RULES, *_CHANGE, "rules-unseen", changes=True),
)
async def put_in_force(
    change_id: ChangeId, seen: PutInForceIn, key: Key, person: SignedIn, service: The, write: In
) -> RuleChangeOut:
    """Put a draft in force as it was seen; bookings made before are carried all the same."""
    await _change(service, person, change_id)
    by = By(person.name, service.clock(), key)
    done = await changes.put_in_force(
        service.database, Seen(change_id, seen.version), seen.count, service.today(), by
    )
    if isinstance(done, Unseen):
        raise Problem("rules-unseen", count=done.count, extra={"count": done.count})
    if isinstance(done, Fault):
        raise Problem("rules-wrong", where=done.field, what=done.message)
    await service.refresh_rules()
    return await _answer(service, write, done)
