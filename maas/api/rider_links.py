"""The office hands out links by which members, or somebody they trust, book by themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.riders import RiderId, bad_form, by, member_of
from maas.api.service import Service
from maas.api.shapes import Instant, Rendering, Shape
from maas.auth.roles import Permission
from maas.people import links
from maas.people.forms import Fault
from maas.store import rider_links
from maas.store.rider_links import RiderLinkRow

router = APIRouter(prefix="/riders/{rider_id}/links", tags=["people"])

LinkId = Annotated[str, Path(min_length=1, max_length=20)]


class RiderLinkIn(BaseModel):
    """Who gets the link; somebody else than the rider needs the rider's consent."""

    holder: str = Field("", max_length=100, examples=["娘 見本花子"])
    consent: str = Field("", max_length=200, examples=["窓口で本人に確認"])


class RiderLinkOut(Shape):
    """A link to a rider's own page; `path` is what to open, null once it is good for nothing."""

    id: str
    holder: str = Field(description="Who else than the rider has it; empty for the rider.")
    made_at: Instant
    made_by: str
    expires_at: Instant
    revoked_at: Instant | None
    used_at: Instant | None
    path: str | None


@router.get("", operation_id="listRiderLinks", **needs(Permission.WRITE_PEOPLE, "not-found"))
async def list_rider_links(rider_id: RiderId, service: The, write: In) -> list[RiderLinkOut]:
    """Return the links of a rider's own page, the newest first."""
    member = await member_of(service, rider_id)
    return await _links(service, member.id, write)


@router.post(
    "",
    operation_id="makeRiderLink",
    status_code=201,
    **needs(
        Permission.WRITE_PEOPLE, "not-found", "bad-form", "key-missing", "key-reused", changes=True
    ),
)
async def make_rider_link(
    rider_id: RiderId, wanted: RiderLinkIn, key: Key, person: SignedIn, service: The, write: In
) -> list[RiderLinkOut]:
    """Make a link to a rider's own page; returns all of them, the new one first."""
    member = await member_of(service, rider_id)
    done = await links.hand_out(
        service.database, member.id, wanted.holder, by(service, person.name, key),
        service.real_now(), how=wanted.consent,
    )  # fmt: skip
    if isinstance(done, Fault):
        raise bad_form([done], write)
    if isinstance(done, str):
        raise Problem(done)
    return await _links(service, member.id, write)


@router.delete(
    "/{link_id}",
    operation_id="revokeRiderLink",
    **needs(Permission.WRITE_PEOPLE, "not-found", "key-missing", "key-reused", changes=True),
)
async def revoke_rider_link(
    rider_id: RiderId, link_id: LinkId, key: Key, person: SignedIn, service: The, write: In
) -> list[RiderLinkOut]:
    """Make a link good for nothing, wherever it was opened; returns all of the rider's."""
    member = await member_of(service, rider_id)
    done = await links.take_back(
        service.database, member.id, link_id, by(service, person.name, key), service.real_now()
    )
    if isinstance(done, str):
        raise Problem(done)
    return await _links(service, member.id, write)


async def _links(service: Service, member_id: int, write: Rendering) -> list[RiderLinkOut]:
    async with service.database.reading() as db:
        rows = await rider_links.of_member(db, member_id)
    return [_link(service, row, write) for row in rows]


def _link(service: Service, row: RiderLinkRow, write: Rendering) -> RiderLinkOut:
    good = row.revoked_at is None and row.expires_at > service.real_now()
    token = links.rider_token(row.id, service.settings.signing_key())
    values = {name: getattr(row, name) for name in RiderLinkRow.__dataclass_fields__}
    path = f"/book#{token}" if good else None
    return RiderLinkOut.model_validate({**values, "path": path}, context=write)
