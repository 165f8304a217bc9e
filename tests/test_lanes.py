"""What each lane says of a failure, and what it does not do by itself: at the seam."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.trace import NoOpTracerProvider

from pixlab_async import AsyncPixLab, ConfigurationError, TimedOut
from pixlab_async.transports import (
    Content,
    Reply,
    Request,
    Transport,
    TransportFault,
    make_transport,
)
from pixlab_async.transports._httpx_tls import http1_context, http_context

from .conftest import Lane
from .scripted import JSON_OK, Answer, Cut, Reset, Script, http, serve, wait_until
from .test_exchange import bad_certificate, free_port, serve_tls

__all__ = ["bad_certificate"]  # a fixture

GZIP = ("Accept-Encoding", "gzip")
LIMIT = 100_000


@pytest.fixture(params=["httpx", "fast", "fast, traced"])
def lane(request: pytest.FixtureRequest) -> Generator[Lane]:
    """A lane; the fast one also as it is where OpenTelemetry traces aiohttp's sessions."""
    lane, _, traced = request.param.partition(", ")
    if not traced:
        yield lane
        return

    tracer = AioHttpClientInstrumentor()
    tracer.instrument(tracer_provider=NoOpTracerProvider())
    yield lane
    tracer.uninstrument()


@asynccontextmanager
async def opened(lane: Lane) -> AsyncGenerator[Transport]:
    transport = make_transport(lane, None)
    try:
        yield transport
    finally:
        await transport.aclose()


def request_to(
    base_url: str, *, target: str = "/delete?link=a", content: Content = b"", timeout: float = 5.0
) -> Request:
    headers = [("Accept", "*/*"), GZIP, ("User-Agent", "tests")]
    if content:
        headers.append(("Content-Type", "application/octet-stream"))
    if not isinstance(content, bytes):
        headers.append(("Transfer-Encoding", "chunked"))
    method = "POST" if content else "GET"
    url = f"{base_url}/delete"
    return Request(method, "delete", url, target, tuple(headers), content, LIMIT, timeout)


async def fault_of(transport: Transport, request: Request) -> TransportFault:
    with pytest.raises(TransportFault) as caught:
        await transport.send(request)
    return caught.value


class Told(NamedTuple):
    """The fields of a fault that the layers above decide by."""

    sent: bool
    phase: str | None = None
    stale: bool = False
    permanent: bool = False
    unreadable: bool = False
    http_status: int = 0


def told_by(fault: TransportFault) -> Told:
    return Told(
        fault.sent,
        fault.phase,
        fault.stale,
        fault.permanent,
        fault.unreadable,
        fault.http_status,
    )


# --- Never sent ---------------------------------------------------------------------------


async def test_a_refused_connection_was_never_sent(lane: Lane) -> None:
    async with opened(lane) as transport:
        fault = await fault_of(transport, request_to(f"http://127.0.0.1:{free_port()}"))

    assert told_by(fault) == Told(sent=False)
    assert fault.__cause__ is not None


async def test_a_name_that_does_not_resolve_was_never_sent(lane: Lane) -> None:
    async with opened(lane) as transport:
        fault = await fault_of(transport, request_to("http://no-such-host.invalid"))

    assert told_by(fault) == Told(sent=False)


@contextmanager
def deaf() -> Generator[tuple[str, socket.socket]]:
    """A host that never answers a SYN, as one behind a firewall: its backlog is full."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        filling = [socket.socket() for _ in range(3)]
        for each in filling:
            each.setblocking(False)
            each.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", listening
        for each in filling:
            each.close()


async def test_a_host_that_never_answers_was_never_sent_to(lane: Lane) -> None:
    with deaf() as (base_url, _):
        async with opened(lane) as transport:
            fault = await fault_of(transport, request_to(base_url, timeout=0.1))

    assert told_by(fault) == Told(sent=False, phase="connect")


async def test_a_deadline_that_comes_while_it_connects_is_told_as_one(lane: Lane) -> None:
    with deaf() as (base_url, _):
        options: dict[str, Any] = {"base_url": base_url, "api_key": "k" * 32, "transport": lane}
        async with AsyncPixLab(**options, deadline=0.1) as pixlab:
            with pytest.raises(TimedOut):
                await pixlab.status()


async def test_a_bad_certificate_is_permanent(lane: Lane, bad_certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bad_certificate)
    with serve_tls(context) as port:
        async with opened(lane) as transport:
            fault = await fault_of(transport, request_to(f"https://localhost:{port}"))

    assert told_by(fault) == Told(sent=False, permanent=True)
    assert "certificate" in fault.message.lower()


async def test_a_host_that_speaks_no_tls_was_never_sent_to(lane: Lane) -> None:
    with serve([None]) as script:
        async with opened(lane) as transport:
            base_url = script.base_url.replace("http:", "https:")
            fault = await fault_of(transport, request_to(base_url))

    assert told_by(fault) == Told(sent=False)


@contextmanager
def trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    """A TLS server of one reply, whose certificate the environment names an authority."""
    key, chain = folder / "key", folder / "chain"
    subprocess.run(
        [
            *["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"],
            *["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
            *["-keyout", str(key), "-out", str(chain)],
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    _forget_contexts()

    def talk(listening: socket.socket) -> None:
        raw, _ = listening.accept()
        with context.wrap_socket(raw, server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(http(str(connection.selected_alpn_protocol()).encode()))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=talk, args=(listening,))
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}"
        thread.join()
    _forget_contexts()


def _forget_contexts() -> None:
    http_context.cache_clear()
    http1_context.cache_clear()


async def test_a_certificate_of_a_known_authority_is_trusted(
    lane: Lane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trusted(tmp_path, monkeypatch) as base_url:
        async with opened(lane) as transport:
            reply = await transport.send(request_to(base_url))

    assert (reply.status, reply.body) == (200, b"http/1.1")


# --- Maybe processed ----------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\n"
LOST: dict[str, tuple[Answer, Told]] = {
    "closed before a byte": (None, Told(sent=True)),
    "reset before a byte": (Reset(b""), Told(sent=True)),
    "silence": (b"", Told(sent=True, phase="read")),
    "closed in the header": (Cut(HEAD + b"Content-Le"), Told(sent=True)),
    "reset in the header": (Reset(HEAD + b"Content-Le"), Told(sent=True)),
    "closed in the body": (Cut(http(b"x", length=9)), Told(sent=True, http_status=200)),
    "closed in a chunk": (
        Cut(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nx"),
        Told(sent=True, http_status=200),
    ),
    "no HTTP": (Cut(b"SSH-2.0-OpenSSH_9.2\r\n"), Told(sent=True)),
    "two lengths": (
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        Told(sent=True),
    ),
    "too long a header": (HEAD + b"X: " + b"x" * 300_000 + b"\r\n\r\n", Told(sent=True)),
    "too long a body": (
        http(b"x" * (LIMIT + 1)),
        Told(sent=True, unreadable=True, http_status=200),
    ),
}


@pytest.mark.parametrize("what", LOST)
async def test_a_lost_reply_was_sent_and_is_not_asked_for_again(lane: Lane, what: str) -> None:
    answer, told = LOST[what]
    with serve([answer], [http()]) as script:
        async with opened(lane) as transport:
            fault = await fault_of(transport, request_to(script.base_url, timeout=0.2))

    assert told_by(fault) == told._replace(http_status=fault.http_status)
    assert fault.http_status in (0, told.http_status)
    assert len(script.requests) == 1


@pytest.mark.parametrize("answer", [None, Reset(b"")], ids=["closed", "reset"])
async def test_a_reused_connection_that_breaks_is_stale_and_nothing_is_sent_again(
    lane: Lane, answer: Answer
) -> None:
    with serve([http(), answer], [http()]) as script:
        async with opened(lane) as transport:
            await transport.send(request_to(script.base_url))
            fault = await fault_of(transport, request_to(script.base_url))

            assert told_by(fault) == Told(sent=True, stale=True)
            assert (len(script.requests), script.accepted) == (2, 1)


async def test_a_reused_connection_that_is_silent_is_not_stale(lane: Lane) -> None:
    with serve([http(), b""]) as script:
        async with opened(lane) as transport:
            await transport.send(request_to(script.base_url))
            fault = await fault_of(transport, request_to(script.base_url, timeout=0.1))

    assert told_by(fault) == Told(sent=True, phase="read")


async def test_a_body_that_stops_is_a_read_timeout(lane: Lane) -> None:
    with serve([http(b"x", length=9), b""]) as script:
        async with opened(lane) as transport:
            fault = await fault_of(transport, request_to(script.base_url, timeout=0.1))

    assert told_by(fault) == Told(sent=True, phase="read", http_status=fault.http_status)


async def test_silence_is_counted_from_the_last_byte(lane: Lane) -> None:
    """A reply that drips takes longer than the timeout, and is whole all the same."""
    with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"0123456789") as base_url:
        async with opened(lane) as transport:
            reply = await transport.send(request_to(base_url, timeout=0.25))

    assert reply.body == b"0123456789"


@contextmanager
def dripping(head: bytes, body: bytes) -> Generator[str]:
    """A server that sends a byte of the body every twentieth of a second."""

    def talk(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(head)
            for byte in body:
                time.sleep(0.05)
                connection.sendall(bytes([byte]))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=talk, args=(listening,))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


# --- What a lane does not do by itself ------------------------------------------------------


async def send(transport: Transport, script: Script, **options: Any) -> Reply:
    return await transport.send(request_to(script.base_url, **options))


async def test_a_redirect_is_a_reply(lane: Lane) -> None:
    with serve([http(b"", 302, ["Location: /elsewhere"])]) as script:
        async with opened(lane) as transport:
            reply = await send(transport, script)

    assert (reply.status, reply.headers["location"]) == (302, "/elsewhere")
    assert len(script.requests) == 1


async def test_cookies_are_not_kept(lane: Lane) -> None:
    with serve([http(JSON_OK, 200, ["Set-Cookie: a=1; Path=/"])] * 2) as script:
        async with opened(lane) as transport:
            await send(transport, script)
            await send(transport, script)

    assert b"ookie" not in script.requests[1]


async def test_no_variable_decides_where_requests_go(
    lane: Lane, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serve([http()]) as script:
        async with opened(lane) as transport:
            await send(transport, script)

    assert b"uthorization" not in script.requests[0]


async def test_the_header_is_the_requests_own(lane: Lane) -> None:
    with serve([http()]) as script:
        async with opened(lane) as transport:
            await send(transport, script)

    head, _, _ = script.requests[0].partition(b"\r\n\r\n")
    fields = {line.partition(b":")[0].lower(): line for line in head.split(b"\r\n")[1:]}
    assert head.startswith(b"GET /delete?link=a HTTP/1.1\r\n")
    assert fields.keys() - {b"connection"} == {
        b"host",
        b"accept",
        b"accept-encoding",
        b"user-agent",
    }
    assert fields[b"accept-encoding"].endswith(b": gzip")


async def test_a_field_that_comes_twice_is_one_text(lane: Lane) -> None:
    with serve([http(JSON_OK, 200, ["Retry-After: 1", "Retry-After: 2"])]) as script:
        async with opened(lane) as transport:
            reply = await send(transport, script)

    assert reply.headers["retry-after"] == "1, 2"
    assert reply.headers.get("absent", "none") == "none"
    assert dict(reply.headers).keys() >= {"retry-after", "content-length"}


async def test_two_codings_are_not_one(lane: Lane) -> None:
    with serve(
        [http(JSON_OK, 200, ["Content-Encoding: gzip", "Content-Encoding: gzip"])]
    ) as script:
        async with opened(lane) as transport:
            fault = await fault_of(transport, request_to(script.base_url))

    assert told_by(fault) == Told(sent=True, unreadable=True, http_status=200)


async def test_continuations_are_skipped(lane: Lane) -> None:
    with serve([b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + http()]) as script:
        async with opened(lane) as transport:
            assert (await send(transport, script)).status == 200


# --- Uploads ------------------------------------------------------------------------------


async def test_a_peer_that_takes_nothing_is_a_write_timeout(lane: Lane) -> None:
    async def endless() -> AsyncGenerator[bytes]:
        while True:
            yield b"x" * 65536

    with socket.create_server(("127.0.0.1", 0)) as listening:  # nobody accepts, nobody reads
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with opened(lane) as transport:
            body: Any = endless()
            request = request_to(base_url, content=body, timeout=0.2)
            fault = await fault_of(transport, request)
            await body.aclose()

    assert told_by(fault) == Told(sent=True, phase="write")


async def test_a_slow_source_is_no_silence(lane: Lane) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"half"
        await anyio.sleep(0.3)
        yield b"half"

    with serve([http(), b""]) as script:
        async with opened(lane) as transport:
            reply = await send(transport, script, content=slow(), timeout=0.2)

    assert reply.status == 200


async def test_a_large_body_of_bytes_goes_out_whole(lane: Lane) -> None:
    content = bytes(range(256)) * 10_000
    with serve([http()]) as script:
        async with opened(lane) as transport:
            request = request_to(script.base_url, content=content)
            length = ("Content-Length", str(len(content)))
            request.headers = (*request.headers, length)
            await transport.send(request)

    assert script.requests[0].endswith(content)


async def test_a_source_is_left_alone_once_a_cancelled_call_has_ended(lane: Lane) -> None:
    reading = False

    async def slow() -> AsyncIterator[bytes]:
        nonlocal reading
        reading = True
        try:
            yield b"x" * 65536
            await anyio.sleep(30)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.05)
            reading = False

    with serve([b""]) as script:
        async with opened(lane) as transport:
            with anyio.move_on_after(0.1):
                await send(transport, script, content=slow())

            assert not reading


async def test_what_a_source_raises_comes_up_as_it_is(lane: Lane) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise ZeroDivisionError

    with serve([b""]) as script:
        async with opened(lane) as transport:
            with pytest.raises(ZeroDivisionError):
                await send(transport, script, content=broken())


# --- Cancelling ---------------------------------------------------------------------------


async def test_a_cancelled_call_lets_its_connection_go_at_once(lane: Lane) -> None:
    with serve([b""]) as script:
        async with opened(lane) as transport:
            for _ in range(5):
                with anyio.move_on_after(0.03):
                    await send(transport, script, timeout=30)

            # Each connection of the script's ends when its client leaves.
            await anyio.to_thread.run_sync(wait_until, lambda: script.accepted == script.left)


async def test_a_call_cancelled_while_it_connects_is_never_sent(lane: Lane) -> None:
    with deaf() as (base_url, listening):
        async with opened(lane) as transport:
            with anyio.move_on_after(0.1):
                await transport.send(request_to(base_url))
            heard = await anyio.to_thread.run_sync(_all_that_comes, listening)

    assert heard == b""


def _all_that_comes(listening: socket.socket) -> bytes:
    """What is sent over connections that are open or opened; a SYN is repeated after a second."""
    heard = b""
    listening.settimeout(1.2)
    while True:
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            return heard

        with connection:
            connection.settimeout(0.1)
            try:
                heard += connection.recv(65536)
            except TimeoutError:
                continue


# --- Fetching -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("/a.png", "/a.png"),
        ("", "/"),
        ("/a%20b%2Fc%41.png?x=%2F+y&z=~#part", "/a%20b%2Fc%41.png?x=%2F+y&z=~"),
        ("/é 中?ü=", "/%C3%A9%20%E4%B8%AD?%C3%BC="),
    ],
)
async def test_a_link_is_fetched_as_it_is_written(lane: Lane, link: str, target: str) -> None:
    with serve([http(b"bytes")]) as script:
        async with (
            opened(lane) as transport,
            transport.fetch(script.base_url + link, timeout=5) as stream,
        ):
            received = b"".join([chunk async for chunk in chunks_of(stream)])

    assert received == b"bytes"
    assert script.requests[0].startswith(f"GET {target} HTTP/1.1\r\n".encode())


async def chunks_of(stream: Any) -> AsyncIterator[bytes]:
    while chunk := await stream.read():
        yield chunk


async def test_a_link_that_is_no_url_is_refused(lane: Lane) -> None:
    async with opened(lane) as transport:
        with pytest.raises(ConfigurationError, match="no valid URL"):
            async with transport.fetch("http://[::1/a", timeout=5):
                raise AssertionError("unreachable")
