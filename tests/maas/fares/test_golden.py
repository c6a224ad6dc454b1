# ruff: noqa: E501, ISC004 -- a table is read by its lines
"""Golden fares: the rules of the town's page, each with the sentence the operator reads.

Computed by hand from the page: 500 yen; 300 each when two or more ride together, also by chance;
100 to or from a bus; half for primary school and below, handbook and Ai card; one small child free
per guardian.  `?` marks what the page leaves open: there the switches of the demo town are used,
and the switched cases below say what the other answer would cost.
"""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from maas.fares.price import Journey, fare, fare_range
from maas.town.tariffs import ShortTariff

PAGE = ShortTariff(
    id="page", area="town", valid_from=date(2021, 10, 1), base_yen=500, shared_yen=300,
    transfer_yen=100, half_tags=("child", "disability_card", "aicard"),
)  # fmt: skip

# Who rides: A grown-up, C child, H handbook, K Ai card, B both, I small child, T attendant, F a
# half fare nobody has named.  How: s shared by chance, t changing to a bus, l linked to its trip.
WORDS = {
    "A": frozenset[str](), "C": frozenset({"child"}), "H": frozenset({"disability_card"}),
    "K": frozenset({"aicard"}), "B": frozenset({"disability_card", "aicard"}),
    "I": frozenset({"infant"}), "T": frozenset({"attendant"}), "F": frozenset({"half"}),
}  # fmt: skip

CASES = [
    # one person
    ("A", "", 500, "運賃は500円です。"),
    ("A", "s", 300, "運賃は300円です。相乗りの料金です。"),
    ("A", "t", 100, "運賃は100円です。バス乗継の料金です。"),
    ("A", "st", 100, "運賃は100円です。バス乗継の料金です。"),  # ? lowest wins
    ("C", "", 250, "運賃は250円です。半額(小学生以下)の料金です。"),
    ("H", "", 250, "運賃は250円です。半額(障害者手帳)の料金です。"),
    ("K", "", 250, "運賃は250円です。半額(愛カード)の料金です。"),
    ("F", "", 250, "運賃は250円です。半額の料金です。"),
    ("C", "s", 150, "運賃は150円です。相乗り・半額(小学生以下)の料金です。"),  # ? half of 300
    ("H", "s", 150, "運賃は150円です。相乗り・半額(障害者手帳)の料金です。"),  # ?
    ("K", "s", 150, "運賃は150円です。相乗り・半額(愛カード)の料金です。"),  # ?
    ("C", "t", 50, "運賃は50円です。バス乗継・半額(小学生以下)の料金です。"),  # ? half of 100
    ("H", "t", 50, "運賃は50円です。バス乗継・半額(障害者手帳)の料金です。"),  # ?
    ("K", "t", 50, "運賃は50円です。バス乗継・半額(愛カード)の料金です。"),  # ?
    ("K", "st", 50, "運賃は50円です。バス乗継・半額(愛カード)の料金です。"),  # ? ?
    ("B", "", 250, "運賃は250円です。半額(障害者手帳)の料金です。"),  # ? half once
    ("B", "s", 150, "運賃は150円です。相乗り・半額(障害者手帳)の料金です。"),  # ? ?
    ("B", "t", 50, "運賃は50円です。バス乗継・半額(障害者手帳)の料金です。"),  # ? ?
    ("T", "", 500, "運賃は500円です。"),  # ? an attendant pays in full
    # several of one booking ride together
    ("AA", "", 600, "運賃は600円です。相乗りの料金で、1人300円が2人分です。"),
    ("AA", "s", 600, "運賃は600円です。相乗りの料金で、1人300円が2人分です。"),
    ("AA", "t", 200, "運賃は200円です。バス乗継の料金で、1人100円が2人分です。"),  # ?
    ("AAA", "", 900, "運賃は900円です。相乗りの料金で、1人300円が3人分です。"),
    ("AAAA", "", 1200, "運賃は1200円です。相乗りの料金で、1人300円が4人分です。"),
    ("AAAA", "t", 400, "運賃は400円です。バス乗継の料金で、1人100円が4人分です。"),  # ?
    ("KK", "", 300, "運賃は300円です。相乗り・半額(愛カード)の料金で、1人150円が2人分です。"),  # ?
    ("CC", "", 300, "運賃は300円です。相乗り・半額(小学生以下)の料金で、1人150円が2人分です。"),  # ?
    ("AC", "", 450,
     "運賃は450円です。内訳は、1人 相乗り 1人300円、1人 相乗り・半額(小学生以下) 1人150円です。"),  # ?
    ("AH", "", 450,
     "運賃は450円です。内訳は、1人 相乗り 1人300円、1人 相乗り・半額(障害者手帳) 1人150円です。"),  # ?
    ("AK", "s", 450,
     "運賃は450円です。内訳は、1人 相乗り 1人300円、1人 相乗り・半額(愛カード) 1人150円です。"),  # ?
    ("AK", "t", 150,
     "運賃は150円です。内訳は、1人 バス乗継 1人100円、1人 バス乗継・半額(愛カード) 1人50円です。"),  # ?
    ("ACC", "", 600,
     "運賃は600円です。内訳は、1人 相乗り 1人300円、2人 相乗り・半額(小学生以下) 1人150円です。"),  # ?
    ("AAK", "", 750,
     "運賃は750円です。内訳は、2人 相乗り 1人300円、1人 相乗り・半額(愛カード) 1人150円です。"),  # ?
    ("HK", "", 300,
     "運賃は300円です。内訳は、1人 相乗り・半額(障害者手帳) 1人150円、"
     "1人 相乗り・半額(愛カード) 1人150円です。"),  # ?
    ("HT", "", 450,
     "運賃は450円です。内訳は、1人 相乗り・半額(障害者手帳) 1人150円、1人 相乗り 1人300円です。"),  # ?
    ("KF", "", 300,
     "運賃は300円です。内訳は、1人 相乗り・半額(愛カード) 1人150円、1人 相乗り・半額 1人150円です。"),  # ?
    # small children
    ("AI", "", 500, "運賃は500円です。内訳は、1人 1人500円、1人 未就学児 無料です。"),  # ? no company
    ("AI", "s", 300, "運賃は300円です。内訳は、1人 相乗り 1人300円、1人 未就学児 無料です。"),
    ("AI", "t", 100, "運賃は100円です。内訳は、1人 バス乗継 1人100円、1人 未就学児 無料です。"),
    ("KI", "", 250,
     "運賃は250円です。内訳は、1人 半額(愛カード) 1人250円、1人 未就学児 無料です。"),  # ?
    ("AII", "", 750,
     "運賃は750円です。内訳は、1人 1人500円、1人 未就学児 無料、"
     "1人 半額(小学生以下) 1人250円です。"),  # our reading: the second infant pays half
    ("AII", "s", 450,
     "運賃は450円です。内訳は、1人 相乗り 1人300円、1人 未就学児 無料、"
     "1人 相乗り・半額(小学生以下) 1人150円です。"),  # ?
    ("AIII", "", 1000,
     "運賃は1000円です。内訳は、1人 1人500円、1人 未就学児 無料、"
     "2人 半額(小学生以下) 1人250円です。"),  # our reading
    ("AAI", "", 600, "運賃は600円です。内訳は、2人 相乗り 1人300円、1人 未就学児 無料です。"),
    ("AAII", "", 600, "運賃は600円です。内訳は、2人 相乗り 1人300円、2人 未就学児 無料です。"),
    ("AAIII", "", 750,
     "運賃は750円です。内訳は、2人 相乗り 1人300円、2人 未就学児 無料、"
     "1人 相乗り・半額(小学生以下) 1人150円です。"),  # ?
    ("ACI", "", 450,
     "運賃は450円です。内訳は、1人 相乗り 1人300円、1人 相乗り・半額(小学生以下) 1人150円、"
     "1人 未就学児 無料です。"),  # ?
    ("CI", "", 500, "運賃は500円です。半額(小学生以下)の料金で、1人250円が2人分です。"),  # ? no guardian
    # the bus trip is linked: the same as said, as long as saying is enough
    ("A", "l", 100, "運賃は100円です。バス乗継の料金です。"),
    ("AA", "sl", 200, "運賃は200円です。バス乗継の料金で、1人100円が2人分です。"),  # ?
]  # fmt: skip

SWITCHED = [
    ({"infants_count_as_company": True}, "AI", "", 300,
     "運賃は300円です。内訳は、1人 相乗り 1人300円、1人 未就学児 無料です。"),  # 7
    ({"infants_count_as_company": True}, "AII", "", 450,
     "運賃は450円です。内訳は、1人 相乗り 1人300円、1人 未就学児 無料、"
     "1人 相乗り・半額(小学生以下) 1人150円です。"),  # 8
    ({"infants_free_per_guardian": 2}, "AII", "", 500,
     "運賃は500円です。内訳は、1人 1人500円、2人 未就学児 無料です。"),
    ({"infants_free_per_guardian": 0}, "AI", "", 750,
     "運賃は750円です。内訳は、1人 1人500円、1人 半額(小学生以下) 1人250円です。"),
    ({"half_of_shared": False}, "K", "s", 250,
     "運賃は250円です。相乗り・半額(愛カード)の料金です。"),  # 9: half of 500
    ({"half_of_transfer": False}, "K", "t", 100, "運賃は100円です。バス乗継の料金です。"),  # 10
    ({"lowest_wins": False}, "A", "st", 300, "運賃は300円です。相乗りの料金です。"),  # 11
    ({"lowest_wins": False}, "AA", "t", 600,
     "運賃は600円です。相乗りの料金で、1人300円が2人分です。"),  # 11
    ({"cards_add_up": True}, "B", "", 130,
     "運賃は130円です。半額(障害者手帳)・半額(愛カード)の料金です。"),  # 12: 125, up to 130
    ({"cards_add_up": True}, "K", "", 250, "運賃は250円です。半額(愛カード)の料金です。"),
    ({"attendant": "half"}, "HT", "", 300,
     "運賃は300円です。内訳は、1人 相乗り・半額(障害者手帳) 1人150円、"
     "1人 相乗り・半額(介助者) 1人150円です。"),  # 14
    ({"attendant": "free"}, "HT", "", 150,
     "運賃は150円です。内訳は、1人 相乗り・半額(障害者手帳) 1人150円、1人 介助者 無料です。"),  # 14
    ({"transfer_proof": "linked"}, "A", "t", 500,
     "運賃は500円です。バス乗継の割引には、バスの便か乗継券の確認が要ります。"),
    ({"transfer_proof": "linked"}, "A", "l", 100, "運賃は100円です。バス乗継の料金です。"),
    ({"base_yen": 510}, "K", "", 260, "運賃は260円です。半額(愛カード)の料金です。"),
    ({"base_yen": 510, "half_rounding_yen": 1}, "K", "", 255,
     "運賃は255円です。半額(愛カード)の料金です。"),
    ({"base_yen": 510, "half_rounding_yen": 50}, "K", "", 300,
     "運賃は300円です。半額(愛カード)の料金です。"),
]  # fmt: skip

RANGES = [
    ("A", "", "運賃は500円、相乗りなら300円です。"),
    ("K", "", "運賃は250円、相乗りなら150円です。"),
    ("AI", "", "運賃は500円、相乗りなら300円です。"),
    ("AA", "", "運賃は600円です。"),
    ("A", "t", "運賃は100円です。"),
]


def journey(how: str) -> Journey:
    transfer = "linked" if "l" in how else "said" if "t" in how else "no"
    return Journey(shared="s" in how, transfer=transfer)  # type: ignore[arg-type]


@pytest.mark.parametrize(("who", "how", "yen", "sentence"), CASES)
def test_the_page(who: str, how: str, yen: int, sentence: str) -> None:
    found = fare(PAGE.spelled_out(), [WORDS[each] for each in who], journey(how))

    assert (found.yen, found.sentence.ja) == (yen, sentence)
    assert str(yen) in found.sentence.en


@pytest.mark.parametrize(("switches", "who", "how", "yen", "sentence"), SWITCHED)
def test_the_other_answer_to_a_question(
    switches: dict[str, object], who: str, how: str, yen: int, sentence: str
) -> None:
    tariff = msgspec.structs.replace(PAGE, **switches).spelled_out()

    found = fare(tariff, [WORDS[each] for each in who], journey(how))

    assert (found.yen, found.sentence.ja) == (yen, sentence)


@pytest.mark.parametrize(("who", "how", "sentence"), RANGES)
def test_what_is_said_when_it_is_booked(who: str, how: str, sentence: str) -> None:
    known = fare_range(PAGE.spelled_out(), [WORDS[each] for each in who], journey(how))

    assert known.sentence.ja == sentence


def test_there_are_at_least_sixty_golden_cases() -> None:
    assert len(CASES) + len(SWITCHED) >= 60
