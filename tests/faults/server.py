"""A server in threads of its own where each path misbehaves in one way, byte for byte.

A path is made with the answers to the requests that will come to it, in order; the last
stands for all that come later. Whatever is asked of the endpoint ``next`` is answered well,
whatever has happened before: so a client can show that it is whole.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TypeAlias

import trustme
from attrs import define, field

from .. import servers
from ..scripted import Answer, Cut, Reset, http
from ..servers import Seen, head_of, http1, listening

# An answer that is more than bytes: it talks itself, and ends the connection.
Behaviour: TypeAlias = Callable[[socket.socket], None]

NEXT = http(b'{"status":200,"next":true}')


@define
class FaultPath:
    """One way to misbehave, and what came there.

    Attributes:
        base_url: Where it is.
        answers: What happens to the first request, to the second, ...
        heads: The requests that came, but for those to ``next``.
    """

    base_url: str
    answers: tuple[Answer | Behaviour, ...]
    heads: list[str] = field(factory=list[str])

    @property
    def requests(self) -> int:
        """How many came."""
        return len(self.heads)

    def take(self, head: str) -> Answer | Behaviour:
        """The answer to one more request."""
        self.heads.append(head)
        return self.answers[min(len(self.heads), len(self.answers)) - 1]


class FaultServer:
    """All paths. Its threads only add to lists, so tests may read these at any time."""

    def __init__(self) -> None:
        self.origin = ""
        self.seen = Seen()
        self._paths: dict[str, FaultPath] = {}
        self._names = count()

    def path(self, *answers: Answer | Behaviour) -> FaultPath:
        """A path of its own."""
        name = f"fault{next(self._names)}"
        made = self._paths[name] = FaultPath(f"{self.origin}/{name}", answers)
        return made

    def talk(self, connection: socket.socket, seen: Seen) -> None:
        """One connection, until one side ends it."""
        while (received := head_of(connection)) is not None:
            asked_for = received.decode("latin-1")
            asked = asked_for.split(" ", 2)[1].partition("?")[0].split("/")
            if asked[-1] == "next":
                connection.sendall(NEXT)
            elif not _goes_on(connection, self._paths[asked[1]].take(asked_for)):
                return


def _goes_on(connection: socket.socket, answer: Answer | Behaviour) -> bool:
    """Give the answer; whether the connection is good for another request."""
    if answer is None:
        return False

    if callable(answer):
        answer(connection)
        return False

    if answer == b"":
        hush(connection)
        return False

    connection.sendall(answer.content if isinstance(answer, Cut) else answer)
    if isinstance(answer, Reset):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return not isinstance(answer, Cut)


def hush(connection: socket.socket) -> None:
    """Say nothing more until the client gives up."""
    while connection.recv(65536):
        pass


def endless(head: bytes, chunk: bytes) -> Behaviour:
    """The head, and then the chunk for ever, as fast as it is taken."""

    def pour(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:  # until the client hangs up, which is an OSError
            connection.sendall(chunk)

    return pour


def dripping(head: bytes, drop: bytes, *, every: float = 0.02) -> Behaviour:
    """The head, and then the drop again and again, with a pause before each."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        pause = threading.Event()
        while not pause.wait(every):
            connection.sendall(drop)

    return drip


def late(first: bytes, then: bytes) -> Behaviour:
    """A reply and, in a packet of its own a moment later, what nobody asked for."""

    def follow(connection: socket.socket) -> None:
        connection.sendall(first)
        threading.Event().wait(0.02)
        connection.sendall(then)
        hush(connection)

    return follow


@contextmanager
def fault_server() -> Generator[FaultServer]:
    """The server, running."""
    server = FaultServer()
    with listening(server.talk) as (port, seen):
        server.origin, server.seen = f"http://127.0.0.1:{port}", seen
        yield server


@contextmanager
def refused() -> Generator[str]:
    """An address that nobody listens at, kept from everybody else."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextmanager
def unknown() -> Generator[str]:
    """A name that no resolver knows."""
    yield "https://no-such-host.invalid"


@contextmanager
def certified(certificate: trustme.LeafCert) -> Generator[str]:
    """A TLS server that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with listening(http1, tls=context) as (port, _):
        yield f"https://localhost:{port}"


@contextmanager
def trusting(authority: trustme.CA, folder: Path) -> Generator[None]:
    """The environment's authority is this one."""
    root = folder / "root.pem"
    authority.cert_pem.write_to_path(str(root))
    with servers.trusting(root):
        yield


@contextmanager
def speaking_no_tls() -> Generator[str]:
    """A port that answers a TLS hello with a page in plain HTTP."""

    def talk(connection: socket.socket, seen: Seen) -> None:
        connection.recv(65536)
        with suppress(OSError):
            connection.sendall(http(b"<h1>plain</h1>", 400))

    with listening(talk) as (port, _):
        yield f"https://localhost:{port}"
