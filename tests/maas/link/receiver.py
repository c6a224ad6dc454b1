"""Another service on loopback: checks what letters are signed by, and takes each event once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.ports import PATIENCE_S

SECRET = "whsec_of_the_test"


@dataclass(slots=True)
class Receiver:
    """What has arrived: `posts` holds repeats too, `events` one of each id."""

    host: str = ""
    posts: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    """The statuses to answer with first; then 204."""
    refuses: str = ""
    """A reference number whose events are answered with 400."""
    location: str = ""
    secret: str = SECRET
    arrived: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)
    """Answers wait for it: what has arrived is kept, and nobody is told."""

    @property
    def url(self) -> str:
        return f"http://{self.host}/hook"

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Keep an event and return the status to answer with."""
        event = json.loads(body)
        self.headers.append(headers)
        self.posts.append(event["id"])
        self.arrived.set()
        if self.answers:
            return self.answers.pop(0)
        if not is_signed(headers["x-signature"], body, self.secret):
            return 401
        if self.refuses and event["data"]["reference"] == self.refuses:
            return 400
        self.events[event["id"]] = event
        return 204


def is_signed(header: str, body: bytes, secret: str) -> bool:
    """Say whether one of the signatures is by our secret, as the README tells receivers to."""
    parts = [part.partition("=")[::2] for part in header.split(",")]
    stamp = next(value for name, value in parts if name == "t")
    ours = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return any(name == "v1" and hmac.compare_digest(value, ours) for name, value in parts)


@contextmanager
def receiving(port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver as long as the block lasts."""
    receiver = Receiver()
    receiver.gate.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.take({name.lower(): v for name, v in self.headers.items()}, body)
            receiver.gate.wait(60)
            self.send_response(status)
            if receiver.location:
                self.send_header("location", receiver.location)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 -- the name the library calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Somebody who went away in the middle is no fault."""

    server = Server(("127.0.0.1", port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()


async def nothing() -> None:
    """Do nothing."""


async def until(done: Callable[[], bool], look: Callable[[], Awaitable[None]] = nothing) -> None:
    """Look again and again until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not done():
            await look()
            await asyncio.sleep(0.01)
