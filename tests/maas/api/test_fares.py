"""The test-fare calculator, vouchers over HTTP, and what is in the bag of each vehicle."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from tests.maas.api.conftest import Running
from tests.maas.api.test_bookings import booking

Keys = Callable[[], dict[str, str]]


async def test_the_calculator_says_the_fare_of_the_rules(operator: httpx.AsyncClient) -> None:
    body = {"riders": [[], ["disability_card"], ["infant"]]}

    answer = await operator.post("/api/v1/fares/calculate", json=body)

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["yen"], found["alone_yen"], found["shared_yen"]) == (450, 450, 450)
    assert found["sentence"].startswith("運賃は450円です。内訳は、1人 相乗り 1人300円")
    assert [part["yen"] for part in found["parts"]] == [300, 150, 0]
    assert found["tariff"] == "tiny-2020"
    assert found["at_booking"] == "運賃は450円です。"


async def test_the_calculator_says_when_there_is_no_tariff(operator: httpx.AsyncClient) -> None:
    answer = await operator.post("/api/v1/fares/calculate", json={"date": "2019-12-31"})

    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/no-tariff"


async def test_a_ride_is_paid_refunded_and_reconciled(
    running: Running, operator: httpx.AsyncClient, key: Keys
) -> None:
    made = await booking(operator, key)
    steps = f"/api/v1/vehicles/{made['vehicle']['id']}/steps"
    async with running.staff("dispatcher") as dispatcher:
        for step, more in (
            ("aboard", {}),
            ("dropped", {"payment": {"vouchers": ["none"]}}),
            ("dropped", {"payment": {"cash_yen": 400}}),
        ):
            body = {"booking_id": made["id"], "step": step} | more
            answer = await dispatcher.post(steps, json=body, headers=key())
            if "vouchers" in str(more):
                assert answer.status_code == 409
                assert answer.json()["type"] == "/problems/voucher-refused"
                assert answer.json()["detail"] == "券noneは登録されていません。"
                continue
            assert answer.status_code == 200, answer.text
        day, van = made["date"], made["vehicle"]["id"]
        where = f"/api/v1/reconciliation?date={day}&vehicle={van}"
        (bag,) = (await operator.get(where)).json()
        assert (bag["due_yen"], bag["cash_yen"], bag["open_yen"]) == (500, 400, 100)

        found = {"date": day, "vehicle_id": van, "what": "cash", "yen": 100, "reason": "数え直し"}
        right = "/api/v1/reconciliation/corrections"
        back = {"yen": 300, "reason": "相乗りでした"}
        refund = f"/api/v1/rides/{made['id']}/refund"
        assert (await operator.post(right, json=found, headers=key())).status_code == 403
        assert (await dispatcher.post(right, json=found, headers=key())).status_code == 204
        assert (await dispatcher.post(refund, json=back, headers=key())).status_code == 204
        over = await dispatcher.post(refund, json=back, headers=key())
        assert (over.status_code, over.json()["type"]) == (409, "/problems/bad-correction")
        (bag,) = (await operator.get(where)).json()
        assert (bag["due_yen"], bag["bag_yen"], bag["open_yen"]) == (200, 200, 0)
        assert (await dispatcher.get(f"/api/v1/vehicles/{van}/bag?date={day}")).json() == bag
        missing = await operator.get("/api/v1/reconciliation?vehicle=none")
        assert missing.status_code == 404


async def test_a_kind_of_voucher_the_tariff_does_not_know_is_not_issued(
    operator: httpx.AsyncClient, key: Keys
) -> None:
    body = {"kind": "taxi", "ids": ["v1"], "rider_id": 1, "valid_from": "2026-11-01"}

    answer = await operator.post("/api/v1/vouchers", json=body, headers=key())

    assert answer.status_code == 404
    assert (await operator.get("/api/v1/vouchers?rider_id=1")).json() == []
