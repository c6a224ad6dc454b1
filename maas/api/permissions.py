"""Every route says what it needs; one that says nothing stops the server from starting."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Depends, FastAPI, params
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.requests import HTTPConnection

from maas.api.identity import identify
from maas.api.problems import Problem, documented
from maas.auth.roles import GRANTS, Permission, allowed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Needs:
    """A dependency that lets only those through whom the table of roles grants `permission`."""

    permission: Permission

    async def __call__(self, connection: HTTPConnection) -> None:
        """Raise the problem 401 or 403 when the caller may not."""
        if self.permission not in GRANTS:
            return
        person = await identify(connection)
        if person is None:
            raise Problem("not-signed-in")
        if not allowed(person.role, self.permission):
            path = connection.url.path
            log.warning("refused: %r may not %s at %r", person.name, self.permission, path)
            raise Problem("forbidden")


def needs(permission: Permission, *problems: str, changes: bool = False) -> dict[str, Any]:
    """Return the keywords of a route: what it needs, and the problems it may answer with.

    `changes` marks a route with a body.  Permissions outside the table of roles (`PUBLIC`,
    `DEVICE`, `SIGN`, `VEHICLE`, `MACHINE`, `RIDER`, `LINK`) are not checked here: their routes
    check token, vehicle, key or link.
    """
    slugs = ["invalid", *problems]
    if permission in GRANTS:
        slugs += ["not-signed-in", "forbidden"]
    if changes:
        slugs += ["invalid-json", "foreign-origin", "too-large"]
    return {
        "dependencies": [Depends(Needs(permission))],
        "responses": documented(*dict.fromkeys(slugs)),
    }


DECLARED: Final = "permission"


def declare(endpoint: Any, permission: Permission) -> Any:  # noqa: ANN401 -- any ASGI endpoint
    """Mark an endpoint that is not FastAPI's (a raw ASGI one) with what it needs."""
    setattr(endpoint, DECLARED, permission)
    return endpoint


def permission_of(route: RouteContext) -> Permission | None:
    """Return what `route` declares, or None when it declares nothing."""
    for dependency in _dependencies(route):
        if isinstance(dependency.dependency, Needs):
            return dependency.dependency.permission
    declared = getattr(route.endpoint, DECLARED, None)
    return declared if isinstance(declared, Permission) else None


def _dependencies(route: RouteContext) -> Sequence[params.Depends]:
    try:
        return list(route.dependencies)
    except AttributeError:
        return []


def undeclared(app: FastAPI) -> Iterator[str]:
    """Yield the paths of routes that declare no permission."""
    for route in iter_route_contexts(app.routes):
        if permission_of(route) is None:
            yield str(route.path)
