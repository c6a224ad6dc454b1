"""The language tariffs are written in: fare lines, discounts and vouchers, all of it data.

A fare line says what one person pays when its words hold; lines are tried from the top and the
first that holds counts, like the rows of a printed table.  Words are what is known of a person
(`child`, `infant`, `aicard`, …) or of the ride (`shared`, `transfer`, `returning`).  Money is
whole yen, distances are straight lines in metres.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from maas.town.dated import Count, Dated, Positive, Text1

Word = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
Percent = Annotated[int, Meta(ge=1, le=100)]

RIDE_WORDS = frozenset({"shared", "transfer", "returning"})
"""Words about the ride; every other word is about a person."""
HALF = "half"
"""Somebody with a right to half fare that nobody has named."""


class Band(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a ride of at most `to_m` metres costs; the last band has no end."""

    yen: Count
    to_m: Positive | None = None


class Pair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a ride between two zones costs, either way; within one zone it is named twice."""

    between: tuple[Word, Word]
    yen: Count


class FareLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one person pays when all of `when` hold: `yen`, or by distance, zones or zone pairs.

    `zone_yen` is for no zone border crossed, one, two, … and its last entry for more.  Discounts
    are worked out on the line `discounts_from` when it is given, and what they leave is paid when
    it is less than this line.
    """

    id: Word
    name: str = ""
    name_en: str = ""
    when: tuple[Word, ...] = ()
    yen: Count | None = None
    bands: tuple[Band, ...] = ()
    zone_yen: tuple[Count, ...] = ()
    pairs: tuple[Pair, ...] = ()
    discounts_from: Word | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` unless there is exactly one way to the price."""
        ways = (self.yen is not None, bool(self.bands), bool(self.zone_yen), bool(self.pairs))
        if sum(ways) != 1:
            raise ValueError(f"{self.id}: exactly one of yen, bands, zone_yen, pairs is needed")
        limits = [band.to_m for band in self.bands[:-1]]
        if None in limits or limits != sorted(set(filter(None, limits))):
            raise ValueError(f"{self.id}: bands go up, and only the last has no to_m")

    @property
    def is_always_priced(self) -> bool:
        """Whether it says a price for every ride that its words hold for."""
        return self.yen is not None or bool(self.bands and self.bands[-1].to_m is None)


class Discount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people to whom any of `any_of` applies pay less: a percentage, yen, or a fixed price.

    It is not given on the lines `not_on`.  With `per_guardian` only so many for each grown-up of
    the party get it.
    """

    id: Word
    name: Text1
    name_en: Text1
    any_of: Annotated[tuple[Word, ...], Meta(min_length=1)]
    percent: Percent | None = None
    yen_off: Positive | None = None
    pays_yen: Count | None = None
    not_on: tuple[Word, ...] = ()
    per_guardian: Positive | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` unless it says exactly one kind of reduction."""
        if sum(way is not None for way in (self.percent, self.yen_off, self.pays_yen)) != 1:
            raise ValueError(f"{self.id}: exactly one of percent, yen_off, pays_yen is needed")


class VoucherKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A voucher that pays for rides.

    A `ticket` is used up whole and gives no change, a `balance` is used up yen by yen, both have a
    `face_yen`; a `share` pays a `percent` of the fare each time.  `per_month` is how many rides'
    worth one holder may spend in a calendar month, counted in papers; `per_ride_yen` what all of
    this kind may pay of one ride.  It cannot be used beside the discounts `not_with`.
    """

    id: Word
    name: Text1
    name_en: Text1
    form: Literal["ticket", "balance", "share"]
    face_yen: Positive | None = None
    percent: Percent | None = None
    per_month: Positive | None = None
    per_ride_yen: Positive | None = None
    not_with: tuple[Word, ...] = ()

    def __post_init__(self) -> None:
        """Raise ``ValueError`` unless it has what its form needs and nothing else."""
        if (self.form == "share") != (self.percent is not None):
            raise ValueError(f"{self.id}: a share, and nothing else, has a percent")
        if (self.form == "share") != (self.face_yen is None):
            raise ValueError(f"{self.id}: a ticket or balance, and no share, has a face_yen")


class Tariff(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a ride costs: the first of `fares` that holds for a person, less their discounts.

    Two discounts are given together only when `combine` names them; otherwise the one that helps
    most.  A reduced fare is rounded to `round_yen`.  `cap_yen` is the most one person pays for a
    ride, `party_cap_yen` the most a party does.  Two people who ride together share the ride;
    somebody to whom any of `not_company` applies does not count for that.  A change to a bus is
    believed when it is `said`, or only when `linked`: a bus trip or a transfer ticket is recorded.
    `zones` are lists of oaza, in the order in which one comes through them.
    """

    id: Text1
    fares: Annotated[tuple[FareLine, ...], Meta(min_length=1)]
    discounts: tuple[Discount, ...] = ()
    combine: tuple[tuple[Word, Word], ...] = ()
    round_yen: Positive = 10
    rounding: Literal["up", "down", "nearest"] = "up"
    cap_yen: Count | None = None
    party_cap_yen: Count | None = None
    not_company: tuple[Word, ...] = ("infant",)
    transfer_proof: Literal["said", "linked"] = "said"
    zones: dict[Word, tuple[str, ...]] = msgspec.field(default_factory=dict)
    vouchers: tuple[VoucherKind, ...] = ()

    def __post_init__(self) -> None:
        """Raise ``ValueError`` when something named is not there, or a ride may have no price."""
        last = self.fares[-1]
        if last.when or not last.is_always_priced:
            raise ValueError("the last of the fares has no `when`, and yen or bands without end")
        lines, discounts = [line.id for line in self.fares], [each.id for each in self.discounts]
        kinds = [kind.id for kind in self.vouchers]
        for ids in (lines, discounts, kinds):
            if len(ids) != len(set(ids)):
                raise ValueError(f"an id is there twice: {', '.join(ids)}")
        named = {line.discounts_from for line in self.fares if line.discounts_from}
        _known(named.union(*(each.not_on for each in self.discounts)), lines, "fare")
        _known({word for pair in self.combine for word in pair}, discounts, "discount")
        _known({word for kind in self.vouchers for word in kind.not_with}, discounts, "discount")
        zones = {zone for line in self.fares for pair in line.pairs for zone in pair.between}
        _known(zones, self.zones, "zone")

    @property
    def is_same_everywhere(self) -> bool:
        """Whether a ride costs the same wherever it goes."""
        return all(line.yen is not None for line in self.fares)

    @property
    def grounds(self) -> frozenset[str]:
        """The words about a person that give any discount."""
        return frozenset(word for each in self.discounts for word in each.any_of) - RIDE_WORDS

    def voucher(self, kind: str) -> VoucherKind | None:
        """Return a kind of voucher, `None` when it pays for nothing here."""
        return next((each for each in self.vouchers if each.id == kind), None)


def _known(named: set[str], there: Iterable[str], what: str) -> None:
    unknown = sorted(named.difference(there))
    if unknown:
        raise ValueError(f"there is no {what} {', '.join(unknown)}")


class ShortTariff(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tariff like that of the town's page, said shortly; switches answer what it leaves open.

    `half_tags` are member tags that give half fare.  Halves are rounded up to a multiple of
    `half_rounding_yen`.  `infants_count_as_company`: an infant makes its guardian's ride a shared
    one.  `half_of_shared`, `half_of_transfer`: half fare halves those fares too.
    `lowest_wins`: sharing and transferring at once costs the lower, else the shared fare.
    `cards_add_up`: two cards halve twice.  `attendant`: what the attendant of somebody pays.
    `transfer_proof`: whether a change to a bus is believed or has to be recorded.
    """

    id: Text1
    base_yen: Count
    shared_yen: Count
    transfer_yen: Count
    half_tags: tuple[Word, ...] = ()
    infants_free_per_guardian: Count = 1
    half_rounding_yen: Positive = 10
    infants_count_as_company: bool = False
    half_of_shared: bool = True
    half_of_transfer: bool = True
    lowest_wins: bool = True
    cards_add_up: bool = False
    attendant: Literal["full", "half", "free"] = "full"
    transfer_proof: Literal["said", "linked"] = "said"

    def spelled_out(self) -> Tariff:
        """Return the same rules in the language of tariffs."""
        halves = self._halves()
        pairs = [(a.id, b.id) for n, a in enumerate(halves) for b in halves[n + 1 :]]
        return Tariff(
            area=self.area,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            assumption=self.assumption,
            id=self.id,
            fares=tuple(self._lines()),
            discounts=(*self._frees(), *halves),
            combine=tuple(pairs) if self.cards_add_up else (),
            round_yen=self.half_rounding_yen,
            not_company=() if self.infants_count_as_company else ("infant",),
            transfer_proof=self.transfer_proof,
        )

    def _lines(self) -> list[FareLine]:
        base = FareLine(id="base", yen=self.base_yen)
        shared = FareLine(
            id="shared", name="相乗り", name_en="sharing the ride", when=("shared",),
            yen=self.shared_yen, discounts_from=None if self.half_of_shared else "base",
        )  # fmt: skip
        transfer = FareLine(
            id="transfer", name="バス乗継", name_en="changing to a bus", when=("transfer",),
            yen=self.transfer_yen, discounts_from=None if self.half_of_transfer else "base",
        )  # fmt: skip
        if self.lowest_wins and self.transfer_yen < self.shared_yen:
            return [transfer, shared, base]
        return [shared, transfer, base]

    def _frees(self) -> list[Discount]:
        frees = []
        if self.infants_free_per_guardian:
            frees.append(
                Discount(
                    id="infant",
                    name="未就学児",
                    name_en="small child",
                    any_of=("infant",),
                    percent=100,
                    per_guardian=self.infants_free_per_guardian,
                )
            )
        if self.attendant == "free":
            frees.append(_reduction("attendant", 100))
        return frees

    def _halves(self) -> list[Discount]:
        attendant = ["attendant"] if self.attendant == "half" else []
        tags = list(dict.fromkeys([*self.half_tags, *attendant, HALF]))
        # Small children beyond the free ones pay as children do, wherever children are named.
        as_children = "child" if "child" in tags else HALF
        return [_reduction(tag, 50, *(["infant"] if tag == as_children else [])) for tag in tags]


GROUNDS: dict[str, tuple[str, str]] = {
    "child": ("小学生以下", "child"),
    "disability_card": ("障害者手帳", "disability handbook"),
    "aicard": ("愛カード", "Ai card"),
    "licence_returned": ("免許返納", "licence returned"),
    "attendant": ("介助者", "attendant"),
}
"""What the usual grounds for a discount are called."""


def _reduction(tag: str, percent: int, *also: str) -> Discount:
    """Return what a tag gives, and to whom `also`."""
    ja, en = GROUNDS.get(tag, (tag, tag))
    if tag == HALF:
        ja, en = "半額", "half fare"
    elif percent < 100:
        ja, en = f"半額({ja})", f"half fare ({en})"
    return Discount(id=tag, name=ja, name_en=en, any_of=(tag, *also), percent=percent)


def is_short(values: dict[str, Any]) -> bool:
    """Whether a tariff is written shortly."""
    return "fares" not in values


def tariff_from(values: dict[str, Any]) -> Tariff:
    """Return a tariff kept in either form.  Raises ``msgspec.ValidationError``."""
    if is_short(values):
        return msgspec.convert(values, ShortTariff).spelled_out()
    return msgspec.convert(values, Tariff)
