"""A server that says what a test tells it to, byte for byte, over a real socket."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from attrs import define, field, frozen

JSON_OK = b'{"status":200,"id":"a.png","deleted":true}'


def http(
    body: bytes = JSON_OK,
    status: int = 200,
    headers: Sequence[str] = ("Content-Type: application/json",),
    *,
    length: int | None = None,
) -> bytes:
    """A reply's bytes."""
    lines = [
        f"HTTP/1.1 {status} Some Reason",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@frozen
class Cut:
    """Bytes after which the connection is closed, whatever was promised."""

    content: bytes


@frozen
class Reset(Cut):
    """Bytes after which the connection is reset: it ends with an error, not with an end."""


Answer: TypeAlias = bytes | Cut | None


@define(repr=False)
class Script:
    """What happens on each connection: for each request, bytes to send.

    ``None`` closes the connection; ``b""`` says nothing until the client gives up. The last
    entry of ``connections`` serves all that come later.
    """

    connections: Sequence[Sequence[Answer]] = field(repr=False)
    requests: list[bytes] = field(factory=list[bytes], repr=False)
    accepted: int = 0
    left: int = 0  # connections that have ended
    base_url: str = ""


@contextmanager
def serve(*connections: Sequence[Answer]) -> Generator[Script]:
    """Run the script; the yielded object records the requests that came."""
    script = Script(connections)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        listening.settimeout(0.02)
        script.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        acceptor = threading.Thread(target=_accept, args=(listening, script, stop), daemon=True)
        acceptor.start()
        try:
            yield script
        finally:
            stop.set()
            acceptor.join()


def _accept(listening: socket.socket, script: Script, stop: threading.Event) -> None:
    threads: list[threading.Thread] = []
    while not stop.is_set():
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            continue

        index = min(script.accepted, len(script.connections) - 1)
        script.accepted += 1
        answers = script.connections[index]
        thread = threading.Thread(target=_talk, args=(connection, answers, script, stop))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()


def _talk(
    connection: socket.socket,
    answers: Sequence[Answer],
    script: Script,
    stop: threading.Event,
) -> None:
    with connection, _counted(script):
        connection.settimeout(0.02)
        for answer in answers:
            request = _request(connection, stop)
            if request is None:
                return

            script.requests.append(request)
            if answer is None:
                return

            try:
                connection.sendall(answer.content if isinstance(answer, Cut) else answer)
            except OSError:
                return

            if isinstance(answer, Reset):
                at_once = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            if isinstance(answer, Cut):
                return

            if answer == b"":
                _wait_for_end(connection, stop)
                return


@contextmanager
def _counted(script: Script) -> Generator[None]:
    try:
        yield
    finally:
        script.left += 1


def _wait_for_end(connection: socket.socket, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            if not connection.recv(65536):
                return
        except TimeoutError:
            continue
        except OSError:
            return


def _request(connection: socket.socket, stop: threading.Event) -> bytes | None:
    """One request's head (and a body that comes with it), or None where the client left."""
    received = b""
    while not stop.is_set():
        try:
            chunk = connection.recv(65536)
        except TimeoutError:
            if b"\r\n\r\n" in received:
                return received
            continue
        except OSError:
            return None

        if not chunk:
            return None

        received += chunk
        tls_hello = received.startswith(b"\x16")
        if tls_hello or (b"\r\n\r\n" in received and received.startswith(b"GET")):
            return received

    return None


def wait_until(condition: object, seconds: float = 5.0) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    assert callable(condition)
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "the condition never held"
        time.sleep(0.002)
