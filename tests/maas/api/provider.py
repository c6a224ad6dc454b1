"""An organisation that signs people in, on loopback, and may be told to do it wrongly."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "rural-maas", "a secret of the tests"


@dataclass
class Organisation:
    """What it describes, signs and answers; a test changes any of it."""

    issuer: str
    now: Callable[[], float]
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    about: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    down: bool = False
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    """What was asked for, by the code that was given for it."""
    given: list[str] = field(default_factory=list)
    """The tokens that were given for codes."""

    def consent(self, address: str) -> dict[str, str]:
        """Have somebody sign in at an address of ours; returns what their browser brings back."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert address.startswith(f"{self.issuer}/authorize?")
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.asked[code] = asked
        return {"state": asked["state"], "code": code}

    def app(self) -> Starlette:
        """Return it as an application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._describe),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _describe(self, _: Request) -> Response:
        if self.down:
            return Response(status_code=503)
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
            | self.about
        )

    async def _keys(self, _: Request) -> Response:
        encryption = {"kty": "oct", "k": "AAAA", "kid": "other"}
        return JSONResponse({"keys": [encryption, self.key.as_dict(private=False)]})

    async def _token(self, request: Request) -> Response:
        form = {name: one[0] for name, one in parse_qs((await request.body()).decode()).items()}
        asked = self.asked.pop(form["code"], None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
        challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
        holds = (
            asked is not None
            and request.headers.get("authorization") == f"Basic {basic}"
            and form["redirect_uri"] == asked["redirect_uri"]
            and base64.urlsafe_b64encode(challenge).decode().rstrip("=") == asked["code_challenge"]
        )
        if asked is None or not holds:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        now = int(self.now())
        claims = {
            "iss": self.issuer,
            "sub": "S-1",
            "aud": CLIENT,
            "exp": now + 60,
            "iat": now,
            "nonce": asked["nonce"],
        } | self.claims
        token = self.sign(claims) if self.sign else self.signed(claims)
        access = secrets.token_urlsafe()
        self.given += [token, access]
        return JSONResponse({"access_token": access, "token_type": "Bearer", "id_token": token})

    def signed(self, claims: dict[str, Any], key: ECKey | None = None) -> str:
        """Return an ID token."""
        used = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": "one"}, used, key or self.key)


@asynccontextmanager
async def organisation(now: Callable[[], float]) -> AsyncIterator[Organisation]:
    """Run an organisation on loopback."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        found = Organisation(f"http://127.0.0.1:{listening.getsockname()[1]}", now)
        server = uvicorn.Server(uvicorn.Config(found.app(), log_config=None, lifespan="off"))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        yield found
        server.should_exit = True
        await task


def back(asked: dict[str, str]) -> str:
    """Return the query a browser comes back with."""
    return urlencode(asked)
