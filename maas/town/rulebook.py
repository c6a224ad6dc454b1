"""The town's rules as TOML: read with the line of what is wrong, and written back.

A rule is told from others by its area, kind, id and first day; hours of one first day belong
together, those of each weekday beside the others.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from maas.town.rules import KINDS, Dated, Fault, Relation, read_as

Rule = tuple[str, Dated]
"""A rule with its kind."""
RuleKey = tuple[str, str, str, date]
"""What tells rules apart: area, kind, id (empty where there is none), first day."""


class TownError(Exception):
    """A town file that cannot be taken; the message says where and why."""

    def __init__(self, file: str, line: int | None, field: str, message: str) -> None:
        self.file, self.line, self.field, self.reason = file, line, field, message
        where = file if line is None else f"{file}:{line}"
        super().__init__(f"{where}: {field}: {message}" if field else f"{where}: {message}")


def key_of(kind: str, rule: Dated) -> RuleKey:
    """Return what tells a rule from others; only hours may have it in common."""
    id_ = str(getattr(rule, "id", "")) if kind in {"zone", "relation", "figure"} else ""
    return rule.area, kind, id_, rule.valid_from


def read_rules(text: str, areas: Collection[str], file: str = "rules.toml") -> tuple[Rule, ...]:
    """Return the rules in a TOML text.  Raises ``TownError`` at the first thing that is wrong."""
    values = parse(text, file)
    for name in values.keys() - KINDS.keys():
        raise TownError(file, table_line(text, name, 0), name, "no such table here")
    rules = rules_in(text, values, file)
    check_rules(file, text, set(areas), rules)
    return rules


def parse(text: str, file: str) -> dict[str, Any]:
    """Return a TOML text's values.  Raises ``TownError``."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise TownError(file, int(found[1]) if found else None, "", str(error)) from error


def rules_in(text: str, values: dict[str, Any], file: str) -> tuple[Rule, ...]:
    """Return every rule of a TOML text's values, unchecked against each other."""
    return tuple(
        (kind, rule)
        for kind, shape in KINDS.items()
        for rule in read_tables(file, text, kind, values, shape)
    )


S = TypeVar("S", bound=Struct)


def read_tables(
    file: str, text: str, name: str, values: dict[str, Any], shape: type[S]
) -> tuple[S, ...]:
    """Return the tables [[name]] of a TOML text.  Raises ``TownError``."""
    entries = values.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise TownError(file, table_line(text, name, 0), name, f"[[{name}]] is a list of tables")
    return tuple(
        read_table(file, text, name, index, entry, shape) for index, entry in enumerate(entries)
    )


def read_table(
    file: str, text: str, name: str, index: int, values: dict[str, Any], shape: type[S]
) -> S:
    """Return the `index`-th table of a name.  Raises ``TownError``."""
    read = read_as(shape, values)
    if isinstance(read, Fault):
        line = table_line(text, name, index, read.field)
        raise TownError(file, line, f"{name}.{read.field}", read.message)
    return read


def check_rules(file: str, text: str, areas: Collection[str], rules: Sequence[Rule]) -> None:
    """See that areas are known and no rule is there twice.  Raises ``TownError``."""
    for kind, index, rule in _counted(rules):
        if rule.area not in areas:
            line = table_line(text, kind, index, "area")
            raise TownError(file, line, f"{kind}.area", f"there is no area {rule.area!r}")
    seen: set[RuleKey] = set()
    for kind, index, rule in _counted(rules):
        key = key_of(kind, rule)
        if kind != "hours" and key in seen:
            line = table_line(text, kind, index, "valid_from")
            raise TownError(file, line, f"{kind}.valid_from", "there is another one from that day")
        seen.add(key)


def check_zones(file: str, text: str, rules: Sequence[Rule], known: Collection[RuleKey]) -> None:
    """See that the zones of relations are among the rules or `known`.  Raises ``TownError``."""
    keys = {key_of(kind, rule) for kind, rule in rules}.union(known)
    zones = {(area, id_) for area, kind, id_, _ in keys if kind == "zone"}
    for kind, index, rule in _counted(rules):
        if isinstance(rule, Relation):
            for zone in sorted(rule.zones):
                if (rule.area, zone) not in zones:
                    line = table_line(text, kind, index, "from")
                    raise TownError(file, line, f"{kind}.from", f"there is no zone {zone!r}")


def _counted(rules: Iterable[Rule]) -> Iterator[tuple[str, int, Dated]]:
    """Yield each rule with its kind and its number among those of its kind."""
    seen: dict[str, int] = {}
    for kind, rule in rules:
        seen[kind] = seen.get(kind, -1) + 1
        yield kind, seen[kind], rule


def table_line(text: str, name: str, index: int, field: str = "") -> int | None:
    """Return the line of a field (or of the head) of the `index`-th table of a name."""
    heads = re.compile(rf"^\s*\[\[?\s*{re.escape(name)}\s*\]\]?")
    row = re.compile(rf"""^\s*["']?{re.escape(field)}["']?\s*=""")
    count, head = -1, None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("["):
            count += bool(heads.match(line))
            inside = bool(heads.match(line)) and count == index
            head = number if inside else head
            if count > index or (head is not None and not inside):
                return head
        elif field and head is not None and row.match(line):
            return number
    return head


# --- writing ----------------------------------------------------------------------------------


def write_rules(rules: Iterable[Rule]) -> str:
    """Return rules as TOML that `read_rules` reads as the same rules; defaults are left out."""
    tables = []
    for kind, rule in rules:
        lines = [f"{_key(name)} = {_value(value)}" for name, value in plain(rule).items()]
        tables.append("\n".join([f"[[{kind}]]", *lines]))
    return "\n\n".join(tables) + "\n" if tables else ""


def plain(rule: Struct) -> dict[str, Any]:
    """Return the fields of a rule that are not at their default, those inside it too."""
    return {
        field.encode_name: _inside(getattr(rule, field.name))
        for field in msgspec.structs.fields(rule)
        if getattr(rule, field.name) != _default(field)
    }


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _inside(value: object) -> object:
    if isinstance(value, Struct):
        return plain(value)
    if isinstance(value, list | tuple):
        return [_inside(each) for each in value]
    if isinstance(value, dict):
        return {name: _inside(each) for name, each in value.items()}
    return value


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _value(value: object) -> str:
    """Return a value in one line of TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items())
        return "{" + pairs + "}"
    return repr(value)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
