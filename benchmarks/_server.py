"""A server that says yes to every deletion, in a process of its own: no bottleneck, no disk.

A bare Protocol on uvloop where that is there: it answers in a tenth of the time that any
HTTP client of Python needs. ``delay`` makes it as far away as a real service; ``tls`` names
a certificate's files.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing.connection import Connection
from typing import NamedTuple, cast

from _pinning import SERVER, pin

_BODY = b'{"status":200,"id":"24p62f73c9583ec6.jpeg","deleted":true}'
_REPLY = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
) + _BODY
_END = b"\r\n\r\n"


class Certificate(NamedTuple):
    """Paths of PEM files."""

    chain: str
    key: str


class _Answers(asyncio.Protocol):
    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not by isinstance: uvloop's are none by name.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        received = self._rest + data
        replies = _REPLY * received.count(_END)
        self._rest = received[received.rfind(_END) + len(_END) :] if replies else received
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, replies)
        else:
            self._transport.write(replies)


async def _serve(tell: Connection, delay: float, tls: Certificate | None) -> None:
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.chain, tls.key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Answers(delay), "127.0.0.1", 0, backlog=4000, ssl=context
    )
    tell.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _main(tell: Connection, delay: float, tls: Certificate | None) -> None:
    pin(SERVER)
    serving = _serve(tell, delay, tls)
    # uvloop's timers tick in whole milliseconds, which would add to the delay.
    if delay or find_spec("uvloop") is None:
        asyncio.run(serving)
        return

    import uvloop  # noqa: PLC0415 - of the extra "bench"

    uvloop.run(serving)


@contextmanager
def server(*, delay: float = 0.0, tls: Certificate | None = None) -> Generator[str]:
    """The base URL of a running server.

    Args:
        delay: Seconds between a request and its reply.
        tls: Speak TLS, with this certificate, for the name localhost.
    """
    heard, tell = multiprocessing.Pipe(duplex=False)
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=_main, args=(tell, delay, tls), daemon=True)
    process.start()
    try:
        port = heard.recv()
        yield f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()
