"""The API does what its OpenAPI document says, whatever it is sent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from maas.app import create_app
from maas.settings import Settings
from tests.maas.api.conftest import PASSWORD, Prepared, running_on

DOCUMENT = create_app(Settings()).openapi()
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


def test_the_document_says_how_to_prove_oneself() -> None:
    proofs = {operation["operationId"]: operation["security"] for _, _, operation in OPERATIONS}
    assert proofs["readClock"] == []
    assert proofs["book"] == [{"session": []}]
    assert proofs["reportPositions"] == [{"device": []}]
    assert proofs["reportStep"] == [{"session": []}, {"device": []}]


schema = schemathesis.openapi.from_dict(DOCUMENT)


@schemathesis.serializer("application/zip")
def bytes_of(_context: schemathesis.SerializationContext, value: object) -> bytes:
    """Return what is sent where a file is asked for."""
    return value if isinstance(value, bytes) else str(value).encode()


class Server:
    """The service on an event loop of its own, so that a synchronous test can call it."""

    def __init__(self, prepared: Prepared, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.ready: Future[Any] = Future()
        self.stop = asyncio.Event()
        self.thread = threading.Thread(
            target=lambda: self.loop.run_until_complete(self._serve(prepared, folder))
        )
        self.thread.start()

    async def _serve(self, prepared: Prepared, folder: Path) -> None:
        async with AsyncExitStack() as stack:
            running = await stack.enter_async_context(running_on(prepared, folder))
            caller = await stack.enter_async_context(running.caller())
            body = {"name": "admin", "password": PASSWORD}
            assert (await caller.post("/api/v1/session", json=body)).status_code == 200
            self.ready.set_result(caller)
            await self.stop.wait()

    def close(self) -> None:
        """End the service."""
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(30)
        self.loop.close()


@pytest.fixture(scope="module")
def server(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for the fuzzer, signed in as the role that may do most."""
    found = Server(prepared, tmp_path_factory.mktemp("fuzz") / "data")
    found.ready.result(60)
    yield found
    found.close()


# `negative_data_rejection` is left out: models take what JSON Schema's stricter reading would not
# (a whole number written 2.0), see style of the project.
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@pytest.mark.heavy
# `hearEvents` answers without end.
@schema.exclude(operation_id=["signOut", "hearEvents"]).parametrize()
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
def test_the_api_keeps_to_its_document(case: schemathesis.Case[Any], server: Server) -> None:
    caller = server.ready.result()
    kwargs = case.as_transport_kwargs(base_url="http://maas.test")
    data = kwargs.get("data")
    body = {"content": data} if isinstance(data, bytes) else {"data": data}
    request = caller.build_request(
        kwargs["method"],
        kwargs["url"],
        params=kwargs.get("params"),
        headers=dict(kwargs.get("headers") or {}),
        json=kwargs.get("json"),
        **body,
    )
    answer = asyncio.run_coroutine_threadsafe(caller.send(request), server.loop).result(30)
    # What was called before may have left a plan that cannot be driven: 503 is readiness's word.
    said = [one for one in CHECKS if one is not not_a_server_error or case.path != "/readyz"]
    case.validate_response(answer, checks=said)
