"""Grid squares: against a code the Statistics Bureau prints, and against their own corners."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from maas.records.mesh import coarser, half_mesh, south_west

lats, lons = st.floats(24.0, 45.5), st.floats(123.0, 148.9)


def test_tokyos_old_town_hall_is_in_the_square_that_maps_print() -> None:
    # 総務省統計局 地域メッシュ統計の特質・沿革: 35度42分2秒8, 139度42分53秒1
    assert half_mesh(35 + 42 / 60 + 2.8 / 3600, 139 + 42 / 60 + 53.1 / 3600) == "533945471"


@given(lats, lons)
@settings(max_examples=100, deadline=None)
def test_a_place_lies_in_its_square_which_is_as_large_as_the_standard_says(
    lat: float, lon: float
) -> None:
    code = half_mesh(lat, lon)
    south, west = south_west(code)

    assert len(code) == 9
    assert south <= lat < south + 15 / 3600 + 1e-9
    assert west <= lon < west + 22.5 / 3600 + 1e-9
    assert half_mesh(south + 1e-7, west + 1e-7) == code


@given(lats, lons)
@settings(max_examples=100, deadline=None)
def test_coarser_squares_hold_the_finer_ones(lat: float, lon: float) -> None:
    code = half_mesh(lat, lon)
    south, west = south_west(code)
    row, column = round(south * 240), round((west - 100) * 160)

    assert coarser(code, 8) == code[:8]
    assert int(coarser(code, 7)[6]) - 1 == 2 * (row % 20 >= 10) + (column % 20 >= 10)
