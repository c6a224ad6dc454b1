"""Only who may sets a rule aside; an operator calls somebody who proves to be that at the desk."""

from __future__ import annotations

import httpx
import pytest

from tests.maas.api.conftest import PASSWORD, Running

TRIP = {"origin": 1, "destination": 6, "time": None}


async def asked(caller: httpx.AsyncClient, **more: object) -> httpx.Response:
    body = {"trip": TRIP, "reason": "退院の迎え", **more}
    return await caller.post("/api/v1/quotes/waived", json=body)


async def test_an_operator_alone_may_not(operator: httpx.AsyncClient) -> None:
    assert (await asked(operator)).status_code == 403


@pytest.mark.parametrize("role", ["dispatcher", "admin"])
async def test_who_may_is_named_in_the_answer(running: Running, role: str) -> None:
    async with running.staff(role) as caller:
        answer = await asked(caller)
    assert answer.status_code == 200, answer.text
    assert answer.json()["by"] == role
    assert answer.json()["waived"] == []
    assert answer.json()["offers"]


async def test_a_supervisor_may_at_the_operators_desk(operator: httpx.AsyncClient) -> None:
    answer = await asked(operator, supervisor={"name": "dispatcher", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    assert answer.json()["by"] == "dispatcher"


@pytest.mark.parametrize(
    ("name", "password", "status"),
    [("dispatcher", "wrong", 401), ("planner", PASSWORD, 403), ("nobody", PASSWORD, 401)],
)
async def test_who_may_not_or_does_not_prove_it_is_refused(
    operator: httpx.AsyncClient, name: str, password: str, status: int
) -> None:
    answer = await asked(operator, supervisor={"name": name, "password": password})
    assert answer.status_code == status


async def test_guessing_passwords_makes_one_wait(operator: httpx.AsyncClient) -> None:
    guess = {"name": "guessed", "password": "wrong"}
    for _ in range(5):
        assert (await asked(operator, supervisor=guess)).status_code == 401
    assert (await asked(operator, supervisor=guess)).status_code == 429


@pytest.mark.parametrize("reason", ["", "  ", "x"])
async def test_without_a_reason_nothing_is_set_aside(running: Running, reason: str) -> None:
    async with running.staff("dispatcher") as caller:
        assert (await asked(caller, reason=reason)).status_code == 422
