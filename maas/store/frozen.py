"""A process that hangs in the middle of writing keeps its locks: on PostgreSQL others end it.

PostgreSQL's own ``idle_in_transaction_session_timeout`` is not enough.  It does not see a process
that stopped between two statements of a pipeline, which would hold everybody up for ever; and of
several transactions of one process it ends one after the other, as each is given what the one
before it held.
"""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

NAMED: Final = "maas-"
"""So begins what a server calls its connections; those of a dump or of psql are left alone."""

_END: Final = text("""
    WITH writing AS (
        SELECT pid, application_name AS process,
            wait_event = 'ClientRead'
            AND state_change < clock_timestamp() - make_interval(secs => :silent_s) AS silent
        FROM pg_stat_activity
        WHERE datname = current_database() AND xact_start IS NOT NULL
            AND application_name LIKE :named || '%'
    )
    SELECT count(pg_terminate_backend(pid)) FROM writing
    WHERE silent OR process <> current_setting('application_name')
        AND process IN (SELECT process FROM writing WHERE silent)
""")


def process_name() -> str:
    """Return what one process calls its connections, different from every other's."""
    return NAMED + secrets.token_hex(8)


async def end_frozen(connection: AsyncConnection, silent_s: float) -> int:
    """End what processes have open that left a transaction waiting for `silent_s` seconds.

    Returns how many transactions.  What they wrote is undone, and they learn of it when they go on.
    Of the process that asks, only a transaction that is silent itself is ended.
    """
    return int(await connection.scalar(_END, {"silent_s": silent_s, "named": NAMED}) or 0)
