"""Passkeys (WebAuthn): a key pair that an authenticator keeps for one site and one person.

The authenticator asks for a finger, a face or a PIN each time, so that a passkey is two proofs in
one.  What a browser sends is judged by the library `webauthn`, against a challenge of ours that
is good for one answer of one browser.  All times are real epoch seconds.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal
from urllib.parse import urlsplit

from maas.auth import attempts
from maas.auth.staff import Person
from maas.store import passkeys
from maas.store.commits import AuditEntry, add_audit
from maas.store.database import Database
from maas.store.passkeys import PasskeyRow
from maas.store.people import staff_by_name

log = logging.getLogger(__name__)

HANDLE_BYTES = 32
NAME = "Rural MaaS"

Credential = Mapping[str, Any]
No = Literal["attempt-over", "passkey-refused"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where staff reach the pages: what a passkey is bound to."""

    origin: str

    @property
    def rp_id(self) -> str:
        """The name by which authenticators know the site."""
        return urlsplit(self.origin).hostname or ""


async def begin_registering(
    database: Database, site: Site, person: Person, browser: str, now_s: float
) -> dict[str, Any]:
    """Return what the browser hands to an authenticator that shall make a passkey."""
    await _loaded()
    import webauthn
    from webauthn.helpers import structs

    async with database.reading() as db:
        known = await passkeys.passkeys_of(db, person.name)
    handle = known[0].handle if known else _text(secrets.token_bytes(HANDLE_BYTES))
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=NAME,
        user_id=_bytes(handle),
        user_name=person.name,
        user_display_name=person.display_name,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=_bytes(row.id)) for row in known
        ],
    )
    kept = json.dumps([person.name, handle])
    await attempts.begin(database, "register", _text(options.challenge), browser, now_s, kept)
    return _plain(webauthn.options_to_json(options))


async def register(
    database: Database,
    site: Site,
    person: Person,
    browser: str,
    credential: Credential,
    name: str,
    *,
    at: float,
    now_s: float,
) -> PasskeyRow | No:
    """Keep the passkey that an authenticator made; `at` is the audit's time."""
    await _loaded()
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    challenge = _challenge(credential)
    kept = await attempts.end(database, "register", challenge, browser, now_s)
    owner, handle = json.loads(kept) if kept else (None, "")
    if owner != person.name:
        return "attempt-over"
    try:
        made = webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, LookupError, TypeError) as error:
        log.warning("passkey of %r refused: %s", person.name, error)
        return "passkey-refused"
    row = PasskeyRow(
        _text(made.credential_id),
        person.name,
        handle,
        made.credential_public_key,
        made.sign_count,
        name,
        now_s,
    )
    async with database.writing() as db:
        if await passkeys.passkey(db, row.id) is not None:
            return "passkey-refused"
        await passkeys.add_passkey(db, row)
        await add_audit(db, _entry(at, "staff.passkey_added", person.name, row.id))
    return row


async def begin_entering(
    database: Database, site: Site, browser: str, now_s: float
) -> dict[str, Any]:
    """Return what the browser hands to whatever authenticator has a passkey of ours."""
    await _loaded()
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id, user_verification=structs.UserVerificationRequirement.REQUIRED
    )
    await attempts.begin(database, "enter", _text(options.challenge), browser, now_s)
    return _plain(webauthn.options_to_json(options))


async def enter(
    database: Database, site: Site, browser: str, credential: Credential, now_s: float
) -> Person | No:
    """Return whose passkey answered the challenge; its counter must have gone on."""
    await _loaded()
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    challenge = _challenge(credential)
    if await attempts.end(database, "enter", challenge, browser, now_s) is None:
        return "attempt-over"
    async with database.writing() as db:
        known = await passkeys.passkey(db, str(credential["id"]))
        if known is None or credential["response"].get("userHandle") not in {None, known.handle}:
            return "passkey-refused"
        try:
            proof = webauthn.verify_authentication_response(
                credential=dict(credential),
                expected_challenge=_bytes(challenge),
                expected_rp_id=site.rp_id,
                expected_origin=site.origin,
                credential_public_key=known.public_key,
                credential_current_sign_count=known.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, LookupError, TypeError) as error:
            log.warning("passkey of %r refused: %s", known.staff_name, error)
            return "passkey-refused"
        account = await staff_by_name(db, known.staff_name)
        if account is None or account.disabled:
            return "passkey-refused"
        await passkeys.note_passkey(db, known.id, proof.new_sign_count, now_s)
    return Person.of(account)


async def remove(database: Database, name: str, passkey_id: str, at: float) -> bool:
    """Take a passkey away from its owner; says whether there was one."""
    async with database.writing() as db:
        if not await passkeys.forget_passkey(db, name, passkey_id):
            return False
        await add_audit(db, _entry(at, "staff.passkey_removed", name, passkey_id))
    return True


async def _loaded() -> None:
    """Have the library read in another thread: the first time that takes a third of a second."""
    await asyncio.to_thread(import_module, "webauthn")


def _challenge(credential: Credential) -> str:
    """Return the challenge that an authenticator says it answers, `` when it says none."""
    try:
        said = json.loads(_bytes(credential["response"]["clientDataJSON"]))
        return str(said["challenge"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


def _entry(at: float, action: str, name: str, passkey_id: str) -> AuditEntry:
    return AuditEntry(at, name, action, name, json.dumps({"passkey": passkey_id[:16]}))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _plain(options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(options)
    return found
