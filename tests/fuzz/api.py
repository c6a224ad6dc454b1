"""Every operation of the API sent what its OpenAPI document allows, and what it does not.

Nothing may fail inside, and nothing may be answered that the document does not know.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from maas.app import create_app
from maas.settings import Settings
from tests.maas.api.conftest import PASSWORD, Prepared, prepare, running_on

# `negative_data_rejection` is left out: models take what JSON Schema's stricter reading would not
# (a whole number written 2.0), see style of the project.
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
# `hearEvents` answers without end.
DOCUMENT = create_app(Settings()).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT).exclude(operation_id=["signOut", "hearEvents"])

EACH = 20
"""Cases of an operation in a round."""
PATIENCE_S = 300
"""Nobody says how long a machine may be busy with others."""


@schemathesis.serializer("application/zip")
def bytes_of(_context: schemathesis.SerializationContext, value: object) -> bytes:
    """Return what is sent where a file is asked for."""
    return value if isinstance(value, bytes) else str(value).encode()


class Server:
    """The service on an event loop of its own, so that a synchronous test can call it."""

    def __init__(self, prepared: Prepared, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.ready: Future[httpx.AsyncClient] = Future()
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

    def send(self, case: schemathesis.Case[Any]) -> httpx.Response:
        """Send a case as the role that may do most, and return the answer."""
        caller = self.ready.result(PATIENCE_S)
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
        return asyncio.run_coroutine_threadsafe(caller.send(request), self.loop).result(PATIENCE_S)

    def close(self) -> None:
        """End the service."""
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(30)
        self.loop.close()


def hold(case: schemathesis.Case[Any], server: Server) -> None:
    """Send a case and raise when the answer is not what the document says."""
    answer = server.send(case)
    # What was called before may have left a plan that cannot be driven: 503 is readiness's word.
    said = [one for one in CHECKS if one is not not_a_server_error or case.path != "/readyz"]
    case.validate_response(answer, checks=said)


def run(cases: int, number: int, folder: Path) -> Iterator[tuple[str, int, str]]:
    """Send at least so many cases in rounds over all operations, half of them not as documented.

    Yields each operation, how many cases it was sent, and what went wrong ('' when nothing did).
    """
    server = Server(prepare(folder), folder / "run")
    try:
        operations = [each.ok() for each in SCHEMA.get_all_operations() if isinstance(each, Ok)]
        sent = 0
        for turn in itertools.count(number):
            for operation, mode in itertools.product(operations, schemathesis.GenerationMode):
                found = _tried(operation, mode, turn, server)
                sent += found[1]
                yield found
            if sent >= cases:
                return
    finally:
        server.close()


def _tried(
    operation: Any,  # noqa: ANN401 -- of a class schemathesis keeps to itself
    mode: schemathesis.GenerationMode,
    number: int,
    server: Server,
) -> tuple[str, int, str]:
    sent = 0

    @seed(number)
    @settings(
        max_examples=EACH,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def attempt(case: schemathesis.Case[Any]) -> None:
        nonlocal sent
        sent += 1
        hold(case, server)

    said = ""
    try:
        attempt()
    except Unsatisfiable:
        pass  # without parameters there is nothing to send that is not as documented
    except (FailureGroup, AssertionError, TimeoutError) as error:
        said = "\n".join(str(one) for one in getattr(error, "exceptions", (error,)))
    except Exception as error:
        said = repr(error)
    return f"{operation.label} ({mode.value})", sent, said
