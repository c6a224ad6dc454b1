"""Setting up the second proof of who signs in; an administrator takes it away when it is lost."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from maas.api.identity import JustProved, SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.staff import StaffName, take_proof_away
from maas.auth import second_factor
from maas.auth.roles import Permission
from maas.store.commits import AuditEntry, add_audit
from maas.store.second_factors import forget_factor

router = APIRouter(tags=["session"])

MINE = "/session/second-factor"


class NewFactorOut(BaseModel):
    """What an authenticator app is given: `address` to open, or `secret` to type."""

    secret: str
    address: str = Field(examples=["otpauth://totp/..."])


class FactorOut(BaseModel):
    """Whether somebody signs in with a second proof."""

    in_force: bool


class FactorCodeIn(BaseModel):
    """The six digits that the app shows."""

    code: str = Field(min_length=6, max_length=40)


class RecoveryOut(BaseModel):
    """Codes for whoever has lost the device, each good for once; shown this once."""

    recovery_codes: list[str]


@router.get(MINE, operation_id="readSecondFactor", **needs(Permission.SIGNED_IN))
async def read(person: SignedIn, service: The) -> FactorOut:
    """Say whether one signs in with a second proof."""
    async with service.database.reading() as db:
        return FactorOut(in_force=await second_factor.is_in_force(db, person.name))


@router.post(
    MINE,
    operation_id="beginSecondFactor",
    **needs(Permission.SIGNED_IN, "foreign-origin", "second-proof-on", "prove-again"),
)
async def begin(person: JustProved, service: The) -> NewFactorOut:
    """Make the secret of a new device; it is asked for once a code of it was confirmed."""
    async with service.database.writing() as db:
        secret = await second_factor.begin(db, person.name, service.real_now())
    if secret is None:
        raise Problem("second-proof-on")
    return NewFactorOut(secret=secret, address=second_factor.address_of(person.name, secret))


@router.put(
    MINE,
    operation_id="confirmSecondFactor",
    **needs(Permission.SIGNED_IN, "wrong-code", "prove-again", changes=True),
)
async def confirm(given: FactorCodeIn, person: JustProved, service: The) -> RecoveryOut:
    """Put the device in force by a code of it, and hand out the codes to recover with."""
    now_s = service.real_now()
    async with service.database.writing() as db:
        codes = await second_factor.confirm(db, person.name, given.code, now_s)
        if codes is None:
            raise Problem("wrong-code")
        entry = AuditEntry(service.clock(), person.name, "staff.factor_on", person.name, "{}")
        await add_audit(db, entry)
    return RecoveryOut(recovery_codes=codes)


@router.delete(
    "/staff/{staff_name}/second-factor",
    operation_id="dropSecondFactor",
    status_code=204,
    **needs(Permission.MANAGE_STAFF, "foreign-origin", "not-found"),
)
async def drop(staff_name: StaffName, person: SignedIn, service: The) -> None:
    """Take away a second proof that is lost, and end every login of the account."""
    await take_proof_away(service, person, staff_name, forget_factor, "staff.factor_off")
