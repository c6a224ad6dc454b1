"""Staff whom an organisation signs in: OpenID Connect, authorization code flow with PKCE.

The organisation (Keycloak, Entra, デジタル認証アプリ) is named in the settings and describes itself
at its issuer.  Nothing it says opens a new account: somebody signed in ties their own account to
what the organisation calls them (`sub`), or, where the settings name a claim, the account of that
name is tied at the first sign-in.  From then on `sub` alone counts.  All times are real epoch
seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode, urlsplit

import httpx

from maas.auth import attempts
from maas.auth.sessions import digest
from maas.auth.staff import Person
from maas.store import identities
from maas.store.commits import AuditEntry, add_audit
from maas.store.database import Database
from maas.store.people import StaffRow, staff_by_name

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 5.0
LEEWAY_S: Final = 30
"""Clocks differ."""
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""What ID tokens may be signed with: keys of two halves, never a shared secret or nothing."""
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

No = Literal["attempt-over", "organisation-away", "organisation-refused", "organisation-unknown"]


@dataclass(frozen=True, slots=True)
class Provider:
    """The organisation as the settings name it; `claim`, `domain` and `acr` may be None."""

    issuer: str
    client: str
    secret: str
    scope: str = "openid"
    claim: str | None = None
    domain: str | None = None
    acr: str | None = None

    def account(self, claims: Mapping[str, Any]) -> str | None:
        """Return the name of the account that a claim means, None when it means none.

        >>> Provider("i", "c", "", claim="upn", domain="town.example").account(
        ...     {"upn": "Hana@town.example"})
        'hana'
        """
        said = claims.get(self.claim) if self.claim else None
        if not isinstance(said, str) or (
            self.claim == "email" and claims.get("email_verified") is not True
        ):
            return None
        name, at, domain = said.lower().partition("@")
        return name if (domain if at else None) == (self.domain or None) else None


@dataclass(frozen=True, slots=True)
class Returned:
    """What a browser brings back from the organisation."""

    state: str
    code: str
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the organisation signed in, and what was asked for: `owner` ties their account."""

    subject: str
    claims: Mapping[str, Any]
    owner: str | None
    next: str


class AwayError(Exception):
    """The organisation does not answer, or not as one does."""


class RefusedError(Exception):
    """What the organisation or the browser brought does not hold."""


def new_client() -> httpx.AsyncClient:
    """Return a client that follows nothing and asks no proxy of the environment."""
    return httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)


async def begin(
    database: Database,
    provider: Provider,
    back: str,
    browser: str,
    now_s: float,
    *,
    owner: str | None = None,
    next_page: str = "",
) -> str | No:
    """Return the address to send the browser to; `back` is where it shall return."""
    try:
        async with new_client() as client:
            about = await _described(client, provider)
    except AwayError as error:
        log.warning("the organisation that signs in does not answer: %s", error)
        return "organisation-away"
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    kept = json.dumps([nonce, verifier, owner, next_page])
    await attempts.begin(database, "organisation", state, browser, now_s, kept)
    asked = {
        "response_type": "code",
        "client_id": provider.client,
        "redirect_uri": back,
        "scope": provider.scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": _text(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
        **({"acr_values": provider.acr} if provider.acr else {}),
    }
    address = str(about["authorization_endpoint"])
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


async def end(
    database: Database, provider: Provider, back: str, browser: str, got: Returned, now_s: float
) -> Known | No:
    """Return whom the organisation signed in for what this browser began."""
    kept = await attempts.end(database, "organisation", got.state, browser, now_s)
    if kept is None:
        return "attempt-over"
    nonce, verifier, owner, next_page = json.loads(kept)
    try:
        code = _code(got, provider)
        async with new_client() as client:
            about = await _described(client, provider)
            token = await _token(client, provider, about, back, code, verifier)
            keys = await _json(client.get(_safe(about, "jwks_uri")))
        claims = _judged(token, keys, provider, nonce, now_s)
    except AwayError as error:
        log.warning("the organisation that signs in does not answer: %s", error)
        return "organisation-away"
    except RefusedError as error:
        log.warning("sign-in by the organisation refused: %s", error)
        return "organisation-refused"
    return Known(str(claims["sub"]), claims, owner, next_page)


async def account(
    database: Database, provider: Provider, known: Known, at: float, now_s: float
) -> Person | No:
    """Return whose account that is, tying it when this is the first time; `at` is the audit's."""
    id_hash = digest(f"{provider.issuer} {known.subject}")
    async with database.writing() as db:
        row = await identities.account_of(db, id_hash)
        if row is None:
            row = await _to_tie(db, known.owner or provider.account(known.claims))
            if row is None:
                return "organisation-unknown"
            await identities.tie(db, id_hash, row.name, now_s)
            await add_audit(db, AuditEntry(at, row.name, "staff.tied", row.name, "{}"))
        if row.disabled or known.owner not in {None, row.name}:
            return "organisation-unknown"
        return Person.of(row)


async def untie(database: Database, name: str, at: float) -> bool:
    """Have the organisation no longer sign somebody in; says whether it did."""
    async with database.writing() as db:
        if not await identities.untie(db, name):
            return False
        await add_audit(db, AuditEntry(at, name, "staff.untied", name, "{}"))
    return True


async def _to_tie(db: Any, name: str | None) -> StaffRow | None:  # noqa: ANN401
    row = await staff_by_name(db, name) if name else None
    tied = row is not None and await identities.is_tied(db, row.name)
    return None if row is None or row.disabled or tied else row


async def _described(client: httpx.AsyncClient, provider: Provider) -> Mapping[str, Any]:
    address = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    about = await _json(client.get(address))
    if about.get("issuer") != provider.issuer:
        raise AwayError("it describes another issuer")
    _safe(about, "authorization_endpoint")
    return about


def _code(got: Returned, provider: Provider) -> str:
    if got.issuer not in {None, provider.issuer}:
        raise RefusedError("answered by another issuer")
    if not got.code:
        raise RefusedError("no code")
    return got.code


def _safe(about: Mapping[str, Any], name: str) -> str:
    """Return an address the organisation names, which must be by TLS or on this machine."""
    address = about.get(name)
    parts = urlsplit(address) if isinstance(address, str) else None
    if parts is None or (parts.scheme != "https" and parts.hostname not in LOOPBACK):
        raise AwayError(f"it names no {name}")
    return str(address)


async def _token(
    client: httpx.AsyncClient,
    provider: Provider,
    about: Mapping[str, Any],
    back: str,
    code: str,
    verifier: str,
) -> str:
    """Return the ID token for a code; raises RefusedError when the code is good for none."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": verifier,
    }
    methods = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    headers = {}
    if provider.secret and "client_secret_basic" in methods:
        pair = f"{quote(provider.client, safe='')}:{quote(provider.secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": provider.client}
        form |= {"client_secret": provider.secret} if provider.secret else {}
    call = client.post(_safe(about, "token_endpoint"), data=form, headers=headers)
    token = (await _json(call)).get("id_token")
    if not isinstance(token, str):
        raise RefusedError("no ID token")
    return token


async def _json(call: Any) -> dict[str, Any]:  # noqa: ANN401 -- a request on its way
    try:
        answer = await call
        if answer.status_code in {400, 401, 403}:
            raise RefusedError(f"{answer.request.url.path} answers {answer.status_code}")
        if answer.status_code != httpx.codes.OK:
            raise AwayError(f"{answer.request.url.path} answers {answer.status_code}")
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise AwayError(type(error).__name__) from error
    if not isinstance(found, dict):
        raise AwayError("it answers no JSON object")
    return found


def _judged(
    token: str, keys: Mapping[str, Any], provider: Provider, nonce: str, now_s: float
) -> Mapping[str, Any]:
    """Return the claims of an ID token that is signed, for us, of now and of this sign-in."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    rules = jwt.JWTClaimsRegistry(
        now=int(now_s),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": provider.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": provider.client},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        found = jwt.decode(token, KeySet.import_key_set({"keys": _usable(keys)}), ALGORITHMS)
        claims = found.claims
        rules.validate(claims)
    except (JoseError, ValueError, TypeError, LookupError) as error:
        raise RefusedError(f"ID token: {type(error).__name__} {error}") from error
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise RefusedError("ID token: of another sign-in (nonce)")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else provider.client) != provider.client:
        raise RefusedError("ID token: made for another (azp)")
    if provider.acr and claims.get("acr") != provider.acr:
        raise RefusedError("ID token: not as strong as asked for (acr)")
    return claims


def _usable(keys: Mapping[str, Any]) -> list[Any]:
    """Return the keys that sign; organisations publish those for other ends beside them."""
    found = keys.get("keys")
    if not isinstance(found, list):
        raise AwayError("it has no keys")
    return [
        each
        for each in found
        if isinstance(each, dict)
        and each.get("kty") in {"RSA", "EC", "OKP"}
        and each.get("use", "sig") == "sig"
    ]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
