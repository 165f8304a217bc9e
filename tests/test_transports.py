"""The seam and what lies behind it: other httpx transports, other stacks, bounded bodies."""

from __future__ import annotations

import gzip
import io
import ssl
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from pixlab_async import (
    AsyncPixLab,
    ConfigurationError,
    ConnectionFailed,
    DeletionState,
    RetryPolicy,
    UnreadableReply,
)
from pixlab_async._protocol import JSON_LIMIT
from pixlab_async.emulator import Emulator
from pixlab_async.transports import Reply, Request, TransportFault
from pixlab_async.transports._aiohttp_sending import _timeout
from pixlab_async.transports._body import BodyReader
from pixlab_async.transports._httpx_sending import timeouts
from pixlab_async.transports._httpx_tls import http1_context, http_context, ssl_context
from pixlab_async.transports._httpx_wire import WIRE
from pixlab_async.transports.httpx import HttpxTransport

from .conftest import PLAIN, QUICK, Lane
from .scripted import JSON_OK, http, serve

KEY = "0123456789abcdef0123456789abcdef"
LINK = "https://media.example/a b"[:-2] + "%20b?x=1&y=é+"


# --- Bodies -------------------------------------------------------------------------------


def read(chunks: list[bytes], limit: int = 1000, coding: str = "") -> bytes:
    reader = BodyReader(limit, coding, http_status=200)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.finish()


@pytest.mark.parametrize("chunks", [[], [b""], [b"abc"], [b"a", b"bc"]])
def test_a_body_is_its_chunks(chunks: list[bytes]) -> None:
    assert read(chunks) == b"".join(chunks)


def test_a_body_of_the_limit_is_fine() -> None:
    assert read([b"x" * 500, b"y" * 500]) == b"x" * 500 + b"y" * 500


def test_a_body_over_the_limit_is_a_fault() -> None:
    with pytest.raises(TransportFault, match="limit of 1,000 bytes") as caught:
        read([b"x" * 500, b"y" * 501])

    assert caught.value.unreadable


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", " GZIP "])
def test_gzip_is_unpacked(coding: str) -> None:
    packed = gzip.compress(b"abc" * 100)

    assert read([packed[:10], packed[10:]], coding=coding) == b"abc" * 100


def test_a_gzip_bomb_is_stopped_at_the_limit() -> None:
    bomb = zlib.compressobj(9, wbits=31)
    packed = bomb.compress(b"\0" * 50_000_000) + bomb.flush()

    with pytest.raises(TransportFault, match="limit"):
        read([packed], coding="gzip")


@pytest.mark.parametrize(
    ("chunks", "problem"),
    [
        ([b"plain"], "is not"),
        ([gzip.compress(b"abc")[:-4]], "breaks off"),
        ([b""], "breaks off"),
        ([gzip.compress(b"abc") + b"more"], "goes on"),
    ],
)
def test_gzip_that_is_not_whole_is_a_fault(chunks: list[bytes], problem: str) -> None:
    with pytest.raises(TransportFault, match=problem):
        read(chunks, coding="gzip")


def test_no_body_at_all_may_call_itself_gzip() -> None:
    assert read([], coding="gzip") == b""


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip"])
def test_other_codings_are_a_fault(coding: str) -> None:
    with pytest.raises(TransportFault, match="not asked for"):
        BodyReader(10, coding)


async def test_a_gzip_reply_is_read(anyio_backend: str, lane: Lane) -> None:
    with serve([http(gzip.compress(JSON_OK), 200, ["Content-Encoding: gzip"])]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, api_key=KEY) as pixlab:
            gone = await pixlab.delete(LINK)

    assert gone.state is DeletionState.DELETED


async def test_a_reply_without_an_end_is_stopped(lane: Lane) -> None:
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (
        b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    ) * (2 * JSON_LIMIT // 0x10000)
    with serve([endless, b""]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, api_key=KEY) as pixlab:
            with pytest.raises(UnreadableReply, match="over the limit"):
                await pixlab.oilpaint("https://example.org/a.png", radius=1)


# --- Transports ---------------------------------------------------------------------------


def transports() -> dict[str, Any]:
    return {
        "default": {},
        "fast": {"transport": "fast"},
        "httpx transport": {"transport": httpx.AsyncHTTPTransport(verify=PLAIN)},
    }


@pytest.mark.parametrize("choice", ["default", "fast", "httpx transport", "httpx client"])
@pytest.mark.parametrize("auth", ["query", "header"])
async def test_every_way_to_send_sends_the_same(
    emulator: Emulator, picture: bytes, choice: str, auth: Any, anyio_backend: str
) -> None:
    if (choice, auth) == ("httpx client", "query") or (choice, anyio_backend) == ("fast", "trio"):
        return

    async with httpx.AsyncClient(verify=PLAIN) as http_client:
        options: dict[str, Any] = {"http_client": http_client}
        if choice != "httpx client":
            options = transports()[choice]
        async with AsyncPixLab(
            base_url=emulator.base_url,
            api_key=emulator.api_key,
            auth=auth,
            **options,
        ) as pixlab:
            media = await pixlab.store(io.BytesIO(picture), comment="ü&=+%20")
            await pixlab.oilpaint(media, radius=1)
            await pixlab.delete(media)

    stored, painted, deleted = emulator.received
    assert (stored.params, stored.file) == ({"comment": "ü&=+%20"}, picture)
    assert (painted.params["img"], deleted.params) == (media.link, {"link": media.link})
    assert {request.key for request in emulator.received} == {emulator.api_key}


async def test_an_upload_of_unknown_length_works_through_every_way(
    emulator: Emulator, picture: bytes, anyio_backend: str
) -> None:
    ways = transports()
    if anyio_backend == "trio":
        del ways["fast"]
    for options in ways.values():
        async with AsyncPixLab(
            base_url=emulator.base_url, api_key=emulator.api_key, **options
        ) as pixlab:
            await pixlab.store(iter([picture]))

    assert [request.file for request in emulator.received] == [picture] * len(ways)


async def test_a_link_goes_over_the_wire_byte_for_byte(lane: Lane) -> None:
    with serve([http()]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, api_key=KEY) as pixlab:
            await pixlab.delete(LINK)

    expected = b"link=https%3A%2F%2Fmedia.example%2Fa%20b%3Fx%3D1%26y%3D%C3%A9%2B".replace(
        b"%20", b"%2520"
    )
    assert script.requests[0].startswith(b"GET /delete?" + expected + b"&key=")


async def test_what_a_connection_keeps_of_a_request_fits_the_next_one_or_is_made_anew() -> None:
    other = "fedcba9876543210fedcba9876543210"
    with serve([http()] * 6) as script:
        async with AsyncPixLab(base_url=script.base_url, api_key=KEY) as pixlab:
            tenant = pixlab.with_options(api_key=other, auth="header")
            await pixlab.delete("a.png")
            await pixlab.delete("b.png")
            await tenant.delete("c.png")
            await pixlab.delete("d.png")
            await pixlab.status()
            await tenant.with_options(timeout=7).delete("e.png")

    assert script.accepted == 1
    lines = [request.partition(b" HTTP")[0] for request in script.requests]
    key = b"&key=" + KEY.encode()
    assert lines == [
        b"GET /delete?link=a.png" + key,
        b"GET /delete?link=b.png" + key,
        b"GET /delete?link=c.png",
        b"GET /delete?link=d.png" + key,
        b"GET /status",
        b"GET /delete?link=e.png",
    ]
    carrying = [other.encode() in request for request in script.requests]
    assert carrying == [False, False, True, False, False, True]


async def test_an_idle_connection_keeps_neither_key_nor_link() -> None:
    with serve([http()] * 2) as script:
        transport = HttpxTransport()
        async with AsyncPixLab(
            base_url=script.base_url, api_key=KEY, transport=transport
        ) as pixlab:
            await pixlab.delete(LINK)
            await pixlab.with_options(auth="header").delete(LINK)
            (slot,) = transport._free(f"{script.base_url}/delete")
            assert slot.kept is not None
            wire = slot.kept.outer.extensions[WIRE]
            assert wire.extensions["target"] == b""
            assert KEY not in f"{vars(slot.kept.outer)}{vars(wire)}{wire.headers.raw}"


async def test_an_app_can_be_called_without_a_socket(picture: bytes) -> None:
    """An httpx transport of the caller's need not have a wire at all."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": JSON_OK})

    transport = httpx.ASGITransport(app)
    async with AsyncPixLab(api_key=KEY, transport=transport) as pixlab:
        assert (await pixlab.delete(LINK)).deleted


async def test_another_stack_can_be_brought(picture: bytes) -> None:
    class Other:
        requests: list[Request] = []  # noqa: RUF012
        closed = False
        body = b""

        async def send(self, request: Request) -> Reply:
            self.requests.append(request)
            if not isinstance(request.content, bytes):
                self.body = b"".join([chunk async for chunk in request.content])
            return Reply(200, {}, JSON_OK.replace(b"{", b'{"link":"https://m/a.png",'))

        def fetch(self, url: str, *, timeout: float) -> Any: ...

        async def aclose(self) -> None:
            self.closed = True

    other = Other()
    async with AsyncPixLab(api_key=KEY, transport=other) as pixlab:
        await pixlab.delete(LINK)
        await pixlab.store(picture)

    assert (len(other.requests), other.closed) == (2, True)
    assert picture in other.body


async def test_the_tls_context_is_made_once() -> None:
    contexts: list[object] = []

    async def get() -> None:
        contexts.append(await ssl_context())

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(get)

    assert len({id(context) for context in contexts}) == 1


def test_what_is_kept_of_timeouts_and_hosts_does_not_grow_for_ever() -> None:
    transport = HttpxTransport()
    for number in range(1000):
        timeouts(60 + number / 1000)
        _timeout(60 + number / 1000, silence=True)
        transport._url(f"https://{number}.example/")

    assert timeouts.cache_info().currsize < 200
    assert _timeout.cache_info().currsize < 200
    assert len(transport._urls) <= 500


async def test_a_connection_that_ends_after_the_client_is_closed(emulator: Emulator) -> None:
    with serve([b""]) as script:
        transport = HttpxTransport()
        async with AsyncPixLab(
            base_url=script.base_url, api_key=KEY, transport=transport, retry=QUICK
        ) as pixlab:
            async with anyio.create_task_group() as group:
                group.start_soon(_ignore_errors, pixlab)
                await anyio.wait_all_tasks_blocked()
                await pixlab.aclose()
                group.cancel_scope.cancel()
        assert transport._free(f"{script.base_url}/delete") == []


async def _ignore_errors(pixlab: AsyncPixLab) -> None:
    await pixlab.delete(LINK)


async def test_a_call_under_way_when_the_client_is_closed_ends_and_is_not_kept() -> None:
    slow = http(JSON_OK + b" ", 200)
    with serve([slow]) as script:
        transport = HttpxTransport()
        pixlab = AsyncPixLab(base_url=script.base_url, api_key=KEY, transport=transport)
        transport._closed = True
        await pixlab.delete(LINK)
        await pixlab.aclose()
        assert transport._free(f"{script.base_url}/delete") == []


def test_httpx_sees_no_parameters_in_its_own_log(
    caplog: pytest.LogCaptureFixture, emulator: Emulator
) -> None:
    async def one() -> None:
        async with AsyncPixLab(base_url=emulator.base_url, api_key=emulator.api_key) as pixlab:
            await pixlab.delete("a.png", missing_ok=True)

    with caplog.at_level("INFO", "httpx"):
        anyio.run(one)

    assert f"GET {emulator.base_url}/delete " in caplog.text
    assert "a.png" not in caplog.text


async def test_event_hooks_of_a_given_client_are_called(emulator: Emulator) -> None:
    seen: list[str] = []

    async def hook(request: httpx.Request) -> None:
        seen.append(request.url.path)

    async with (
        httpx.AsyncClient(event_hooks={"request": [hook]}, verify=PLAIN) as http_client,
        AsyncPixLab(
            base_url=emulator.base_url,
            api_key=emulator.api_key,
            http_client=http_client,
            auth="header",
        ) as pixlab,
    ):
        await pixlab.status()

    assert seen == ["/status"]


async def test_a_mock_transport_of_httpx_works() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.params["key"] == KEY
        return httpx.Response(200, json={"status": 200, "deleted": True})

    async with AsyncPixLab(api_key=KEY, transport=httpx.MockTransport(answer)) as pixlab:
        assert (await pixlab.delete(LINK)).deleted


async def test_a_closed_client_of_the_callers_is_told(emulator: Emulator, tmp_path: Path) -> None:
    http_client = httpx.AsyncClient()
    async with AsyncPixLab(
        base_url=emulator.base_url,
        api_key=KEY,
        http_client=http_client,
        auth="header",
    ) as pixlab:
        await http_client.aclose()
        with pytest.raises(ConfigurationError, match="The httpx client is closed"):
            await pixlab.delete(LINK)
        with pytest.raises(ConfigurationError, match="The httpx client is closed"):
            await pixlab.download(f"{emulator.base_url}/a.png", tmp_path / "a.png")


async def test_an_error_that_httpx_lets_through_is_a_failed_connection(tmp_path: Path) -> None:
    class Odd(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise ssl.SSLError("bad record")

    async with AsyncPixLab(api_key=KEY, transport=Odd(), retry=QUICK) as pixlab:
        with pytest.raises(ConnectionFailed, match="bad record") as caught:
            await pixlab.delete(LINK)
        with pytest.raises(ConnectionFailed, match="bad record"):
            await pixlab.download("https://example.org/a.png", tmp_path / "a.png")

    assert caught.value.sent


async def test_a_body_that_breaks_in_an_odd_way_is_a_failed_connection(tmp_path: Path) -> None:
    class Stream(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"half"
            raise ssl.SSLError("bad record")

    async with AsyncPixLab(
        api_key=KEY,
        transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=Stream())),
        retry=QUICK,
    ) as pixlab:
        with pytest.raises(ConnectionFailed, match="bad record"):
            await pixlab.download("https://example.org/a.png", tmp_path / "a.png")

    assert list(tmp_path.iterdir()) == []


async def test_all_connections_that_died_while_idle_are_dropped_at_once() -> None:
    """Each serves one call, then a second one meets a closed connection on all five."""
    first = [http(), None]
    with serve(*[first] * 5, [http()] * 9) as script:
        async with AsyncPixLab(
            base_url=script.base_url, api_key=KEY, retry=RetryPolicy(attempts=1)
        ) as pixlab:
            transport = pixlab._core.transport
            assert isinstance(transport, HttpxTransport)
            async with anyio.create_task_group() as group:
                for _ in range(5):
                    group.start_soon(pixlab.delete, LINK)
            free = transport._free(f"{script.base_url}/delete")
            assert len(free) == 5

            assert (await pixlab.delete(LINK)).meta.attempts == 2
            assert len(free) == 1


async def test_certificates_that_cannot_be_read_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lane: Lane
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    http_context.cache_clear()
    http1_context.cache_clear()

    async with AsyncPixLab(transport=lane, api_key=KEY, base_url="https://localhost:1") as pixlab:
        with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
            await pixlab.delete("a.png")


def test_a_reply_prints_without_its_contents() -> None:
    assert repr(Reply(200, {"a": "secret"}, b"secret")) == "<Reply 200, 6 bytes>"
