"""Map cells: whoever looks at an area hears every vehicle in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.cells import CELLS_MAX, parse_area, topics_at, topics_within

TOWN = (34.80, 133.60, 34.88, 133.70)


@given(
    st.floats(34.0, 36.0), st.floats(133.0, 135.0),
    st.floats(0.001, 0.08), st.floats(0.001, 0.08),
    st.floats(0, 1), st.floats(0, 1),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_a_vehicle_in_an_area_is_on_exactly_one_topic_of_it(
    lat: float, lon: float, height: float, width: float, up: float, right: float
) -> None:
    topics = topics_within((lat, lon, lat + height, lon + width))

    assert 0 < len(topics) <= CELLS_MAX
    assert len(set(topics_at(lat + up * height, lon + right * width)) & set(topics)) == 1


def test_a_small_area_has_fine_cells_and_a_large_one_coarse() -> None:
    small = topics_within((34.85, 133.65, 34.86, 133.66))
    large = topics_within(TOWN)

    assert set(topics_at(34.855, 133.655)[1:]) & set(small)
    assert set(topics_at(34.855, 133.655)[:1]) & set(large)


@pytest.mark.parametrize(
    "area", [(34.0, 133.0, 35.0, 134.0), (34.8, 133.6, 34.8001, 139.9), (-90, -180, 90, 180)]
)
def test_too_large_an_area_has_no_cells(area: tuple[float, float, float, float]) -> None:
    assert topics_within(area) == []


@pytest.mark.parametrize(
    "text",
    ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "2,2,1,3", "1,3,2,2", "nan,1,2,3", "1,1,inf,3",
     "-91,0,0,1", "0,-181,1,1", "0,0,91,1", "0,0,1,181", "1,1,1,2"],
)  # fmt: skip
def test_what_is_no_rectangle_on_the_map_is_no_area(text: str) -> None:
    assert parse_area(text) is None


def test_an_area_is_written_south_west_north_east() -> None:
    assert parse_area("34.8, 133.6, 34.9, 133.8") == (34.8, 133.6, 34.9, 133.8)
