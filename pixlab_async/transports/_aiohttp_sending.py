"""How one request goes through aiohttp, and its reply comes back.

aiohttp does by itself three things that would break this house's promises, and each is
kept from it through its public API:

- It sends a request a second time when a connection breaks. It does so for errors of its
  own alone, and ``Attempt``, a client middleware, lets none of them up.
- It decodes and encodes what a URL holds. ``WireRequest`` is given the target as it is,
  when it is written and no earlier, so nothing above it holds or shows key and links.
- It does not say whether a failed request was written. ``WireRequest`` does: before its
  ``send`` no byte has left.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from functools import lru_cache
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
import anyio
from anyio.lowlevel import checkpoint
from attrs import define, evolve, field
from yarl import URL

from .._protocol import HEADERS
from ._aiohttp_faults import FAILURES, fault_of
from ._aiohttp_idle import Unasked, look_over
from ._aiohttp_reply import Headers, whole
from ._aiohttp_upload import Upload, upload_of
from ._aiohttp_wire import WireRequest, handle
from ._body import BodyReader
from ._seam import Reply, Request, TransportFault, deadline_fault
from ._watch import Watch

# The same patience as the default lane's.
CONNECT_TIMEOUT = 10.0
CLOSE_TIMEOUT = 5.0
# aiohttp sets two timers for each request to watch for silence. They are set only when it
# has lasted for this part of the time that the wire may be silent.
_UNWATCHED = 0.02
# 0 is no limit to aiohttp.
_MOMENT = 0.001


@define(eq=False, repr=False)
class Pool:
    """The connections of one scheme: aiohttp keeps the idle ones.

    Attributes:
        session: Holds the connections, and sends.
        direct: Whether requests go past the session's part in that.
        loop: The event loop.
        watch: The calls under way.
        served: The connections that have served a request already, and how to look whether
            anything has come over each since.
        retired: No further call gets it; it is closed when the last one has ended.
    """

    session: aiohttp.ClientSession
    direct: bool
    loop: Any
    watch: Watch
    served: WeakKeyDictionary[Any, Callable[[], bool]] = field(
        factory=WeakKeyDictionary[Any, Callable[[], bool]]
    )
    retired: bool = False

    async def retire(self) -> None:
        """Take no further call."""
        self.retired = True
        await self.close_if_done()

    async def close_if_done(self) -> None:
        """Close it, cancelled or not, in bounded time, where nobody will use it again."""
        if self.retired and not self.watch:
            self.watch.stop()
            with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
                await self.session.close()


@define(eq=False, repr=False)
class Attempt:
    """One request on its way: what aiohttp calls, and what is known when it fails.

    Enter it for the reply, of which the header has come then. Leaving it in the middle of
    the body closes the connection.

    Attributes:
        sent: Whether a byte of the request may have left.
        reused: Whether its connection had served before.
        due: When the watch looks at it next.
        late: Whether its deadline has come, or is the first limit that connecting meets.
    """

    pool: Pool
    url: URL
    request: Request
    sent: bool = False
    reused: bool = False
    due: float = math.inf
    late: bool = False
    _transport: Any = None
    _protocol: Any = None
    _upload: Upload | None = None
    _response: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> aiohttp.ClientResponse:
        try:
            self._response = await self._sending()
        except BaseException as error:
            await self._ended(error)
            raise

        return self._response

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._ended(error)

    async def reply(self) -> Reply:
        """The whole reply: what entering and leaving does, in one step."""
        try:
            self._response = response = await self._sending()
            reply = None if self.late else whole(response, self.request.limit)
            reply = reply or await self._read(response)
        except BaseException as error:
            await self._ended(error)
            raise

        await self._ended(None)
        return reply

    def _sending(self) -> Awaitable[aiohttp.ClientResponse]:
        """The header to come."""
        request, pool = self.request, self.pool
        self._upload = upload = upload_of(request) if request.content else None
        headers = request.headers
        if pool.direct and upload is None:
            wire = WireRequest(
                request.method,
                self.url,
                headers=headers,
                data=request.content or None,
                loop=pool.loop,
                response_class=aiohttp.ClientResponse,
                session=pool.session,
                server_hostname=request.server_name,
            )
            wire.limits = self._begin()
            return self(wire, handle)

        if upload is not None:  # aiohttp sees for itself that the length is not known
            headers = tuple(pair for pair in headers if pair[0] != "Transfer-Encoding")
        sending = pool.session.request(
            request.method,
            self.url,
            headers=None if headers is HEADERS else headers,
            data=request.content or None if upload is None else upload,
            timeout=self._begin(),
            allow_redirects=False,
            middlewares=(self,),
            server_hostname=request.server_name,
        )
        return sending if upload is None else upload.sent(sending)

    def _begin(self) -> aiohttp.ClientTimeout:
        """Be under way; the limits that aiohttp keeps."""
        request, watch = self.request, self.pool.watch
        timeout, deadline, now = request.timeout, request.deadline, watch.now()
        self.due = min(now + timeout * _UNWATCHED, deadline)
        watch.begin(self)
        limits = _timeout(timeout, None if self._upload is None else timeout)
        if now + (limits.connect or 0) <= deadline:
            return limits

        self.late = True
        return evolve(limits, connect=max(deadline - now, _MOMENT), ceil_threshold=math.inf)

    def look(self, now: float) -> None:
        """It lasts: have aiohttp watch for silence, or break the connection at the deadline."""
        if self._response is not None and self._response.closed:
            self.due = math.inf  # the connection serves the next one
        elif now >= self.request.deadline:
            self.late, self.due = True, math.inf
            if self._transport is not None:
                self._transport.abort()
        elif self.sent:
            self.due = self.request.deadline
            if self._upload is None:
                self._protocol.read_timeout = self.request.timeout
                self._protocol.start_timeout()
        else:
            self.due = min(now + self.request.timeout * _UNWATCHED, self.request.deadline)

    def written_to(self, connection: Any) -> None:
        """The request is written now, to that connection.

        Raises:
            TimeoutError: The deadline came before.
            Unasked: Bytes have come over it since its last reply.
        """
        if self.late and self.request.deadline <= self.pool.watch.now():
            raise TimeoutError

        transport, protocol, served = connection.transport, connection.protocol, self.pool.served
        something_came = served.get(protocol)
        self.reused = something_came is not None
        if something_came is None:
            served[protocol] = look_over(protocol)
        elif protocol.should_close or something_came():
            raise Unasked

        self.sent, self.late = True, False
        self._transport, self._protocol = transport, protocol

    async def _read(self, response: aiohttp.ClientResponse) -> Reply:
        status, headers, content = response.status, Headers(response), response.content
        coding = headers.get("content-encoding", "")
        body = BodyReader(self.request.limit, coding, http_status=status)
        try:
            while not content.at_eof():
                if chunk := await content.readany():
                    body.feed(chunk)
                    while body.goes_on():
                        await checkpoint()
        except FAILURES as error:
            fault = self.fault(error, status)
        else:
            if not self.late:
                return Reply(status, headers, body.finish())

            fault = deadline_fault(http_status=status)
        raise fault

    async def _ended(self, error: BaseException | None) -> None:
        response, pool = self._response, self.pool
        try:
            if response is not None and not response.closed:
                response.close()
            if self._upload is not None:
                if error is not None and self._transport is not None:
                    self._transport.abort()  # else it would go on sending what it holds
                await self._upload.left_alone()
        finally:  # a second cancellation, or a Ctrl-C, costs no more than that
            pool.watch.end(self)
            if isinstance(error, TransportFault):
                error.__traceback__ = None  # its frames hold it, and would live as long as it
                pool.retired |= error.stale  # the idle connections are of the same age
            if pool.retired:
                await pool.close_if_done()

    async def __call__(
        self, wire: Any, handler: Callable[[Any], Awaitable[aiohttp.ClientResponse]]
    ) -> aiohttp.ClientResponse:
        """A client middleware of aiohttp's: what fails leaves it as our own error."""
        wire.attempt = self
        while True:
            try:
                return await handler(wire)
            except Unasked:
                continue  # that connection is closed, and nothing was sent
            except FAILURES as error:
                fault = self.fault(error)
            raise fault

    def fault(self, error: Exception, http_status: int = 0) -> TransportFault:
        if self.late and (self.sent or isinstance(error, TimeoutError)):
            return deadline_fault(http_status=http_status)

        return fault_of(error, sent=self.sent, reused=self.reused, http_status=http_status)


@lru_cache
def _timeout(seconds: float, silence: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=None, connect=min(seconds, CONNECT_TIMEOUT), sock_read=silence
    )
