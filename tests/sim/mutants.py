"""Guards of the application taken out one at a time: the days must notice each of them.

python -m tests.sim.mutants [name ...]     searches for the first seed that finds each
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from busloc import hub, ping
from dispatcher import Vehicle, warm
from maas.fleet.vehicles import on_shift
from maas.rides import beside, booking, day, states
from maas.store import commits, plans
from maas.store.database import Database
from maas.store.plans import PlanRow
from maas.store.tables import vehicle_plans
from tests.sim.__main__ import fixed, memory
from tests.sim.day import Outcome, run
from tests.sim.town import build

SEEDS: Final = 200

Plant = Callable[[pytest.MonkeyPatch], None]


def _compare_and_set(patch: pytest.MonkeyPatch) -> None:
    """A plan is written whatever version it has by now."""

    swap = plans.swap_plans

    async def swap_any(connection: AsyncConnection, seen: Sequence[PlanRow]) -> bool:
        at = select(
            vehicle_plans.c.vehicle_id, vehicle_plans.c.service_date, vehicle_plans.c.version
        )
        now = {(vehicle, day): version for vehicle, day, version in await connection.execute(at)}
        keys = [(row.vehicle_id, row.service_date) for row in seen]
        rows = [replace(row, version=now.get(key, 0)) for row, key in zip(seen, keys, strict=True)]
        return await swap(connection, rows)

    patch.setattr(plans, "swap_plans", swap_any)


def _outbox(patch: pytest.MonkeyPatch) -> None:
    """Events are kept a moment after the commit they tell of, not in it."""
    add = commits.add_events

    async def add_later(connection: AsyncConnection, area_id: str, bodies: Sequence[str]) -> None:
        database = Database(connection.engine)

        async def late() -> None:
            await asyncio.sleep(0.2)
            async with database.writing() as another:
                await add(another, area_id, bodies)

        asyncio.get_running_loop().create_task(late())

    patch.setattr(commits, "add_events", add_later)


def _dedupe(patch: pytest.MonkeyPatch) -> None:
    """A fix that has come before is believed again."""
    has, add = ping._Boot.has, ping._Boot.add

    def add_new(boot: Any, seq: int) -> None:  # noqa: ANN401 -- private
        if not has(boot, seq):
            add(boot, seq)

    patch.setattr(ping._Boot, "has", lambda _boot, _seq: False)
    patch.setattr(ping._Boot, "add", add_new)


def _fence(patch: pytest.MonkeyPatch) -> None:
    """A booking that changes without its stops does not bump the version of its vehicle."""
    moved = booking._moved
    patch.setattr(booking, "_moved", lambda live, plan, rows, _party="": moved(live, plan, rows))
    patch.setattr(booking, "_guarded", lambda _live, rows, _row: rows)


def _freeze(patch: pytest.MonkeyPatch) -> None:
    """A stop about to happen may be moved."""
    patch.setattr(day, "_locked", lambda plan, *_: plan)


def _promise_guard(patch: pytest.MonkeyPatch) -> None:
    """A plan that the search calls better is taken without looking."""
    patch.setattr(beside, "is_better", lambda *_: True)


def _onboard(patch: pytest.MonkeyPatch) -> None:
    """A ride can be cancelled with its rider on board."""
    patch.setitem(states.NEXT, ("aboard", "cancel"), "cancelled")


def _idempotency(patch: pytest.MonkeyPatch) -> None:
    """A key that comes again is a new question."""

    async def unknown(*_: object) -> None:
        return None

    patch.setattr(commits, "answer", unknown)
    patch.setattr(commits, "remember", unknown)


def _epoch(patch: pytest.MonkeyPatch) -> None:
    """The numbers of a server that has started again are taken for those of before."""
    begin = hub.Hub.__init__

    def begin_alike(mine: hub.Hub, **more: Any) -> None:  # noqa: ANN401 -- as it is called
        begin(mine, **more)
        mine.origin = lambda _topic: ("always", 0)

    patch.setattr(hub.Hub, "__init__", begin_alike)


def _capacity(patch: pytest.MonkeyPatch) -> None:
    """Every vehicle has room for everybody."""

    def roomy(*rows: Any) -> Vehicle:  # noqa: ANN401 -- as it is called
        return replace(on_shift(*rows), seats=50, wheelchair_places=9)

    patch.setattr(day, "on_shift", roomy)


MUTANTS: Final[Mapping[str, Plant]] = {
    "compare-and-set": _compare_and_set,
    "outbox": _outbox,
    "dedupe": _dedupe,
    "fence": _fence,
    "freeze": _freeze,
    "promise guard": _promise_guard,
    "onboard rule": _onboard,
    "idempotency": _idempotency,
    "epoch": _epoch,
    "capacity": _capacity,
}


def first_found(plant: Plant, town: Path, disk: Path, seeds: int = SEEDS) -> Outcome | None:
    """Return the first day on which it is seen that a guard is missing, `None` when on none."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        for seed in range(seeds):
            outcome = run(seed, town, disk)
            if outcome.wrong:
                return outcome
    return None


def main(names: Sequence[str]) -> None:
    """Print which seed finds which mutant, and by what."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    warm()
    with tempfile.TemporaryDirectory(prefix="maas-sim-", dir=memory()) as name:
        disk = Path(name)
        town = build(disk)
        for each in names or MUTANTS:
            found = first_found(MUTANTS[each], town, disk)
            said = "not found" if found is None else f"seed {found.seed}: {found.wrong[0]}"
            print(f"{each}: {said}", flush=True)  # noqa: T201


if __name__ == "__main__":
    fixed()
    main(sys.argv[1:])
