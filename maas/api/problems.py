"""Errors as RFC 9457 problems: a stable `type`, and a sentence in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Scope

from maas.messages import PROBLEMS, Language, preferred

MEDIA_TYPE: Final = "application/problem+json"
TYPE_BASE: Final = "/problems/"
AWAY_RETRY_S: Final = 1
FULL_RETRY_S: Final = 30
DATABASE_AWAY: Final = (OperationalError, InterfaceError, PoolTimeoutError)


class ProblemOut(BaseModel):
    """An error one can read aloud (RFC 9457)."""

    type: str = Field(examples=["/problems/offer-gone"], description="Stable name of the problem.")
    title: str
    detail: str
    status: int
    errors: list[dict[str, Any]] | None = Field(
        None, description="Which fields are not valid and why (only with 422)."
    )


class Problem(Exception):  # noqa: N818 -- it is the RFC's word
    """Answer the request with the problem `slug` of the message catalogue.

    `detail` replaces the catalogue's sentence; `extra` adds members such as `alternatives`.
    """

    def __init__(
        self,
        slug: str,
        *,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
        **values: object,
    ) -> None:
        super().__init__(slug)
        self.slug = slug
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        self.values = values


def language_of(scope: Scope) -> Language:
    """Return the language the caller asked for."""
    for name, value in scope.get("headers", []):
        if name == b"accept-language":
            return preferred(value.decode("latin-1"))
    return "ja"


def answer(problem: Problem, language: Language) -> JSONResponse:
    """Return the response for `problem`."""
    status, title, sentence = PROBLEMS[problem.slug]
    detail = problem.detail or getattr(sentence, language).format(**problem.values)
    body = {
        "type": TYPE_BASE + problem.slug,
        "title": getattr(title, language),
        "detail": detail,
        "status": status,
        **problem.extra,
    }
    headers = {"content-language": language, **problem.headers}
    return JSONResponse(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def of_database(error: Exception) -> Problem | None:
    """Return the problem when the database is away, busy for too long or full; `None` for a bug.

    Whether a command was kept is not known then: sent again with its key it is done once.
    """
    if not isinstance(error, DATABASE_AWAY):
        return None
    if isinstance(error, DBAPIError) and _is_full(error.orig):
        return Problem("storage-full", headers={"retry-after": str(FULL_RETRY_S)})
    return Problem("database-away", headers={"retry-after": str(AWAY_RETRY_S)})


def _is_full(error: BaseException | None) -> bool:
    """Whether SQLite or PostgreSQL says that its disk is full."""
    state = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    return state in {"SQLITE_FULL", "53100"}


def documented(*slugs: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` for these problems.

    >>> sorted(documented("no-roads", "starting", "not-now"))
    [409, 503]
    """
    found: dict[int | str, dict[str, Any]] = {}
    for slug in slugs:
        status, title, _ = PROBLEMS[slug]
        entry = found.setdefault(status, {"description": "", "content": _CONTENT})
        entry["description"] = "; ".join(filter(None, [entry["description"], title.en]))
    return found


_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem; `Guard` does so for bugs."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(ClientDisconnect, _on_gone)


async def _on_gone(request: Request, _: Exception) -> JSONResponse:
    """Nobody hears this answer: a device that lost its signal half-way is no bug of ours."""
    return answer(Problem("bad-request"), language_of(request.scope))


async def _on_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 -- registered for this class
    return answer(error, language_of(request.scope))


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for this class
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return answer(Problem("invalid-json"), language_of(request.scope))
    problem = Problem("invalid", fields=_fields(found), extra={"errors": _plain(found)})
    return answer(problem, language_of(request.scope))


def _fields(found: Sequence[Mapping[str, Any]]) -> str:
    names = {".".join(str(part) for part in item["loc"][1:]) or "body" for item in found}
    return ", ".join(sorted(names))


def _plain(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"loc": list(item["loc"]), "msg": item["msg"], "type": item["type"]} for item in found]


_BY_STATUS: Final = {
    400: "bad-request",
    401: "not-signed-in",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
}


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for this class
    slug = _BY_STATUS.get(error.status_code, "internal")
    return answer(Problem(slug, headers=error.headers), language_of(request.scope))
