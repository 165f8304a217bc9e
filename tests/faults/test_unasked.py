"""Bytes that nobody asked for, behind a reply: they answer nobody's next call."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import anyio
import pytest
import trustme

from pixlab_async.transports import Reply, Transport

from ..conftest import Lane
from ..scripted import http
from ..servers import Seen, listening
from ..test_lanes import opened, request_to
from .server import trusting

FIRST, FOREIGN, SECOND = http(b"first"), http(b"foreign"), http(b"second")
# The whole of another reply, and the beginning of one that the next reply would complete.
BEHIND = {
    "a reply": FOREIGN,
    "half a header": b"HTTP/1.1 200 OK\r\nX-Foreign: ",
    "half a body": http(b"foreign" * 9)[:-20],
}


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


async def test_what_comes_in_a_record_of_its_own_answers_nobody(lane: Lane, tmp_path: Path) -> None:
    """Two TLS records in one packet: the second is read off the socket with the first."""

    def talk(connection: socket.socket, seen: Seen) -> None:
        while connection.recv(65536):
            seen.heads.append("")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            first = len(seen.heads) == 1
            for record in (FIRST, FOREIGN) if first else (SECOND,):
                connection.sendall(record)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    known, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    known.issue_cert("localhost").configure_cert(context)
    with trusting(known, tmp_path), listening(talk, tls=context) as (port, _):
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
