"""The client as its arguments make it: keys, addresses, options, derived clients."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from pixlab_async import (
    APIKey,
    AsyncPixLab,
    AuthenticationFailed,
    ConfigurationError,
    NotFound,
    RetryPolicy,
    TimedOut,
)
from pixlab_async.emulator import Emulator

from .conftest import PLAIN, client_of
from .scripted import serve

KEY = "0123456789abcdef0123456789abcdef"


async def test_the_key_comes_from_the_argument(emulator: Emulator) -> None:
    async with AsyncPixLab(api_key=emulator.api_key, base_url=emulator.base_url) as pixlab:
        await pixlab.delete("a.png", missing_ok=True)

    assert emulator.received[-1].key == emulator.api_key


async def test_the_key_comes_from_the_environment(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXLAB_API_KEY", emulator.api_key)
    monkeypatch.setenv("PIXLAB_BASE_URL", emulator.base_url)

    async with AsyncPixLab() as pixlab:
        await pixlab.delete("a.png", missing_ok=True)

    assert emulator.received[-1].key == emulator.api_key


async def test_the_key_comes_from_the_base_url(emulator: Emulator) -> None:
    url = f"{emulator.base_url}/?key={emulator.api_key}"

    async with AsyncPixLab(base_url=url) as pixlab:
        await pixlab.delete("a.png", missing_ok=True)

    assert emulator.received[-1].key == emulator.api_key


async def _async_key(key: str) -> str:
    await anyio.lowlevel.checkpoint()
    return key


KINDS_OF_KEY: dict[str, Callable[[str], Any]] = {
    "a text": lambda key: key,
    "an APIKey": APIKey,
    "an awaitable": _async_key,
}


@pytest.mark.parametrize("source", KINDS_OF_KEY.values(), ids=KINDS_OF_KEY)
async def test_a_callable_is_asked_for_the_key_of_each_call(
    emulator: Emulator, source: Callable[[str], Any]
) -> None:
    keys = iter([emulator.api_key, "b" * 32])

    async with AsyncPixLab(
        api_key=lambda: source(next(keys)), base_url=emulator.base_url
    ) as pixlab:
        await pixlab.delete("a.png", missing_ok=True)
        with pytest.raises(AuthenticationFailed):
            await pixlab.delete("a.png")


@pytest.mark.parametrize("auth", ["query", "header"])
async def test_the_key_goes_where_auth_says(emulator: Emulator, auth: Any, picture: bytes) -> None:
    async with AsyncPixLab(
        api_key=emulator.api_key, base_url=emulator.base_url, auth=auth
    ) as pixlab:
        await pixlab.store(picture)
        await pixlab.delete("a.png", missing_ok=True)

    for request in emulator.received:
        assert request.key == emulator.api_key
        assert ("www-authenticate" in request.headers) == (auth == "header")
        assert (emulator.api_key in request.query) == (auth == "query" and request.method == "GET")


async def test_a_posted_json_object_carries_the_key(emulator: Emulator) -> None:
    async with client_of(emulator) as pixlab:
        with pytest.raises(Exception, match="img"):
            await pixlab.call("oilpaint", {"radius": 1}, method="POST")

    assert (emulator.received[-1].key, emulator.received[-1].query) == (emulator.api_key, "")


@pytest.mark.parametrize("where", ["params", "header", "base_url"])
async def test_the_key_of_a_given_httpx_client_is_read_and_taken_off(
    emulator: Emulator, where: str
) -> None:
    options: dict[str, Any] = {"base_url": emulator.base_url, "verify": PLAIN}
    if where == "params":
        options["params"] = {"key": emulator.api_key, "other": "1"}
    elif where == "header":
        options["headers"] = {"WWW-Authenticate": emulator.api_key}
    else:
        options["base_url"] += f"?key={emulator.api_key}"

    async with httpx.AsyncClient(**options) as http_client:
        async with AsyncPixLab(http_client=http_client, auth="header") as pixlab:
            await pixlab.delete("a.png", missing_ok=True)

        assert not http_client.is_closed
        assert (
            emulator.api_key
            not in f"{http_client.params}{http_client.headers}{http_client.base_url}"
        )
    assert emulator.received[-1].headers["www-authenticate"] == emulator.api_key


async def test_a_given_httpx_client_without_base_url_goes_to_the_default(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXLAB_BASE_URL", emulator.base_url)

    async with (
        httpx.AsyncClient() as http_client,
        AsyncPixLab(http_client=http_client, auth="header", api_key=emulator.api_key) as pixlab,
    ):
        await pixlab.delete("a.png", missing_ok=True)

    assert emulator.received


async def test_a_given_httpx_client_is_refused_with_the_key_in_the_query() -> None:
    async with httpx.AsyncClient() as http_client:
        with pytest.raises(ConfigurationError, match="auth='header'; or .* transport="):
            AsyncPixLab(http_client=http_client, api_key=KEY)


async def test_a_given_httpx_client_and_a_transport_exclude_each_other() -> None:
    async with httpx.AsyncClient() as http_client:
        with pytest.raises(ConfigurationError, match="not both"):
            AsyncPixLab(
                http_client=http_client,
                transport=httpx.AsyncHTTPTransport(verify=False),
                auth="header",
            )


async def test_a_call_without_a_key_says_where_to_put_one(emulator: Emulator) -> None:
    async with AsyncPixLab(base_url=emulator.base_url) as pixlab:
        with pytest.raises(ConfigurationError, match="set PIXLAB_API_KEY, or pass api_key="):
            await pixlab.delete("a.png")

    assert not emulator.received


@pytest.mark.parametrize("key", ["", "two words", "line\n", "schlüssel", 7])
def test_a_text_that_can_be_no_key_is_refused(key: Any) -> None:
    with pytest.raises(ConfigurationError, match="key"):
        AsyncPixLab(api_key=key)


async def test_a_callable_that_gives_no_key_is_refused(emulator: Emulator) -> None:
    async with AsyncPixLab(api_key=lambda: "", base_url=emulator.base_url) as pixlab:
        with pytest.raises(ConfigurationError, match="empty"):
            await pixlab.delete("a.png")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://api.pixlab.io", "plain http"),
        ("http://192.168.1.1", "plain http"),
        ("ftp://api.pixlab.io", "https://host"),
        ("api.pixlab.io", "https://host"),
        ("https://", "https://host"),
        ("https://user:word@api.pixlab.io", "user name"),
        ("https://api.pixlab.io?x=1", "query"),
        ("https://api.pixlab.io#x", "fragment"),
        ("https://api.pixlab.io:port", "no URL"),
        ("https://[::1", "no URL"),
        ("https://bü.example", "beyond ASCII"),
        ("https://host/prä", "beyond ASCII"),
        ("https://a..b", "looked up"),
        ("https://xn--", "looked up"),
        ("https://" + "a" * 64, "looked up"),
        (7, "no URL"),
    ],
)
def test_a_base_url_that_is_not_safe_is_refused(url: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        AsyncPixLab(base_url=url)


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.8.8.8", "http://[::1]:80/", "https://h/prefix/"]
)
def test_https_and_loopback_are_fine(url: str) -> None:
    assert repr(AsyncPixLab(base_url=url)) == f"<AsyncPixLab {url.rstrip('/')}>"


async def test_a_prefix_of_the_base_url_is_kept() -> None:
    with serve([b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"status":200}']) as script:
        async with AsyncPixLab(base_url=f"{script.base_url}/pix/lab/") as pixlab:
            await pixlab.status()

    assert script.requests[0].startswith(b"GET /pix/lab/status HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "options",
    [
        {"auth": "bearer"},
        {"connections": 0},
        {"connections": "many"},
        {"timeout": 0},
        {"timeout": math.inf},
        {"deadline": 0},
        {"rate": "fast"},
        {"rate": "0/min"},
        {"rate": 600},
        {"transport": "carrier pigeon"},
    ],
)
def test_an_option_that_cannot_be_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        AsyncPixLab(api_key=KEY, **options)


async def test_a_derived_client_has_its_own_key_and_shares_the_connections(
    emulator: Emulator,
) -> None:
    async with client_of(emulator) as pixlab:
        tenant = pixlab.with_options(api_key="b" * 32, deadline=5, timeout=4, auth="header")
        with pytest.raises(AuthenticationFailed):
            await tenant.delete("a.png")
        await pixlab.delete("a.png", missing_ok=True)

        assert tenant.stats() == pixlab.stats()


async def test_a_derived_client_keeps_what_it_is_not_told(emulator: Emulator) -> None:
    async with client_of(emulator) as pixlab:
        await pixlab.with_options(retry=RetryPolicy(attempts=1)).delete("a.png", missing_ok=True)

    assert emulator.received[-1].key == emulator.api_key


async def test_a_derived_client_refuses_bad_options(emulator: Emulator) -> None:
    async with client_of(emulator) as pixlab:
        with pytest.raises(ConfigurationError):
            pixlab.with_options(api_key="two words")


async def test_stats_count_the_calls(pixlab: AsyncPixLab) -> None:
    await pixlab.status()
    await pixlab.status()

    stats = pixlab.stats()
    assert (stats.calls, stats.in_use, stats.queued, stats.retries) == (2, 0, 0, 0)


async def test_stats_show_a_pinned_rate() -> None:
    async with AsyncPixLab(api_key=KEY, rate="10/s") as pixlab:
        assert pixlab.stats().limit_per_minute == 600


async def test_two_tenants_share_no_cookies() -> None:
    reply = b'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 14\r\n\r\n{"status":200}'
    with serve([reply, reply]) as script:
        async with AsyncPixLab(base_url=script.base_url) as pixlab:
            await pixlab.status()
            await pixlab.status()

    assert b"cookie" not in script.requests[1].lower()


@pytest.mark.skipif(sys.platform == "win32", reason="sockets differ")
async def test_more_callers_than_connections_wait_their_turn(emulator: Emulator) -> None:
    async with AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, connections=2
    ) as pixlab:
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(pixlab.status)

        assert pixlab.stats().calls == 20


async def test_a_key_is_read_from_an_incoming_query() -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "query_string": b"x=1&key=" + KEY.encode(),
        "headers": [],
    }

    assert APIKey.from_request(scope) == APIKey(KEY)


async def test_a_key_is_read_from_an_incoming_header() -> None:
    class Incoming:
        def __init__(self) -> None:
            headers = [(b"host", b"h"), (b"WWW-authenticate", KEY.encode())]
            self.scope: dict[str, Any] = {"headers": headers}

    assert APIKey.from_request(Incoming()) == APIKey(KEY)


async def test_a_request_without_a_key_says_where_it_should_be() -> None:
    with pytest.raises(ConfigurationError, match="query parameter 'key' or from the header"):
        APIKey.from_request({"headers": [(b"host", b"h")]})


def test_a_key_that_can_be_none_is_refused_by_the_key_itself() -> None:
    with pytest.raises(ConfigurationError, match="empty"):
        APIKey("")


def test_a_key_equals_itself_only() -> None:
    assert APIKey(KEY) == APIKey(KEY)
    assert APIKey(KEY) != KEY
    assert len({APIKey(KEY), APIKey(KEY), APIKey("b" * 20)}) == 2


async def test_a_derived_client_cannot_bring_the_key_into_the_log() -> None:
    async with httpx.AsyncClient() as http_client:
        pixlab = AsyncPixLab(http_client=http_client, auth="header", api_key=KEY)
        with pytest.raises(ConfigurationError, match="log lines"):
            pixlab.with_options(auth="query")


async def test_a_retry_policy_must_be_one() -> None:
    policy: Any = 5

    with pytest.raises(ConfigurationError, match="RetryPolicy"):
        AsyncPixLab(api_key=KEY, retry=policy)


async def test_the_deadline_covers_the_callable_that_gives_the_key(emulator: Emulator) -> None:
    async def vault() -> str:
        await anyio.sleep_forever()
        return KEY

    async with AsyncPixLab(base_url=emulator.base_url, api_key=vault, deadline=0.05) as pixlab:
        with pytest.raises(TimedOut, match="callable that gives the key"):
            await pixlab.delete("a.png")


async def test_a_short_key_masks_nothing_in_replies() -> None:
    with Emulator(api_key="1") as emulator:
        async with AsyncPixLab(base_url=emulator.base_url, api_key="1") as pixlab:
            with pytest.raises(NotFound):
                await pixlab.delete("1p62f73c9583ec6.png")
