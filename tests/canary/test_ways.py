"""Proxies, TLS and HTTP/2: who sees the key, and what is logged and traced on the way."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hpack import Decoder, Encoder, HPACKError

from pixlab_async import PixLabError, RetryPolicy

from .. import servers
from ..servers import Authority, Seen, authority, http1, http2, http2_once, listening, proxy
from .conftest import TRUST, Auth, reaching
from .hunting import IN_QUERY, KEY, LINK, assert_discreet, assert_silent, hunt
from .telling import told_by


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Its server offers HTTP/2."""
    made = authority(tmp_path_factory.mktemp("tls"))
    made.server.set_alpn_protocols(["h2"])
    return made


@pytest.fixture
def trusting(trusted: Authority) -> Iterator[None]:
    with servers.trusting(trusted.root):
        yield


def arrived(seen: Seen) -> bool:
    """Whether each request that the service saw had the key."""
    return bool(seen.heads) and all(IN_QUERY in head or KEY in head for head in seen.heads)


async def test_http2s_own_logs_are_discreet(
    trusted: Authority, trusting: None, log: io.StringIO, auth: Auth
) -> None:
    """hpack prints path and headers of each request, and also as it has compressed them."""
    with listening(http2, tls=trusted.server) as (port, seen):
        async with reaching(f"https://localhost:{port}", auth, http2=True) as pixlab:
            await pixlab.delete(LINK)
            await pixlab.delete(LINK)

    assert arrived(seen)
    assert "hpack.hpack Encoded header block to" in log.getvalue()
    assert_discreet(log.getvalue(), *unpacked(log.getvalue()))


def test_a_key_that_hpack_has_compressed_is_found() -> None:
    block = Encoder().encode([(b":path", f"/delete?key={IN_QUERY}".encode())])

    assert not hunt(repr(block))
    assert hunt(*unpacked(f"hpack.hpack Encoded header block to {block!r} ()"))


def unpacked(log: str) -> list[str]:
    """What hpack's compressed blocks in a log say."""
    blocks = re.findall(r"(b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\")", log)
    told: list[str] = []
    for block in blocks:
        with suppress(HPACKError):
            told.append(repr(Decoder().decode(ast.literal_eval(block))))
    return told


async def test_errors_over_http2_are_silent(
    trusted: Authority, trusting: None, log: io.StringIO, auth: Auth
) -> None:
    with listening(http2_once, tls=trusted.server) as (port, seen):
        once = RetryPolicy(attempts=1)
        base_url = f"https://localhost:{port}"
        async with reaching(base_url, auth, http2=True, retry=once) as pixlab:
            await pixlab.delete(LINK)
            with pytest.raises(PixLabError) as caught:
                await pixlab.oilpaint(LINK, radius=1)

    assert arrived(seen)
    assert_silent(told_by(caught.value), log.getvalue())


async def test_a_tunnels_proxy_sees_neither_key_nor_link(
    trusted: Authority, log: io.StringIO, auth: Auth
) -> None:
    with listening(http1, tls=trusted.server) as (port, seen), listening(proxy) as (way, asked):
        through = httpx.AsyncHTTPTransport(proxy=f"http://127.0.0.1:{way}", verify=trusted.client)
        async with reaching(f"https://localhost:{port}", auth, transport=through) as pixlab:
            await pixlab.delete(LINK)

    assert arrived(seen)
    assert len(asked.heads) == 1
    assert_discreet(log.getvalue(), *asked.heads)


async def test_a_forwarding_proxy_passes_the_key_on_and_nothing_else_tells_it(
    log: io.StringIO, auth: Auth
) -> None:
    """Which is possible for a service on this machine alone: others are reached by TLS."""
    with listening(http1) as (port, seen), listening(proxy) as (way, asked):
        through = httpx.AsyncHTTPTransport(proxy=f"http://127.0.0.1:{way}", verify=TRUST)
        async with reaching(f"http://127.0.0.1:{port}", auth, transport=through) as pixlab:
            await pixlab.delete(LINK)

    assert (arrived(seen), arrived(asked)) == (True, True)
    assert_discreet(log.getvalue())


def refusing(connection: Any, seen: Seen) -> None:
    """A proxy that will not, and quotes what it was asked."""
    asked = connection.recv(65536)
    seen.heads.append(asked.decode("latin-1"))
    said = b" ".join(asked[:300].split())
    connection.sendall(b"HTTP/1.1 403 " + said + b"\r\nX-Asked: " + said + b"\r\n\r\n")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_refuses_is_silent(log: io.StringIO, auth: Auth, scheme: str) -> None:
    with listening(refusing) as (way, asked):
        through = httpx.AsyncHTTPTransport(proxy=f"http://127.0.0.1:{way}", verify=TRUST)
        async with reaching(f"{scheme}://127.0.0.1:9", auth, transport=through) as pixlab:
            with pytest.raises(PixLabError) as caught:
                await pixlab.delete(LINK)

    assert bool(hunt(*asked.heads)) is (scheme == "http")
    assert_silent(told_by(caught.value), log.getvalue())


async def test_a_unix_socket_is_as_silent(tmp_path: Path, log: io.StringIO, auth: Auth) -> None:
    path = tmp_path / "s"
    with listening(http1, uds=path) as (_, seen):
        through = httpx.AsyncHTTPTransport(uds=str(path), verify=TRUST)
        async with reaching("http://localhost", auth, transport=through) as pixlab:
            await pixlab.delete(LINK)

    assert arrived(seen)
    assert_discreet(log.getvalue())
