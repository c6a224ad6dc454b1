"""One's own account: where one is signed in, one's password, the codes to recover with."""

from __future__ import annotations

import pytest

from maas.auth.second_factor import new_code
from maas.auth.sessions import RECENT_S
from tests.maas.api.conftest import PASSWORD, Prepared, running_on

SESSION = "/api/v1/session"
LOGINS, OWN = f"{SESSION}/logins", f"{SESSION}/password"
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


async def test_one_sees_where_one_is_signed_in_and_ends_the_others(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with running_on(prepared, tmp_path_factory.mktemp("own") / "data") as running:
        now = [1_800_000_000.0]
        running.service.real_now = lambda: now[0]
        async with (
            running.staff("driver") as lost,
            running.staff("planner") as other,
            running.staff("driver", **{"user-agent": AGENT}) as here,
        ):
            found = (await here.get(LOGINS)).json()
            where = {one["browser"]: one["here"] for one in found}
            assert where == {"": False, "Chrome, Windows": True}
            assert {one["way"] for one in found} == {"password"}
            now[0] += RECENT_S
            answer = await here.delete(LOGINS)
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/prove-again")
            proof = {"password": PASSWORD}
            assert (await here.post(f"{SESSION}/proof", json=proof)).status_code == 204
            assert (await here.delete(LOGINS)).json() == {"ended": 1}
            assert (await lost.get(SESSION)).status_code == 401
            assert (await other.get(SESSION)).status_code == 200
            assert len((await here.get(LOGINS)).json()) == 1

            new = "another long one"
            wrong = await here.put(OWN, json={"password": "wrong", "new": new})
            assert wrong.json()["type"] == "/problems/bad-credentials"
            short = await here.put(OWN, json={"password": PASSWORD, "new": "short"})
            assert short.status_code == 422
            async with running.staff("driver") as elsewhere:
                changed = await here.put(OWN, json={"password": PASSWORD, "new": new})
                assert changed.status_code == 204
                assert (await elsewhere.get(SESSION)).status_code == 401
            assert (await here.get(SESSION)).status_code == 200
            async with running.caller() as caller:
                for password, expected in ((PASSWORD, 401), (new, 200)):
                    body = {"name": "driver", "password": password}
                    assert (await caller.post(SESSION, json=body)).status_code == expected


def test_recovery_codes_have_as_many_bits_as_a_plain_hash_wants() -> None:
    assert len(new_code().replace("-", "")) * 4 >= 112
    assert new_code() != new_code()
