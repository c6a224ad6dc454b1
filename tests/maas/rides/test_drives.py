"""Driving times that are kept: always those of the roads, and looked up only once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dispatcher import UNREACHABLE_S, Place
from dispatcher.roads import Anchor
from maas.rides import drives
from maas.rides.drives import KeptTimes
from tests.maas.line_town import LineRoads


class Counted(LineRoads):
    """The one road, wider by `detour_s` since something was closed; counts what is asked."""

    def __init__(self) -> None:
        self.version = 1
        self.detour_s = 0
        self.looked_up = 0

    def table(
        self, origins: Sequence[Anchor], destinations: Sequence[Anchor], band: str = "day"
    ) -> NDArray[np.int32]:
        self.looked_up += len(origins) * len(destinations)
        return super().table(origins, destinations, band) + np.int32(self.detour_s)


def places(*numbers: int) -> list[Place]:
    return [Place(number) for number in numbers]


def along(count: int) -> dict[int, Anchor]:
    return {number: Anchor(number, 0.0) for number in range(count)}


def test_a_drive_is_looked_up_once() -> None:
    roads, at = Counted(), along(10)
    kept = KeptTimes(roads)

    assert kept.table(places(1, 2), places(3), at).tolist() == [[120], [60]]
    assert kept.table(places(2, 1), places(3, 3), at).tolist() == [[60, 60], [120, 120]]

    assert roads.looked_up == 2


def test_of_a_new_place_only_its_own_drives_are_looked_up() -> None:
    roads, at = Counted(), along(10)
    kept = KeptTimes(roads)
    kept.table(places(0, 1, 2, 3), places(0, 1, 2, 3), at)
    roads.looked_up = 0

    kept.table(places(0, 1, 2, 3, 7), places(0, 1, 2, 3, 7), at)

    assert roads.looked_up == 9


def test_closed_roads_are_looked_up_anew() -> None:
    roads, at = Counted(), along(10)
    kept = KeptTimes(roads)
    kept.table(places(1), places(3), at)

    roads.detour_s, roads.version = 600, 2

    assert kept.table(places(1), places(3), at).tolist() == [[720]]


def test_a_vehicle_is_where_it_was_seen_last() -> None:
    at = along(10)
    kept = KeptTimes(Counted())
    kept.table(places(0, 1), places(0, 1), at)

    at[1] = Anchor(4, 0.0)

    assert kept.table(places(0, 1), places(0, 1), at).tolist() == [[0, 240], [240, 0]]


def test_a_place_off_the_roads_is_out_of_reach_until_it_is_joined_to_them() -> None:
    at = along(3)
    kept = KeptTimes(Counted())
    far = UNREACHABLE_S

    assert kept.table(places(0, 8), places(0, 8), at).tolist() == [[0, far], [far, far]]
    at[8] = Anchor(8, 0.0)
    assert kept.table(places(0, 8), places(0, 8), at).tolist() == [[0, 480], [480, 0]]
    del at[0]
    assert kept.table(places(0, 8), places(0, 8), at).tolist() == [[far, far], [far, 0]]


def test_when_there_are_too_many_places_all_are_forgotten() -> None:
    roads, at = Counted(), along(drives.KEPT_PLACES + 10)
    kept = KeptTimes(roads)
    everywhere = places(*range(drives.KEPT_PLACES + 1))
    kept.table(everywhere, places(0), at)

    kept.table(places(1), places(0), at)

    assert roads.looked_up == len(everywhere) + 1


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 90), max_size=6),
            st.lists(st.integers(0, 90), max_size=6),
            st.sampled_from(["nothing", "moved", "closed", "lost"]),
            st.integers(0, 90),
        ),
        max_size=12,
    )
)
def test_kept_times_are_those_of_the_roads(
    asks: list[tuple[list[int], list[int], str, int]],
) -> None:
    roads, at = Counted(), along(80)
    kept = KeptTimes(roads)
    for origins, destinations, happens, where in asks:
        if happens == "moved":
            at[where] = Anchor((7 * where) % 31, 0.25)
        elif happens == "lost":
            at.pop(where, None)
        elif happens == "closed":
            roads.detour_s, roads.version = roads.detour_s + 60, roads.version + 1

        found = kept.table(places(*origins), places(*destinations), at)

        assert found.shape == (len(origins), len(destinations))
        for row, origin in enumerate(origins):
            for column, destination in enumerate(destinations):
                drive_s = UNREACHABLE_S
                if origin in at and destination in at:
                    drive_s = int(roads.table([at[origin]], [at[destination]])[0, 0])
                assert found[row, column] == drive_s
