"""Everything one sign shows at an instant, and how much of it fits on a panel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from zoneinfo import ZoneInfo

from busloc.publish import Departure
from signage.departures import Freshness, Row, clock_time, freshness, rows
from signage.words import Text


@dataclass(frozen=True, slots=True)
class Board:
    """A sign at an instant.

    ``age_min`` is the age of what is known of the buses in whole minutes, ``as_of`` its clock
    time (``None``: nothing ever was).  ``phone`` is empty where no bookings are taken.
    """

    stop_id: str
    stop: Text
    clock: str
    known: Freshness
    age_min: int
    as_of: str | None
    rows: Sequence[Row]
    notices: Sequence[Text]
    phone: str


def board(
    stop_id: str,
    stop: Text,
    departures: Iterable[Departure],
    *,
    now: float,
    as_of: float | None,
    tz: ZoneInfo,
    limit: int,
    notices: Sequence[Text] = (),
    phone: str = "",
) -> Board:
    """Return what a sign shows at ``now``, of departures as they were known at ``as_of``."""
    age_s = None if as_of is None else max(0.0, now - as_of)
    known = freshness(age_s)
    return Board(
        stop_id=stop_id,
        stop=stop,
        clock=clock_time(now, tz),
        known=known,
        age_min=int(age_s or 0) // 60,
        as_of=None if as_of is None else clock_time(as_of, tz),
        rows=rows(departures, now=now, tz=tz, known=known, limit=limit),
        notices=tuple(notices),
        phone=phone,
    )


# Height of the character 木 by reading distance (guideline of the transport ministry for
# barrier-free stations), the same set in a common Gothic, and a 16:9 panel of 1920 x 1080.
_HEIGHT_MM = ((2.0, 9.0), (5.0, 20.0), (10.0, 40.0), (20.0, 80.0), (30.0, 120.0))
_GLYPH_EM = 0.9
_WIDTH_PX, _HEIGHT_PX = 1920, 1080
_FRAME_PX = 300
_PITCH_EM = 1.5


@dataclass(frozen=True, slots=True)
class Panel:
    """A screen and the distance it is read from; the guideline ends at 30 m.

    >>> Panel(inches=32, distance_m=10).font_px
    121
    """

    inches: float
    distance_m: float

    def __post_init__(self) -> None:
        if self.inches <= 0 or not 0 < self.distance_m <= _HEIGHT_MM[-1][0]:
            raise ValueError(f"no sign is {self.inches} inches, read from {self.distance_m} m")

    @property
    def font_px(self) -> int:
        """The smallest size, in CSS pixels, in which a row may be set."""
        height_mm = next(mm for reach_m, mm in _HEIGHT_MM if self.distance_m <= reach_m)
        mm_per_px = self.inches * 25.4 * 16 / sqrt(16**2 + 9**2) / _WIDTH_PX
        return ceil(height_mm / mm_per_px / _GLYPH_EM)

    @property
    def rows(self) -> int:
        """How many rows fit between header and footer; one is always shown."""
        return max(1, int((_HEIGHT_PX - _FRAME_PX) / (_PITCH_EM * self.font_px)))
