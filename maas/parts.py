"""Which parts of the service a process runs, and what each of them answers for.

One process runs all.  Apart, several processes of each part are one service behind one address: a
proxy sends the live stream to the hubs and everything else to the API, and nobody calls those that
dispatch.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from maas.settings import Settings

STREAM: Final = ("/ws/live", "/api/v1/live/")
"""Where the paths of the live stream begin."""
EVERYWHERE: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class Part(StrEnum):
    """`api`: what staff, riders and devices call; `hub`: the live stream; `dispatch`: the keepers.

    An area is kept by one of those that dispatch, and so is what goes on by itself: holds that
    lapse, messages, reminders, day sheets.
    """

    ALL = "all"
    API = "api"
    HUB = "hub"
    DISPATCH = "dispatch"

    @property
    def answers(self) -> bool:
        """Whether it answers staff, riders and devices."""
        return self in {Part.ALL, Part.API}

    @property
    def leads(self) -> bool:
        """Whether it does what is due in an area."""
        return self in {Part.ALL, Part.DISPATCH}

    def serves(self, path: str) -> bool:
        """Say whether a request for a path is for this part.

        >>> [part.value for part in Part if part.serves("/api/v1/live/sse")]
        ['all', 'hub']
        >>> [part.value for part in Part if part.serves("/api/v1/bookings")]
        ['all', 'api']
        """
        if path in EVERYWHERE:
            return True
        return self in {Part.ALL, Part.HUB} if path.startswith(STREAM) else self.answers


def missing(part: Part, settings: Settings) -> str | None:
    """Return what a part lacks that cannot do its work alone, `None` when it has all it needs."""
    if part is Part.ALL:
        return None
    if settings.redis_url is None:
        return f"--role {part} needs MAAS_REDIS_URL: it is how the parts hear each other"
    if not settings.database.startswith("postgres"):
        return f"--role {part} needs MAAS_DATABASE_URL=postgresql://…: the parts share one database"
    return None
