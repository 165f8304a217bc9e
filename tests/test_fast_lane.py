"""What is the fast lane's own: where it refuses, hard cancellations, connections that age."""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import anyio
import pytest
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from pixlab_async import AsyncPixLab, ConfigurationError, RetryPolicy, TimedOut
from pixlab_async.emulator import Emulator, Fault
from pixlab_async.transports import Request, Transport, TransportFault, make_transport
from pixlab_async.transports._aiohttp_upload import Upload
from pixlab_async.transports._aiohttp_wire import Part, session, untraced

from .scripted import JSON_OK, Script, http, serve, wait_until
from .test_lanes import deaf, opened, request_to, send

KEY = "0123456789abcdef0123456789abcdef"
LINK = "https://media.example/a.png"

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_it_refuses_trio() -> None:
    with serve([http()]) as script:
        async with AsyncPixLab(base_url=script.base_url, api_key=KEY, transport="fast") as pixlab:
            with pytest.raises(ConfigurationError, match="under asyncio only"):
                await pixlab.delete(LINK)

    assert script.accepted == 0


def test_it_says_which_extra_is_missing() -> None:
    code = (
        "import sys; sys.modules['aiohttp'] = None\n"
        "from pixlab_async import AsyncPixLab, ConfigurationError\n"
        "try: AsyncPixLab(transport='fast')\n"
        "except ConfigurationError as error: print(error)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert "pip install '.[fast]'" in done.stdout


def test_it_does_without_httpx_on_plain_http() -> None:
    """The default lane's import takes longer than everything that the fast one needs."""
    code = (
        "import sys\n"
        "from pixlab_async import AsyncPixLab\n"
        "AsyncPixLab(transport='fast')\n"
        "print('httpx' in sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "False"


@pytest.mark.once
@asyncio_only
async def test_4_000_natively_cancelled_calls_leave_100_slots_usable(emulator: Emulator) -> None:
    """Cut off at any instant: on the way to a connection, waiting, in the middle of the reply."""
    randomly = random.Random(11)
    emulator.inject(Fault(endpoint="status", latency=0.01, times=None))
    async with AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, connections=100, transport="fast"
    ) as pixlab:
        tasks: list[asyncio.Task[object]] = []

        async def churn() -> None:
            for _ in range(20):
                task = asyncio.create_task(_status(pixlab))
                tasks.append(task)
                await asyncio.sleep(randomly.uniform(0, 0.05))
                task.cancel()
                await asyncio.wait([task])

        await asyncio.gather(*[churn() for _ in range(200)])
        assert sum(task.cancelled() for task in tasks) > 400
        assert emulator.connections <= 100
        assert (pixlab.stats().in_use, pixlab.stats().queued) == (0, 0)
        await asyncio.gather(*[pixlab.status() for _ in range(100)])

    await anyio.to_thread.run_sync(wait_until, lambda: emulator.connections == 0)


async def _status(pixlab: AsyncPixLab) -> object:
    return await pixlab.status()


@asyncio_only
@pytest.mark.parametrize("early", [False, True], ids=["whole", "early"])
async def test_a_native_cancellation_that_comes_with_the_reply_to_an_upload_leaves_nothing_open(
    early: bool,
) -> None:
    """As it sees that nobody reads its source any more; and while somebody does, after all."""
    task: asyncio.Task[object]

    def cancel(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is Upload.left_alone.__code__:
            sys.setprofile(None)
            task.cancel()

    async def source() -> AsyncGenerator[bytes]:
        yield b"x" * 70_000
        if early:
            await asyncio.sleep(0.1)

    body: Any = source()
    with serve([http(), b""]) as script:
        transport = make_transport("fast", None)
        task = asyncio.create_task(_sent(transport, request_to(script.base_url, content=body)))
        sys.setprofile(cancel)
        await asyncio.wait([task])
        sys.setprofile(None)
        await transport.aclose()
        await asyncio.to_thread(wait_until, lambda: script.left == script.accepted)

    assert (task.cancelled(), script.accepted) == (True, 1)


async def _sent(transport: Transport, request: Request) -> object:
    return await transport.send(request)


@asyncio_only
async def test_connections_that_died_while_idle_are_dropped_at_once() -> None:
    """Each serves one call, then a second one meets a closed connection on all five."""
    with serve(*[[http(JSON_OK), None]] * 5, [http()] * 9) as script:
        async with AsyncPixLab(
            base_url=script.base_url,
            api_key=KEY,
            retry=RetryPolicy(attempts=1),
            transport="fast",
        ) as pixlab:
            async with anyio.create_task_group() as group:
                for _ in range(5):
                    group.start_soon(pixlab.delete, LINK)
            assert script.accepted == 5

            assert (await pixlab.delete(LINK)).meta.attempts == 2
            assert (await pixlab.delete(LINK)).meta.attempts == 1

    assert script.accepted == 6


@asyncio_only
async def test_what_follows_a_reply_is_nobody_elses_reply() -> None:
    with serve([http() + http(b"smuggled")], [http()]) as script:
        async with opened("fast") as transport:
            await send(transport, script)
            assert (await send(transport, script)).body == JSON_OK

    assert script.accepted == 2


@asyncio_only
async def test_a_switch_of_protocol_is_no_answer() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    with serve([switch, b""], [http()]) as script:
        async with opened("fast") as transport:
            with suppress(TransportFault):
                reply = await send(transport, script, timeout=0.2)
                assert reply.status == 101
            assert (await send(transport, script)).body == JSON_OK


@asyncio_only
async def test_a_closed_lane_keeps_no_connection() -> None:
    with serve([http()]) as script:
        transport = make_transport("fast", None)
        await send(transport, script)
        await transport.aclose()
        await transport.aclose()
        await send(transport, script)

        await anyio.to_thread.run_sync(wait_until, lambda: script.left == script.accepted == 2)


@asyncio_only
async def test_the_lane_knows_the_parts_of_aiohttp_that_it_puts_together() -> None:
    async with session(context=True) as known:
        assert untraced(known)


@asyncio_only
@pytest.mark.parametrize(
    "other",
    [
        Part("aiohttp.connector", "BaseConnector.connect", frozenset({"self", "req"})),
        Part("aiohttp.connector", "BaseConnector.release", frozenset({"self", "more"})),
        Part("aiohttp.connector", "BaseConnector.gone", frozenset()),
        Part("aiohttp.gone", "BaseConnector", frozenset()),
    ],
    ids=["needs more", "takes less", "no such function", "no such module"],
)
async def test_where_a_part_is_another_aiohttps_session_is_asked(other: Part) -> None:
    async with session(context=True) as known:
        assert not untraced(known, [other])


@asyncio_only
async def test_where_sessions_are_traced_a_request_has_the_same_head() -> None:
    tracer = AioHttpClientInstrumentor()
    with serve([http()]) as script:
        async with opened("fast") as transport:
            await send(transport, script)
        tracer.instrument(tracer_provider=TracerProvider())
        async with opened("fast") as transport:
            await send(transport, script)
        tracer.uninstrument()

    plain, traced = (request.split(b"\r\n") for request in script.requests)
    assert [line for line in traced if not line.startswith(b"traceparent")] == plain
    assert traced != plain


_DRIP = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"
_UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + JSON_OK


@asyncio_only
@pytest.mark.parametrize("answer", [b"", _DRIP[:20], _DRIP, _UNTIL_CLOSED])
async def test_the_lane_itself_ends_a_call_at_its_deadline(answer: bytes) -> None:
    """Over a connection that is open already: silence, half a header, a body without an end."""
    with serve([http(), answer, b""], [http()]) as script:
        async with client(script, deadline=0.2, timeout=30) as pixlab:
            await pixlab.delete(LINK)
            with pytest.raises(TimedOut) as caught:
                await pixlab.delete(LINK)
            assert (await pixlab.delete(LINK)).deleted

    assert (caught.value.phase, caught.value.sent, caught.value.attempts) == ("deadline", True, 1)
    assert caught.value.message == "no whole reply before the call's deadline"
    assert caught.value.elapsed < 5


@asyncio_only
async def test_a_deadline_that_comes_while_connecting_ends_the_call() -> None:
    with deaf() as (base_url, _):
        async with opened("fast") as transport:
            with pytest.raises(TransportFault) as caught:
                await transport.send(wire(base_url, deadline=anyio.current_time() + 0.1))

    assert (caught.value.phase, caught.value.sent) == ("deadline", True)


@asyncio_only
async def test_a_deadline_that_is_over_lets_nothing_be_sent() -> None:
    with serve([http()]) as script:
        async with opened("fast") as transport:
            await send(transport, script)
            with pytest.raises(TransportFault) as caught:
                await transport.send(wire(script.base_url, deadline=anyio.current_time() - 1))

    assert (caught.value.phase, len(script.requests)) == ("deadline", 1)


@asyncio_only
async def test_each_attempt_of_many_has_its_own_deadline() -> None:
    """The first to be due rings for itself alone."""
    with serve([http(), b""], [b""]) as script:
        async with client(script, timeout=30) as pixlab:
            await pixlab.delete(LINK)
            phases: list[object] = []

            async def hasty(deadline: float) -> None:
                with pytest.raises(TimedOut) as caught:
                    await pixlab.with_options(deadline=deadline).delete(LINK)
                phases.append((deadline, caught.value.phase))

            async with anyio.create_task_group() as group:
                group.start_soon(hasty, 0.3)
                await anyio.wait_all_tasks_blocked()
                group.start_soon(hasty, 0.05)

    assert phases == [(0.05, "deadline"), (0.3, "deadline")]


@asyncio_only
async def test_a_reply_that_comes_slowly_is_not_silence() -> None:
    """Half a timeout from one piece to the next, and more than one timeout in all."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(JSON_OK)
    whole = head + JSON_OK
    pieces = [whole[begin : begin + 20] for begin in range(0, len(whole), 20)]
    with dripping(pieces, every=0.1) as base_url:
        async with AsyncPixLab(
            base_url=base_url, api_key=KEY, transport="fast", timeout=0.3, retry=ONCE
        ) as pixlab:
            assert (await pixlab.delete(LINK)).deleted


ONCE = RetryPolicy(attempts=1)


def client(script: Script, **options: Any) -> AsyncPixLab:
    chosen: dict[str, Any] = {"base_url": script.base_url, "api_key": KEY, "retry": ONCE}
    return AsyncPixLab(transport="fast", **{**chosen, **options})


def wire(base_url: str, *, deadline: float) -> Request:
    return Request("GET", "status", f"{base_url}/status", "/status", (), b"", 999, 30.0, deadline)


@contextmanager
def dripping(pieces: Sequence[bytes], *, every: float) -> Generator[str]:
    """Sends its one reply piece by piece."""

    def answer() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            for piece in pieces:
                time.sleep(every)
                connection.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()
