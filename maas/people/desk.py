"""What the desk does with members: register, change, note, merge.  Each once for its key, audited.

The audit keeps which fields were written, not what was written: it is never deleted, and people may
ask for what is known of them to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.people.doubles import joined, known_already
from maas.people.forms import Fault, Form, blank, filled_in, lines, plain, put_right
from maas.store import members, merging, places
from maas.store.commits import AuditEntry, add_audit
from maas.store.database import Database
from maas.store.members import ConsentRow, Contact, MemberRow, NoteRow
from maas.store.once import By, Done, once
from maas.town.imports import Snaps, anchor_of, home_place

WATCH: Final = "watch"
"""The purpose of a consent: family hears of departures and arrivals."""
No = Literal["not-found", "bad-merge", "key-reused"]


@dataclass(frozen=True, slots=True)
class Ground:
    """The town's region (lat_min, lon_min, lat_max, lon_max) and the roads homes are joined to."""

    region: tuple[float, float, float, float]
    roads: Snaps | None = None
    network: str = ""

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a point lies in the region."""
        lat_min, lon_min, lat_max, lon_max = self.region
        return lat_min <= lat <= lat_max and lon_min <= lon <= lon_max


@dataclass(frozen=True, slots=True)
class Known:
    """Whoever is to be registered seems to be one of these."""

    members: tuple[MemberRow, ...]


async def register(
    database: Database,
    form: Form,
    by: By,
    ground: Ground,
    *,
    how: str = "",
    sharing: Sequence[MemberRow] = (),
) -> Done | Known | list[Fault] | Literal["key-reused"]:
    """Register somebody under the next number; the answer is the id.

    Without a home they are registered provisionally.  `how` says in what way they agreed to what
    the form allows, `sharing` are the members on their telephone, whom they may be already.
    """
    right = checked(form, ground)
    if isinstance(right, list):
        return right
    if not right.name:
        return [Fault.of("name", "name")]

    async def work(connection: AsyncConnection) -> Done | Known | list[Fault]:
        row = filled_in(blank(await members.next_number(connection)), right)
        same = known_already(row, sharing)
        if same:
            return Known(tuple(same))
        agreed = consents((), row.contacts, 0, how, by)
        if isinstance(agreed, Fault):
            return [agreed]
        row = await home_of(connection, row, right, ground)
        row = replace(row, provisional=row.provisional or row.home_place_id is None)
        number = await members.add_member(connection, row)
        allowed = [replace(consent, member_id=number) for consent in agreed]
        await members.add_consents(connection, allowed)
        return Done((str(number),), number, sorted(right.said))

    return await once(database, by, "member.registered", [right, how], work)


async def change(
    database: Database, member_id: int, form: Form, by: By, ground: Ground, *, how: str = ""
) -> Done | list[Fault] | No:
    """Write what a form says about a member; a new home is a new place, and old rides keep theirs.

    `how` says in what way they agreed when who hears of their rides changes.
    """
    right = checked(form, ground)
    if isinstance(right, list):
        return right

    async def work(connection: AsyncConnection) -> Done | list[Fault] | No:
        row = (await members.by_ids(connection, [member_id], locked=True)).get(member_id)
        if row is None or row.merged_into is not None:
            return "not-found"
        new = filled_in(row, right)
        agreed = consents(row.contacts, new.contacts, member_id, how, by)
        if isinstance(agreed, Fault):
            return [agreed]
        new = await home_of(connection, new, right, ground, f":{by.now}")
        await members.save_member(connection, new)
        await members.add_consents(connection, agreed)
        return Done((str(member_id),), member_id, sorted(right.said))

    return await once(database, by, "member.changed", [member_id, right, how], work)


async def add_note(database: Database, member_id: int, text: str, by: By) -> Done | No:
    """Write a note about a member, under the name of who writes it; the answer is its id."""

    async def work(connection: AsyncConnection) -> Done | No:
        if member_id not in await members.by_ids(connection, [member_id]):
            return "not-found"
        note = NoteRow(member_id, by.now, by.actor, lines(text))
        return Done((str(member_id),), await members.add_note(connection, note))

    return await once(database, by, "member.noted", [member_id, text], work)


async def merge(database: Database, gone_id: int, kept_id: int, by: By) -> Done | No:
    """Make one member of two: bookings, vouchers and notes follow, and `kept_id` is the answer."""

    async def work(connection: AsyncConnection) -> Done | No:
        rows = await members.by_ids(connection, (gone_id, kept_id), locked=True)
        if not {gone_id, kept_id} <= rows.keys():
            return "not-found"
        gone, kept = rows[gone_id], rows[kept_id]
        if gone.merged_into == kept_id:
            return Done((), kept_id)
        if gone_id == kept_id or gone.merged_into or kept.merged_into:
            return "bad-merge"
        await merging.move(connection, gone_id, kept_id)
        await members.save_member(connection, joined(kept, gone))
        await members.save_member(connection, replace(gone, merged_into=kept_id))
        detail = {"gone": gone.number, "kept": kept.number}
        return Done((str(gone_id), str(kept_id)), kept_id, detail)

    return await once(database, by, "member.merged", [gone_id, kept_id], work)


async def sweep(database: Database, now: float) -> int:
    """Give what was written for merged members since to who they are now; returns for how many."""
    async with database.reading() as connection:
        if not await merging.strays(connection):
            return 0
    async with database.writing() as connection:
        found = await merging.strays(connection)
        for gone, kept in found:
            await merging.move(connection, gone, kept)
        for gone, _ in found:
            await add_audit(connection, AuditEntry(now, "maas", "member.swept", str(gone), "{}"))
    return len(found)


def checked(form: Form, ground: Ground) -> Form | list[Fault]:
    """Return a form as it is kept, or everything that is wrong with it in this town."""
    right = put_right(form)
    if isinstance(right, list) or right.lat is None or right.lon is None:
        return right
    return right if ground.holds(right.lat, right.lon) else [Fault.of("lat", "outside")]


def consents(
    before: Iterable[Contact], after: Iterable[Contact], member_id: int, how: str, by: By
) -> list[ConsentRow] | Fault:
    """Return what a member allows or no longer allows when contacts change.

    A fault when `how` they said so is missing: nobody hears of a ride without consent.
    """
    was, now = _watching(before), _watching(after)
    if was != now and not plain(how):
        return Fault.of("consent", "consent")
    changed = [(who, True) for who in sorted(now - was)]
    changed += [(who, False) for who in sorted(was - now)]
    return [
        ConsentRow(member_id, by.now, by.actor, WATCH, who, given, plain(how))
        for who, given in changed
    ]


def _watching(contacts: Iterable[Contact]) -> set[str]:
    return {
        " ".join(filter(None, (each.name, each.phone, each.email)))
        for each in contacts
        if each.watch
    }


async def home_of(
    connection: AsyncConnection, row: MemberRow, form: Form, ground: Ground, suffix: str = ""
) -> MemberRow:
    """Return a member at home where a form says, if it says so: the place is kept."""
    if form.lat is None or form.lon is None:
        return row
    anchor = None if ground.roads is None else anchor_of(ground.roads, form.lat, form.lon)
    home = replace(
        home_place(row.number, row.address, row.oaza, form.lat, form.lon),
        anchor=anchor,
        network=None if ground.roads is None else ground.network,
    )
    home = replace(home, code=home.code + suffix)
    return replace(row, home_place_id=await places.add_place(connection, home))
