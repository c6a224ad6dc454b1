"""How wrong a device's clock is, told by when its fixes arrive.

A fix arrives after it was taken, so the arrival less the fix's own time is what the clock lags by
plus a delay that is never negative: the least of many is the clock's error (the minimum filter of
network time protocols).  The third least is used, and for a clock ahead half of the latest fixes
must lie near it, so that corrupt times sway nothing.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from dataclasses import dataclass, field

VOTES = 3
BUCKET_S = 30.0
BUCKETS = 3
RECENT = 9
NEAR_S = 10.0
"""A fix of a clock that is ahead, and was not long on its way, lies so near to the least lag."""
RIGHT_WITHIN_S = 5.0
"""A clock not further ahead than this, or a lag this small, counts as right."""
SLOW_FROM_S = 20.0
"""A lag smaller than this may well be a slow network's, however steady it is."""
AGREE_WITHIN_S = 5.0
CORRECTED_MAX_S = 180.0
HOLD_S = 2.0
"""A correction in force stays until the estimate has moved this far: times shall not jitter."""


@dataclass(slots=True)
class _Bucket:
    """The least lags that came within a stretch of time, with the fix's time of each."""

    since_s: float
    least: list[tuple[float, float]] = field(default_factory=list)


class Skew:
    """The clock of one device.

    ``lag_s`` is how far it is behind (negative: ahead), ``None`` while nobody can tell;
    ``correction_s`` what to add to its times, 0 for a clock that is right or beyond repair.
    A clock ahead is proved by fixes from the future.  One behind looks like a slow network, so it
    is believed only when the least lags of three stretches agree.
    """

    __slots__ = ("_buckets", "_recent", "correction_s", "lag_s")

    def __init__(self) -> None:
        self._buckets: list[_Bucket] = []
        self._recent: deque[float] = deque(maxlen=RECENT)
        self.lag_s: float | None = None
        self.correction_s = 0.0

    def see(self, t: float, now_s: float) -> None:
        """Learn from a fix taken at ``t`` by the device's clock that arrived at ``now_s``."""
        least = self._bucket(now_s).least
        lag_s = now_s - t
        self._recent.append(lag_s)
        if len(least) == VOTES and lag_s >= least[-1][0]:
            return
        for _, known in least:
            if t == known:
                return
        insort(least, (lag_s, t))
        del least[VOTES:]
        if len(least) == VOTES and abs(least[-1][0]) < RIGHT_WITHIN_S:
            del self._buckets[:-1]  # the clock is right now, whatever it was before
        self._weigh()

    def _bucket(self, now_s: float) -> _Bucket:
        buckets = self._buckets
        if buckets:
            newest = buckets[-1]
            full = len(newest.least) == VOTES
            if not full or 0 <= now_s - newest.since_s < BUCKET_S:
                return newest
        buckets.append(_Bucket(now_s))
        del buckets[:-BUCKETS]
        return buckets[-1]

    def _weigh(self) -> None:
        buckets = self._buckets
        votes = buckets[0].least  # nearly always alone: a right clock starts anew
        if len(buckets) > 1:
            votes = sorted(vote for bucket in buckets for vote in bucket.least)[:VOTES]
        if len(votes) < VOTES:
            return
        lag_s = votes[-1][0]
        known = self._agreed() if lag_s >= SLOW_FROM_S else self._usual(lag_s)
        self.lag_s = lag_s if known else None
        wrong = not -RIGHT_WITHIN_S < lag_s < SLOW_FROM_S
        correctable = known and wrong and abs(lag_s) <= CORRECTED_MAX_S
        wanted_s = lag_s if correctable else 0.0
        if not wanted_s or abs(wanted_s - self.correction_s) > HOLD_S:
            self.correction_s = wanted_s

    def _usual(self, lag_s: float) -> bool:
        """Say whether the latest fixes are rather like this than not."""
        near = sum(abs(each - lag_s) <= NEAR_S for each in self._recent)
        return near >= VOTES and 2 * near >= len(self._recent)

    def _agreed(self) -> bool:
        if len(self._buckets) < BUCKETS:
            return False
        floors = [bucket.least[-1][0] for bucket in self._buckets if len(bucket.least) == VOTES]
        return len(floors) == BUCKETS and max(floors) - min(floors) <= AGREE_WITHIN_S
