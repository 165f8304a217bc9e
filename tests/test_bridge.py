"""The bridge: what a child task ends with comes up as it is."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from threading import Event
from typing import Any

import anyio
import pytest

from pixlab_async import AsyncPixLab
from pixlab_async._bridge import DeadlineReached, bridged, obtained, sheltered, surely
from pixlab_async.ledger import Ledger
from pixlab_async.transports import Reply, Request

from .scripted import wait_until

KEY = "0123456789abcdef0123456789abcdef"


async def test_a_result_comes_up() -> None:
    async def answer() -> int:
        await anyio.lowlevel.checkpoint()
        return 42

    assert await bridged(answer) == 42


@pytest.mark.parametrize("error", [KeyError, SystemExit])
async def test_an_error_comes_up_without_a_group(error: type[BaseException]) -> None:
    async def fail() -> None:
        raise error

    with pytest.raises(error):
        await bridged(fail)


async def test_a_deadline_ends_it() -> None:
    with pytest.raises(DeadlineReached):
        await bridged(anyio.sleep_forever, anyio.current_time() + 0.01)


async def test_grace_ends_what_is_sheltered() -> None:
    with pytest.raises(DeadlineReached):
        await sheltered(anyio.sleep_forever, 0.01)


async def test_what_is_sheltered_goes_on_when_the_caller_is_cancelled() -> None:
    ended = False

    async def work() -> None:
        nonlocal ended
        await anyio.sleep(0.02)
        ended = True

    with anyio.CancelScope() as scope:
        scope.cancel()
        await sheltered(work, 5)

    assert ended


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_child_that_alone_is_cancelled_is_a_cancellation() -> None:
    async def doomed() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        await bridged(doomed)


class Closing:
    """Something that is made in a thread when it is told to, and has to be closed."""

    def __init__(self) -> None:
        self.awaited, self.told, self.closed = Event(), Event(), Event()

    def make(self) -> Closing:
        self.awaited.set()
        self.told.wait(5)
        return self

    def close(self) -> None:
        self.closed.set()


async def test_what_is_obtained_comes_up() -> None:
    thing = Closing()
    thing.told.set()

    assert await obtained(thing.make) is thing
    assert not thing.closed.is_set()


async def test_what_is_obtained_too_late_is_closed() -> None:
    thing = Closing()
    async with anyio.create_task_group() as group:
        group.start_soon(obtained, thing.make)
        await anyio.to_thread.run_sync(wait_until, thing.awaited.is_set)
        group.cancel_scope.cancel()
    assert not thing.closed.is_set()

    thing.told.set()

    await anyio.to_thread.run_sync(wait_until, thing.closed.is_set)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_is_obtained_as_its_caller_is_cancelled_is_closed() -> None:
    thing = Closing()
    task = asyncio.ensure_future(obtained(thing.make))
    await anyio.to_thread.run_sync(wait_until, thing.awaited.is_set)
    thing.told.set()
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    await anyio.to_thread.run_sync(wait_until, thing.closed.is_set)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
async def test_a_pipe_that_nobody_writes_to_does_not_outlast_the_deadline(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with anyio.move_on_after(0.05) as scope:
        await obtained(lambda: pipe.open("rb"))
    assert scope.cancelled_caught

    pipe.open("wb").close()  # the thread ends, and closes what it has opened


async def test_what_is_surely_done_is_done_although_the_caller_is_cancelled() -> None:
    ended = False

    async def work() -> None:
        nonlocal ended
        await anyio.sleep(0.02)
        ended = True

    with anyio.CancelScope() as scope:
        scope.cancel()
        await surely(work, 5)

    assert ended


async def test_what_is_surely_done_has_its_grace() -> None:
    with pytest.raises(DeadlineReached):
        await surely(anyio.sleep_forever, 0.01)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_is_surely_done_is_begun_anew_where_every_task_is_cancelled() -> None:
    begun: list[str] = []
    ended: list[str] = []

    async def work() -> None:
        begun.append("")
        await asyncio.sleep(0.02)
        ended.append("")

    others = asyncio.all_tasks()
    task = asyncio.ensure_future(surely(work, 5))
    while not begun:
        await asyncio.sleep(0)
    for each in asyncio.all_tasks() - others:
        each.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert (len(begun), len(ended)) == (2, 1)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_cancellation_goes_before_an_error_of_what_is_surely_done() -> None:
    async def work() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        raise KeyError

    task = asyncio.ensure_future(surely(work, 5))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


class Remaking:
    """A transport that makes a cancellation of its own of the one that it is given."""

    cancel_safe = True

    async def send(self, request: Request) -> Any:
        try:
            await anyio.sleep_forever()
        except asyncio.CancelledError:
            raise asyncio.CancelledError from None

    def fetch(self, url: str, *, timeout: float) -> Any:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_scope_knows_its_cancellation_again_when_it_was_made_anew() -> None:
    transport: Any = Remaking()
    async with AsyncPixLab(api_key=KEY, transport=transport) as pixlab:
        with anyio.move_on_after(0.01) as scope:
            await pixlab.delete("a.png")

    assert scope.cancelled_caught


class Held:
    """A transport that no cancellation harms, whose replies come when the test says so."""

    cancel_safe = True

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    async def send(self, request: Request) -> Reply:
        self.asked.set()
        return await self.reply

    def fetch(self, url: str, *, timeout: float) -> Any:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_picture_is_known_of_whose_reply_comes_with_the_cancellation(
    tmp_path: Path,
) -> None:
    link, transport = "https://media.example/made.png", Held()
    async with Ledger(tmp_path / "media.db") as ledger:
        async with AsyncPixLab(api_key=KEY, transport=transport, ledger=ledger) as pixlab:

            async def call() -> None:
                await pixlab.newimage(width=2, height=2)

            task = asyncio.create_task(call())
            await transport.asked.wait()
            transport.reply.set_result(Reply(200, {}, f'{{"status":200,"link":"{link}"}}'.encode()))
            task.cancel()
            await asyncio.wait([task])

        assert task.cancelled()
        assert [stored.link async for stored in ledger.stored()] == [link]
