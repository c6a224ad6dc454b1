"""Japan's standard grid squares (JIS X 0410): where something is, as coarsely as one wishes.

Half squares (2分の1地域メッシュ) are about 500 m wide and have nine digits; eight digits are about
1 km (基準地域メッシュ), seven about 5 km (5倍地域メッシュ).
"""

from __future__ import annotations

from math import floor
from typing import Final, Literal

Digits = Literal[9, 8, 7]
HALF_LAT, HALF_LON = 240, 160
"""So many half squares lie on a degree."""
FIRST_LON: Final = 100


def half_mesh(lat: float, lon: float) -> str:
    """Return the code of the half square of a place in Japan.

    >>> half_mesh(35.7007778, 139.71475)
    '533945471'
    """
    i, j = floor(lat * HALF_LAT), floor((lon - FIRST_LON) * HALF_LON)
    first = f"{i // 160:02d}{j // 160:02d}"
    second = f"{i // 20 % 8}{j // 20 % 8}"
    third = f"{i // 2 % 10}{j // 2 % 10}"
    return f"{first}{second}{third}{2 * (i % 2) + j % 2 + 1}"


def coarser(code: str, digits: Digits) -> str:
    """Return the square of eight or seven digits that a half square lies in.

    >>> coarser("533945471", 8), coarser("533945471", 7)
    ('53394547', '5339452')
    """
    if digits != 7:
        return code[:digits]
    row, column = int(code[6]) // 5, int(code[7]) // 5
    return f"{code[:6]}{2 * row + column + 1}"


def south_west(code: str) -> tuple[float, float]:
    """Return latitude and longitude of the corner of a half square that its code begins at."""
    row = int(code[:2]) * 160 + int(code[4]) * 20 + int(code[6]) * 2 + (int(code[8]) - 1) // 2
    column = int(code[2:4]) * 160 + int(code[5]) * 20 + int(code[7]) * 2 + (int(code[8]) - 1) % 2
    return row / HALF_LAT, FIRST_LON + column / HALF_LON
