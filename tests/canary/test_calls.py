"""Calls, errors and mistakes, with everything turned up to its loudest: the key is nowhere.

The only place where the key may be found is what came over the wire to the emulator.
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import pixlab_async
from pixlab_async import (
    APIKey,
    AsyncPixLab,
    BadRequest,
    BatchIncomplete,
    BatchStopped,
    ConfigurationError,
    NotFound,
    PixLabError,
    RetryPolicy,
    TimedOut,
)
from pixlab_async._protocol import JSON_LIMIT
from pixlab_async.emulator import Emulator, Fault

from ..conftest import QUICK
from ..scripted import Cut, http, serve
from .conftest import TRUST, Auth, Way, reaching
from .hunting import KEY, LINK, SPELLINGS, VAULT, assert_discreet, assert_silent
from .telling import shown_by, told_by

Call = Callable[[AsyncPixLab], Awaitable[object]]


async def test_success_is_silent_and_the_key_arrived(
    pixlab: AsyncPixLab,
    service: Emulator,
    log: io.StringIO,
    picture: bytes,
    tmp_path: Any,
    way: Way,
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

    assert ("HTTP Request: GET" in log.getvalue()) is (way != "fast")
    assert_silent(log.getvalue(), *map(shown_by, results))
    assert {request.key for request in service.received} == {VAULT.open(), None}


async def test_links_to_private_pictures_are_not_logged(
    pixlab: AsyncPixLab, log: io.StringIO, way: Way
) -> None:
    await pixlab.delete(LINK, missing_ok=True)

    # A given client's own log lines are its owner's: they name what he sends.
    (assert_silent if way == "client" else assert_discreet)(log.getvalue())


FAULTS = {
    "reset before": Fault(reset="before", times=None),
    "reset in the middle": Fault(reset="middle", times=None),
    "truncated": Fault(truncated=True, times=None),
    "html": Fault(status=502, body=b"<html>", media_type="text/html", times=None),
    "too long": Fault(body=b"x" * (JSON_LIMIT + 1), times=None),
    **{str(status): Fault(status=status, times=None) for status in (400, 401, 404, 405, 415, 500)},
    "429": Fault(status=429, headers={"Retry-After": "999"}, times=None),
    "302": Fault(status=302, headers={"Location": f"https://other.example/?key={KEY}"}, times=None),
    "echo in a field": Fault(
        body=f'{{"status":200,"id":"a","link":7,"x":"{KEY}"}}'.encode(), times=None
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_errors_are_silent(
    pixlab: AsyncPixLab, service: Emulator, log: io.StringIO, fault: str
) -> None:
    service.inject(FAULTS[fault])
    hasty = pixlab.with_options(retry=RetryPolicy(attempts=2, base=0.0))

    with pytest.raises(PixLabError) as caught:
        await hasty.oilpaint("https://example.org/a.png", radius=1)

    assert_silent(told_by(caught.value), log.getvalue())
    assert any(request.key for request in service.received)


async def test_a_deadline_that_has_come_is_silent(auth: Auth, way: Way, log: io.StringIO) -> None:
    with serve([b""]) as script:
        async with reaching(script.base_url, auth, way) as pixlab:
            deadline = 0.05
            while not script.requests:  # a busy machine may need longer to get that far
                with pytest.raises(TimedOut) as caught:
                    await pixlab.with_options(deadline=deadline).delete(LINK)
                deadline *= 2

    assert_silent(told_by(caught.value), log.getvalue())


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("status", [200, 401])
async def test_an_echo_of_the_key_is_masked_however_it_is_spelt(
    service: Emulator, log: io.StringIO, spelling: str, status: int
) -> None:
    answer = f'{{"status":{status},"error":"no {SPELLINGS[spelling]}"}}'
    service.inject(Fault(body=answer.encode()))
    answer = ""
    async with reaching(service.base_url, "query") as pixlab:
        try:
            told = repr(await pixlab.call("tagimg"))
        except PixLabError as error:
            told = told_by(error)

    assert_silent(told, log.getvalue())


async def test_a_private_link_is_masked_in_what_an_error_says(
    service: Emulator, way: Way, log: io.StringIO
) -> None:
    said = f'{{"status":404,"error":"nothing at {LINK} for {LINK}?"}}'
    service.inject(Fault(body=said.encode(), times=None))
    said = ""
    calls: list[Call] = [
        lambda pixlab: pixlab.oilpaint(LINK, radius=1),
        lambda pixlab: pixlab.merge(LINK, [{"img": LINK, "x": 1, "y": 1}]),
        lambda pixlab: pixlab.call("tagimg", {"img": LINK}, method="POST"),
    ]
    async with reaching(service.base_url, "header", way) as pixlab:
        for call in calls:
            with pytest.raises(NotFound, match="nothing at media.example/…") as caught:
                await call(pixlab)
            error = caught.value
            told = [str(error), repr(error), *error.history, repr(error.args), error.message]
            assert_discreet(*told)

    assert len(error.history) == 1
    (assert_silent if way == "client" else assert_discreet)(log.getvalue())


async def test_a_download_that_fails_names_the_host_at_most(
    service: Emulator, way: Way, log: io.StringIO, tmp_path: Path
) -> None:
    gone = f"{service.base_url}/{LINK.partition('://')[2]}"
    async with reaching(service.base_url, "header", way) as pixlab:
        for link in (gone, LINK.replace("media.example", "no-such-host.invalid")):
            with pytest.raises(PixLabError) as caught:
                await pixlab.download(link, tmp_path / "a")
            assert_discreet(str(caught.value), repr(caught.value), *caught.value.history)

    (assert_silent if way == "client" else assert_discreet)(log.getvalue())


async def test_an_id_is_masked_in_what_a_refused_deletion_says(service: Emulator) -> None:
    media_id = "1p5f0c1d2e3f4a5.png"
    service.inject(Fault(body=f'{{"status":400,"error":"what is {media_id}?"}}'.encode()))
    async with reaching(service.base_url, "header") as pixlab:
        with pytest.raises(BadRequest, match="what is …f4a5.png") as caught:
            await pixlab.delete(media_id)

    assert media_id not in str(caught.value)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_an_echo_in_a_replys_header_is_masked_in_logs(
    log: io.StringIO, way: Way, spelling: str
) -> None:
    said = SPELLINGS[spelling]
    reply = http(headers=[f"Location: /?key={said}", f"Set-Cookie: {said}; expires=x"])
    reply = reply.replace(b"Some Reason", said.encode())
    with serve([reply]) as script:
        async with reaching(script.base_url, "header", way) as pixlab:
            await pixlab.delete(LINK)

    assert_silent(log.getvalue())


async def test_an_upload_that_fails_is_silent(pixlab: AsyncPixLab, log: io.StringIO) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 100_000
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        await pixlab.store(broken())

    assert_silent(told_by(caught.value), log.getvalue())


async def test_a_peer_that_sends_the_request_back_is_silent(
    auth: Auth, log: io.StringIO, way: Way
) -> None:
    """Its first line is quoted by the HTTP library's own error."""
    with serve(
        [Cut(f"GET /delete?key={SPELLINGS['in a query']} {KEY}\r\n\r\n".encode())]
    ) as script:
        async with reaching(script.base_url, auth, way) as pixlab:
            with pytest.raises(PixLabError) as caught:
                await pixlab.delete("a.png")

    assert_silent(told_by(caught.value), log.getvalue())


async def test_a_host_that_cannot_be_reached_is_silent(
    auth: Auth, log: io.StringIO, way: Way
) -> None:
    async with reaching("https://no-such-host.invalid", auth, way) as pixlab:
        with pytest.raises(PixLabError) as caught:
            await pixlab.delete("a.png")

    assert caught.value.__cause__ is not None
    assert_silent(told_by(caught.value), log.getvalue())


async def test_a_redirect_to_another_host_takes_no_key_along(
    auth: Auth, log: io.StringIO, way: Way
) -> None:
    with serve([http()]) as other:
        location = f"Location: {other.base_url}/delete"
        with serve([http(b"", 307, [location])]) as script:
            async with reaching(script.base_url, auth, way) as pixlab:
                with pytest.raises(PixLabError) as caught:
                    await pixlab.delete("a.png")

    assert other.accepted == 0
    assert_silent(told_by(caught.value), log.getvalue())


def mistakes() -> dict[str, Callable[[], object]]:
    """Calls of the constructor that hold the key and go wrong."""
    return {
        "a bad key": lambda: AsyncPixLab(api_key=VAULT.open() + "\n"),
        "a bad key in a header": lambda: APIKey.from_request(VAULT.incoming(b" \xff")),
        "a bad key in a query": lambda: APIKey.from_request(
            {"query_string": b"key=" + VAULT.open().encode()[:22] + b"%0A"}
        ),
        "a bad base URL": lambda: AsyncPixLab(base_url=f"http://h/?key={SPELLINGS['in a query']}"),
        "no base URL": lambda: AsyncPixLab(base_url=f"https://[?key={SPELLINGS['in a query']}"),
        "more in the base URL": lambda: AsyncPixLab(
            base_url=f"https://h/?key={SPELLINGS['in a query']}&a=b"
        ),
        "a user in the base URL": lambda: AsyncPixLab(
            base_url=f"https://u:{SPELLINGS['in a query']}@h"
        ),
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


MISUSES: dict[str, Call] = {
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
        httpx.AsyncClient(verify=TRUST) as client,
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

    assert_silent(told_by(caught.value), log.getvalue())


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
    assert_silent(told_by(stopped.value), told_by(incomplete.value), shown_by(summary))


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
        "RecordingFailed",  # says a path, and what SQLite says
    }
