"""Passwords as argon2 hashes."""

from __future__ import annotations

from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")


def hash_password(password: str) -> str:
    """Return an argon2id hash (OWASP's 19 MiB, two passes) with a salt of its own."""
    return _hasher().hash(password)


def verify_password(password: str, stored: str | None) -> bool:
    """Say whether `password` is the one hashed; an unknown account (None) takes as long."""
    matches = _hasher().verify(password, stored or _nobody())
    return matches and stored is not None
