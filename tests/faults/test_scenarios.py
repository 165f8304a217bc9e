"""Rows of the matrix that are no single fault of the wire, but something that happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import anyio
import pytest

from pixlab_async import (
    AsyncPixLab,
    AuthenticationFailed,
    BatchStopped,
    DeletionState,
    Outcome,
    TimedOut,
)
from pixlab_async.transports import Transport
from pixlab_async.transports._asleep import Sleep, slept
from pixlab_async.transports.aiohttp import AiohttpTransport
from pixlab_async.transports.httpx import HttpxTransport

from ..conftest import QUICK, Lane
from ..scripted import wait_until
from .rows import GONE, OK, json
from .server import FaultPath, FaultServer, fault_server

KEY = "0123456789abcdef0123456789abcdef"
LINK = "https://media.example/a.png"
LINKS = [f"https://media.example/{number}.png" for number in range(120)]


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


def client(path: FaultPath, transport: Lane | Transport, **options: float) -> AsyncPixLab:
    return AsyncPixLab(
        base_url=path.base_url,
        api_key=KEY,
        retry=QUICK,
        transport=transport,
        **options,  # type: ignore[arg-type]  # numbers all
    )


async def test_calls_beyond_the_connections_wait_and_find_all_of_them_whole(
    lane: Lane, server: FaultServer
) -> None:
    """Row 5: the pool is exhausted by silence; who waits in vain is told, and leaks nothing."""
    path = server.path(b"")
    async with client(path, lane, connections=2, timeout=5, deadline=1) as pixlab:
        phases: list[str] = []

        async def ask(asking: AsyncPixLab) -> None:
            with pytest.raises(TimedOut) as caught:
                await asking.delete(LINK)
            phases.append(caught.value.phase)

        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(ask, pixlab)
            await anyio.to_thread.run_sync(wait_until, lambda: path.requests == 2)
            for _ in range(4):
                group.start_soon(ask, pixlab.with_options(deadline=0.05))
        assert (pixlab.stats().in_use, pixlab.stats().queued) == (0, 0)
        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(pixlab.with_options(deadline=10).call, "next")

    assert sorted(phases) == ["deadline"] * 2 + ["queue"] * 4
    assert path.requests == 2


async def test_a_key_that_is_withdrawn_in_a_batch_stops_it_with_the_rest_untouched(
    lane: Lane, server: FaultServer
) -> None:
    """Row 37: asked once more, since keys are changed; then no other link is sent."""
    path = server.path(*[OK] * 5, json('{"status":401,"error":"blocked"}', 401))
    outcomes: list[Outcome] = []
    async with client(path, lane) as pixlab:
        with pytest.raises(AuthenticationFailed) as caught:
            async for outcome in pixlab.delete_many(LINKS, concurrency=1):
                outcomes.append(outcome)
        assert (await pixlab.call("next"))["next"] is True

    assert [each.state for each in outcomes[:5]] == [DeletionState.DELETED] * 5
    assert len(outcomes) == 6
    assert path.requests == 7
    assert caught.value.batch is not None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (GONE, "nothing_found"),
        (json('{"status":400,"error":"no"}', 400), "all_rejected"),
        (json('{"status":415,"error":"no"}', 415), "all_rejected"),
    ],
    ids=["38 all are gone", "39 all are bad requests", "39 all are of an unknown type"],
)
async def test_fifty_answers_of_one_kind_stop_a_batch(
    answer: bytes, reason: str, lane: Lane, server: FaultServer
) -> None:
    path = server.path(answer)
    async with client(path, lane) as pixlab:
        with pytest.raises(BatchStopped) as caught:
            async for _ in pixlab.delete_many(LINKS, concurrency=1):
                pass
        assert (await pixlab.call("next"))["next"] is True

    assert caught.value.reason == reason
    assert path.requests == 50


class Night:
    """A machine that sleeps as often as a test says."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def total(self) -> float:
        return self.seconds


def on_a_machine_that_sleeps(lane: Lane) -> tuple[Night, Transport]:
    night = Night()
    sleep = Sleep(night.total)
    return night, HttpxTransport(sleep=sleep) if lane == "httpx" else AiohttpTransport(sleep=sleep)


async def test_connections_from_before_a_sleep_are_not_used_after_it(
    lane: Lane, server: FaultServer
) -> None:
    """Row 49: what was idle while the machine slept would be met with silence."""
    night, transport = on_a_machine_that_sleeps(lane)
    path = server.path(OK)
    async with client(path, transport) as pixlab:
        await pixlab.delete(LINK)
        await pixlab.delete(LINK)
        before = server.seen.connections
        night.seconds += 20
        await pixlab.delete(LINK)
        assert server.seen.connections == before
        night.seconds += 3600
        await pixlab.delete(LINK)
        await pixlab.delete(LINK)
        assert server.seen.connections == before + 1
        assert (await pixlab.call("next"))["next"] is True


async def test_connections_from_before_a_sleep_are_used_by_none_of_many_calls_after_it(
    lane: Lane, server: FaultServer
) -> None:
    night, transport = on_a_machine_that_sleeps(lane)
    path = server.path(OK)

    async def three(pixlab: AsyncPixLab) -> int:
        """How many connections that took."""
        before = server.seen.connections
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(pixlab.delete, LINK)
        return server.seen.connections - before

    async with client(path, transport) as pixlab:
        opened = [await three(pixlab), await three(pixlab)]
        night.seconds += 3600
        opened.append(await three(pixlab))

    assert opened == [3, 0, 3]


def test_the_time_asleep_is_none_while_the_machine_is_awake() -> None:
    before = slept()

    assert 0 <= slept() - before + 1e-3 < 1


_WORKER = f"""
import anyio, sys
from pixlab_async import AsyncPixLab, RetryPolicy

async def main():
    async with AsyncPixLab(base_url=sys.argv[1], api_key={KEY!r}) as pixlab:
        hasty = pixlab.with_options(timeout=0.3, retry=RetryPolicy(attempts=20, base=0.1, cap=0.1))
        print((await hasty.delete({LINK!r})).state, (await pixlab.call("next"))["next"])

anyio.run(main)
"""


def test_a_worker_that_was_stopped_in_the_middle_of_a_call_tells_the_truth(
    server: FaultServer,
) -> None:
    """Row 55: its timeouts are over when it goes on, and the reply has been there for long."""
    asked, stopped = threading.Event(), threading.Event()

    def slow(connection: socket.socket) -> None:
        asked.set()
        stopped.wait(10)
        connection.sendall(OK)  # and hang up: it may be in time, and "next" comes then

    path = server.path(slow, GONE)
    command = [sys.executable, "-c", _WORKER, path.base_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        wait_until(asked.is_set, 20)
        os.kill(worker.pid, signal.SIGSTOP)
        os.waitpid(worker.pid, os.WUNTRACED)
        stopped.set()
        threading.Event().wait(0.5)
        os.kill(worker.pid, signal.SIGCONT)
        told, _ = worker.communicate(timeout=20)

    assert told.split() in (["deleted", "True"], ["deleted_unconfirmed", "True"])
