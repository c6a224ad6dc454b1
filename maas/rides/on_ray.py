"""Ray: other machines that compute for this one, joined when there is first something to do.

Imported only where somebody set it up: no town of one machine needs it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, TypeVar, TypeVarTuple, cast

from dispatcher.search_plan import warm_search
from maas.rides.worker import Fate

T = TypeVar("T")
A = TypeVarTuple("A")

LIVES: Final = 4
"""How often a task is begun before its worker's death is taken for its fault."""

log = logging.getLogger(__name__)
_joining = threading.Lock()


def joined(address: str) -> Any:  # noqa: ANN401 -- a module that may not be there
    """Return Ray, joined to the cluster at an address."""
    ray = import_module("ray")
    with _joining:
        if not ray.is_initialized():
            ray.init(address=address, log_to_driver=False, configure_logging=False)
    return ray


@dataclass(frozen=True, slots=True)
class Nodes:
    """Whichever node of a Ray cluster is free computes; otherwise a `maas.rides.worker.Worker`.

    What a node that dies was working on is begun again on another.
    """

    address: str
    fate: Fate = field(default_factory=Fate)

    async def compiled(self) -> bool:
        """Join the cluster; each of its workers compiles the search before its first task."""
        await asyncio.to_thread(joined, self.address)
        return True

    async def run(
        self, work: Callable[[*A], T], *args: *A, within_s: float | None = None
    ) -> T | None:
        """Return what `work` returns there; `None` when nobody has answered `within_s`."""
        ray = await asyncio.to_thread(joined, self.address)
        task = ray.remote(_compiled).options(max_retries=LIVES, num_cpus=1)
        asked = task.remote(work, *args)
        try:
            async with asyncio.timeout(within_s):
                found = cast("T", await asked)
        except TimeoutError:
            self.fate.end(hung=True)
            return None
        except ray.exceptions.RayError:
            log.exception("no node of the cluster has answered")
            self.fate.end(hung=False)
            return None
        finally:
            ray.cancel(asked, force=True)  # nothing, when it is done
        self.fate.is_away = False
        return found

    def close(self) -> None:
        """See `Worker.close`; the cluster belongs to others."""


def _compiled(work: Callable[[*A], T], *args: *A) -> T:
    warm_search()  # without it a search would be left out until it is compiled
    return work(*args)
