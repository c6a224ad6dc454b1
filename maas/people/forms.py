"""What is filled in about a member, put right: widths, hyphens, kana, years of the eras.

Forms are filled in by hand, on paper or on the telephone.  What can only mean one thing is taken as
that; anything else is a fault that says which field, and what to write instead.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Final, Literal, get_args

from maas.people.messages import FAULTS
from maas.store.members import Contact, Eligibility, MemberRow, Phone
from maas.town.messages import Text
from maas.town.romaji import KATAKANA
from maas.town.search import digits

Channel = Literal["none", "phone", "voice", "sms", "email", "line", "push", "postcard"]
"""How a member wants to hear of bookings; `none`: only a call when something changes."""
CHANNELS: Final[tuple[str, ...]] = get_args(Channel)
FAVOURITES: Final = 9

_KANA: Final = re.compile(r"[ぁ-ゖー ]*")
_HYPHENS: Final = re.compile("[‐‑‒–—―−ーｰ]")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_ERAS: Final = MappingProxyType(
    {"明": 1867, "m": 1867, "大": 1911, "t": 1911, "昭": 1925, "s": 1925, "平": 1988, "h": 1988,
     "令": 2018, "r": 2018}
)  # fmt: skip
_ERA_YEAR: Final = re.compile(r"(明|大|昭|平|令|[mtshr])\D{0,2}?(\d{1,2}|元)(?!\d)")
_YEAR: Final = re.compile(r"(18[89]\d|19\d\d|20\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field, and the sentence that says what to write."""

    field: str
    why: str
    text: Text

    @classmethod
    def of(cls, field: str, why: str, **values: object) -> Fault:
        """Return a fault of the catalogue with its blanks filled in."""
        text = FAULTS[why]
        return cls(field, why, Text(text.ja.format(**values), text.en.format(**values)))


@dataclass(frozen=True, slots=True)
class Form:
    """What is said about a member; `None` is not said and leaves what is known as it is.

    `lat` and `lon` are where they live; `favourites` and `pickup_points` are ids of places.
    """

    name: str | None = None
    kana: str | None = None
    phone: str | None = None
    phones: tuple[Phone, ...] | None = None
    email: str | None = None
    line_id: str | None = None
    birth_year: int | None = None
    address: str | None = None
    oaza: str | None = None
    household: str | None = None
    tags: tuple[str, ...] | None = None
    aids: tuple[str, ...] | None = None
    eligibility: tuple[Eligibility, ...] | None = None
    contacts: tuple[Contact, ...] | None = None
    notes: str | None = None
    favourites: tuple[int, ...] | None = None
    pickup_points: tuple[int, ...] | None = None
    language: str | None = None
    confirm_by: str | None = None
    provisional: bool | None = None
    lat: float | None = None
    lon: float | None = None

    @property
    def said(self) -> Mapping[str, object]:
        """The fields that are said, by name."""
        every = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in every if value is not None}


def plain(text: str) -> str:
    """Return a text in one width, without control marks, with single spaces and none around it.

    >>> plain("　標本　 修 "), plain("ﾊﾅｺ"), plain("ＡＢ１")
    ('標本 修', 'ハナコ', 'AB1')
    """
    return " ".join(_CONTROLS.sub("", unicodedata.normalize("NFKC", text)).split())


def lines(text: str) -> str:
    """Return a longer text as it is written, without control marks and space around it."""
    return _CONTROLS.sub("", text).strip()


def reading(text: str) -> str | None:
    """Return kana of any kind as hiragana, `None` when it is something else.

    >>> reading("ﾋｮｳﾓﾄ　ｵｻﾑ"), reading("Hyomoto")
    ('ひょうもと おさむ', None)
    """
    kana = plain(_HYPHENS.sub("ー", text)).translate(KATAKANA).replace("・", " ")
    return kana if _KANA.fullmatch(kana) else None


def telephone(text: str) -> str | None:
    """Return a telephone number with narrow digits and hyphens, `None` when it is none.

    >>> telephone("０００ー１２３４－５６７８"), telephone("(000) 123-4567"), telephone("56-1234")
    ('000-1234-5678', '000-123-4567', None)
    """
    number = plain(_HYPHENS.sub("-", text))
    if not re.fullmatch(r"[\d+()\- .]*", number, re.ASCII):
        return None
    if len(digits(number)) not in {0, 10, 11}:
        return None
    if number.startswith("+"):
        return digits(number)
    return re.sub(r"[() .\-]+", "-", number).strip("-")


def birth_year(text: str) -> int | None:
    """Return the year in a date of birth, in our calendar or by era, `None` when there is none.

    >>> birth_year("昭和１５年３月"), birth_year("S15.3.1"), birth_year("1940/3/1"), birth_year("x")
    (1940, 1940, 1940, None)
    """
    narrow = plain(text).lower()
    era = _ERA_YEAR.match(narrow)
    if era is not None:
        return _ERAS[era[1]] + (1 if era[2] == "元" else int(era[2]))
    year = _YEAR.match(narrow)
    return None if year is None else int(year[0])


def put_right(form: Form) -> Form | list[Fault]:
    """Return a form in the way it is kept, or everything that is wrong with it."""
    faults: list[Fault] = []
    right: dict[str, object] = {}

    def take(field: str, read: Callable[[str], str | None], why: str) -> None:
        text = getattr(form, field)
        if text is not None:
            right[field] = read(text)
            if right[field] is None:
                faults.append(Fault.of(field, why))

    take("name", lambda text: plain(text) or None, "name")
    take("kana", reading, "kana")
    take("phone", telephone, "phone")
    take("email", _email, "email")
    for field in ("address", "oaza", "household", "line_id"):
        take(field, plain, "long")
    take("notes", lines, "long")
    for field in ("tags", "aids"):
        words = getattr(form, field)
        if words is not None:
            right[field] = tuple(filter(None, map(plain, words)))
    if form.eligibility is not None:
        right["eligibility"] = tuple(replace(e, kind=plain(e.kind)) for e in form.eligibility)
    for field in ("phones", "contacts"):
        people = [_numbered(each) for each in getattr(form, field) or ()]
        if None in people:
            faults.append(Fault.of(field, "phone"))
        elif getattr(form, field) is not None:
            right[field] = tuple(people)
    if (form.lat is None) != (form.lon is None):
        faults.append(Fault.of("lat", "half_point"))
    return faults or replace(form, **right)  # type: ignore[arg-type]


def _email(text: str) -> str | None:
    address = plain(text)
    return address if not address or _EMAIL.fullmatch(address) else None


def _numbered(each: Phone | Contact) -> Phone | Contact | None:
    """Return a telephone or a contact with the number as it is kept, `None` when it is none."""
    if isinstance(each, Phone):
        number = telephone(each.number)
        return Phone(number, plain(each.label)) if number else None
    number = telephone(each.phone)
    if number is None or _email(each.email) is None:
        return None
    name, relation, email = map(plain, (each.name, each.relation, each.email))
    return Contact(name, relation, number, email, each.watch)


def filled_in(row: MemberRow, form: Form) -> MemberRow:
    """Return a member with what a form says."""
    said = {name: value for name, value in form.said.items() if name not in {"lat", "lon"}}
    return replace(row, **said)  # type: ignore[arg-type]


def blank(number: str) -> MemberRow:
    """Return a member of whom only the number is known."""
    return MemberRow(0, number, "", "", "", None, "", "", None, (), "", (), "ja")
