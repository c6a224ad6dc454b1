"""A change of the rules before it is in force: what it would replace, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from maas.town.rulebook import Rule, RuleKey, TownError, check_rules, check_zones, key_of, plain
from maas.town.rules import (
    KINDS,
    AreaRules,
    BookingRule,
    Dated,
    Fault,
    Hours,
    Relation,
    Tariff,
    Zone,
    read_as,
)
from maas.town.rules import write as write_rule


@dataclass(frozen=True, slots=True)
class Draft:
    """Rules to put in force, and those to take away before they hold."""

    rules: tuple[Rule, ...]
    withdrawn: tuple[RuleKey, ...] = ()

    @property
    def keys(self) -> frozenset[RuleKey]:
        """What it decides anew."""
        return frozenset(key_of(kind, rule) for kind, rule in self.rules).union(self.withdrawn)


def read_draft(body: dict[str, Any], area: str) -> Draft | Fault:
    """Return a draft as it is kept, or the first field that is wrong, as rules.0.hours.from."""
    rules = []
    for number, entry in enumerate(body.get("rules", [])):
        read = read_as(KINDS[entry["kind"]], {"area": area, **entry["rule"]})
        if isinstance(read, Fault):
            return Fault(f"rules.{number}.{entry['kind']}.{read.field}", read.message)
        rules.append((entry["kind"], read))
    withdrawn = tuple(
        (area, each["kind"], each["id"], date.fromisoformat(each["valid_from"]))
        for each in body.get("withdrawn", [])
    )
    return Draft(tuple(rules), withdrawn)


def write_draft(draft: Draft) -> dict[str, Any]:
    """Return a draft as it is kept."""
    return {
        "rules": [{"kind": kind, "rule": write_rule(rule)} for kind, rule in draft.rules],
        "withdrawn": [
            {"kind": kind, "id": id_, "valid_from": day.isoformat()}
            for _, kind, id_, day in draft.withdrawn
        ],
    }


def without_what_holds(draft: Draft, live: Sequence[Rule]) -> Draft:
    """Return the draft without those of its rules that are in force as they are."""
    anew = {key for key in draft.keys if _of(draft.rules, key) != _of(live, key)}
    rules = tuple((kind, rule) for kind, rule in draft.rules if key_of(kind, rule) in anew)
    return Draft(rules, tuple(key for key in draft.withdrawn if key in anew))


def _of(rules: Iterable[Rule], key: RuleKey) -> list[dict[str, Any]]:
    found = [write_rule(rule) for kind, rule in rules if key_of(kind, rule) == key]
    return sorted(found, key=str)


def with_draft(live: Iterable[Rule], draft: Draft) -> tuple[Rule, ...]:
    """Return the rules there are once a draft is in force."""
    kept = [(kind, rule) for kind, rule in live if key_of(kind, rule) not in draft.keys]
    return (*kept, *draft.rules)


def first_day(draft: Draft) -> date | None:
    """Return the first day a draft changes anything on, `None` when it changes nothing."""
    return min((day for _, _, _, day in draft.keys), default=None)


def wrong_in(
    draft: Draft, live: Sequence[Rule], area: str, today: date, places: Collection[str]
) -> Fault | None:
    """Return why a draft cannot be put in force, `None` when it can."""
    past = sorted(key for key in draft.keys if key[3] < today and key[1] != "figure")
    if past:
        _, kind, id_, day = past[0]
        return Fault(f"{kind}.valid_from", f"{id_ or kind} of {day}: what held is not rewritten")
    known = {key_of(kind, rule) for kind, rule in live}
    unknown = next((key for key in draft.withdrawn if key not in known), None)
    if unknown is not None:
        return Fault("withdrawn", f"there is no {unknown[1]} {unknown[2]} from {unknown[3]}")
    for _, rule in draft.rules:
        for place in rule.places if isinstance(rule, Zone) else ():
            if place not in places:
                return Fault("zone.places", f"there is no place {place!r}")
    try:
        check_rules("", "", {area}, draft.rules)
        check_zones("", "", with_draft(live, draft), ())
    except TownError as error:
        return Fault(error.field, error.reason)
    return None


D = TypeVar("D", bound=Dated)


def area_rules_of(area: str, rules: Iterable[Rule]) -> AreaRules:
    """Return rules as those of one area."""
    held = [rule for _, rule in rules if rule.area == area]

    def of(shape: type[D]) -> tuple[D, ...]:
        return tuple(rule for rule in held if isinstance(rule, shape))

    return AreaRules(area, of(Hours), of(BookingRule), of(Tariff), of(Zone), of(Relation))


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field before and after; `None` is its default."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Difference:
    """What a draft makes of the rules of a kind (and id) from a day on.

    `before` is what would hold on that day without it; `fields` is given when one rule follows one.
    """

    kind: str
    id: str
    valid_from: date
    before: tuple[dict[str, Any], ...]
    after: tuple[dict[str, Any], ...]
    fields: tuple[FieldChange, ...]


def differences(live: Sequence[Rule], draft: Draft) -> list[Difference]:
    """Return what a draft changes, by day and kind."""
    then = with_draft(live, draft)
    keys = sorted(draft.keys, key=lambda key: (key[3], list(KINDS).index(key[1]), key[2]))
    return [_difference(key, _held(live, key), _held(then, key)) for key in keys]


def _held(rules: Iterable[Rule], key: RuleKey) -> list[dict[str, Any]]:
    """Return what holds on the day of a key among the rules of its area, kind and id."""
    area, kind, id_, day = key
    alike = [
        rule
        for of, rule in rules
        if key_of(of, rule)[:3] == (area, kind, id_) and rule.holds_on(day)
    ]
    newest = max((rule.valid_from for rule in alike), default=None)
    return [plain(rule) for rule in alike if rule.valid_from == newest]


def _difference(
    key: RuleKey, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> Difference:
    fields: tuple[FieldChange, ...] = ()
    if len(before) == len(after) == 1:
        old, new = before[0], after[0]
        fields = tuple(
            FieldChange(name, old.get(name), new.get(name))
            for name in dict.fromkeys((*old, *new))
            if name not in {"valid_from", "valid_to"} and old.get(name) != new.get(name)
        )
    return Difference(key[1], key[2], key[3], tuple(before), tuple(after), fields)
