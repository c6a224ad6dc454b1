"""The addresses in the `type` of problems: what each one means, for people."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from maas.api.permissions import needs
from maas.api.problems import TYPE_BASE, Problem
from maas.auth.roles import Permission
from maas.messages import PROBLEMS

router = APIRouter(tags=["problems"])


class ProblemAbout(BaseModel):
    """One kind of problem in both languages; `{...}` is filled in when it occurs."""

    type: str
    status: int
    title: str
    title_en: str
    detail: str
    detail_en: str


@router.get(
    TYPE_BASE + "{slug}", operation_id="readProblem", **needs(Permission.PUBLIC, "not-found")
)
async def read_problem(slug: str) -> ProblemAbout:
    """Say what a kind of problem means."""
    if slug not in PROBLEMS:
        raise Problem("not-found")
    status, title, detail = PROBLEMS[slug]
    return ProblemAbout(
        type=TYPE_BASE + slug,
        status=status,
        title=title.ja,
        title_en=title.en,
        detail=detail.ja,
        detail_en=detail.en,
    )
