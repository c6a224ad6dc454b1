"""The API does what its OpenAPI document says, whatever it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.fuzz.api import DOCUMENT, SCHEMA, Server, hold
from tests.maas.api.conftest import Prepared

OPERATIONS = [
    (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(names) == len(set(names))
    assert all("_" not in name for name in names)


def test_every_operation_says_what_it_does_and_how_it_fails() -> None:
    for path, method, operation in OPERATIONS:
        assert operation["description"], f"{method} {path}"
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and path != "/readyz":
                assert "application/problem+json" in answer["content"], f"{method} {path} {status}"


def test_commands_on_bookings_require_an_idempotency_key() -> None:
    required = {
        operation["operationId"]
        for _, _, operation in OPERATIONS
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }
    changes = {"book", "changeBooking", "cancelBooking", "reportStep", "recordDuty", "settlePaper"}
    money = {"issueVouchers", "returnVoucher", "refundRide", "putMoneyRight"}
    assert required >= changes | {"pinBooking", "unpinBooking"} | money


def test_who_only_reads_sends_no_body_and_no_key() -> None:
    for path, method, operation in OPERATIONS:
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        if method == "get":
            assert "requestBody" not in operation, path
            assert "Idempotency-Key" not in names, path


def test_the_document_says_how_to_prove_oneself() -> None:
    proofs = {operation["operationId"]: operation["security"] for _, _, operation in OPERATIONS}
    assert proofs["readClock"] == []
    assert proofs["book"] == [{"session": []}]
    assert proofs["reportPositions"] == [{"device": []}]
    assert proofs["reportStep"] == [{"session": []}, {"device": []}]


@pytest.fixture(scope="module")
def server(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for the fuzzer, signed in as the role that may do most."""
    found = Server(prepared, tmp_path_factory.mktemp("fuzz") / "data")
    found.ready.result(60)
    yield found
    found.close()


@pytest.mark.heavy
@SCHEMA.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
def test_the_api_keeps_to_its_document(case: schemathesis.Case[Any], server: Server) -> None:
    hold(case, server)
