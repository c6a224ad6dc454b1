"""The town's rules as CSV for a spreadsheet: one sheet a kind, one line a rule.

Lists of plain values are written with ``;`` between them, anything deeper as JSON.  What Excel
makes of dates and times (2026/4/1, 8:00) is read as what was meant.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from maas.town.rulebook import Rule, TownError, plain
from maas.town.rules import KINDS, Fault, read_as

_SLASHED = re.compile(r"^(\d{4})/(\d{1,2})/(\d{1,2})$")
_SHORT = re.compile(r"^\d:\d{2}$")
_LISTS = ("list[", "tuple[", "dict[")


def write_sheet(kind: str, rules: Iterable[Rule]) -> str:
    """Return the rules of a kind as CSV that `read_sheet` reads as the same rules."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, _columns(kind), lineterminator="\r\n")
    writer.writeheader()
    for of, rule in rules:
        if of == kind:
            writer.writerow({name: _cell(value) for name, value in plain(rule).items()})
    return out.getvalue()


def read_sheet(
    kind: str, text: str, file: str, areas: Iterable[str] | None = None
) -> tuple[Rule, ...]:
    """Return the rules in a CSV text.  Raises ``TownError`` at the first cell that is wrong."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    known, lists = _columns(kind), _list_columns(kind)
    for name in reader.fieldnames or ():
        if name not in known:
            raise TownError(file, 1, name, "no such column here")
    rules: list[Rule] = []
    for cells in reader:
        if None in cells or None in cells.values():
            message = "as many cells as the first line are needed"
            raise TownError(file, reader.line_num, "", message)
        filled = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
        values = {name: _read(cell, name in lists) for name, cell in filled.items()}
        read = read_as(KINDS[kind], values, strict=False)
        if isinstance(read, Fault):
            raise TownError(file, reader.line_num, f"{kind}.{read.field}", read.message)
        if areas is not None and read.area not in areas:
            message = f"there is no area {read.area!r}"
            raise TownError(file, reader.line_num, f"{kind}.area", message)
        rules.append((kind, read))
    return tuple(rules)


def _columns(kind: str) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(KINDS[kind])]


def _list_columns(kind: str) -> set[str]:
    """Return the columns whose cells may be lists; a tariff may be written shortly."""
    fields = msgspec.structs.fields(KINDS[kind])
    return {f.encode_name for f in fields if any(word in str(f.type) for word in _LISTS)}


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict) or (isinstance(value, list) and not _is_plain(value)):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, list):
        return ";".join(str(each) for each in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_plain(values: list[Any]) -> bool:
    """Whether a list can be written with ``;`` between: some plain values, none of them odd."""
    return bool(values) and all(
        isinstance(each, str | date)
        and not re.search(r'^[\[{]|[;"]|^(true|false)$|^$|^\s|\s$', str(each))
        for each in values
    )


def _read(cell: str, may_be_list: bool) -> Any:  # noqa: ANN401, FBT001 -- whatever the cell means
    if not may_be_list:
        return _meant(cell)
    if cell.lower() in {"true", "false"}:
        return cell.lower()
    if cell[0] in "[{":
        try:
            return json.loads(cell)
        except json.JSONDecodeError:
            return cell
    return [_meant(part.strip()) for part in cell.split(";") if part.strip()]


def _meant(text: str) -> str:
    """Return a date or time that a spreadsheet has rewritten as the town writes it.

    >>> _meant("2026/4/1"), _meant("8:00"), _meant("14")
    ('2026-04-01', '08:00', '14')
    """
    found = _SLASHED.match(text)
    if found:
        year, month, day = found.groups()
        return f"{year}-{month:0>2}-{day:0>2}"
    return f"0{text}" if _SHORT.match(text) else text
