"""Real servers for the ways to reach one: TLS, HTTP/2, Unix sockets, a proxy."""

from __future__ import annotations

import math
import socket
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pytest
import trustme
from attrs import define, field
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from pixlab_async.transports._httpx_tls import http1_context, http2_context, http_context

from .scripted import JSON_OK, http

Talk: TypeAlias = Callable[[socket.socket, "Seen"], None]


@define
class Seen:
    """What came: heads of requests, as text, in any protocol."""

    heads: list[str] = field(factory=list[str], repr=False)
    connections: int = 0


@define
class Authority:
    """A certificate authority of the test's own."""

    root: Path
    server: ssl.SSLContext
    client: ssl.SSLContext


def authority(folder: Path) -> Authority:
    made = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("localhost").configure_cert(server)
    client = ssl.create_default_context()
    made.configure_trust(client)
    root = folder / "root.pem"
    made.cert_pem.write_to_path(root)
    return Authority(root, server, client)


@contextmanager
def trusting(root: Path) -> Generator[None]:
    """The environment names the authority of this file, as it would a company's."""
    contexts = (http_context, http1_context, http2_context)
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("SSL_CERT_FILE", str(root))
            for context in contexts:
                context.cache_clear()
            yield
    finally:
        for context in contexts:
            context.cache_clear()


@contextmanager
def listening(
    talk: Talk, *, tls: ssl.SSLContext | None = None, uds: Path | None = None
) -> Generator[tuple[int, Seen]]:
    """A server that talks so on each connection; yields its port and what it saw."""
    seen, open_sockets = Seen(), list[socket.socket]()
    if uds is None:
        server = socket.create_server(("127.0.0.1", 0), backlog=100)
    else:
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(uds))
        server.listen()
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        with suppress(OSError):
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
                open_sockets.append(connection)
            talk(connection, seen)
        connection.close()

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return

            seen.connections += 1
            open_sockets.append(connection)
            thread = threading.Thread(target=one, args=(connection,))
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield (0 if uds else server.getsockname()[1]), seen
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        acceptor.join()
        for connection in open_sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def http1(connection: socket.socket, seen: Seen) -> None:
    """Says yes to every deletion."""
    while head := head_of(connection):
        seen.heads.append(head.decode("latin-1"))
        connection.sendall(http())


def http2(connection: socket.socket, seen: Seen, *, answers: float = math.inf) -> None:
    """The same over HTTP/2, as often as it answers; then it goes away, or is silent for ever."""
    conversation = H2Connection(H2Configuration(client_side=False))
    conversation.initiate_connection()
    connection.sendall(conversation.data_to_send())
    while received := connection.recv(65536):
        for event in conversation.receive_data(received):
            if not isinstance(event, RequestReceived):
                continue

            assert event.stream_id is not None
            seen.heads.append(str([(bytes(name), bytes(value)) for name, value in event.headers]))
            if answers:
                answer = [(":status", "200"), ("content-type", "application/json")]
                conversation.send_headers(event.stream_id, answer)
                conversation.send_data(event.stream_id, JSON_OK, end_stream=True)
                answers -= 1
                if not answers:
                    connection.sendall(conversation.data_to_send())
                    _go_away(connection)
                    return

        connection.sendall(conversation.data_to_send())


def _go_away(connection: socket.socket) -> None:
    """End in order: what the client still sends must not turn the end into a reset."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


http2_once = partial(http2, answers=1)
http2_silent = partial(http2, answers=0)


def proxy(connection: socket.socket, seen: Seen) -> None:
    """Forwards plain requests, and opens tunnels on CONNECT."""
    head = head_of(connection)
    if head is None:
        return

    seen.heads.append(head.decode("latin-1"))
    method, target = head.split(b" ", 2)[:2]
    address = target.removeprefix(b"http://").partition(b"/")[0].decode()
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port))) as upstream:
        if method == b"CONNECT":
            connection.sendall(b"HTTP/1.1 200 Tunnel\r\n\r\n")
        else:
            upstream.sendall(head)
        back = threading.Thread(target=_pump, args=(upstream, connection))
        back.start()
        _pump(connection, upstream)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


def head_of(connection: socket.socket) -> bytes | None:
    """What comes until a request's header is whole; None where the client left."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return None

        received += chunk
    return received
