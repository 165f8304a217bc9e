"""Downloads never lead into the network that the program is in, unless that is asked for."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import httpx
import pytest
import trustme
from attrs import define, field

from pixlab_async import AsyncPixLab, ConfigurationError, ConnectionFailed, ReplyError, TimedOut
from pixlab_async.transports import Reply, Request, Resolving, Stream
from pixlab_async.transports.aiohttp import AiohttpTransport
from pixlab_async.transports.httpx import HttpxTransport

from .conftest import QUICK, Lane
from .scripted import http, serve
from .servers import Seen, head_of, listening, trusting

HOST = "media.pixlab.example"
PUBLIC, OTHER = "93.184.216.34", "2606:4700::1111"
KEY = "0123456789abcdef0123456789abcdef"

pytestmark = pytest.mark.usefixtures("lane")


@define
class Names:
    """Answers each look-up with the next of its lists; the last one stays."""

    answers: list[Sequence[str]]
    asked: list[tuple[str, int]] = field(factory=list[tuple[str, int]])

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@define
class Translating:
    """A network in which public addresses are those of this machine, as behind a NAT."""

    inner: Resolving
    table: Mapping[str, str]
    addresses: list[str | None] = field(factory=list[str | None])

    async def send(self, request: Request) -> Reply:
        return await self.inner.send(request)

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        return await self.inner.resolve(host, port)

    @asynccontextmanager
    async def fetch(
        self, url: str, *, timeout: float, address: str | None = None
    ) -> AsyncGenerator[Stream]:
        self.addresses.append(address)
        behind = None if address is None else self.table[address]
        async with self.inner.fetch(url, timeout=timeout, address=behind) as stream:
            yield stream

    async def aclose(self) -> None:
        await self.inner.aclose()


def transport_of(lane: Lane, names: Names) -> Resolving:
    make = HttpxTransport if lane == "httpx" else AiohttpTransport
    return make(resolve=names)


@define
class Media:
    """A media host with a certificate of its own."""

    port: int
    seen: Seen
    server_names: list[str | None]


@pytest.fixture
def media(tmp_path: Path) -> Iterator[Media]:
    made, names = trustme.CA(), list[str | None]()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert(HOST).configure_cert(context)
    context.sni_callback = lambda _, name, __: names.append(name)
    root = tmp_path / "root.pem"
    made.cert_pem.write_to_path(root)
    with trusting(root), listening(_give, tls=context) as (port, seen):
        yield Media(port, seen, names)


def _give(connection: socket.socket, seen: Seen) -> None:
    received = head_of(connection)
    if received is not None:
        seen.heads.append(received.decode("latin-1"))
        connection.sendall(http(b"picture"))


async def test_the_connection_goes_to_the_address_that_was_judged(
    media: Media, tmp_path: Path, lane: Lane
) -> None:
    names = Names([[PUBLIC]])
    network = Translating(transport_of(lane, names), {PUBLIC: "127.0.0.1"})
    async with AsyncPixLab(api_key=KEY, transport=network, retry=QUICK) as pixlab:
        path = await pixlab.download(f"https://{HOST}:{media.port}/a.png", tmp_path / "a.png")

    assert path.read_bytes() == b"picture"
    assert (network.addresses, names.asked) == ([PUBLIC], [(HOST, media.port)])


async def test_tls_and_the_host_field_still_say_the_name(
    media: Media, tmp_path: Path, lane: Lane
) -> None:
    network = Translating(transport_of(lane, Names([[PUBLIC]])), {PUBLIC: "127.0.0.1"})
    async with AsyncPixLab(api_key=KEY, transport=network, retry=QUICK) as pixlab:
        await pixlab.download(f"https://{HOST}.:{media.port}/a.png", tmp_path / "a.png")

    assert media.server_names == [HOST]
    assert f"\r\nHost: {HOST}.:{media.port}\r\n" in media.seen.heads[0]


async def test_a_certificate_for_another_name_is_refused(
    media: Media, tmp_path: Path, lane: Lane
) -> None:
    network = Translating(transport_of(lane, Names([[PUBLIC]])), {PUBLIC: "127.0.0.1"})
    async with AsyncPixLab(api_key=KEY, transport=network, retry=QUICK) as pixlab:
        with pytest.raises(ConnectionFailed, match="certificate"):
            await pixlab.download(f"https://other.example:{media.port}/a", tmp_path / "a")

    assert media.seen.heads == []


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], ["10.0.0.7"], ["169.254.169.254"], ["::1"], ["::ffff:7f00:1"]]
)
async def test_a_name_that_leads_inside_is_refused(
    tmp_path: Path, lane: Lane, answers: list[str]
) -> None:
    network = Translating(transport_of(lane, Names([answers])), {})
    async with AsyncPixLab(api_key=KEY, transport=network, retry=QUICK) as pixlab:
        with pytest.raises(ConfigurationError, match="allow_private=True"):
            await pixlab.download(f"https://{HOST}/a.png", tmp_path / "a.png")

    assert network.addresses == []


async def test_a_name_that_leads_inside_too_is_refused(tmp_path: Path, lane: Lane) -> None:
    network = Translating(transport_of(lane, Names([[PUBLIC, "10.0.0.7"]])), {})
    async with AsyncPixLab(api_key=KEY, transport=network, retry=QUICK) as pixlab:
        with pytest.raises(ConfigurationError, match=r"10\.0\.0\.7"):
            await pixlab.download(f"https://{HOST}/a.png", tmp_path / "a.png")

    assert network.addresses == []


async def test_the_next_address_is_tried_where_one_does_not_answer(
    media: Media, tmp_path: Path, lane: Lane
) -> None:
    # Nobody listens at the second one. IPv4 goes first, whatever the order was.
    network = Translating(
        transport_of(lane, Names([[OTHER, "1.1.1.1", PUBLIC]])),
        {"1.1.1.1": "127.0.0.2", PUBLIC: "127.0.0.1", OTHER: "::1"},
    )
    async with AsyncPixLab(api_key=KEY, transport=network, retry=QUICK) as pixlab:
        await pixlab.download(f"https://{HOST}:{media.port}/a.png", tmp_path / "a.png")

    assert network.addresses == ["1.1.1.1", PUBLIC]


async def test_a_name_that_nobody_knows_was_never_reached(tmp_path: Path, lane: Lane) -> None:
    names = Names([[]])
    async with AsyncPixLab(api_key=KEY, transport=transport_of(lane, names), retry=QUICK) as pixlab:
        with pytest.raises(ConnectionFailed) as caught:
            await pixlab.download(f"https://{HOST}/a.png", tmp_path / "a.png")

    assert (caught.value.sent, caught.value.attempts) == (False, 3)


async def test_a_look_up_without_an_end_ends_at_the_deadline(tmp_path: Path, lane: Lane) -> None:
    class Silent(Names):
        async def __call__(self, host: str, port: int) -> Sequence[str]:
            await anyio.sleep_forever()
            raise AssertionError

    transport = transport_of(lane, Silent([]))
    async with AsyncPixLab(api_key=KEY, transport=transport, deadline=0.05) as pixlab:
        with pytest.raises(TimedOut):
            await pixlab.download(f"https://{HOST}/a.png", tmp_path / "a.png")


async def test_a_name_that_changes_between_look_up_and_connection_changes_nothing(
    media: Media, tmp_path: Path, lane: Lane
) -> None:
    """DNS rebinding: a public address for who judges, this machine's for who connects."""
    with nameserver([PUBLIC, "127.0.0.1"]) as server:

        async def ask(host: str, port: int) -> Sequence[str]:
            del port
            return await anyio.to_thread.run_sync(_asked, server.port, host)

        make = HttpxTransport if lane == "httpx" else AiohttpTransport
        network = Translating(make(resolve=ask), {PUBLIC: "127.0.0.1"})
        async with AsyncPixLab(api_key=KEY, transport=network, retry=QUICK) as pixlab:
            link = f"https://{HOST}:{media.port}/a.png"
            await pixlab.download(link, tmp_path / "a.png")
            looked_up = server.asked
            with pytest.raises(ConfigurationError, match=r"is at 127\.0\.0\.1"):
                await pixlab.download(link, tmp_path / "b.png")

    assert (looked_up, network.addresses) == (1, [PUBLIC])


LITERAL = ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "169.254.169.254", "10.0.0.1"]


@pytest.mark.parametrize("host", [*LITERAL, "2130706433", "0x7f.1", "metadata.google.internal"])
async def test_what_a_link_says_is_judged_before_anybody_is_asked(
    tmp_path: Path, lane: Lane, host: str
) -> None:
    names = Names([[PUBLIC]])
    async with AsyncPixLab(api_key=KEY, transport=transport_of(lane, names)) as pixlab:
        with pytest.raises(ConfigurationError):
            await pixlab.download(f"https://{host}:1/a.png", tmp_path / "a.png")

    assert names.asked == []


async def test_another_port_of_this_machine_is_not_the_service(tmp_path: Path, lane: Lane) -> None:
    with serve([http(b"secret")]) as other, serve([http(b"bytes")]) as service:
        async with AsyncPixLab(transport=lane, base_url=service.base_url, api_key=KEY) as pixlab:
            with pytest.raises(ConfigurationError, match="leads to this machine"):
                await pixlab.download(f"{other.base_url}/a.png", tmp_path / "a.png")

    assert other.accepted == 0


async def test_the_service_on_this_machine_may_be_named_in_another_way(
    tmp_path: Path, lane: Lane
) -> None:
    with serve([http(b"bytes")]) as service:
        base_url = service.base_url.replace("127.0.0.1", "localhost")
        async with AsyncPixLab(transport=lane, base_url=base_url, api_key=KEY) as pixlab:
            path = await pixlab.download(f"{service.base_url}/a.png", tmp_path / "a.png")

    assert path.read_bytes() == b"bytes"


async def test_who_asks_for_it_gets_a_private_place(tmp_path: Path, lane: Lane) -> None:
    with serve([http(b"bytes")]) as other:
        async with AsyncPixLab(transport=lane, api_key=KEY) as pixlab:
            link = f"{other.base_url}/a.png"
            path = await pixlab.download(link, tmp_path / "a.png", allow_private=True)

    assert path.read_bytes() == b"bytes"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(tmp_path: Path, lane: Lane, status: int) -> None:
    with serve([http(b"secret")]) as other:
        moved = http(b"", status, [f"Location: {other.base_url}/a.png"])
        with serve([moved]) as service:
            async with AsyncPixLab(
                transport=lane, base_url=service.base_url, api_key=KEY, retry=QUICK
            ) as pixlab:
                with pytest.raises(ReplyError) as caught:
                    await pixlab.download(f"{service.base_url}/a.png", tmp_path / "a.png")

    assert (caught.value.status, other.accepted) == (status, 0)


@pytest.mark.parametrize("lane", ["httpx"])
@pytest.mark.parametrize("host", LITERAL)
async def test_with_a_client_of_the_callers_the_link_itself_is_judged(
    tmp_path: Path, host: str
) -> None:
    async with (
        httpx.AsyncClient(follow_redirects=True) as http_client,
        AsyncPixLab(api_key=KEY, http_client=http_client, auth="header") as pixlab,
    ):
        with pytest.raises(ConfigurationError, match="allow_private=True"):
            await pixlab.download(f"https://{host}:1/a.png", tmp_path / "a.png")


@pytest.mark.parametrize("lane", ["httpx"])
async def test_a_proxy_is_told_the_name_and_resolves_it(tmp_path: Path) -> None:
    """What the proxy may reach is then the proxy's to judge."""
    heads: list[str] = []

    def refuse(connection: socket.socket, seen: Seen) -> None:
        heads.append(connection.recv(65536).decode())
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

    with listening(refuse) as (port, _):
        proxy = httpx.AsyncHTTPTransport(proxy=f"http://127.0.0.1:{port}")
        async with AsyncPixLab(api_key=KEY, transport=proxy, retry=QUICK) as pixlab:
            with pytest.raises(ConnectionFailed):
                await pixlab.download(f"https://{HOST}/a.png", tmp_path / "a.png")

    assert heads[0].startswith(f"CONNECT {HOST}:443 HTTP/1.1\r\n")


@define
class Nameserver:
    """How often it was asked, and where it listens."""

    port: int
    asked: int = 0


@contextmanager
def nameserver(addresses: Sequence[str]) -> Generator[Nameserver]:
    """A DNS server that gives each question the next address; the last one stays."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        server = Nameserver(listener.getsockname()[1])

        def answer() -> None:
            while (received := listener.recvfrom(512))[0] != b"stop":
                question, asker = received
                address = addresses[min(server.asked, len(addresses) - 1)]
                server.asked += 1
                head = question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0"
                # The same name again, type A, class IN, not to be remembered, four bytes.
                record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(address)
                listener.sendto(head + question[12:] + record, asker)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
                ending.sendto(b"stop", ("127.0.0.1", server.port))
            thread.join()


def _asked(port: int, host: str) -> Sequence[str]:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in host.split("."))
    question = b"\0\7\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(10)
        asking.sendto(question, ("127.0.0.1", port))
        return [socket.inet_ntoa(asking.recv(512)[-4:])]
