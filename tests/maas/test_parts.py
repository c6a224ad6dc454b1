"""A process that runs one part says what it lacks, and sends away who calls for another part."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from typer.testing import CliRunner

from maas.app import create_app
from maas.cli import app
from maas.parts import EVERYWHERE, Part
from maas.settings import Settings

APART = [part for part in Part if part is not Part.ALL]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A directory of its own, and nothing set."""
    monkeypatch.setenv("MAAS_DATA_DIR", str(tmp_path))
    for name in ("MAAS_REDIS_URL", "MAAS_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("part", APART)
@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ({"MAAS_DATABASE_URL": "postgresql://db/maas"}, "MAAS_REDIS_URL"),
        ({"MAAS_REDIS_URL": "redis://redis"}, "MAAS_DATABASE_URL"),
    ],
)
def test_a_part_does_not_start_without_what_joins_it_to_the_others(
    monkeypatch: pytest.MonkeyPatch, part: Part, given: dict[str, str], lacks: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    answer = CliRunner().invoke(app, ["serve", "--role", part])

    assert answer.exit_code == 1
    assert f"--role {part} needs {lacks}" in answer.stderr


def test_every_route_is_answered_by_all_and_by_one_other_part_at_most() -> None:
    paths = {str(route.path) for route in iter_route_contexts(create_app(Settings()).routes)}
    assert len(paths) > 100
    for path in paths - EVERYWHERE:
        assert Part.ALL.serves(path)
        assert len([part for part in APART if part.serves(path)]) == 1, path
        assert not Part.DISPATCH.serves(path)


@pytest.mark.parametrize(
    ("part", "path"),
    [
        (Part.API, "/api/v1/live/sse?topic=alerts"),
        (Part.HUB, "/api/v1/places?q=a"),
        (Part.HUB, "/operator"),
        (Part.DISPATCH, "/api/v1/live/poll?topic=alerts"),
        (Part.DISPATCH, "/"),
    ],
)
async def test_who_calls_for_another_part_is_told_so(part: Part, path: str) -> None:
    transport = httpx.ASGITransport(create_app(Settings(), part))
    async with httpx.AsyncClient(transport=transport, base_url="http://maas.test") as caller:
        answer = await caller.get(path, headers={"accept-language": "en"})
        alive = await caller.get("/healthz")

    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/misdirected"
    assert part.value in answer.json()["detail"]
    assert alive.status_code == 200
