"""The ways to reach the service: a proxy, TLS of one's own, HTTP/2, a Unix socket, hooks."""

from __future__ import annotations

import gc
import gzip
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx
import pytest

from pixlab_async import AsyncPixLab, ConfigurationError, ConnectionFailed, RetryPolicy

from . import servers
from .conftest import PLAIN
from .scripted import JSON_OK, http, serve
from .servers import (
    Authority,
    Seen,
    authority,
    http1,
    http2,
    http2_once,
    http2_silent,
    listening,
    proxy,
)

Auth = Literal["query", "header"]
KEY = "0123456789abcdef0123456789abcdef"
LINK = "https://media.example/24p.png"
SENT = "/delete?link=https%3A%2F%2Fmedia.example%2F24p.png"


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def trusted_h2(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Its server offers HTTP/2."""
    made = authority(tmp_path_factory.mktemp("h2"))
    made.server.set_alpn_protocols(["h2"])
    return made


@pytest.fixture
def trusting(trusted: Authority) -> Iterator[None]:
    with servers.trusting(trusted.root):
        yield


@pytest.fixture
def trusting_h2(trusted_h2: Authority) -> Iterator[None]:
    with servers.trusting(trusted_h2.root):
        yield


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(5):
        while not condition():
            await anyio.sleep(0.001)


async def cancelled_call(pixlab: AsyncPixLab, seen: Seen) -> None:
    """A call that is cancelled when the server has its request."""
    before = len(seen.heads)
    async with anyio.create_task_group() as group:
        group.start_soon(pixlab.delete, LINK)
        await until(lambda: len(seen.heads) > before)
        group.cancel_scope.cancel()


# --- A proxy ------------------------------------------------------------------------------


async def test_a_plain_proxy_is_asked_for_the_whole_address() -> None:
    with listening(http1) as (port, seen), listening(proxy) as (proxy_port, asked):
        through = httpx.AsyncHTTPTransport(proxy=f"http://127.0.0.1:{proxy_port}")
        base_url = f"http://127.0.0.1:{port}"
        async with AsyncPixLab(base_url=base_url, api_key=KEY, transport=through) as pixlab:
            assert (await pixlab.delete(LINK)).deleted

    assert asked.heads[0].startswith(f"GET {base_url}{SENT}&key={KEY} HTTP/1.1\r\n")
    assert len(seen.heads) == 1


async def test_a_proxy_of_a_secure_host_sees_neither_key_nor_link(trusted: Authority) -> None:
    with listening(http1, tls=trusted.server) as (port, seen), listening(proxy) as (way, asked):
        through = httpx.AsyncHTTPTransport(proxy=f"http://127.0.0.1:{way}", verify=trusted.client)
        async with AsyncPixLab(
            base_url=f"https://localhost:{port}", api_key=KEY, transport=through
        ) as pixlab:
            await pixlab.delete(LINK)
            await pixlab.delete(LINK)

    assert [head.partition("\r\n")[0] for head in asked.heads] == [
        f"CONNECT localhost:{port} HTTP/1.1"
    ]
    assert [SENT in head and KEY in head for head in seen.heads] == [True, True]


async def test_a_proxy_that_is_not_there_is_a_failed_connection() -> None:
    with listening(proxy) as (port, _):
        pass
    through = httpx.AsyncHTTPTransport(proxy=f"http://127.0.0.1:{port}")
    retry = RetryPolicy(attempts=1)
    async with AsyncPixLab(api_key=KEY, transport=through, retry=retry) as pixlab:
        with pytest.raises(ConnectionFailed) as caught:
            await pixlab.delete(LINK)

    assert not caught.value.maybe_processed


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(http1) as (port, seen), listening(proxy) as (proxy_port, asked):
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy_port}")
        async with AsyncPixLab(base_url=f"http://127.0.0.1:{port}", api_key=KEY) as pixlab:
            await pixlab.delete(LINK)

    assert (len(seen.heads), asked.heads) == (1, [])


# --- TLS ----------------------------------------------------------------------------------


async def test_an_authority_of_the_environments_is_trusted(
    trusted: Authority, trusting: None
) -> None:
    with listening(http1, tls=trusted.server) as (port, seen):
        async with AsyncPixLab(base_url=f"https://localhost:{port}", api_key=KEY) as pixlab:
            await pixlab.delete(LINK)
            await pixlab.delete(LINK)

    assert (seen.connections, len(seen.heads)) == (1, 2)
    assert seen.heads[0].startswith(f"GET {SENT}&key={KEY} HTTP/1.1\r\nHost: localhost:{port}\r\n")


async def test_a_context_of_the_callers_is_used(trusted: Authority) -> None:
    with listening(http1, tls=trusted.server) as (port, seen):
        async with AsyncPixLab(
            base_url=f"https://localhost:{port}",
            api_key=KEY,
            transport=httpx.AsyncHTTPTransport(verify=trusted.client),
        ) as pixlab:
            assert (await pixlab.delete(LINK)).deleted

    assert KEY in seen.heads[0]


async def test_a_host_of_an_unknown_authority_never_gets_the_key(trusted: Authority) -> None:
    with listening(http1, tls=trusted.server) as (port, seen):
        async with AsyncPixLab(base_url=f"https://localhost:{port}", api_key=KEY) as pixlab:
            with pytest.raises(ConnectionFailed, match="(?i)certificate") as caught:
                await pixlab.delete(LINK)

    assert (caught.value.attempts, seen.heads) == (1, [])


# --- HTTP/2 -------------------------------------------------------------------------------


async def test_http2_is_spoken_where_it_is_asked_for(
    trusted_h2: Authority, trusting_h2: None
) -> None:
    with listening(http2, tls=trusted_h2.server) as (port, seen):
        async with AsyncPixLab(
            base_url=f"https://localhost:{port}", api_key=KEY, http2=True
        ) as pixlab:
            for _ in range(3):
                assert (await pixlab.delete(LINK)).deleted

    assert (seen.connections, len(seen.heads)) == (1, 3)
    assert f"(b':path', b'{SENT}&key={KEY}')" in seen.heads[2]


async def test_calls_at_once_over_http2_have_a_connection_each(
    trusted_h2: Authority, trusting_h2: None
) -> None:
    with listening(http2, tls=trusted_h2.server) as (port, seen):
        async with AsyncPixLab(
            base_url=f"https://localhost:{port}", api_key=KEY, http2=True, auth="header"
        ) as pixlab:
            async with anyio.create_task_group() as group:
                for _ in range(5):
                    group.start_soon(pixlab.delete, LINK)

    assert (seen.connections, len(seen.heads)) == (5, 5)


async def test_a_server_without_http2_is_spoken_to_as_before(
    trusted: Authority, trusting: None
) -> None:
    with listening(http1, tls=trusted.server) as (port, seen):
        async with AsyncPixLab(
            base_url=f"https://localhost:{port}", api_key=KEY, http2=True
        ) as pixlab:
            assert (await pixlab.delete(LINK)).deleted

    assert seen.heads[0].startswith("GET /delete?")


async def test_a_transport_of_the_callers_may_speak_http2(trusted_h2: Authority) -> None:
    with listening(http2, tls=trusted_h2.server) as (port, seen):
        async with AsyncPixLab(
            base_url=f"https://localhost:{port}",
            api_key=KEY,
            transport=httpx.AsyncHTTPTransport(verify=trusted_h2.client, http2=True),
        ) as pixlab:
            assert (await pixlab.delete(LINK)).deleted

    assert f"{SENT}&key={KEY}" in seen.heads[0]


async def test_an_http2_connection_that_was_closed_while_idle_is_replaced_for_free(
    trusted_h2: Authority, trusting_h2: None
) -> None:
    with listening(http2_once, tls=trusted_h2.server) as (port, seen):
        async with AsyncPixLab(
            base_url=f"https://localhost:{port}",
            api_key=KEY,
            http2=True,
            retry=RetryPolicy(attempts=1),
        ) as pixlab:
            for _ in range(3):
                assert (await pixlab.delete(LINK)).deleted

    assert (seen.connections, len(seen.heads)) == (3, 3)


async def test_a_call_over_http2_that_is_cancelled_leaves_nothing_behind(
    trusted_h2: Authority, trusting_h2: None
) -> None:
    with listening(http2_silent, tls=trusted_h2.server) as (port, seen):
        async with AsyncPixLab(
            base_url=f"https://localhost:{port}", api_key=KEY, http2=True, connections=1
        ) as pixlab:
            for _ in range(3):
                await cancelled_call(pixlab, seen)

            assert pixlab.stats().in_use == 0

    assert seen.connections == 3


@pytest.mark.parametrize("auth", ["query", "header"])
def test_the_key_is_in_no_log_line_of_http2(
    auth: Auth, trusted_h2: Authority, trusting_h2: None, caplog: pytest.LogCaptureFixture
) -> None:
    async def one(port: int) -> None:
        async with AsyncPixLab(
            base_url=f"https://localhost:{port}", api_key=KEY, http2=True, auth=auth
        ) as pixlab:
            await pixlab.delete(LINK)
            await pixlab.delete(LINK)

    with caplog.at_level(logging.DEBUG):
        with listening(http2, tls=trusted_h2.server) as (port, seen):
            anyio.run(one, port)

    assert {record.name for record in caplog.records} >= {"hpack.hpack", "httpcore.http2"}
    assert (KEY in seen.heads[0], KEY in caplog.text) == (True, False)


def test_http2_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h2", None)  # as Python marks what cannot be imported

    with pytest.raises(ConfigurationError, match="pip install"):
        AsyncPixLab(api_key=KEY, http2=True)


async def test_http2_is_no_option_of_what_the_caller_brings() -> None:
    with pytest.raises(ConfigurationError, match="http2= is for the default transport"):
        AsyncPixLab(api_key=KEY, http2=True, transport=httpx.AsyncHTTPTransport(http2=True))

    async with httpx.AsyncClient() as client:
        with pytest.raises(ConfigurationError, match="http2= is for the default transport"):
            AsyncPixLab(api_key=KEY, auth="header", http2=True, http_client=client)


# --- A Unix socket ------------------------------------------------------------------------


async def test_a_unix_socket_is_a_transports_business(tmp_path: Path) -> None:
    path = tmp_path / "pixlab.sock"
    with listening(http1, uds=path) as (_, seen):
        through = httpx.AsyncHTTPTransport(uds=str(path))
        async with AsyncPixLab(
            base_url="http://localhost", api_key=KEY, transport=through
        ) as pixlab:
            assert (await pixlab.delete(LINK)).deleted

    assert seen.heads[0].startswith(f"GET {SENT}&key={KEY} HTTP/1.1\r\n")


# --- Hooks --------------------------------------------------------------------------------


async def test_hooks_of_a_given_client_see_request_and_reply_but_no_key() -> None:
    told: list[str] = []

    async def asked(request: httpx.Request) -> None:
        told.append(str(request.url))

    async def answered(response: httpx.Response) -> None:
        told.append(f"{response.status_code}")

    hooks: dict[str, Any] = {"request": [asked], "response": [answered]}
    with listening(http1) as (port, seen):
        base_url = f"http://127.0.0.1:{port}"
        async with (
            httpx.AsyncClient(event_hooks=hooks, verify=PLAIN) as client,
            AsyncPixLab(
                base_url=base_url, api_key=KEY, auth="header", http_client=client
            ) as pixlab,
        ):
            await pixlab.delete(LINK)

    assert told == [f"{base_url}{SENT}", "200"]
    assert f"WWW-Authenticate: {KEY}" in seen.heads[0]


@pytest.mark.parametrize("packed", [False, True])
async def test_a_hook_may_read_the_reply_before_us(packed: bool) -> None:
    told: list[bytes] = []

    async def answered(response: httpx.Response) -> None:
        told.append(await response.aread())

    reply = http(gzip.compress(JSON_OK), 200, ["Content-Encoding: gzip"]) if packed else http()
    with serve([reply] * 2) as script:
        async with (
            httpx.AsyncClient(event_hooks={"response": [answered]}, verify=PLAIN) as client,
            AsyncPixLab(
                base_url=script.base_url, api_key=KEY, auth="header", http_client=client
            ) as pixlab,
        ):
            await pixlab.delete(LINK)
            assert (await pixlab.delete(LINK)).deleted

    assert told == [JSON_OK, JSON_OK]


async def test_what_httpx_made_for_a_call_is_gone_when_the_call_is() -> None:
    """Its response refers to itself, and to the request that holds key and link."""
    with serve([http()] * 2) as script:
        async with AsyncPixLab(base_url=script.base_url, api_key=KEY) as pixlab:
            await pixlab.delete(LINK)
            gc.collect()
            gc.disable()
            try:
                await pixlab.delete(LINK)
                found = [one for one in gc.get_objects() if isinstance(one, httpx.Response)]
                left = [one for one in found if script.base_url in repr(vars(one))]
            finally:
                gc.enable()

    assert left == []
