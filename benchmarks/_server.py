"""A server that says yes to every deletion, in a process of its own: no bottleneck, no disk."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing.connection import Connection

_BODY = b'{"status":200,"id":"24p62f73c9583ec6.jpeg","deleted":true}'
_REPLY = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
) + _BODY


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(_REPLY)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _serve(tell: Connection) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, backlog=2000)
    tell.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _main(tell: Connection) -> None:
    asyncio.run(_serve(tell))


@contextmanager
def server() -> Generator[str]:
    """The base URL of a running server."""
    heard, tell = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_main, args=(tell,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{heard.recv()}"
    finally:
        process.terminate()
        process.join()
