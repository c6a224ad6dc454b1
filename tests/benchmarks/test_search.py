"""The benchmark of the search judges answers by itself."""

from __future__ import annotations

from benchmarks.search import (
    build_town,
    drawing,
    member_questions,
    overlooked,
    place_questions,
    wrong,
)
from maas.people.riders import RiderIndex
from maas.store.members import MemberRow
from maas.town.search import place_index

TOWN = build_town(drawing(2), 500, 40)
ASKED = member_questions(drawing(3), TOWN, 240)


def test_nobody_is_overlooked_and_no_answer_is_wrong() -> None:
    riders = RiderIndex(TOWN.members)
    assert overlooked(ASKED, riders) == wrong(TOWN, ASKED, riders) == 0
    asked = place_questions(drawing(3), TOWN, 40)
    assert overlooked(asked, place_index(TOWN.places)) == 0


class Forgetful(RiderIndex):
    """An index that leaves out its best answer."""

    def search(self, query: str, limit: int = 10) -> list[MemberRow]:
        """Return all answers but the first."""
        return super().search(query, limit)[1:]


class Disorderly(RiderIndex):
    """An index whose best answers come last."""

    def search(self, query: str, limit: int = 10) -> list[MemberRow]:
        """Return the answers the wrong way round."""
        return super().search(query, limit)[::-1]


def test_an_index_that_forgets_or_muddles_is_found_out() -> None:
    assert overlooked(ASKED, Forgetful(TOWN.members)) > 0
    assert wrong(TOWN, ASKED, Forgetful(TOWN.members)) > 0
    assert wrong(TOWN, ASKED, Disorderly(TOWN.members)) > 0
