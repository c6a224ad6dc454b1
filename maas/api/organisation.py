"""Signing in by an organisation: off to it, back from it, and one's account tied to it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from maas.api.identity import JustProved, SignedIn, The, door_name, identify, know_browser
from maas.api.passkeys import TheSite
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.session import host_of, let_in, refuse_while_throttled
from maas.auth import organisation
from maas.auth.organisation import Known, Provider, Returned
from maas.auth.passkeys import Site
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.store.identities import is_tied

router = APIRouter(prefix="/session/organisation", tags=["session"])

BACK = "/api/v1/session/organisation/back"
_BEGINS = ("no-organisation", "organisation-away", "no-passkeys", "too-many-attempts")


class WantedIn(BaseModel):
    """Where somebody wants to go once they are signed in."""

    next: str = Field("", max_length=100, pattern=r"^(/[a-z]+)?$")


class AwayOut(BaseModel):
    """Where the browser shall go."""

    address: str


class TiedOut(BaseModel):
    """Whether the organisation signs one in."""

    tied: bool


async def the_provider(service: The) -> Provider:
    """Return the organisation of the settings, or raise the problem that there is none."""
    settings = service.settings
    if settings.oidc_issuer is None or settings.oidc_client is None:
        raise Problem("no-organisation")
    return Provider(
        settings.oidc_issuer,
        settings.oidc_client,
        settings.oidc_client_secret(),
        settings.oidc_scope,
        settings.oidc_claim,
        settings.oidc_domain,
        settings.oidc_acr,
    )


TheProvider = Annotated[Provider, Depends(the_provider)]


@router.post(
    "", operation_id="beginOrganisation", **needs(Permission.PUBLIC, *_BEGINS, changes=True)
)
async def begin(
    wanted: WantedIn,
    request: Request,
    response: Response,
    provider: TheProvider,
    site: TheSite,
    service: The,
) -> AwayOut:
    """Send a browser to the organisation; what it brings back is good once, for five minutes."""
    return await _begun(request, response, provider, site, service, next_page=wanted.next)


@router.post(
    "/tie",
    operation_id="tieOrganisation",
    **needs(Permission.SIGNED_IN, "foreign-origin", "prove-again", *_BEGINS),
)
async def tie(
    person: JustProved,
    request: Request,
    response: Response,
    provider: TheProvider,
    site: TheSite,
    service: The,
) -> AwayOut:
    """Send somebody signed in to the organisation, to tie their account to what it calls them."""
    return await _begun(request, response, provider, site, service, owner=person.name)


async def _begun(
    request: Request,
    response: Response,
    provider: Provider,
    site: Site,
    service: The,
    *,
    owner: str | None = None,
    next_page: str = "",
) -> AwayOut:
    host = host_of(request)
    refuse_while_throttled(service, ((service.begun_throttle, host),))
    service.begun_throttle.fail(host, service.real_now())
    found = await organisation.begin(
        service.database,
        provider,
        site.origin + BACK,
        know_browser(request, response),
        service.real_now(),
        owner=owner,
        next_page=next_page,
    )
    if found == "organisation-away":
        raise Problem(found)
    return AwayOut(address=found)


@router.get(
    "/back",
    operation_id="endOrganisation",
    status_code=303,
    response_class=RedirectResponse,
    **needs(Permission.PUBLIC, "no-organisation", "no-passkeys", "too-many-attempts"),
)
async def back(
    request: Request,
    provider: TheProvider,
    site: TheSite,
    service: The,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    iss: Annotated[str | None, Query(max_length=400)] = None,
) -> RedirectResponse:
    """Take in a browser that comes back, and lead it on to the login page with what became of it.

    A refusal of the organisation's own (`error`) brings no code, which is all there is to know.
    """
    host = host_of(request)
    refuse_while_throttled(service, ((service.host_throttle, host),))
    now_s = service.real_now()
    browser = request.cookies.get(door_name(request), "")
    known = await organisation.end(
        service.database, provider, site.origin + BACK, browser, Returned(state, code, iss), now_s
    )
    if not isinstance(known, Known):
        service.host_throttle.fail(host, now_s)
        return _on(trouble=known)
    here = await identify(request)
    if known.owner is not None and (here is None or here.name != known.owner):
        return _on(trouble="attempt-over")
    found = await organisation.account(service.database, provider, known, service.clock(), now_s)
    if not isinstance(found, Person):
        return _on(trouble=found)
    if known.owner is not None:
        return _on()
    answer = _on(entered="1", next=known.next)
    await let_in(found, "organisation", request, answer, service)
    return answer


@router.get("", operation_id="readOrganisation", **needs(Permission.SIGNED_IN))
async def read(person: SignedIn, service: The) -> TiedOut:
    """Say whether the organisation signs one in."""
    async with service.database.reading() as db:
        return TiedOut(tied=await is_tied(db, person.name))


@router.delete(
    "",
    operation_id="untieOrganisation",
    status_code=204,
    **needs(Permission.SIGNED_IN, "foreign-origin", "not-found", "prove-again"),
)
async def untie(person: JustProved, service: The) -> None:
    """Have the organisation no longer sign one in."""
    if not await organisation.untie(service.database, person.name, service.clock()):
        raise Problem("not-found")


def _on(**said: str) -> RedirectResponse:
    asked = urlencode({name: value for name, value in said.items() if value})
    return RedirectResponse(f"/login?{asked}" if asked else "/login", status_code=303)
