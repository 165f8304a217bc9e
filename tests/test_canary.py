"""The key canary: a distinctive key, everything turned up to its loudest, and the key nowhere.

The only place where the key may be found is what came over the wire to the emulator.
"""

from __future__ import annotations

import asyncio
import copy
import io
import logging
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Literal

import anyio
import httpx
import pytest

import pixlab_async
from pixlab_async import (
    APIKey,
    AsyncPixLab,
    BatchIncomplete,
    BatchStopped,
    ConfigurationError,
    PixLabError,
    RetryPolicy,
)
from pixlab_async._protocol import JSON_LIMIT
from pixlab_async.emulator import Emulator, Fault

from .conftest import QUICK, Lane
from .scripted import Cut, http, serve

# Slashes and signs that are spelt differently in URLs and in JSON.
CANARY = "CANARY/bird+0123456789abcdef&="
SPELLINGS = (
    CANARY,
    "CANARY%2Fbird%2B0123456789abcdef%26%3D",
    "CANARY/bird%2B0123456789abcdef%26%3D",
    "CANARY\\/bird+0123456789abcdef&=",
)
Auth = Literal["query", "header"]


class Vault:
    """Holds the canary where no frame of a test shows it."""

    def open(self) -> str:
        return CANARY

    def incoming(self, suffix: bytes) -> Any:
        """An ASGI scope that carries the key, and prints without it."""

        class Scope(dict[str, Any]):
            def __repr__(self) -> str:
                return "<Scope>"

        return Scope(headers=[(b"www-authenticate", CANARY.encode() + suffix)])

    def __repr__(self) -> str:
        return "<Vault>"


VAULT = Vault()


def assert_silent(told: str) -> None:
    leaks = [
        line.strip()[:300]
        for line in told.splitlines()
        if "0123456789abcdef" in line or any(spelling in line for spelling in SPELLINGS)
    ]
    assert leaks == []


def told_by(error: BaseException) -> str:
    """All that an error shows anywhere, the local variables of its frames included."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    told = ["".join(shown.format()), repr(error), str(error)]
    if isinstance(error, PixLabError):
        told += [repr(vars(error)), repr(pickle.dumps(error)), repr(copy.copy(error))]
    link: BaseException | None = error
    while link is not None:
        told += [repr(link.args), repr(getattr(link, "_request", None)), repr(vars(link))]
        link = link.__cause__ or link.__context__
    return "\n".join(told)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Every logger at every level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    root = logging.getLogger()
    names = [name for name in logging.root.manager.loggerDict if not name.startswith("PIL")]
    before = {name: logging.getLogger(name).level for name in ["", *names]}
    root.addHandler(handler)
    for name in before:
        logging.getLogger(name).setLevel(1)
    yield stream
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="module")
def guarded_emulator() -> Iterator[Emulator]:
    with Emulator(api_key=VAULT.open()) as emulator:
        yield emulator


@pytest.fixture
def service(guarded_emulator: Emulator) -> Emulator:
    guarded_emulator.clear()
    return guarded_emulator


@pytest.fixture(params=["query", "header"])
def auth(request: pytest.FixtureRequest) -> Auth:
    return request.param  # type: ignore[no-any-return]  # one of the two above


@pytest.fixture
async def pixlab(
    service: Emulator, auth: Auth, lane: Lane, anyio_backend: str
) -> AsyncIterator[AsyncPixLab]:
    async with AsyncPixLab(
        base_url=service.base_url,
        api_key=APIKey(VAULT.open()),
        auth=auth,
        retry=QUICK,
        transport=lane,
    ) as client:
        yield client


async def test_success_is_silent_and_the_key_arrived(
    pixlab: AsyncPixLab,
    service: Emulator,
    log: io.StringIO,
    picture: bytes,
    tmp_path: Any,
    lane: Lane,
) -> None:
    results: list[object] = [
        media := await pixlab.store(picture),
        await pixlab.oilpaint(media, radius=1),
        await pixlab.blob.oilpaint(picture, radius=1),
        await pixlab.status(),
        await pixlab.download(media, tmp_path / "a"),
        await pixlab.delete(media),
        [outcome async for outcome in pixlab.delete_many(service.stored())],
        pixlab.stats(),
        pixlab,
        pixlab.with_options(deadline=1),
        pixlab.blob,
        pixlab.delete_many([]),
    ]

    assert ("HTTP Request: GET" in log.getvalue()) is (lane == "httpx")
    assert_silent(log.getvalue() + repr(results))
    assert {request.key for request in service.received} == {VAULT.open(), None}


async def test_links_to_private_pictures_are_not_logged(
    pixlab: AsyncPixLab, log: io.StringIO
) -> None:
    await pixlab.delete("https://media.example/private-bird.png", missing_ok=True)

    assert "private-bird" not in log.getvalue()


FAULTS = {
    "reset before": Fault(reset="before", times=None),
    "reset in the middle": Fault(reset="middle", times=None),
    "truncated": Fault(truncated=True, times=None),
    "html": Fault(status=502, body=b"<html>", media_type="text/html", times=None),
    "too long": Fault(body=b"x" * (JSON_LIMIT + 1), times=None),
    "deadline": Fault(latency=0.5, status=500, times=None),
    **{str(status): Fault(status=status, times=None) for status in (400, 401, 404, 405, 415, 500)},
    "429": Fault(status=429, headers={"Retry-After": "999"}, times=None),
    "302": Fault(
        status=302, headers={"Location": f"https://other.example/?key={CANARY}"}, times=None
    ),
    "echo in an error": Fault(
        status=401, body=f'{{"status":401,"error":"bad key {CANARY}"}}'.encode(), times=None
    ),
    "echo in JSON's own spelling": Fault(
        body=b'{"status":401,"error":"bad key CANARY\\/bird+0123456789abcdef&="}', times=None
    ),
    "echo in a field": Fault(
        body=f'{{"status":200,"id":"a","link":7,"x":"{CANARY}"}}'.encode(), times=None
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_errors_are_silent(
    pixlab: AsyncPixLab, service: Emulator, log: io.StringIO, fault: str
) -> None:
    service.inject(FAULTS[fault])
    hasty = pixlab.with_options(deadline=0.3, retry=RetryPolicy(attempts=2, base=0.0))

    with pytest.raises(PixLabError) as caught:
        await hasty.oilpaint("https://example.org/a.png", radius=1)

    assert_silent(told_by(caught.value) + log.getvalue())
    assert any(request.key for request in service.received)


async def test_an_upload_that_fails_is_silent(pixlab: AsyncPixLab, log: io.StringIO) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 100_000
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        await pixlab.store(broken())

    assert_silent(told_by(caught.value) + log.getvalue())


async def test_an_echo_in_a_success_is_masked(
    pixlab: AsyncPixLab, service: Emulator, log: io.StringIO
) -> None:
    service.inject(Fault(body=f'{{"status":200,"you":"{CANARY}"}}'.encode()))

    answer = await pixlab.call("tagimg")

    assert answer["you"] == "***"
    assert_silent(repr(answer) + log.getvalue())


async def test_a_peer_that_sends_the_request_back_is_silent(
    auth: Auth, log: io.StringIO, lane: Lane
) -> None:
    """Its first line is quoted by the HTTP library's own error."""
    with serve([Cut(f"GET /delete?key={SPELLINGS[1]} {CANARY}\r\n\r\n".encode())]) as script:
        async with AsyncPixLab(
            transport=lane,
            base_url=script.base_url,
            api_key=APIKey(VAULT.open()),
            auth=auth,
            retry=QUICK,
        ) as pixlab:
            with pytest.raises(PixLabError) as caught:
                await pixlab.delete("a.png")

    assert_silent(told_by(caught.value) + log.getvalue())


async def test_a_host_that_cannot_be_reached_is_silent(
    auth: Auth, log: io.StringIO, lane: Lane
) -> None:
    async with AsyncPixLab(
        transport=lane,
        base_url="https://no-such-host.invalid",
        api_key=APIKey(VAULT.open()),
        auth=auth,
        retry=QUICK,
    ) as pixlab:
        with pytest.raises(PixLabError) as caught:
            await pixlab.delete("a.png")

    assert caught.value.__cause__ is not None
    assert_silent(told_by(caught.value) + log.getvalue())


async def test_a_redirect_to_another_host_takes_no_key_along(
    auth: Auth, log: io.StringIO, lane: Lane
) -> None:
    with serve([http()]) as other:
        location = f"Location: {other.base_url}/delete"
        with serve([http(b"", 307, [location])]) as script:
            async with AsyncPixLab(
                transport=lane, base_url=script.base_url, api_key=APIKey(VAULT.open()), auth=auth
            ) as pixlab:
                with pytest.raises(PixLabError) as caught:
                    await pixlab.delete("a.png")

    assert other.accepted == 0
    assert_silent(told_by(caught.value) + log.getvalue())


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_native_timeout_is_silent(
    pixlab: AsyncPixLab, service: Emulator, log: io.StringIO
) -> None:
    service.inject(Fault(latency=0.3, status=500))

    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.05):
            await pixlab.delete("a.png")

    assert_silent(told_by(caught.value) + log.getvalue())


async def test_a_scope_timeout_is_silent(
    pixlab: AsyncPixLab, service: Emulator, log: io.StringIO
) -> None:
    service.inject(Fault(latency=0.3, status=500))

    with pytest.raises(TimeoutError) as caught:
        with anyio.fail_after(0.05):
            await pixlab.delete("a.png")

    assert_silent(told_by(caught.value) + log.getvalue())


def mistakes() -> dict[str, Callable[[], object]]:
    """Calls of the constructor that hold the key and go wrong."""
    return {
        "a bad key": lambda: AsyncPixLab(api_key=VAULT.open() + "\n"),
        "a bad key in a header": lambda: APIKey.from_request(VAULT.incoming(b" \xff")),
        "a bad key in a query": lambda: APIKey.from_request(
            {"query_string": b"key=" + VAULT.open().encode()[:22] + b"%0A"}
        ),
        "a bad base URL": lambda: AsyncPixLab(base_url=f"http://h/?key={SPELLINGS[1]}"),
        "no base URL": lambda: AsyncPixLab(base_url=f"https://[?key={SPELLINGS[1]}"),
        "more in the base URL": lambda: AsyncPixLab(base_url=f"https://h/?key={SPELLINGS[1]}&a=b"),
        "a user in the base URL": lambda: AsyncPixLab(base_url=f"https://u:{SPELLINGS[1]}@h"),
        "a bad option": lambda: AsyncPixLab(api_key=VAULT.open(), connections=0),
        "a bad rate": lambda: AsyncPixLab(api_key=VAULT.open(), rate="fast"),
        "a bad transport": lambda: AsyncPixLab(api_key=VAULT.open(), transport="x"),  # type: ignore[arg-type]  # the mistake
        "a bad derived key": lambda: AsyncPixLab().with_options(api_key=VAULT.open() + " "),
        "a bad derived option": lambda: AsyncPixLab().with_options(
            api_key=VAULT.open(), timeout=-1
        ),
    }


@pytest.mark.parametrize("mistake", mistakes())
def test_mistakes_of_the_program_are_silent(mistake: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        mistakes()[mistake]()

    assert_silent(told_by(caught.value))


async def test_a_given_client_with_a_bad_key_is_silent() -> None:
    async with httpx.AsyncClient(params={"key": VAULT.open() + " "}) as client:
        with pytest.raises(ConfigurationError) as caught:
            AsyncPixLab(http_client=client, auth="header")

    assert_silent(told_by(caught.value))


MISUSES: dict[str, Callable[[AsyncPixLab], Awaitable[object]]] = {
    "link": lambda pixlab: pixlab.delete("\ud800"),
    "nan": lambda pixlab: pixlab.call("x", {"a": float("nan")}),
    "surrogate": lambda pixlab: pixlab.call("x", {"a": "\ud800"}),
    "object": lambda pixlab: pixlab.call("x", {"a": object()}, method="POST"),  # type: ignore[dict-item]  # the mistake
    "long": lambda pixlab: pixlab.call("x", {"a": "x" * 99_999}),
    "key": lambda pixlab: pixlab.call("x", {"key": VAULT.open()}),
    "text": lambda pixlab: pixlab.store(["text"]),  # type: ignore[list-item]  # the mistake
}


@pytest.mark.parametrize("misuse", MISUSES)
async def test_parameters_that_cannot_be_sent_are_silent(pixlab: AsyncPixLab, misuse: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await MISUSES[misuse](pixlab)

    assert_silent(told_by(caught.value))


async def test_a_callable_that_gives_a_bad_key_is_silent(service: Emulator) -> None:
    async with AsyncPixLab(
        api_key=lambda: VAULT.open() + "\n", base_url=service.base_url
    ) as pixlab:
        with pytest.raises(ConfigurationError) as caught:
            await pixlab.delete("a")

    assert_silent(told_by(caught.value))


async def test_a_given_client_in_header_mode_is_silent(service: Emulator, log: io.StringIO) -> None:
    service.inject(Fault(endpoint="delete", reset="before", times=None))
    async with (
        httpx.AsyncClient() as client,
        AsyncPixLab(
            http_client=client,
            auth="header",
            base_url=service.base_url,
            api_key=APIKey(VAULT.open()),
            retry=QUICK,
        ) as pixlab,
    ):
        await pixlab.status()
        with pytest.raises(PixLabError) as caught:
            await pixlab.delete("a.png")

    assert_silent(told_by(caught.value) + log.getvalue())


async def test_a_hook_that_raises_is_silent(service: Emulator) -> None:
    async def hook(request: httpx.Request) -> None:
        raise ZeroDivisionError

    async with (
        httpx.AsyncClient(event_hooks={"request": [hook]}) as client,
        AsyncPixLab(
            http_client=client,
            auth="header",
            base_url=service.base_url,
            api_key=APIKey(VAULT.open()),
        ) as pixlab,
    ):
        with pytest.raises(ZeroDivisionError) as caught:
            await pixlab.delete("a.png")

    assert_silent(told_by(caught.value))


async def test_a_foreign_transport_that_raises_is_silent(service: Emulator, auth: Auth) -> None:
    class Broken(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            target = request.url.raw_path
            raise ZeroDivisionError(len(target))

    async with AsyncPixLab(
        transport=Broken(), auth=auth, base_url=service.base_url, api_key=APIKey(VAULT.open())
    ) as pixlab:
        with pytest.raises(ZeroDivisionError) as caught:
            await pixlab.delete("a.png")

    assert_silent(told_by(caught.value))


SHOWN: list[Callable[[APIKey], str]] = [
    repr,
    str,
    format,
    lambda key: f"{key}",
    lambda key: f"{[key]}",
]


@pytest.mark.parametrize("shown", SHOWN)
def test_a_key_prints_as_a_mask(shown: Callable[[APIKey], str]) -> None:
    assert_silent(shown(APIKey(VAULT.open())))


@pytest.mark.parametrize("leak", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_key_is_neither_pickled_nor_copied(leak: Callable[[APIKey], object]) -> None:
    with pytest.raises(TypeError) as caught:
        leak(APIKey(VAULT.open()))

    assert_silent(told_by(caught.value))


async def test_a_batch_that_is_stopped_is_silent(service: Emulator, auth: Auth) -> None:
    links = (f"1p{number:013x}.png" for number in range(100))
    async with AsyncPixLab(
        base_url=service.base_url, auth=auth, api_key=APIKey(VAULT.open())
    ) as pixlab:
        with pytest.raises(BatchStopped) as stopped:
            await pixlab.delete_all(links)

    summary = stopped.value.batch
    assert summary is not None
    with pytest.raises(BatchIncomplete) as incomplete:
        summary.raise_if_incomplete()
    shown = told_by(stopped.value) + told_by(incomplete.value)
    assert_silent(shown + repr(summary) + summary.to_json() + repr(pickle.dumps(summary)))


def test_every_class_of_error_was_made_to_speak() -> None:
    """The table above would go stale in silence otherwise."""
    classes = {
        name
        for name, value in vars(pixlab_async).items()
        if isinstance(value, type) and issubclass(value, PixLabError)
    }

    assert classes == {
        "PixLabError",
        "ConfigurationError",
        "ConnectionFailed",
        "TimedOut",
        "ReplyError",
        "BadRequest",
        "AuthenticationFailed",
        "NotFound",
        "MethodNotAllowed",
        "UnsupportedMedia",
        "RateLimited",
        "ServerFailed",
        "UnreadableReply",
        "CleanupFailed",
        "BatchStopped",
        "BatchIncomplete",
        "RecordingFailed",  # in tests/ledger/test_canary.py
    }
