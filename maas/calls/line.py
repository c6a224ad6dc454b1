"""What a call is after the exchange has told of it, in whatever order its news come."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Final, Literal

from maas.store.calls import CallRow

Event = Literal["ringing", "answered", "ended"]

FORGOTTEN_S: Final = 2 * 3600.0
"""A call whose end was never told is over by then."""
JAPAN: Final = "+81"


@dataclass(frozen=True, slots=True)
class News:
    """What the exchange tells of a call: `at` is epoch seconds, `operator` who answered."""

    call_id: str
    event: Event
    number: str
    at: float
    operator: str | None = None


def after(row: CallRow | None, news: News) -> CallRow:
    """Return a call after some news of it; the same news again change nothing.

    Of each kind the earliest time counts, so the order in which news arrive does not matter.
    """
    known = row or CallRow(news.call_id, "", "ringing", news.at)
    number = known.number or dialled(news.number)
    known = replace(known, number=number, rang_at=min(known.rang_at, news.at))
    if news.event == "answered":
        at = news.at if known.answered_at is None else min(known.answered_at, news.at)
        known = replace(known, answered_at=at, operator=known.operator or news.operator)
    if news.event == "ended":
        at = news.at if known.ended_at is None else min(known.ended_at, news.at)
        known = replace(known, ended_at=at)
    return replace(known, state=_state(known))


def _state(row: CallRow) -> Event:
    if row.ended_at is not None:
        return "ended"
    return "ringing" if row.answered_at is None else "answered"


def wait_s(row: CallRow, now: float) -> float:
    """Return how long a caller waited for an answer, or has waited by now."""
    until = row.answered_at if row.answered_at is not None else row.ended_at
    return max((now if until is None else until) - row.rang_at, 0.0)


def dialled(number: str) -> str:
    """Return a number as it is dialled within the country, empty when it is withheld.

    >>> dialled("+81-90-000-0001"), dialled("０００-０００-０００１"), dialled("anonymous")
    ('0900000001', '0000000001', '')
    """
    plain = unicodedata.normalize("NFKC", number).strip()
    kept = "".join(each for each in plain if each.isdecimal())
    return f"0{kept.removeprefix(JAPAN[1:]).removeprefix('0')}" if plain.startswith(JAPAN) else kept
