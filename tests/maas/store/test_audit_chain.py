"""Whatever is changed in the audit, or taken out of it, `maas db verify` finds it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.commits import AuditEntry, add_audit, audit_break, link
from maas.store.database import Database
from maas.store.tables import audit, audit_head

ENTRIES = [
    AuditEntry(1_795_686_838.25 + number, f"花{number}", "booking.made", f"b{number}", '{"a": 1}')
    for number in range(5)
]


@pytest.fixture
async def chain(database: Database) -> Any:  # noqa: ANN401 -- a connection until the test ends
    async with database.writing() as db:
        for entry in ENTRIES:
            await add_audit(db, entry)
        yield db


def changed(value: Any) -> list[Any]:  # noqa: ANN401 -- a value of a row
    """Return the value with each of its parts changed, one at a time."""
    if isinstance(value, str):
        return [
            value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :] for at in range(len(value))
        ] + [value[1:], value + " "]
    return [value + 1, value - 1] if isinstance(value, int) else [value + 2**-20, -value]


async def test_any_character_of_any_row_that_is_changed_is_found(chain: AsyncConnection) -> None:
    assert await audit_break(chain) is None
    tried = 0
    rows = (await chain.execute(select(audit).order_by(audit.c.seq))).mappings().all()
    for row in rows[1:4]:
        for name in ("at", "actor", "action", "subject", "detail", "hash"):
            for value in changed(row[name]):
                await _put(chain, row["seq"], {name: value})
                assert await audit_break(chain) == row["seq"], f"{name}: {value!r}"
                tried += 1
        await _put(chain, row["seq"], dict(row))
    assert await audit_break(chain) is None
    assert tried > 200


async def _put(db: AsyncConnection, seq: int, values: dict[str, Any]) -> None:
    await db.execute(update(audit).where(audit.c.seq == seq).values(values))


@pytest.mark.parametrize("seq", range(1, len(ENTRIES) + 1))
async def test_any_row_that_is_taken_out_is_found(chain: AsyncConnection, seq: int) -> None:
    await chain.execute(delete(audit).where(audit.c.seq == seq))
    assert await audit_break(chain) == seq


async def test_rows_that_change_places_or_are_added_are_found(chain: AsyncConnection) -> None:
    extra = {name: getattr(ENTRIES[0], name) for name in AuditEntry.__slots__}
    await chain.execute(insert(audit), {**extra, "seq": 6, "hash": "0" * 64})
    assert await audit_break(chain) == 6
    await chain.execute(delete(audit).where(audit.c.seq == 6))
    for old, new in ((2, 99), (3, 2), (99, 3)):
        await chain.execute(update(audit).where(audit.c.seq == old).values(seq=new))
    assert await audit_break(chain) == 2


async def test_a_head_that_was_changed_or_taken_out_is_found(chain: AsyncConnection) -> None:
    await chain.execute(update(audit_head).values(seq=4))
    assert await audit_break(chain) == 6
    await chain.execute(delete(audit_head))
    assert await audit_break(chain) == 6


texts = st.text(max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.tuples(texts, texts, texts, texts, texts, texts))
def test_no_two_entries_of_other_words_have_one_hash(words: tuple[str, ...]) -> None:
    actor, action, subject, detail, more, rest = words
    one = AuditEntry(1.0, actor, action, subject, detail)
    other = AuditEntry(1.0, actor + more, action, subject, detail + rest)
    assert (link("0", 1, one) == link("0", 1, other)) is (one == other)
