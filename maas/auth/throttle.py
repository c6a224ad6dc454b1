"""Slow down whoever guesses passwords."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Throttle:
    """Refuse a key after `limit` failures within `window_s`; it remembers `keys_max` keys."""

    limit: int = 5
    window_s: float = 300.0
    keys_max: int = 10_000
    _failures: dict[str, deque[float]] = field(default_factory=dict)

    def wait_s(self, key: str, now_s: float) -> float:
        """Return how long `key` has to wait before it may try again; 0 means now."""
        times = self._failures.get(key)
        if times is None:
            return 0.0
        while times and times[0] <= now_s - self.window_s:
            times.popleft()
        if not times:
            del self._failures[key]
            return 0.0
        return times[0] + self.window_s - now_s if len(times) >= self.limit else 0.0

    def fail(self, key: str, now_s: float) -> None:
        """Count a failed attempt of `key`."""
        if key not in self._failures and len(self._failures) >= self.keys_max:
            del self._failures[next(iter(self._failures))]
        self._failures.setdefault(key, deque(maxlen=self.limit)).append(now_s)

    def succeed(self, key: str) -> None:
        """Forget the failures of `key`."""
        self._failures.pop(key, None)
