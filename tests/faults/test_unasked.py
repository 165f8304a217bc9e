"""Bytes that nobody asked for, behind a reply: they answer nobody's next call."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from pixlab_async.transports import Reply, Transport
from pixlab_async.transports._httpx_tls import http1_context, http_context

from ..conftest import Lane
from ..scripted import http
from ..servers import Authority, Seen, authority, listening
from ..test_lanes import opened, request_to

FIRST, FOREIGN, SECOND = http(b"first"), http(b"foreign"), http(b"second")
# The whole of another reply, and the beginning of one that the next reply would complete.
BEHIND = {
    "a reply": FOREIGN,
    "half a header": b"HTTP/1.1 200 OK\r\nX-Foreign: ",
    "half a body": http(b"foreign" * 9)[:-20],
}


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def trusted(root: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """The environment's authority is the test's own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    http_context.cache_clear()
    http1_context.cache_clear()
    try:
        yield
    finally:
        http_context.cache_clear()
        http1_context.cache_clear()


async def ask(transport: Transport, base_url: str) -> Reply:
    return await transport.send(request_to(base_url))


@pytest.mark.parametrize("behind", BEHIND)
async def test_what_comes_with_a_reply_answers_nobody(lane: Lane, behind: str) -> None:
    def talk(connection: socket.socket, seen: Seen) -> None:
        while connection.recv(65536):
            seen.heads.append("")
            first = len(seen.heads) == 1
            connection.sendall(FIRST + BEHIND[behind] if first else SECOND)

    with listening(talk) as (port, _):
        async with opened(lane) as transport:
            assert (await ask(transport, f"http://127.0.0.1:{port}")).body == b"first"
            reply = await ask(transport, f"http://127.0.0.1:{port}")

    assert (reply.body, reply.headers.get("x-foreign")) == (b"second", None)


async def test_what_comes_in_a_record_of_its_own_answers_nobody(
    lane: Lane, certified: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two TLS records in one packet: the second is read off the socket with the first."""

    def talk(connection: socket.socket, seen: Seen) -> None:
        while connection.recv(65536):
            seen.heads.append("")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            first = len(seen.heads) == 1
            for record in (FIRST, FOREIGN) if first else (SECOND,):
                connection.sendall(record)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    with trusted(certified.root, monkeypatch), listening(talk, tls=certified.server) as (port, _):
        async with opened(lane) as transport:
            assert (await ask(transport, f"https://localhost:{port}")).body == b"first"
            reply = await ask(transport, f"https://localhost:{port}")

    assert reply.body == b"second"


@pytest.mark.parametrize("loop", ["has seen it", "has not"])
async def test_what_comes_to_an_idle_connection_answers_nobody(lane: Lane, loop: str) -> None:
    asked, sent = threading.Event(), threading.Event()

    def talk(connection: socket.socket, seen: Seen) -> None:
        while connection.recv(65536):
            seen.heads.append("")
            first = len(seen.heads) == 1
            connection.sendall(FIRST if first else SECOND)
            if first:
                asked.wait(5)
                connection.sendall(FOREIGN)
                sent.set()

    with listening(talk) as (port, seen):
        async with opened(lane) as transport:
            await ask(transport, f"http://127.0.0.1:{port}")
            asked.set()
            assert sent.wait(5)  # here, where the event loop stands still
            if loop == "has seen it":
                await anyio.sleep(0.01)
            reply = await ask(transport, f"http://127.0.0.1:{port}")

    assert (reply.body, seen.connections) == (b"second", 2)
