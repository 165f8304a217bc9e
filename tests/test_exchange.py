"""What a call does when the network or the service misbehaves: every row over a real socket."""

from __future__ import annotations

import math
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import anyio
import pytest

from pixlab_async import (
    AsyncPixLab,
    AuthenticationFailed,
    BadRequest,
    ConnectionFailed,
    DeletionState,
    MethodNotAllowed,
    NotFound,
    PixLabError,
    RateLimited,
    ReplyError,
    RetryPolicy,
    ServerFailed,
    TimedOut,
    UnreadableReply,
    UnsupportedMedia,
)
from pixlab_async._protocol import JSON_LIMIT
from pixlab_async.emulator import Emulator, Fault

from .conftest import QUICK, Lane, client_of
from .scripted import JSON_OK, Answer, Cut, Script, http, serve

KEY = "0123456789abcdef0123456789abcdef"
LINK = "https://media.example/a.png"
LOST = b'{"status":404,"error":"nothing there"}'


def client(script: Script, lane: Lane, **options: Any) -> AsyncPixLab:
    chosen: dict[str, Any] = {"base_url": script.base_url, "api_key": KEY, "retry": QUICK}
    return AsyncPixLab(transport=lane, **{**chosen, **options})


# --- A deletion may be repeated: one fault, then the truth --------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        None,
        Cut(b"HTTP/1.1 200 OK\r\nContent-Le"),
        Cut(http(b'{"status":200,', length=200)),
        Cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"),
        Cut(b"HTTP/1.1 200 OK\r\n\r\n" + JSON_OK[:20]),
        http(JSON_OK[:20]),
        http(b"<html>Bad Gateway</html>", 502, ["Content-Type: text/html"]),
        http(b"<html>log in</html>", 200, ["Content-Type: text/html"]),
        http(b'{"status":500,"error":"maintenance"}', 200),
        http(b'{"status":200,"id":"a","deleted":true}', 500),
        http(b"", 200),
        http(b"[1,2]"),
        http(b"null"),
        http(b'"text"'),
        http(b'{"status":200,"status":500}'),
        http(b'{"status":NaN}'),
        http(b"[" * 100_000),
        http(b'{"status":' + b"1" * 5000 + b"}"),
        http(b"\xff\xfe\xfa{"),
        http(b'{"deleted":true,"id":"a"}'),
        http(b'{"status":true,"deleted":true}'),
        http(b"x" * (JSON_LIMIT + 1)),
        http(b"no gzip", 200, ["Content-Encoding: gzip"]),
        http(JSON_OK, 200, ["Content-Encoding: br"]),
        Cut(b"SSH-2.0-OpenSSH_9.2\r\n"),
        http(b"<html>no such page</html>", 404, ["Content-Type: text/html"]),
    ],
    ids=[
        "closed before the reply",
        "cut in the header",
        "cut in the body",
        "cut in a chunk",
        "cut without a length",
        "truncated JSON",
        "an HTML error page",
        "an HTML page with 200",
        "200 with 500 in the body",
        "500 with 200 in the body",
        "an empty body",
        "a JSON array",
        "a JSON null",
        "a JSON text",
        "two statuses",
        "NaN",
        "nested too deep",
        "a huge number",
        "no UTF-8",
        "no status",
        "a boolean status",
        "a body over the limit",
        "gzip that is none",
        "an unasked-for coding",
        "no HTTP",
        "a 404 page that is not the service's",
    ],
)
async def test_a_deletion_is_repeated_and_a_404_then_confirms_it(fault: Answer, lane: Lane) -> None:
    with serve([fault], [http(LOST, 404)]) as script:
        async with client(script, lane) as pixlab:
            gone = await pixlab.delete(LINK)

    assert gone.state is DeletionState.DELETED_UNCONFIRMED
    assert len(script.requests) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (None, ConnectionFailed),
        (Cut(http(b'{"status":200,', length=200)), ConnectionFailed),
        (http(JSON_OK[:20]), UnreadableReply),
        (http(b"<html>", 502, ["Content-Type: text/html"]), ServerFailed),
        (http(b'{"status":500,"error":"maintenance"}', 200), ServerFailed),
        (http(b""), UnreadableReply),
        (http(b"[1]"), UnreadableReply),
        (http(b"x" * (JSON_LIMIT + 1)), UnreadableReply),
    ],
    ids=["closed", "cut", "truncated", "502", "500 in 200", "empty", "array", "too long"],
)
async def test_a_generation_that_may_have_worked_is_not_repeated(
    fault: Answer, error: type[PixLabError], lane: Lane
) -> None:
    with serve([fault]) as script:
        async with client(script, lane) as pixlab:
            with pytest.raises(error) as caught:
                await pixlab.oilpaint("https://example.org/a.png", radius=3)

    assert (len(script.requests), caught.value.attempts) == (1, 1)
    assert caught.value.maybe_processed


async def test_a_generation_is_repeated_where_the_policy_says_so(lane: Lane) -> None:
    reply = http(b'{"status":200,"link":"https://m/a.png","id":"a.png"}')
    with serve([None], [reply]) as script:
        async with client(script, lane, retry=RetryPolicy(base=0.0, repeat_stored=True)) as pixlab:
            media = await pixlab.oilpaint("https://example.org/a.png", radius=3)

    assert (media.id, media.meta.attempts) == ("a.png", 2)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequest),
        (401, AuthenticationFailed),
        (404, NotFound),
        (405, MethodNotAllowed),
        (415, UnsupportedMedia),
        (403, ReplyError),
        (999, ServerFailed),
    ],
)
@pytest.mark.parametrize("where", ["both", "body"])
async def test_each_status_has_its_error_and_refusals_are_not_repeated(
    status: int, error: type[ReplyError], where: str, lane: Lane
) -> None:
    body = f'{{"status":{status},"error":"because"}}'.encode()
    with serve([http(body, status if where == "both" else 200)]) as script:
        async with client(script, lane, retry=RetryPolicy(attempts=1)) as pixlab:
            with pytest.raises(error) as caught:
                await pixlab.delete(LINK)

    assert type(caught.value) is error
    assert (caught.value.status, caught.value.message) == (status, "because")
    assert caught.value.http_status == (status if where == "both" else 200)
    assert len(script.requests) == 1


async def test_a_status_in_text_is_a_status(lane: Lane) -> None:
    with serve([http(b'{"status":"401","error":"no"}', 200)]) as script:
        async with client(script, lane) as pixlab:
            with pytest.raises(AuthenticationFailed):
                await pixlab.delete(LINK)


async def test_an_html_401_is_an_authentication_error(lane: Lane) -> None:
    with serve([http(b"<html>", 401, ["Content-Type: text/html"])]) as script:
        async with client(script, lane) as pixlab:
            with pytest.raises(AuthenticationFailed, match="no JSON, but text/html"):
                await pixlab.delete(LINK)


async def test_an_error_without_a_reason_says_so(lane: Lane) -> None:
    with serve([http(b'{"status":400,"error":7}', 400)]) as script:
        async with client(script, lane) as pixlab:
            with pytest.raises(BadRequest, match="gave no reason"):
                await pixlab.delete(LINK)


async def test_a_long_reason_is_cut_and_freed_of_control_characters(lane: Lane) -> None:
    body = b'{"status":400,"error":"a\\u001b[31m' + b"x" * 1000 + b'"}'
    with serve([http(body, 400)]) as script:
        async with client(script, lane) as pixlab:
            with pytest.raises(BadRequest) as caught:
                await pixlab.delete(LINK)

    assert len(caught.value.message) == 301
    assert "\x1b" not in caught.value.message


async def test_a_redirect_is_not_followed(lane: Lane) -> None:
    with serve([http(b"")]) as other:
        location = f"Location: {other.base_url}/delete?key=echo"
        with serve([http(b"", 302, [location])]) as script:
            async with client(script, lane) as pixlab:
                with pytest.raises(
                    ReplyError, match="redirect to 127.0.0.1, which is not"
                ) as caught:
                    await pixlab.delete(LINK)

    assert caught.value.status == 302
    assert other.accepted == 0
    assert "echo" not in str(caught.value)


async def test_a_redirect_with_json_is_not_followed_either(lane: Lane) -> None:
    with serve([http(b"{}", 307, ["Content-Type: application/json"])]) as script:
        async with client(script, lane) as pixlab:
            with pytest.raises(ReplyError, match="redirect to nowhere"):
                await pixlab.delete(LINK)


# --- Never sent ---------------------------------------------------------------------------


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.mark.parametrize("name", ["delete", "oilpaint"])
async def test_a_refused_connection_is_tried_again_whatever_the_call(name: str, lane: Lane) -> None:
    async with AsyncPixLab(
        transport=lane, base_url=f"http://127.0.0.1:{free_port()}", api_key=KEY, retry=QUICK
    ) as pixlab:
        with pytest.raises(ConnectionFailed) as caught:
            if name == "delete":
                await pixlab.delete(LINK)
            else:
                await pixlab.oilpaint("https://example.org/a.png", radius=1)

    error = caught.value
    assert (error.attempts, error.sent, error.maybe_processed) == (3, False, False)
    assert len(error.history) == 3
    assert error.__cause__ is not None


async def test_a_call_goes_through_once_the_server_is_there(lane: Lane) -> None:
    port = free_port()
    async with AsyncPixLab(
        transport=lane,
        base_url=f"http://127.0.0.1:{port}",
        api_key=KEY,
        retry=RetryPolicy(attempts=10, base=0.2, cap=0.2),
    ) as pixlab:
        async with anyio.create_task_group() as group:
            group.start_soon(_late_server, port)
            gone = await pixlab.delete(LINK)

    assert gone.state is DeletionState.DELETED


async def _late_server(port: int) -> None:
    """Answer one request, some time after others were refused."""
    await anyio.sleep(0.05)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    async with listener:
        with anyio.CancelScope() as scope:

            async def answer(stream: anyio.abc.SocketStream) -> None:
                async with stream:
                    await stream.receive()
                    await stream.send(http())
                scope.cancel()

            await listener.serve(answer)


async def test_a_name_that_does_not_resolve_is_never_sent(lane: Lane) -> None:
    async with AsyncPixLab(
        transport=lane, base_url="https://no-such-host.invalid", api_key=KEY, retry=QUICK
    ) as pixlab:
        with pytest.raises(ConnectionFailed) as caught:
            await pixlab.oilpaint("https://example.org/a.png", radius=1)

    assert not caught.value.maybe_processed


@pytest.fixture(scope="session")
def bad_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    pem = folder / "server.pem"
    subprocess.run(
        [
            *["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"],
            *["-subj", "/CN=localhost", "-keyout", str(folder / "key")],
            *["-out", str(folder / "crt")],
        ],
        check=True,
        capture_output=True,
    )
    pem.write_bytes((folder / "key").read_bytes() + (folder / "crt").read_bytes())
    return pem


@pytest.fixture
def tls_port(bad_certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bad_certificate)
    with serve_tls(context) as port:
        yield port


def serve_tls(context: ssl.SSLContext) -> Any:
    import threading
    from contextlib import contextmanager

    @contextmanager
    def running() -> Generator[int]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(0.02)
            stop = threading.Event()

            def accept() -> None:
                while not stop.is_set():
                    try:
                        raw, _ = listening.accept()
                    except TimeoutError:
                        continue
                    with raw:
                        try:
                            context.wrap_socket(raw, server_side=True).close()
                        except OSError:
                            continue

            thread = threading.Thread(target=accept)
            thread.start()
            yield listening.getsockname()[1]
            stop.set()
            thread.join()

    return running()


async def test_a_bad_certificate_is_not_tried_again(tls_port: int, lane: Lane) -> None:
    async with AsyncPixLab(
        transport=lane, base_url=f"https://localhost:{tls_port}", api_key=KEY, retry=QUICK
    ) as pixlab:
        with pytest.raises(ConnectionFailed, match="(?i)certificate") as caught:
            await pixlab.delete(LINK)

    assert (caught.value.attempts, caught.value.permanent) == (1, True)


async def test_a_plain_http_port_under_https_is_never_sent(lane: Lane) -> None:
    with serve([None]) as script:
        async with AsyncPixLab(
            transport=lane,
            base_url=script.base_url.replace("http:", "https:"),
            api_key=KEY,
            retry=QUICK,
        ) as pixlab:
            with pytest.raises(ConnectionFailed) as caught:
                await pixlab.delete(LINK)

    assert not caught.value.sent


# --- Reused connections -------------------------------------------------------------------


async def test_a_stale_connection_is_replayed_at_once_and_free(lane: Lane) -> None:
    with serve([http(), None], [http()]) as script:
        async with client(script, lane, retry=RetryPolicy(attempts=1, base=100)) as pixlab:
            await pixlab.delete(LINK)
            gone = await pixlab.delete(LINK)

    assert (gone.state, gone.meta.attempts) == (DeletionState.DELETED, 2)


async def test_a_stale_connection_is_replayed_once_only(lane: Lane) -> None:
    with serve([http(), None], [None]) as script:
        async with client(script, lane, retry=RetryPolicy(attempts=1)) as pixlab:
            await pixlab.delete(LINK)
            with pytest.raises(ConnectionFailed):
                await pixlab.delete(LINK)

    assert len(script.requests) == 3


async def test_a_generation_on_a_stale_connection_is_not_replayed(lane: Lane) -> None:
    with serve([http(), None], [http()]) as script:
        async with client(script, lane) as pixlab:
            await pixlab.delete(LINK)
            with pytest.raises(ConnectionFailed):
                await pixlab.oilpaint("https://example.org/a.png", radius=1)

    assert len(script.requests) == 2


async def test_a_connection_serves_many_calls(emulator: Emulator, lane: Lane) -> None:
    with serve([http()] * 3) as script:
        async with client(script, lane) as pixlab:
            for _ in range(3):
                await pixlab.delete(LINK)

    assert script.accepted == 1


async def test_a_broken_connection_serves_nobody_else(lane: Lane) -> None:
    with serve([http(b"x" * (JSON_LIMIT + 1))], [http()]) as script:
        async with client(script, lane) as pixlab:
            await pixlab.delete(LINK)

    assert script.accepted == 2


# --- Time ---------------------------------------------------------------------------------


async def test_silence_ends_with_the_timeout(lane: Lane) -> None:
    with serve([b""]) as script:
        async with client(script, lane, timeout=0.05, retry=RetryPolicy(attempts=1)) as pixlab:
            with pytest.raises(TimedOut) as caught:
                await pixlab.delete(LINK)

    assert (caught.value.phase, caught.value.sent) == ("read", True)


async def test_silence_at_a_deletion_is_repeated(lane: Lane) -> None:
    with serve([b""], [http(LOST, 404)]) as script:
        async with client(script, lane, timeout=0.05) as pixlab:
            gone = await pixlab.delete(LINK)

    assert gone.state is DeletionState.DELETED_UNCONFIRMED


async def test_the_deadline_ends_a_call_that_drips(emulator: Emulator, lane: Lane) -> None:
    with serve([b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", b""]) as script:
        async with client(script, lane, timeout=30, deadline=0.1) as pixlab:
            with pytest.raises(TimedOut) as caught:
                await pixlab.delete(LINK)

    assert (caught.value.phase, caught.value.maybe_processed) == ("deadline", True)
    assert caught.value.elapsed < 5


async def test_the_deadline_covers_the_wait_for_a_connection(
    emulator: Emulator, lane: Lane
) -> None:
    emulator.inject(Fault(endpoint="status", latency=0.5))
    async with AsyncPixLab(transport=lane, base_url=emulator.base_url, connections=1) as pixlab:
        async with anyio.create_task_group() as group:
            group.start_soon(pixlab.status)
            await anyio.wait_all_tasks_blocked()
            hasty = pixlab.with_options(deadline=0.05)
            with pytest.raises(TimedOut) as caught:
                await hasty.status()

    assert (caught.value.phase, caught.value.sent, caught.value.attempts) == ("queue", False, 0)


async def test_no_wait_is_begun_that_the_deadline_would_cut(lane: Lane) -> None:
    with serve([None]) as script:
        policy = RetryPolicy(base=1000, cap=1000)
        async with client(script, lane, retry=policy, deadline=2) as pixlab:
            pixlab._core.random.seed(1)
            with pytest.raises(ConnectionFailed) as caught:
                await pixlab.delete(LINK)

    assert caught.value.elapsed < 1


async def test_without_a_deadline_calls_still_end(lane: Lane) -> None:
    with serve([http()]) as script:
        async with client(script, lane, deadline=None) as pixlab:
            assert (await pixlab.delete(LINK)).deleted


# --- 429 ----------------------------------------------------------------------------------

LIMITED = b'{"status":429,"error":"too many requests"}'


@pytest.mark.parametrize(
    ("headers", "least"),
    [
        (["Retry-After: 0"], 0.0),
        (["Retry-After: 0.2"], 0.2),
        (["Retry-After: -5"], 0.0),
        (["Retry-After: soon"], 0.0),
        ([], 0.0),
        (
            ["Date: Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"],
            0.0,
        ),
    ],
    ids=["zero", "seconds", "negative", "garbage", "none", "a date"],
)
async def test_a_429_is_waited_for_and_the_call_goes_through(
    headers: list[str], least: float, lane: Lane
) -> None:
    with serve([http(LIMITED, 429, headers), http()]) as script:
        async with client(script, lane) as pixlab:
            began = time.monotonic()
            gone = await pixlab.delete(LINK)

            assert time.monotonic() - began >= least
            assert pixlab.stats().rate_limited == 1
    assert gone.state is DeletionState.DELETED


async def test_a_429_is_waited_for_by_a_generation_too(lane: Lane) -> None:
    reply = http(b'{"status":200,"link":"https://m/a.png","id":"a.png"}')
    with serve([http(LIMITED, 429, ["Retry-After: 0"]), reply]) as script:
        async with client(script, lane) as pixlab:
            media = await pixlab.oilpaint("https://example.org/a.png", radius=3)

    assert media.meta.attempts == 2


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (lambda: "86400", 86400.0),
        (lambda: "1" + "0" * 30, 1e30),
        (lambda: formatdate(time.time() + 7200), 7200.0),
    ],
    ids=["a day", "absurd", "a date in two hours"],
)
async def test_an_over_long_wait_raises_at_once_and_tells_it(
    value: Callable[[], str], seconds: float, lane: Lane
) -> None:
    with serve([http(LIMITED, 429, [f"Retry-After: {value()}"])]) as script:
        async with client(script, lane) as pixlab:
            with pytest.raises(RateLimited) as caught:
                await pixlab.delete(LINK)

    assert caught.value.retry_after == pytest.approx(seconds, rel=0.01)
    assert caught.value.elapsed < 1


async def test_a_wait_beyond_the_deadline_raises_at_once(lane: Lane) -> None:
    with serve([http(LIMITED, 429, ["Retry-After: 30"])]) as script:
        async with client(script, lane, deadline=5) as pixlab:
            with pytest.raises(RateLimited):
                await pixlab.delete(LINK)


async def test_429s_end_after_some_attempts(lane: Lane) -> None:
    with serve([http(LIMITED, 429, ["Retry-After: 0"])] * 5) as script:
        async with client(script, lane) as pixlab:
            with pytest.raises(RateLimited) as caught:
                await pixlab.delete(LINK)

    assert caught.value.attempts == 3


async def test_a_503_with_retry_after_is_waited_for(lane: Lane) -> None:
    busy = http(b'{"status":503,"error":"busy"}', 503, ["Retry-After: 0"])
    with serve([busy, http()]) as script:
        async with client(script, lane, retry=RetryPolicy(base=1000, cap=1000)) as pixlab:
            assert (await pixlab.delete(LINK)).meta.attempts == 2


async def test_a_call_that_waits_for_the_pacer_after_a_429_tells_of_the_429(lane: Lane) -> None:
    with serve([http(LIMITED, 429, ["Retry-After: 0.1"])], [b""]) as script:
        async with client(script, lane, deadline=0.25, timeout=5, connections=1) as pixlab:
            async with anyio.create_task_group() as group:
                errors: list[PixLabError] = []

                async def one() -> None:
                    try:
                        await pixlab.delete(LINK)
                    except PixLabError as error:
                        errors.append(error)

                for _ in range(2):
                    group.start_soon(one)

    assert all(isinstance(error, RateLimited | TimedOut) for error in errors)
    assert len(errors) == 2


# --- Budget -------------------------------------------------------------------------------


async def test_retries_stop_when_the_budget_is_spent(lane: Lane) -> None:
    with serve([None]) as script:
        async with client(script, lane) as pixlab:
            for _ in range(20):
                with pytest.raises(ConnectionFailed):
                    await pixlab.delete(LINK)

    # Twenty calls, ten retries of burst, and what a few milliseconds earn.
    assert 30 <= len(script.requests) <= 31


async def test_the_same_client_serves_the_next_call_after_every_fault(
    emulator: Emulator, lane: Lane
) -> None:
    async with client_of(emulator, lane) as pixlab:
        for fault in (Fault(reset="before"), Fault(reset="middle"), Fault(truncated=True)):
            emulator.inject(fault)
            await pixlab.status()

        assert pixlab.stats().in_use == 0


async def test_infinite_deadlines_are_the_same_as_none(lane: Lane) -> None:
    with serve([http()]) as script:
        async with client(script, lane, deadline=math.inf) as pixlab:
            assert (await pixlab.delete(LINK)).deleted
