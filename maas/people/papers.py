"""Paper forms typed into a table: read line by line, good ones taken, bad ones handed back.

An office types a hundred forms and gets three wrong.  The good lines are taken in one transaction,
the bad ones come back as a table of their own with what to write instead; that table, or the whole
one, is handed in again when it is mended, since a line taken before is known by number, or by name
and telephone, and makes nobody twice.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from maas.people.forms import CHANNELS, Fault, Form, birth_year, plain
from maas.store.members import Contact, Eligibility, Phone

MEND: Final = "直すところ"
LONGEST: Final = 1000
COLUMNS: Final = MappingProxyType(
    {
        "number": ("会員番号", "番号"),
        "name": ("氏名", "名前", "お名前"),
        "kana": ("ふりがな", "フリガナ", "かな", "カナ"),
        "phone": ("電話", "電話番号", "固定電話"),
        "mobile": ("携帯", "携帯電話"),
        "email": ("メール", "メールアドレス"),
        "birth": ("生年", "生年月日", "birth_year"),
        "address": ("住所",),
        "oaza": ("大字", "地区"),
        "lat": ("緯度",),
        "lon": ("経度",),
        "place": ("乗降場所", "最寄り"),
        "household": ("世帯",),
        "aids": ("補助具", "tags"),
        "eligibility": ("資格", "手帳"),
        "family": ("家族", "緊急連絡先"),
        "confirm_by": ("連絡方法",),
        "language": ("言語",),
        "notes": ("備考",),
    }
)
"""Each column with the heads it may have besides its own name."""


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Paper:
    """A good line; `number` is empty when they have none yet."""

    line: int
    number: str
    form: Form


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that was not taken: its cells, and everything that is wrong with it."""

    line: int
    cells: Mapping[str, str]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Papers:
    """A table of forms as read; `unused` are the heads of columns that nobody looked at."""

    good: tuple[Paper, ...] = ()
    bad: tuple[Bad, ...] = ()
    unused: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()

    @property
    def mend(self) -> str:
        """The bad lines as a table with what to mend, empty when there are none."""
        if not self.bad or not self.heads:
            return ""
        out = io.StringIO()
        writer = csv.DictWriter(out, [*self.heads, MEND], extrasaction="ignore")
        writer.writeheader()
        for bad in self.bad:
            why = " ".join(f"{fault.field}: {fault.text.ja}" for fault in bad.faults)
            writer.writerow({**bad.cells, MEND: why})
        return out.getvalue()


def read_papers(
    data: bytes, places: Mapping[str, Point], check: Callable[[Form], Form | list[Fault]]
) -> Papers:
    """Return the good and the bad lines of a CSV table in UTF-8 or Shift_JIS.

    `places` says where the places are by code, `check` says what is wrong with a form in this town.
    """
    text = _text(data)
    if text is None:
        return Papers(bad=(_unreadable("not_text"),))
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        heads = tuple(plain(head) for head in reader.fieldnames or ())
        reader.fieldnames = list(heads)
        names = {head: name for head in heads if (name := _column(head)) is not None}
        if "name" not in names.values():
            return Papers(bad=(_unreadable("no_columns"),))
        reading = _Reading(names, places, check)
        for cells in reader:
            reading.take(reader.line_num, cells)
    except csv.Error:
        return Papers(bad=(_unreadable("not_text"),))
    unused = tuple(head for head in heads if head not in names and head != MEND)
    return Papers(
        tuple(reading.good), tuple(reading.bad), unused, tuple(h for h in heads if h != MEND)
    )


def _text(data: bytes) -> str | None:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _unreadable(why: str) -> Bad:
    return Bad(1, {}, (Fault.of("", why),))


def _column(head: str) -> str | None:
    return next((name for name, heads in COLUMNS.items() if head in {name, *heads}), None)


@dataclass(slots=True)
class _Reading:
    """The lines read so far."""

    names: Mapping[str, str]
    places: Mapping[str, Point]
    check: Callable[[Form], Form | list[Fault]]
    good: list[Paper] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def take(self, line: int, cells: Mapping[str | None, str | None]) -> None:
        """Read one line."""
        if not any(isinstance(cell, str) and cell.strip() for cell in cells.values()):
            return
        read = self._read(line, cells)
        if isinstance(read, Paper):
            self.good.append(read)
        else:
            known = {head: cell or "" for head, cell in cells.items() if head}
            self.bad.append(Bad(line, known, tuple(read)))

    def _read(self, line: int, cells: Mapping[str | None, str | None]) -> Paper | list[Fault]:
        if None in cells or None in cells.values():
            return [Fault.of("", "cells")]
        said = {
            self.names[head]: plain(cell)
            for head, cell in cells.items()
            if head is not None and head in self.names and cell
        }
        faults = [Fault.of(name, "long") for name, cell in said.items() if len(cell) > LONGEST]
        number = said.get("number", "")
        if number and self.lines.setdefault(number, line) != line:
            faults.append(Fault.of("number", "twice", line=self.lines[number]))
        if said.get("place", "") not in {"", *self.places}:
            faults.append(Fault.of("place", "no_place"))
        form = _form(said, faults)
        if form.lat is None and form.lon is None and said.get("place") in self.places:
            lat, lon = self.places[said["place"]]
            form = replace(form, lat=lat, lon=lon)
        checked = self.check(form)
        faults += checked if isinstance(checked, list) else []
        if faults or isinstance(checked, list):
            return faults
        return Paper(line, number, checked)


def _form(said: Mapping[str, str], faults: list[Fault]) -> Form:
    """Return what a line says; what cannot be read is added to the faults and left out."""

    def read(name: str, how: Callable[[str], object], why: str, **values: object) -> object:
        if not said.get(name):
            return None
        try:
            found = how(said[name])
        except ValueError:
            found = None
        if found is None:
            faults.append(Fault.of(name, why, **values))
        return found

    languages = ("ja", "en")
    mobile = said.get("mobile")
    phone = said.get("phone") or mobile
    form: dict[str, object] = {
        "name": said.get("name", ""),
        "phone": phone,
        "phones": (Phone(mobile, "携帯"),) if mobile and mobile != phone else None,
        "birth_year": read("birth", birth_year, "birth"),
        "lat": read("lat", float, "number_form"),
        "lon": read("lon", float, "number_form"),
        "aids": read("aids", _words, "long"),
        "eligibility": read("eligibility", _eligibility, "date"),
        "contacts": read("family", _family, "long"),
        "confirm_by": read("confirm_by", _one_of(CHANNELS), "choice", choices=", ".join(CHANNELS)),
        "language": read("language", _one_of(languages), "choice", choices="ja, en"),
    }
    same = ("kana", "email", "address", "oaza", "household", "notes")
    return Form(**form, **{name: said.get(name) or None for name in same})  # type: ignore[arg-type]


def _words(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in cell.replace("、", ";").split(";"))))


def _one_of(choices: Sequence[str]) -> Callable[[str], str | None]:
    return lambda cell: cell if cell in choices else None


def _eligibility(cell: str) -> tuple[Eligibility, ...]:
    """Read `aicard:2027-03-31;disability_card`; raises ``ValueError`` for another date."""
    parts = (word.partition(":") for word in _words(cell))
    return tuple(
        Eligibility(kind, date.fromisoformat(until.replace("/", "-")) if until else None)
        for kind, _, until in parts
    )


def _family(cell: str) -> tuple[Contact, ...]:
    """Read `名前/続柄/電話` of each; watching over takes a consent that a table cannot give."""
    people = ([part.strip() for part in word.split("/")] + ["", ""] for word in _words(cell))
    return tuple(Contact(name, relation, phone) for name, relation, phone, *_ in people)
