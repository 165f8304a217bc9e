"""The emulated service as an ASGI application: what every request goes through.

record, fault, limit, endpoint, in this order; then the reply, whole or broken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from mimetypes import guess_type
from typing import Any

import anyio
import anyio.to_thread
from attrs import frozen
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as Path
from starlette.types import Receive, Scope, Send

from ._arriving import Arriving
from ._bounds import Limits
from ._endpoints import serve
from ._faults import Fault, FaultPlan, Forgotten
from ._incoming import BadBody, Incoming, read
from ._limits import AddressLimit
from ._media import BUCKET
from ._replies import Refused, refusal
from ._service import Service

MEDIA = "media"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@frozen
class Parts:
    """What the application is put together from.

    Attributes:
        service: What the endpoints work with.
        limit: The limit per address.
        faults: What is to go wrong.
        received: The record of what came in, newest last.
        limits: What is taken on.
        announce_wait: Whether a 429 carries ``Retry-After``.
        abort: Breaks the connection to a client's address and port.
    """

    service: Service
    limit: AddressLimit
    faults: FaultPlan
    received: deque[Incoming]
    limits: Limits
    announce_wait: bool
    abort: Callable[[tuple[str, int]], None]


def make_app(parts: Parts) -> Starlette:
    """The application."""

    async def media(request: Request) -> Response:
        fault = parts.faults.strike(MEDIA)
        path = parts.service.store.path(request.path_params["media_id"])
        reply: Response = refusal(404, "nothing is stored here")
        if path is not None:
            content = await anyio.to_thread.run_sync(path.read_bytes)
            reply = Response(content, media_type=guess_type(path.name)[0])
        if fault is None:
            return reply

        await parts.faults.wait(fault)
        return await _disturb(parts, fault, reply)

    async def endpoint(request: Request) -> Response:
        try:
            incoming = await read(request)
        except BadBody as problem:
            return refusal(400, str(problem))
        except ClientDisconnect:
            return Response()  # to nobody

        parts.received.append(incoming)
        fault = parts.faults.strike(incoming.endpoint)
        if fault is None:
            return await _serve(parts, request, incoming)

        await parts.faults.wait(fault)
        reply = None
        if fault.works:
            reply = await _serve(parts, request, incoming)
        return await _disturb(parts, fault, reply)

    return Starlette(
        routes=[
            Path(f"/{BUCKET}/{{media_id}}", media),
            Path("/{endpoint}", endpoint, methods=_METHODS),
        ],
        middleware=[Middleware(Arriving, parts.limits)],
        exception_handlers={
            HTTPException: _as_json,
            Forgotten: _as_forgotten,
            Exception: _as_failure,
        },
    )


async def _as_json(request: Request, error: Exception) -> Response:
    """What the framework refuses (a path, a method) in the service's form."""
    del request
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, error.detail)


async def _as_forgotten(request: Request, error: Exception) -> Response:
    del request, error
    return refusal(503, "the emulator was cleared while this request waited")


async def _as_failure(request: Request, error: Exception) -> Response:
    """A slip of the emulator's own: told to the caller, and logged by the server."""
    del request
    return refusal(500, f"the emulator failed: {type(error).__name__}: {error}")


async def _serve(parts: Parts, request: Request, incoming: Incoming) -> Response:
    wait = parts.limit.refuse(request.client.host if request.client else "")
    if wait is not None:
        headers = {"Retry-After": str(int(wait) + 1)} if parts.announce_wait else None
        return refusal(429, "too many requests this minute from this address", headers)

    try:
        return await serve(parts.service, incoming)
    except Refused as refused:
        return refusal(refused.status, refused.message)


async def _disturb(parts: Parts, fault: Fault, reply: Response | None) -> Response:
    """The reply that the fault makes of the true one."""
    if fault.body is not None:
        reply = Response(fault.body, fault.status or 200, media_type=fault.media_type)
    elif fault.status is not None:
        reply = refusal(fault.status, f"injected: {fault.status}")
    if fault.reset == "before" or reply is None:
        return _Reset(parts.abort, None)

    if fault.http_status is not None:
        reply.status_code = fault.http_status
    reply.headers.update(fault.headers)
    if fault.truncated:
        half = bytes(reply.body)[: len(reply.body) // 2]
        reply = Response(half, reply.status_code, media_type=reply.headers["content-type"])
    return reply if fault.reset is None else _Reset(parts.abort, reply)


class _Reset(Response):
    """Breaks the connection, after half of another reply where there is one."""

    def __init__(self, abort: Callable[[tuple[str, int]], None], half_of: Response | None) -> None:
        super().__init__()
        self._abort = abort
        self._half_of = half_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._half_of is not None:
            await self._half_of(scope, receive, _halving(send))
        self._abort(tuple(scope["client"]))
        # Until the server has noticed: it would complain of a missing reply else.
        while (await receive())["type"] != "http.disconnect":
            pass


def _halving(send: Send) -> Send:
    async def forward(message: Any) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return forward
