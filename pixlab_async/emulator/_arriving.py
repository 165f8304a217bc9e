"""What every request's body goes through while it comes: a limit of bytes and one of time.

It is an ASGI middleware, since nothing may be kept of what is over the limit. The connection
ends with such a request.
"""

from __future__ import annotations

from typing import NoReturn

import anyio
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ._bounds import Limits, within
from ._replies import Refused, refusal

_TEXTS = ("application/x-www-form-urlencoded", "application/json")
# Seconds that what is over the limit is read on, and dropped: a client that is still
# sending when the connection ends never sees why.
_DRAINED = 2.0


class Arriving:
    """The application behind it gets no more than the limits allow.

    Args:
        app: The application.
        bounds: How much.
    """

    def __init__(self, app: ASGIApp, bounds: Limits) -> None:
        self._app = app
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        headers = Headers(scope=scope)  # the first of two counts, as for whoever reads the body
        body = _Body(receive, headers, self._bounds)

        async def sending(message: Message) -> None:
            if body.refused is None:
                await send(message)

        try:
            body.check(headers)
            with within(self._bounds):
                await self._app(scope, body.receive, sending)
        except _Overrun:
            pass
        if body.refused is not None:
            reply = refusal(body.refused.status, body.refused.message, {"Connection": "close"})
            await reply(scope, receive, send)


class _Overrun(MultiPartException):
    """The body is not taken. Of this kind, so that the parser of forms closes its files."""


class _Body:
    """A request's body on its way.

    Attributes:
        refused: Why it is not taken; None where it is.
    """

    def __init__(self, receive: Receive, headers: Headers, bounds: Limits) -> None:
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        self.refused: Refused | None = None
        self._receive = receive
        self._most = bounds.text if kind in _TEXTS else bounds.body
        self._size = 0
        self._due = anyio.current_time() + bounds.patience
        self._whole = False

    def check(self, headers: Headers) -> None:
        """See what the header says of it."""
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            self._refuse(415, "a packed body is not taken: send it as it is")

        if int(headers.get("content-length", "0")) > self._most and "expect" in headers:
            self._refuse_length()  # it has not been begun yet

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()

        message: Message | None = None
        with anyio.move_on_after(self._due - anyio.current_time()):
            message = await self._next()
        if message is None:
            self._refuse(408, "the rest of the request did not come in time")

        if self._size > self._most:
            await self._drain()
            self._refuse_length()

        return message

    async def _next(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return message

    async def _drain(self) -> None:
        with anyio.move_on_after(_DRAINED):
            while not self._whole:
                await self._next()

    def _refuse_length(self) -> NoReturn:
        self._refuse(413, f"the body is over this emulator's limit of {self._most} bytes")

    def _refuse(self, status: int, message: str) -> NoReturn:
        self.refused = Refused(status, message)
        raise _Overrun(message)
