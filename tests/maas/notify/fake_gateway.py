"""A gateway on loopback: keeps what it is sent, and knows a key it has seen."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class FakeGateway:
    """What has arrived; `posts` holds repeats too, `messages` one of each key."""

    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    """The statuses to answer with first; then 202, or 409 for a key seen before."""
    location: str = ""
    gate: threading.Event = field(default_factory=threading.Event)
    """Answers wait for it: what has arrived is kept, and nobody is told."""

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Keep a message and return the status to answer with."""
        message = json.loads(body)
        self.paths.append(path)
        self.posts.append(message)
        self.headers.append(headers)
        if self.answers:
            return self.answers.pop(0)
        key = headers.get("idempotency-key") or headers["x-line-retry-key"]
        if key in self.messages:
            return 409
        self.messages[key] = message
        return 202


@contextmanager
def fake_gateway() -> Iterator[FakeGateway]:
    """Run a gateway as long as the block lasts."""
    gateway = FakeGateway()
    gateway.gate.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = gateway.take(self.path, headers, body)
            gateway.gate.wait(30)
            self.send_response(status)
            if gateway.location:
                self.send_header("location", gateway.location)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 -- the name the library calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    gateway.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield gateway
    finally:
        gateway.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()
