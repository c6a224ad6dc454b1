"""Columns that hold what is known of people: sealed on their way in, opened on their way out.

AES-256-GCM with a nonce of its own for each value, bound to its column, so that a value moved to
another column does not open.  A sealed value names its key: several may be in use while one takes
over from another.  Empty values stay empty, which is what queries ask for.  A database opened
without keys writes as it is told and shows sealed values as they lie there.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import JSON, Dialect, String, Text, TypeDecorator
from sqlalchemy.ext.asyncio import AsyncEngine

MARK: Final = "sealed:"
NONCE_BYTES: Final = 12
_KEYS: Final = "maas_keys"


class SealError(Exception):
    """A value is sealed with a key that is not there, or was changed where it lay."""


@dataclass(slots=True)
class Keys:
    """The keys in use, the newest first; `again` reads them anew when a value names another.

    >>> keys = Keys(lambda: ["ab" * 32])
    >>> keys.open(keys.seal("000-000-0001", "phone"), "phone")
    '000-000-0001'
    """

    again: Callable[[], Sequence[str]]
    newest: str = ""
    _known: dict[str, AESGCM] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.read()

    def read(self) -> None:
        """Read the keys anew; raises ValueError when there is none, or one is malformed."""
        raw = [bytes.fromhex(key) for key in self.again()]
        if not raw or any(len(key) != 32 for key in raw):
            raise ValueError("a key is 64 hexadecimal digits, and one is needed")
        self._known = {_name(key): AESGCM(key) for key in raw}
        self.newest = _name(raw[0])

    def seal(self, text: str, column: str) -> str:
        """Return a text sealed with the newest key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        shut = self._known[self.newest].encrypt(nonce, text.encode(), column.encode())
        return f"{MARK}{self.newest}:{base64.b64encode(nonce + shut).decode()}"

    def open(self, sealed: str, column: str) -> str:
        """Return what was sealed; a text that is not is of before.  Raises ``SealError``."""
        if not sealed.startswith(MARK):
            return sealed
        name, _, body = sealed.removeprefix(MARK).partition(":")
        if name not in self._known:
            self.read()
        try:
            raw, key = _unpacked(body), self._known[name]
            return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], column.encode()).decode()
        except (KeyError, ValueError, InvalidTag) as error:
            raise SealError(column) from error

    def is_newest(self, sealed: str) -> bool:
        """Say whether a value as it lies in the database is sealed with the newest key."""
        return sealed.startswith(f"{MARK}{self.newest}:")


def _unpacked(body: str) -> bytes:
    """Return what is written in base 64; raises ValueError when it is written in any other way.

    The last letter may have bits that mean nothing, and not even those may have been changed.
    """
    raw = base64.b64decode(body, validate=True)
    if base64.b64encode(raw).decode() != body:
        raise ValueError(body)
    return raw


def _name(key: bytes) -> str:
    return hashlib.sha256(b"name of a key\0" + key).hexdigest()[:8]


def give_keys(engine: AsyncEngine, keys: Keys | None) -> None:
    """Let an engine seal and open; its columns find the keys at its dialect."""
    setattr(engine.sync_engine.dialect, _KEYS, keys)


def _keys_of(dialect: Dialect) -> Keys | None:
    found = getattr(dialect, _KEYS, None)
    return found if isinstance(found, Keys) else None


def opened(dialect: Dialect, lying: str, column: str) -> str:
    """Return a value read as it lies, opened by its engine's keys if any.  Raises ``SealError``."""
    keys = _keys_of(dialect)
    return lying if keys is None else keys.open(lying, column)


class SealedLine(TypeDecorator[str]):
    """A text column that is sealed; `column` is its name, which the seal is bound to."""

    impl = String
    cache_ok = True

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Seal a value on its way in."""
        keys = _keys_of(dialect)
        return value if keys is None or not value else keys.seal(value, self.column)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Open a value on its way out."""
        keys = _keys_of(dialect)
        return value if keys is None or not value else keys.open(value, self.column)


class SealedText(SealedLine):
    """The same for a long text."""

    impl = Text
    cache_ok = True


class SealedJson(TypeDecorator[Any]):
    """A JSON column that is sealed: then it holds one string."""

    impl = JSON
    cache_ok = True

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401 -- any JSON
        """Seal a value on its way in."""
        keys = _keys_of(dialect)
        if keys is None or not value:
            return value
        return keys.seal(json.dumps(value, ensure_ascii=False), self.column)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401 -- any JSON
        """Open a value on its way out."""
        keys = _keys_of(dialect)
        if keys is None or not isinstance(value, str) or not value.startswith(MARK):
            return value
        return json.loads(keys.open(value, self.column))
