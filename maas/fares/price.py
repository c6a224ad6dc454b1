"""What a ride costs, as a function of what happened: the first line that holds, less discounts.

Everybody of a party is priced alone.  A ride is shared when somebody of another party was on board
at the same moment, so a fare is known at the end of the ride and not before; a quote says both.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from math import ceil, floor
from typing import Any, Literal

import msgspec

from maas.fares.messages import joined, tell
from maas.town.calendars import Party
from maas.town.messages import Text
from maas.town.tariffs import HALF, Discount, FareLine, Tariff

Words = frozenset[str]
ADULT: Words = frozenset()
NO_GUARDIANS: Words = frozenset({"infant", "child"})
Transfer = Literal["no", "said", "linked"]
Head = tuple[str, tuple[str, ...], int]
"""What one person pays: the line, the discounts, the yen."""


@dataclass(frozen=True, slots=True)
class Journey:
    """What is known of a ride besides who rides.

    `shared` is with another party.  `transfer`: a change to or from a bus, only said or linked to
    a bus trip or ticket.  `returning`: the way back of a paid ride.  `distance_m` is the straight
    line; `oaza` where it goes from and to; `None` is not known.
    """

    shared: bool = False
    transfer: Transfer = "no"
    returning: bool = False
    distance_m: int | None = None
    oaza: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What several people of a party pay for the same reason; `yen` is for each of them."""

    count: int
    line: str
    discounts: tuple[str, ...]
    yen: int
    label: Text

    @property
    def said(self) -> Text:
        """The part in words, as in a list."""
        if self.yen == 0 and self.discounts:
            return tell("part.free", count=self.count, label=self.label)
        name = "part" if self.label.ja else "part.plain"
        return tell(name, count=self.count, label=self.label, yen=self.yen)


@dataclass(frozen=True, slots=True)
class Fare:
    """What a party pays in yen, why, and in words to read aloud."""

    yen: int
    parts: tuple[Part, ...]
    sentence: Text
    record: dict[str, Any]
    """The tariff and its version, what the fare was worked out from, and its parts, as JSON."""

    @property
    def reasons(self) -> tuple[Text, ...]:
        """What each part of the party pays, in words."""
        return tuple(part.said for part in self.parts)


def riders_of(party: Party, tags: Iterable[str] = (), tariff: Tariff | None = None) -> list[Words]:
    """Return what is known of everybody in a party.

    `tags` are those of the member it is booked for: when one of them gives a discount in `tariff`
    the member is the first of those at half fare.
    """
    own = frozenset(tags) & (tariff.grounds if tariff is not None else frozenset())
    named = [own] if own and party.half_fares else []
    halves = named + [frozenset({HALF})] * (party.half_fares - len(named))
    adults = party.riders - party.half_fares - party.infants
    return [ADULT] * adults + halves + [frozenset({"infant"})] * party.infants


def fare(tariff: Tariff, riders: Sequence[Words], journey: Journey) -> Fare:
    """Return what a party pays for a ride."""
    facts = _facts(tariff, riders, journey)
    rights = _rights(tariff, riders, facts)
    heads = [
        _head(tariff, words | facts, journey, discounts)
        for words, discounts in zip(riders, rights, strict=True)
    ]
    parts = tuple(_part(tariff, head, count) for head, count in Counter(heads).items())
    total_yen = sum(part.count * part.yen for part in parts)
    cap_yen = tariff.party_cap_yen
    yen = total_yen if cap_yen is None else min(total_yen, cap_yen)
    sentence = _sentence(parts, yen, capped=yen < total_yen)
    if journey.transfer != "no" and "transfer" not in facts:
        sentence = joined_sentences(sentence, tell("fare.unproven"))
    record = _inputs(tariff, riders, journey) | {"parts": [_plain(part) for part in parts]}
    return Fare(yen, parts, sentence, record)


def _facts(tariff: Tariff, riders: Sequence[Words], journey: Journey) -> Words:
    """Return the words that hold for the ride."""
    company = sum(not words.intersection(tariff.not_company) for words in riders)
    proven = {"said", "linked"} if tariff.transfer_proof == "said" else {"linked"}
    facts = {
        "shared": journey.shared or company >= 2,
        "transfer": journey.transfer in proven,
        "returning": journey.returning,
    }
    return frozenset(word for word, holds in facts.items() if holds)


def _rights(
    tariff: Tariff, riders: Sequence[Words], facts: Words
) -> Iterator[tuple[Discount, ...]]:
    """Yield the discounts each person has a right to; limited ones go to the first who have."""
    guardians = sum(not words & NO_GUARDIANS for words in riders)
    limited = [(each.id, each.per_guardian) for each in tariff.discounts if each.per_guardian]
    left = {id_: guardians * most for id_, most in limited}
    for words in riders:
        given = []
        for each in tariff.discounts:
            if (words | facts).intersection(each.any_of) and left.get(each.id, 1) > 0:
                given.append(each)
                if each.id in left:
                    left[each.id] -= 1
        yield tuple(given)


def _head(tariff: Tariff, words: Words, journey: Journey, rights: tuple[Discount, ...]) -> Head:
    """Return which line one person pays, with which discounts, and how much."""
    line, full_yen = _line(tariff, words, journey)
    from_yen = full_yen
    if line.discounts_from is not None:
        other = next(each for each in tariff.fares if each.id == line.discounts_from)
        priced = _price(tariff, other, journey)
        from_yen = full_yen if priced is None else priced
    offered = [each for each in rights if line.id not in each.not_on]
    yen, taken = full_yen, tuple[str, ...]()
    for chosen in _together(offered, tariff.combine):
        reduced_yen = min(full_yen, _reduced(tariff, from_yen, chosen))
        if reduced_yen < yen:
            yen, taken = reduced_yen, tuple(each.id for each in chosen)
    capped = yen if tariff.cap_yen is None else min(yen, tariff.cap_yen)
    return line.id, taken, capped


def _line(tariff: Tariff, words: Words, journey: Journey) -> tuple[FareLine, int]:
    """Return the first line that holds and says a price, and that price."""
    for line in tariff.fares:
        yen = _price(tariff, line, journey) if words.issuperset(line.when) else None
        if yen is not None:
            return line, yen
    raise AssertionError("the last line of a tariff always has a price")


def _price(tariff: Tariff, line: FareLine, journey: Journey) -> int | None:
    """Return what a line says for a journey in yen, `None` when it says nothing about it."""
    if line.yen is not None:
        return line.yen
    if line.bands:
        return _by_distance(line, journey.distance_m)
    zones = _zones(tariff, journey)
    if zones is None:
        return None
    if line.zone_yen:
        order = list(tariff.zones)
        crossed = abs(order.index(zones[0]) - order.index(zones[1]))
        return line.zone_yen[min(crossed, len(line.zone_yen) - 1)]
    asked = sorted(zones)
    return next((pair.yen for pair in line.pairs if sorted(pair.between) == asked), None)


def _by_distance(line: FareLine, distance_m: int | None) -> int | None:
    """Return the price of a distance; one that is not known costs the last band."""
    if distance_m is None:
        return line.bands[-1].yen
    fitting = (band.yen for band in line.bands if band.to_m is None or distance_m <= band.to_m)
    return next(fitting, None)


def _zones(tariff: Tariff, journey: Journey) -> tuple[str, str] | None:
    if journey.oaza is None:
        return None
    of = {oaza: zone for zone, several in tariff.zones.items() for oaza in several}
    start, end = (of.get(oaza) for oaza in journey.oaza)
    return None if start is None or end is None else (start, end)


def _together(
    offered: Sequence[Discount], combine: Iterable[tuple[str, str]]
) -> Iterator[tuple[Discount, ...]]:
    """Yield the sets of discounts that may be given together, single ones first."""
    allowed = {frozenset(pair) for pair in combine}
    for count in range(1, len(offered) + 1):
        for chosen in combinations(offered, count):
            pairs = combinations((each.id for each in chosen), 2)
            if all(frozenset(pair) in allowed for pair in pairs):
                yield chosen


def _reduced(tariff: Tariff, yen: int, discounts: Sequence[Discount]) -> int:
    """Return what is left of a price after discounts in the tariff's order.

    Percentages are worked out exactly and rounded once, at the end.
    """
    left = Fraction(yen)
    for each in discounts:
        if each.percent is not None:
            left *= Fraction(100 - each.percent, 100)
        elif each.yen_off is not None:
            left = max(left - each.yen_off, Fraction(0))
        else:
            left = Fraction(each.pays_yen or 0)
    if all(each.percent is None for each in discounts):
        return int(left)
    return _rounded(left, tariff)


def _rounded(yen: Fraction, tariff: Tariff) -> int:
    """Return yen as a multiple of the tariff's step; the middle goes up."""
    steps = yen / tariff.round_yen
    whole = {"up": ceil(steps), "down": floor(steps), "nearest": floor(steps + Fraction(1, 2))}
    return whole[tariff.rounding] * tariff.round_yen


def _part(tariff: Tariff, head: Head, count: int) -> Part:
    line_id, taken, yen = head
    line = next(each for each in tariff.fares if each.id == line_id)
    names = [Text(line.name, line.name_en or line.name)] if line.name else []
    names += [Text(each.name, each.name_en) for each in tariff.discounts if each.id in taken]
    if taken and yen == 0:
        names = names[-len(taken) :]  # free is free, whatever it would have cost
    return Part(count, line_id, taken, yen, joined("part.between", names))


def _sentence(parts: Sequence[Part], yen: int, *, capped: bool) -> Text:
    """Return the whole fare in words."""
    said = tell("fare", yen=yen)
    if len(parts) > 1:
        listed = joined("parts.between", [part.said for part in parts])
        said = joined_sentences(said, tell("fare.parts", parts=listed))
    else:
        said = joined_sentences(said, *_why(parts[0]))
    return joined_sentences(said, tell("fare.capped", yen=yen)) if capped else said


def _why(part: Part) -> Iterator[Text]:
    kind = "fare.kind" if part.label.ja else ""
    if part.count > 1:
        kind = "fare.kind_each" if part.label.ja else "fare.each"
    if kind:
        yield tell(kind, label=part.label, yen=part.yen, count=part.count)


def joined_sentences(*sentences: Text) -> Text:
    """Return sentences one after the other."""
    return Text("".join(each.ja for each in sentences), " ".join(each.en for each in sentences))


def _plain(part: Part) -> dict[str, Any]:
    """Return a part as plain JSON values."""
    return {
        "count": part.count,
        "line": part.line,
        "discounts": list(part.discounts),
        "yen": part.yen,
    }


def discounts_in(record: Mapping[str, Any]) -> frozenset[str]:
    """Return the discounts given in a fare that was recorded."""
    return frozenset(each for part in record["parts"] for each in part["discounts"])


def _inputs(tariff: Tariff, riders: Sequence[Words], journey: Journey) -> dict[str, Any]:
    """Return what a fare follows from, as plain JSON values."""
    return {
        "tariff": tariff.id,
        "version": version_of(tariff),
        "riders": len(riders),
        "words": [sorted(words) for words in riders],
        **msgspec.to_builtins(journey),
    }


def version_of(tariff: Tariff) -> str:
    """Return a short name of exactly these rules: another when anything in them changes."""
    body = msgspec.json.encode(tariff, order="deterministic")
    return hashlib.sha256(body).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class FareRange:
    """What a ride costs alone, and when it is shared; certain when they are the same."""

    yen: int
    shared_yen: int
    sentence: Text


def fare_range(tariff: Tariff, riders: Sequence[Words], journey: Journey) -> FareRange:
    """Return what is known of a fare when a ride is booked."""
    alone = fare(tariff, riders, replace(journey, shared=False))
    shared = fare(tariff, riders, replace(journey, shared=True))
    if alone.yen == shared.yen:
        return FareRange(alone.yen, shared.yen, tell("fare", yen=alone.yen))
    said = tell("fare.range", yen=alone.yen, shared=shared.yen)
    return FareRange(alone.yen, shared.yen, said)
