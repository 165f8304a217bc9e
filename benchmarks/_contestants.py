"""Who is measured. All do the same work: ask for a deletion, parse the reply, check it.

A contestant is a context manager over a client of so many connections, which yields the
call. The libraries are imported where they are used: each runs in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, cast
from urllib.parse import urlsplit

KEY = "0123456789abcdef0123456789abcdef"
OK = 200
TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Gone:
    """What every contestant makes of a reply."""

    id: str
    deleted: bool


Call: TypeAlias = Callable[[str], Awaitable[object]]


class Setting(NamedTuple):
    """Where the server is, and how many calls are under way at once."""

    base_url: str
    connections: int
    authority: str | None  # the file of the one certificate authority to trust


Contestant: TypeAlias = Callable[[Setting], AbstractAsyncContextManager[Call]]


def read(status: int, body: bytes) -> Gone:
    fields = json.loads(body)
    if status != OK or fields["status"] != OK or fields["deleted"] is not True:
        raise RuntimeError(f"HTTP {status}: {body!r}")

    return Gone(fields["id"], deleted=True)


def _trust(setting: Setting) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=setting.authority)


def _trust_everywhere(setting: Setting) -> None:
    if setting.authority is not None:
        os.environ["SSL_CERT_FILE"] = setting.authority


@asynccontextmanager
async def ours(setting: Setting) -> AsyncGenerator[Call]:
    from pixlab_async import AsyncPixLab  # noqa: PLC0415

    _trust_everywhere(setting)
    async with AsyncPixLab(
        base_url=setting.base_url, api_key=KEY, connections=setting.connections
    ) as pixlab:
        yield pixlab.delete


@asynccontextmanager
async def ours_fast(setting: Setting) -> AsyncGenerator[Call]:
    from pixlab_async import AsyncPixLab  # noqa: PLC0415

    _trust_everywhere(setting)
    async with AsyncPixLab(
        base_url=setting.base_url,
        api_key=KEY,
        connections=setting.connections,
        transport="fast",  # type: ignore[arg-type, unused-ignore]
    ) as pixlab:
        yield pixlab.delete


@asynccontextmanager
async def httpx(setting: Setting) -> AsyncGenerator[Call]:
    import httpx  # noqa: PLC0415

    count = setting.connections
    limits = httpx.Limits(max_connections=count, max_keepalive_connections=count)
    async with httpx.AsyncClient(
        base_url=setting.base_url, limits=limits, timeout=TIMEOUT, verify=_trust(setting)
    ) as client:

        async def call(link: str) -> Gone:
            reply = await client.get("/delete", params={"link": link, "key": KEY})
            return read(reply.status_code, reply.content)

        yield call


@asynccontextmanager
async def httpx2(setting: Setting) -> AsyncGenerator[Call]:
    import httpx2  # noqa: PLC0415

    count = setting.connections
    limits = httpx2.Limits(max_connections=count, max_keepalive_connections=count)
    async with httpx2.AsyncClient(
        base_url=setting.base_url, limits=limits, timeout=TIMEOUT, verify=_trust(setting)
    ) as client:

        async def call(link: str) -> Gone:
            reply = await client.get("/delete", params={"link": link, "key": KEY})
            return read(reply.status_code, reply.content)

        yield call


@asynccontextmanager
async def httpx_aiohttp(setting: Setting) -> AsyncGenerator[Call]:
    import httpx  # noqa: PLC0415
    from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415

    count = setting.connections
    limits = httpx.Limits(max_connections=count, max_keepalive_connections=count)
    transport = AiohttpTransport(limits=limits, verify=_trust(setting))
    async with httpx.AsyncClient(
        base_url=setting.base_url, timeout=TIMEOUT, transport=transport
    ) as client:

        async def call(link: str) -> Gone:
            reply = await client.get("/delete", params={"link": link, "key": KEY})
            return read(reply.status_code, reply.content)

        yield call


@asynccontextmanager
async def aiohttp(setting: Setting) -> AsyncGenerator[Call]:
    import aiohttp  # noqa: PLC0415

    connector = aiohttp.TCPConnector(limit=setting.connections, ssl=_trust(setting))
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    url = f"{setting.base_url}/delete"
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def call(link: str) -> Gone:
            async with session.get(url, params={"link": link, "key": KEY}) as reply:
                return read(reply.status, await reply.read())

        yield call


@asynccontextmanager
async def pyreqwest(setting: Setting) -> AsyncGenerator[Call]:
    from datetime import timedelta  # noqa: PLC0415

    from pyreqwest.client import ClientBuilder  # noqa: PLC0415

    builder = ClientBuilder().pool_max_idle_per_host(setting.connections)
    if setting.authority is not None:
        with open(setting.authority, "rb") as file:  # noqa: ASYNC230, PTH123 - before it begins
            builder = builder.add_root_certificate_pem(file.read())
    url = f"{setting.base_url}/delete"
    async with builder.timeout(timedelta(seconds=TIMEOUT)).build() as client:

        async def call(link: str) -> Gone:
            reply = await client.get(url).query({"link": link, "key": KEY}).build().send()
            return read(reply.status, bytes(await reply.bytes()))

        yield call


class _Wire(asyncio.Protocol):
    """One connection of the floor: bytes out, a future for what comes back."""

    def __init__(self) -> None:
        self.reply: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.reply is not None and not self.reply.done():
            self.reply.set_result(data)


@asynccontextmanager
async def floor(setting: Setting) -> AsyncGenerator[Call]:
    """The same bytes for each call, over a bare Protocol: no client of Python can cost less."""
    parts = urlsplit(setting.base_url)
    link = "https%3A%2F%2Fmedia.example%2F24p62f73c9583ec6.jpeg"
    request = f"GET /delete?link={link}&key={KEY} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    free: list[_Wire] = []
    for _ in range(setting.connections):
        _, wire = await loop.create_connection(_Wire, parts.hostname or "", parts.port or 80)
        free.append(wire)

    async def call(link: str) -> Gone:  # noqa: ARG001 - the bytes are ready
        wire = free.pop()
        wire.reply = loop.create_future()
        wire.transport.write(request)
        received = await wire.reply
        free.append(wire)
        head, _, body = received.partition(b"\r\n\r\n")
        return read(int(head[9:12]), body)

    yield call
    for wire in free:
        wire.transport.close()


CONTESTANTS: dict[str, Contestant] = {
    "ours": ours,
    "ours, fast": ours_fast,
    "httpx": httpx,
    "httpx2": httpx2,
    "httpx-aiohttp": httpx_aiohttp,
    "aiohttp": aiohttp,
    "pyreqwest": pyreqwest,
    "floor": floor,
}
THREADS = "requests, threads"


class Entry(NamedTuple):
    """A contestant on an event loop."""

    name: str
    loop: str

    def __str__(self) -> str:
        return f"{self.name} ({self.loop})" if self.loop else self.name


ENTRIES = [
    Entry("ours", "asyncio"),
    Entry("ours", "uvloop"),
    Entry("ours", "trio"),
    Entry("ours, fast", "asyncio"),
    Entry("ours, fast", "uvloop"),
    Entry("httpx", "asyncio"),
    Entry("httpx", "trio"),
    Entry("httpx2", "asyncio"),
    Entry("httpx-aiohttp", "asyncio"),
    Entry("aiohttp", "asyncio"),
    Entry("aiohttp", "uvloop"),
    Entry("pyreqwest", "asyncio"),
    Entry("pyreqwest", "uvloop"),
    Entry(THREADS, ""),
    Entry("floor", "asyncio"),
    Entry("floor", "uvloop"),
]
PLAIN, PEER = Entry("httpx", "asyncio"), Entry("aiohttp", "asyncio")
