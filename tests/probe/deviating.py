"""A service that does something otherwise: a server in front of the emulator.

It forwards what comes, byte for byte, over a real socket; a ``Deviation`` may change the
request, answer it itself, or change the reply.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any, TypeAlias

from anyio.to_thread import run_sync
from attrs import evolve, field, frozen
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pixlab_async.emulator import Emulator
from pixlab_async.emulator._server import Server

_HOP = {"host", "connection", "content-length", "transfer-encoding", "date"}


@frozen
class Asked:
    """A request: ``path`` has the query in it, as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def endpoint(self) -> str:
        return self.path.partition("?")[0].strip("/")

    @property
    def query(self) -> str:
        return self.path.partition("?")[2]

    def with_query(self, query: str) -> Asked:
        return evolve(self, path=f"/{self.endpoint}?{query}")


@frozen
class Answered:
    """A reply."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(factory=lambda: {"content-type": "application/json"})

    @property
    def fields(self) -> dict[str, Any]:
        """Its JSON object; an empty one where it is none."""
        try:
            found: dict[str, Any] = json.loads(self.body)
        except ValueError:
            return {}
        return found

    def but(self, **fields: object) -> Answered:
        """The same with these fields; those that are None are left out."""
        told = {**self.fields, **fields}
        left = {name: value for name, value in told.items() if value is not None}
        return evolve(self, body=json.dumps(left).encode())

    def headed(self, **headers: str) -> Answered:
        """The same with these header fields."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return evolve(self, headers={**self.headers, **named})


def answered(status: int, **fields: object) -> Answered:
    return Answered(status, json.dumps({"status": status, **fields}).encode())


Before: TypeAlias = Callable[[Asked], Asked | Answered]
After: TypeAlias = Callable[[Asked, Answered], Answered]


def _as_it_came(asked: Asked) -> Asked:
    return asked


def _as_it_is(asked: Asked, reply: Answered) -> Answered:
    return reply


@frozen
class Deviation:
    """What is done otherwise: before the emulator is asked, and after it answered."""

    before: Before = _as_it_came
    after: After = _as_it_is


@contextmanager
def deviating(emulator: Emulator, deviation: Deviation) -> Generator[str]:
    """The address of a service that deviates."""

    async def forward(request: Request) -> Response:
        raw = request.scope["raw_path"].decode()
        query = request.scope["query_string"].decode()
        asked = Asked(
            request.method,
            f"{raw}?{query}" if query else raw,
            {name: value for name, value in request.headers.items() if name not in _HOP},
            await request.body(),
        )
        changed = deviation.before(asked)
        if isinstance(changed, Answered):
            reply = changed
        else:
            reply = await run_sync(_sent, emulator, changed)
        reply = deviation.after(asked, reply)
        return Response(reply.body, reply.status, dict(reply.headers))

    route = Route("/{path:path}", forward, methods=["GET", "POST"])
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    server = Server(listening, 60)
    server.start(Starlette(routes=[route]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.stop()


def _sent(emulator: Emulator, asked: Asked) -> Answered:
    """What the emulator answers: by plain means, which change no byte and cost little."""
    address = emulator.base_url.removeprefix("http://")
    with closing(HTTPConnection(address, timeout=30)) as connection:
        connection.request(asked.method, asked.path, asked.body, dict(asked.headers))
        reply = connection.getresponse()
        named = ((name.lower(), value) for name, value in reply.getheaders())
        kept = {name: value for name, value in named if name not in _HOP}
        return Answered(reply.status, reply.read(), kept)
