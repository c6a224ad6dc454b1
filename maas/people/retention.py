"""Forgetting telephone numbers and addresses when the town's term for them is over.

So are letters to other services, which name a booking and nobody.  The term is a rule of the town
(`numbers_kept_days`); a call belongs to no area and is kept for the longest.  How many calls there
were, how long they waited and who rode with which card stays.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from maas.clock import local
from maas.store import retention, towns, webhooks
from maas.store.commits import AuditEntry, add_audit
from maas.store.database import Database
from maas.town.imports import area_rules

DAY_S: Final = 86_400.0


async def forget_numbers(database: Database, now: float, timezone: str) -> int:
    """Blank every number and address that is older than its term; returns how many.

    Letters that another service never took are forgotten as well, and counted.
    """
    today = local(now, timezone).date()
    async with database.reading() as connection:
        kept_days = {}
        for area in await towns.all_areas(connection):
            rule = (await area_rules(connection, area.id)).booking_on(today)
            if rule is not None:
                kept_days[area.id] = rule.numbers_kept_days
    if not kept_days:
        return 0
    async with database.writing() as connection:
        done = await retention.forget_callers(connection, now - DAY_S * max(kept_days.values()))
        letters = 0
        for area_id, days in kept_days.items():
            letters += await webhooks.forget_letters(connection, area_id, now - DAY_S * days)
            done += await retention.forget_contacts(
                connection, area_id, now - DAY_S * days, today - timedelta(days)
            )
        if done or letters:
            detail = f'{{"blanked": {done}, "letters": {letters}}}'
            await add_audit(connection, AuditEntry(now, "maas", "numbers.forgotten", "", detail))
    return done + letters
