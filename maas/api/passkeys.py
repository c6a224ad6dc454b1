"""Passkeys: coming in by one, proving oneself again by one, and the list of one's own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.requests import HTTPConnection

from maas.api.identity import JustProved, SignedIn, The, door_name, know_browser, session_token
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.session import SessionOut, host_of, let_in, refuse_while_throttled
from maas.api.shapes import Instant, Rendering, Shape
from maas.api.staff import StaffName, take_proof_away
from maas.auth import passkeys
from maas.auth.passkeys import Site
from maas.auth.roles import Permission
from maas.auth.sessions import note_proof
from maas.auth.staff import Person
from maas.store.passkeys import PasskeyRow, forget_passkeys, passkeys_of

router = APIRouter(tags=["session"])

DOOR, MINE = "/session/passkey", "/session/passkeys"

Bytes = Annotated[str, Field(max_length=16_384, pattern=r"^[A-Za-z0-9_-]*$")]
"""Base64url without padding, as browsers write bytes."""


class _FromBrowser(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class AnswerIn(_FromBrowser):
    """What an authenticator signed."""

    client_data_json: Bytes = Field(alias="clientDataJSON")
    authenticator_data: Bytes
    signature: Bytes
    user_handle: Bytes | None = None


class MadeIn(_FromBrowser):
    """What an authenticator made."""

    client_data_json: Bytes = Field(alias="clientDataJSON")
    attestation_object: Bytes


class AssertionIn(_FromBrowser):
    """A passkey's answer to a challenge (`PublicKeyCredential.toJSON()`)."""

    id: Bytes
    raw_id: Bytes
    type: Literal["public-key"]
    response: AnswerIn

    def plain(self) -> dict[str, Any]:
        """Return it as the standard writes it."""
        return self.model_dump(by_alias=True)


class CreatedIn(_FromBrowser):
    """A new passkey (`PublicKeyCredential.toJSON()`)."""

    id: Bytes
    raw_id: Bytes
    type: Literal["public-key"]
    response: MadeIn


class NewPasskeyIn(BaseModel):
    """A new passkey and what its owner calls it."""

    name: str = Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$")
    credential: CreatedIn


class WaysOut(BaseModel):
    """What the login page offers; `organisation` is what its button says, null without one."""

    passkeys: bool
    organisation: str | None


class OptionsOut(BaseModel):
    """What the browser is handed (`parse…OptionsFromJSON`)."""

    options: dict[str, Any]


class PasskeyOut(Shape):
    """A passkey of one's own."""

    id: str
    name: str
    made_at: Instant
    used_at: Instant | None


async def the_site(connection: HTTPConnection, service: The) -> Site:
    """Return what passkeys are bound to, or raise the problem that there are none here."""
    site = site_of(connection, service)
    if site is None:
        raise Problem("no-passkeys")
    return site


def site_of(connection: HTTPConnection, service: The) -> Site | None:
    """Return the site of the settings; without one passkeys work on this machine alone."""
    configured = service.settings.staff_url or service.settings.public_url
    if configured:
        return Site("/".join(configured.split("/")[:3]))
    url = connection.url
    return Site(f"{url.scheme}://{url.netloc}") if url.hostname == "localhost" else None


TheSite = Annotated[Site, Depends(the_site)]


@router.get("/session/ways", operation_id="readWaysIn", **needs(Permission.PUBLIC))
async def ways(connection: Request, service: The) -> WaysOut:
    """Say how one may sign in besides name and password."""
    site, settings = site_of(connection, service), service.settings
    named = settings.oidc_name if site and settings.oidc_issuer else None
    return WaysOut(passkeys=site is not None, organisation=named)


@router.post(
    f"{DOOR}/options",
    operation_id="beginPasskey",
    **needs(Permission.PUBLIC, "foreign-origin", "no-passkeys", "too-many-attempts"),
)
async def begin(request: Request, response: Response, site: TheSite, service: The) -> OptionsOut:
    """Ask for a passkey: a challenge that is good once, for this browser, for five minutes."""
    tries = ((service.begun_throttle, host_of(request)),)
    refuse_while_throttled(service, tries)
    service.begun_throttle.fail(host_of(request), service.real_now())
    browser = know_browser(request, response)
    found = await passkeys.begin_entering(service.database, site, browser, service.real_now())
    return OptionsOut(options=found)


_PROVES = ("passkey-refused", "attempt-over", "no-passkeys", "too-many-attempts")


@router.post(
    DOOR, operation_id="signInByPasskey", **needs(Permission.PUBLIC, *_PROVES, changes=True)
)
async def enter(
    given: AssertionIn, request: Request, response: Response, site: TheSite, service: The
) -> SessionOut:
    """Start a new session by a passkey, which is two proofs in one."""
    person = await _proved(given, request, site, service)
    return await let_in(person, "passkey", request, response, service)


@router.put(
    "/session/proof",
    operation_id="proveAgainByPasskey",
    status_code=204,
    **needs(Permission.SIGNED_IN, *_PROVES, changes=True),
)
async def prove_again(
    given: AssertionIn, person: SignedIn, request: Request, site: TheSite, service: The
) -> None:
    """Prove again by a passkey who one is."""
    if (await _proved(given, request, site, service)).name != person.name:
        raise Problem("passkey-refused")
    async with service.database.writing() as db:
        await note_proof(db, session_token(request), "passkey", service.real_now())


async def _proved(given: AssertionIn, request: Request, site: Site, service: The) -> Person:
    host = host_of(request)
    refuse_while_throttled(service, ((service.host_throttle, host),))
    found = await passkeys.enter(
        service.database,
        site,
        request.cookies.get(door_name(request), ""),
        given.plain(),
        service.real_now(),
    )
    if not isinstance(found, Person):
        service.host_throttle.fail(host, service.real_now())
        raise Problem(found)
    return found


@router.get(MINE, operation_id="listPasskeys", **needs(Permission.SIGNED_IN))
async def read(person: SignedIn, service: The, write: In) -> list[PasskeyOut]:
    """Return one's own passkeys."""
    async with service.database.reading() as db:
        return [_shown(row, write) for row in await passkeys_of(db, person.name)]


@router.post(
    f"{MINE}/options",
    operation_id="beginNewPasskey",
    **needs(Permission.SIGNED_IN, "foreign-origin", "no-passkeys", "prove-again"),
)
async def begin_new(
    person: JustProved, request: Request, site: TheSite, service: The
) -> OptionsOut:
    """Ask for a new passkey, good for this login alone, for five minutes."""
    token = session_token(request)
    return OptionsOut(
        options=await passkeys.begin_registering(
            service.database, site, person, token, service.real_now()
        )
    )


@router.post(
    MINE,
    operation_id="addPasskey",
    status_code=201,
    **needs(
        Permission.SIGNED_IN, "passkey-refused", "attempt-over", "no-passkeys", "prove-again",
        changes=True,
    ),
)  # fmt: skip
async def add(
    given: NewPasskeyIn,
    person: JustProved,
    request: Request,
    site: TheSite,
    service: The,
    write: In,
) -> PasskeyOut:
    """Keep a new passkey."""
    made = await passkeys.register(
        service.database,
        site,
        person,
        session_token(request),
        given.credential.model_dump(by_alias=True),
        given.name,
        at=service.clock(),
        now_s=service.real_now(),
    )
    if not isinstance(made, PasskeyRow):
        raise Problem(made)
    return _shown(made, write)


@router.delete(
    MINE + "/{passkey_id}",
    operation_id="removePasskey",
    status_code=204,
    **needs(Permission.SIGNED_IN, "foreign-origin", "not-found", "prove-again"),
)
async def remove(
    passkey_id: Annotated[str, Path(max_length=2048)], person: JustProved, service: The
) -> None:
    """Take away one of one's own passkeys."""
    if not await passkeys.remove(service.database, person.name, passkey_id, service.clock()):
        raise Problem("not-found")


@router.delete(
    "/staff/{staff_name}/passkeys",
    operation_id="dropPasskeys",
    status_code=204,
    **needs(Permission.MANAGE_STAFF, "foreign-origin", "not-found"),
)
async def drop(staff_name: StaffName, person: SignedIn, service: The) -> None:
    """Take away every passkey of somebody who has lost them, and end every login of theirs."""
    await take_proof_away(service, person, staff_name, forget_passkeys, "staff.passkeys_off")


def _shown(row: PasskeyRow, write: Rendering) -> PasskeyOut:
    values = {"id": row.id, "name": row.name, "made_at": row.made_at, "used_at": row.used_at}
    return write.one(PasskeyOut, values)
